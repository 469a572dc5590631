/* SPDX-License-Identifier: Apache-2.0 */
/* Where the pickle reader's bytes come from: memory, or a stream seen through a window. Frames are kept here: an opcode
 * with its argument lies inside one frame or outside of all. */
#ifndef COFFER_PICKLE_READ_SOURCE_H
#define COFFER_PICKLE_READ_SOURCE_H

#include <coffer/bytes.h>

#define COFFER_SOURCE_NO_FRAME UINT64_MAX

typedef struct coffer_source {
        const uint8_t *next;  /* the first unread byte */
        const uint8_t *limit; /* what is before it may be read at once: the end of the window or of the frame */
        const uint8_t *window;
        const uint8_t *end;                                       /* of the window */
        uint64_t window_offset;                                   /* of the window's first byte in the input */
        uint64_t frame_end;                                       /* its offset, or COFFER_SOURCE_NO_FRAME */
        coffer_stream *stream;                                    /* NULL: the window is all there is */
        void (*skip)(coffer_stream *stream, uint64_t size_bytes); /* passes over what need not be read; may be NULL */
        uint8_t *buffer;                                          /* of a stream: the memory of the window */
        size_t capacity_bytes;
        bool ended;  /* of a stream: nothing is left behind the window */
        bool failed; /* the stream itself failed; its error is about other things than the pickle */
} coffer_source;

void coffer_source_init_memory(coffer_source *source, coffer_cursor bytes);
COFFER_MUST_CHECK
coffer_status coffer_source_init_stream(coffer_source *source, coffer_stream *stream, coffer_error *error);
void coffer_source_done(coffer_source *source);

static inline uint64_t coffer_source_offset(const coffer_source *source)
{
        return source->window_offset + (uint64_t)(source->next - source->window);
}

static inline size_t coffer_source_ready(const coffer_source *source)
{
        return (size_t)(source->limit - source->next);
}

/* Between two opcodes with nothing ready: leaves a frame that is used up and makes at least one byte ready. */
COFFER_MUST_CHECK
coffer_status coffer_source_next_opcode(coffer_source *source, coffer_error *error);

/* Within an opcode: makes `size_bytes` ready. The call may move the window. */
COFFER_MUST_CHECK
coffer_status coffer_source_need(coffer_source *source, size_t size_bytes, coffer_error *error);

/* Within an opcode whose size is not known yet: makes more ready than there is. */
COFFER_MUST_CHECK
coffer_status coffer_source_more(coffer_source *source, coffer_error *error);

/* Checks that an argument of `size_bytes` can follow, as far as one can tell before it has been read. */
COFFER_MUST_CHECK
coffer_status coffer_source_expect(const coffer_source *source, uint64_t size_bytes, coffer_error *error);

/* Takes up to `max_bytes`, at least one, of an argument that coffer_source_expect has allowed; valid until the next
 * call. */
COFFER_MUST_CHECK
coffer_status coffer_source_take_some(coffer_source *source, uint64_t max_bytes, coffer_cursor *out,
                                      coffer_error *error);

/* Passes over `size_bytes` of such an argument; those that the source can skip are not read. */
COFFER_MUST_CHECK
coffer_status coffer_source_pass(coffer_source *source, uint64_t size_bytes, coffer_error *error);

/* Enters a frame that starts here. */
COFFER_MUST_CHECK
coffer_status coffer_source_enter_frame(coffer_source *source, uint64_t size_bytes, coffer_error *error);

/* After STOP: checks that the frame is used up and that nothing follows; a stream is read to its end. */
COFFER_MUST_CHECK
coffer_status coffer_source_finish(coffer_source *source, bool allow_trailing, coffer_error *error);

#endif
