/* SPDX-License-Identifier: Apache-2.0 */
#include "value/pointer_map.h"

enum { FIRST_CAPACITY = 64 };

/* Addresses come from our own allocator: spreading them is enough. */
static size_t place_of(const coffer_value *key, size_t capacity)
{
        return (size_t)(((uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (capacity - 1);
}

/* Where the key is, or would go. */
static coffer_pointer_entry *probe(coffer_pointer_entry *entries, size_t capacity, const coffer_value *key)
{
        size_t i = place_of(key, capacity);
        while (entries[i].key && entries[i].key != key)
                i = (i + 1) & (capacity - 1);
        return &entries[i];
}

coffer_pointer_entry *coffer_pointer_map_find(const coffer_pointer_map *map, const coffer_value *key)
{
        if (map->capacity == 0)
                return NULL;
        coffer_pointer_entry *entry = probe(map->entries, map->capacity, key);
        return entry->key ? entry : NULL;
}

static coffer_status widen(coffer_pointer_map *map, coffer_error *error)
{
        size_t capacity = map->capacity ? map->capacity * 2 : FIRST_CAPACITY;
        coffer_pointer_entry *entries = coffer_alloc_zeroed(capacity, sizeof(*entries));
        if (!entries)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
        for (size_t i = 0; i < map->capacity; i++)
                if (map->entries[i].key)
                        *probe(entries, capacity, map->entries[i].key) = map->entries[i];
        coffer_free(map->entries);
        map->entries = entries;
        map->capacity = capacity;
        return COFFER_OK;
}

coffer_status coffer_pointer_map_insert(coffer_pointer_map *map, const coffer_value *key, coffer_pointer_entry **out,
                                        coffer_error *error)
{
        if (map->count >= map->capacity / 2)
                COFFER_TRY(widen(map, error));
        coffer_pointer_entry *entry = probe(map->entries, map->capacity, key);
        if (!entry->key) {
                *entry = (coffer_pointer_entry){key, 0};
                map->count++;
        }
        *out = entry;
        return COFFER_OK;
}

void coffer_pointer_map_done(coffer_pointer_map *map)
{
        coffer_free(map->entries);
        *map = (coffer_pointer_map){0};
}
