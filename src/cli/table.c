/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli.h"
#include "table.h"

enum { GAP_COLUMNS = 2, MIN_LAST_COLUMNS = 12 };

typedef struct table_cell {
        char *text; /* escaped */
        size_t columns;
        cli_style style;
} table_cell;

struct cli_table {
        const char *const *titles;
        size_t width; /* cells in a row */
        table_cell *cells;
        size_t count, capacity;
};

cli_table *cli_table_new(const char *const *titles)
{
        cli_table *table = cli_need(coffer_alloc_zeroed(1, sizeof *table));
        table->titles = titles;
        while (titles[table->width])
                table->width++;
        return table;
}

void cli_table_add_styled(cli_table *table, cli_style style, const char *text)
{
        if (table->count == table->capacity) {
                table->capacity = table->capacity ? 2 * table->capacity : 64;
                table->cells = cli_need(coffer_realloc_array(table->cells, table->capacity, sizeof *table->cells));
        }
        char *safe = cli_safe(text ? text : "");
        table->cells[table->count++] = (table_cell){safe, cli_text_columns(safe), style};
}

void cli_table_add(cli_table *table, const char *text)
{
        cli_table_add_styled(table, CLI_PLAIN, text);
}

void cli_table_add_number(cli_table *table, uint64_t number)
{
        char text[CLI_SIZE_TEXT_BYTES];
        snprintf(text, sizeof text, "%llu", (unsigned long long)number);
        cli_table_add(table, text);
}

void cli_table_add_size(cli_table *table, uint64_t size_bytes)
{
        if (!cli_stdout_is_terminal()) {
                cli_table_add_number(table, size_bytes);
                return;
        }
        char text[CLI_SIZE_TEXT_BYTES];
        cli_size_text(size_bytes, text);
        cli_table_add(table, text);
}

void cli_table_add_time(cli_table *table, int64_t epoch_ms)
{
        char text[CLI_TIME_TEXT_BYTES] = "";
        if (epoch_ms >= 0)
                cli_time_text(epoch_ms, !cli_stdout_is_terminal(), text);
        cli_table_add(table, text);
}

static bool is_right(const char *title)
{
        return title[0] == '>';
}

static void put_spaces(size_t count)
{
        printf("%*s", (int)count, "");
}

/* Prints escaped text cut to `columns`, the last of them an ellipsis when something is missing. */
static void put_cut(const char *text, size_t columns)
{
        char *part = cli_need(coffer_strdup(text));
        size_t length = strlen(part);
        while (length > 0 && cli_text_columns(part) + 1 > columns) {
                do
                        length--;
                while (length > 0 && ((unsigned char)part[length] & 0xc0) == 0x80);
                part[length] = '\0';
        }
        fputs(part, stdout);
        fputs("\u2026", stdout);
        coffer_free(part);
}

static void put_cell(const table_cell *cell, size_t columns, bool right, bool last, size_t room)
{
        bool cut = last && cell->columns > room;
        if (right && cell->columns < columns)
                put_spaces(columns - cell->columns);
        if (cell->style != CLI_PLAIN)
                cli_set_style(cell->style);
        if (cut)
                put_cut(cell->text, room);
        else
                fputs(cell->text, stdout);
        if (cell->style != CLI_PLAIN)
                cli_set_style(CLI_PLAIN);
        if (!last && !right && cell->columns < columns)
                put_spaces(columns - cell->columns);
        if (!last)
                put_spaces(GAP_COLUMNS);
}

static void print_aligned(const cli_table *table)
{
        size_t *columns = cli_need(coffer_alloc_zeroed(table->width, sizeof *columns));
        for (size_t i = 0; i < table->width; i++)
                columns[i] = cli_text_columns(table->titles[i]) - (is_right(table->titles[i]) ? 1 : 0);
        for (size_t i = 0; i < table->count; i++) {
                if (table->cells[i].columns > columns[i % table->width])
                        columns[i % table->width] = table->cells[i].columns;
        }
        size_t used = 0;
        for (size_t i = 0; i + 1 < table->width; i++)
                used += columns[i] + GAP_COLUMNS;
        size_t screen = cli_terminal_columns(stdout);
        size_t room = screen > used + MIN_LAST_COLUMNS ? screen - used : MIN_LAST_COLUMNS;
        for (size_t i = 0; i < table->width; i++) {
                const char *title = table->titles[i] + (is_right(table->titles[i]) ? 1 : 0);
                table_cell header = {cli_need(coffer_strdup(title)), cli_text_columns(title), CLI_BOLD};
                put_cell(&header, columns[i], is_right(table->titles[i]), i + 1 == table->width, room);
                coffer_free(header.text);
        }
        putchar('\n');
        for (size_t i = 0; i < table->count; i++) {
                size_t column = i % table->width;
                bool last = column + 1 == table->width;
                put_cell(&table->cells[i], columns[column], is_right(table->titles[column]), last, room);
                if (last)
                        putchar('\n');
        }
        coffer_free(columns);
}

static void print_separated(const cli_table *table)
{
        for (size_t i = 0; i < table->count; i++) {
                fputs(table->cells[i].text, stdout);
                putchar((i + 1) % table->width ? '\t' : '\n');
        }
}

void cli_table_finish(cli_table *table)
{
        if (!cli_stdout_is_terminal())
                print_separated(table);
        else if (table->count > 0)
                print_aligned(table);
        for (size_t i = 0; i < table->count; i++)
                coffer_free(table->cells[i].text);
        coffer_free(table->cells);
        coffer_free(table);
}
