/* SPDX-License-Identifier: Apache-2.0 */
#include "util/json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/cursor.h"
#include "util/number.h"
#include "util/utf8.h"

typedef struct json_limits {
        size_t input_bytes, token_bytes;
} json_limits;

/* No file of ours has strings of such a length. */
static const json_limits file_limits = {(size_t)256 << 20, (size_t)16 << 20};
/* What can be written can be read: coffer_value_to_canonical_json has the same limit. */
static const json_limits value_limits = {INT32_MAX, INT32_MAX};

/* As deep as jansson reads; also the end of a structure that contains itself. */
enum { DEEPEST_NESTING = 2048 };

/* The size of the largest string, number or word. */
static size_t measure_tokens(coffer_cursor text)
{
        static const bool ends_token[UINT8_MAX + 1] = {
                ['\0'] = true, [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true, [','] = true,
                [':'] = true,  ['['] = true, [']'] = true,  ['{'] = true,  ['}'] = true};
        size_t longest_bytes = 0, token_bytes = 0;
        bool in_string = false;
        for (size_t i = 0; i < text.size_bytes; i++) {
                uint8_t byte = text.data[i];
                if (byte == '"')
                        in_string = !in_string;
                bool ends = !in_string && ends_token[byte];
                token_bytes = ends ? 0 : token_bytes + 1;
                if (in_string && byte == '\\' && i + 1 < text.size_bytes) {
                        token_bytes++;
                        i++;
                }
                if (token_bytes > longest_bytes)
                        longest_bytes = token_bytes;
        }
        return longest_bytes;
}

/* Jansson does not notice that its buffer for a token cannot grow, and then writes past its end: so make sure that
 * there is memory for it. */
static coffer_status check_tokens(coffer_cursor text, const json_limits *limits, const char *what, coffer_error *error)
{
        size_t longest_bytes = measure_tokens(text);
        if (longest_bytes > limits->token_bytes)
                return coffer_error_set(error, COFFER_LIMIT,
                                        "%s: a text of %zu bytes, more than the %zu that are allowed", what,
                                        longest_bytes, limits->token_bytes);
        void *probe = coffer_alloc(4 * longest_bytes + 1);
        if (!probe)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to read %s", what);
        coffer_free(probe);
        return COFFER_OK;
}

static coffer_status parse_status(const json_error_t *failure)
{
        /* Without memory for a token jansson may call the token wrong, or say nothing at all. */
        if (errno == ENOMEM || failure->text[0] == '\0')
                return COFFER_NO_MEMORY;
        switch (json_error_code(failure)) {
        case json_error_out_of_memory:
                return COFFER_NO_MEMORY;
        case json_error_stack_overflow:
        case json_error_numeric_overflow:
                return COFFER_LIMIT;
        default:
                return COFFER_MALFORMED;
        }
}

static bool is_blank(coffer_cursor text)
{
        size_t blanks = 0;
        while (blanks < text.size_bytes && text.data[blanks] != '\0' && strchr(" \t\r\n", text.data[blanks]))
                blanks++;
        return blanks == text.size_bytes;
}

static coffer_status parse(coffer_cursor text, const json_limits *limits, const char *what, json_t **out,
                           coffer_error *error)
{
        if (text.size_bytes > limits->input_bytes)
                return coffer_error_set(error, COFFER_LIMIT,
                                        "%s: %zu bytes of JSON, more than the %zu that are allowed", what,
                                        text.size_bytes, limits->input_bytes);
        if (is_blank(text))
                return coffer_error_set_at(error, COFFER_MALFORMED, 0, "%s: there is no JSON in it, it is empty", what);
        COFFER_TRY(check_tokens(text, limits, what, error));
        json_error_t failure;
        errno = 0;
        json_t *json = json_loadb((const char *)text.data, text.size_bytes,
                                  JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &failure);
        if (!json) {
                coffer_status status = parse_status(&failure);
                return coffer_error_set_at(error, status, status == COFFER_NO_MEMORY ? -1 : failure.position,
                                           "%s: cannot read JSON at line %d, column %d: %s", what, failure.line,
                                           failure.column, failure.text);
        }
        *out = json;
        return COFFER_OK;
}

coffer_status coffer_json_parse(coffer_cursor text, const char *what, json_t **out, coffer_error *error)
{
        return parse(text, &file_limits, what, out, error);
}

coffer_status coffer_json_parse_value(coffer_cursor text, const char *what, json_t **out, coffer_error *error)
{
        return parse(text, &value_limits, what, out, error);
}

static coffer_status write_escape(coffer_buf *out, uint32_t code_point, coffer_error *error)
{
        static const struct {
                char raw, letter;
        } letters[] = {{'"', '"'}, {'\\', '\\'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}, {'\b', 'b'}, {'\f', 'f'}};
        for (size_t i = 0; i < ARRAY_COUNT(letters); i++)
                if (code_point == (uint32_t)letters[i].raw)
                        return coffer_buf_printf(out, error, "\\%c", letters[i].letter);
        if (code_point < 0x10000)
                return coffer_buf_printf(out, error, "\\u%04" PRIx32, code_point);
        code_point -= 0x10000;
        return coffer_buf_printf(out, error, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + (code_point >> 10),
                                 0xdc00 + (code_point & 0x3ff));
}

static bool is_plain(uint8_t byte)
{
        return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
}

static coffer_status write_string(coffer_buf *out, const char *text, size_t size_bytes, coffer_error *error)
{
        coffer_cursor rest = coffer_cursor_of(text, size_bytes);
        COFFER_TRY(coffer_buf_append_byte(out, '"', error));
        while (rest.size_bytes > 0) {
                size_t plain_bytes = 0;
                while (plain_bytes < rest.size_bytes && is_plain(rest.data[plain_bytes]))
                        plain_bytes++;
                COFFER_TRY(coffer_buf_append(out, rest.data, plain_bytes, error));
                rest = coffer_cursor_of(rest.data + plain_bytes, rest.size_bytes - plain_bytes);
                if (rest.size_bytes == 0)
                        break;
                uint32_t code_point;
                if (!coffer_utf8_take(&rest, &code_point))
                        return coffer_error_set(error, COFFER_INVALID, "a text for JSON is not UTF-8");
                COFFER_TRY(write_escape(out, code_point, error));
        }
        return coffer_buf_append_byte(out, '"', error);
}

static coffer_status write_value(coffer_buf *out, const json_t *json, size_t depth, coffer_error *error);

static coffer_status write_array(coffer_buf *out, const json_t *json, size_t depth, coffer_error *error)
{
        COFFER_TRY(coffer_buf_append_byte(out, '[', error));
        for (size_t i = 0; i < json_array_size(json); i++) {
                if (i > 0)
                        COFFER_TRY(coffer_buf_append_text(out, ", ", error));
                COFFER_TRY(write_value(out, json_array_get(json, i), depth, error));
        }
        return coffer_buf_append_byte(out, ']', error);
}

static coffer_status write_object(coffer_buf *out, const json_t *json, size_t depth, coffer_error *error)
{
        json_t *object = (json_t *)json; /* jansson's iterators want it so, but do not change it */
        COFFER_TRY(coffer_buf_append_byte(out, '{', error));
        void *first = json_object_iter(object);
        for (void *at = first; at; at = json_object_iter_next(object, at)) {
                if (at != first)
                        COFFER_TRY(coffer_buf_append_text(out, ", ", error));
                COFFER_TRY(write_string(out, json_object_iter_key(at), json_object_iter_key_len(at), error));
                COFFER_TRY(coffer_buf_append_text(out, ": ", error));
                COFFER_TRY(write_value(out, json_object_iter_value(at), depth, error));
        }
        return coffer_buf_append_byte(out, '}', error);
}

static coffer_status write_value(coffer_buf *out, const json_t *json, size_t depth, coffer_error *error)
{
        if (depth == 0)
                return coffer_error_set(error, COFFER_LIMIT, "JSON nested deeper than %d", DEEPEST_NESTING);
        if (!json)
                return coffer_error_set(error, COFFER_INVALID, "no JSON value given");
        char number[COFFER_DOUBLE_TEXT_BYTES];
        switch (json_typeof(json)) {
        case JSON_OBJECT:
                return write_object(out, json, depth - 1, error);
        case JSON_ARRAY:
                return write_array(out, json, depth - 1, error);
        case JSON_STRING:
                return write_string(out, json_string_value(json), json_string_length(json), error);
        case JSON_INTEGER:
                return coffer_buf_printf(out, error, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        case JSON_REAL:
                coffer_double_format(json_real_value(json), number);
                return coffer_buf_append_text(out, number, error);
        case JSON_TRUE:
                return coffer_buf_append_text(out, "true", error);
        case JSON_FALSE:
                return coffer_buf_append_text(out, "false", error);
        case JSON_NULL:
                return coffer_buf_append_text(out, "null", error);
        }
        return coffer_error_set(error, COFFER_INTERNAL, "a JSON value of unknown type");
}

coffer_status coffer_json_write(const json_t *json, coffer_buf *out, coffer_error *error)
{
        size_t before_bytes = out->size_bytes;
        coffer_status status = write_value(out, json, DEEPEST_NESTING, error);
        if (status != COFFER_OK)
                out->size_bytes = before_bytes;
        return status;
}

coffer_status coffer_json_text(const json_t *json, char **out, coffer_error *error)
{
        _cleanup_buf_ coffer_buf buf = COFFER_BUF_INIT(SIZE_MAX);
        COFFER_TRY(coffer_json_write(json, &buf, error));
        return coffer_buf_take_text(&buf, out, error);
}

coffer_status coffer_json_set(json_t *object, const char *key, json_t *value, coffer_error *error)
{
        if (!value)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the JSON value of %s", key);
        _cleanup_json_ json_t *owned = value;
        if (!json_is_object(object) || value == object)
                return coffer_error_set(error, COFFER_INVALID,
                                        "%s cannot be set in a JSON value that is no object, or itself", key);
        if (!coffer_utf8_valid(coffer_cursor_text(key), false))
                return coffer_error_set(error, COFFER_INVALID, "the JSON key %s is not UTF-8", key);
        if (json_object_set_new_nocheck(object, key, TAKE_PTR(owned)) != 0)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the JSON key %s", key);
        return COFFER_OK;
}

const char *coffer_json_string(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}
