/* SPDX-License-Identifier: Apache-2.0 */
/* The objects that a pickler has written, by the index that unpicklers give them. It costs 12 to 20 bytes for each. */
#ifndef COFFER_PYTHON_PICKLER_MEMO_H
#define COFFER_PYTHON_PICKLER_MEMO_H

#include "module.h"

enum { PYCOFFER_MEMO_FIRST = 32 };

/* It must not be moved. Objects stay alive until it is done: another one at the same address would be taken for them.
 */
typedef struct pycoffer_pickle_memo {
        PyObject **objects; /* owned; NULL for what nobody can come upon again */
        size_t count;
        size_t capacity;
        uint32_t *slots;   /* an open-addressing table of 1 + index, 0 where it is free; NULL while `first` is enough */
        size_t slot_count; /* a power of two */
        PyObject *first[PYCOFFER_MEMO_FIRST];
} pycoffer_pickle_memo;

void pycoffer_pickle_memo_init(pycoffer_pickle_memo *memo);
void pycoffer_pickle_memo_done(pycoffer_pickle_memo *memo);

/* Whether `object` is there, and then its index. */
bool pycoffer_pickle_memo_find(const pycoffer_pickle_memo *memo, PyObject *object, uint32_t *index);

/* Gives the next index to `object`, which is not there yet (a new reference is taken), or to nothing that can be found.
 * False with MemoryError set; without an exception when there are more than 32 bits of them. */
bool pycoffer_pickle_memo_add(pycoffer_pickle_memo *memo, PyObject *object);

#endif
