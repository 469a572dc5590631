/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapping of gzip (RFC 1952): members with header and trailer, read from memory or a stream.
 *
 * Members that we write in a row carry their sizes in the header's extra field (identifier "CF", 32 bytes: four 64-bit
 * little-endian numbers, the fields of coffer_gzip_sizes), so that they can be found and inflated apart; any other
 * reader skips it. */
#ifndef COFFER_CAS_GZIP_H
#define COFFER_CAS_GZIP_H

#include <coffer/bytes.h>
#include "cas/deflate.h"

enum {
        COFFER_GZIP_PLAIN_HEADER_BYTES = 10,
        COFFER_GZIP_SIZED_HEADER_BYTES = 48,
        COFFER_GZIP_TRAILER_BYTES = 8,
        COFFER_DEFLATE_MAX_RATIO = 1032, /* no deflate stream grows more when it is inflated */
};

typedef struct coffer_gzip_sizes {
        uint64_t member_bytes;  /* of the member as stored, header and trailer included */
        uint64_t content_bytes; /* of what is in it */
        uint64_t offset_bytes;  /* where that begins in the blob */
        uint64_t blob_bytes;    /* of what is in all members together */
} coffer_gzip_sizes;

/* ---- writing ---- */

/* Puts a header to `out`, with `sizes` unless NULL; returns its size. No time stamp: equal contents give equal bytes.
 */
size_t coffer_gzip_put_header(const coffer_gzip_sizes *sizes, uint8_t out[COFFER_GZIP_SIZED_HEADER_BYTES]);
void coffer_gzip_put_trailer(uint32_t crc, uint64_t content_bytes, uint8_t out[COFFER_GZIP_TRAILER_BYTES]);

/* ---- reading ---- */

/* Where members are read. All failures are COFFER_CORRUPT with the offset in the stored bytes, but those of the stream
 * below, COFFER_LIMIT and COFFER_NO_MEMORY. */
typedef struct coffer_gzip_reader {
        coffer_cursor input;   /* at hand, not taken yet */
        coffer_stream *stream; /* gives more input; NULL: there is no more */
        uint8_t *buffer;       /* of the stream's input */
        uint64_t stored_bytes; /* given to `input` so far */
        uint64_t max_bytes;    /* of contents */

        uint64_t position_bytes;      /* contents of the members that have ended */
        bool is_first;                /* no member has begun */
        bool is_sized;                /* the members have sizes */
        coffer_gzip_sizes sizes;      /* of the current member */
        uint64_t member_offset_bytes; /* where it began in the stored bytes */
} coffer_gzip_reader;

/* Reads from memory, or from `stream`, which is then closed by `done`. */
void coffer_gzip_reader_init(coffer_gzip_reader *reader, coffer_cursor stored, uint64_t max_bytes);
COFFER_MUST_CHECK
coffer_status coffer_gzip_reader_init_stream(coffer_gzip_reader *reader, coffer_stream *stream, uint64_t max_bytes,
                                             coffer_error *error);
void coffer_gzip_reader_done(coffer_gzip_reader *reader);

/* Skips padding and reads the header of the next member and checks its sizes against what came before; `*ended` when
 * there is none, and all contents have been there. Zero bytes are no member at all. */
COFFER_MUST_CHECK
coffer_status coffer_gzip_next_member(coffer_gzip_reader *reader, bool *ended, coffer_error *error);

/* Makes sure that there is input if there is any left; `*got` says so. What an inflater looks back at stays in place.
 */
COFFER_MUST_CHECK
coffer_status coffer_gzip_more_input(coffer_gzip_reader *reader, bool *got, coffer_error *error);

/* Steps over the current member, whose contents somebody else reads; the stream goes on at its end, which is at
 * `offset_bytes`. */
void coffer_gzip_step_over(coffer_gzip_reader *reader, uint64_t offset_bytes);

/* Reads and checks the trailer of the current member, whose contents had this CRC and size. */
COFFER_MUST_CHECK
coffer_status coffer_gzip_end_member(coffer_gzip_reader *reader, uint32_t crc, uint64_t content_bytes,
                                     coffer_error *error);

/* How many stored bytes have been taken. */
uint64_t coffer_gzip_offset(const coffer_gzip_reader *reader);

/* Fills `error` with a fault at the current offset; returns COFFER_CORRUPT. */
coffer_status coffer_gzip_fault(const coffer_gzip_reader *reader, coffer_error *error, const char *text);

/* The same for an inflater that came to no end: COFFER_CORRUPT, or COFFER_NO_MEMORY. */
coffer_status coffer_gzip_inflate_fault(const coffer_gzip_reader *reader, coffer_inflate_result result,
                                        coffer_error *error);

#endif
