/* SPDX-License-Identifier: Apache-2.0 */
/* How the contents of a blob are framed in its file. A version is what sidecars call "cas_version". */
#ifndef COFFER_CAS_FRAME_H
#define COFFER_CAS_FRAME_H

#include <coffer/cas.h>

/* Where stored bytes go: parts that belong one behind the other. */
typedef struct coffer_frame_sink {
        coffer_status (*write)(void *user, const coffer_cursor *parts, size_t count, coffer_error *error);
        void *user;
} coffer_frame_sink;

/* Sees the contents of a frame while it is read or written: all of them, in order, as soon as they are there. */
typedef struct coffer_frame_watch {
        coffer_status (*take)(void *user, coffer_cursor contents, coffer_error *error);
        void *user;
} coffer_frame_watch;

/* How contents are put in a frame. All zeros will do. */
typedef struct coffer_frame_manner {
        coffer_compress compress;
        /* NULL: nobody watches. What is seen is what goes into the frame, also where contents are unstable. */
        const coffer_frame_watch *watch;
        /* May be NULL. Called by the caller's thread now and then: so much of the contents has been written. Its
         * failure ends the writing. */
        coffer_status (*tell)(void *user, uint64_t done_bytes, coffer_error *error);
        void *tell_user;
} coffer_frame_manner;

/* What can be said of a frame without looking at the contents. */
typedef struct coffer_frame_sizes {
        uint64_t content_bytes;
        bool is_exact; /* else known modulo 2^32 only, and from the last bytes alone */
} coffer_frame_sizes;

typedef struct coffer_frame_class {
        int64_t version;
        coffer_status (*write)(const coffer_bytes *contents, const coffer_frame_manner *manner,
                               const coffer_frame_sink *sink, coffer_error *error);
        /* All functions below: COFFER_CORRUPT for what is no whole, sound frame. */
        /* `watch` may be NULL. */
        coffer_status (*read)(coffer_cursor stored, uint64_t max_bytes, const coffer_frame_watch *watch,
                              coffer_bytes **out, coffer_error *error);
        /* Owns `stored` on success. */
        coffer_status (*open)(coffer_stream *stored, uint64_t max_bytes, coffer_stream **out, coffer_error *error);
        /* The same over bytes that can be read at any place; owns them on success. Streams that are read with room for
         * much fill all of it. `watch` may be NULL. */
        coffer_status (*open_random)(coffer_random_access *stored, uint64_t max_bytes, const coffer_frame_watch *watch,
                                     coffer_stream **out, coffer_error *error);
        /* How large the contents claim to be, by both ends of the stored bytes, exactly or not; whether that is so, and
         * whether this is a frame at all, only reading tells. */
        coffer_status (*expect)(coffer_random_access *stored, coffer_frame_sizes *out, coffer_error *error);
        /* Refers to `stored`. */
        coffer_status (*open_ranges)(coffer_bytes *stored, uint64_t max_bytes, coffer_ranges **out,
                                     coffer_error *error);
        coffer_status (*measure)(coffer_cursor stored, coffer_frame_sizes *out, coffer_error *error);
} coffer_frame_class;

/* NULL for a version that we do not know. */
const coffer_frame_class *coffer_frame_for(int64_t version);
/* The version for new blobs; and the one of blobs that do not say theirs. */
const coffer_frame_class *coffer_frame_current(void);
const coffer_frame_class *coffer_frame_legacy(void);

#endif
