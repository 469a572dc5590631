/* SPDX-License-Identifier: Apache-2.0 */
/* Python objects by the values that they were made of. */
#ifndef COFFER_PYTHON_MEMO_H
#define COFFER_PYTHON_MEMO_H

#include "module.h"

typedef struct pycoffer_memo_slot {
        const coffer_value *value; /* NULL: free */
        PyObject *object;          /* owned; NULL while it is being made */
} pycoffer_memo_slot;

/* All zero is an empty one. */
typedef struct pycoffer_memo {
        pycoffer_memo_slot *slots;
        size_t capacity; /* a power of two, or 0 */
        size_t count;
} pycoffer_memo;

/* The slot of `value`, or NULL when it has none. Valid until the next one is added. */
pycoffer_memo_slot *pycoffer_memo_find(const pycoffer_memo *memo, const coffer_value *value);

/* Puts `object` (a new reference is taken; NULL: being made) into the slot of `value`. False with MemoryError set. */
bool pycoffer_memo_put(pycoffer_memo *memo, const coffer_value *value, PyObject *object);

void pycoffer_memo_done(pycoffer_memo *memo);

#endif
