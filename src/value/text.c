/* SPDX-License-Identifier: Apache-2.0 */
#include "value/text.h"

#include <inttypes.h>
#include <stdio.h>

#include "util/utf8.h"

/* Code points that are invisible, reorder text, or have no meaning of their own: first and last of each range. */
static const uint32_t unprintable[][2] = {
        {0x0000, 0x001f},    {0x007f, 0x00a0}, {0x00ad, 0x00ad},   {0x0600, 0x0605},   {0x061c, 0x061c},
        {0x06dd, 0x06dd},    {0x070f, 0x070f}, {0x1680, 0x1680},   {0x180e, 0x180e},   {0x2000, 0x200f},
        {0x2028, 0x202f},    {0x205f, 0x206f}, {0x3000, 0x3000},   {0xd800, 0xf8ff},   {0xfeff, 0xfeff},
        {0xfff0, 0xfffb},    {0xfffe, 0xffff}, {0x110bd, 0x110bd}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
        {0xe0000, 0x10ffff},
};

static bool is_printable(uint32_t code_point)
{
        for (size_t i = 0; i < ARRAY_COUNT(unprintable) && code_point >= unprintable[i][0]; i++)
                if (code_point <= unprintable[i][1])
                        return false;
        return true;
}

static coffer_status write_escape(uint32_t code_point, coffer_buf *out, coffer_error *error)
{
        static const char codes[] = "\n\r\t", letters[] = "nrt";
        const char *simple = code_point > 0 && code_point < 0x80 ? strchr(codes, (int)code_point) : NULL;
        if (simple)
                return coffer_buf_printf(out, error, "\\%c", letters[simple - codes]);
        if (code_point < 0x100)
                return coffer_buf_printf(out, error, "\\x%02" PRIx32, code_point);
        return coffer_buf_printf(out, error, code_point < 0x10000 ? "\\u%04" PRIx32 : "\\U%08" PRIx32, code_point);
}

static bool is_plain(uint8_t byte, char quote)
{
        return byte >= ' ' && byte < 0x7f && byte != '\\' && byte != (uint8_t)quote;
}

/* Takes the run of plain ASCII in front, most of most texts. */
static coffer_cursor take_plain(coffer_cursor *text, char quote)
{
        coffer_cursor run;
        size_t size = 0;
        while (size < text->size_bytes && is_plain(text->data[size], quote))
                size++;
        return coffer_cursor_take(text, size, &run) ? run : coffer_cursor_of(NULL, 0);
}

static coffer_status write_one(coffer_cursor *text, char quote, coffer_buf *out, coffer_error *error)
{
        coffer_cursor before = *text;
        uint32_t code_point;
        uint8_t byte;
        if (!coffer_utf8_take(text, &code_point)) {
                if (!coffer_cursor_u8(text, &byte))
                        return COFFER_OK;
                return coffer_buf_printf(out, error, "\\x%02x", byte);
        }
        if (code_point == '\\' || (quote && code_point == (uint32_t)quote))
                return coffer_buf_printf(out, error, "\\%c", (char)code_point);
        if (!is_printable(code_point))
                return write_escape(code_point, out, error);
        return coffer_buf_append(out, before.data, before.size_bytes - text->size_bytes, error);
}

static coffer_status write_text(coffer_cursor text, char quote, coffer_buf *out, coffer_error *error)
{
        while (text.size_bytes > 0) {
                COFFER_TRY(coffer_buf_append_cursor(out, take_plain(&text, quote), error));
                if (text.size_bytes > 0)
                        COFFER_TRY(write_one(&text, quote, out, error));
        }
        return COFFER_OK;
}

/* Single quotes unless the text has those and no double ones. */
static char choose_quote(coffer_cursor text)
{
        bool has_single = text.size_bytes > 0 && memchr(text.data, '\'', text.size_bytes);
        return has_single && !memchr(text.data, '"', text.size_bytes) ? '"' : '\'';
}

coffer_status coffer_text_write_str(coffer_cursor text, coffer_buf *out, coffer_error *error)
{
        char quote = choose_quote(text);
        COFFER_TRY(coffer_buf_append_byte(out, (uint8_t)quote, error));
        COFFER_TRY(write_text(text, quote, out, error));
        return coffer_buf_append_byte(out, (uint8_t)quote, error);
}

coffer_status coffer_text_write_bare(coffer_cursor text, coffer_buf *out, coffer_error *error)
{
        return write_text(text, '\0', out, error);
}

coffer_status coffer_text_write_bytes(coffer_cursor data, coffer_buf *out, coffer_error *error)
{
        char quote = choose_quote(data);
        uint8_t byte;
        COFFER_TRY(coffer_buf_printf(out, error, "b%c", quote));
        while (data.size_bytes > 0) {
                COFFER_TRY(coffer_buf_append_cursor(out, take_plain(&data, quote), error));
                if (!coffer_cursor_u8(&data, &byte))
                        break;
                if (byte == '\\' || byte == (uint8_t)quote)
                        COFFER_TRY(coffer_buf_printf(out, error, "\\%c", byte));
                else
                        COFFER_TRY(write_escape(byte, out, error));
        }
        return coffer_buf_append_byte(out, (uint8_t)quote, error);
}

coffer_status coffer_text_write_hex(coffer_cursor data, coffer_buf *out, coffer_error *error)
{
        static const char digits[] = "0123456789abcdef";
        COFFER_TRY(coffer_buf_reserve(out, 2 * data.size_bytes, error));
        for (size_t i = 0; i < data.size_bytes; i++) {
                const char pair[2] = {digits[data.data[i] >> 4], digits[data.data[i] & 15]};
                COFFER_TRY(coffer_buf_append(out, pair, 2, error));
        }
        return COFFER_OK;
}

coffer_status coffer_text_write_count(uint64_t count, coffer_buf *out, coffer_error *error)
{
        char digits[24];
        int size = snprintf(digits, sizeof(digits), "%" PRIu64, count);
        for (int i = 0; i < size; i++) {
                if (i > 0 && (size - i) % 3 == 0)
                        COFFER_TRY(coffer_buf_append_byte(out, ',', error));
                COFFER_TRY(coffer_buf_append_byte(out, (uint8_t)digits[i], error));
        }
        return COFFER_OK;
}

coffer_cursor coffer_text_head(coffer_cursor text, size_t max_bytes)
{
        if (text.size_bytes <= max_bytes)
                return text;
        while (max_bytes > 0 && (text.data[max_bytes] & 0xc0) == 0x80)
                max_bytes--;
        return coffer_cursor_of(text.data, max_bytes);
}

size_t coffer_text_length(coffer_cursor text)
{
        size_t length = 0;
        for (size_t i = 0; i < text.size_bytes; i++)
                length += (text.data[i] & 0xc0) != 0x80;
        return length;
}
