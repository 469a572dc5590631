/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text to values. jansson reads the structure; numbers are read here, because it would round them: before it sees
 * the text, each number is overwritten by a placeholder of the same length, and the numbers are put back in the order
 * in which they stand. */
#include <float.h>
#include <math.h>

#include "util/json.h"
#include "util/map.h"
#include "util/number.h"
#include "value/value_internal.h"

enum { EXACT_DIGITS = 17, SAFE_DIGITS = DBL_DIG, FAR_EXPONENT = 1 << 28, SHOWN_BYTES = 40 };

typedef struct reader {
        coffer_document *document;
        coffer_cursor text;
        size_t next;      /* offset behind the last number taken */
        coffer_map *keys; /* text to the str that is the key wherever the text is one, as in Python */
} reader;

/* ---- finding numbers ---- */

static bool is_digit(uint8_t byte)
{
        return byte >= '0' && byte <= '9';
}

static bool is_number_start(uint8_t byte)
{
        return byte == '-' || is_digit(byte);
}

static bool is_number_part(uint8_t byte)
{
        return is_digit(byte) || byte == '-' || byte == '+' || byte == '.' || byte == 'e' || byte == 'E';
}

static size_t skip_string(coffer_cursor text, size_t offset)
{
        for (offset++; offset < text.size_bytes && text.data[offset] != '"'; offset++)
                if (text.data[offset] == '\\')
                        offset++;
        return offset + 1;
}

/* The next number at or behind `*offset`, which then lies behind it; false when there is none. */
static bool next_number(coffer_cursor text, size_t *offset, coffer_cursor *out)
{
        size_t at = *offset;
        while (at < text.size_bytes && !is_number_start(text.data[at]))
                at = text.data[at] == '"' ? skip_string(text, at) : at + 1;
        if (at >= text.size_bytes)
                return false;
        size_t end = at;
        while (end < text.size_bytes && is_number_part(text.data[end]))
                end++;
        *out = coffer_cursor_of(text.data + at, end - at);
        *offset = end;
        return true;
}

/* ---- numbers in JSON's grammar ---- */

typedef struct number_parts {
        coffer_cursor whole;
        coffer_cursor fraction;
        coffer_cursor exponent; /* with its sign */
        bool negative;
        bool is_float;
} number_parts;

static coffer_cursor take_digits(coffer_cursor *text)
{
        coffer_cursor digits = coffer_cursor_of(text->data, 0);
        size_t size = 0;
        while (size < text->size_bytes && is_digit(text->data[size]))
                size++;
        return coffer_cursor_take(text, size, &digits) ? digits : coffer_cursor_of(NULL, 0);
}

static bool take_one_of(coffer_cursor *text, const char *choices, uint8_t *taken)
{
        if (text->size_bytes == 0 || text->data[0] == 0 || !strchr(choices, text->data[0]))
                return false;
        return coffer_cursor_u8(text, taken);
}

static bool split_number(coffer_cursor text, number_parts *out)
{
        uint8_t mark;
        *out = (number_parts){0};
        out->negative = take_one_of(&text, "-", &mark);
        out->whole = take_digits(&text);
        if (out->whole.size_bytes == 0 || (out->whole.size_bytes > 1 && out->whole.data[0] == '0'))
                return false;
        if (take_one_of(&text, ".", &mark)) {
                out->is_float = true;
                out->fraction = take_digits(&text);
                if (out->fraction.size_bytes == 0)
                        return false;
        }
        if (take_one_of(&text, "eE", &mark)) {
                out->is_float = true;
                out->exponent = text;
                (void)take_one_of(&text, "+-", &mark);
                if (take_digits(&text).size_bytes == 0)
                        return false;
        }
        return text.size_bytes == 0;
}

/* ---- are the digits kept? ---- */

/* A decimal number as 0.DIGITS times a power of ten, without zeros at either end. */
typedef struct decimal {
        char digits[EXACT_DIGITS];
        size_t count; /* of digits; more than EXACT_DIGITS: too many */
        int64_t exponent;
} decimal;

static int64_t exponent_of(coffer_cursor text)
{
        uint8_t sign = '+';
        int64_t number = 0;
        (void)take_one_of(&text, "+-", &sign);
        for (size_t i = 0; i < text.size_bytes && number < FAR_EXPONENT; i++)
                number = number * 10 + (text.data[i] - '0');
        return sign == '-' ? -number : number;
}

static void add_digits(decimal *number, coffer_cursor digits, size_t *zeros)
{
        for (size_t i = 0; i < digits.size_bytes; i++) {
                if (digits.data[i] == '0') {
                        (*zeros)++;
                        continue;
                }
                for (; *zeros > 0 && number->count > 0; (*zeros)--)
                        if (number->count++ < EXACT_DIGITS)
                                number->digits[number->count - 1] = '0';
                if (number->count == 0)
                        number->exponent -= (int64_t)*zeros;
                *zeros = 0;
                if (number->count++ < EXACT_DIGITS)
                        number->digits[number->count - 1] = (char)digits.data[i];
        }
}

static decimal decimal_of(const number_parts *parts)
{
        decimal number = {.exponent = exponent_of(parts->exponent) + (int64_t)parts->whole.size_bytes};
        size_t zeros = 0;
        add_digits(&number, parts->whole, &zeros);
        add_digits(&number, parts->fraction, &zeros);
        if (number.count == 0)
                number.exponent = 0;
        return number;
}

/* True when the shortest decimal of `value` has the digits of the text. */
static bool keeps_digits(const number_parts *parts, double value)
{
        char shortest[COFFER_DOUBLE_TEXT_BYTES];
        number_parts kept;
        decimal wanted = decimal_of(parts);
        if (wanted.count <= SAFE_DIGITS && isnormal(value))
                return true; /* no two decimals of so few digits are the same double */
        coffer_double_format(value, shortest);
        if (!split_number(coffer_cursor_text(shortest), &kept))
                return false; /* an infinity */
        decimal got = decimal_of(&kept);
        return wanted.count == got.count && wanted.count <= EXACT_DIGITS && wanted.exponent == got.exponent &&
               memcmp(wanted.digits, got.digits, wanted.count) == 0;
}

/* ---- building values ---- */

static coffer_status fail_number(const reader *r, coffer_cursor number, const char *why, coffer_error *error)
{
        int shown = number.size_bytes > SHOWN_BYTES ? SHOWN_BYTES : (int)number.size_bytes;
        return coffer_error_set_at(error, COFFER_MALFORMED, number.data - r->text.data, "the number %.*s%s %s", shown,
                                   (const char *)number.data, shown < (int)number.size_bytes ? "..." : "", why);
}

static coffer_status build_number(reader *r, const coffer_value **out, coffer_error *error)
{
        coffer_cursor text;
        number_parts parts;
        coffer_value *value;
        double number;
        if (!next_number(r->text, &r->next, &text) || !split_number(text, &parts))
                return coffer_error_set(error, COFFER_INTERNAL, "a number of a JSON text has gone");
        if (!parts.is_float) {
                COFFER_TRY(coffer_value_int_text(r->document, text, &value, error));
        } else {
                if (!coffer_double_parse(text, &number) || !keeps_digits(&parts, number))
                        return fail_number(r, text, "can't be held exactly by a 64-bit float", error);
                COFFER_TRY(coffer_value_float(r->document, number, &value, error));
        }
        *out = value;
        return COFFER_OK;
}

static coffer_status build_text(reader *r, const char *text, size_t size_bytes, const coffer_value **out,
                                coffer_error *error)
{
        *out = coffer_node_text_made(r->document, COFFER_KIND_STR, coffer_cursor_of(text, size_bytes));
        return *out ? COFFER_OK : coffer_document_failure(r->document, error);
}

static coffer_status build_key(reader *r, const char *text, size_t size_bytes, const coffer_value **out,
                               coffer_error *error)
{
        bool has_nul = strlen(text) != size_bytes;
        const coffer_value *known = has_nul ? NULL : (const coffer_value *)coffer_map_get(r->keys, text);
        if (!known) {
                COFFER_TRY(build_text(r, text, size_bytes, &known, error));
                if (!has_nul)
                        COFFER_TRY(coffer_map_set(r->keys, text, (void *)known, error));
        }
        *out = known;
        return COFFER_OK;
}

static coffer_status build(reader *r, json_t *json, const coffer_value **out, coffer_error *error);

static coffer_status build_array(reader *r, json_t *array, const coffer_value **out, coffer_error *error)
{
        coffer_value *list;
        const coffer_value *item;
        COFFER_TRY(coffer_value_container(r->document, COFFER_KIND_LIST, &list, error));
        for (size_t i = 0; i < json_array_size(array); i++) {
                COFFER_TRY(build(r, json_array_get(array, i), &item, error));
                COFFER_TRY(coffer_node_extend(r->document, list, &item, 1, error));
        }
        *out = list;
        return COFFER_OK;
}

static coffer_status build_object(reader *r, json_t *object, const coffer_value **out, coffer_error *error)
{
        coffer_value *dict;
        const coffer_value *pair[2];
        COFFER_TRY(coffer_value_container(r->document, COFFER_KIND_DICT, &dict, error));
        for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
                COFFER_TRY(build_key(r, json_object_iter_key(at), json_object_iter_key_len(at), &pair[0], error));
                COFFER_TRY(build(r, json_object_iter_value(at), &pair[1], error));
                COFFER_TRY(coffer_node_update(r->document, dict, pair, 1, error));
        }
        *out = dict;
        return COFFER_OK;
}

/* jansson reads no deeper than 2048, so this recursion has an end. */
static coffer_status build(reader *r, json_t *json, const coffer_value **out, coffer_error *error)
{
        switch (json_typeof(json)) {
        case JSON_OBJECT:
                return build_object(r, json, out, error);
        case JSON_ARRAY:
                return build_array(r, json, out, error);
        case JSON_STRING:
                return build_text(r, json_string_value(json), json_string_length(json), out, error);
        case JSON_INTEGER:
        case JSON_REAL:
                return build_number(r, out, error);
        case JSON_NULL:
                *out = coffer_node_none();
                return COFFER_OK;
        default:
                *out = coffer_node_bool(json_is_true(json));
                return COFFER_OK;
        }
}

/* A copy of the text in which each number is a 1 and spaces; checks their grammar, which jansson then can't. */
static coffer_status hide_numbers(const reader *r, coffer_buf *out, coffer_error *error)
{
        coffer_cursor number;
        number_parts parts;
        COFFER_TRY(coffer_buf_append_cursor(out, r->text, error));
        for (size_t offset = 0; next_number(r->text, &offset, &number);) {
                if (!split_number(number, &parts))
                        return fail_number(r, number, "is not one of JSON's", error);
                uint8_t *copy = out->data + (offset - number.size_bytes);
                memset(copy, ' ', number.size_bytes);
                copy[0] = '1';
        }
        return COFFER_OK;
}

coffer_status coffer_document_from_json(coffer_cursor text, coffer_document **out, coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        coffer_buf copy _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        json_t *json _cleanup_json_ = NULL;
        coffer_map *keys _cleanup_map_ = NULL;
        const coffer_value *root;
        COFFER_TRY(coffer_document_new(&document, error));
        COFFER_TRY(coffer_map_new(NULL, &keys, error));
        reader r = {document, text, 0, keys};
        COFFER_TRY(hide_numbers(&r, &copy, error));
        COFFER_TRY(coffer_json_parse_value(coffer_buf_cursor(&copy), "the text", &json, error));
        COFFER_TRY(build(&r, json, &root, error));
        coffer_document_set_root(document, root);
        *out = TAKE_PTR(document);
        return COFFER_OK;
}
