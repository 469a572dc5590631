/* SPDX-License-Identifier: Apache-2.0 */
/* Values for which the protocol has no opcode, as the calls by which CPython's pickler has them made. */
#include "pickle/writer.h"
#include "util/utf8.h"

bool coffer_writer_must_lower(const coffer_pickle_writer *writer, const coffer_value *value)
{
        switch (value->kind) {
        case COFFER_KIND_COMPLEX:
        case COFFER_KIND_BYTEARRAY:
        case COFFER_KIND_BUFFER:
        case COFFER_KIND_TENSOR:
                return true;
        case COFFER_KIND_BYTES:
        case COFFER_KIND_SET:
        case COFFER_KIND_FROZENSET:
                return writer->protocol < 4;
        case COFFER_KIND_GLOBAL: {
                coffer_cursor qualname = coffer_value_qualname(value);
                return writer->protocol < 4 && memchr(qualname.data, '.', qualname.size_bytes);
        }
        case COFFER_KIND_OBJECT:
                return writer->protocol < 4 && value->construction == COFFER_NEW_EX;
        default:
                return false;
        }
}

/* ---- parts ---- */

coffer_status coffer_writer_deliver(const coffer_pickle_writer *writer, const coffer_value *node,
                                    const coffer_value **out)
{
        if (!node)
                return coffer_document_failure(writer->scratch, writer->error);
        *out = node;
        return COFFER_OK;
}

coffer_status coffer_writer_shared_global(coffer_pickle_writer *writer, const char *module, const char *qualname,
                                          const coffer_value **out)
{
        const coffer_value *known = (const coffer_value *)coffer_map_get(writer->shared, qualname);
        if (!known) {
                coffer_value *global;
                COFFER_TRY(coffer_value_global(writer->scratch, coffer_cursor_text(module),
                                               coffer_cursor_text(qualname), &global, writer->error));
                COFFER_TRY(coffer_map_set(writer->shared, qualname, global, writer->error));
                known = global;
        }
        *out = known;
        return COFFER_OK;
}

coffer_status coffer_writer_tuple(coffer_pickle_writer *writer, const coffer_value *const *items, size_t count,
                                  const coffer_value **out)
{
        return coffer_writer_deliver(writer, coffer_node_sequence(writer->scratch, COFFER_KIND_TUPLE, items, count),
                                     out);
}

coffer_status coffer_writer_call(coffer_pickle_writer *writer, const coffer_value *callable,
                                 const coffer_value *const *args, size_t count, const coffer_value **out)
{
        const coffer_value *tuple = NULL;
        coffer_value *object;
        COFFER_TRY(coffer_writer_tuple(writer, args, count, &tuple));
        COFFER_TRY(coffer_value_object(writer->scratch, COFFER_CALL, callable, tuple, NULL, &object, writer->error));
        *out = object;
        return COFFER_OK;
}

/* A class of builtins, called with `count` values. */
static coffer_status call_builtin(coffer_pickle_writer *writer, const char *name, const coffer_value *const *args,
                                  size_t count, const coffer_value **out)
{
        const coffer_value *callable;
        COFFER_TRY(coffer_writer_shared_global(writer, "builtins", name, &callable));
        return coffer_writer_call(writer, callable, args, count, out);
}

/* ---- plain values ---- */

static coffer_status lower_complex(coffer_pickle_writer *writer, const coffer_value *value, const coffer_value **out)
{
        const coffer_value *parts[2];
        COFFER_TRY(coffer_writer_deliver(writer, coffer_node_float(writer->scratch, coffer_value_get_float(value)),
                                         &parts[0]));
        COFFER_TRY(coffer_writer_deliver(writer, coffer_node_float(writer->scratch, coffer_value_get_imaginary(value)),
                                         &parts[1]));
        return call_builtin(writer, "complex", parts, ARRAY_COUNT(parts), out);
}

/* bytearray(bytes), and bytes(bytes) for a buffer that can't be changed. */
static coffer_status lower_buffer(coffer_pickle_writer *writer, const char *name, const coffer_value *value,
                                  const coffer_value **out)
{
        coffer_cursor data;
        const coffer_value *bytes;
        COFFER_TRY(coffer_writer_whole_text(writer, value, &data));
        if (data.size_bytes == 0)
                return call_builtin(writer, name, NULL, 0, out);
        COFFER_TRY(coffer_writer_deliver(writer, coffer_node_text(writer->scratch, COFFER_KIND_BYTES, data), &bytes));
        return call_builtin(writer, name, &bytes, 1, out);
}

/* set(list) */
static coffer_status lower_set(coffer_pickle_writer *writer, const char *name, const coffer_value *value,
                               const coffer_value **out)
{
        const coffer_value *list;
        COFFER_TRY(coffer_writer_deliver(writer,
                                         coffer_node_sequence(writer->scratch, COFFER_KIND_LIST,
                                                              (const coffer_value *const *)value->items, value->count),
                                         &list));
        return call_builtin(writer, name, &list, 1, out);
}

/* ---- bytes at protocol 2 ---- */

/* The str whose characters are the bytes. */
static coffer_status make_latin1_text(coffer_pickle_writer *writer, coffer_cursor data, const coffer_value **out)
{
        size_t size = data.size_bytes;
        for (size_t i = 0; i < data.size_bytes; i++)
                size += data.data[i] >= 0x80;
        uint8_t *text = (uint8_t *)coffer_document_alloc(writer->scratch, size);
        if (!text)
                return coffer_document_failure(writer->scratch, writer->error);
        uint8_t *next = text;
        for (size_t i = 0; i < data.size_bytes; i++)
                next += coffer_utf8_put(data.data[i], next);
        const uint8_t *shared = coffer_shared_text(COFFER_KIND_STR, coffer_cursor_of(text, size));
        coffer_cursor cursor = coffer_cursor_of(shared && data.size_bytes == 1 ? shared : text, size);
        return coffer_writer_deliver(writer, coffer_node_text(writer->scratch, COFFER_KIND_STR, cursor), out);
}

/* _codecs.encode(str, "latin1"), always with the same str "latin1". */
static coffer_status lower_bytes(coffer_pickle_writer *writer, const coffer_value *value, const coffer_value **out)
{
        coffer_cursor data;
        const coffer_value *encode;
        const coffer_value *args[2];
        COFFER_TRY(coffer_writer_whole_text(writer, value, &data));
        if (data.size_bytes == 0)
                return call_builtin(writer, "bytes", NULL, 0, out);
        COFFER_TRY(coffer_writer_shared_global(writer, "_codecs", "encode", &encode));
        COFFER_TRY(make_latin1_text(writer, data, &args[0]));
        args[1] = (const coffer_value *)coffer_map_get(writer->shared, "'latin1'");
        if (!args[1]) {
                const coffer_cursor latin1 = coffer_cursor_text("latin1");
                COFFER_TRY(coffer_writer_deliver(writer, coffer_node_text(writer->scratch, COFFER_KIND_STR, latin1),
                                                 &args[1]));
                COFFER_TRY(coffer_map_set(writer->shared, "'latin1'", (void *)args[1], writer->error));
        }
        return coffer_writer_call(writer, encode, args, ARRAY_COUNT(args), out);
}

/* ---- globals and objects at protocol 2 ---- */

static coffer_status call_getattr(coffer_pickle_writer *writer, const coffer_value *owner, coffer_cursor name,
                                  const coffer_value **out)
{
        const coffer_value *args[2] = {owner, NULL};
        COFFER_TRY(
                coffer_writer_deliver(writer, coffer_node_text_made(writer->scratch, COFFER_KIND_STR, name), &args[1]));
        return call_builtin(writer, "getattr", args, ARRAY_COUNT(args), out);
}

/* getattr(owner, name), where the owner's name may have dots again. */
static coffer_status lower_global(coffer_pickle_writer *writer, const coffer_value *value, const coffer_value **out)
{
        coffer_cursor qualname = coffer_value_qualname(value);
        const uint8_t *dot = (const uint8_t *)memrchr(qualname.data, '.', qualname.size_bytes);
        coffer_cursor owner_name = coffer_cursor_of(qualname.data, (size_t)(dot - qualname.data));
        coffer_cursor name = coffer_cursor_of(dot + 1, qualname.size_bytes - owner_name.size_bytes - 1);
        coffer_value *owner;
        COFFER_TRY(coffer_value_global(writer->scratch, coffer_value_module(value), owner_name, &owner, writer->error));
        return call_getattr(writer, owner, name, out);
}

/* partial(cls.__new__, cls, *args, **kwargs)(), where a partial is made of its function and gets the rest as state. */
static coffer_status lower_new_with_keywords(coffer_pickle_writer *writer, const coffer_object_node *object,
                                             const coffer_value **out)
{
        const coffer_value *cls = object->base.value;
        const coffer_value *state[4] = {NULL, NULL, object->kwargs, coffer_node_none()};
        const coffer_value *partial, *made = NULL, *state_tuple = NULL;
        coffer_value *args = coffer_node_container(writer->scratch, COFFER_KIND_TUPLE);
        if (!args)
                return coffer_document_failure(writer->scratch, writer->error);
        if (object->args->kind != COFFER_KIND_TUPLE)
                return coffer_error_set(writer->error, COFFER_UNSUPPORTED,
                                        "an object whose arguments are not a tuple needs pickle protocol 4");
        COFFER_TRY(call_getattr(writer, cls, coffer_cursor_text("__new__"), &state[0]));
        COFFER_TRY(coffer_node_extend(writer->scratch, args, &cls, 1, writer->error));
        COFFER_TRY(coffer_node_extend(writer->scratch, args, (const coffer_value *const *)object->args->items,
                                      object->args->count, writer->error));
        state[1] = args;
        COFFER_TRY(coffer_writer_shared_global(writer, "functools", "partial", &partial));
        COFFER_TRY(coffer_writer_call(writer, partial, &state[0], 1, &made));
        COFFER_TRY(coffer_writer_tuple(writer, state, ARRAY_COUNT(state), &state_tuple));
        COFFER_TRY(coffer_value_object_set_state(writer->scratch, (coffer_value *)made, state_tuple, writer->error));
        return coffer_writer_call(writer, made, NULL, 0, out);
}

/* What the object gets afterwards is the same however it is made. */
static coffer_status lower_object(coffer_pickle_writer *writer, const coffer_value *value, const coffer_value **out)
{
        const coffer_object_node *object = (const coffer_object_node *)value;
        const coffer_value *lowered;
        COFFER_TRY(lower_new_with_keywords(writer, object, &lowered));
        coffer_object_node *node = (coffer_object_node *)lowered;
        node->state = object->state;
        node->items = object->items;
        node->pairs = object->pairs;
        node->setter = object->setter;
        *out = lowered;
        return COFFER_OK;
}

coffer_status coffer_writer_lower(coffer_pickle_writer *writer, const coffer_value *value, const coffer_value **out)
{
        switch (value->kind) {
        case COFFER_KIND_COMPLEX:
                return lower_complex(writer, value, out);
        case COFFER_KIND_BYTEARRAY:
                return lower_buffer(writer, "bytearray", value, out);
        case COFFER_KIND_BUFFER:
                return lower_buffer(writer, coffer_value_buffer_is_read_only(value) ? "bytes" : "bytearray", value,
                                    out);
        case COFFER_KIND_BYTES:
                return lower_bytes(writer, value, out);
        case COFFER_KIND_SET:
                return lower_set(writer, "set", value, out);
        case COFFER_KIND_FROZENSET:
                return lower_set(writer, "frozenset", value, out);
        case COFFER_KIND_GLOBAL:
                return lower_global(writer, value, out);
        case COFFER_KIND_OBJECT:
                return lower_object(writer, value, out);
        default:
                return coffer_writer_lower_tensor(writer, value->tensor, out);
        }
}
