/* SPDX-License-Identifier: Apache-2.0 */
/* The frame reader takes any bytes: from memory and as a stream it finds the same contents, and what is measured
 * without inflating agrees with them. And any bytes can be framed and come back. */
#include <stdlib.h>
#include <string.h>

#include "cas/frame_v1.h"
#include "util/buf.h"
#include "util/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_CONTENT_BYTES = 1 << 20, STEP_BYTES = 3000 };

static coffer_bytes *borrow(coffer_cursor data)
{
        coffer_bytes *bytes = NULL;
        if (coffer_bytes_new(&bytes, NULL) != COFFER_OK ||
            coffer_bytes_append_borrow(bytes, data, NULL, NULL, NULL) != COFFER_OK)
                abort();
        return bytes;
}

static void check_error(coffer_status status, const coffer_error *error, size_t size)
{
        if (status != COFFER_OK && (error->status != status || error->offset > (int64_t)size || !error->message[0]))
                abort();
        if (status != COFFER_OK && status != COFFER_CORRUPT && status != COFFER_LIMIT)
                abort();
}

static coffer_status drain(coffer_stream *contents, size_t step_bytes, coffer_buf *out, coffer_error *error)
{
        size_t got_bytes = 1;
        coffer_status status = COFFER_OK;

        while (status == COFFER_OK && got_bytes > 0) {
                if (coffer_buf_reserve(out, step_bytes, NULL) != COFFER_OK)
                        abort();
                status = contents->read(contents, out->data + out->size_bytes, step_bytes, &got_bytes, error);
                if (status == COFFER_OK)
                        out->size_bytes += got_bytes;
        }
        contents->close(contents);
        return status;
}

static coffer_status read_stream(coffer_cursor frame, coffer_buf *out, coffer_error *error)
{
        coffer_bytes *bytes _cleanup_bytes_ = borrow(frame);
        coffer_stream *stored = NULL, *contents = NULL;

        if (coffer_bytes_open_stream(bytes, &stored, NULL) != COFFER_OK ||
            coffer_frame_v1.open(stored, MAX_CONTENT_BYTES, &contents, NULL) != COFFER_OK)
                abort();
        return drain(contents, STEP_BYTES, out, error);
}

typedef struct frame_access {
        coffer_random_access base;
        coffer_cursor frame;
} frame_access;

static coffer_status access_read(coffer_random_access *stored, uint64_t offset_bytes, const struct iovec *memory,
                                 size_t count, coffer_error *error)
{
        coffer_cursor rest = ((frame_access *)stored)->frame, part;
        if (!coffer_cursor_take(&rest, (size_t)offset_bytes, &part))
                abort(); /* nobody looks behind the end */
        for (size_t i = 0; i < count; i++) {
                if (!coffer_cursor_take(&rest, memory[i].iov_len, &part))
                        return coffer_error_set(error, COFFER_CORRUPT, "the frame ends");
                if (part.size_bytes > 0)
                        memcpy(memory[i].iov_base, part.data, part.size_bytes);
        }
        return COFFER_OK;
}

static void access_close(coffer_random_access *stored)
{
        (void)stored;
}

static coffer_status read_random(coffer_cursor frame, size_t step_bytes, coffer_buf *out, coffer_error *error)
{
        frame_access access = {{frame.size_bytes, access_read, access_close}, frame};
        coffer_stream *contents = NULL;
        coffer_frame_sizes sizes;

        if (coffer_frame_v1.expect(&access.base, &sizes, NULL) != COFFER_OK ||
            coffer_frame_v1.open_random(&access.base, MAX_CONTENT_BYTES, NULL, &contents, NULL) != COFFER_OK)
                abort();
        return drain(contents, step_bytes, out, error);
}

static void read_randomly(coffer_cursor frame, size_t step_bytes, coffer_status expected, coffer_cursor contents)
{
        coffer_buf out _cleanup_buf_ = COFFER_BUF_INIT(4 * MAX_CONTENT_BYTES);
        coffer_error error = COFFER_ERROR_INIT;
        coffer_status status = read_random(frame, step_bytes, &out, &error);

        check_error(status, &error, frame.size_bytes);
        if ((status == COFFER_OK) != (expected == COFFER_OK) ||
            (status == COFFER_OK && !coffer_cursor_equal(coffer_buf_cursor(&out), contents)))
                abort();
}

static void read_frame(coffer_cursor frame)
{
        coffer_bytes *whole _cleanup_bytes_ = NULL;
        coffer_buf streamed _cleanup_buf_ = COFFER_BUF_INIT(MAX_CONTENT_BYTES + 2 * STEP_BYTES);
        coffer_error error = COFFER_ERROR_INIT, stream_error = COFFER_ERROR_INIT;
        coffer_frame_sizes sizes;

        coffer_status status = coffer_frame_v1.read(frame, MAX_CONTENT_BYTES, NULL, &whole, &error);
        check_error(status, &error, frame.size_bytes);
        coffer_status stream_status = read_stream(frame, &streamed, &stream_error);
        check_error(stream_status, &stream_error, frame.size_bytes);
        read_randomly(frame, STEP_BYTES, stream_status, coffer_buf_cursor(&streamed));
        read_randomly(frame, MAX_CONTENT_BYTES, stream_status, coffer_buf_cursor(&streamed));
        coffer_status measured = coffer_frame_v1.measure(frame, &sizes, NULL);
        if (status != COFFER_OK)
                return;
        if (stream_status == COFFER_OK &&
            !coffer_cursor_equal(coffer_bytes_segment(whole, 0), coffer_buf_cursor(&streamed)))
                abort();
        if (measured != COFFER_OK || (sizes.is_exact && sizes.content_bytes != coffer_bytes_size(whole)))
                abort();
}

/* Parts of sound contents are theirs; parts of others are errors, or the members that are sound. */
static void read_parts(coffer_cursor frame)
{
        coffer_bytes *stored _cleanup_bytes_ = borrow(frame), *whole _cleanup_bytes_ = NULL;
        coffer_ranges *ranges = NULL;
        uint8_t part[STEP_BYTES];
        size_t got_bytes;

        bool is_sound = coffer_frame_v1.read(frame, MAX_CONTENT_BYTES, NULL, &whole, NULL) == COFFER_OK;
        coffer_status status = coffer_frame_v1.open_ranges(stored, MAX_CONTENT_BYTES, &ranges, NULL);
        if (status != COFFER_OK && is_sound)
                abort();
        for (uint64_t offset = 5 * (frame.size_bytes % 999); status == COFFER_OK; offset = offset / 2) {
                bool is_read = ranges->read(ranges, offset, part, 1 + frame.size_bytes % STEP_BYTES, &got_bytes,
                                            NULL) == COFFER_OK;
                coffer_cursor rest = is_sound ? coffer_bytes_segment(whole, 0) : coffer_cursor_of(NULL, 0), before;
                if (is_sound && (!is_read || (got_bytes > 0 && (!coffer_cursor_take(&rest, (size_t)offset, &before) ||
                                                                rest.size_bytes < got_bytes ||
                                                                memcmp(rest.data, part, got_bytes) != 0))))
                        abort();
                if (offset == 0)
                        break;
        }
        if (ranges)
                ranges->close(ranges);
}

static coffer_status append(void *user, const coffer_cursor *parts, size_t count, coffer_error *error)
{
        for (size_t i = 0; i < count; i++)
                COFFER_TRY(coffer_buf_append_cursor(user, parts[i], error));
        return COFFER_OK;
}

static void frame_and_read(coffer_cursor contents)
{
        coffer_bytes *bytes _cleanup_bytes_ = borrow(contents), *back _cleanup_bytes_ = NULL;
        coffer_buf frame _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        static const coffer_frame_manner manner;
        coffer_frame_sink sink = {append, &frame};

        if (coffer_frame_v1.write(bytes, &manner, &sink, NULL) != COFFER_OK ||
            coffer_frame_v1.read(coffer_buf_cursor(&frame), UINT64_MAX, NULL, &back, NULL) != COFFER_OK ||
            !coffer_cursor_equal(coffer_bytes_segment(back, 0), contents))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        read_frame(coffer_cursor_of(data, size));
        read_parts(coffer_cursor_of(data, size));
        frame_and_read(coffer_cursor_of(data, size));
        return 0;
}
