/* SPDX-License-Identifier: Apache-2.0 */
/* Pickled dtypes: numpy.dtype(code, align, copy) with a state (version, byte order, sub-array, names, fields, item
 * size, alignment, flags[, metadata]). */
#include <stdio.h>

#include "value/forms_numpy.h"

enum { STATE_MIN = 8, FLAG_ALIGNED = 0x80 };

static coffer_status malformed(const char *what, coffer_error *error)
{
        return coffer_error_set(error, COFFER_MALFORMED, "a pickled dtype is malformed: %s", what);
}

/* Bytes, or the str that Python 2's bytes became. */
static bool text_of(const coffer_value *value, coffer_cursor *out)
{
        if (value->kind != COFFER_KIND_STR && value->kind != COFFER_KIND_BYTES)
                return false;
        *out = coffer_value_data(value);
        return true;
}

/* The code without its unit, which comes in the state: "f8", "M8", "V16", or the class of a record. */
static coffer_status read_code(coffer_dtype_builder *builder, const coffer_maker *maker, coffer_dtype *out,
                               coffer_error *error)
{
        coffer_cursor code;
        if (maker->arg_count == 0)
                return malformed("it has no code", error);
        if (maker->args[0]->kind == COFFER_KIND_GLOBAL) {
                *out = (coffer_dtype){.kind = 'V', .byte_order = '|'};
                return COFFER_OK;
        }
        if (!text_of(maker->args[0], &code))
                return malformed("its code is no str", error);
        return coffer_dtype_from_text(builder->document, code, out, error);
}

/* (metadata, (unit, multiple, 1, events)) of a datetime. */
static coffer_status read_unit(coffer_document *document, const coffer_value *metadata, coffer_dtype *out,
                               coffer_error *error)
{
        const coffer_value *unit = coffer_value_item(metadata, 1);
        coffer_cursor name;
        int64_t multiple = 1;
        char text[64] = "M8";
        coffer_dtype checked;
        if (!unit || !coffer_value_item(unit, 1) || !text_of(coffer_value_item(unit, 0), &name) ||
            !coffer_value_get_int(coffer_value_item(unit, 1), &multiple) || name.size_bytes > 16)
                return malformed("the unit of a datetime", error);
        int name_bytes = (int)name.size_bytes;
        if (multiple != 1)
                snprintf(text, sizeof(text), "M8[%lld%.*s]", (long long)multiple, name_bytes, (const char *)name.data);
        else if (!coffer_cursor_is(name, "generic"))
                snprintf(text, sizeof(text), "M8[%.*s]", name_bytes, (const char *)name.data);
        COFFER_TRY(coffer_dtype_from_text(document, coffer_cursor_text(text), &checked, error));
        out->datetime_unit = checked.datetime_unit;
        return COFFER_OK;
}

/* A sub-array: (base, shape). */
static coffer_status read_subarray(coffer_dtype_builder *builder, const coffer_value *description, coffer_dtype *out,
                                   coffer_error *error)
{
        const coffer_value *base = coffer_value_item(description, 0), *shape = coffer_value_item(description, 1);
        if (!base || !shape)
                return malformed("its sub-array", error);
        coffer_status status = coffer_numpy_dtype(builder, base, out, error);
        if (status == COFFER_DECLINED)
                return malformed("the elements of its sub-array", error);
        COFFER_TRY(status);
        return coffer_dtype_make_subarray(builder, shape, out, error);
}

/* (dtype, offset[, title]) */
static coffer_status read_field(coffer_dtype_builder *builder, const coffer_value *name, const coffer_value *field,
                                coffer_dtype_field *out, coffer_error *error)
{
        coffer_cursor text;
        int64_t offset;
        const coffer_value *type = coffer_value_item(field, 0), *place = coffer_value_item(field, 1);
        const coffer_value *title = coffer_value_item(field, 2);
        if (!type || !place || !coffer_value_get_int(place, &offset) || offset < 0 || !text_of(name, &text))
                return malformed("one of its fields", error);
        coffer_dtype *dtype = coffer_document_alloc(builder->document, sizeof(*dtype));
        if (!dtype)
                return coffer_document_failure(builder->document, error);
        coffer_status status = coffer_numpy_dtype(builder, type, dtype, error);
        if (status == COFFER_DECLINED)
                return malformed("the type of one of its fields", error);
        COFFER_TRY(status);
        out->dtype = dtype;
        out->offset_bytes = (uint64_t)offset;
        COFFER_TRY(coffer_dtype_text(builder->document, text, &out->name, error));
        return title && text_of(title, &text) ? coffer_dtype_text(builder->document, text, &out->title, error)
                                              : COFFER_OK;
}

static const coffer_value *find_field(const coffer_value *fields, const coffer_value *name)
{
        coffer_cursor text;
        if (fields->kind != COFFER_KIND_DICT || !text_of(name, &text))
                return NULL;
        for (uint32_t i = 0; i < fields->count; i++) {
                coffer_cursor key;
                if (text_of(fields->pairs[i].key, &key) && coffer_cursor_equal(key, text))
                        return fields->pairs[i].value;
        }
        return NULL;
}

static coffer_status read_fields(coffer_dtype_builder *builder, const coffer_value *names, const coffer_value *fields,
                                 coffer_dtype *out, coffer_error *error)
{
        size_t count = coffer_value_count(names), size;
        if (names->kind != COFFER_KIND_TUPLE || !coffer_mul_size(count, sizeof(coffer_dtype_field), &size))
                return malformed("its names", error);
        coffer_dtype_field *made = coffer_document_alloc(builder->document, size ? size : 1);
        if (!made)
                return coffer_document_failure(builder->document, error);
        for (size_t i = 0; i < count; i++) {
                const coffer_value *name = coffer_value_item(names, i);
                const coffer_value *field = find_field(fields, name);
                made[i] = (coffer_dtype_field){0};
                if (!field)
                        return malformed("a field is missing", error);
                COFFER_TRY(read_field(builder, name, field, &made[i], error));
                uint64_t end;
                if (!coffer_add_u64(made[i].offset_bytes, made[i].dtype->item_size_bytes, &end) ||
                    end > out->item_size_bytes)
                        return malformed("a field lies outside", error);
        }
        out->fields = made;
        out->field_count = count;
        return COFFER_OK;
}

/* Item sizes of flexible types: those of the others are -1 here and told by their code. */
static coffer_status read_size(const coffer_value *state, coffer_dtype *out, coffer_error *error)
{
        int64_t size;
        if (!coffer_value_get_int(coffer_value_item(state, 5), &size))
                return malformed("its size", error);
        if (size >= 0 && strchr("SUV", out->kind))
                out->item_size_bytes = (uint64_t)size;
        return COFFER_OK;
}

static coffer_status read_state(coffer_dtype_builder *builder, const coffer_value *state, coffer_dtype *out,
                                coffer_error *error)
{
        coffer_cursor order;
        int64_t flags;
        if (state->kind != COFFER_KIND_TUPLE || state->count < STATE_MIN || !text_of(state->items[1], &order) ||
            order.size_bytes != 1 || !coffer_value_get_int(state->items[7], &flags))
                return malformed("its state", error);
        if ((order.data[0] == '<' || order.data[0] == '>') && out->byte_order != '|')
                out->byte_order = (char)order.data[0];
        COFFER_TRY(read_size(state, out, error));
        out->aligned = flags & FLAG_ALIGNED;
        if (out->datetime_unit && state->count > 8)
                COFFER_TRY(read_unit(builder->document, state->items[8], out, error));
        if (state->items[2]->kind != COFFER_KIND_NONE)
                return read_subarray(builder, state->items[2], out, error);
        if (state->items[3]->kind != COFFER_KIND_NONE)
                return read_fields(builder, state->items[3], state->items[4], out, error);
        return COFFER_OK;
}

coffer_status coffer_numpy_dtype(coffer_dtype_builder *builder, const coffer_value *value, coffer_dtype *out,
                                 coffer_error *error)
{
        coffer_maker maker;
        coffer_dtype dtype;
        if (!coffer_maker_of(value, &maker) || !coffer_maker_is(&maker, "numpy", "dtype"))
                return COFFER_DECLINED;
        COFFER_TRY(coffer_dtype_enter(builder, error));
        COFFER_TRY(read_code(builder, &maker, &dtype, error));
        if (maker.state)
                COFFER_TRY(read_state(builder, maker.state, &dtype, error));
        builder->depth--;
        *out = dtype;
        return COFFER_OK;
}
