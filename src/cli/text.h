/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people: safe on any terminal, with sizes and times that can be read. */
#ifndef COFFER_CLI_TEXT_H
#define COFFER_CLI_TEXT_H

#include <stdio.h>

#include <coffer/bytes.h>

/* Call once: makes the C library's tables for UTF-8 available whatever the user's locale. */
void cli_text_init(void);

/* Writes `text`; control characters, bidirectional overrides and what is not UTF-8 are escaped as in Python ("\n",
 * "\x1b",
 * "\u202e"). With `lines`, newlines are kept. */
void cli_put_safe(FILE *file, coffer_cursor text, bool lines);

/* The same as a string; free with coffer_free. */
char *cli_safe(const char *text);

/* True when nothing in `text` needs an escape, newlines, tabs and carriage returns aside. */
bool cli_text_is_plain(coffer_cursor text);

bool cli_text_is_utf8(coffer_cursor text);

/* Columns that escaped text takes on a terminal. */
size_t cli_text_columns(const char *text);

enum { CLI_SIZE_TEXT_BYTES = 32, CLI_TIME_TEXT_BYTES = 40 };
/* "17 B", "1.5 MiB". */
void cli_size_text(uint64_t size_bytes, char out[CLI_SIZE_TEXT_BYTES]);
/* "1,234,567" */
void cli_grouped_text(uint64_t number, char out[CLI_SIZE_TEXT_BYTES]);
/* Local time "2031-01-31 12:00:00", or with `machine` UTC "2031-01-31T12:00:00.123Z". Empty when it is no time. */
void cli_time_text(int64_t epoch_ms, bool machine, char out[CLI_TIME_TEXT_BYTES]);

/* ---- standard output as a terminal ---- */

typedef enum cli_style { CLI_PLAIN, CLI_BOLD, CLI_DIM, CLI_RED, CLI_GREEN, CLI_YELLOW } cli_style;

bool cli_stdout_is_terminal(void);
/* Of the terminal at `file`; 80 when unknown. */
size_t cli_terminal_columns(FILE *file);
/* Begins or (CLI_PLAIN) ends a style on standard output; nothing unless it is a terminal with colours (NO_COLOR, TERM).
 */
void cli_set_style(cli_style style);
/* Styled text, escaped. */
void cli_put_styled(cli_style style, const char *text);

/* Flushes standard output; CLI_SYSTEM and a line when something written to it was lost. */
int cli_finish_output(void);

#endif
