/* SPDX-License-Identifier: Apache-2.0 */
/* A map from text to pointer that keeps insertion order, and with NULL values a set. Hashes are keyed with a random
 * seed for each process. */
#ifndef COFFER_UTIL_MAP_H
#define COFFER_UTIL_MAP_H

#include <coffer/bytes.h>
#include "util/cleanup.h"

typedef struct coffer_map coffer_map;

/* `free_value` (may be NULL) is called on values that are replaced, removed or left at the end. */
COFFER_MUST_CHECK coffer_status coffer_map_new(void (*free_value)(void *), coffer_map **out, coffer_error *error);
void coffer_map_free(coffer_map *map);
COFFER_DEFINE_CLEANUP(coffer_map *, coffer_map_free);
#define _cleanup_map_ _cleanup_(coffer_map_freep)

/* Sets key (copied) to value (owned by the map on success). A key that is there keeps its place. */
COFFER_MUST_CHECK coffer_status coffer_map_set(coffer_map *map, const char *key, void *value, coffer_error *error);
bool coffer_map_has(const coffer_map *map, const char *key);
void *coffer_map_get(const coffer_map *map, const char *key);       /* NULL when absent */
const char *coffer_map_key(const coffer_map *map, const char *key); /* the map's own copy; NULL when absent */
bool coffer_map_remove(coffer_map *map, const char *key);           /* true when it was there; later entries move up */
void coffer_map_clear(coffer_map *map);
size_t coffer_map_count(const coffer_map *map);
const char *coffer_map_key_at(const coffer_map *map, size_t index);
void *coffer_map_value_at(const coffer_map *map, size_t index);

#endif
