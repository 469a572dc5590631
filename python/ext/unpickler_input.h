/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a pickle as the unpickler takes them: from memory, or from a stream through a buffer. */
#ifndef COFFER_PYTHON_UNPICKLER_INPUT_H
#define COFFER_PYTHON_UNPICKLER_INPUT_H

#include "module.h"

/* Payloads above this go around the buffer. */
enum { PYCOFFER_INPUT_BUFFER_BYTES = 256 << 10 };

typedef struct pycoffer_input {
        pycoffer_state *state;
        const uint8_t *next; /* what is there to be taken */
        const uint8_t *end;
        coffer_stream *stream; /* gives what follows `end`; NULL: nothing does */
        uint8_t *buffer;       /* of the stream; NULL until it is needed */
        size_t buffer_bytes;
        uint64_t expected_bytes; /* of the whole pickle, as somebody has recorded it: not to be relied on */
        uint64_t received_bytes; /* up to `end` */
        uint64_t frame_end;      /* the pickle promises to be as long as this */
        bool is_broken;          /* the stream failed: the exception is about what is stored */
} pycoffer_input;

/* Memory stays the caller's, and so does the stream. */
void pycoffer_input_init(pycoffer_input *input, pycoffer_state *state, coffer_cursor contents);
void pycoffer_input_init_stream(pycoffer_input *input, pycoffer_state *state, coffer_stream *stream,
                                uint64_t expected_bytes);
void pycoffer_input_done(pycoffer_input *input);

/* Makes `size_bytes` available at `next`. False with an exception set: UnpicklingError where the pickle ends before. */
bool pycoffer_input_fill(pycoffer_input *input, size_t size_bytes);

static inline size_t pycoffer_input_ready(const pycoffer_input *input)
{
        return (size_t)(input->end - input->next);
}

/* The next bytes, valid until the input is used again; NULL with an exception set. */
static inline const uint8_t *pycoffer_input_take(pycoffer_input *input, size_t size_bytes)
{
        if (pycoffer_input_ready(input) < size_bytes && !pycoffer_input_fill(input, size_bytes))
                return NULL;
        const uint8_t *taken = input->next;
        input->next += size_bytes;
        return taken;
}

/* A little-endian number. `size_bytes` is at most 8. */
static inline bool pycoffer_input_number(pycoffer_input *input, size_t size_bytes, uint64_t *out)
{
        const uint8_t *bytes = pycoffer_input_take(input, size_bytes);
        *out = 0;
        for (size_t i = size_bytes; bytes && i-- > 0;)
                *out = *out << 8 | bytes[i];
        return bytes != NULL;
}

/* The bytes up to and with the next newline, valid until the input is used again. */
bool pycoffer_input_line(pycoffer_input *input, coffer_cursor *line);

/* How much of a payload of `size_bytes` may be allocated before any of it has come. False with UnpicklingError set
 * where so many bytes can't follow. */
bool pycoffer_input_foresee(const pycoffer_input *input, size_t size_bytes, size_t *allowed_bytes);

/* Puts the next bytes into `memory`, without the GIL where they are many. */
bool pycoffer_input_read(pycoffer_input *input, void *memory, size_t size_bytes);

/* Notes that a frame of `size_bytes` begins here. False with UnpicklingError set where it can't be. */
bool pycoffer_input_begin_frame(pycoffer_input *input, uint64_t size_bytes);

/* Reads a stream to its end, so that all of it is checked. */
bool pycoffer_input_finish(pycoffer_input *input);

/* Sets UnpicklingError for a pickle that ends too early; false. */
bool pycoffer_input_truncated(const pycoffer_input *input);

#endif
