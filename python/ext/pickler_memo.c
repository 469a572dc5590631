/* SPDX-License-Identifier: Apache-2.0 */
#include "pickler_memo.h"

#include <string.h>

enum { FIRST_SLOTS = 4 * PYCOFFER_MEMO_FIRST, NEIGHBOURS = 3, PERTURB_SHIFT = 5 };

void pycoffer_pickle_memo_init(pycoffer_pickle_memo *memo)
{
        memo->objects = memo->first;
        memo->count = 0;
        memo->capacity = PYCOFFER_MEMO_FIRST;
        memo->slots = NULL;
        memo->slot_count = 0;
}

void pycoffer_pickle_memo_done(pycoffer_pickle_memo *memo)
{
        PyMem_Free(memo->slots);
        for (size_t i = 0; i < memo->count; i++)
                Py_XDECREF(memo->objects[i]);
        if (memo->objects != memo->first)
                PyMem_Free(memo->objects);
}

/* The slot that holds `object`, or the free one where it would go. There is always a free one.
 *
 * Objects that were made one after the other are nearly always written in that order, and lie side by side. The table
 * keeps their order, so that both tables are walked along, not jumped about in: with millions of objects that is what
 * takes the time. Where a place is taken, a few neighbours are tried, then places that all of the address decides on.
 */
static uint32_t *probe(const pycoffer_pickle_memo *memo, PyObject *object)
{
        size_t address = (size_t)((uintptr_t)object >> 4), mask = memo->slot_count - 1;
        size_t perturb = address, place = address;
        for (;;) {
                for (size_t i = 0; i <= NEIGHBOURS; i++) {
                        uint32_t *slot = &memo->slots[(place + i) & mask];
                        if (*slot == 0 || memo->objects[*slot - 1] == object)
                                return slot;
                }
                perturb >>= PERTURB_SHIFT;
                place = place * 5 + perturb + 1;
        }
}

bool pycoffer_pickle_memo_find(const pycoffer_pickle_memo *memo, PyObject *object, uint32_t *index)
{
        if (memo->slots) {
                uint32_t slot = *probe(memo, object);
                *index = slot - 1;
                return slot != 0;
        }
        for (size_t i = 0; i < memo->count; i++) {
                *index = (uint32_t)i;
                if (memo->objects[i] == object)
                        return true;
        }
        return false;
}

/* A table twice as large. The old one is given back first: the objects say what was in it. */
static bool grow_slots(pycoffer_pickle_memo *memo)
{
        size_t slot_count = memo->slots ? memo->slot_count * 2 : FIRST_SLOTS;
        PyMem_Free(memo->slots);
        memo->slots = PyMem_Calloc(slot_count, sizeof(*memo->slots));
        memo->slot_count = slot_count;
        for (size_t i = 0; memo->slots && i < memo->count; i++)
                if (memo->objects[i])
                        *probe(memo, memo->objects[i]) = (uint32_t)(i + 1);
        return memo->slots != NULL;
}

static bool grow_objects(pycoffer_pickle_memo *memo)
{
        size_t capacity = memo->capacity + memo->capacity / 2;
        bool is_first = memo->objects == memo->first;
        PyObject **objects = PyMem_Realloc(is_first ? NULL : memo->objects, capacity * sizeof(*objects));
        if (!objects)
                return false;
        if (is_first)
                memcpy(objects, memo->first, sizeof(memo->first));
        memo->objects = objects;
        memo->capacity = capacity;
        return true;
}

bool pycoffer_pickle_memo_add(pycoffer_pickle_memo *memo, PyObject *object)
{
        if (memo->count >= UINT32_MAX)
                return false;
        bool has_room = memo->count < memo->capacity || grow_objects(memo);
        if (has_room && memo->count >= PYCOFFER_MEMO_FIRST && memo->count >= memo->slot_count / 2)
                has_room = grow_slots(memo);
        if (!has_room) {
                PyErr_NoMemory();
                return false;
        }
        Py_XINCREF(object);
        memo->objects[memo->count++] = object;
        if (object && memo->slots)
                *probe(memo, object) = (uint32_t)memo->count;
        return true;
}
