/* SPDX-License-Identifier: Apache-2.0 */
/* Tables on standard output: aligned, with titles, on a terminal; tab-separated without titles elsewhere. */
#ifndef COFFER_CLI_TABLE_H
#define COFFER_CLI_TABLE_H

#include "text.h"

typedef struct cli_table cli_table;

/* `titles` end with NULL and must outlive the table. A title that starts with '>' belongs to a right-aligned column. */
cli_table *cli_table_new(const char *const *titles);

/* Adds the next cell, row by row; NULL is an empty one. Sizes and times are for people on a terminal, exact elsewhere.
 */
void cli_table_add(cli_table *table, const char *text);
void cli_table_add_styled(cli_table *table, cli_style style, const char *text);
void cli_table_add_number(cli_table *table, uint64_t number);
void cli_table_add_size(cli_table *table, uint64_t size_bytes);
void cli_table_add_time(cli_table *table, int64_t epoch_ms); /* negative: not known */

/* Prints and frees. */
void cli_table_finish(cli_table *table);

#endif
