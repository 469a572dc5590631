/* SPDX-License-Identifier: Apache-2.0 */
#include "value/literal.h"
#include "util/buf.h"
#include "util/utf8.h"

enum { MAX_DEPTH = 64 };

typedef struct parser {
        coffer_document *document;
        coffer_cursor rest;
        const uint8_t *start;
        unsigned depth;
} parser;

static coffer_status fail(const parser *p, const char *what, coffer_error *error)
{
        return coffer_error_set_at(error, COFFER_MALFORMED, p->rest.data - p->start, "not a Python literal: %s", what);
}

static void skip_space(parser *p)
{
        uint8_t space;
        while (p->rest.size_bytes > 0 && p->rest.data[0] != 0 && strchr(" \t\r\n", p->rest.data[0]))
                if (!coffer_cursor_u8(&p->rest, &space))
                        return;
}

/* Takes `wanted` when it comes next, after white space. */
static bool take(parser *p, char wanted)
{
        uint8_t byte;
        skip_space(p);
        return p->rest.size_bytes > 0 && p->rest.data[0] == (uint8_t)wanted && coffer_cursor_u8(&p->rest, &byte);
}

/* ---- strings ---- */

static int hex_digit(uint8_t byte)
{
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *found = byte ? strchr(digits, byte) : NULL;
        if (!found)
                return -1;
        return found - digits < 16 ? (int)(found - digits) : (int)(found - digits) - 6;
}

static bool take_hex(parser *p, size_t count, uint32_t *out)
{
        coffer_cursor digits;
        uint32_t number = 0;
        if (!coffer_cursor_take(&p->rest, count, &digits))
                return false;
        for (size_t i = 0; i < count; i++) {
                int digit = hex_digit(digits.data[i]);
                if (digit < 0)
                        return false;
                number = number << 4 | (uint32_t)digit;
        }
        *out = number;
        return number <= 0x10ffff;
}

/* What stands after a backslash. */
static coffer_status take_escape(parser *p, coffer_buf *text, coffer_error *error)
{
        static const char letters[] = "\\'\"ntrabfv", values[] = "\\'\"\n\t\r\a\b\f\v";
        uint8_t letter;
        uint32_t code_point;
        uint8_t encoded[4];
        if (!coffer_cursor_u8(&p->rest, &letter) || letter == 0)
                return fail(p, "a string ends in a backslash", error);
        const char *simple = strchr(letters, letter);
        if (simple)
                return coffer_buf_append_byte(text, (uint8_t)values[simple - letters], error);
        size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
        if (digits == 0 || !take_hex(p, digits, &code_point))
                return fail(p, "an escape in a string is wrong", error);
        return coffer_buf_append(text, encoded, coffer_utf8_put(code_point, encoded), error);
}

static coffer_status parse_string(parser *p, uint8_t quote, const coffer_value **out, coffer_error *error)
{
        coffer_buf text _cleanup_buf_ = COFFER_BUF_INIT(p->rest.size_bytes);
        uint8_t byte;
        for (;;) {
                if (!coffer_cursor_u8(&p->rest, &byte) || byte == '\n')
                        return fail(p, "a string does not end", error);
                if (byte == quote)
                        break;
                COFFER_TRY(byte == '\\' ? take_escape(p, &text, error) : coffer_buf_append_byte(&text, byte, error));
        }
        coffer_value *value;
        COFFER_TRY(coffer_value_str(p->document, coffer_buf_cursor(&text), false, &value, error));
        *out = value;
        return COFFER_OK;
}

/* ---- numbers and names ---- */

static bool is_word(uint8_t byte)
{
        return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
               byte == '_';
}

static coffer_status parse_word(parser *p, const coffer_value **out, coffer_error *error)
{
        coffer_cursor word;
        size_t size = p->rest.size_bytes > 0 && p->rest.data[0] == '-';
        while (size < p->rest.size_bytes && is_word(p->rest.data[size]))
                size++;
        if (!coffer_cursor_take(&p->rest, size, &word) || size == 0)
                return fail(p, "a value is missing", error);
        if (coffer_cursor_is(word, "None"))
                *out = coffer_node_none();
        else if (coffer_cursor_is(word, "True") || coffer_cursor_is(word, "False"))
                *out = coffer_node_bool(word.data[0] == 'T');
        else {
                if (word.data[size - 1] == 'L') /* Python 2's long */
                        word.size_bytes--;
                coffer_value *number;
                COFFER_TRY(coffer_value_int_text(p->document, word, &number, error));
                *out = number;
        }
        return COFFER_OK;
}

/* ---- containers ---- */

static coffer_status parse_value(parser *p, const coffer_value **out, coffer_error *error);

static coffer_status parse_items(parser *p, coffer_value *sequence, char close, bool *comma, coffer_error *error)
{
        const coffer_value *item;
        *comma = true;
        while (!take(p, close)) {
                if (!*comma)
                        return fail(p, "a comma is missing", error);
                COFFER_TRY(parse_value(p, &item, error));
                COFFER_TRY(coffer_value_append(p->document, sequence, item, error));
                *comma = take(p, ',');
        }
        return COFFER_OK;
}

static coffer_status parse_sequence(parser *p, coffer_kind kind, char close, const coffer_value **out,
                                    coffer_error *error)
{
        coffer_value *sequence;
        bool comma;
        COFFER_TRY(coffer_value_container(p->document, kind, &sequence, error));
        COFFER_TRY(parse_items(p, sequence, close, &comma, error));
        bool parenthesised = kind == COFFER_KIND_TUPLE && coffer_value_count(sequence) == 1 && !comma;
        *out = parenthesised ? coffer_value_item(sequence, 0) : sequence;
        return COFFER_OK;
}

static coffer_status parse_dict(parser *p, const coffer_value **out, coffer_error *error)
{
        coffer_value *dict;
        COFFER_TRY(coffer_value_container(p->document, COFFER_KIND_DICT, &dict, error));
        for (bool comma = true; !take(p, '}'); comma = take(p, ',')) {
                const coffer_value *key, *value;
                size_t before = coffer_value_count(dict);
                if (!comma)
                        return fail(p, "a comma is missing", error);
                COFFER_TRY(parse_value(p, &key, error));
                if (!take(p, ':'))
                        return fail(p, "a colon is missing", error);
                COFFER_TRY(parse_value(p, &value, error));
                COFFER_TRY(coffer_value_set_item(p->document, dict, key, value, error));
                if (coffer_value_count(dict) == before)
                        return fail(p, "a key stands twice", error);
        }
        *out = dict;
        return COFFER_OK;
}

static coffer_status parse_value(parser *p, const coffer_value **out, coffer_error *error)
{
        coffer_status status;
        if (++p->depth > MAX_DEPTH)
                return coffer_error_set_at(error, COFFER_LIMIT, p->rest.data - p->start,
                                           "a literal is nested deeper than %d", MAX_DEPTH);
        if (take(p, '{'))
                status = parse_dict(p, out, error);
        else if (take(p, '['))
                status = parse_sequence(p, COFFER_KIND_LIST, ']', out, error);
        else if (take(p, '('))
                status = parse_sequence(p, COFFER_KIND_TUPLE, ')', out, error);
        else if (take(p, '\''))
                status = parse_string(p, '\'', out, error);
        else if (take(p, '"'))
                status = parse_string(p, '"', out, error);
        else
                status = parse_word(p, out, error);
        p->depth--;
        return status;
}

coffer_status coffer_literal_parse(coffer_document *document, coffer_cursor text, const coffer_value **out,
                                   coffer_error *error)
{
        parser p = {document, text, text.data, 0};
        const coffer_value *value;
        COFFER_TRY(parse_value(&p, &value, error));
        skip_space(&p);
        if (p.rest.size_bytes > 0)
                return fail(&p, "something follows it", error);
        *out = value;
        return COFFER_OK;
}
