/* SPDX-License-Identifier: Apache-2.0 */
/* Locks across fork(). A child has no thread but the one that forked: a lock that another thread held at that moment
 * would stay locked in it for ever. Locks that are entered here are taken before each fork and given back after it, on
 * both sides. */
#ifndef COFFER_UTIL_FORK_H
#define COFFER_UTIL_FORK_H

#include <pthread.h>

typedef struct coffer_fork_entry {
        pthread_mutex_t *mutex;
        struct coffer_fork_entry *previous, *next;
} coffer_fork_entry;

/* Initialises `mutex` and enters it; `entry` belongs to the list until it is left. Whoever holds one of these locks may
 * take another only if that was entered later, and may neither enter nor leave any. */
void coffer_fork_enter(coffer_fork_entry *entry, pthread_mutex_t *mutex);

/* Takes the entry out and destroys its mutex. */
void coffer_fork_leave(coffer_fork_entry *entry);

#endif
