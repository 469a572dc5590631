/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a second thread out of an object that one thread at a time may use, while calls on it run without the GIL. */
#ifndef COFFER_PYTHON_LOCK_H
#define COFFER_PYTHON_LOCK_H

#include "module.h"

typedef struct pycoffer_lock {
        PyThread_type_lock lock;
        unsigned long owner; /* thread that holds it */
        bool is_held;
} pycoffer_lock;

/* False with MemoryError set. */
bool pycoffer_lock_init(pycoffer_lock *lock);
void pycoffer_lock_done(pycoffer_lock *lock);

/* Waits without the GIL. False, with coffer.WrongState set, when this thread holds it already: code of an object that
 * is being saved or loaded (its __reduce__, say) has come back to the task that does it. */
bool pycoffer_lock_acquire(pycoffer_lock *lock, pycoffer_state *state);
void pycoffer_lock_release(pycoffer_lock *lock);

#endif
