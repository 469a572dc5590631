/* SPDX-License-Identifier: Apache-2.0 */
/* Reading from borrowed bytes: every step is checked, and a failed one leaves the cursor as it was. */
#ifndef COFFER_UTIL_CURSOR_H
#define COFFER_UTIL_CURSOR_H

#include <string.h>

#include <coffer/bytes.h>

static inline coffer_cursor coffer_cursor_of(const void *data, size_t size_bytes)
{
        return (coffer_cursor){(const uint8_t *)data, size_bytes};
}

static inline coffer_cursor coffer_cursor_text(const char *text)
{
        return coffer_cursor_of(text, text ? strlen(text) : 0);
}

static inline bool coffer_cursor_equal(coffer_cursor left, coffer_cursor right)
{
        return left.size_bytes == right.size_bytes &&
               (left.size_bytes == 0 || memcmp(left.data, right.data, left.size_bytes) == 0);
}

static inline bool coffer_cursor_is(coffer_cursor cursor, const char *text)
{
        return coffer_cursor_equal(cursor, coffer_cursor_text(text));
}

/* The order of the bytes, as strcmp. */
static inline int coffer_cursor_compare_text(coffer_cursor left, const char *right)
{
        size_t right_bytes = strlen(right);
        size_t common = left.size_bytes < right_bytes ? left.size_bytes : right_bytes;
        int order = common ? memcmp(left.data, right, common) : 0;
        return order ? order : (left.size_bytes > right_bytes) - (left.size_bytes < right_bytes);
}

/* Takes `size_bytes` from the front. */
static inline bool coffer_cursor_take(coffer_cursor *cursor, size_t size_bytes, coffer_cursor *out)
{
        if (cursor->size_bytes < size_bytes)
                return false;
        *out = coffer_cursor_of(cursor->data, size_bytes);
        if (size_bytes > 0)
                cursor->data += size_bytes;
        cursor->size_bytes -= size_bytes;
        return true;
}

static inline bool coffer_cursor_u8(coffer_cursor *cursor, uint8_t *out)
{
        coffer_cursor part;
        if (!coffer_cursor_take(cursor, 1, &part))
                return false;
        *out = part.data[0];
        return true;
}

#define COFFER_CURSOR_LITTLE_ENDIAN(bits)                                                                              \
        static inline bool coffer_cursor_u##bits##_le(coffer_cursor *cursor, uint##bits##_t *out)                      \
        {                                                                                                              \
                coffer_cursor part;                                                                                    \
                if (!coffer_cursor_take(cursor, bits / 8, &part))                                                      \
                        return false;                                                                                  \
                uint64_t value = 0;                                                                                    \
                for (size_t i = 0; i < bits / 8; i++)                                                                  \
                        value |= (uint64_t)part.data[i] << (8 * i);                                                    \
                *out = (uint##bits##_t)value;                                                                          \
                return true;                                                                                           \
        }
COFFER_CURSOR_LITTLE_ENDIAN(16)
COFFER_CURSOR_LITTLE_ENDIAN(32)
COFFER_CURSOR_LITTLE_ENDIAN(64)
#undef COFFER_CURSOR_LITTLE_ENDIAN

/* Takes a line up to `end`, which is consumed and not part of `out`. */
static inline bool coffer_cursor_until(coffer_cursor *cursor, uint8_t end, coffer_cursor *out)
{
        const uint8_t *found =
                cursor->size_bytes ? (const uint8_t *)memchr(cursor->data, end, cursor->size_bytes) : NULL;
        coffer_cursor separator;
        return found && coffer_cursor_take(cursor, (size_t)(found - cursor->data), out) &&
               coffer_cursor_take(cursor, 1, &separator);
}

#endif
