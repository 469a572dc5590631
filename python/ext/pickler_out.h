/* SPDX-License-Identifier: Apache-2.0 */
/* What a pickler writes to: segments, and the frames of protocol 4 over them. */
#ifndef COFFER_PYTHON_PICKLER_OUT_H
#define COFFER_PYTHON_PICKLER_OUT_H

#include "bytes.h"

enum {
        PYCOFFER_FRAME_BYTES = 64 << 10, /* a frame ends where a value begins after so many */
        PYCOFFER_LARGE_BYTES = 64 << 10, /* byte strings and texts from here on are outside of all frames */
        PYCOFFER_FRAME_HEAD_BYTES = 9,
        PYCOFFER_FRAME_LEAST_BYTES = 4, /* what is shorter gets no frame */
        PYCOFFER_FIRST_CHUNK_BYTES = 1 << 10,
};

/* It must not be moved. Functions return false, or NULL, with MemoryError set. */
typedef struct pycoffer_pickle_out {
        coffer_bytes *bytes; /* the segments that are complete; NULL while there are none */
        uint8_t *chunk;      /* what comes after them */
        uint8_t *next;       /* the end of what is in it */
        uint8_t *end;        /* of its memory */
        uint8_t *frame;      /* the head of the open frame; NULL when none is open */
        uint8_t *counted_to; /* the frame's bytes from here on are not in `frame_bytes` */
        size_t frame_bytes;  /* of the open frame in segments */
        uint8_t first[PYCOFFER_FIRST_CHUNK_BYTES];
} pycoffer_pickle_out;

void pycoffer_pickle_out_init(pycoffer_pickle_out *out);
void pycoffer_pickle_out_done(pycoffer_pickle_out *out, pycoffer_state *state);

/* Makes room for so many bytes side by side; for pycoffer_pickle_room*. */
bool pycoffer_pickle_make_room(pycoffer_pickle_out *out, size_t size_bytes);

void pycoffer_pickle_open_frame(pycoffer_pickle_out *out);
void pycoffer_pickle_close_frame(pycoffer_pickle_out *out);

/* Adds memory as a segment, outside of frames. Takes `memory`. */
bool pycoffer_pickle_refer(pycoffer_pickle_out *out, pycoffer_borrowed *memory);

/* Adds a copy of bytes of any length, within the frame. */
bool pycoffer_pickle_copy(pycoffer_pickle_out *out, const uint8_t *data, size_t size_bytes);

/* All that was written, once the last frame is closed. NULL with an exception set. */
coffer_bytes *pycoffer_pickle_out_take(pycoffer_pickle_out *out);

/* Where the next `size_bytes` go, outside of frames: 64 KiB and some at most. */
static inline uint8_t *pycoffer_pickle_room_outside(pycoffer_pickle_out *out, size_t size_bytes)
{
        if (size_bytes > (size_t)(out->end - out->next) && !pycoffer_pickle_make_room(out, size_bytes))
                return NULL;
        uint8_t *room = out->next;
        out->next += size_bytes;
        return room;
}

/* The same within a frame, which it opens if none is open. */
static inline uint8_t *pycoffer_pickle_room(pycoffer_pickle_out *out, size_t size_bytes)
{
        /* A frame that turns out too short loses its head, for which it has to be in one piece. */
        size_t needed_bytes = size_bytes + PYCOFFER_FRAME_HEAD_BYTES + PYCOFFER_FRAME_LEAST_BYTES;
        if (needed_bytes > (size_t)(out->end - out->next) && !pycoffer_pickle_make_room(out, needed_bytes))
                return NULL;
        if (!out->frame)
                pycoffer_pickle_open_frame(out);
        uint8_t *room = out->next;
        out->next += size_bytes;
        return room;
}

/* To be called where a value begins: frames end there. */
static inline void pycoffer_pickle_boundary(pycoffer_pickle_out *out)
{
        if (out->frame && out->frame_bytes + (size_t)(out->next - out->counted_to) >= PYCOFFER_FRAME_BYTES)
                pycoffer_pickle_close_frame(out);
}

#endif
