/* SPDX-License-Identifier: Apache-2.0 */
/* A table as people look at it. */
#ifndef COFFER_TABLE_VIEW_H
#define COFFER_TABLE_VIEW_H

#include "arrow.h"

/* Reads all of a table in the Arrow IPC format, and keeps nothing of it. */
COFFER_MUST_CHECK coffer_status table_verify(coffer_cursor table, coffer_error *error);

/* {"rows": N, "columns": N, "schema": {NAME: TYPE}, "values": {NAME: [...]}}, of the first `max_items` rows and
 * columns. What is made does not point into `table`. */
COFFER_MUST_CHECK coffer_status table_view(coffer_cursor table, uint64_t max_items, coffer_document *document,
                                           coffer_value **out, coffer_error *error);

#endif
