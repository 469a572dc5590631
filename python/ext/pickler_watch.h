/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that a pickle refers to where pickle.dumps would have a copy: code that runs later must not change it unseen.
 */
#ifndef COFFER_PYTHON_PICKLER_WATCH_H
#define COFFER_PYTHON_PICKLER_WATCH_H

#include "module.h"

typedef struct pycoffer_watched {
        coffer_cursor contents;
        Py_hash_t hash; /* once code has run that may change them */
} pycoffer_watched;

/* All zero is empty. */
typedef struct pycoffer_watch {
        pycoffer_watched *items;
        size_t count;
        size_t capacity;
        size_t hashed_count; /* of the first so many the hash is known */
} pycoffer_watch;

/* Adds memory that stays valid. False with MemoryError set. */
bool pycoffer_watch_add(pycoffer_watch *watch, coffer_cursor contents);

/* To be called before `object` is asked what it reduces to, or a registered function is asked that. Costs nothing while
 * there is no memory to watch. */
void pycoffer_watch_before(pycoffer_watch *watch, PyObject *object, bool is_registered);

/* True when nothing was changed. */
bool pycoffer_watch_holds(const pycoffer_watch *watch);

void pycoffer_watch_done(pycoffer_watch *watch);

#endif
