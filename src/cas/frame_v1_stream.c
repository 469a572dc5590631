/* SPDX-License-Identifier: Apache-2.0 */
/* Reading frames piece by piece, in constant memory. */
#include "cas/frame_v1_stream.h"

#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/pipeline.h"
#include "util/pool.h"

enum { PIECE_BYTES = 256 << 10, MAX_PIECES = 512 };
enum { BETWEEN_MEMBERS, IN_MEMBER, ENDED, FAILED };

typedef coffer_frame_v1_stream frame_stream;

coffer_status coffer_frame_v1_stream_begin_member(frame_stream *self, coffer_error *error)
{
        bool ended;
        COFFER_TRY(coffer_gzip_next_member(&self->gzip, &ended, error));
        self->state = ended ? ENDED : IN_MEMBER;
        self->crc = 0;
        self->member_bytes = 0;
        return COFFER_OK;
}

void coffer_frame_v1_stream_step_over(frame_stream *self, uint64_t offset_bytes)
{
        coffer_gzip_step_over(&self->gzip, offset_bytes);
        self->state = BETWEEN_MEMBERS;
}

bool coffer_frame_v1_stream_has_ended(const frame_stream *self)
{
        return self->state == ENDED;
}

/* An inflater for the member that begins, made when it is needed first. */
static coffer_status ready(frame_stream *self, coffer_error *error)
{
        if (self->is_ready)
                return COFFER_OK;
        if (!self->inflater) {
                self->library = coffer_deflate_for(COFFER_DEFLATE_INFLATE_STREAM);
                COFFER_TRY(self->library->inflater_new(&self->inflater, error));
        }
        self->library->inflater_reset(self->inflater);
        self->is_ready = true;
        return COFFER_OK;
}

static coffer_status count_output(frame_stream *self, size_t output_bytes, coffer_error *error)
{
        self->member_bytes += output_bytes;
        if (self->member_bytes > self->gzip.max_bytes - self->gzip.position_bytes)
                return coffer_error_set(error, COFFER_LIMIT, "the contents are larger than %llu bytes",
                                        (unsigned long long)self->gzip.max_bytes);
        return COFFER_OK;
}

/* Fills the piece unless the member ends before; nothing is put into it when it has ended. */
static coffer_status inflate_piece(frame_stream *self, uint8_t *piece, size_t capacity_bytes, size_t *got_bytes,
                                   coffer_error *error)
{
        *got_bytes = 0;
        while (self->is_ready && *got_bytes < capacity_bytes) {
                size_t count;
                bool got;
                COFFER_TRY(coffer_gzip_more_input(&self->gzip, &got, error));
                coffer_inflate_result result =
                        coffer_inflate_on(self->library, self->inflater, &self->gzip.input, piece + *got_bytes,
                                          capacity_bytes - *got_bytes, &count);
                *got_bytes += count;
                COFFER_TRY(count_output(self, count, error));
                bool goes_on = result == COFFER_INFLATE_MORE && (count > 0 || got);
                if (result != COFFER_INFLATE_END && !goes_on)
                        return coffer_gzip_inflate_fault(&self->gzip, result, error);
                self->is_ready = goes_on;
        }
        return COFFER_OK;
}

/* Pieces that are inflated by one thread, while what has been is summed up by another. */
typedef struct piece_run {
        frame_stream *stream;
        uint8_t *output;
        size_t capacity_bytes;
        size_t piece_bytes[MAX_PIECES];
} piece_run;

static coffer_status inflate_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        piece_run *run = user;
        size_t offset = index * PIECE_BYTES, room_bytes = run->capacity_bytes - offset;
        (void)worker;
        return inflate_piece(run->stream, run->output + offset, room_bytes < PIECE_BYTES ? room_bytes : PIECE_BYTES,
                             &run->piece_bytes[index], error);
}

static coffer_status sum_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        piece_run *run = user;
        frame_stream *self = run->stream;
        coffer_cursor piece = coffer_cursor_of(run->output + index * PIECE_BYTES, run->piece_bytes[index]);
        (void)worker;
        self->crc = coffer_deflate_for(COFFER_DEFLATE_CRC)->crc(self->crc, piece);
        return self->watch.take ? self->watch.take(self->watch.user, piece, error) : COFFER_OK;
}

/* Goes on with the current member. */
static coffer_status inflate_some(frame_stream *self, uint8_t *output, size_t capacity_bytes, size_t *got_bytes,
                                  coffer_error *error)
{
        size_t most_bytes = (size_t)MAX_PIECES * PIECE_BYTES;
        piece_run run = {self, output, capacity_bytes < most_bytes ? capacity_bytes : most_bytes, {0}};
        size_t count = (run.capacity_bytes - 1) / PIECE_BYTES + 1;
        coffer_pipeline pipeline = {
                .count = count,
                .width = count > 1 && coffer_pool_width() > 1 ? 2 : 1,
                .stage_count = 2,
                .stages = {{.run = inflate_step, .in_order = true}, {.run = sum_step, .in_order = true}},
                .user = &run};

        COFFER_TRY(ready(self, error));
        COFFER_TRY(coffer_pipeline_run(&pipeline, error));
        for (size_t i = 0; i < count; i++)
                *got_bytes += run.piece_bytes[i];
        if (!self->is_ready) {
                self->state = BETWEEN_MEMBERS;
                COFFER_TRY(coffer_gzip_end_member(&self->gzip, self->crc, self->member_bytes, error));
        }
        return COFFER_OK;
}

static coffer_status read_some(frame_stream *self, uint8_t *output, size_t capacity_bytes, size_t *got_bytes,
                               coffer_error *error)
{
        *got_bytes = 0;
        while (*got_bytes == 0 && self->state != ENDED) {
                if (self->state == BETWEEN_MEMBERS)
                        COFFER_TRY(coffer_frame_v1_stream_begin_member(self, error));
                if (self->state == IN_MEMBER)
                        COFFER_TRY(inflate_some(self, output, capacity_bytes, got_bytes, error));
        }
        return COFFER_OK;
}

static coffer_status stream_read(coffer_stream *stream, void *buffer, size_t capacity_bytes, size_t *got_bytes,
                                 coffer_error *error)
{
        frame_stream *self = (frame_stream *)stream;
        size_t count = 0;

        if (self->state == FAILED)
                return coffer_error_set(error, COFFER_STATE, "the stream has failed before");
        if (capacity_bytes == 0)
                return coffer_error_set(error, COFFER_INVALID, "a stream cannot be read into no room");
        coffer_status status = read_some(self, buffer, capacity_bytes, &count, error);
        if (status == COFFER_OK)
                *got_bytes = count;
        else
                self->state = FAILED;
        return status;
}

void coffer_frame_v1_stream_done(frame_stream *self)
{
        if (self->inflater)
                self->library->inflater_free(self->inflater);
        coffer_gzip_reader_done(&self->gzip);
}

static void stream_close(coffer_stream *stream)
{
        frame_stream *self = (frame_stream *)stream;
        coffer_frame_v1_stream_done(self);
        coffer_free(self);
}

coffer_status coffer_frame_v1_stream_init(frame_stream *self, coffer_stream *stored, uint64_t max_bytes,
                                          coffer_error *error)
{
        *self = (frame_stream){.base = {stream_read, stream_close}};
        return coffer_gzip_reader_init_stream(&self->gzip, stored, max_bytes, error);
}

coffer_status coffer_frame_v1_open(coffer_stream *stored, uint64_t max_bytes, coffer_stream **out, coffer_error *error)
{
        frame_stream *self _cleanup_free_ = coffer_alloc(sizeof(*self));
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to decompress");
        COFFER_TRY(coffer_frame_v1_stream_init(self, stored, max_bytes, error));
        *out = &TAKE_PTR(self)->base;
        return COFFER_OK;
}
