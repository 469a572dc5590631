/* SPDX-License-Identifier: Apache-2.0 */
/* What has been written already: a hash table with open addressing. */
#include "pickle/writer.h"

enum { FIRST_ENTRIES = 64, NOT_A_TEXT = UINT32_MAX, BLOCK_BITS = 8, STEP_BITS = 3 };

coffer_memo_key coffer_memo_key_of_text(coffer_cursor text)
{
        return (coffer_memo_key){text.data, (uint32_t)text.size_bytes};
}

/* A str is the same object when it has the same data in the same place, since a global that was read refers to its
 * names in that way; an empty one only when that place is the one for all of them. */
coffer_memo_key coffer_memo_key_of(const coffer_value *value)
{
        bool is_str = value->kind == COFFER_KIND_STR;
        if (!(is_str || value->kind == COFFER_KIND_BYTES) || value->flags & COFFER_NODE_EXTENDED)
                return (coffer_memo_key){value, NOT_A_TEXT};
        if (value->count == 0 && value->data == coffer_shared_empty_text)
                return (coffer_memo_key){value->data, is_str};
        if (is_str && value->count > 0)
                return (coffer_memo_key){value->data, value->count};
        return (coffer_memo_key){value, NOT_A_TEXT};
}

/* Values that lie near each other are written one after the other: the places of a block keep their order in the table,
 * so that it is walked through and not jumped about in, and Fibonacci hashing spreads the blocks. */
static size_t first_entry(const coffer_memo *memo, coffer_memo_key key)
{
        uint64_t place = (uint64_t)(uintptr_t)key.place;
        uint64_t block = (place >> BLOCK_BITS) * UINT64_C(0x9e3779b97f4a7c15) >> 20;
        return (size_t)((block << (BLOCK_BITS - STEP_BITS)) + (place >> STEP_BITS)) & (memo->capacity - 1);
}

static coffer_memo_entry *find_entry(const coffer_memo *memo, coffer_memo_key key)
{
        size_t i = first_entry(memo, key);
        while (memo->entries[i].place && (memo->entries[i].place != key.place || memo->entries[i].size != key.size))
                i = (i + 1) & (memo->capacity - 1);
        return &memo->entries[i];
}

bool coffer_memo_find(const coffer_memo *memo, coffer_memo_key key, uint32_t *slot)
{
        if (memo->capacity == 0)
                return false;
        const coffer_memo_entry *entry = find_entry(memo, key);
        if (!entry->place)
                return false;
        *slot = entry->slot;
        return true;
}

static coffer_status grow(coffer_memo *memo, coffer_error *error)
{
        coffer_memo grown = {.capacity = memo->capacity ? memo->capacity * 2 : FIRST_ENTRIES, .count = memo->count};
        grown.entries = (coffer_memo_entry *)coffer_alloc_zeroed(grown.capacity, sizeof(*grown.entries));
        if (!grown.entries)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the memo of a pickle");
        for (size_t i = 0; i < memo->capacity; i++) {
                const coffer_memo_entry *old = &memo->entries[i];
                if (old->place)
                        *find_entry(&grown, (coffer_memo_key){old->place, old->size}) = *old;
        }
        coffer_free(memo->entries);
        *memo = grown;
        return COFFER_OK;
}

coffer_status coffer_memo_add(coffer_memo *memo, coffer_memo_key key, uint32_t slot, coffer_error *error)
{
        if (memo->count >= memo->capacity / 2)
                COFFER_TRY(grow(memo, error));
        *find_entry(memo, key) = (coffer_memo_entry){key.place, key.size, slot};
        memo->count++;
        return COFFER_OK;
}

void coffer_memo_done(coffer_memo *memo)
{
        coffer_free(memo->entries);
}
