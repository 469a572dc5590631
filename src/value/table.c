/* SPDX-License-Identifier: Apache-2.0 */
/* Dicts and sets: entries in insertion order; beyond a few of them an index by hash (open addressing, linear probing).
 */
#include "value/value_internal.h"

typedef struct slot {
        uint32_t hash;
        uint32_t place; /* of the entry, plus one; 0: free */
} slot;

struct coffer_index {
        uint32_t mask; /* number of slots less one; the slots are kept at most half full */
        slot *slots;
};

enum { NOWHERE = -1 };

static const coffer_value *key_at(const coffer_value *table, size_t place)
{
        return table->kind == COFFER_KIND_DICT ? table->pairs[place].key : table->items[place];
}

/* The cases that decide most look-ups: the same node, or two short strs. */
static inline bool quickly_equal(const coffer_value *left, const coffer_value *right, bool *equal)
{
        *equal = left == right;
        if (*equal)
                return true;
        if (left->kind != COFFER_KIND_STR || right->kind != COFFER_KIND_STR ||
            ((left->flags | right->flags) & COFFER_NODE_EXTENDED))
                return false;
        *equal = coffer_cursor_equal(coffer_cursor_of(left->data, left->count),
                                     coffer_cursor_of(right->data, right->count));
        return true;
}

static inline coffer_status equal_at(const coffer_value *table, size_t place, const coffer_value *key, bool *equal,
                                     coffer_error *error)
{
        const coffer_value *other = key_at(table, place);
        return quickly_equal(other, key, equal) ? COFFER_OK : coffer_key_equal(other, key, equal, error);
}

static coffer_status find_linear(const coffer_value *table, const coffer_value *key, int64_t *place,
                                 coffer_error *error)
{
        for (uint32_t i = 0; i < table->count; i++) {
                bool equal;
                COFFER_TRY(equal_at(table, i, key, &equal, error));
                if (equal) {
                        *place = i;
                        return COFFER_OK;
                }
        }
        *place = NOWHERE;
        return COFFER_OK;
}

/* Also tells the slot where the key is, or would go. */
static coffer_status find_indexed(const coffer_value *table, const coffer_index *index, const coffer_value *key,
                                  uint32_t hash, slot **where, int64_t *place, coffer_error *error)
{
        for (uint32_t i = hash & index->mask;; i = (i + 1) & index->mask) {
                *where = &index->slots[i];
                *place = (int64_t)index->slots[i].place - 1;
                if (*place == NOWHERE)
                        return COFFER_OK;
                if (index->slots[i].hash != hash)
                        continue;
                bool equal;
                COFFER_TRY(equal_at(table, (size_t)*place, key, &equal, error));
                if (equal)
                        return COFFER_OK;
        }
}

static void put_slot(coffer_index *index, uint32_t hash, uint32_t place)
{
        uint32_t i = hash & index->mask;
        while (index->slots[i].place != 0)
                i = (i + 1) & index->mask;
        index->slots[i] = (slot){hash, place + 1};
}

static slot *new_slots(coffer_document *document, size_t count)
{
        slot *slots = (slot *)coffer_document_alloc(document, count * sizeof(*slots));
        if (slots)
                memset(slots, 0, count * sizeof(*slots));
        return slots;
}

static coffer_status hash_of(const coffer_value *key, uint32_t *out, coffer_error *error)
{
        uint64_t hash;
        COFFER_TRY(coffer_key_hash(key, &hash, error));
        *out = (uint32_t)(hash ^ hash >> 32);
        return COFFER_OK;
}

/* Makes the first index, from the entries. */
static coffer_status build_index(coffer_document *document, coffer_table_node *table, size_t slot_count,
                                 coffer_error *error)
{
        coffer_index *index = (coffer_index *)coffer_document_alloc(document, sizeof(*index));
        slot *slots = index ? new_slots(document, slot_count) : NULL;
        if (!slots)
                return coffer_document_failure(document, error);
        *index = (coffer_index){(uint32_t)(slot_count - 1), slots};
        for (uint32_t i = 0; i < table->base.count; i++) {
                uint32_t hash;
                COFFER_TRY(hash_of(key_at(&table->base, i), &hash, error));
                put_slot(index, hash, i);
        }
        table->index = index;
        return COFFER_OK;
}

static coffer_status widen_index(coffer_document *document, coffer_index *index, size_t slot_count, coffer_error *error)
{
        coffer_index wider = {(uint32_t)(slot_count - 1), new_slots(document, slot_count)};
        if (!wider.slots)
                return coffer_document_failure(document, error);
        for (size_t i = 0; i <= index->mask; i++)
                if (index->slots[i].place != 0)
                        put_slot(&wider, index->slots[i].hash, index->slots[i].place - 1);
        *index = wider;
        return COFFER_OK;
}

/* Room for `extra` more entries in the index, once there are enough to have one. */
static coffer_status reserve_index(coffer_document *document, coffer_table_node *table, size_t extra,
                                   coffer_error *error)
{
        size_t wanted = table->base.count + extra;
        if (wanted <= COFFER_TABLE_LINEAR || (table->index && wanted <= ((size_t)table->index->mask + 1) / 2))
                return COFFER_OK;
        if (wanted > UINT32_MAX / 4)
                return coffer_error_set(error, COFFER_LIMIT, "a dict or set has more than %u entries", UINT32_MAX / 4);
        size_t slot_count = 32;
        while (slot_count < 2 * wanted)
                slot_count *= 2;
        return table->index ? widen_index(document, table->index, slot_count, error)
                            : build_index(document, table, slot_count, error);
}

enum { GROUP = 16 }; /* keys hashed ahead, so that their slots are on the way from memory while others are looked at */

/* Hashes of a group of keys, `stride` apart. Without an index they are not needed. */
static coffer_status hash_group(const coffer_table_node *table, const coffer_value *const *keys, size_t count,
                                size_t stride, uint32_t hashes[GROUP], coffer_error *error)
{
        for (size_t i = 0; table->index && i < count; i++) {
                COFFER_TRY(hash_of(keys[i * stride], &hashes[i], error));
                __builtin_prefetch(&table->index->slots[hashes[i] & table->index->mask], 1);
        }
        return COFFER_OK;
}

/* Finds an entry; when there is none, books the place where the caller then puts it. */
static coffer_status find_or_book(coffer_table_node *table, const coffer_value *key, uint32_t hash, int64_t *place,
                                  coffer_error *error)
{
        if (!table->index)
                return find_linear(&table->base, key, place, error);
        slot *where;
        COFFER_TRY(find_indexed(&table->base, table->index, key, hash, &where, place, error));
        if (*place == NOWHERE)
                *where = (slot){hash, table->base.count + 1};
        return COFFER_OK;
}

static coffer_status update_group(coffer_value *dict, const coffer_value *const *keys_and_values, size_t pair_count,
                                  coffer_error *error)
{
        coffer_table_node *table = (coffer_table_node *)dict;
        uint32_t hashes[GROUP] = {0};
        COFFER_TRY(hash_group(table, keys_and_values, pair_count, 2, hashes, error));
        for (size_t i = 0; i < pair_count; i++) {
                const coffer_value *key = keys_and_values[2 * i];
                const coffer_value *value = keys_and_values[2 * i + 1];
                int64_t place;
                COFFER_TRY(find_or_book(table, key, hashes[i], &place, error));
                if (place != NOWHERE)
                        dict->pairs[place].value = value;
                else
                        dict->pairs[dict->count++] = (coffer_pair){key, value};
        }
        return COFFER_OK;
}

coffer_status coffer_node_update(coffer_document *document, coffer_value *dict,
                                 const coffer_value *const *keys_and_values, size_t pair_count, coffer_error *error)
{
        COFFER_TRY(coffer_node_reserve(document, dict, sizeof(coffer_pair), pair_count, error));
        COFFER_TRY(reserve_index(document, (coffer_table_node *)dict, pair_count, error));
        for (size_t i = 0; i < pair_count; i += GROUP) {
                size_t count = pair_count - i < GROUP ? pair_count - i : GROUP;
                COFFER_TRY(update_group(dict, keys_and_values + 2 * i, count, error));
        }
        return COFFER_OK;
}

static coffer_status add_group(coffer_value *set, const coffer_value *const *items, size_t count, coffer_error *error)
{
        coffer_table_node *table = (coffer_table_node *)set;
        uint32_t hashes[GROUP] = {0};
        COFFER_TRY(hash_group(table, items, count, 1, hashes, error));
        for (size_t i = 0; i < count; i++) {
                int64_t place;
                COFFER_TRY(find_or_book(table, items[i], hashes[i], &place, error));
                if (place == NOWHERE)
                        set->items[set->count++] = items[i];
        }
        return COFFER_OK;
}

coffer_status coffer_node_add(coffer_document *document, coffer_value *set, const coffer_value *const *items,
                              size_t count, coffer_error *error)
{
        COFFER_TRY(coffer_node_reserve(document, set, sizeof(*items), count, error));
        COFFER_TRY(reserve_index(document, (coffer_table_node *)set, count, error));
        for (size_t i = 0; i < count; i += GROUP)
                COFFER_TRY(add_group(set, items + i, count - i < GROUP ? count - i : GROUP, error));
        return COFFER_OK;
}

const coffer_value *coffer_table_find_text(const coffer_value *dict, coffer_cursor key)
{
        const coffer_index *index = ((const coffer_table_node *)dict)->index;
        coffer_value probe = {.kind = COFFER_KIND_STR, .count = (uint32_t)key.size_bytes};
        probe.data = key.data;
        if (key.size_bytes > UINT32_MAX)
                return NULL;
        int64_t place = NOWHERE;
        uint32_t hash;
        slot *where;
        coffer_status status;
        if (!index) {
                status = find_linear(dict, &probe, &place, NULL);
        } else {
                status = hash_of(&probe, &hash, NULL);
                if (status == COFFER_OK)
                        status = find_indexed(dict, index, &probe, hash, &where, &place, NULL);
        }
        return status == COFFER_OK && place != NOWHERE ? dict->pairs[place].value : NULL;
}
