/* SPDX-License-Identifier: Apache-2.0 */
/* pyarrow.lib._restore_array((type, length, missing, offset, [buffer, ...], [child, ...], dictionary)). The buffers
 * are those of Arrow's columnar format: bits that say what is there, then offsets and data, or data alone. */
#include "value/forms_arrow.h"

#include "util/utf8.h"
#include "value/element.h"
#include "value/dtype.h"

typedef enum arrow_layout { ARROW_FIXED, ARROW_BITS, ARROW_TEXT } arrow_layout;

typedef struct arrow_type {
        const char *name;
        arrow_layout layout;
        const char *dtype;   /* of ARROW_FIXED */
        size_t offset_bytes; /* of ARROW_TEXT */
        coffer_kind kind;
} arrow_type;

static const arrow_type types[] = {
        {"string", ARROW_TEXT, NULL, 4, COFFER_KIND_STR},
        {"large_string", ARROW_TEXT, NULL, 8, COFFER_KIND_STR},
        {"binary", ARROW_TEXT, NULL, 4, COFFER_KIND_BYTES},
        {"large_binary", ARROW_TEXT, NULL, 8, COFFER_KIND_BYTES},
        {"bool", ARROW_BITS, NULL, 0, COFFER_KIND_BOOL},
        {.name = "int8", .dtype = "<i1"},
        {.name = "int16", .dtype = "<i2"},
        {.name = "int32", .dtype = "<i4"},
        {.name = "int64", .dtype = "<i8"},
        {.name = "uint8", .dtype = "<u1"},
        {.name = "uint16", .dtype = "<u2"},
        {.name = "uint32", .dtype = "<u4"},
        {.name = "uint64", .dtype = "<u8"},
        {.name = "halffloat", .dtype = "<f2"},
        {.name = "float", .dtype = "<f4"},
        {.name = "double", .dtype = "<f8"},
        {.name = "timestamp s", .dtype = "<M8[s]"},
        {.name = "timestamp ms", .dtype = "<M8[ms]"},
        {.name = "timestamp us", .dtype = "<M8[us]"},
        {.name = "timestamp ns", .dtype = "<M8[ns]"},
        {.name = "duration s", .dtype = "<m8[s]"},
        {.name = "duration ms", .dtype = "<m8[ms]"},
        {.name = "duration us", .dtype = "<m8[us]"},
        {.name = "duration ns", .dtype = "<m8[ns]"},
};

typedef struct arrow_array {
        const coffer_value *type;
        const arrow_type *as;
        uint64_t length, offset;
        coffer_cursor present; /* bits; no data when all are there */
        coffer_cursor offsets; /* of ARROW_TEXT */
        coffer_cursor data;
} arrow_array;

/* ---- what the pickle says ---- */

/* type_for_alias(NAME), or timestamp(UNIT, ...) and duration(UNIT), which go by "timestamp UNIT". */
static const arrow_type *find_type(const coffer_value *value)
{
        coffer_maker maker;
        if (!coffer_maker_of(value, &maker) || !coffer_cursor_is(maker.module, "pyarrow.lib"))
                return NULL;
        const coffer_value *argument = coffer_maker_arg(&maker, 0, COFFER_KIND_STR);
        if (!argument)
                return NULL;
        coffer_cursor text = coffer_value_data(argument);
        bool is_alias = coffer_cursor_is(maker.qualname, "type_for_alias");
        for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
                const char *unit = strchr(types[i].name, ' ');
                if (is_alias ? !unit && coffer_cursor_is(text, types[i].name)
                             : unit && coffer_cursor_is(text, unit + 1) &&
                                       maker.qualname.size_bytes == (size_t)(unit - types[i].name) &&
                                       memcmp(maker.qualname.data, types[i].name, maker.qualname.size_bytes) == 0)
                        return &types[i];
        }
        return NULL;
}

/* py_buffer(bytes), where protocol 4 says bytearray(bytes); no data for None. */
static bool buffer_of(const coffer_value *value, coffer_cursor *out)
{
        coffer_maker maker;
        *out = (coffer_cursor){NULL, 0};
        if (!value || coffer_value_kind(value) == COFFER_KIND_NONE)
                return value;
        if (!coffer_maker_of(value, &maker) || !coffer_maker_is(&maker, "pyarrow.lib", "py_buffer") ||
            maker.arg_count != 1)
                return false;
        value = maker.args[0];
        if (coffer_maker_of(value, &maker)) {
                if (!coffer_maker_is(&maker, "builtins", "bytearray") || maker.arg_count != 1)
                        return false;
                value = maker.args[0];
        }
        coffer_kind kind = coffer_value_kind(value);
        if (kind != COFFER_KIND_BYTES && kind != COFFER_KIND_BYTEARRAY && kind != COFFER_KIND_BUFFER)
                return false;
        *out = coffer_value_data(value);
        return true;
}

static bool get_size(const coffer_value *value, uint64_t *out)
{
        int64_t number;
        if (!coffer_value_get_int(value, &number) || number < 0)
                return false;
        *out = (uint64_t)number;
        return true;
}

static bool array_of(const coffer_value *value, arrow_array *out)
{
        coffer_maker maker;
        if (!coffer_maker_of(value, &maker) || !coffer_maker_is(&maker, "pyarrow.lib", "_restore_array") ||
            !coffer_maker_is_bare(&maker) || !coffer_maker_arg(&maker, 0, COFFER_KIND_TUPLE) ||
            coffer_value_count(maker.args[0]) != 7)
                return false;
        const coffer_value *const *parts = maker.args[0]->items;
        *out = (arrow_array){.type = parts[0], .as = find_type(parts[0])};
        if (!out->as || !get_size(parts[1], &out->length) || !get_size(parts[3], &out->offset) ||
            coffer_value_kind(parts[4]) != COFFER_KIND_LIST || coffer_value_count(parts[5]) != 0)
                return false;
        bool has_offsets = out->as->layout == ARROW_TEXT;
        return coffer_value_count(parts[4]) == 2 + (size_t)has_offsets &&
               buffer_of(coffer_value_item(parts[4], 0), &out->present) &&
               (!has_offsets || buffer_of(coffer_value_item(parts[4], 1), &out->offsets)) &&
               buffer_of(coffer_value_item(parts[4], 1 + (size_t)has_offsets), &out->data);
}

/* True when `count` elements of `bits` each lie in `buffer`. */
static bool holds(coffer_cursor buffer, uint64_t count, uint64_t bits)
{
        uint64_t needed;
        return coffer_mul_u64(count, bits, &needed) && (needed + 7) / 8 <= buffer.size_bytes &&
               needed <= UINT64_MAX - 7;
}

static bool is_whole(const arrow_array *array, const coffer_dtype *dtype)
{
        uint64_t end, last;
        if (!coffer_add_u64(array->offset, array->length, &end) || !coffer_add_u64(end, 1, &last) ||
            (array->present.data && !holds(array->present, end, 1)))
                return false;
        switch (array->as->layout) {
        case ARROW_TEXT:
                return array->length == 0 || holds(array->offsets, last, 8 * array->as->offset_bytes);
        case ARROW_BITS:
                return holds(array->data, end, 1);
        default:
                return holds(array->data, end, 8 * dtype->item_size_bytes);
        }
}

/* ---- elements ---- */

static bool bit_at(coffer_cursor bits, uint64_t index)
{
        return bits.data[index / 8] >> (index % 8) & 1;
}

/* Little-endian. */
static uint64_t offset_at(const arrow_array *array, uint64_t index)
{
        const uint8_t *at = array->offsets.data + index * array->as->offset_bytes;
        uint64_t offset = 0;
        for (size_t i = 0; i < array->as->offset_bytes; i++)
                offset |= (uint64_t)at[i] << 8 * i;
        return offset;
}

static coffer_status text_at(coffer_document *scratch, const arrow_array *array, uint64_t index,
                             const coffer_value **out, coffer_error *error)
{
        uint64_t start = offset_at(array, index), end = offset_at(array, index + 1);
        if (start > end || end > array->data.size_bytes)
                return COFFER_DECLINED;
        coffer_cursor text = {coffer_shared_empty_text, 0};
        if (end > start)
                text = (coffer_cursor){array->data.data + start, (size_t)(end - start)};
        if (array->as->kind == COFFER_KIND_STR && !coffer_utf8_valid(text, false))
                return COFFER_DECLINED;
        *out = coffer_node_text(scratch, array->as->kind, text);
        return *out ? COFFER_OK : coffer_document_failure(scratch, error);
}

/* `index` counts from the start of the buffers. */
static coffer_status element_at(coffer_document *scratch, const arrow_array *array, const coffer_dtype *dtype,
                                uint64_t index, const coffer_value **out, coffer_error *error)
{
        if (array->present.data && !bit_at(array->present, index)) {
                *out = coffer_node_none();
                return COFFER_OK;
        }
        if (array->as->layout == ARROW_TEXT)
                return text_at(scratch, array, index, out, error);
        if (array->as->layout == ARROW_FIXED)
                return coffer_element_value(scratch, dtype, array->data.data + index * dtype->item_size_bytes, out,
                                            error);
        *out = coffer_node_bool(bit_at(array->data, index));
        return COFFER_OK;
}

static coffer_status list_elements(coffer_document *scratch, const arrow_array *array, const coffer_dtype *dtype,
                                   const coffer_value **out, coffer_error *error)
{
        coffer_value *list = coffer_node_container(scratch, COFFER_KIND_LIST);
        if (!list)
                return coffer_document_failure(scratch, error);
        for (uint64_t i = 0; i < array->length; i++) {
                const coffer_value *element = NULL;
                COFFER_TRY(element_at(scratch, array, dtype, array->offset + i, &element, error));
                COFFER_TRY(coffer_value_append(scratch, list, element, error));
        }
        *out = list;
        return COFFER_OK;
}

static coffer_status view_numbers(coffer_document *scratch, const arrow_array *array, const coffer_dtype *dtype,
                                  const coffer_value **out, coffer_error *error)
{
        coffer_tensor *tensor = coffer_document_alloc(scratch, sizeof(*tensor));
        coffer_value *node = coffer_node_of_kind(scratch, COFFER_KIND_TENSOR, sizeof(*node));
        if (!tensor || !node)
                return coffer_document_failure(scratch, error);
        size_t start = (size_t)(array->offset * dtype->item_size_bytes);
        *tensor = (coffer_tensor){.dtype = *dtype,
                                  .dims = 1,
                                  .shape = {array->length},
                                  .strides_bytes = {(int64_t)dtype->item_size_bytes},
                                  .data = array->data.data + start,
                                  .available_bytes = array->data.size_bytes - start,
                                  .read_only = true};
        node->tensor = tensor;
        *out = node;
        return COFFER_OK;
}

coffer_status coffer_arrow_elements(coffer_document *scratch, const coffer_value *value, const coffer_value **out,
                                    coffer_error *error)
{
        arrow_array array;
        coffer_dtype dtype = {0};
        if (!array_of(value, &array))
                return COFFER_DECLINED;
        if (array.as->dtype)
                COFFER_TRY(coffer_dtype_from_text(scratch, coffer_cursor_text(array.as->dtype), &dtype, error));
        if (!is_whole(&array, &dtype))
                return COFFER_DECLINED;
        return array.as->dtype && !array.present.data && array.data.data
                       ? view_numbers(scratch, &array, &dtype, out, error)
                       : list_elements(scratch, &array, &dtype, out, error);
}

/* ---- views ---- */

static coffer_status view_array(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                coffer_error *error)
{
        const coffer_value *elements = NULL;
        COFFER_TRY(coffer_arrow_elements(scratch, maker->value, &elements, error));
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_POSITIONAL, "values", elements, error));
        return coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "type", coffer_value_item(maker->args[0], 0), error);
}

/* Data types that go by one name. */
static coffer_status view_type(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                               coffer_error *error)
{
        const coffer_value *name = coffer_maker_arg(maker, 0, COFFER_KIND_STR);
        if (!name || maker->arg_count != 1 || !coffer_maker_is_bare(maker))
                return COFFER_DECLINED;
        out->is_atom = true;
        return coffer_view_add(scratch, out, COFFER_PART_POSITIONAL, "name", name, error);
}

static const coffer_value *state_item(const coffer_value *state, const char *name, const char *old_name)
{
        const coffer_value *value = state ? coffer_value_lookup(state, name) : NULL;
        return value || !state ? value : coffer_value_lookup(state, old_name);
}

const coffer_value *coffer_pandas_arrow(const coffer_value *value)
{
        coffer_maker maker;
        return coffer_maker_of(value, &maker) ? state_item(maker.state, "_pa_array", "_data") : NULL;
}

/* True for what says nothing beyond the array and the dtype: an empty cache, a flag that is not set. */
static bool is_told(const coffer_value *key, const coffer_value *value)
{
        coffer_cursor name = coffer_value_data(key);
        if (coffer_cursor_is(name, "_cache"))
                return coffer_value_count(value) == 0;
        return coffer_cursor_is(name, "_readonly") && coffer_value_kind(value) == COFFER_KIND_BOOL &&
               !coffer_value_get_bool(value);
}

/* A state with the Arrow array and the dtype. */
static coffer_status view_column(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                 coffer_error *error)
{
        const coffer_value *array = state_item(maker->state, "_pa_array", "_data");
        const coffer_value *dtype = state_item(maker->state, "_dtype", "dtype");
        if (!array || !dtype || maker->arg_count > 0 || maker->items || maker->pairs)
                return COFFER_DECLINED;
        for (size_t i = 0; i < maker->state->count; i++) {
                const coffer_pair *pair = &maker->state->pairs[i];
                if (pair->value != array && pair->value != dtype && !is_told(pair->key, pair->value))
                        return COFFER_DECLINED;
        }
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_POSITIONAL, "values", array, error));
        return coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "dtype", dtype, error);
}

const coffer_form coffer_forms_arrow[] = {
        {"pyarrow.lib", "_restore_array", view_array, "pyarrow.Array", "pyarrow.lib", "Array"},
        {"pyarrow.lib", "type_for_alias", view_type, "pyarrow.DataType", "pyarrow.lib", "DataType"},
        {"pandas.arrays", "ArrowStringArray", view_column, "ArrowStringArray", NULL, NULL},
        {"pandas.arrays", "ArrowExtensionArray", view_column, "ArrowExtensionArray", NULL, NULL},
        {"pandas.core.arrays.string_arrow", "ArrowStringArray", view_column, "ArrowStringArray", NULL, NULL},
        {"pandas.core.arrays.string_arrow", "ArrowStringArrayNumpySemantics", view_column, "ArrowStringArray", NULL,
         NULL},
        {"pandas.core.arrays.arrow.array", "ArrowExtensionArray", view_column, "ArrowExtensionArray", NULL, NULL},
        {0},
};
