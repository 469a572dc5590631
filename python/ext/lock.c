/* SPDX-License-Identifier: Apache-2.0 */
#include "lock.h"

bool pycoffer_lock_init(pycoffer_lock *lock)
{
        lock->lock = PyThread_allocate_lock();
        if (!lock->lock)
                PyErr_NoMemory();
        return lock->lock != NULL;
}

void pycoffer_lock_done(pycoffer_lock *lock)
{
        if (lock->lock)
                PyThread_free_lock(lock->lock);
        lock->lock = NULL;
}

bool pycoffer_lock_acquire(pycoffer_lock *lock, pycoffer_state *state)
{
        unsigned long self = PyThread_get_thread_ident();
        if (lock->is_held && lock->owner == self) {
                PyErr_SetString(
                        state->errors[COFFER_STATE],
                        "the task is being used further up in this thread: an object that it saves or loads may "
                        "not use it");
                return false;
        }
        if (!PyThread_acquire_lock(lock->lock, NOWAIT_LOCK)) {
                Py_BEGIN_ALLOW_THREADS PyThread_acquire_lock(lock->lock, WAIT_LOCK);
                Py_END_ALLOW_THREADS
        }
        lock->owner = self;
        lock->is_held = true;
        return true;
}

void pycoffer_lock_release(pycoffer_lock *lock)
{
        lock->is_held = false;
        PyThread_release_lock(lock->lock);
}
