/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 validation and decoding. */
#ifndef COFFER_UTIL_UTF8_H
#define COFFER_UTIL_UTF8_H

#include <coffer/bytes.h>

/* True when `text` is UTF-8; with `allow_surrogates`, lone surrogates in their three-byte form (Python's
 * "surrogatepass") are allowed. */
bool coffer_utf8_valid(coffer_cursor text, bool allow_surrogates);

/* Takes one code point (surrogates allowed) from the front; false at the end or on bad input. */
bool coffer_utf8_take(coffer_cursor *text, uint32_t *code_point);

/* Writes a code point; returns the number of bytes (1 to 4). */
size_t coffer_utf8_put(uint32_t code_point, uint8_t out[4]);

#endif
