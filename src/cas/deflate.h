/* SPDX-License-Identifier: Apache-2.0 */
/* Deflate streams (RFC 1951) and the CRC of gzip by whichever library does it best. Each library sits in a file of its
 * own behind one table; what a library can't do is NULL there. */
#ifndef COFFER_CAS_DEFLATE_H
#define COFFER_CAS_DEFLATE_H

#include <coffer/bytes.h>

typedef enum coffer_inflate_result {
        COFFER_INFLATE_END,  /* the stream has ended; the input begins after its last byte */
        COFFER_INFLATE_MORE, /* it goes on with more input, or more room for output */
        COFFER_INFLATE_BAD,  /* no deflate stream */
        COFFER_INFLATE_NO_MEMORY
} coffer_inflate_result;

/* An inflater that streams may look this far ahead and then give back: so many of the bytes that it took last must stay
 * in place before the input that it is given next. */
enum { COFFER_INFLATE_LOOKS_BACK_BYTES = 8 };

/* Compressors and inflaters are used by one thread at a time. */
typedef struct coffer_deflate_library coffer_deflate_library;
struct coffer_deflate_library {
        const char *name;
        int levels;    /* 1 to so many; 0: does not compress */
        int own_level; /* comes close to gzip's level 3 in size and is fast */
        bool streams;  /* inflates piece by piece, not only all at once */

        coffer_status (*compressor_new)(int level, void **out, coffer_error *error);
        /* A whole stream from a whole input (below 1 GiB). Returns its size, 0 when it does not fit. */
        size_t (*compress)(void *compressor, coffer_cursor input, uint8_t *output, size_t capacity_bytes);
        void (*compressor_free)(void *compressor);

        coffer_status (*inflater_new)(void **out, coffer_error *error);
        /* Begins a new stream. */
        void (*inflater_reset)(void *inflater);
        /* Takes input from the front of `*input`; `*produced_bytes` is what it wrote, whatever the result. MORE may
         * come early: there is no more to be had when neither has moved. Without `streams` all input and room for all
         * output must be given at once, and MORE means that the room was too small. */
        coffer_inflate_result (*inflate)(void *inflater, coffer_cursor *input, uint8_t *output, size_t capacity_bytes,
                                         size_t *produced_bytes);
        void (*inflater_free)(void *inflater);

        /* CRC-32 of gzip; begins with 0. */
        uint32_t (*crc)(uint32_t crc, coffer_cursor data);
};

typedef enum coffer_deflate_role {
        COFFER_DEFLATE_COMPRESS,
        COFFER_DEFLATE_INFLATE_WHOLE,
        COFFER_DEFLATE_INFLATE_STREAM,
        COFFER_DEFLATE_CRC,
        COFFER_DEFLATE_ROLE_COUNT
} coffer_deflate_role;

/* The best library for a role among those that this build has. */
const coffer_deflate_library *coffer_deflate_for(coffer_deflate_role role);

/* The i-th library of this build, NULL after the last. */
const coffer_deflate_library *coffer_deflate_library_at(size_t index);

/* Calls `inflate` until the stream has ended or nothing moves any more. */
coffer_inflate_result coffer_inflate_on(const coffer_deflate_library *library, void *inflater, coffer_cursor *input,
                                        uint8_t *output, size_t capacity_bytes, size_t *produced_bytes);

/* The CRC-32 of contents of which `first` is that of the front and `second` that of the other `second_bytes`. */
uint32_t coffer_crc_join(uint32_t first, uint32_t second, uint64_t second_bytes);

/* As much of a size as a library that counts in 32 bits is given at once. */
static inline uint32_t coffer_deflate_piece(size_t size_bytes)
{
        return size_bytes < (1U << 30) ? (uint32_t)size_bytes : 1U << 30;
}

extern const coffer_deflate_library coffer_deflate_isal, coffer_deflate_libdeflate, coffer_deflate_zlib;

#endif
