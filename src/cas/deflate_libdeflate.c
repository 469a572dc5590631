/* SPDX-License-Identifier: Apache-2.0 */
/* Deflate by libdeflate. */
#include <libdeflate.h>

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

static coffer_status inflater_new(void **out, coffer_error *error)
{
        *out = libdeflate_alloc_decompressor();
        return *out ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "no memory to decompress");
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

static void inflater_free(void *inflater)
{
        libdeflate_free_decompressor(inflater);
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
