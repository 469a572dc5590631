/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's tables, and what its stack does to containers. */
#include <inttypes.h>

#include "pickle/reader.h"

/* Books memory of the tables against max_bytes; what is left is the document's. */
static coffer_status book_table(coffer_reader *reader, size_t more_bytes)
{
        uint64_t used = (uint64_t)coffer_document_used_bytes(reader->document) + reader->tables_bytes;
        uint64_t max_bytes = reader->options->max_bytes;
        if (used > max_bytes || more_bytes > max_bytes - used)
                return coffer_reader_fail(reader, COFFER_LIMIT,
                                          "the values need more than the allowed %" PRIu64 " bytes of memory",
                                          max_bytes);
        reader->tables_bytes += more_bytes;
        uint64_t left = max_bytes - reader->tables_bytes;
        coffer_document_set_limit(reader->document, left < SIZE_MAX ? (size_t)left : SIZE_MAX);
        return COFFER_OK;
}

/* Enlarges an array of `capacity` entries to more than `index` of them. */
static coffer_status grow_array(coffer_reader *reader, void **array, size_t entry_bytes, size_t *capacity, size_t index)
{
        size_t wanted = *capacity ? *capacity * 2 : 64;
        size_t wanted_bytes;
        if (wanted <= index && !coffer_add_size(index, 1, &wanted))
                wanted = SIZE_MAX;
        if (!coffer_mul_size(wanted, entry_bytes, &wanted_bytes))
                return coffer_reader_fail(reader, COFFER_LIMIT, "more than %zu table entries", SIZE_MAX / entry_bytes);
        COFFER_TRY(book_table(reader, wanted_bytes - *capacity * entry_bytes));
        void *grown = coffer_realloc(*array, wanted_bytes);
        if (!grown)
                return coffer_reader_fail(reader, COFFER_NO_MEMORY, "out of memory");
        *array = grown;
        *capacity = wanted;
        return COFFER_OK;
}

coffer_status coffer_reader_grow(coffer_reader *reader, coffer_reader_table *table, size_t index)
{
        size_t old_capacity = table->capacity;
        void *values = (void *)table->values;
        COFFER_TRY(grow_array(reader, &values, sizeof(coffer_value *), &table->capacity, index));
        table->values = (coffer_value **)values;
        memset((void *)(table->values + old_capacity), 0, (table->capacity - old_capacity) * sizeof(coffer_value *));
        return COFFER_OK;
}

coffer_status coffer_reader_too_many(coffer_reader *reader)
{
        return coffer_reader_fail(reader, COFFER_LIMIT, "more than %" PRIu64 " values", reader->options->max_values);
}

coffer_status coffer_reader_underflow(coffer_reader *reader, size_t needed)
{
        return coffer_reader_fail(reader, COFFER_MALFORMED, "%zu value%s needed on the stack, %zu there%s", needed,
                                  needed == 1 ? "" : "s", reader->stack.count - reader->floor,
                                  reader->mark_count > 0 ? " above the mark" : "");
}

/* ---- marks ---- */

coffer_status coffer_reader_mark(coffer_reader *reader)
{
        if (reader->mark_count >= reader->options->max_depth)
                return coffer_reader_fail(reader, COFFER_LIMIT, "more than %" PRIu32 " marks on the stack",
                                          reader->options->max_depth);
        if (reader->mark_count == reader->mark_capacity) {
                void *marks = reader->marks;
                COFFER_TRY(
                        grow_array(reader, &marks, sizeof(*reader->marks), &reader->mark_capacity, reader->mark_count));
                reader->marks = (size_t *)marks;
        }
        reader->marks[reader->mark_count++] = reader->stack.count;
        reader->floor = reader->stack.count;
        return COFFER_OK;
}

coffer_status coffer_reader_pop_mark(coffer_reader *reader, size_t *first)
{
        if (reader->mark_count == 0)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "no mark on the stack");
        *first = reader->floor;
        reader->mark_count--;
        reader->floor = reader->mark_count ? reader->marks[reader->mark_count - 1] : 0;
        return COFFER_OK;
}

/* ---- memo ---- */

coffer_status coffer_reader_memo_put(coffer_reader *reader, uint64_t index)
{
        COFFER_TRY(coffer_reader_need(reader, 1));
        if (index >= reader->options->max_memo)
                return coffer_reader_fail(reader, COFFER_LIMIT, "memo slot %" PRIu64 " is over the allowed %" PRIu64,
                                          index, reader->options->max_memo);
        /* Every writer counts its slots up, and each cost it a byte or more: a slot beyond that would only make the
         * table large. */
        if (index > reader->opcode_offset)
                return coffer_reader_fail(reader, COFFER_LIMIT, "memo slot %" PRIu64 " so early in the pickle", index);
        if (index >= reader->memo.capacity)
                COFFER_TRY(coffer_reader_grow(reader, &reader->memo, (size_t)index));
        if (!reader->memo.values[index])
                reader->memo.count++;
        reader->memo.values[index] = *coffer_reader_top(reader);
        return COFFER_OK;
}

coffer_status coffer_reader_memo_missing(coffer_reader *reader, uint64_t index)
{
        return coffer_reader_fail(reader, COFFER_MALFORMED, "nothing in memo slot %" PRIu64, index);
}

/* ---- containers ---- */

const char *coffer_reader_kind_name(const coffer_value *value)
{
        static const char *const names[COFFER_KIND_COUNT] = {
                [COFFER_KIND_NONE] = "None",
                [COFFER_KIND_BOOL] = "a bool",
                [COFFER_KIND_INT] = "an int",
                [COFFER_KIND_FLOAT] = "a float",
                [COFFER_KIND_COMPLEX] = "a complex",
                [COFFER_KIND_STR] = "a str",
                [COFFER_KIND_BYTES] = "bytes",
                [COFFER_KIND_BYTEARRAY] = "a bytearray",
                [COFFER_KIND_LIST] = "a list",
                [COFFER_KIND_TUPLE] = "a tuple",
                [COFFER_KIND_DICT] = "a dict",
                [COFFER_KIND_SET] = "a set",
                [COFFER_KIND_FROZENSET] = "a frozenset",
                [COFFER_KIND_GLOBAL] = "a global",
                [COFFER_KIND_EXTENSION] = "an extension code",
                [COFFER_KIND_OBJECT] = "an object",
                [COFFER_KIND_PERSISTENT] = "a persistent value",
                [COFFER_KIND_BUFFER] = "a buffer",
                [COFFER_KIND_TENSOR] = "a tensor",
        };
        return names[value->kind];
}

/* The list or dict of an object that takes what is added to the object. */
static coffer_status part_of_object(coffer_reader *reader, coffer_value *object, coffer_kind like, coffer_value **out)
{
        coffer_object_node *node = (coffer_object_node *)object;
        coffer_kind kind = like == COFFER_KIND_DICT ? COFFER_KIND_DICT : COFFER_KIND_LIST;
        coffer_value **part = kind == COFFER_KIND_DICT ? &node->pairs : &node->items;
        if (!*part)
                *part = coffer_node_container(reader->document, kind);
        if (!*part)
                return coffer_document_failure(reader->document, reader->error);
        *out = *part;
        return COFFER_OK;
}

coffer_status coffer_reader_check_keys(coffer_reader *reader, const coffer_value *const *values, size_t count,
                                       size_t step)
{
        for (size_t i = 0; i < count; i += step)
                if (coffer_reader_is_unhashable(values[i]))
                        return coffer_reader_fail(
                                reader, COFFER_MALFORMED, "%s%s can't be a key", coffer_reader_kind_name(values[i]),
                                values[i]->kind == COFFER_KIND_TUPLE ? " with an unhashable part" : "");
        return COFFER_OK;
}

static coffer_status update(coffer_reader *reader, coffer_value *dict, const coffer_value *const *values, size_t count)
{
        if (count % 2 != 0)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "the last key has no value");
        COFFER_TRY(coffer_reader_check_keys(reader, values, count, 2));
        return coffer_node_update(reader->document, dict, values, count / 2, reader->error);
}

/* Moves the values from place `first` of the stack on into a container. */
static coffer_status fill(coffer_reader *reader, coffer_value *container, size_t first)
{
        const coffer_value *const *values =
                reader->stack.values ? (const coffer_value *const *)(reader->stack.values + first) : NULL;
        size_t count = reader->stack.count - first;
        reader->stack.count = first;
        coffer_reader_note_parts(container, values, count);
        switch (container->kind) {
        case COFFER_KIND_DICT:
                return update(reader, container, values, count);
        case COFFER_KIND_SET:
        case COFFER_KIND_FROZENSET:
                COFFER_TRY(coffer_reader_check_keys(reader, values, count, 1));
                return coffer_node_add(reader->document, container, values, count, reader->error);
        default:
                return coffer_node_extend(reader->document, container, values, count, reader->error);
        }
}

coffer_status coffer_reader_collect(coffer_reader *reader, coffer_kind kind, size_t first)
{
        coffer_value *container = coffer_node_container(reader->document, kind);
        if (container)
                COFFER_TRY(fill(reader, container, first));
        return coffer_reader_push(reader, container);
}

coffer_status coffer_reader_add(coffer_reader *reader, coffer_kind like, size_t first)
{
        coffer_value *target = reader->stack.values[first - 1];
        if (target->kind == COFFER_KIND_OBJECT)
                COFFER_TRY(part_of_object(reader, target, like, &target));
        else if (target->kind != like)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "it adds to %s", coffer_reader_kind_name(target));
        return fill(reader, target, first);
}
