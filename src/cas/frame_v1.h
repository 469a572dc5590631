/* SPDX-License-Identifier: Apache-2.0 */
/* Frame version 1: gzip (docs/frame.md). */
#ifndef COFFER_CAS_FRAME_V1_H
#define COFFER_CAS_FRAME_V1_H

#include "cas/deflate.h"
#include "cas/frame.h"

extern const coffer_frame_class coffer_frame_v1;

/* Contents are cut into members of so many bytes, the last one shorter. */
enum { COFFER_FRAME_V1_MEMBER_BYTES = 1 << 20 };

/* The parts of the class. */
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_write(const coffer_bytes *contents, const coffer_frame_manner *manner,
                                    const coffer_frame_sink *sink, coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_read(coffer_cursor stored, uint64_t max_bytes, const coffer_frame_watch *watch,
                                   coffer_bytes **out, coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_open(coffer_stream *stored, uint64_t max_bytes, coffer_stream **out, coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_open_random(coffer_random_access *stored, uint64_t max_bytes,
                                          const coffer_frame_watch *watch, coffer_stream **out, coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_expect(coffer_random_access *stored, coffer_frame_sizes *out, coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_open_ranges(coffer_bytes *stored, uint64_t max_bytes, coffer_ranges **out,
                                          coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_measure(coffer_cursor stored, coffer_frame_sizes *out, coffer_error *error);

/* ---- members that have sizes ---- */

typedef struct coffer_frame_member {
        coffer_cursor stored;   /* header and trailer included */
        uint64_t stored_offset; /* where it begins in the frame */
        uint64_t offset;        /* where its contents begin in the blob */
        size_t content_bytes;
} coffer_frame_member;

typedef struct coffer_frame_index {
        coffer_frame_member *members;
        size_t count; /* 0: the members of this frame have no sizes */
        size_t capacity;
        uint64_t content_bytes; /* of the blob */
} coffer_frame_index;

/* Finds all members, or none when they have no sizes; refers to `stored`. Release with coffer_frame_index_done. */
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_index(coffer_cursor stored, uint64_t max_bytes, coffer_frame_index *out,
                                    coffer_error *error);
void coffer_frame_index_done(coffer_frame_index *index);

/* Inflates all members into one segment, appended to `out`. `watch` may be NULL. */
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_read_apart(const coffer_frame_index *index, const coffer_frame_watch *watch,
                                         coffer_bytes *out, coffer_error *error);

/* Inflates one member to `contents`, where it has room, and checks it. `inflater` is of the library. */
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_inflate_member(const coffer_frame_member *member, const coffer_deflate_library *library,
                                             void *inflater, uint8_t *contents, coffer_error *error);

/* Steps over the current member of the reader, which has sizes. */
struct coffer_gzip_reader;
COFFER_MUST_CHECK coffer_status coffer_frame_v1_skip_member(struct coffer_gzip_reader *reader, coffer_error *error);

#endif
