/* SPDX-License-Identifier: Apache-2.0 */
/* Deflate by zlib, which is always there. */
#include <zlib.h>

#include "cas/deflate.h"
#include "util/cleanup.h"

enum {
        RAW_DEFLATE_WINDOW_BITS = -15, /* negative: neither gzip's nor zlib's wrapper */
        MEMORY_LEVEL = 8,
};

static void *zlib_allocate(void *user, unsigned count, unsigned size_bytes)
{
        (void)user;
        return coffer_alloc_zeroed(count, size_bytes);
}

static void zlib_release(void *user, void *memory)
{
        (void)user;
        coffer_free(memory);
}

static z_stream *stream_new(void)
{
        z_stream *stream = coffer_alloc_zeroed(1, sizeof(*stream));
        if (stream) {
                stream->zalloc = zlib_allocate;
                stream->zfree = zlib_release;
        }
        return stream;
}

static coffer_status compressor_new(int level, void **out, coffer_error *error)
{
        z_stream *stream = stream_new();
        if (!stream || deflateInit2(stream, level, Z_DEFLATED, RAW_DEFLATE_WINDOW_BITS, MEMORY_LEVEL,
                                    Z_DEFAULT_STRATEGY) != Z_OK) {
                coffer_free(stream);
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to compress");
        }
        *out = stream;
        return COFFER_OK;
}

static size_t compress_whole(void *compressor, coffer_cursor input, uint8_t *output, size_t capacity_bytes)
{
        z_stream *stream = compressor;

        deflateReset(stream);
        stream->next_in = (Bytef *)input.data;
        stream->avail_in = (uInt)input.size_bytes;
        stream->next_out = output;
        stream->avail_out = coffer_deflate_piece(capacity_bytes);
        return deflate(stream, Z_FINISH) == Z_STREAM_END ? stream->total_out : 0;
}

static void compressor_free(void *compressor)
{
        if (compressor)
                deflateEnd(compressor);
        coffer_free(compressor);
}

static coffer_status inflater_new(void **out, coffer_error *error)
{
        z_stream *stream = stream_new();
        if (!stream || inflateInit2(stream, RAW_DEFLATE_WINDOW_BITS) != Z_OK) {
                coffer_free(stream);
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to decompress");
        }
        *out = stream;
        return COFFER_OK;
}

static void inflater_reset(void *inflater)
{
        inflateReset(inflater);
}

static coffer_inflate_result inflate_piece(void *inflater, coffer_cursor *input, uint8_t *output, size_t capacity_bytes,
                                           size_t *produced_bytes)
{
        z_stream *stream = inflater;

        stream->next_in = (Bytef *)input->data;
        stream->avail_in = coffer_deflate_piece(input->size_bytes);
        stream->next_out = output;
        stream->avail_out = coffer_deflate_piece(capacity_bytes);
        int result = inflate(stream, Z_NO_FLUSH);
        *produced_bytes = (size_t)(stream->next_out - output);
        input->size_bytes -= (size_t)(stream->next_in - input->data);
        input->data = stream->next_in;
        if (result == Z_STREAM_END)
                return COFFER_INFLATE_END;
        if (result == Z_MEM_ERROR)
                return COFFER_INFLATE_NO_MEMORY;
        return result == Z_OK || result == Z_BUF_ERROR ? COFFER_INFLATE_MORE : COFFER_INFLATE_BAD;
}

static void inflater_free(void *inflater)
{
        if (inflater)
                inflateEnd(inflater);
        coffer_free(inflater);
}

static uint32_t crc(uint32_t crc, coffer_cursor data)
{
        return data.size_bytes ? (uint32_t)crc32_z(crc, data.data, data.size_bytes) : crc; /* NULL would begin anew */
}

uint32_t coffer_crc_join(uint32_t first, uint32_t second, uint64_t second_bytes)
{
        return (uint32_t)crc32_combine(first, second, (z_off_t)second_bytes);
}

const coffer_deflate_library coffer_deflate_zlib = {
        .name = "zlib",
        .levels = 9,
        .own_level = 3,
        .streams = true,
        .compressor_new = compressor_new,
        .compress = compress_whole,
        .compressor_free = compressor_free,
        .inflater_new = inflater_new,
        .inflater_reset = inflater_reset,
        .inflate = inflate_piece,
        .inflater_free = inflater_free,
        .crc = crc,
};
