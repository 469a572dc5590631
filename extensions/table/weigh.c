/* SPDX-License-Identifier: Apache-2.0 */
/* Walks through a schema as a reader of FlatBuffers would (https://flatbuffers.dev/internals/), adding up the bytes of
 * what it comes to: in a tree they are no more than there are. */
#include "weigh.h"

enum {
        MESSAGE_KIND = 1,
        MESSAGE_HEAD = 2,
        SCHEMA_FIELDS = 1,
        SCHEMA_PAIRS = 2,
        FIELD_NAME = 0,
        FIELD_KIND = 2,
        FIELD_TYPE = 3,
        FIELD_CHILDREN = 5,
        FIELD_PAIRS = 6,
        PAIR_KEY = 0,
        PAIR_VALUE = 1,
        TIMESTAMP = 10,
        TIMESTAMP_ZONE = 1,
        TABLE_BYTES = 8, /* the least that a table takes */
        MAX_DEPTH = 64,
        SLACK = 4 /* writers may keep equal texts once */
};

typedef struct walking {
        coffer_cursor head;
        uint64_t weight, most;
} walking;

static bool load(const walking *walk, uint64_t at, size_t size_bytes, uint32_t *out)
{
        if (at > walk->head.size_bytes || walk->head.size_bytes - at < size_bytes)
                return false;
        *out = 0;
        for (size_t i = 0; i < size_bytes; i++)
                *out |= (uint32_t)walk->head.data[at + i] << 8 * i;
        return true;
}

static bool add(walking *walk, uint64_t bytes)
{
        walk->weight += bytes;
        return walk->weight <= walk->most;
}

/* Where the place at `at` leads to. */
static bool follow(const walking *walk, uint64_t at, uint64_t *out)
{
        uint32_t distance;
        if (!load(walk, at, 4, &distance))
                return false;
        *out = at + distance;
        return true;
}

/* Where a field of a table lies; 0 when it is absent. */
static bool find(const walking *walk, uint64_t table, unsigned number, uint64_t *out)
{
        uint32_t back, index_bytes, distance = 0;
        if (!load(walk, table, 4, &back))
                return false;
        int64_t index = (int64_t)table - (int32_t)back;
        uint64_t slot = 4 + 2 * (uint64_t)number;
        if (index < 0 || !load(walk, (uint64_t)index, 2, &index_bytes))
                return false;
        if (slot + 2 <= index_bytes && !load(walk, (uint64_t)index + slot, 2, &distance))
                return false;
        *out = distance ? table + distance : 0;
        return true;
}

/* What a field leads to, a table, vector or text; 0 when it is absent. */
static bool find_target(const walking *walk, uint64_t table, unsigned number, uint64_t *out)
{
        uint64_t at;
        if (!find(walk, table, number, &at))
                return false;
        *out = 0;
        return at == 0 || follow(walk, at, out);
}

static bool weigh_text(walking *walk, uint64_t table, unsigned number)
{
        uint64_t text;
        uint32_t size_bytes;
        if (!find_target(walk, table, number, &text))
                return false;
        return text == 0 || (load(walk, text, 4, &size_bytes) && add(walk, 4 + (uint64_t)size_bytes));
}

typedef bool (*weigh_table)(walking *walk, uint64_t table, unsigned depth);

static bool weigh_tables(walking *walk, uint64_t table, unsigned number, unsigned depth, weigh_table weigh)
{
        uint64_t vector, item;
        uint32_t count;
        if (!find_target(walk, table, number, &vector))
                return false;
        if (vector == 0)
                return true;
        if (!load(walk, vector, 4, &count) || !add(walk, 4 + 4 * (uint64_t)count))
                return false;
        for (uint32_t i = 0; i < count; i++)
                if (!follow(walk, vector + 4 + 4 * (uint64_t)i, &item) || !add(walk, TABLE_BYTES) ||
                    !weigh(walk, item, depth))
                        return false;
        return true;
}

static bool weigh_pair(walking *walk, uint64_t pair, unsigned depth)
{
        (void)depth;
        return weigh_text(walk, pair, PAIR_KEY) && weigh_text(walk, pair, PAIR_VALUE);
}

/* Of all types, timestamps alone have a part that is copied. */
static bool weigh_type(walking *walk, uint64_t field)
{
        uint64_t kind_at, type;
        uint32_t kind = 0;
        if (!find(walk, field, FIELD_KIND, &kind_at) || !find_target(walk, field, FIELD_TYPE, &type) ||
            (kind_at != 0 && !load(walk, kind_at, 1, &kind)))
                return false;
        return kind != TIMESTAMP || type == 0 || weigh_text(walk, type, TIMESTAMP_ZONE);
}

static bool weigh_field(walking *walk, uint64_t field, unsigned depth)
{
        if (depth >= MAX_DEPTH)
                return false;
        return weigh_text(walk, field, FIELD_NAME) && weigh_type(walk, field) &&
               weigh_tables(walk, field, FIELD_PAIRS, depth, weigh_pair) &&
               weigh_tables(walk, field, FIELD_CHILDREN, depth + 1, weigh_field);
}

static bool weigh_message(walking *walk, uint32_t *kind)
{
        uint64_t message, kind_at, head;
        *kind = 0;
        if (!follow(walk, 0, &message) || !find(walk, message, MESSAGE_KIND, &kind_at) ||
            (kind_at != 0 && !load(walk, kind_at, 1, kind)) || !find_target(walk, message, MESSAGE_HEAD, &head))
                return false;
        if (*kind != TABLE_SCHEMA)
                return true;
        return head != 0 && weigh_tables(walk, head, SCHEMA_FIELDS, 0, weigh_field) &&
               weigh_tables(walk, head, SCHEMA_PAIRS, 0, weigh_pair);
}

coffer_status table_weigh(coffer_cursor head, table_message_kind *out, coffer_error *error)
{
        walking through = {head, 0, SLACK * (uint64_t)head.size_bytes};
        uint32_t kind;
        if (!weigh_message(&through, &kind))
                return coffer_error_set(error, COFFER_MALFORMED,
                                        "the head of a message of Arrow leads outside of itself, to one place too "
                                        "often, or too deep");
        if (kind < TABLE_SCHEMA || kind > TABLE_BATCH)
                return coffer_error_set(error, COFFER_UNSUPPORTED,
                                        "a message of Arrow of kind %u is no part of a table", kind);
        *out = (table_message_kind)kind;
        return COFFER_OK;
}
