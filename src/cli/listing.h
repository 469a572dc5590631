/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of JSON objects, printed as JSON or as a table: what a subcommand gathers once serves both. */
#ifndef COFFER_CLI_LISTING_H
#define COFFER_CLI_LISTING_H

#include "json.h"

typedef enum cli_cell {
        CLI_CELL_TEXT,
        CLI_CELL_NAME,  /* bold */
        CLI_CELL_STATE, /* coloured by what it says */
        CLI_CELL_NUMBER,
        CLI_CELL_SIZE,
        CLI_CELL_TIME, /* as cli_json_time writes it */
        CLI_CELL_LIST  /* of texts */
} cli_cell;

typedef struct cli_column {
        const char *title; /* as in cli_table_new */
        const char *key;   /* of the objects; a missing or null member is an empty cell */
        cli_cell type;
        bool long_only;
} cli_column;

/* Prints `list` (and frees it): as JSON, or as a table of `columns` (ended by a NULL title). */
void cli_print_list(json_t *list, const cli_column *columns, bool as_json, bool with_long);

#endif
