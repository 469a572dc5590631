/* SPDX-License-Identifier: Apache-2.0 */
/* Stored blocks of deflate (RFC 1951, 3.2.4), as many and as long as we write them for a member. */
#ifndef COFFER_CAS_STORED_BLOCK_H
#define COFFER_CAS_STORED_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COFFER_STORED_BLOCK_BYTES = 65535, COFFER_STORED_BLOCK_HEADER_BYTES = 5 };

/* Nothing is in a block too. */
static inline size_t coffer_stored_block_count(size_t content_bytes)
{
        return content_bytes > 0 ? (content_bytes - 1) / COFFER_STORED_BLOCK_BYTES + 1 : 1;
}

/* Of contents with the headers of their blocks. */
static inline size_t coffer_stored_size(size_t content_bytes)
{
        return content_bytes + COFFER_STORED_BLOCK_HEADER_BYTES * coffer_stored_block_count(content_bytes);
}

static inline void coffer_stored_block_header(size_t size_bytes, bool is_last,
                                              uint8_t out[COFFER_STORED_BLOCK_HEADER_BYTES])
{
        uint16_t length = (uint16_t)size_bytes, complement = (uint16_t)~length;
        out[0] = is_last;
        out[1] = (uint8_t)length;
        out[2] = (uint8_t)(length >> 8);
        out[3] = (uint8_t)complement;
        out[4] = (uint8_t)(complement >> 8);
}

#endif
