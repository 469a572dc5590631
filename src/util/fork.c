/* SPDX-License-Identifier: Apache-2.0 */
#include "util/fork.h"

#include <stddef.h>

#include "util/threads.h"

static struct {
        pthread_mutex_t mutex;
        coffer_fork_entry *first, *last;
} entered = {PTHREAD_MUTEX_INITIALIZER, NULL, NULL};

static void lock_all(void)
{
        pthread_mutex_lock(&entered.mutex);
        for (coffer_fork_entry *entry = entered.first; entry; entry = entry->next)
                pthread_mutex_lock(entry->mutex);
}

static void unlock_all(void)
{
        for (coffer_fork_entry *entry = entered.last; entry; entry = entry->previous)
                pthread_mutex_unlock(entry->mutex);
        pthread_mutex_unlock(&entered.mutex);
}

/* Want of memory leaves forks as they are without this. */
static void watch_forks(void)
{
        (void)pthread_atfork(lock_all, unlock_all, unlock_all);
}

void coffer_fork_enter(coffer_fork_entry *entry, pthread_mutex_t *mutex)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        pthread_once(&once, watch_forks);
        pthread_mutex_init(mutex, NULL);
        COFFER_LOCK_SCOPE(&entered.mutex);
        *entry = (coffer_fork_entry){mutex, entered.last, NULL};
        *(entered.last ? &entered.last->next : &entered.first) = entry;
        entered.last = entry;
}

void coffer_fork_leave(coffer_fork_entry *entry)
{
        {
                COFFER_LOCK_SCOPE(&entered.mutex);
                *(entry->previous ? &entry->previous->next : &entered.first) = entry->next;
                *(entry->next ? &entry->next->previous : &entered.last) = entry->previous;
        }
        pthread_mutex_destroy(entry->mutex);
}
