/* SPDX-License-Identifier: Apache-2.0 */
/* JSON on standard output: two spaces of indentation, ASCII only, so that it is safe on any terminal. */
#ifndef COFFER_CLI_JSON_H
#define COFFER_CLI_JSON_H

#include <jansson.h>

#include <coffer/bytes.h>

/* Values for cli_json_set: a text that is not UTF-8 is escaped, NULL is null; a negative time is null. */
json_t *cli_json_text(const char *text);
json_t *cli_json_number(uint64_t number);
json_t *cli_json_time(int64_t epoch_ms);
json_t *cli_json_bool(bool value);
/* JSON text that came from the library, as a value; what jansson cannot hold becomes a string. */
json_t *cli_json_parsed(const char *json_text);

json_t *cli_json_object(void);
json_t *cli_json_array(void);
/* Takes the reference to `value`. */
void cli_json_set(json_t *object, const char *key, json_t *value);
void cli_json_append(json_t *array, json_t *value);

/* Prints with a newline and frees. */
void cli_json_print(json_t *json);
/* A member whose value is JSON text as it stands; NULL: it is left out. */
typedef struct cli_json_part {
        const char *key;
        const char *text;
} cli_json_part;

/* Prints `object`, which is not empty, (and frees it) with these members behind the others. */
void cli_json_print_with(json_t *object, const cli_json_part *parts, size_t count);

#endif
