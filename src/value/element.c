/* SPDX-License-Identifier: Apache-2.0 */
#include "value/element.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/buf.h"
#include "util/number.h"
#include "util/utf8.h"
#include "value/datetime_text.h"
#include "value/dtype.h"

enum { MAX_NUMBER_BYTES = 16 };

static coffer_status deliver(coffer_document *scratch, coffer_value *node, const coffer_value **out,
                             coffer_error *error)
{
        if (!node)
                return coffer_document_failure(scratch, error);
        *out = node;
        return COFFER_OK;
}

/* The bytes of a number, in the order of this machine. */
static void load(const coffer_dtype *dtype, const uint8_t *data, size_t size_bytes, uint8_t out[MAX_NUMBER_BYTES])
{
        bool swap = coffer_dtype_is_swapped(dtype);
        for (size_t i = 0; i < size_bytes; i++)
                out[i] = data[swap ? size_bytes - 1 - i : i];
}

static uint64_t load_unsigned(const coffer_dtype *dtype, const uint8_t *data)
{
        size_t size = (size_t)dtype->item_size_bytes;
        uint64_t number = 0;
        for (size_t i = 0; i < size; i++)
                number = number << 8 | data[dtype->byte_order == '>' ? i : size - 1 - i];
        return number;
}

static coffer_status integer_value(coffer_document *scratch, const coffer_dtype *dtype, const uint8_t *data,
                                   const coffer_value **out, coffer_error *error)
{
        uint64_t bits = load_unsigned(dtype, data);
        unsigned unused = 64 - 8 * (unsigned)dtype->item_size_bytes;
        if (dtype->kind != 'u')
                return deliver(scratch, coffer_node_int(scratch, (int64_t)(bits << unused) >> unused), out, error);
        uint8_t digits[9] = {0};
        for (size_t i = 0; i < 8; i++)
                digits[i] = (uint8_t)(bits >> 8 * i);
        coffer_value *value;
        COFFER_TRY(coffer_value_int_bytes(scratch, coffer_cursor_of(digits, sizeof(digits)), &value, error));
        *out = value;
        return COFFER_OK;
}

/* ---- floats ---- */

static double half_to_double(uint16_t bits)
{
        int exponent = bits >> 10 & 0x1f;
        double mantissa = bits & 0x3ff;
        double magnitude = exponent == 0    ? ldexp(mantissa, -24)
                           : exponent == 31 ? (mantissa == 0 ? INFINITY : NAN)
                                            : ldexp(mantissa + 1024, exponent - 25);
        return bits & 0x8000 ? -magnitude : magnitude;
}

/* Puts a point where the locale has something else. */
static void set_point(char *number)
{
        size_t size = strspn(number, "+-0123456789e");
        if (number[size])
                number[size] = '.';
}

/* The float64 with the fewest decimal digits that is nearer to `value` than to any other number of `precision` bits
 * whose smallest step is 2 ** `smallest`. */
static double shorten(double value, int precision, int smallest)
{
        int exponent;
        if (!isfinite(value) || value == 0)
                return value;
        double mantissa = frexp(fabs(value), &exponent);
        int step = exponent - precision > smallest ? exponent - precision : smallest;
        double reach = ldexp(mantissa == 0.5 ? 0.25 : 0.5, step); /* below a power of two the steps are half as long */
        for (int digits = 0; digits < DBL_DIG; digits++) {
                char text[40];
                double rounded;
                snprintf(text, sizeof(text), "%.*e", digits, value);
                set_point(text);
                if (coffer_double_parse(coffer_cursor_text(text), &rounded) && fabs(rounded - value) < reach)
                        return rounded;
        }
        return value;
}

/* An x87 or quadruple number that no float64 is equal to: as text. */
static coffer_status long_value(coffer_document *scratch, const uint8_t *raw, size_t size_bytes,
                                const coffer_value **out, coffer_error *error)
{
        long double number = 0;
        char text[64];
        if (size_bytes != sizeof(number))
                return deliver(scratch,
                               coffer_node_text_copy(scratch, COFFER_KIND_BYTES, coffer_cursor_of(raw, size_bytes)),
                               out, error);
        memcpy(&number, raw, sizeof(number));
        if (isnan(number) || (long double)(double)number == number)
                return deliver(scratch, coffer_node_float(scratch, (double)number), out, error);
        for (int digits = DBL_DIG; digits <= LDBL_DECIMAL_DIG; digits++) {
                snprintf(text, sizeof(text), "%.*Lg", digits, number);
                if (strtold(text, NULL) == number)
                        break;
        }
        set_point(text);
        return deliver(scratch, coffer_node_text_copy(scratch, COFFER_KIND_STR, coffer_cursor_text(text)), out, error);
}

/* A float of 2, 4 or 8 bytes. */
static double short_float(const coffer_dtype *dtype, const uint8_t *data, size_t size_bytes)
{
        uint8_t raw[MAX_NUMBER_BYTES];
        uint16_t half;
        float single;
        double number;
        load(dtype, data, size_bytes, raw);
        if (size_bytes == 2) {
                memcpy(&half, raw, sizeof(half));
                return shorten(half_to_double(half), 11, -24);
        }
        if (size_bytes == 4) {
                memcpy(&single, raw, sizeof(single));
                return shorten(single, 24, -149);
        }
        memcpy(&number, raw, sizeof(number));
        return number;
}

static coffer_status float_value(coffer_document *scratch, const coffer_dtype *dtype, const uint8_t *data,
                                 const coffer_value **out, coffer_error *error)
{
        uint8_t raw[MAX_NUMBER_BYTES];
        size_t size = (size_t)dtype->item_size_bytes;
        if (size <= sizeof(double))
                return deliver(scratch, coffer_node_float(scratch, short_float(dtype, data, size)), out, error);
        load(dtype, data, size, raw);
        return long_value(scratch, raw, size, out, error);
}

static coffer_status complex_value(coffer_document *scratch, const coffer_dtype *dtype, const uint8_t *data,
                                   const coffer_value **out, coffer_error *error)
{
        size_t half = (size_t)dtype->item_size_bytes / 2;
        coffer_value *value;
        if (half <= sizeof(double)) {
                COFFER_TRY(coffer_value_complex(scratch, short_float(dtype, data, half),
                                                short_float(dtype, data + half, half), &value, error));
                *out = value;
                return COFFER_OK;
        }
        const coffer_dtype part = {.kind = 'f', .byte_order = dtype->byte_order, .item_size_bytes = half};
        const coffer_value *parts[2];
        COFFER_TRY(float_value(scratch, &part, data, &parts[0], error));
        COFFER_TRY(float_value(scratch, &part, data + half, &parts[1], error));
        return deliver(scratch, coffer_node_sequence(scratch, COFFER_KIND_TUPLE, parts, 2), out, error);
}

/* ---- text and dates ---- */

static coffer_status bytes_value(coffer_document *scratch, coffer_cursor data, const coffer_value **out,
                                 coffer_error *error)
{
        return deliver(scratch, coffer_node_text_copy(scratch, COFFER_KIND_BYTES, data), out, error);
}

/* Padding is cut off, as NumPy does. */
static coffer_cursor without_padding(const uint8_t *data, size_t size_bytes)
{
        while (size_bytes > 0 && data[size_bytes - 1] == 0)
                size_bytes--;
        return coffer_cursor_of(data, size_bytes);
}

static coffer_status str_value(coffer_document *scratch, const coffer_dtype *dtype, const uint8_t *data,
                               const coffer_value **out, coffer_error *error)
{
        size_t count = (size_t)dtype->item_size_bytes / 4, size_bytes = 0;
        const coffer_dtype letter = {.kind = 'u', .byte_order = dtype->byte_order, .item_size_bytes = 4};
        while (count > 0 && load_unsigned(&letter, data + 4 * (count - 1)) == 0)
                count--;
        uint8_t *text = coffer_document_alloc(scratch, 4 * count + 1);
        if (!text)
                return coffer_document_failure(scratch, error);
        for (size_t i = 0; i < count; i++) {
                uint64_t code_point = load_unsigned(&letter, data + 4 * i);
                if (code_point > 0x10ffff)
                        return bytes_value(scratch, coffer_cursor_of(data, (size_t)dtype->item_size_bytes), out, error);
                size_bytes += coffer_utf8_put((uint32_t)code_point, text + size_bytes);
        }
        return deliver(scratch, coffer_node_text(scratch, COFFER_KIND_STR, coffer_cursor_of(text, size_bytes)), out,
                       error);
}

static coffer_status date_value(coffer_document *scratch, const coffer_dtype *dtype, const uint8_t *data,
                                const coffer_value **out, coffer_error *error)
{
        coffer_buf text _cleanup_buf_ = COFFER_BUF_INIT(256);
        int64_t number = (int64_t)load_unsigned(dtype, data);
        if (dtype->kind == 'm' && number != INT64_MIN)
                return deliver(scratch, coffer_node_int(scratch, number), out, error);
        COFFER_TRY(coffer_datetime_write(number, dtype->datetime_unit, &text, error));
        return deliver(scratch, coffer_node_text_copy(scratch, COFFER_KIND_STR, coffer_buf_cursor(&text)), out, error);
}

/* ---- records and sub-arrays ---- */

static coffer_status record_value(coffer_document *scratch, const coffer_dtype *dtype, const uint8_t *data,
                                  const coffer_value **out, coffer_error *error)
{
        coffer_value *record = coffer_node_container(scratch, COFFER_KIND_TUPLE);
        if (!record)
                return coffer_document_failure(scratch, error);
        for (size_t i = 0; i < dtype->field_count; i++) {
                const coffer_dtype_field *field = &dtype->fields[i];
                const coffer_value *value;
                COFFER_TRY(coffer_element_value(scratch, field->dtype, data + field->offset_bytes, &value, error));
                COFFER_TRY(coffer_node_extend(scratch, record, &value, 1, error));
        }
        *out = record;
        return COFFER_OK;
}

static coffer_status subarray_value(coffer_document *scratch, const coffer_dtype *dtype, const uint8_t *data,
                                    const coffer_value **out, coffer_error *error)
{
        enum { MAX_SUBARRAY_ITEMS = 100 };
        coffer_tensor tensor = {.dtype = *dtype->base,
                                .dims = dtype->subshape_dims,
                                .data = data,
                                .available_bytes = dtype->item_size_bytes};
        memcpy(tensor.shape, dtype->subshape, dtype->subshape_dims * sizeof(uint64_t));
        uint64_t stride = dtype->base->item_size_bytes;
        for (size_t dim = tensor.dims; dim-- > 0; stride *= tensor.shape[dim])
                tensor.strides_bytes[dim] = (int64_t)stride;
        return coffer_tensor_head(scratch, &tensor, MAX_SUBARRAY_ITEMS, out, error);
}

coffer_status coffer_element_value(coffer_document *scratch, const coffer_dtype *dtype, const uint8_t *data,
                                   const coffer_value **out, coffer_error *error)
{
        size_t size = (size_t)dtype->item_size_bytes;
        if (dtype->base)
                return subarray_value(scratch, dtype, data, out, error);
        if (dtype->field_count > 0)
                return record_value(scratch, dtype, data, out, error);
        switch (dtype->kind) {
        case 'b':
                *out = coffer_node_bool(data[0] != 0);
                return COFFER_OK;
        case 'i':
        case 'u':
                return integer_value(scratch, dtype, data, out, error);
        case 'f':
                return float_value(scratch, dtype, data, out, error);
        case 'c':
                return complex_value(scratch, dtype, data, out, error);
        case 'm':
        case 'M':
                return date_value(scratch, dtype, data, out, error);
        case 'U':
                return str_value(scratch, dtype, data, out, error);
        case 'S':
                return bytes_value(scratch, without_padding(data, size), out, error);
        default:
                return bytes_value(scratch, coffer_cursor_of(data, size), out, error);
        }
}

/* ---- heads of tensors ---- */

typedef struct head {
        coffer_document *scratch;
        const coffer_tensor *tensor;
        uint64_t left; /* elements that may still be made */
} head;

static bool is_in_memory(const coffer_tensor *tensor, int64_t offset)
{
        uint64_t item = tensor->dtype.item_size_bytes;
        return offset < 0 || (item <= tensor->available_bytes && (uint64_t)offset <= tensor->available_bytes - item);
}

static coffer_status head_of(head *h, size_t dim, int64_t offset, const coffer_value **out, coffer_error *error);

static coffer_status head_of_dimension(head *h, size_t dim, int64_t offset, const coffer_value **out,
                                       coffer_error *error)
{
        const uint64_t length = h->tensor->shape[dim];
        coffer_value *list = coffer_node_partial_list(h->scratch);
        if (!list)
                return coffer_document_failure(h->scratch, error);
        uint64_t made = 0;
        for (; made < length && h->left > 0 && is_in_memory(h->tensor, offset); made++) {
                const coffer_value *item;
                COFFER_TRY(head_of(h, dim + 1, offset, &item, error));
                COFFER_TRY(coffer_node_extend(h->scratch, list, &item, 1, error));
                offset += h->tensor->strides_bytes[dim];
        }
        coffer_node_set_omitted(list, length - made);
        *out = list;
        return COFFER_OK;
}

/* As deep as the tensor has dimensions, COFFER_TENSOR_MAX_DIMS at most. */
static coffer_status head_of(head *h, size_t dim, int64_t offset, const coffer_value **out, coffer_error *error)
{
        if (dim < h->tensor->dims)
                return head_of_dimension(h, dim, offset, out, error);
        h->left--;
        return coffer_element_value(h->scratch, &h->tensor->dtype, h->tensor->data + offset, out, error);
}

coffer_status coffer_tensor_head(coffer_document *scratch, const coffer_tensor *tensor, uint64_t max_items,
                                 const coffer_value **out, coffer_error *error)
{
        head h = {scratch, tensor, max_items};
        if (tensor->dims == 0 && !is_in_memory(tensor, 0))
                return coffer_error_set(error, COFFER_MALFORMED, "a scalar has no data");
        return head_of(&h, 0, 0, out, error);
}
