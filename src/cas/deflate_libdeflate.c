/* SPDX-License-Identifier: Apache-2.0 */
/* Deflate by libdeflate. */
#include <libdeflate.h>
#include <stdatomic.h>

#include "cas/deflate.h"

static coffer_status compressor_new(int level, void **out, coffer_error *error)
{
        *out = libdeflate_alloc_compressor(level);
        return *out ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "no memory to compress");
}

static size_t compress_whole(void *compressor, coffer_cursor input, uint8_t *output, size_t capacity_bytes)
{
        return libdeflate_deflate_compress(compressor, input.data, input.size_bytes, output, capacity_bytes);
}

static void compressor_free(void *compressor)
{
        libdeflate_free_compressor(compressor);
}

/* Making one costs ten times what inflating a small blob does, and its memory is the library's own, not that of our
 * allocator: so some are kept for whoever wants one next. */
enum { MAX_IDLE = 8 };

static _Atomic(struct libdeflate_decompressor *) idle[MAX_IDLE];

static coffer_status inflater_new(void **out, coffer_error *error)
{
        struct libdeflate_decompressor *inflater = NULL;
        for (size_t i = 0; i < MAX_IDLE && !inflater; i++)
                inflater = atomic_exchange(&idle[i], NULL);
        if (!inflater)
                inflater = libdeflate_alloc_decompressor();
        if (!inflater)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to decompress");
        *out = inflater;
        return COFFER_OK;
}

static void inflater_free(void *inflater)
{
        for (size_t i = 0; i < MAX_IDLE; i++) {
                struct libdeflate_decompressor *none = NULL;
                if (atomic_compare_exchange_strong(&idle[i], &none, inflater))
                        return;
        }
        libdeflate_free_decompressor(inflater);
}

static void inflater_reset(void *inflater)
{
        (void)inflater; /* keeps nothing from one stream to the next */
}

static coffer_inflate_result inflate_whole(void *inflater, coffer_cursor *input, uint8_t *output, size_t capacity_bytes,
                                           size_t *produced_bytes)
{
        size_t consumed_bytes = 0, written_bytes = 0;
        enum libdeflate_result result = libdeflate_deflate_decompress_ex(
                inflater, input->data, input->size_bytes, output, capacity_bytes, &consumed_bytes, &written_bytes);
        *produced_bytes = result == LIBDEFLATE_SUCCESS ? written_bytes : 0;
        if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
                return COFFER_INFLATE_MORE;
        if (result != LIBDEFLATE_SUCCESS)
                return COFFER_INFLATE_BAD;
        input->data += consumed_bytes;
        input->size_bytes -= consumed_bytes;
        return COFFER_INFLATE_END;
}

static uint32_t crc(uint32_t crc, coffer_cursor data)
{
        return data.size_bytes ? libdeflate_crc32(crc, data.data, data.size_bytes) : crc; /* NULL would begin anew */
}

const coffer_deflate_library coffer_deflate_libdeflate = {
        .name = "libdeflate",
        .levels = 12,
        .own_level = 1,
        .streams = false,
        .compressor_new = compressor_new,
        .compress = compress_whole,
        .compressor_free = compressor_free,
        .inflater_new = inflater_new,
        .inflater_reset = inflater_reset,
        .inflate = inflate_whole,
        .inflater_free = inflater_free,
        .crc = crc,
};
