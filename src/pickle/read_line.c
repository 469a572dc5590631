/* SPDX-License-Identifier: Apache-2.0 */
/* The text forms of protocol 0. Readers of Python differ in what else than a pickler's own notation they take; only
 * that is taken here. */
#include <math.h>

#include "pickle/reader.h"
#include "util/number.h"
#include "util/utf8.h"

enum { MAX_LONG_DIGITS = 1 << 16 /* turning decimal into binary takes time by the square of the length */ };

/* -?(0|[1-9][0-9]*), and not -0 */
static bool is_canonical_int(coffer_cursor text)
{
        coffer_cursor digits = text;
        coffer_cursor sign;
        bool negative = text.size_bytes > 0 && text.data[0] == '-' && coffer_cursor_take(&digits, 1, &sign);
        if (digits.size_bytes == 0 || (digits.data[0] == '0' && (digits.size_bytes > 1 || negative)))
                return false;
        for (size_t i = 0; i < digits.size_bytes; i++)
                if (digits.data[i] < '0' || digits.data[i] > '9')
                        return false;
        return true;
}

static coffer_status push_int(coffer_reader *reader, coffer_cursor text)
{
        if (!is_canonical_int(text))
                return coffer_reader_fail(reader, COFFER_MALFORMED, "not an int in decimal notation");
        if (text.size_bytes > MAX_LONG_DIGITS)
                return coffer_reader_fail(reader, COFFER_LIMIT, "an int of more than %d digits", MAX_LONG_DIGITS);
        coffer_value *value;
        COFFER_TRY(coffer_value_int_text(reader->document, text, &value, reader->error));
        return coffer_reader_push(reader, value);
}

coffer_status coffer_reader_int_line(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        if (coffer_cursor_is(operand->first, "01"))
                return coffer_reader_push(reader, coffer_node_bool(true));
        if (coffer_cursor_is(operand->first, "00"))
                return coffer_reader_push(reader, coffer_node_bool(false));
        return push_int(reader, operand->first);
}

coffer_status coffer_reader_long_line(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        coffer_cursor text = operand->first;
        if (text.size_bytes > 0 && text.data[text.size_bytes - 1] == 'L')
                text.size_bytes--;
        return push_int(reader, text);
}

coffer_status coffer_reader_float_line(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        double value;
        coffer_cursor text = operand->first;
        if (!coffer_double_parse(text, &value))
                return coffer_reader_fail(reader, COFFER_MALFORMED, "not a float in decimal notation");
        if (isinf(value) && text.data[text.size_bytes - 1] <= '9')
                return coffer_reader_fail(reader, COFFER_MALFORMED, "a float that is too large");
        return coffer_reader_push(reader, coffer_node_float(reader->document, value));
}

/* ---- memo slots ---- */

static coffer_status parse_slot(coffer_reader *reader, coffer_cursor line, uint64_t *out)
{
        int64_t slot;
        if (line.size_bytes == 0 || line.data[0] < '0' || line.data[0] > '9' || !coffer_int_parse(line, &slot))
                return coffer_reader_fail(reader, COFFER_MALFORMED, "the memo slot is not a decimal number");
        *out = (uint64_t)slot;
        return COFFER_OK;
}

coffer_status coffer_reader_get_line(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        uint64_t slot = 0;
        COFFER_TRY(parse_slot(reader, operand->first, &slot));
        return coffer_reader_get(reader, slot);
}

coffer_status coffer_reader_put_line(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        uint64_t slot = 0;
        COFFER_TRY(parse_slot(reader, operand->first, &slot));
        return coffer_reader_memo_put(reader, slot);
}

/* ---- escapes ---- */

static int hex_digit(uint8_t character)
{
        if (character >= '0' && character <= '9')
                return character - '0';
        uint8_t lower = character | 0x20;
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Takes exactly `count` hexadecimal digits. */
static bool take_hex(coffer_cursor *text, size_t count, uint32_t *out)
{
        coffer_cursor digits;
        if (!coffer_cursor_take(text, count, &digits))
                return false;
        *out = 0;
        for (size_t i = 0; i < count; i++) {
                int digit = hex_digit(digits.data[i]);
                if (digit < 0)
                        return false;
                *out = *out << 4 | (uint32_t)digit;
        }
        return true;
}

/* Takes up to three octal digits, of which the first is there. */
static uint32_t take_octal(coffer_cursor *text)
{
        uint32_t value = 0;
        uint8_t digit;
        for (size_t i = 0; i < 3 && text->size_bytes > 0; i++) {
                if (text->data[0] < '0' || text->data[0] > '7' || !coffer_cursor_u8(text, &digit))
                        break;
                value = value << 3 | (uint32_t)(digit - '0');
        }
        return value;
}

/* What a letter after a backslash stands for; 0: nothing special. */
static uint8_t simple_escape(uint8_t letter)
{
        static const char pairs[] = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v";
        for (size_t i = 0; i + 1 < sizeof(pairs); i += 2)
                if (letter == (uint8_t)pairs[i])
                        return (uint8_t)pairs[i + 1];
        return 0;
}

/* Undoes one escape of a bytes literal; `text` is behind the backslash. False when it is none. */
static bool unescape_byte(coffer_cursor *text, uint8_t *out, size_t *written)
{
        coffer_cursor before = *text;
        uint8_t letter;
        uint32_t code;
        *written = 1;
        if (!coffer_cursor_u8(text, &letter))
                return false;
        if (letter == 'x') {
                if (!take_hex(text, 2, &code))
                        return false;
                out[0] = (uint8_t)code;
        } else if (letter >= '0' && letter <= '7') {
                *text = before;
                code = take_octal(text);
                out[0] = (uint8_t)code;
                return code <= UINT8_MAX;
        } else if ((out[0] = simple_escape(letter)) == 0) { /* not an escape: both stay */
                out[0] = '\\';
                out[1] = letter;
                *written = 2;
        }
        return true;
}

coffer_status coffer_reader_string_line(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        coffer_cursor text = operand->first;
        uint8_t quote = text.size_bytes ? text.data[0] : 0;
        if (text.size_bytes < 2 || (quote != '\'' && quote != '"') || text.data[text.size_bytes - 1] != quote)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "the string is not in quotes");
        text = coffer_cursor_of(text.data + 1, text.size_bytes - 2);
        coffer_buf *scratch = &reader->scratch;
        scratch->size_bytes = 0;
        COFFER_TRY(coffer_buf_reserve(scratch, text.size_bytes, reader->error));
        uint8_t byte;
        while (coffer_cursor_u8(&text, &byte)) {
                size_t written = 1;
                scratch->data[scratch->size_bytes] = byte;
                if (byte == '\\' && !unescape_byte(&text, scratch->data + scratch->size_bytes, &written))
                        return coffer_reader_fail(reader, COFFER_MALFORMED, "a broken escape in the string");
                scratch->size_bytes += written;
        }
        return coffer_reader_push_text(reader, coffer_reader_python2_kind(coffer_buf_cursor(scratch)),
                                       coffer_buf_cursor(scratch), false);
}

/* One code point of the raw-unicode-escape notation: \uXXXX and \UXXXXXXXX stand for code points, another backslash for
 * itself and keeps what follows from being an escape; everything else is Latin-1. */
static bool take_raw_unicode(coffer_cursor *text, bool *literal, uint32_t *code)
{
        uint8_t byte;
        if (!coffer_cursor_u8(text, &byte))
                return false;
        *code = byte;
        if (byte != '\\' || *literal || text->size_bytes == 0) {
                *literal = false;
                return true;
        }
        uint8_t letter = text->data[0];
        *literal = letter != 'u' && letter != 'U';
        if (*literal)
                return true;
        return coffer_cursor_u8(text, &letter) && take_hex(text, letter == 'u' ? 4 : 8, code) && *code <= 0x10ffff;
}

coffer_status coffer_reader_unicode_line(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        coffer_cursor text = operand->first;
        coffer_buf *scratch = &reader->scratch;
        size_t most_bytes;
        bool literal = false;
        if (!coffer_mul_size(text.size_bytes, 2, &most_bytes)) /* a Latin-1 character becomes two bytes of UTF-8 */
                return coffer_reader_fail(reader, COFFER_LIMIT, "the text is too long");
        scratch->size_bytes = 0;
        COFFER_TRY(coffer_buf_reserve(scratch, most_bytes, reader->error));
        while (text.size_bytes > 0) {
                uint32_t code;
                if (!take_raw_unicode(&text, &literal, &code))
                        return coffer_reader_fail(reader, COFFER_MALFORMED, "a broken escape in the text");
                scratch->size_bytes += coffer_utf8_put(code, scratch->data + scratch->size_bytes);
        }
        return coffer_reader_push_text(reader, COFFER_KIND_STR, coffer_buf_cursor(scratch), false);
}
