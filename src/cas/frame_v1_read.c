/* SPDX-License-Identifier: Apache-2.0 */
/* Reading whole frames from memory, straight into the memory of their contents. */
#include <string.h>

#include "cas/deflate.h"
#include "cas/frame_v1.h"
#include "cas/gzip.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/pages.h"

enum { MIN_GROWTH_BYTES = 64 << 10 };

/* An inflater, made when it is needed first. */
typedef struct lazy_inflater {
        const coffer_deflate_library *library;
        void *state;
} lazy_inflater;

typedef struct frame_reader {
        coffer_gzip_reader gzip;
        coffer_buf contents;
        lazy_inflater whole;
        lazy_inflater stream;
} frame_reader;

static coffer_status ready(lazy_inflater *inflater, coffer_deflate_role role, coffer_error *error)
{
        if (!inflater->state) {
                inflater->library = coffer_deflate_for(role);
                COFFER_TRY(inflater->library->inflater_new(&inflater->state, error));
        }
        inflater->library->inflater_reset(inflater->state);
        return COFFER_OK;
}

static void lazy_inflater_done(lazy_inflater *inflater)
{
        if (inflater->state)
                inflater->library->inflater_free(inflater->state);
}

/* Room for so many more bytes, and never none at all: libraries want a place even for nothing. */
static coffer_status reserve(frame_reader *reader, uint64_t size_bytes, coffer_error *error)
{
        if (size_bytes > reader->gzip.max_bytes - reader->contents.size_bytes || size_bytes >= SIZE_MAX)
                return coffer_error_set(error, COFFER_LIMIT, "the contents are larger than %llu bytes",
                                        (unsigned long long)reader->gzip.max_bytes);
        return coffer_buf_reserve(&reader->contents, size_bytes > 0 ? (size_t)size_bytes : 1, error);
}

/* Inflates a member whose contents may be guessed to have at most `size_bytes`. */
static coffer_status inflate_whole(frame_reader *reader, uint64_t size_bytes, coffer_inflate_result *result,
                                   coffer_error *error)
{
        coffer_buf *contents = &reader->contents;
        size_t produced_bytes = 0;

        COFFER_TRY(reserve(reader, size_bytes, error));
        coffer_pages_expect_fill(contents->data, contents->capacity_bytes);
        COFFER_TRY(ready(&reader->whole, COFFER_DEFLATE_INFLATE_WHOLE, error));
        *result = coffer_inflate_on(reader->whole.library, reader->whole.state, &reader->gzip.input,
                                    contents->data + contents->size_bytes, (size_t)size_bytes, &produced_bytes);
        if (*result == COFFER_INFLATE_END)
                contents->size_bytes += produced_bytes;
        return COFFER_OK;
}

/* Inflates a member of unknown size, growing the contents as they come. */
static coffer_status inflate_growing(frame_reader *reader, coffer_error *error)
{
        coffer_buf *contents = &reader->contents;
        coffer_inflate_result result = COFFER_INFLATE_MORE;

        COFFER_TRY(ready(&reader->stream, COFFER_DEFLATE_INFLATE_STREAM, error));
        while (result == COFFER_INFLATE_MORE) {
                size_t produced_bytes;
                if (contents->size_bytes == contents->capacity_bytes) {
                        uint64_t room = reader->gzip.max_bytes - contents->size_bytes;
                        COFFER_TRY(
                                reserve(reader, room > 0 && room < MIN_GROWTH_BYTES ? room : MIN_GROWTH_BYTES, error));
                }
                result = coffer_inflate_on(reader->stream.library, reader->stream.state, &reader->gzip.input,
                                           contents->data + contents->size_bytes,
                                           contents->capacity_bytes - contents->size_bytes, &produced_bytes);
                contents->size_bytes += produced_bytes;
                if (result == COFFER_INFLATE_MORE && contents->size_bytes < contents->capacity_bytes)
                        break; /* there is room, so input is what is wanting */
        }
        return result == COFFER_INFLATE_END ? COFFER_OK : coffer_gzip_inflate_fault(&reader->gzip, result, error);
}

/* The size at the end of the file is that of the only member, if it is the only one, is smaller than 4 GiB, and is not
 * followed by padding: a guess. 0 when it can't be right. */
static uint64_t guess_size(const frame_reader *reader)
{
        coffer_cursor tail = reader->gzip.input, before;
        uint32_t size;

        if (tail.size_bytes < COFFER_GZIP_TRAILER_BYTES || !coffer_cursor_take(&tail, tail.size_bytes - 4, &before) ||
            !coffer_cursor_u32_le(&tail, &size))
                return 0;
        bool possible = size / COFFER_DEFLATE_MAX_RATIO <= reader->gzip.input.size_bytes &&
                        size <= reader->gzip.max_bytes - reader->contents.size_bytes;
        return possible ? size : 0;
}

static coffer_status read_member(frame_reader *reader, coffer_error *error)
{
        coffer_cursor start = reader->gzip.input;
        uint64_t size_bytes = guess_size(reader);
        coffer_inflate_result result = COFFER_INFLATE_MORE;

        if (size_bytes > 0)
                COFFER_TRY(inflate_whole(reader, size_bytes, &result, error));
        if (result == COFFER_INFLATE_BAD || result == COFFER_INFLATE_NO_MEMORY)
                return coffer_gzip_inflate_fault(&reader->gzip, result, error);
        if (result == COFFER_INFLATE_END)
                return COFFER_OK;
        reader->gzip.input = start;
        return inflate_growing(reader, error);
}

static coffer_status read_members(frame_reader *reader, coffer_error *error)
{
        for (;;) {
                bool ended;
                size_t start = reader->contents.size_bytes;
                COFFER_TRY(coffer_gzip_next_member(&reader->gzip, &ended, error));
                if (ended)
                        return COFFER_OK;
                COFFER_TRY(read_member(reader, error));
                coffer_cursor member =
                        coffer_cursor_of(reader->contents.data + start, reader->contents.size_bytes - start);
                uint32_t crc = coffer_deflate_for(COFFER_DEFLATE_CRC)->crc(0, member);
                COFFER_TRY(coffer_gzip_end_member(&reader->gzip, crc, member.size_bytes, error));
        }
}

/* One member after the other. */
static coffer_status read_in_turn(coffer_cursor stored, uint64_t max_bytes, coffer_bytes *out, coffer_error *error)
{
        frame_reader reader = {.contents = COFFER_BUF_INIT(max_bytes < SIZE_MAX ? (size_t)max_bytes : SIZE_MAX)};

        coffer_gzip_reader_init(&reader.gzip, stored, max_bytes);
        coffer_status status = read_members(&reader, error);
        if (status == COFFER_OK && reader.contents.size_bytes > 0)
                status = coffer_buf_take_into(&reader.contents, out, error);
        lazy_inflater_done(&reader.whole);
        lazy_inflater_done(&reader.stream);
        coffer_buf_done(&reader.contents);
        return status;
}

coffer_status coffer_frame_v1_read(coffer_cursor stored, uint64_t max_bytes, const coffer_frame_watch *watch,
                                   coffer_bytes **out, coffer_error *error)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_frame_index index _cleanup_(coffer_frame_index_done) = {0};

        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_frame_v1_index(stored, max_bytes, &index, error));
        if (index.count > 0) {
                COFFER_TRY(coffer_frame_v1_read_apart(&index, watch, bytes, error));
        } else {
                COFFER_TRY(read_in_turn(stored, max_bytes, bytes, error));
                if (watch && coffer_bytes_segment_count(bytes) > 0)
                        COFFER_TRY(watch->take(watch->user, coffer_bytes_segment(bytes, 0), error));
        }
        *out = TAKE_PTR(bytes);
        return COFFER_OK;
}
