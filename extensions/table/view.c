/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

#include "reader.h"
#include "values.h"

/* Values have to come from somewhere: of columns that take no bytes, like those of nulls, there are some all the same.
 */
enum { VALUES_A_BYTE = 8, FREE_VALUES = 1 << 17 };

typedef struct viewing {
        table_reader reader;
        table_maker maker;
        size_t column_count; /* of those that are looked at */
        coffer_value **columns;
        uint64_t rows, taken_rows;
} viewing;

/* ---- the schema ---- */

static coffer_status type_value(table_maker *maker, const struct ArrowSchema *schema, coffer_value **out,
                                coffer_error *error)
{
        size_t size_bytes = (size_t)ArrowSchemaToString(schema, NULL, 0, 1) + 1;
        char *text = coffer_alloc(size_bytes);
        if (!text)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a schema");
        (void)ArrowSchemaToString(schema, text, (int64_t)size_bytes, 1);
        coffer_status status =
                coffer_value_str(maker->document, (coffer_cursor){(uint8_t *)text, size_bytes - 1}, false, out, error);
        coffer_free(text);
        return status;
}

static coffer_status schema_value(table_maker *maker, const struct ArrowSchema *schema, coffer_value **out,
                                  coffer_error *error)
{
        coffer_value *dict = NULL;
        TABLE_TRY(coffer_value_container(maker->document, COFFER_KIND_DICT, &dict, error));
        for (int64_t i = 0; i < schema->n_children; i++) {
                coffer_value *type = NULL;
                TABLE_TRY(type_value(maker, schema->children[i], &type, error));
                TABLE_TRY(table_set_named(maker, dict, schema->children[i]->name, type, error));
        }
        *out = dict;
        return COFFER_OK;
}

/* Names must be UTF-8, those of nested fields too: a type's text has them. */
static coffer_status verify_names(const struct ArrowSchema *schema, coffer_error *error)
{
        table_maker maker = {.max_items = UINT64_MAX, .left = UINT64_MAX};
        coffer_value *unused = NULL;
        TABLE_TRY(coffer_document_new(&maker.document, error));
        coffer_status status = schema_value(&maker, schema, &unused, error);
        coffer_document_unref(maker.document);
        return status;
}

static coffer_status verify_all(table_reader *reader, coffer_error *error)
{
        const struct ArrowArrayView *batch;
        TABLE_TRY(verify_names(&reader->schema, error));
        do
                TABLE_TRY(table_reader_next(reader, &batch, error));
        while (batch);
        return COFFER_OK;
}

coffer_status table_verify(coffer_cursor table, coffer_error *error)
{
        table_reader reader;
        coffer_status status = table_reader_open(&reader, table, error);
        if (status == COFFER_OK)
                status = verify_all(&reader, error);
        table_reader_close(&reader);
        return status;
}

/* ---- the rows ---- */

static coffer_status make_columns(viewing *view, coffer_error *error)
{
        view->column_count = (size_t)view->reader.schema.n_children;
        if (view->column_count > view->maker.max_items)
                view->column_count = (size_t)view->maker.max_items;
        view->columns = coffer_alloc_zeroed(view->column_count + 1, sizeof(coffer_value *));
        if (!view->columns)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for %zu columns", view->column_count);
        for (size_t i = 0; i < view->column_count; i++)
                TABLE_TRY(coffer_value_container(view->maker.document, COFFER_KIND_LIST, &view->columns[i], error));
        return COFFER_OK;
}

static coffer_status take_rows(viewing *view, const struct ArrowArrayView *batch, coffer_error *error)
{
        uint64_t wanted = view->maker.max_items - view->taken_rows;
        int64_t count = (uint64_t)batch->length > wanted ? (int64_t)wanted : batch->length;
        view->rows += (uint64_t)batch->length;
        view->taken_rows += (uint64_t)count;
        for (size_t i = 0; count > 0 && i < view->column_count; i++) {
                table_column column;
                TABLE_TRY(table_column_of(view->reader.schema.children[i], batch->children[i], &column, error));
                TABLE_TRY(table_append(&view->maker, &column, 0, count, view->columns[i], error));
        }
        return COFFER_OK;
}

static coffer_status values_value(viewing *view, coffer_value **out, coffer_error *error)
{
        coffer_value *dict = NULL;
        TABLE_TRY(coffer_value_container(view->maker.document, COFFER_KIND_DICT, &dict, error));
        for (size_t i = 0; i < view->column_count; i++)
                TABLE_TRY(table_set_named(&view->maker, dict, view->reader.schema.children[i]->name, view->columns[i],
                                          error));
        *out = dict;
        return COFFER_OK;
}

/* ---- all of it ---- */

static coffer_status set_part(viewing *view, coffer_value *dict, const char *name, const coffer_value *value,
                              coffer_error *error)
{
        coffer_value *key = NULL;
        TABLE_TRY(table_text(&view->maker, &key, error, "%s", name));
        return coffer_value_set_item(view->maker.document, dict, key, value, error);
}

static coffer_status make_value(viewing *view, coffer_value **out, coffer_error *error)
{
        coffer_value *dict = NULL, *rows = NULL, *schema = NULL, *values = NULL;
        TABLE_TRY(coffer_value_container(view->maker.document, COFFER_KIND_DICT, &dict, error));
        TABLE_TRY(schema_value(&view->maker, &view->reader.schema, &schema, error));
        TABLE_TRY(values_value(view, &values, error));
        TABLE_TRY(coffer_value_int(view->maker.document, (int64_t)view->rows, &rows, error));
        TABLE_TRY(set_part(view, dict, "rows", rows, error));
        TABLE_TRY(set_part(view, dict, "schema", schema, error));
        TABLE_TRY(set_part(view, dict, "values", values, error));
        *out = dict;
        return COFFER_OK;
}

static coffer_status read_all(viewing *view, coffer_value **out, coffer_error *error)
{
        const struct ArrowArrayView *batch;
        TABLE_TRY(make_columns(view, error));
        for (;;) {
                TABLE_TRY(table_reader_next(&view->reader, &batch, error));
                if (!batch)
                        return make_value(view, out, error);
                TABLE_TRY(take_rows(view, batch, error));
        }
}

coffer_status table_view(coffer_cursor table, uint64_t max_items, coffer_document *document, coffer_value **out,
                         coffer_error *error)
{
        viewing view = {.maker = {document, max_items, FREE_VALUES + VALUES_A_BYTE * (uint64_t)table.size_bytes}};
        coffer_status status = table_reader_open(&view.reader, table, error);
        if (status == COFFER_OK)
                status = read_all(&view, out, error);
        table_reader_close(&view.reader);
        coffer_free(view.columns);
        return status;
}
