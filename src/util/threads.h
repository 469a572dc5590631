/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX threads in the shape the library uses them. */
#ifndef COFFER_UTIL_THREADS_H
#define COFFER_UTIL_THREADS_H

#include <pthread.h>

#include "util/cleanup.h"

static inline void coffer_mutex_unlockp(pthread_mutex_t **mutex)
{
        if (*mutex)
                pthread_mutex_unlock(*mutex);
}

/* Holds `mutex` until the end of the scope. */
#define COFFER_LOCK_SCOPE(mutex)                                                                                       \
        pthread_mutex_t *locked_ _cleanup_(coffer_mutex_unlockp) __attribute__((unused)) = (mutex);                    \
        pthread_mutex_lock(locked_)

#endif
