/* SPDX-License-Identifier: Apache-2.0 */
/* Entries lie in an array in the order of their insertion; a table with linear probing holds their positions. */
#include "util/map.h"

#include <string.h>

#include "util/cursor.h"
#include "util/hash.h"

struct entry {
        char *key;
        void *value;
        uint64_t hash;
};

struct coffer_map {
        void (*free_value)(void *);
        struct entry *entries;
        size_t count;
        size_t capacity;
        uint32_t *slots;   /* position in `entries` plus one; 0 is free */
        size_t slot_count; /* 0 or a power of two, always more than `capacity` */
};

enum { SMALLEST_CAPACITY = 8, LARGEST_CAPACITY = 1 << 30 };

coffer_status coffer_map_new(void (*free_value)(void *), coffer_map **out, coffer_error *error)
{
        coffer_map *map = coffer_alloc_zeroed(1, sizeof(*map));
        if (!map)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a map");
        map->free_value = free_value;
        *out = map;
        return COFFER_OK;
}

void coffer_map_free(coffer_map *map)
{
        if (!map)
                return;
        coffer_map_clear(map);
        coffer_free(map->entries);
        coffer_free(map->slots);
        coffer_free(map);
}

/* The slot that holds `key`, or the free one where it belongs. There is always a free one. */
static uint32_t *find_slot(const coffer_map *map, const char *key, uint64_t hash)
{
        size_t mask = map->slot_count - 1;
        for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
                uint32_t *slot = &map->slots[i];
                if (*slot == 0)
                        return slot;
                const struct entry *entry = &map->entries[*slot - 1];
                if (entry->hash == hash && strcmp(entry->key, key) == 0)
                        return slot;
        }
}

static void fill_slots(coffer_map *map)
{
        memset(map->slots, 0, map->slot_count * sizeof(*map->slots));
        for (size_t i = 0; i < map->count; i++)
                *find_slot(map, map->entries[i].key, map->entries[i].hash) = (uint32_t)(i + 1);
}

static struct entry *find(const coffer_map *map, const char *key)
{
        if (map->count == 0)
                return NULL;
        uint32_t slot = *find_slot(map, key, coffer_hash(coffer_cursor_text(key)));
        return slot ? &map->entries[slot - 1] : NULL;
}

/* Room for one more entry. */
static coffer_status grow(coffer_map *map, coffer_error *error)
{
        if (map->count < map->capacity)
                return COFFER_OK;
        if (map->capacity >= LARGEST_CAPACITY)
                return coffer_error_set(error, COFFER_LIMIT, "a map has room for no more than %zu keys", map->capacity);
        size_t capacity = map->capacity ? map->capacity * 2 : SMALLEST_CAPACITY;
        uint32_t *slots = coffer_alloc_zeroed(capacity * 2, sizeof(*slots));
        struct entry *entries = slots ? coffer_realloc_array(map->entries, capacity, sizeof(*entries)) : NULL;
        if (!entries) {
                coffer_free(slots);
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a map of %zu keys", capacity);
        }
        coffer_free(map->slots);
        map->slots = slots;
        map->slot_count = capacity * 2;
        map->entries = entries;
        map->capacity = capacity;
        fill_slots(map);
        return COFFER_OK;
}

static void free_value(const coffer_map *map, void *value)
{
        if (map->free_value && value)
                map->free_value(value);
}

coffer_status coffer_map_set(coffer_map *map, const char *key, void *value, coffer_error *error)
{
        struct entry *entry = find(map, key);
        if (entry) {
                if (entry->value != value)
                        free_value(map, entry->value);
                entry->value = value;
                return COFFER_OK;
        }
        COFFER_TRY(grow(map, error));
        char *copy = coffer_strdup(key);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a key of a map");
        uint64_t hash = coffer_hash(coffer_cursor_text(key));
        *find_slot(map, key, hash) = (uint32_t)(map->count + 1);
        map->entries[map->count++] = (struct entry){copy, value, hash};
        return COFFER_OK;
}

bool coffer_map_has(const coffer_map *map, const char *key)
{
        return find(map, key) != NULL;
}

void *coffer_map_get(const coffer_map *map, const char *key)
{
        const struct entry *entry = find(map, key);
        return entry ? entry->value : NULL;
}

const char *coffer_map_key(const coffer_map *map, const char *key)
{
        const struct entry *entry = find(map, key);
        return entry ? entry->key : NULL;
}

bool coffer_map_remove(coffer_map *map, const char *key)
{
        struct entry *entry = find(map, key);
        if (!entry)
                return false;
        struct entry removed = *entry;
        size_t after = map->count - (size_t)(entry - map->entries) - 1;
        memmove(entry, entry + 1, after * sizeof(*entry));
        map->count--;
        fill_slots(map);
        coffer_free(removed.key);
        free_value(map, removed.value);
        return true;
}

void coffer_map_clear(coffer_map *map)
{
        size_t count = map->count;
        map->count = 0;
        for (size_t i = 0; i < count; i++) {
                coffer_free(map->entries[i].key);
                free_value(map, map->entries[i].value);
        }
        if (map->slots)
                fill_slots(map);
}

size_t coffer_map_count(const coffer_map *map)
{
        return map->count;
}

const char *coffer_map_key_at(const coffer_map *map, size_t index)
{
        return index < map->count ? map->entries[index].key : NULL;
}

void *coffer_map_value_at(const coffer_map *map, size_t index)
{
        return index < map->count ? map->entries[index].value : NULL;
}
