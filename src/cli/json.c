/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "text.h"

enum { INDENT_COLUMNS = 2, DUMP_FLAGS = JSON_INDENT(INDENT_COLUMNS) | JSON_ENSURE_ASCII };

json_t *cli_json_text(const char *text)
{
        if (!text)
                return json_null();
        json_t *json = json_string(text);
        if (json)
                return json;
        char *safe = cli_safe(text);
        json = json_string(safe);
        coffer_free(safe);
        return json;
}

json_t *cli_json_number(uint64_t number)
{
        return json_integer((json_int_t)number);
}

json_t *cli_json_time(int64_t epoch_ms)
{
        char text[CLI_TIME_TEXT_BYTES] = "";
        if (epoch_ms >= 0)
                cli_time_text(epoch_ms, true, text);
        return cli_json_text(text[0] ? text : NULL);
}

json_t *cli_json_bool(bool value)
{
        return json_boolean(value);
}

json_t *cli_json_parsed(const char *json_text)
{
        json_t *json = json_text ? json_loads(json_text, JSON_DECODE_ANY, NULL) : json_null();
        return json ? json : cli_json_text(json_text);
}

json_t *cli_json_object(void)
{
        return cli_need(json_object());
}

json_t *cli_json_array(void)
{
        return cli_need(json_array());
}

void cli_json_set(json_t *object, const char *key, json_t *value)
{
        if (json_object_set_new(object, key, cli_need(value)) != 0)
                cli_need(NULL);
}

void cli_json_append(json_t *array, json_t *value)
{
        if (json_array_append_new(array, cli_need(value)) != 0)
                cli_need(NULL);
}

/* DEL is the one control character that neither JSON nor jansson escapes. */
static int put_part(const char *part, size_t size_bytes, void *user)
{
        (void)user;
        for (size_t i = 0; i < size_bytes; i++) {
                if (part[i] == '\x7f')
                        fputs("\\u007f", stdout);
                else
                        putchar(part[i]);
        }
        return 0;
}

void cli_json_print(json_t *json)
{
        if (json_dump_callback(json, put_part, NULL, DUMP_FLAGS) != 0)
                cli_need(NULL);
        putchar('\n');
        json_decref(json);
}

void cli_json_print_with(json_t *object, const cli_json_part *parts, size_t count)
{
        char *text = cli_need(json_dumps(object, DUMP_FLAGS));
        size_t length = strlen(text);
        /* Without the line break and the brace that end it. */
        (void)put_part(text, length > 2 ? length - 2 : 0, NULL);
        for (size_t i = 0; i < count; i++) {
                if (!parts[i].text)
                        continue;
                printf(",\n%*s\"%s\": ", INDENT_COLUMNS, "", parts[i].key);
                (void)put_part(parts[i].text, strlen(parts[i].text), NULL);
        }
        puts("\n}");
        free(text);
        json_decref(object);
}
