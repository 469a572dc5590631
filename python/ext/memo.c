/* SPDX-License-Identifier: Apache-2.0 */
#include "memo.h"

enum { FIRST_CAPACITY = 64 };

static size_t first_slot(const pycoffer_memo *memo, const coffer_value *value)
{
        /* Values lie side by side in their arena: a multiplication spreads them (Fibonacci hashing). */
        uint64_t hash = (uint64_t)(uintptr_t)value * UINT64_C(0x9e3779b97f4a7c15);
        return (size_t)(hash >> 32) & (memo->capacity - 1);
}

/* The slot that holds `value`, or the free one where it would go. There is always a free one. */
static pycoffer_memo_slot *probe(const pycoffer_memo *memo, const coffer_value *value)
{
        size_t i = first_slot(memo, value);
        while (memo->slots[i].value && memo->slots[i].value != value)
                i = (i + 1) & (memo->capacity - 1);
        return &memo->slots[i];
}

pycoffer_memo_slot *pycoffer_memo_find(const pycoffer_memo *memo, const coffer_value *value)
{
        if (memo->capacity == 0)
                return NULL;
        pycoffer_memo_slot *slot = probe(memo, value);
        return slot->value ? slot : NULL;
}

static bool grow(pycoffer_memo *memo)
{
        pycoffer_memo larger = {.capacity = memo->capacity ? memo->capacity * 2 : FIRST_CAPACITY, .count = memo->count};
        larger.slots = PyMem_Calloc(larger.capacity, sizeof(*larger.slots));
        if (!larger.slots) {
                PyErr_NoMemory();
                return false;
        }
        for (size_t i = 0; i < memo->capacity; i++)
                if (memo->slots[i].value)
                        *probe(&larger, memo->slots[i].value) = memo->slots[i];
        PyMem_Free(memo->slots);
        *memo = larger;
        return true;
}

bool pycoffer_memo_put(pycoffer_memo *memo, const coffer_value *value, PyObject *object)
{
        if (memo->count * 3 >= memo->capacity * 2 && !grow(memo))
                return false;
        pycoffer_memo_slot *slot = probe(memo, value);
        if (!slot->value)
                memo->count++;
        slot->value = value;
        Py_XINCREF(object);
        Py_XSETREF(slot->object, object);
        return true;
}

void pycoffer_memo_done(pycoffer_memo *memo)
{
        for (size_t i = 0; i < memo->capacity; i++)
                Py_XDECREF(memo->slots[i].object);
        PyMem_Free(memo->slots);
        *memo = (pycoffer_memo){NULL, 0, 0};
}
