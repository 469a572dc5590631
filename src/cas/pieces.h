/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of a blob, piece by piece, each in one place. Pieces of contents that others may write to are copies that
 * nobody else has. */
#ifndef COFFER_CAS_PIECES_H
#define COFFER_CAS_PIECES_H

#include <coffer/bytes.h>

typedef struct coffer_pieces {
        const coffer_bytes *contents;
        size_t segment; /* where the last piece was found: position `segment_offset` of the contents */
        uint64_t segment_offset;
} coffer_pieces;

/* The `size_bytes` at `position`, which must lie in the contents and not go backward. Where they can't be used as they
 * lie they are copied to `*room`, which is made when it is NULL (`room_bytes`, at least as many) and is the caller's,
 * for coffer_free. */
COFFER_MUST_CHECK
coffer_status coffer_pieces_take(coffer_pieces *pieces, uint64_t position, size_t size_bytes, uint8_t **room,
                                 size_t room_bytes, coffer_cursor *out, coffer_error *error);

/* All of the contents in memory of their own: a new reference. */
COFFER_MUST_CHECK
coffer_status coffer_pieces_copy(const coffer_bytes *contents, coffer_bytes **out, coffer_error *error);

#endif
