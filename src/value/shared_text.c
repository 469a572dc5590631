/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of which Python has one object each. */
#include "value/value_internal.h"

#define UTF8(c)                                                                                                        \
        {                                                                                                              \
                (uint8_t)((c) < 0x80 ? (c) : 0xc0 | (c) >> 6), (uint8_t)((c) < 0x80 ? 0 : 0x80 | ((c)&0x3f))           \
        }
#define UTF8_4(c)  UTF8(c), UTF8((c) + 1), UTF8((c) + 2), UTF8((c) + 3)
#define UTF8_16(c) UTF8_4(c), UTF8_4((c) + 4), UTF8_4((c) + 8), UTF8_4((c) + 12)
#define UTF8_64(c) UTF8_16(c), UTF8_16((c) + 16), UTF8_16((c) + 32), UTF8_16((c) + 48)

static const uint8_t latin1_characters[][2] = {UTF8_64(0), UTF8_64(64), UTF8_64(128), UTF8_64(192)};
const uint8_t coffer_shared_empty_text[1] = {0};

const uint8_t *coffer_shared_text(coffer_kind kind, coffer_cursor text)
{
        if (text.size_bytes == 0 && (kind == COFFER_KIND_STR || kind == COFFER_KIND_BYTES))
                return coffer_shared_empty_text;
        if (kind != COFFER_KIND_STR)
                return NULL;
        if (text.size_bytes == 1)
                return latin1_characters[text.data[0]];
        if (text.size_bytes == 2 && (text.data[0] == 0xc2 || text.data[0] == 0xc3))
                return latin1_characters[(text.data[0] & 3) << 6 | (text.data[1] & 0x3f)];
        return NULL;
}
