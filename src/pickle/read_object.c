/* SPDX-License-Identifier: Apache-2.0 */
/* What an unpickler would import, call and change: written down, never done. */
#include <inttypes.h>

#include "pickle/python2_names.h"
#include "pickle/reader.h"
#include "util/utf8.h"

enum { LAST_PROTOCOL_WITH_PYTHON2_NAMES = 2 };

/* Values that only an unpickler has: one can't tell what they are. */
static bool is_opaque(const coffer_value *value)
{
        return value->kind >= COFFER_KIND_GLOBAL && value->kind <= COFFER_KIND_PERSISTENT;
}

/* ---- names ---- */

static coffer_status push_global(coffer_reader *reader, size_t replaced, coffer_cursor module, coffer_cursor name)
{
        if (module.size_bytes == 0 || name.size_bytes == 0)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "an empty name of a module or of something in it");
        if (reader->protocol <= LAST_PROTOCOL_WITH_PYTHON2_NAMES)
                coffer_python2_name(&module, &name);
        coffer_value *global;
        COFFER_TRY(coffer_value_global(reader->document, module, name, &global, reader->error));
        return coffer_reader_replace(reader, replaced, global);
}

/* In place of its two names. */
static coffer_status push_global_of_strs(coffer_reader *reader, const coffer_value *module, const coffer_value *name)
{
        coffer_value *global = coffer_node_global(reader->document, module, name);
        if (!global)
                return coffer_document_failure(reader->document, reader->error);
        return coffer_reader_replace(reader, 2, global);
}

coffer_status coffer_reader_global(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        if (!coffer_utf8_valid(operand->first, false) || !coffer_utf8_valid(operand->second, false))
                return coffer_reader_fail(reader, COFFER_MALFORMED, "a name that is not valid UTF-8");
        return push_global(reader, 0, operand->first, operand->second);
}

coffer_status coffer_reader_stack_global(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        COFFER_TRY(coffer_reader_need(reader, 2));
        const coffer_value *module = coffer_reader_top(reader)[-1];
        const coffer_value *name = coffer_reader_top(reader)[0];
        if (module->kind != COFFER_KIND_STR || name->kind != COFFER_KIND_STR)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "the names are %s and %s, not two strs",
                                          coffer_reader_kind_name(module), coffer_reader_kind_name(name));
        if (coffer_value_full_size(module) != coffer_value_data(module).size_bytes ||
            coffer_value_full_size(name) != coffer_value_data(name).size_bytes)
                return coffer_reader_fail(reader, COFFER_LIMIT,
                                          "a name is longer than the %" PRIu64 " bytes to be kept",
                                          reader->options->keep_bytes);
        bool plain = module->count > 0 && name->count > 0 && !((module->flags | name->flags) & COFFER_NODE_EXTENDED);
        if (!plain || reader->protocol <= LAST_PROTOCOL_WITH_PYTHON2_NAMES)
                return push_global(reader, 2, coffer_value_data(module), coffer_value_data(name));
        return push_global_of_strs(reader, module, name);
}

coffer_status coffer_reader_extension(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        int64_t code = (int64_t)operand->number;
        if (code <= 0)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "the extension code %" PRId64 " is not positive",
                                          code);
        coffer_value *value;
        COFFER_TRY(coffer_value_extension(reader->document, (uint32_t)code, &value, reader->error));
        return coffer_reader_push(reader, value);
}

/* ---- calls ---- */

/* Remembers a call, to see in the end whether its result is used. */
static coffer_status note_call(coffer_reader *reader, coffer_value *value)
{
        if (reader->calls.count == reader->calls.capacity)
                COFFER_TRY(coffer_reader_grow(reader, &reader->calls, reader->calls.count));
        reader->calls.values[reader->calls.count++] = value;
        return COFFER_OK;
}

static coffer_status check_call(coffer_reader *reader, const coffer_value *callable, const coffer_value *args,
                                const coffer_value *kwargs)
{
        if (!is_opaque(callable))
                return coffer_reader_fail(reader, COFFER_MALFORMED, "%s can't be called",
                                          coffer_reader_kind_name(callable));
        if (args->kind != COFFER_KIND_TUPLE && !is_opaque(args))
                return coffer_reader_fail(reader, COFFER_MALFORMED, "the arguments are %s, not a tuple",
                                          coffer_reader_kind_name(args));
        if (kwargs && kwargs->kind != COFFER_KIND_DICT && !is_opaque(kwargs))
                return coffer_reader_fail(reader, COFFER_MALFORMED, "the keyword arguments are %s, not a dict",
                                          coffer_reader_kind_name(kwargs));
        return COFFER_OK;
}

/* Puts the object that a call would make in the place of the `replaced` topmost values. */
static coffer_status push_object(coffer_reader *reader, size_t replaced, coffer_construction construction,
                                 const coffer_value *callable, const coffer_value *args, const coffer_value *kwargs)
{
        COFFER_TRY(check_call(reader, callable, args, kwargs));
        coffer_value *object = NULL;
        if (construction == COFFER_CALL)
                COFFER_TRY(coffer_reader_plain_call(reader, callable, args, &object));
        if (!object) {
                COFFER_TRY(coffer_value_object(reader->document, construction, callable, args, kwargs, &object,
                                               reader->error));
                COFFER_TRY(note_call(reader, object));
        }
        return coffer_reader_replace(reader, replaced, object);
}

coffer_status coffer_reader_reduce(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        COFFER_TRY(coffer_reader_need(reader, 2));
        coffer_value **top = coffer_reader_top(reader);
        return push_object(reader, 2, COFFER_CALL, top[-1], top[0], NULL);
}

coffer_status coffer_reader_newobj(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        COFFER_TRY(coffer_reader_need(reader, 2));
        coffer_value **top = coffer_reader_top(reader);
        return push_object(reader, 2, COFFER_NEW, top[-1], top[0], NULL);
}

coffer_status coffer_reader_newobj_ex(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        COFFER_TRY(coffer_reader_need(reader, 3));
        coffer_value **top = coffer_reader_top(reader);
        return push_object(reader, 3, COFFER_NEW_EX, top[-2], top[-1], top[0]);
}

coffer_status coffer_reader_inst(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        size_t first;
        COFFER_TRY(coffer_reader_pop_mark(reader, &first));
        COFFER_TRY(coffer_reader_collect(reader, COFFER_KIND_TUPLE, first));
        COFFER_TRY(coffer_reader_global(reader, operand));
        coffer_value **top = coffer_reader_top(reader);
        return push_object(reader, 2, COFFER_CALL, top[0], top[-1], NULL);
}

coffer_status coffer_reader_obj(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        size_t first;
        COFFER_TRY(coffer_reader_pop_mark(reader, &first));
        if (first == reader->stack.count)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "no class above the mark");
        COFFER_TRY(coffer_reader_collect(reader, COFFER_KIND_TUPLE, first + 1));
        coffer_value **top = coffer_reader_top(reader);
        return push_object(reader, 2, COFFER_CALL, top[-1], top[0], NULL);
}

/* ---- state ---- */

coffer_status coffer_reader_build(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        COFFER_TRY(coffer_reader_need(reader, 2));
        coffer_value *state = coffer_reader_top(reader)[0];
        coffer_value *target = coffer_reader_top(reader)[-1];
        if (target->kind != COFFER_KIND_OBJECT)
                return coffer_reader_fail(reader, is_opaque(target) ? COFFER_UNSUPPORTED : COFFER_MALFORMED,
                                          "it would change %s, not an object that the pickle makes",
                                          coffer_reader_kind_name(target));
        coffer_object_node *object = (coffer_object_node *)target;
        if (object->state && object->state != state)
                COFFER_TRY(coffer_document_add_unused(reader->document, object->state, reader->error));
        object->state = state;
        reader->stack.count--;
        return COFFER_OK;
}

/* ---- persistent ids ---- */

coffer_status coffer_reader_binpersid(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        COFFER_TRY(coffer_reader_need(reader, 1));
        coffer_value *value;
        COFFER_TRY(coffer_value_persistent(reader->document, *coffer_reader_top(reader), &value, reader->error));
        COFFER_TRY(note_call(reader, value));
        return coffer_reader_replace(reader, 1, value);
}

coffer_status coffer_reader_persid(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        if (coffer_reader_python2_kind(operand->first) != COFFER_KIND_STR)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "the persistent id is not ASCII");
        COFFER_TRY(coffer_reader_push_text(reader, COFFER_KIND_STR, operand->first, !reader->source.stream));
        return coffer_reader_binpersid(reader, operand);
}

/* ---- out-of-band buffers ---- */

static coffer_status push_buffer(coffer_reader *reader, size_t replaced, coffer_cursor data, bool read_only)
{
        coffer_value *buffer;
        COFFER_TRY(coffer_value_buffer(reader->document, data, read_only, &buffer, reader->error));
        return coffer_reader_replace(reader, replaced, buffer);
}

coffer_status coffer_reader_next_buffer(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        const coffer_pickle_read_options *options = reader->options;
        if (reader->next_buffer >= options->buffer_count)
                return coffer_reader_fail(reader, COFFER_UNSUPPORTED,
                                          "the pickle refers to buffers outside of it, and only %zu were given",
                                          options->buffer_count);
        coffer_bytes *bytes = options->buffers[reader->next_buffer++];
        coffer_cursor data;
        COFFER_TRY(coffer_bytes_contiguous(bytes, &data, reader->error));
        COFFER_TRY(coffer_document_keep(reader->document, bytes, reader->error));
        return push_buffer(reader, 0, data, false);
}

coffer_status coffer_reader_read_only_buffer(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        COFFER_TRY(coffer_reader_need(reader, 1));
        const coffer_value *value = *coffer_reader_top(reader);
        if (value->kind == COFFER_KIND_BYTES)
                return COFFER_OK;
        if (value->kind != COFFER_KIND_BUFFER && value->kind != COFFER_KIND_BYTEARRAY)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "%s is no buffer", coffer_reader_kind_name(value));
        return push_buffer(reader, 1, coffer_value_data(value), true);
}
