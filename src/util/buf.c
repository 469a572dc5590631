/* SPDX-License-Identifier: Apache-2.0 */
#include "util/buf.h"

#include <stdio.h>
#include <string.h>

#include "util/checked.h"
#include "util/cursor.h"

enum { SMALLEST_CAPACITY_BYTES = 64 };

/* Twice as much as before, but at least what is needed and at most the maximum. */
static size_t next_capacity(const coffer_buf *buf, size_t needed_bytes)
{
        size_t capacity_bytes;
        if (!coffer_mul_size(buf->capacity_bytes, 2, &capacity_bytes))
                capacity_bytes = buf->max_bytes;
        if (capacity_bytes < SMALLEST_CAPACITY_BYTES)
                capacity_bytes = SMALLEST_CAPACITY_BYTES;
        if (capacity_bytes < needed_bytes)
                capacity_bytes = needed_bytes;
        return capacity_bytes < buf->max_bytes ? capacity_bytes : buf->max_bytes;
}

static coffer_status resize(coffer_buf *buf, size_t capacity_bytes, coffer_error *error)
{
        uint8_t *data = coffer_realloc(buf->data, capacity_bytes);
        if (!data)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a buffer of %zu bytes",
                                        capacity_bytes);
        buf->data = data;
        buf->capacity_bytes = capacity_bytes;
        return COFFER_OK;
}

coffer_status coffer_buf_reserve(coffer_buf *buf, size_t extra_bytes, coffer_error *error)
{
        size_t needed_bytes;
        if (!coffer_add_size(buf->size_bytes, extra_bytes, &needed_bytes) || needed_bytes > buf->max_bytes)
                return coffer_error_set(error, COFFER_LIMIT, "more than the %zu bytes that are allowed",
                                        buf->max_bytes);
        if (needed_bytes <= buf->capacity_bytes)
                return COFFER_OK;
        return resize(buf, next_capacity(buf, needed_bytes), error);
}

coffer_status coffer_buf_append(coffer_buf *buf, const void *data, size_t size_bytes, coffer_error *error)
{
        COFFER_TRY(coffer_buf_reserve(buf, size_bytes, error));
        if (size_bytes > 0)
                memcpy(buf->data + buf->size_bytes, data, size_bytes);
        buf->size_bytes += size_bytes;
        return COFFER_OK;
}

coffer_status coffer_buf_append_cursor(coffer_buf *buf, coffer_cursor data, coffer_error *error)
{
        return coffer_buf_append(buf, data.data, data.size_bytes, error);
}

coffer_status coffer_buf_append_byte(coffer_buf *buf, uint8_t byte, coffer_error *error)
{
        return coffer_buf_append(buf, &byte, 1, error);
}

coffer_status coffer_buf_append_text(coffer_buf *buf, const char *text, coffer_error *error)
{
        return coffer_buf_append_cursor(buf, coffer_cursor_text(text), error);
}

static coffer_status append_long_format(coffer_buf *buf, size_t length, coffer_error *error, const char *format,
                                        va_list values)
{
        _cleanup_free_ char *text = coffer_alloc(length + 1);
        if (!text)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a text of %zu bytes", length);
        vsnprintf(text, length + 1, format, values);
        return coffer_buf_append(buf, text, length, error);
}

coffer_status coffer_buf_printf(coffer_buf *buf, coffer_error *error, const char *format, ...)
{
        char text[256];
        va_list values, again;
        va_start(values, format);
        va_copy(again, values);
        int length = vsnprintf(text, sizeof(text), format, values);
        coffer_status status;
        if (length < 0)
                status = coffer_error_set(error, COFFER_INVALID, "a text cannot be formatted");
        else if ((size_t)length < sizeof(text))
                status = coffer_buf_append(buf, text, (size_t)length, error);
        else
                status = append_long_format(buf, (size_t)length, error, format, again);
        va_end(again);
        va_end(values);
        return status;
}

coffer_status coffer_buf_take_text(coffer_buf *buf, char **out, coffer_error *error)
{
        size_t text_bytes;
        if (!coffer_add_size(buf->size_bytes, 1, &text_bytes))
                return coffer_error_set(error, COFFER_LIMIT, "a text grows beyond the address space");
        char *text = coffer_realloc(buf->data, text_bytes);
        if (!text)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a text of %zu bytes", text_bytes);
        text[buf->size_bytes] = '\0';
        *out = text;
        *buf = (coffer_buf)COFFER_BUF_INIT(buf->max_bytes);
        return COFFER_OK;
}

coffer_status coffer_buf_take_into(coffer_buf *buf, coffer_bytes *bytes, coffer_error *error)
{
        COFFER_TRY(coffer_bytes_append_take(bytes, buf->data, buf->size_bytes, error));
        *buf = (coffer_buf)COFFER_BUF_INIT(buf->max_bytes);
        return COFFER_OK;
}

void coffer_buf_done(coffer_buf *buf)
{
        coffer_free(buf->data);
        *buf = (coffer_buf)COFFER_BUF_INIT(buf->max_bytes);
}
