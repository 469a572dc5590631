/* SPDX-License-Identifier: Apache-2.0 */
/* Owned bytes that grow up to a maximum given when they are made. */
#ifndef COFFER_UTIL_BUF_H
#define COFFER_UTIL_BUF_H

#include <stdarg.h>

#include <coffer/bytes.h>
#include "util/cleanup.h"

typedef struct coffer_buf {
        uint8_t *data;
        size_t size_bytes;
        size_t capacity_bytes;
        size_t max_bytes;
} coffer_buf;

/* Nothing is allocated until something is added. */
#define COFFER_BUF_INIT(maximum_bytes)                                                                                 \
        {                                                                                                              \
                NULL, 0, 0, (maximum_bytes)                                                                            \
        }

/* All give COFFER_LIMIT over the maximum, COFFER_NO_MEMORY without memory, and then change nothing. */
COFFER_MUST_CHECK coffer_status coffer_buf_reserve(coffer_buf *buf, size_t extra_bytes, coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_buf_append(coffer_buf *buf, const void *data, size_t size_bytes,
                                                  coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_buf_append_cursor(coffer_buf *buf, coffer_cursor data, coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_buf_append_byte(coffer_buf *buf, uint8_t byte, coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_buf_append_text(coffer_buf *buf, const char *text, coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_buf_printf(coffer_buf *buf, coffer_error *error, const char *format, ...)
        COFFER_PRINTF(3, 4);

static inline coffer_cursor coffer_buf_cursor(const coffer_buf *buf)
{
        return (coffer_cursor){buf->data, buf->size_bytes};
}

/* Moves the contents out as a NUL-terminated string of the caller's (coffer_free); the buf is empty afterwards. */
COFFER_MUST_CHECK coffer_status coffer_buf_take_text(coffer_buf *buf, char **out, coffer_error *error);

/* Moves the contents into a new segment at the end of `bytes`; the buf is empty afterwards. */
COFFER_MUST_CHECK coffer_status coffer_buf_take_into(coffer_buf *buf, coffer_bytes *bytes, coffer_error *error);

void coffer_buf_done(coffer_buf *buf);
#define _cleanup_buf_ _cleanup_(coffer_buf_done)

#endif
