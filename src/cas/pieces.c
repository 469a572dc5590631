/* SPDX-License-Identifier: Apache-2.0 */
#include "cas/pieces.h"

#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/fs.h"

static coffer_status wrong_place(coffer_error *error)
{
        return coffer_error_set(error, COFFER_INTERNAL, "a piece is not in the contents it was taken from");
}

/* Copies from `skip_bytes` after the beginning of a segment on, over as many segments as it takes. */
static coffer_status gather(const coffer_bytes *contents, size_t segment, size_t skip_bytes, size_t size_bytes,
                            uint8_t *to, coffer_error *error)
{
        while (size_bytes > 0) {
                coffer_cursor part = coffer_bytes_segment(contents, segment), before;
                if (segment++ >= coffer_bytes_segment_count(contents) ||
                    !coffer_cursor_take(&part, skip_bytes, &before))
                        return wrong_place(error);
                skip_bytes = 0;
                part.size_bytes = part.size_bytes < size_bytes ? part.size_bytes : size_bytes;
                COFFER_TRY(coffer_fs_copy(to, part, error));
                to += part.size_bytes;
                size_bytes -= part.size_bytes;
        }
        return COFFER_OK;
}

coffer_status coffer_pieces_take(coffer_pieces *pieces, uint64_t position, size_t size_bytes, uint8_t **room,
                                 size_t room_bytes, coffer_cursor *out, coffer_error *error)
{
        size_t count = coffer_bytes_segment_count(pieces->contents);
        coffer_cursor segment = coffer_bytes_segment(pieces->contents, pieces->segment), before;

        *out = coffer_cursor_of(NULL, 0);
        if (size_bytes == 0)
                return COFFER_OK;
        while (pieces->segment < count && position - pieces->segment_offset >= segment.size_bytes) {
                pieces->segment_offset += segment.size_bytes;
                segment = coffer_bytes_segment(pieces->contents, ++pieces->segment);
        }
        size_t skip_bytes = (size_t)(position - pieces->segment_offset);
        if (!coffer_bytes_is_unstable(pieces->contents) && coffer_cursor_take(&segment, skip_bytes, &before) &&
            coffer_cursor_take(&segment, size_bytes, out))
                return COFFER_OK;
        if (!*room && !(*room = coffer_alloc(room_bytes)))
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to write a blob");
        COFFER_TRY(gather(pieces->contents, pieces->segment, skip_bytes, size_bytes, *room, error));
        *out = coffer_cursor_of(*room, size_bytes);
        return COFFER_OK;
}

coffer_status coffer_pieces_copy(const coffer_bytes *contents, coffer_bytes **out, coffer_error *error)
{
        coffer_bytes *copy _cleanup_bytes_ = NULL;
        size_t size_bytes = (size_t)coffer_bytes_size(contents);

        COFFER_TRY(coffer_bytes_new(&copy, error));
        if (size_bytes > 0) {
                uint8_t *memory _cleanup_free_ = coffer_alloc(size_bytes);
                if (!memory)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to copy a blob");
                COFFER_TRY(gather(contents, 0, 0, size_bytes, memory, error));
                COFFER_TRY(coffer_bytes_append_take(copy, memory, size_bytes, error));
                memory = NULL;
        }
        *out = TAKE_PTR(copy);
        return COFFER_OK;
}
