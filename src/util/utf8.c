/* SPDX-License-Identifier: Apache-2.0 */
#include "util/utf8.h"

#include <string.h>

#include "util/cursor.h"

/* What a first byte announces: how many bytes follow, its payload, and the smallest code point it may stand for
 * (a smaller one would be an overlong form). False: no sequence starts so. */
static bool first_byte(uint8_t byte, size_t *following, uint32_t *payload, uint32_t *smallest)
{
        if (byte < 0x80)
                *following = 0, *payload = byte, *smallest = 0;
        else if ((byte & 0xe0) == 0xc0)
                *following = 1, *payload = byte & 0x1f, *smallest = 0x80;
        else if ((byte & 0xf0) == 0xe0)
                *following = 2, *payload = byte & 0x0f, *smallest = 0x800;
        else if ((byte & 0xf8) == 0xf0)
                *following = 3, *payload = byte & 0x07, *smallest = 0x10000;
        else
                return false;
        return true;
}

bool coffer_utf8_take(coffer_cursor *text, uint32_t *code_point)
{
        coffer_cursor rest = *text;
        uint8_t byte;
        size_t following;
        uint32_t value, smallest;
        if (!coffer_cursor_u8(&rest, &byte) || !first_byte(byte, &following, &value, &smallest))
                return false;
        for (; following > 0; following--) {
                if (!coffer_cursor_u8(&rest, &byte) || (byte & 0xc0) != 0x80)
                        return false;
                value = value << 6 | (byte & 0x3f);
        }
        if (value < smallest || value > 0x10ffff)
                return false;
        *text = rest;
        *code_point = value;
        return true;
}

static void skip_ascii(coffer_cursor *text)
{
        uint64_t word;
        coffer_cursor part;
        while (text->size_bytes >= sizeof(word)) {
                memcpy(&word, text->data, sizeof(word));
                if (word & UINT64_C(0x8080808080808080))
                        return;
                if (!coffer_cursor_take(text, sizeof(word), &part))
                        return;
        }
}

bool coffer_utf8_valid(coffer_cursor text, bool allow_surrogates)
{
        for (;;) {
                skip_ascii(&text);
                if (text.size_bytes == 0)
                        return true;
                uint32_t code_point;
                if (!coffer_utf8_take(&text, &code_point))
                        return false;
                if (!allow_surrogates && code_point >= 0xd800 && code_point <= 0xdfff)
                        return false;
        }
}

size_t coffer_utf8_put(uint32_t code_point, uint8_t out[4])
{
        if (code_point > 0x10ffff)
                code_point = 0xfffd;
        if (code_point < 0x80) {
                out[0] = (uint8_t)code_point;
                return 1;
        }
        if (code_point < 0x800) {
                out[0] = (uint8_t)(0xc0 | code_point >> 6);
                out[1] = (uint8_t)(0x80 | (code_point & 0x3f));
                return 2;
        }
        if (code_point < 0x10000) {
                out[0] = (uint8_t)(0xe0 | code_point >> 12);
                out[1] = (uint8_t)(0x80 | (code_point >> 6 & 0x3f));
                out[2] = (uint8_t)(0x80 | (code_point & 0x3f));
                return 3;
        }
        out[0] = (uint8_t)(0xf0 | code_point >> 18);
        out[1] = (uint8_t)(0x80 | (code_point >> 12 & 0x3f));
        out[2] = (uint8_t)(0x80 | (code_point >> 6 & 0x3f));
        out[3] = (uint8_t)(0x80 | (code_point & 0x3f));
        return 4;
}
