/* SPDX-License-Identifier: Apache-2.0 */
#include "values.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* About what values take in memory. */
enum { TEXT_BYTES = 2048, VALUE_BYTES = 64, LIST_BYTES = 256, DICT_BYTES = 1024 };

coffer_status table_column_of(const struct ArrowSchema *schema, const struct ArrowArrayView *view, table_column *out,
                              coffer_error *error)
{
        struct ArrowError problem;
        *out = (table_column){.schema = schema, .view = view};
        return table_result(ArrowSchemaViewInit(&out->type, schema, &problem), &problem, error);
}

/* ---- small parts ---- */

coffer_status table_pay(table_maker *maker, size_t size_bytes, coffer_error *error)
{
        uint64_t cost = 1 + size_bytes / VALUE_BYTES;
        if (cost > maker->left)
                return coffer_error_set(error, COFFER_LIMIT, "it has more values than its bytes account for");
        maker->left -= cost;
        return COFFER_OK;
}

coffer_status table_text(table_maker *maker, coffer_value **out, coffer_error *error, const char *format, ...)
{
        char text[TEXT_BYTES];
        va_list arguments;
        va_start(arguments, format);
        int length = vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        if (length < 0 || (size_t)length >= sizeof(text))
                return coffer_error_set(error, COFFER_LIMIT, "a text is too long to be shown");
        return coffer_value_str(maker->document, (coffer_cursor){(const uint8_t *)text, (size_t)length}, false, out,
                                error);
}

static coffer_status name_value(table_maker *maker, const char *name, coffer_value **out, coffer_error *error)
{
        coffer_cursor text = {(const uint8_t *)name, strlen(name)};
        return coffer_value_str(maker->document, text, false, out, error);
}

coffer_status table_set_named(table_maker *maker, coffer_value *dict, const char *name, const coffer_value *value,
                              coffer_error *error)
{
        coffer_value *key = NULL;
        TABLE_TRY(table_pay(maker, strlen(name), error));
        if (coffer_value_lookup(dict, name))
                TABLE_TRY(table_text(maker, &key, error, "%.200s#%zu", name, coffer_value_count(dict) + 1));
        else
                TABLE_TRY(name_value(maker, name, &key, error));
        return coffer_value_set_item(maker->document, dict, key, value, error);
}

/* ---- one element ---- */

static coffer_status value_at(table_maker *maker, const table_column *column, int64_t index, coffer_value **out,
                              coffer_error *error);

static coffer_status unsigned_value(table_maker *maker, uint64_t number, coffer_value **out, coffer_error *error)
{
        uint8_t digits[sizeof(number) + 1] = {0};
        if (number <= INT64_MAX)
                return coffer_value_int(maker->document, (int64_t)number, out, error);
        for (size_t i = 0; i < sizeof(number); i++)
                digits[i] = (uint8_t)(number >> 8 * i);
        return coffer_value_int_bytes(maker->document, (coffer_cursor){digits, sizeof(digits)}, out, error);
}

static coffer_status bytes_value(table_maker *maker, const table_column *column, int64_t index, coffer_value **out,
                                 coffer_error *error)
{
        struct ArrowBufferView bytes = ArrowArrayViewGetBytesUnsafe(column->view, index);
        coffer_cursor data = {bytes.size_bytes ? bytes.data.as_uint8 : NULL, (size_t)bytes.size_bytes};
        TABLE_TRY(table_pay(maker, data.size_bytes, error));
        bool is_text = column->type.storage_type == NANOARROW_TYPE_STRING ||
                       column->type.storage_type == NANOARROW_TYPE_LARGE_STRING;
        return is_text ? coffer_value_str(maker->document, data, false, out, error)
                       : coffer_value_bytes(maker->document, data, false, out, error);
}

static coffer_status decimal_value(table_maker *maker, const table_column *column, int64_t index, coffer_value **out,
                                   coffer_error *error)
{
        struct ArrowDecimal decimal;
        struct ArrowBuffer text;
        ArrowDecimalInit(&decimal, column->type.decimal_bitwidth, column->type.decimal_precision,
                         column->type.decimal_scale);
        ArrowBufferInit(&text);
        ArrowArrayViewGetDecimalUnsafe(column->view, index, &decimal);
        coffer_status status = table_result(ArrowDecimalAppendStringToBuffer(&decimal, &text), NULL, error);
        if (status == COFFER_OK)
                status = coffer_value_str(maker->document, (coffer_cursor){text.data, (size_t)text.size_bytes}, false,
                                          out, error);
        ArrowBufferReset(&text);
        return status;
}

static coffer_status interval_value(table_maker *maker, const table_column *column, int64_t index, coffer_value **out,
                                    coffer_error *error)
{
        struct ArrowInterval interval;
        ArrowIntervalInit(&interval, column->type.storage_type);
        ArrowArrayViewGetIntervalUnsafe(column->view, index, &interval);
        return table_text(maker, out, error, "%" PRId32 " months %" PRId32 " days %" PRId64 " ns", interval.months,
                          interval.days, interval.ms * INT64_C(1000000) + interval.ns);
}

/* ---- nested elements ---- */

static coffer_status list_value(table_maker *maker, const table_column *column, int64_t index, coffer_value **out,
                                coffer_error *error)
{
        int64_t first, end;
        table_column items;
        coffer_value *list = NULL;
        if (column->view->storage_type == NANOARROW_TYPE_FIXED_SIZE_LIST) {
                first = index * column->view->layout.child_size_elements;
                end = first + column->view->layout.child_size_elements;
        } else {
                first = ArrowArrayViewListChildOffset(column->view, index);
                end = ArrowArrayViewListChildOffset(column->view, index + 1);
        }
        TABLE_TRY(table_pay(maker, LIST_BYTES, error));
        TABLE_TRY(table_column_of(column->schema->children[0], column->view->children[0], &items, error));
        TABLE_TRY(coffer_value_container(maker->document, COFFER_KIND_LIST, &list, error));
        TABLE_TRY(table_append(maker, &items, first, end, list, error));
        *out = list;
        return COFFER_OK;
}

static coffer_status struct_value(table_maker *maker, const table_column *column, int64_t index, coffer_value **out,
                                  coffer_error *error)
{
        coffer_value *dict = NULL;
        TABLE_TRY(table_pay(maker, DICT_BYTES, error));
        TABLE_TRY(coffer_value_container(maker->document, COFFER_KIND_DICT, &dict, error));
        for (int64_t i = 0; i < column->view->n_children; i++) {
                table_column field;
                coffer_value *value = NULL;
                TABLE_TRY(table_column_of(column->schema->children[i], column->view->children[i], &field, error));
                TABLE_TRY(value_at(maker, &field, index, &value, error));
                TABLE_TRY(table_set_named(maker, dict, field.schema->name, value, error));
        }
        *out = dict;
        return COFFER_OK;
}

static coffer_status union_value(table_maker *maker, const table_column *column, int64_t index, coffer_value **out,
                                 coffer_error *error)
{
        int8_t child = ArrowArrayViewUnionChildIndex(column->view, index);
        table_column chosen;
        TABLE_TRY(table_column_of(column->schema->children[child], column->view->children[child], &chosen, error));
        return value_at(maker, &chosen, ArrowArrayViewUnionChildOffset(column->view, index), out, error);
}

static coffer_status dictionary_value(table_maker *maker, const table_column *column, int64_t index, coffer_value **out,
                                      coffer_error *error)
{
        table_column values;
        TABLE_TRY(table_column_of(column->schema->dictionary, column->view->dictionary, &values, error));
        return value_at(maker, &values, ArrowArrayViewGetIntUnsafe(column->view, index), out, error);
}

/* ---- any element ---- */

static coffer_status present_value(table_maker *maker, const table_column *column, int64_t index, coffer_value **out,
                                   coffer_error *error)
{
        const struct ArrowArrayView *view = column->view;
        switch (column->type.type) {
        case NANOARROW_TYPE_BOOL:
                return coffer_value_bool(maker->document, ArrowArrayViewGetIntUnsafe(view, index) != 0, out, error);
        case NANOARROW_TYPE_INT8:
        case NANOARROW_TYPE_INT16:
        case NANOARROW_TYPE_INT32:
        case NANOARROW_TYPE_INT64:
        case NANOARROW_TYPE_DURATION: /* in the unit that its type says */
                return coffer_value_int(maker->document, ArrowArrayViewGetIntUnsafe(view, index), out, error);
        case NANOARROW_TYPE_UINT8:
        case NANOARROW_TYPE_UINT16:
        case NANOARROW_TYPE_UINT32:
        case NANOARROW_TYPE_UINT64:
                return unsigned_value(maker, ArrowArrayViewGetUIntUnsafe(view, index), out, error);
        case NANOARROW_TYPE_HALF_FLOAT:
        case NANOARROW_TYPE_FLOAT:
        case NANOARROW_TYPE_DOUBLE:
                return coffer_value_float(maker->document, ArrowArrayViewGetDoubleUnsafe(view, index), out, error);
        case NANOARROW_TYPE_DATE32:
        case NANOARROW_TYPE_DATE64:
        case NANOARROW_TYPE_TIMESTAMP:
        case NANOARROW_TYPE_TIME32:
        case NANOARROW_TYPE_TIME64:
                return table_time(maker, column, ArrowArrayViewGetIntUnsafe(view, index), out, error);
        case NANOARROW_TYPE_INTERVAL_MONTHS:
        case NANOARROW_TYPE_INTERVAL_DAY_TIME:
        case NANOARROW_TYPE_INTERVAL_MONTH_DAY_NANO:
                return interval_value(maker, column, index, out, error);
        case NANOARROW_TYPE_DECIMAL32:
        case NANOARROW_TYPE_DECIMAL64:
        case NANOARROW_TYPE_DECIMAL128:
        case NANOARROW_TYPE_DECIMAL256:
                return decimal_value(maker, column, index, out, error);
        case NANOARROW_TYPE_LIST:
        case NANOARROW_TYPE_LARGE_LIST:
        case NANOARROW_TYPE_FIXED_SIZE_LIST:
        case NANOARROW_TYPE_MAP:
                return list_value(maker, column, index, out, error);
        case NANOARROW_TYPE_STRUCT:
                return struct_value(maker, column, index, out, error);
        case NANOARROW_TYPE_SPARSE_UNION:
        case NANOARROW_TYPE_DENSE_UNION:
                return union_value(maker, column, index, out, error);
        case NANOARROW_TYPE_DICTIONARY:
                return dictionary_value(maker, column, index, out, error);
        case NANOARROW_TYPE_NA:
                return coffer_value_none(maker->document, out, error);
        default:
                return bytes_value(maker, column, index, out, error);
        }
}

static coffer_status value_at(table_maker *maker, const table_column *column, int64_t index, coffer_value **out,
                              coffer_error *error)
{
        TABLE_TRY(table_pay(maker, 0, error));
        return ArrowArrayViewIsNull(column->view, index) ? coffer_value_none(maker->document, out, error)
                                                         : present_value(maker, column, index, out, error);
}

coffer_status table_append(table_maker *maker, const table_column *column, int64_t first, int64_t end,
                           coffer_value *list, coffer_error *error)
{
        bool is_cut = (uint64_t)(end - first) > maker->max_items && maker->max_items > 0;
        int64_t stop = is_cut ? first + (int64_t)maker->max_items - 1 : end;
        coffer_value *value = NULL;
        for (int64_t i = first; i < stop; i++) {
                TABLE_TRY(value_at(maker, column, i, &value, error));
                TABLE_TRY(coffer_value_append(maker->document, list, value, error));
        }
        if (!is_cut)
                return COFFER_OK;
        TABLE_TRY(table_text(maker, &value, error, "... %" PRId64 " more", end - stop));
        return coffer_value_append(maker->document, list, value, error);
}
