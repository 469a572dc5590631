/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of Arrow's arrays as values of a document. */
#ifndef COFFER_TABLE_VALUES_H
#define COFFER_TABLE_VALUES_H

#include "arrow.h"

typedef struct table_maker {
        coffer_document *document;
        uint64_t max_items; /* of one row of a nested column; what is left out is told in its place */
        uint64_t left;      /* what may still be made, in values: one element may be in many rows */
} table_maker;

/* An array with its type. */
typedef struct table_column {
        const struct ArrowSchema *schema;
        const struct ArrowArrayView *view;
        struct ArrowSchemaView type;
} table_column;

COFFER_MUST_CHECK coffer_status table_column_of(const struct ArrowSchema *schema, const struct ArrowArrayView *view,
                                                table_column *out, coffer_error *error);

/* Appends the elements from `first` to `end` to a list. COFFER_LIMIT when they would be more than may be made. */
COFFER_MUST_CHECK coffer_status table_append(table_maker *maker, const table_column *column, int64_t first, int64_t end,
                                             coffer_value *list, coffer_error *error);

/* ---- values of one kind ---- */

COFFER_MUST_CHECK coffer_status table_text(table_maker *maker, coffer_value **out, coffer_error *error,
                                           const char *format, ...) COFFER_PRINTF(4, 5);

/* Pays for a value with so many bytes of its own; COFFER_LIMIT when there is nothing left. */
COFFER_MUST_CHECK coffer_status table_pay(table_maker *maker, size_t size_bytes, coffer_error *error);

/* Sets a name, or where `dict` has it already a name made of it: Arrow's names may be the same. */
COFFER_MUST_CHECK coffer_status table_set_named(table_maker *maker, coffer_value *dict, const char *name,
                                                const coffer_value *value, coffer_error *error);

/* Dates, times and points in time, which are numbers of units, as ISO 8601 has them; a number where that has no form.
 */
COFFER_MUST_CHECK coffer_status table_time(table_maker *maker, const table_column *column, int64_t number,
                                           coffer_value **out, coffer_error *error);

#endif
