/* SPDX-License-Identifier: Apache-2.0 */
#include "types/base64.h"

#include <openssl/evp.h>

#include "util/cursor.h"

enum { STEP_BYTES = 3 << 10, STEP_DIGITS = STEP_BYTES / 3 * 4 };

coffer_status coffer_base64_encode(coffer_cursor data, coffer_buf *out, coffer_error *error)
{
        unsigned char digits[STEP_DIGITS + 1];
        while (data.size_bytes > 0) {
                coffer_cursor step;
                size_t size = data.size_bytes < STEP_BYTES ? data.size_bytes : STEP_BYTES;
                if (!coffer_cursor_take(&data, size, &step))
                        break;
                int count = EVP_EncodeBlock(digits, step.data, (int)step.size_bytes);
                COFFER_TRY(coffer_buf_append(out, digits, (size_t)count, error));
        }
        return COFFER_OK;
}

static bool is_digit(uint8_t byte)
{
        return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
               byte == '+' || byte == '/';
}

/* Digits, then at most two paddings; OpenSSL would let other things pass. */
static bool split_padding(coffer_cursor text, size_t *padding)
{
        size_t digits = 0;
        while (digits < text.size_bytes && is_digit(text.data[digits]))
                digits++;
        *padding = text.size_bytes - digits;
        if (text.size_bytes % 4 != 0 || *padding > 2)
                return false;
        for (size_t i = digits; i < text.size_bytes; i++)
                if (text.data[i] != '=')
                        return false;
        return true;
}

/* The bits that the padding leaves over must be zero: one text for the same bytes. */
static bool is_canonical(coffer_cursor last, size_t padding)
{
        unsigned char bytes[3], digits[5];
        if (padding == 0)
                return true;
        if (EVP_DecodeBlock(bytes, last.data, 4) != 3)
                return false;
        (void)EVP_EncodeBlock(digits, bytes, (int)(3 - padding));
        return memcmp(digits, last.data, 4) == 0;
}

coffer_status coffer_base64_decode(coffer_cursor text, coffer_buf *out, coffer_error *error)
{
        unsigned char bytes[STEP_BYTES];
        size_t padding;
        if (!split_padding(text, &padding) ||
            (padding > 0 && !is_canonical(coffer_cursor_of(text.data + text.size_bytes - 4, 4), padding)))
                return coffer_error_set(error, COFFER_MALFORMED, "the text is no base64");
        while (text.size_bytes > 0) {
                coffer_cursor step;
                size_t size = text.size_bytes < STEP_DIGITS ? text.size_bytes : STEP_DIGITS;
                if (!coffer_cursor_take(&text, size, &step))
                        break;
                int count = EVP_DecodeBlock(bytes, step.data, (int)step.size_bytes);
                if (count < 0)
                        return coffer_error_set(error, COFFER_MALFORMED, "the text is no base64");
                size_t kept = (size_t)count - (text.size_bytes == 0 ? padding : 0);
                COFFER_TRY(coffer_buf_append(out, bytes, kept, error));
        }
        return COFFER_OK;
}
