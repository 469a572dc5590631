/* SPDX-License-Identifier: Apache-2.0 */
/* Reading frames piece by piece, in constant memory. */
#include "cas/frame_v1_stream.h"

#include "util/cleanup.h"
#include "util/cursor.h"

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

static coffer_status count_output(frame_stream *self, coffer_cursor output, coffer_error *error)
{
        self->crc = coffer_deflate_for(COFFER_DEFLATE_CRC)->crc(self->crc, output);
        self->member_bytes += output.size_bytes;
        if (self->member_bytes > self->gzip.max_bytes - self->gzip.position_bytes)
                return coffer_error_set(error, COFFER_LIMIT, "the contents are larger than %llu bytes",
                                        (unsigned long long)self->gzip.max_bytes);
        return COFFER_OK;
}

static coffer_status inflate_some(frame_stream *self, uint8_t *output, size_t capacity_bytes, size_t *got_bytes,
                                  coffer_error *error)
{
        bool got;
        COFFER_TRY(ready(self, error));
        COFFER_TRY(coffer_gzip_more_input(&self->gzip, &got, error));
        coffer_inflate_result result =
                coffer_inflate_on(self->library, self->inflater, &self->gzip.input, output, capacity_bytes, got_bytes);
        COFFER_TRY(count_output(self, coffer_cursor_of(output, *got_bytes), error));
        bool goes_on = result == COFFER_INFLATE_MORE && (*got_bytes > 0 || got);
        if (result != COFFER_INFLATE_END && !goes_on)
                return coffer_gzip_inflate_fault(&self->gzip, result, error);
        if (result == COFFER_INFLATE_END) {
                self->state = BETWEEN_MEMBERS;
                self->is_ready = false;
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
