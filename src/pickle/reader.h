/* SPDX-License-Identifier: Apache-2.0 */
/* The pickle reader from the inside: its state and the steps that its files share.
 *
 * read.c runs the opcodes and does the frequent ones itself, read_rare.c does the others, read_text.c makes values out
 * of text, read_object.c what an unpickler would import and call, read_plain.c knows the calls that only make plain
 * values, read_finish.c checks the graph as a whole, read_source.c delivers the bytes.
 *
 * A step that finds the pickle at fault says why with coffer_reader_fail; read.c puts the opcode's name and offset in
 * front. */
#ifndef COFFER_PICKLE_READER_H
#define COFFER_PICKLE_READER_H

#include <coffer/pickle.h>
#include "pickle/opcodes.h"
#include "pickle/read_source.h"
#include "util/buf.h"
#include "value/value_internal.h"

/* A table that grows; its memory counts against max_bytes. */
typedef struct coffer_reader_table {
        coffer_value **values;
        size_t count;
        size_t capacity;
} coffer_reader_table;

typedef struct coffer_reader {
        coffer_source source;
        coffer_document *document;
        const coffer_pickle_read_options *options;
        coffer_error *error; /* never NULL */
        uint64_t opcode_offset;
        coffer_reader_table stack;
        size_t floor; /* of the part of the stack above the topmost mark */
        size_t *marks;
        size_t mark_count;
        size_t mark_capacity;
        coffer_reader_table memo;  /* `count` is the number of slots in use; free ones are NULL up to `capacity` */
        coffer_reader_table calls; /* objects and persistent ids in the order they were made */
        uint64_t values_left;
        size_t tables_bytes;
        uint32_t protocol;
        size_t next_buffer;
        coffer_buf scratch;
        bool stopped;
} coffer_reader;

/* Says what is wrong with the pickle; gives `status`. */
#define coffer_reader_fail(reader, status, ...) coffer_error_set((reader)->error, (status), __VA_ARGS__)

/* ---- tables ---- */

/* Enlarges the table to more than `index` places; the new ones are NULL. */
COFFER_MUST_CHECK
coffer_status coffer_reader_grow(coffer_reader *reader, coffer_reader_table *table, size_t index);

COFFER_MUST_CHECK
coffer_status coffer_reader_mark(coffer_reader *reader);

/* Takes the topmost mark away; `*first` is the place of the first value above it. */
COFFER_MUST_CHECK
coffer_status coffer_reader_pop_mark(coffer_reader *reader, size_t *first);

COFFER_MUST_CHECK
coffer_status coffer_reader_memo_put(coffer_reader *reader, uint64_t index);
COFFER_MUST_CHECK
coffer_status coffer_reader_memo_missing(coffer_reader *reader, uint64_t index);
COFFER_MUST_CHECK
coffer_status coffer_reader_underflow(coffer_reader *reader, size_t needed);
COFFER_MUST_CHECK
coffer_status coffer_reader_too_many(coffer_reader *reader);

/* ---- the stack ---- */

/* Checks that there are `needed` values above the topmost mark. */
static inline coffer_status coffer_reader_need(coffer_reader *reader, size_t needed)
{
        return reader->stack.count - reader->floor < needed ? coffer_reader_underflow(reader, needed) : COFFER_OK;
}

static inline coffer_value **coffer_reader_top(coffer_reader *reader)
{
        return &reader->stack.values[reader->stack.count - 1];
}

/* Pushes a value that is there already. */
static inline coffer_status coffer_reader_push_again(coffer_reader *reader, coffer_value *value)
{
        if (reader->stack.count == reader->stack.capacity)
                COFFER_TRY(coffer_reader_grow(reader, &reader->stack, reader->stack.count));
        reader->stack.values[reader->stack.count++] = value;
        return COFFER_OK;
}

/* Pushes a value just made; NULL: the document had no room for it. */
static inline coffer_status coffer_reader_push(coffer_reader *reader, coffer_value *value)
{
        if (!value)
                return coffer_document_failure(reader->document, reader->error);
        if (reader->values_left-- == 0)
                return coffer_reader_too_many(reader);
        return coffer_reader_push_again(reader, value);
}

/* Puts a value just made in the place of the `count` topmost ones. */
static inline coffer_status coffer_reader_replace(coffer_reader *reader, size_t count, coffer_value *value)
{
        reader->stack.count -= count;
        return coffer_reader_push(reader, value);
}

static inline coffer_status coffer_reader_get(coffer_reader *reader, uint64_t index)
{
        if (index >= reader->memo.capacity || !reader->memo.values[index])
                return coffer_reader_memo_missing(reader, index);
        return coffer_reader_push_again(reader, reader->memo.values[index]);
}

/* ---- containers ---- */

/* Moves the values from place `first` of the stack on into the list, dict or set below them (`like` says which it must
 * be), or into the like part of an object. */
COFFER_MUST_CHECK
coffer_status coffer_reader_add(coffer_reader *reader, coffer_kind like, size_t first);

/* Puts a new container of them in their place. */
COFFER_MUST_CHECK
coffer_status coffer_reader_collect(coffer_reader *reader, coffer_kind kind, size_t first);

/* Checks that all of these can be keys of a dict or members of a set; every `step`-th counts. */
COFFER_MUST_CHECK
coffer_status coffer_reader_check_keys(coffer_reader *reader, const coffer_value *const *values, size_t count,
                                       size_t step);

/* Whether other values are part of it. */
static inline bool coffer_reader_has_parts(const coffer_value *value)
{
        const unsigned kinds = 1u << COFFER_KIND_LIST | 1u << COFFER_KIND_TUPLE | 1u << COFFER_KIND_DICT |
                               1u << COFFER_KIND_SET | 1u << COFFER_KIND_FROZENSET | 1u << COFFER_KIND_OBJECT |
                               1u << COFFER_KIND_PERSISTENT;
        return kinds >> value->kind & 1;
}

/* Whether Python can't hash it, as far as the pickle tells. */
static inline bool coffer_reader_is_unhashable(const coffer_value *value)
{
        const unsigned kinds =
                1u << COFFER_KIND_LIST | 1u << COFFER_KIND_DICT | 1u << COFFER_KIND_SET | 1u << COFFER_KIND_BYTEARRAY;
        return kinds >> value->kind & 1 || (value->kind == COFFER_KIND_TUPLE && value->flags & COFFER_NODE_UNHASHABLE);
}

/* Notes in a container what will be asked about its new parts. */
static inline void coffer_reader_note_parts(coffer_value *container, const coffer_value *const *parts, size_t count)
{
        bool nested = false;
        bool unhashable = false;
        for (size_t i = 0; i < count; i++) {
                nested |= coffer_reader_has_parts(parts[i]);
                unhashable |= container->kind == COFFER_KIND_TUPLE && coffer_reader_is_unhashable(parts[i]);
        }
        container->flags |= (uint8_t)((nested ? COFFER_NODE_NESTED : 0) | (unhashable ? COFFER_NODE_UNHASHABLE : 0));
}

/* What a kind is called in errors: "a list". */
const char *coffer_reader_kind_name(const coffer_value *value);

/* ---- text of the length that the opcode gives (read_text.c) ---- */

/* Reads `size_bytes` that follow into a str, bytes or bytearray. */
COFFER_MUST_CHECK
coffer_status coffer_reader_text(coffer_reader *reader, coffer_kind kind, uint64_t size_bytes);

/* The same into what a Python 2 str becomes: a str when it is ASCII, else bytes. */
COFFER_MUST_CHECK
coffer_status coffer_reader_python2_text(coffer_reader *reader, uint64_t size_bytes);
coffer_kind coffer_reader_python2_kind(coffer_cursor text);

/* Pushes text that is in memory; it is copied when it does not stay there, and cut to keep_bytes. */
COFFER_MUST_CHECK
coffer_status coffer_reader_push_text(coffer_reader *reader, coffer_kind kind, coffer_cursor text, bool stays);

/* ---- the opcodes that read.c leaves to others ---- */

typedef coffer_status coffer_reader_step(coffer_reader *reader, const coffer_opcode_operand *operand);

/* read_line.c: the text forms of protocol 0 */
coffer_reader_step coffer_reader_int_line, coffer_reader_long_line, coffer_reader_float_line, coffer_reader_string_line,
        coffer_reader_unicode_line, coffer_reader_get_line, coffer_reader_put_line;

/* read_object.c: what an unpickler would import, call and change */
coffer_reader_step coffer_reader_global, coffer_reader_stack_global, coffer_reader_extension, coffer_reader_reduce,
        coffer_reader_newobj, coffer_reader_newobj_ex, coffer_reader_inst, coffer_reader_obj, coffer_reader_build,
        coffer_reader_persid, coffer_reader_binpersid, coffer_reader_next_buffer, coffer_reader_read_only_buffer;

/* read_rare.c: cuts out the argument and does the step of any of these and some more; COFFER_MALFORMED when there is no
 * such opcode. */
COFFER_MUST_CHECK
coffer_status coffer_reader_rare(coffer_reader *reader, uint8_t code);

/* ---- the rest ---- */

/* read_plain.c: makes the value of a call that only makes a plain value; `*out` stays NULL when it is no such call. */
COFFER_MUST_CHECK
coffer_status coffer_reader_plain_call(coffer_reader *reader, const coffer_value *callable, const coffer_value *args,
                                       coffer_value **out);

/* read_finish.c: checks the depth of the graph under `root` and finds the calls that an unpickler would make but whose
 * result is not part of it. */
COFFER_MUST_CHECK
coffer_status coffer_reader_finish(coffer_reader *reader, const coffer_value *root);

#endif
