/* SPDX-License-Identifier: Apache-2.0 */
/* Text in Python's notation. Whatever is in it, no control character comes out. */
#ifndef COFFER_VALUE_TEXT_H
#define COFFER_VALUE_TEXT_H

#include "util/buf.h"
#include "util/cursor.h"

/* A str with its quotes, as repr() writes it: 'it\'s', "it's", '\n'. Bad UTF-8 comes out as \x escapes. */
COFFER_MUST_CHECK
coffer_status coffer_text_write_str(coffer_cursor text, coffer_buf *out, coffer_error *error);

/* The same without quotes, for names that stand by themselves. */
COFFER_MUST_CHECK
coffer_status coffer_text_write_bare(coffer_cursor text, coffer_buf *out, coffer_error *error);

/* Bytes as repr() writes them: b'\x00abc'. */
COFFER_MUST_CHECK
coffer_status coffer_text_write_bytes(coffer_cursor data, coffer_buf *out, coffer_error *error);

/* A number with commas between its thousands. */
COFFER_MUST_CHECK coffer_status coffer_text_write_count(uint64_t count, coffer_buf *out, coffer_error *error);

/* Lower-case hexadecimal digits. */
COFFER_MUST_CHECK
coffer_status coffer_text_write_hex(coffer_cursor data, coffer_buf *out, coffer_error *error);

/* The longest head of at most `max_bytes` that ends between code points. */
coffer_cursor coffer_text_head(coffer_cursor text, size_t max_bytes);

/* Number of code points. */
size_t coffer_text_length(coffer_cursor text);

#endif
