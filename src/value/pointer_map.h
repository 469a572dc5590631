/* SPDX-License-Identifier: Apache-2.0 */
/* A map from the addresses of values to small numbers. */
#ifndef COFFER_VALUE_POINTER_MAP_H
#define COFFER_VALUE_POINTER_MAP_H

#include "value/value_internal.h"

typedef struct coffer_pointer_entry {
        const coffer_value *key; /* NULL: free */
        uint32_t number;
} coffer_pointer_entry;

/* All zero is an empty map. */
typedef struct coffer_pointer_map {
        coffer_pointer_entry *entries;
        size_t capacity; /* zero or a power of two; at most half of it is used */
        size_t count;
} coffer_pointer_map;

/* The entry of `key`, or NULL. Valid until the next insertion. */
coffer_pointer_entry *coffer_pointer_map_find(const coffer_pointer_map *map, const coffer_value *key);

/* The entry of `key`, new with number 0 when there was none. */
COFFER_MUST_CHECK
coffer_status coffer_pointer_map_insert(coffer_pointer_map *map, const coffer_value *key, coffer_pointer_entry **out,
                                        coffer_error *error);

void coffer_pointer_map_done(coffer_pointer_map *map);

#endif
