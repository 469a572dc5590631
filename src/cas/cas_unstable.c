/* SPDX-License-Identifier: Apache-2.0 */
/* Contents that others may write to while they are saved. Whatever looks at a piece of them looks at a copy, and the
 * CRC of all pieces tells whether the key belongs to what was written. */
#include <string.h>

#include "cas/cas_internal.h"
#include "cas/deflate.h"
#include "util/cursor.h"
#include "util/digest.h"
#include "util/fs.h"

enum { PIECE_BYTES = 256 << 10 }; /* stays in a processor's cache */

coffer_status coffer_unstable_each(const coffer_bytes *contents,
                                   coffer_status (*take)(void *user, coffer_cursor piece, coffer_error *error),
                                   void *user, coffer_error *error)
{
        uint8_t *copy _cleanup_free_ = coffer_alloc(PIECE_BYTES);

        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to copy a piece of a blob");
        for (size_t i = 0; i < coffer_bytes_segment_count(contents); i++) {
                coffer_cursor rest = coffer_bytes_segment(contents, i), piece;
                while (rest.size_bytes > 0) {
                        size_t size_bytes = rest.size_bytes < PIECE_BYTES ? rest.size_bytes : PIECE_BYTES;
                        if (!coffer_cursor_take(&rest, size_bytes, &piece))
                                break;
                        memcpy(copy, piece.data, piece.size_bytes);
                        coffer_fs_passed(piece);
                        COFFER_TRY(take(user, coffer_cursor_of(copy, piece.size_bytes), error));
                }
        }
        return COFFER_OK;
}

typedef struct summing {
        coffer_digest *digest;
        uint32_t crc;
} summing;

static coffer_status add_piece(void *user, coffer_cursor piece, coffer_error *error)
{
        summing *sums = user;
        sums->crc = coffer_deflate_for(COFFER_DEFLATE_CRC)->crc(sums->crc, piece);
        return coffer_digest_update(sums->digest, piece, error);
}

coffer_status coffer_unstable_digest(const coffer_bytes *contents, char digest[COFFER_DIGEST_MAX_HEX], uint32_t *crc,
                                     coffer_error *error)
{
        coffer_digest *sha1 _cleanup_digest_ = NULL;

        COFFER_TRY(coffer_digest_new(COFFER_SHA1, &sha1, error));
        summing sums = {sha1, 0};
        COFFER_TRY(coffer_unstable_each(contents, add_piece, &sums, error));
        *crc = sums.crc;
        return coffer_digest_hex(sha1, digest, error);
}

coffer_status coffer_unstable_copy(const coffer_bytes *contents, coffer_bytes **out, coffer_error *error)
{
        coffer_bytes *copy _cleanup_bytes_ = NULL;

        COFFER_TRY(coffer_bytes_new(&copy, error));
        for (size_t i = 0; i < coffer_bytes_segment_count(contents); i++)
                COFFER_TRY(coffer_bytes_append_copy(copy, coffer_bytes_segment(contents, i), error));
        *out = TAKE_PTR(copy);
        return COFFER_OK;
}
