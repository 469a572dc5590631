/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes, borrowed and shared. */
#ifndef COFFER_BYTES_H
#define COFFER_BYTES_H

#include <sys/uio.h>

#include <coffer/error.h>

COFFER_BEGIN_DECLS

/* Borrowed bytes, passed by value. `data` may be NULL only when size_bytes is 0. */
typedef struct coffer_cursor {
        const uint8_t *data;
        size_t size_bytes;
} coffer_cursor;

/* Immutable bytes with a reference count (atomic), held as a list of segments so that nobody has to
 * copy a large buffer to put a header in front of it. Safe to share between threads once built. */
typedef struct coffer_bytes coffer_bytes;

/* Called once when a segment is no longer needed. */
typedef void (*coffer_release_fn)(void *owner);

/* An empty sequence, to be filled with coffer_bytes_append_*; one reference to the caller. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_bytes_new(coffer_bytes **out, coffer_error *error);

/* Adds a segment. `copy` copies; `take` owns memory from coffer_alloc (also on failure it stays the
 * caller's); `borrow` refers to memory that stays valid until `release(owner)` is called (release may be
 * NULL for static memory; it is not called when the function fails); `share` refers to another sequence's segments
 * and holds a reference to it. Only while the caller holds the single reference
 * and before coffer_bytes_contiguous has copied; else COFFER_STATE. An empty segment adds none. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_bytes_append_copy(coffer_bytes *bytes, coffer_cursor segment,
                                                                    coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_bytes_append_take(coffer_bytes *bytes, void *memory,
                                                                    size_t size_bytes, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_bytes_append_borrow(coffer_bytes *bytes, coffer_cursor segment,
                                                                      coffer_release_fn release, void *owner,
                                                                      coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_bytes_append_share(coffer_bytes *bytes, coffer_bytes *other,
                                                                     coffer_error *error);

/* Says that others may write to memory that `bytes` borrows (an array that is in use): whoever saves them then makes
 * sure that key and stored contents agree. What shares their segments from now on is unstable too. */
COFFER_API void coffer_bytes_set_unstable(coffer_bytes *bytes);
COFFER_API bool coffer_bytes_is_unstable(const coffer_bytes *bytes);

/* Total size; number of segments; the i-th segment (empty cursor when out of range). */
COFFER_API uint64_t coffer_bytes_size(const coffer_bytes *bytes);
COFFER_API size_t coffer_bytes_segment_count(const coffer_bytes *bytes);
COFFER_API coffer_cursor coffer_bytes_segment(const coffer_bytes *bytes, size_t index);

/* All bytes as one piece of memory, valid as long as `bytes`. Copies (once, remembered) only when there is
 * more than one segment. Thread-safe. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_bytes_contiguous(coffer_bytes *bytes, coffer_cursor *out,
                                                                   coffer_error *error);

COFFER_API coffer_bytes *coffer_bytes_ref(coffer_bytes *bytes); /* NULL gives NULL */
COFFER_API void coffer_bytes_unref(coffer_bytes *bytes);        /* NULL is allowed */

/* A stream of bytes, read front to back. */
typedef struct coffer_stream coffer_stream;
struct coffer_stream {
        /* Puts up to `capacity_bytes` into `buffer` and their number into `*got_bytes`; 0 means the end has been
         * reached and everything that can be checked (sizes, checksums) has been found right. */
        coffer_status (*read)(coffer_stream *stream, void *buffer, size_t capacity_bytes, size_t *got_bytes,
                              coffer_error *error);
        void (*close)(coffer_stream *stream); /* frees the stream */
};

/* Bytes that can be read at any place, by any number of threads at once. */
typedef struct coffer_random_access coffer_random_access;
struct coffer_random_access {
        uint64_t size_bytes;
        /* Fills the `count` (at most 64) pieces of memory with the bytes from `offset_bytes` on. COFFER_CORRUPT when
         * the bytes end before. */
        coffer_status (*read)(coffer_random_access *stored, uint64_t offset_bytes, const struct iovec *memory,
                              size_t count, coffer_error *error);
        void (*close)(coffer_random_access *stored); /* frees it */
};

/* A stream over the bytes; it holds a reference until it is closed. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_bytes_open_stream(coffer_bytes *bytes, coffer_stream **out,
                                                                    coffer_error *error);

/* Bytes that can be read at any place. */
typedef struct coffer_ranges coffer_ranges;
struct coffer_ranges {
        /* Puts the `size_bytes` bytes from `offset` on into `buffer`, and their number into `*got_bytes`: fewer only
         * where the bytes end. By one thread at a time. */
        coffer_status (*read)(coffer_ranges *ranges, uint64_t offset, void *buffer, size_t size_bytes,
                              size_t *got_bytes, coffer_error *error);
        void (*close)(coffer_ranges *ranges); /* frees it */
};

COFFER_END_DECLS
#endif
