/* SPDX-License-Identifier: Apache-2.0 */
/* The stream over a frame, one member after the other, for those who step over members that they read themselves. */
#ifndef COFFER_CAS_FRAME_V1_STREAM_H
#define COFFER_CAS_FRAME_V1_STREAM_H

#include "cas/frame_v1.h"
#include "cas/gzip.h"

typedef struct coffer_frame_v1_stream {
        coffer_stream base; /* its `close` also frees the stream, for one that lies alone in its memory */
        coffer_gzip_reader gzip;
        int state;
        const coffer_deflate_library *library;
        void *inflater;
        bool is_ready; /* the inflater, for the current member */
        uint32_t crc;  /* of the current member's contents so far */
        uint64_t member_bytes;
        coffer_frame_watch watch; /* `take` may be NULL */
} coffer_frame_v1_stream;

/* Closes `stored` when it is done, unless this fails. */
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_stream_init(coffer_frame_v1_stream *self, coffer_stream *stored, uint64_t max_bytes,
                                          coffer_error *error);
void coffer_frame_v1_stream_done(coffer_frame_v1_stream *self);

/* Takes the header of the next member, if there is one. */
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_stream_begin_member(coffer_frame_v1_stream *self, coffer_error *error);
bool coffer_frame_v1_stream_has_ended(const coffer_frame_v1_stream *self);

/* The current member, of which nothing has been read, is read by somebody else; `stored` goes on at its end, which is
 * at `offset_bytes`. */
void coffer_frame_v1_stream_step_over(coffer_frame_v1_stream *self, uint64_t offset_bytes);

#endif
