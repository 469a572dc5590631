/* SPDX-License-Identifier: Apache-2.0 */
/* Writing dtypes as text. */
#include <inttypes.h>

#include "value/dtype.h"
#include "value/text.h"

static uint64_t text_size(const coffer_dtype *dtype)
{
        return dtype->kind == 'U' ? dtype->item_size_bytes / 4 : dtype->item_size_bytes;
}

typedef enum code_style {
        CODE_FULL, /* "|S5", "|b1", "|O" */
        CODE_SHORT /* "S5", "?", "O", as NumPy prints the types of fields */
} code_style;

/* "<f8", "<M8[ns]", "|V12". */
static coffer_status write_code(const coffer_dtype *dtype, code_style style, coffer_buf *out, coffer_error *error)
{
        if (style == CODE_SHORT && dtype->kind == 'b')
                return coffer_buf_append_byte(out, '?', error);
        if (style == CODE_FULL || dtype->byte_order != '|')
                COFFER_TRY(coffer_buf_append_byte(out, (uint8_t)dtype->byte_order, error));
        if (dtype->kind == 'O')
                return coffer_buf_append_byte(out, 'O', error);
        COFFER_TRY(coffer_buf_printf(out, error, "%c%" PRIu64, dtype->kind, text_size(dtype)));
        if (dtype->datetime_unit && strcmp(dtype->datetime_unit, "generic") != 0)
                return coffer_buf_printf(out, error, "[%s]", dtype->datetime_unit);
        return COFFER_OK;
}

static coffer_status write_shape(const coffer_dtype *dtype, coffer_buf *out, coffer_error *error)
{
        COFFER_TRY(coffer_buf_append_byte(out, '(', error));
        for (size_t i = 0; i < dtype->subshape_dims; i++)
                COFFER_TRY(coffer_buf_printf(out, error, i ? ", %" PRIu64 : "%" PRIu64, dtype->subshape[i]));
        return coffer_buf_append_text(out, dtype->subshape_dims == 1 ? ",)" : ")", error);
}

/* ---- descriptions ---- */

static coffer_status write_quoted(const coffer_dtype *dtype, code_style style, coffer_buf *out, coffer_error *error)
{
        COFFER_TRY(coffer_buf_append_byte(out, '\'', error));
        COFFER_TRY(write_code(dtype, style, out, error));
        return coffer_buf_append_byte(out, '\'', error);
}

static coffer_status write_fields(const coffer_dtype *dtype, code_style style, coffer_buf *out, coffer_error *error);
static coffer_status write_layout(const coffer_dtype *dtype, coffer_buf *out, coffer_error *error);

/* True when the fields follow each other without gaps, which a list of names and types tells in full. */
static bool is_packed(const coffer_dtype *dtype)
{
        uint64_t end = 0;
        for (size_t i = 0; i < dtype->field_count; i++) {
                if (dtype->fields[i].offset_bytes != end)
                        return false;
                end += dtype->fields[i].dtype->item_size_bytes;
        }
        return end == dtype->item_size_bytes;
}

/* A dtype inside another one. */
static coffer_status write_part(const coffer_dtype *dtype, code_style style, coffer_buf *out, coffer_error *error)
{
        if (dtype->field_count == 0)
                return write_quoted(dtype, style, out, error);
        if (style == CODE_FULL || is_packed(dtype))
                return write_fields(dtype, style, out, error);
        return write_layout(dtype, out, error);
}

static coffer_status write_field_name(const coffer_dtype_field *field, coffer_buf *out, coffer_error *error)
{
        if (!field->title)
                return coffer_text_write_str(coffer_cursor_text(field->name), out, error);
        COFFER_TRY(coffer_buf_append_byte(out, '(', error));
        COFFER_TRY(coffer_text_write_str(coffer_cursor_text(field->title), out, error));
        COFFER_TRY(coffer_buf_append_text(out, ", ", error));
        COFFER_TRY(coffer_text_write_str(coffer_cursor_text(field->name), out, error));
        return coffer_buf_append_byte(out, ')', error);
}

static coffer_status write_field(const coffer_dtype_field *field, code_style style, coffer_buf *out,
                                 coffer_error *error)
{
        const coffer_dtype *dtype = field->dtype;
        COFFER_TRY(coffer_buf_append_byte(out, '(', error));
        COFFER_TRY(write_field_name(field, out, error));
        COFFER_TRY(coffer_buf_append_text(out, ", ", error));
        COFFER_TRY(write_part(dtype->base ? dtype->base : dtype, style, out, error));
        if (dtype->base) {
                COFFER_TRY(coffer_buf_append_text(out, ", ", error));
                COFFER_TRY(write_shape(dtype, out, error));
        }
        return coffer_buf_append_byte(out, ')', error);
}

static coffer_status write_padding(uint64_t size_bytes, coffer_buf *out, coffer_error *error)
{
        return coffer_buf_printf(out, error, "('', '|V%" PRIu64 "')", size_bytes);
}

static coffer_status write_fields(const coffer_dtype *dtype, code_style style, coffer_buf *out, coffer_error *error)
{
        uint64_t end = 0;
        COFFER_TRY(coffer_buf_append_byte(out, '[', error));
        for (size_t i = 0; i < dtype->field_count; i++) {
                const coffer_dtype_field *field = &dtype->fields[i];
                if (field->offset_bytes < end)
                        return coffer_error_set(error, COFFER_UNSUPPORTED,
                                                "a dtype whose fields overlap can't be described in a header");
                COFFER_TRY(coffer_buf_append_text(out, i > 0 ? ", " : "", error));
                if (field->offset_bytes > end) {
                        COFFER_TRY(write_padding(field->offset_bytes - end, out, error));
                        COFFER_TRY(coffer_buf_append_text(out, ", ", error));
                }
                COFFER_TRY(write_field(field, style, out, error));
                end = field->offset_bytes + field->dtype->item_size_bytes;
        }
        if (dtype->item_size_bytes > end) {
                COFFER_TRY(coffer_buf_append_text(out, ", ", error));
                COFFER_TRY(write_padding(dtype->item_size_bytes - end, out, error));
        }
        return coffer_buf_append_byte(out, ']', error);
}

coffer_status coffer_dtype_write_description(const coffer_dtype *dtype, coffer_buf *out, coffer_error *error)
{
        if (dtype->base)
                return coffer_error_set(error, COFFER_UNSUPPORTED,
                                        "a sub-array dtype outside a field has no description");
        return write_part(dtype, CODE_FULL, out, error);
}

/* ---- names ---- */

static const char *name_stem(const coffer_dtype *dtype)
{
        static const struct {
                char kind;
                const char *stem;
        } stems[] = {{'b', "bool"},    {'i', "int"},       {'u', "uint"},     {'f', "float"},
                     {'c', "complex"}, {'m', "timedelta"}, {'M', "datetime"}, {'O', "object"}};
        for (size_t i = 0; i < ARRAY_COUNT(stems); i++)
                if (stems[i].kind == dtype->kind)
                        return stems[i].stem;
        return NULL;
}

static coffer_status write_subarray_name(const coffer_dtype *dtype, coffer_buf *out, coffer_error *error)
{
        COFFER_TRY(coffer_buf_append_byte(out, '(', error));
        COFFER_TRY(write_part(dtype->base, CODE_SHORT, out, error));
        COFFER_TRY(coffer_buf_append_text(out, ", ", error));
        COFFER_TRY(write_shape(dtype, out, error));
        return coffer_buf_append_byte(out, ')', error);
}

/* Fields with gaps or out of order: with their offsets, as NumPy prints them. */
static coffer_status write_layout(const coffer_dtype *dtype, coffer_buf *out, coffer_error *error)
{
        COFFER_TRY(coffer_buf_append_text(out, "{'names': [", error));
        for (size_t i = 0; i < dtype->field_count; i++) {
                COFFER_TRY(coffer_buf_append_text(out, i ? ", " : "", error));
                COFFER_TRY(write_field_name(&dtype->fields[i], out, error));
        }
        COFFER_TRY(coffer_buf_append_text(out, "], 'formats': [", error));
        for (size_t i = 0; i < dtype->field_count; i++) {
                const coffer_dtype *part = dtype->fields[i].dtype;
                COFFER_TRY(coffer_buf_append_text(out, i ? ", " : "", error));
                COFFER_TRY(part->base ? write_subarray_name(part, out, error)
                                      : write_part(part, CODE_SHORT, out, error));
        }
        COFFER_TRY(coffer_buf_append_text(out, "], 'offsets': [", error));
        for (size_t i = 0; i < dtype->field_count; i++)
                COFFER_TRY(coffer_buf_printf(out, error, i ? ", %" PRIu64 : "%" PRIu64, dtype->fields[i].offset_bytes));
        return coffer_buf_printf(out, error, "], 'itemsize': %" PRIu64 "%s}", dtype->item_size_bytes,
                                 dtype->aligned ? ", 'aligned': True" : "");
}

coffer_status coffer_dtype_write_name(const coffer_dtype *dtype, coffer_buf *out, coffer_error *error)
{
        if (dtype->base)
                return write_subarray_name(dtype, out, error);
        if (dtype->field_count > 0)
                return write_part(dtype, CODE_SHORT, out, error);
        const char *stem = name_stem(dtype);
        if (!stem || coffer_dtype_is_swapped(dtype))
                return write_code(dtype, CODE_FULL, out, error);
        if (dtype->kind == 'b' || dtype->kind == 'O')
                return coffer_buf_append_text(out, stem, error);
        COFFER_TRY(coffer_buf_printf(out, error, "%s%" PRIu64, stem, dtype->item_size_bytes * 8));
        if (dtype->datetime_unit && strcmp(dtype->datetime_unit, "generic") != 0)
                return coffer_buf_printf(out, error, "[%s]", dtype->datetime_unit);
        return COFFER_OK;
}
