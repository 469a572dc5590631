/* SPDX-License-Identifier: Apache-2.0 */
#include "cas/deflate.h"

#include "config.h"
#include "util/cleanup.h"

#if COFFER_HAVE_ISAL
#define ISAL &coffer_deflate_isal,
#else
#define ISAL
#endif
#if COFFER_HAVE_LIBDEFLATE
#define LIBDEFLATE &coffer_deflate_libdeflate,
#else
#define LIBDEFLATE
#endif
#define ZLIB &coffer_deflate_zlib

static const coffer_deflate_library *const libraries[] = {ISAL LIBDEFLATE ZLIB};

/* Best first, by the measurements in docs/frame.md. */
static const coffer_deflate_library *const ranking[COFFER_DEFLATE_ROLE_COUNT][ARRAY_COUNT(libraries)] = {
        [COFFER_DEFLATE_COMPRESS] = {ISAL LIBDEFLATE ZLIB},
        [COFFER_DEFLATE_INFLATE_WHOLE] = {LIBDEFLATE ISAL ZLIB},
        [COFFER_DEFLATE_INFLATE_STREAM] = {ISAL ZLIB},
        [COFFER_DEFLATE_CRC] = {LIBDEFLATE ISAL ZLIB},
};

const coffer_deflate_library *coffer_deflate_for(coffer_deflate_role role)
{
        return ranking[role][0];
}

const coffer_deflate_library *coffer_deflate_library_at(size_t index)
{
        return index < ARRAY_COUNT(libraries) ? libraries[index] : NULL;
}

coffer_inflate_result coffer_inflate_on(const coffer_deflate_library *library, void *inflater, coffer_cursor *input,
                                        uint8_t *output, size_t capacity_bytes, size_t *produced_bytes)
{
        *produced_bytes = 0;
        for (;;) {
                size_t input_before = input->size_bytes, piece_bytes = 0;
                coffer_inflate_result result = library->inflate(inflater, input, output + *produced_bytes,
                                                                capacity_bytes - *produced_bytes, &piece_bytes);
                *produced_bytes += piece_bytes;
                if (result != COFFER_INFLATE_MORE || (input->size_bytes == input_before && piece_bytes == 0))
                        return result;
        }
}
