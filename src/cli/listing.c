/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "cli.h"
#include "listing.h"
#include "table.h"

enum { MAX_COLUMNS = 12 };

static cli_style style_of_state(const char *state)
{
        static const struct {
                const char *state;
                cli_style style;
        } styles[] = {
                {"done", CLI_GREEN},     {"active", CLI_GREEN},      {"mended", CLI_GREEN},
                {"started", CLI_YELLOW}, {"allowlisted", CLI_GREEN}, {"suspicious", CLI_YELLOW},
                {"dangerous", CLI_RED},  {"none", CLI_YELLOW},       {"pending_on_imports", CLI_YELLOW},
                {"broken", CLI_RED},     {"disabled", CLI_DIM},
        };
        for (size_t i = 0; i < ARRAY_COUNT(styles); i++) {
                if (strcmp(styles[i].state, state) == 0)
                        return styles[i].style;
        }
        return CLI_PLAIN;
}

static int64_t parse_time(const char *text)
{
        struct tm parts = {0};
        const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
        int64_t milliseconds = rest && *rest == '.' ? strtol(rest + 1, NULL, 10) : 0;
        return rest ? (int64_t)timegm(&parts) * 1000 + milliseconds : -1;
}

static void add_list(cli_table *table, const json_t *list)
{
        char *text = cli_text("%s", "");
        size_t i;
        json_t *item;
        json_array_foreach(list, i, item)
        {
                char *longer =
                        cli_text("%s%s%s", text, i ? "," : "", json_is_string(item) ? json_string_value(item) : "?");
                coffer_free(text);
                text = longer;
        }
        cli_table_add(table, text);
        coffer_free(text);
}

static void add_cell(cli_table *table, cli_cell type, const json_t *value)
{
        const char *text = json_string_value(value);
        if (json_is_array(value))
                add_list(table, value);
        else if (json_is_integer(value) && type == CLI_CELL_SIZE)
                cli_table_add_size(table, (uint64_t)json_integer_value(value));
        else if (json_is_integer(value))
                cli_table_add_number(table, (uint64_t)json_integer_value(value));
        else if (!text)
                cli_table_add(table, NULL);
        else if (type == CLI_CELL_TIME)
                cli_table_add_time(table, parse_time(text));
        else if (type == CLI_CELL_STATE)
                cli_table_add_styled(table, style_of_state(text), text);
        else
                cli_table_add_styled(table, type == CLI_CELL_NAME ? CLI_BOLD : CLI_PLAIN, text);
}

static void print_table(const json_t *list, const cli_column *columns, bool with_long)
{
        const cli_column *used[MAX_COLUMNS];
        const char *titles[MAX_COLUMNS + 1];
        size_t count = 0;
        for (; columns->title && count < MAX_COLUMNS; columns++) {
                if (columns->long_only && !with_long)
                        continue;
                used[count] = columns;
                titles[count++] = columns->title;
        }
        titles[count] = NULL;
        cli_table *table = cli_table_new(titles);
        size_t i;
        json_t *item;
        json_array_foreach(list, i, item)
        {
                for (size_t column = 0; column < count; column++)
                        add_cell(table, used[column]->type, json_object_get(item, used[column]->key));
        }
        cli_table_finish(table);
}

void cli_print_list(json_t *list, const cli_column *columns, bool as_json, bool with_long)
{
        if (as_json) {
                cli_json_print(list);
                return;
        }
        print_table(list, columns, with_long);
        json_decref(list);
}
