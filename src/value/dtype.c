/* SPDX-License-Identifier: Apache-2.0 */
/* Building dtypes. */
#include "value/dtype.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static const char native_order = '<';
#else
static const char native_order = '>';
#endif

coffer_status coffer_dtype_enter(coffer_dtype_builder *builder, coffer_error *error)
{
        if (++builder->depth > COFFER_DTYPE_MAX_DEPTH)
                return coffer_error_set(error, COFFER_LIMIT, "a dtype is nested deeper than %d",
                                        COFFER_DTYPE_MAX_DEPTH);
        if (++builder->parts > COFFER_DTYPE_MAX_PARTS)
                return coffer_error_set(error, COFFER_LIMIT, "a dtype has more than %d parts", COFFER_DTYPE_MAX_PARTS);
        return COFFER_OK;
}

coffer_status coffer_dtype_text(coffer_document *document, coffer_cursor text, const char **out, coffer_error *error)
{
        if (text.size_bytes > 0 && memchr(text.data, 0, text.size_bytes))
                return coffer_error_set(error, COFFER_MALFORMED, "a name in a dtype has a NUL inside");
        char *copy = (char *)coffer_document_alloc(document, text.size_bytes + 1);
        if (!copy)
                return coffer_document_failure(document, error);
        if (text.size_bytes > 0)
                memcpy(copy, text.data, text.size_bytes);
        copy[text.size_bytes] = '\0';
        *out = copy;
        return COFFER_OK;
}

bool coffer_dtype_has_objects(const coffer_dtype *dtype)
{
        if (dtype->base)
                return coffer_dtype_has_objects(dtype->base);
        for (size_t i = 0; i < dtype->field_count; i++)
                if (coffer_dtype_has_objects(dtype->fields[i].dtype))
                        return true;
        return dtype->kind == 'O';
}

bool coffer_dtype_is_swapped(const coffer_dtype *dtype)
{
        return dtype->byte_order != '|' && dtype->byte_order != native_order;
}

/* ---- from text ---- */

enum { SHOWN_BYTES = 64 };

static coffer_status bad_text(coffer_cursor text, coffer_error *error)
{
        int shown = text.size_bytes < SHOWN_BYTES ? (int)text.size_bytes : SHOWN_BYTES;
        return coffer_error_set(error, COFFER_MALFORMED, "'%.*s' is no dtype", shown, (const char *)text.data);
}

/* Which sizes each kind may have: a list that ends with 0, or NULL for any. */
static bool size_fits(char kind, uint64_t size_bytes)
{
        static const struct {
                char kind;
                uint8_t sizes[5];
        } table[] = {
                {'b', {1}}, {'i', {1, 2, 4, 8}}, {'u', {1, 2, 4, 8}}, {'f', {2, 4, 8, 12, 16}}, {'c', {8, 16, 24, 32}},
                {'m', {8}}, {'M', {8}},          {'O', {4, 8}}};
        for (size_t i = 0; i < ARRAY_COUNT(table); i++)
                if (table[i].kind == kind)
                        return size_bytes > 0 && size_bytes < 256 &&
                               memchr(table[i].sizes, (int)size_bytes, sizeof(table[i].sizes));
        return kind == 'S' || kind == 'U' || kind == 'V';
}

/* Decimal digits at the front, if any. */
static bool take_number(coffer_cursor *text, uint64_t *out)
{
        uint64_t number = 0;
        uint8_t digit;
        while (text->size_bytes > 0 && text->data[0] >= '0' && text->data[0] <= '9') {
                if (!coffer_cursor_u8(text, &digit) || !coffer_mul_u64(number, 10, &number) ||
                    !coffer_add_u64(number, (uint64_t)(digit - '0'), &number))
                        return false;
        }
        *out = number;
        return true;
}

static bool is_datetime_unit(coffer_cursor text)
{
        static const char *const units[] = {"Y",  "M",  "W",  "D",  "h",  "m",  "s",
                                            "ms", "us", "ns", "ps", "fs", "as", "generic"};
        for (size_t i = 0; i < ARRAY_COUNT(units); i++)
                if (coffer_cursor_is(text, units[i]))
                        return true;
        return false;
}

/* "[ns]" or "[25s]" or nothing. */
static coffer_status parse_unit(coffer_document *document, coffer_cursor text, coffer_dtype *out, coffer_error *error)
{
        coffer_cursor whole = text, unit;
        uint64_t multiple;
        if (text.size_bytes == 0)
                return coffer_dtype_text(document, coffer_cursor_text("generic"), &out->datetime_unit, error);
        if (text.size_bytes < 3 || text.data[0] != '[' || text.data[text.size_bytes - 1] != ']')
                return bad_text(whole, error);
        unit = text = coffer_cursor_of(text.data + 1, text.size_bytes - 2);
        if (!take_number(&unit, &multiple) || multiple > INT32_MAX || !is_datetime_unit(unit))
                return bad_text(whole, error);
        return coffer_dtype_text(document, text, &out->datetime_unit, error);
}

coffer_status coffer_dtype_from_text(coffer_document *document, coffer_cursor text, coffer_dtype *out,
                                     coffer_error *error)
{
        coffer_cursor whole = text;
        coffer_dtype dtype = {.byte_order = native_order};
        uint8_t order = '=', kind;
        if (text.size_bytes > 0 && text.data[0] != 0 && strchr("<>|=", text.data[0]) &&
            !coffer_cursor_u8(&text, &order))
                return bad_text(whole, error);
        if (!coffer_cursor_u8(&text, &kind) || kind == 0 || !strchr("biufcmMOSUV", kind))
                return bad_text(whole, error);
        bool sized = text.size_bytes > 0;
        dtype.kind = (char)kind;
        if (!take_number(&text, &dtype.item_size_bytes))
                return bad_text(whole, error);
        if (kind == 'U' && !coffer_mul_u64(dtype.item_size_bytes, 4, &dtype.item_size_bytes))
                return bad_text(whole, error);
        if (kind == 'O' && !sized)
                dtype.item_size_bytes = 8;
        if (!size_fits(dtype.kind, dtype.item_size_bytes) || dtype.item_size_bytes > INT64_MAX)
                return bad_text(whole, error);
        if (strchr("OSVb", kind) || (dtype.item_size_bytes == 1 && kind != 'U'))
                dtype.byte_order = '|';
        else if (order == '<' || order == '>')
                dtype.byte_order = (char)order;
        if (kind == 'm' || kind == 'M')
                COFFER_TRY(parse_unit(document, text, &dtype, error));
        else if (text.size_bytes > 0)
                return bad_text(whole, error);
        *out = dtype;
        return COFFER_OK;
}

/* ---- sub-arrays ---- */

static bool shape_item(const coffer_value *shape, size_t index, uint64_t *out)
{
        int64_t length;
        const coffer_value *item =
                coffer_value_kind(shape) == COFFER_KIND_INT ? shape : coffer_value_item(shape, index);
        if (!item || !coffer_value_get_int(item, &length) || length < 0)
                return false;
        *out = (uint64_t)length;
        return true;
}

coffer_status coffer_dtype_make_subarray(coffer_dtype_builder *builder, const coffer_value *shape, coffer_dtype *dtype,
                                         coffer_error *error)
{
        bool single = coffer_value_kind(shape) == COFFER_KIND_INT;
        size_t dims = single ? 1 : coffer_value_count(shape);
        if ((!single && coffer_value_kind(shape) != COFFER_KIND_TUPLE) || dims > COFFER_TENSOR_MAX_DIMS)
                return coffer_error_set(error, COFFER_MALFORMED, "the shape of a sub-array dtype is no tuple of ints");
        if (dims == 0)
                return COFFER_OK;
        coffer_dtype *base = (coffer_dtype *)coffer_document_alloc(builder->document, sizeof(*base));
        uint64_t *subshape = (uint64_t *)coffer_document_alloc(builder->document, dims * sizeof(*subshape));
        if (!base || !subshape)
                return coffer_document_failure(builder->document, error);
        uint64_t size = dtype->item_size_bytes;
        for (size_t i = 0; i < dims; i++)
                if (!shape_item(shape, i, &subshape[i]) || !coffer_mul_u64(size, subshape[i], &size) ||
                    size > INT64_MAX)
                        return coffer_error_set(error, COFFER_MALFORMED, "the shape of a sub-array dtype is wrong");
        *base = *dtype;
        *dtype = (coffer_dtype){.kind = 'V',
                                .byte_order = '|',
                                .item_size_bytes = size,
                                .base = base,
                                .subshape = subshape,
                                .subshape_dims = dims};
        return COFFER_OK;
}

/* ---- from descriptions ---- */

/* A field's (title, name) or name; a name may be empty. */
static coffer_status field_name(coffer_document *document, const coffer_value *name, coffer_dtype_field *out,
                                coffer_error *error)
{
        if (coffer_value_kind(name) == COFFER_KIND_TUPLE && coffer_value_count(name) == 2) {
                const coffer_value *title = coffer_value_item(name, 0);
                if (coffer_value_kind(title) == COFFER_KIND_STR)
                        COFFER_TRY(coffer_dtype_text(document, coffer_value_data(title), &out->title, error));
                name = coffer_value_item(name, 1);
        }
        if (coffer_value_kind(name) != COFFER_KIND_STR)
                return coffer_error_set(error, COFFER_MALFORMED, "the name of a field in a dtype is no str");
        return coffer_dtype_text(document, coffer_value_data(name), &out->name, error);
}

static coffer_status field_from_description(coffer_dtype_builder *builder, const coffer_value *description,
                                            coffer_dtype_field *out, coffer_error *error)
{
        size_t count = coffer_value_count(description);
        if (coffer_value_kind(description) != COFFER_KIND_TUPLE || count < 2 || count > 3)
                return coffer_error_set(error, COFFER_MALFORMED, "a field in a dtype is no tuple of two or three");
        COFFER_TRY(field_name(builder->document, coffer_value_item(description, 0), out, error));
        coffer_dtype *dtype = (coffer_dtype *)coffer_document_alloc(builder->document, sizeof(*dtype));
        if (!dtype)
                return coffer_document_failure(builder->document, error);
        COFFER_TRY(coffer_dtype_from_description(builder, coffer_value_item(description, 1), dtype, error));
        if (count == 3)
                COFFER_TRY(coffer_dtype_make_subarray(builder, coffer_value_item(description, 2), dtype, error));
        out->dtype = dtype;
        return COFFER_OK;
}

static coffer_status fields_from_description(coffer_dtype_builder *builder, const coffer_value *list, coffer_dtype *out,
                                             coffer_error *error)
{
        size_t count = coffer_value_count(list), size;
        coffer_dtype dtype = {.kind = 'V', .byte_order = '|'};
        if (count == 0 || !coffer_mul_size(count, sizeof(coffer_dtype_field), &size))
                return coffer_error_set(error, COFFER_MALFORMED, "a dtype has no fields");
        coffer_dtype_field *fields = (coffer_dtype_field *)coffer_document_alloc(builder->document, size);
        if (!fields)
                return coffer_document_failure(builder->document, error);
        for (size_t i = 0; i < count; i++) {
                coffer_dtype_field field = {.offset_bytes = dtype.item_size_bytes};
                COFFER_TRY(field_from_description(builder, coffer_value_item(list, i), &field, error));
                if (!coffer_add_u64(dtype.item_size_bytes, field.dtype->item_size_bytes, &dtype.item_size_bytes) ||
                    dtype.item_size_bytes > INT64_MAX)
                        return coffer_error_set(error, COFFER_MALFORMED, "the size of a dtype overflows");
                bool padding = field.name[0] == '\0' && field.dtype->kind == 'V' && field.dtype->field_count == 0;
                if (!padding)
                        fields[dtype.field_count++] = field;
        }
        dtype.fields = fields;
        *out = dtype;
        return COFFER_OK;
}

coffer_status coffer_dtype_from_description(coffer_dtype_builder *builder, const coffer_value *description,
                                            coffer_dtype *out, coffer_error *error)
{
        COFFER_TRY(coffer_dtype_enter(builder, error));
        switch (coffer_value_kind(description)) {
        case COFFER_KIND_STR:
                COFFER_TRY(coffer_dtype_from_text(builder->document, coffer_value_data(description), out, error));
                break;
        case COFFER_KIND_LIST:
                COFFER_TRY(fields_from_description(builder, description, out, error));
                break;
        default:
                return coffer_error_set(error, COFFER_MALFORMED, "a dtype is neither a str nor a list of fields");
        }
        builder->depth--;
        return COFFER_OK;
}

/* ---- copies ---- */

static coffer_status copy_text(coffer_document *document, const char *text, const char **out, coffer_error *error)
{
        *out = NULL;
        return text ? coffer_dtype_text(document, coffer_cursor_text(text), out, error) : COFFER_OK;
}

static coffer_status copy_part(coffer_dtype_builder *builder, const coffer_dtype *from, const coffer_dtype **to,
                               coffer_error *error)
{
        coffer_dtype *copy = (coffer_dtype *)coffer_document_alloc(builder->document, sizeof(*copy));
        if (!copy)
                return coffer_document_failure(builder->document, error);
        COFFER_TRY(coffer_dtype_copy(builder, from, copy, error));
        *to = copy;
        return COFFER_OK;
}

static coffer_status copy_fields(coffer_dtype_builder *builder, const coffer_dtype *from, coffer_dtype *to,
                                 coffer_error *error)
{
        size_t size;
        if (!coffer_mul_size(from->field_count, sizeof(coffer_dtype_field), &size))
                return coffer_error_set(error, COFFER_LIMIT, "a dtype has too many fields");
        coffer_dtype_field *fields = (coffer_dtype_field *)coffer_document_alloc(builder->document, size);
        if (!fields)
                return coffer_document_failure(builder->document, error);
        for (size_t i = 0; i < from->field_count; i++) {
                fields[i].offset_bytes = from->fields[i].offset_bytes;
                COFFER_TRY(copy_text(builder->document, from->fields[i].name, &fields[i].name, error));
                COFFER_TRY(copy_text(builder->document, from->fields[i].title, &fields[i].title, error));
                COFFER_TRY(copy_part(builder, from->fields[i].dtype, &fields[i].dtype, error));
        }
        to->fields = fields;
        return COFFER_OK;
}

static coffer_status copy_subarray(coffer_dtype_builder *builder, const coffer_dtype *from, coffer_dtype *to,
                                   coffer_error *error)
{
        size_t size;
        if (!coffer_mul_size(from->subshape_dims, sizeof(uint64_t), &size))
                return coffer_error_set(error, COFFER_LIMIT, "a dtype has too many dimensions");
        uint64_t *shape = (uint64_t *)coffer_document_alloc(builder->document, size ? size : 1);
        if (!shape)
                return coffer_document_failure(builder->document, error);
        if (size > 0)
                memcpy(shape, from->subshape, size);
        to->subshape = shape;
        return copy_part(builder, from->base, &to->base, error);
}

coffer_status coffer_dtype_copy(coffer_dtype_builder *builder, const coffer_dtype *from, coffer_dtype *out,
                                coffer_error *error)
{
        coffer_dtype copy = *from;
        COFFER_TRY(coffer_dtype_enter(builder, error));
        COFFER_TRY(copy_text(builder->document, from->datetime_unit, &copy.datetime_unit, error));
        if (from->base)
                COFFER_TRY(copy_subarray(builder, from, &copy, error));
        if (from->field_count > 0)
                COFFER_TRY(copy_fields(builder, from, &copy, error));
        builder->depth--;
        *out = copy;
        return COFFER_OK;
}
