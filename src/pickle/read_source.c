/* SPDX-License-Identifier: Apache-2.0 */
#include "pickle/read_source.h"

#include <inttypes.h>
#include <string.h>

#include "util/cleanup.h"

enum {
        WINDOW_BYTES = 1 << 17,
        MAX_WINDOW_BYTES = 1 << 26 /* the longest line or integer read from a stream */
};

void coffer_source_init_memory(coffer_source *source, coffer_cursor bytes)
{
        static const uint8_t nothing[1];
        const uint8_t *data = bytes.size_bytes ? bytes.data : nothing;
        *source = (coffer_source){
                .next = data,
                .limit = data + bytes.size_bytes,
                .window = data,
                .end = data + bytes.size_bytes,
                .frame_end = COFFER_SOURCE_NO_FRAME,
                .ended = true,
        };
}

coffer_status coffer_source_init_stream(coffer_source *source, coffer_stream *stream, coffer_error *error)
{
        uint8_t *buffer = (uint8_t *)coffer_alloc(WINDOW_BYTES);
        if (!buffer)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
        coffer_source_init_memory(source, (coffer_cursor){buffer, 0});
        source->next = source->limit = source->window = source->end = buffer;
        source->stream = stream;
        source->buffer = buffer;
        source->capacity_bytes = WINDOW_BYTES;
        source->ended = false;
        return COFFER_OK;
}

void coffer_source_done(coffer_source *source)
{
        coffer_free(source->buffer);
        source->buffer = NULL;
}

/* Works out the limit after the window or the frame has changed. */
static void set_limit(coffer_source *source)
{
        uint64_t ahead = (uint64_t)(source->end - source->next);
        if (source->frame_end != COFFER_SOURCE_NO_FRAME) {
                uint64_t in_frame = source->frame_end - coffer_source_offset(source);
                if (in_frame < ahead)
                        ahead = in_frame;
        }
        source->limit = source->next + ahead;
}

/* Moves the unread bytes to the front of the window's memory. */
static void move_to_front(coffer_source *source)
{
        size_t unread = (size_t)(source->end - source->next);
        source->window_offset = coffer_source_offset(source);
        memmove(source->buffer, source->next, unread);
        source->window = source->next = source->buffer;
        source->end = source->buffer + unread;
}

static coffer_status enlarge(coffer_source *source, coffer_error *error)
{
        if (source->capacity_bytes >= MAX_WINDOW_BYTES)
                return coffer_error_set(error, COFFER_LIMIT,
                                        "its argument is longer than the %d bytes that are read from a stream at once",
                                        MAX_WINDOW_BYTES);
        size_t unread = (size_t)(source->end - source->next);
        uint8_t *buffer = (uint8_t *)coffer_realloc(source->buffer, source->capacity_bytes * 2);
        if (!buffer)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
        source->buffer = buffer;
        source->capacity_bytes *= 2;
        source->window = source->next = buffer;
        source->end = buffer + unread;
        return COFFER_OK;
}

/* One read of the stream into the free end of the window. */
static coffer_status read_once(coffer_source *source, coffer_error *error)
{
        size_t used = (size_t)(source->end - source->buffer);
        size_t got = 0;
        coffer_status status =
                source->stream->read(source->stream, source->buffer + used, source->capacity_bytes - used, &got, error);
        source->failed = status != COFFER_OK;
        if (status != COFFER_OK)
                return status;
        source->end += got;
        source->ended = got == 0;
        return COFFER_OK;
}

/* Reads until `wanted_bytes` are in the window or the stream has ended. */
static coffer_status fill(coffer_source *source, size_t wanted_bytes, coffer_error *error)
{
        coffer_status status = COFFER_OK;
        if (!source->ended && (size_t)(source->end - source->next) < wanted_bytes)
                move_to_front(source);
        while (status == COFFER_OK && !source->ended && (size_t)(source->end - source->next) < wanted_bytes) {
                if (source->end == source->buffer + source->capacity_bytes)
                        status = enlarge(source, error);
                if (status == COFFER_OK)
                        status = read_once(source, error);
        }
        set_limit(source);
        return status;
}

static bool crosses_frame(const coffer_source *source, uint64_t size_bytes)
{
        return source->frame_end != COFFER_SOURCE_NO_FRAME &&
               size_bytes > source->frame_end - coffer_source_offset(source);
}

static coffer_status fail_short(const coffer_source *source, coffer_error *error)
{
        if (source->end > source->limit)
                return coffer_error_set(error, COFFER_MALFORMED,
                                        "its argument crosses the end of the frame at offset %" PRIu64,
                                        source->frame_end);
        return coffer_error_set(error, COFFER_MALFORMED, "the input ends inside its argument");
}

coffer_status coffer_source_next_opcode(coffer_source *source, coffer_error *error)
{
        if (source->frame_end == coffer_source_offset(source))
                source->frame_end = COFFER_SOURCE_NO_FRAME;
        COFFER_TRY(fill(source, 1, error));
        if (source->next < source->limit)
                return COFFER_OK;
        uint64_t offset = coffer_source_offset(source);
        return coffer_error_set_at(error, COFFER_MALFORMED, (int64_t)offset,
                                   "the input ends at offset %" PRIu64 ", before STOP", offset);
}

coffer_status coffer_source_need(coffer_source *source, size_t size_bytes, coffer_error *error)
{
        if (!crosses_frame(source, size_bytes))
                COFFER_TRY(fill(source, size_bytes, error));
        return coffer_source_ready(source) < size_bytes ? fail_short(source, error) : COFFER_OK;
}

coffer_status coffer_source_more(coffer_source *source, coffer_error *error)
{
        size_t ready = coffer_source_ready(source);
        if (!crosses_frame(source, ready + 1))
                COFFER_TRY(fill(source, ready * 2 + 1, error));
        return coffer_source_ready(source) <= ready ? fail_short(source, error) : COFFER_OK;
}

coffer_status coffer_source_expect(const coffer_source *source, uint64_t size_bytes, coffer_error *error)
{
        if (crosses_frame(source, size_bytes))
                return coffer_error_set(error, COFFER_MALFORMED,
                                        "its %" PRIu64 " bytes cross the end of the frame at offset %" PRIu64,
                                        size_bytes, source->frame_end);
        uint64_t ahead = (uint64_t)(source->end - source->next);
        if (source->ended && size_bytes > ahead)
                return coffer_error_set(error, COFFER_MALFORMED,
                                        "%" PRIu64 " bytes are announced, but %" PRIu64 " follow", size_bytes, ahead);
        return COFFER_OK;
}

coffer_status coffer_source_take_some(coffer_source *source, uint64_t max_bytes, coffer_cursor *out,
                                      coffer_error *error)
{
        COFFER_TRY(coffer_source_need(source, 1, error));
        size_t size_bytes = coffer_source_ready(source);
        if (size_bytes > max_bytes)
                size_bytes = (size_t)max_bytes;
        *out = (coffer_cursor){source->next, size_bytes};
        source->next += size_bytes;
        return COFFER_OK;
}

coffer_status coffer_source_pass(coffer_source *source, uint64_t size_bytes, coffer_error *error)
{
        uint64_t ahead = (uint64_t)(source->end - source->next);
        coffer_cursor piece;
        if (source->skip && size_bytes > ahead) {
                source->skip(source->stream, size_bytes - ahead);
                source->window_offset = coffer_source_offset(source) + size_bytes;
                source->window = source->next = source->end = source->buffer;
                set_limit(source);
                return COFFER_OK;
        }
        for (; size_bytes > 0; size_bytes -= piece.size_bytes)
                COFFER_TRY(coffer_source_take_some(source, size_bytes, &piece, error));
        return COFFER_OK;
}

coffer_status coffer_source_enter_frame(coffer_source *source, uint64_t size_bytes, coffer_error *error)
{
        if (source->frame_end != COFFER_SOURCE_NO_FRAME)
                return coffer_error_set(error, COFFER_MALFORMED,
                                        "it lies inside the frame that ends at offset %" PRIu64, source->frame_end);
        if (size_bytes == 0)
                return coffer_error_set(error, COFFER_MALFORMED, "a frame of no bytes");
        if (size_bytes > INT64_MAX)
                return coffer_error_set(error, COFFER_MALFORMED, "a frame of %" PRIu64 " bytes", size_bytes);
        COFFER_TRY(coffer_source_expect(source, size_bytes, error));
        source->frame_end = coffer_source_offset(source) + size_bytes;
        set_limit(source);
        return COFFER_OK;
}

static coffer_status drain(coffer_source *source, coffer_error *error)
{
        while (!source->ended) {
                source->next = source->end;
                COFFER_TRY(fill(source, 1, error));
        }
        return COFFER_OK;
}

coffer_status coffer_source_finish(coffer_source *source, bool allow_trailing, coffer_error *error)
{
        uint64_t offset = coffer_source_offset(source);
        if (source->frame_end != COFFER_SOURCE_NO_FRAME && source->frame_end != offset)
                return coffer_error_set(error, COFFER_MALFORMED,
                                        "the frame goes on to offset %" PRIu64 ", behind the end of the pickle",
                                        source->frame_end);
        source->frame_end = COFFER_SOURCE_NO_FRAME;
        COFFER_TRY(fill(source, 1, error));
        if (allow_trailing)
                return source->stream ? drain(source, error) : COFFER_OK;
        if (source->next < source->end)
                return coffer_error_set(error, COFFER_MALFORMED, "more bytes follow the end of the pickle");
        return COFFER_OK;
}
