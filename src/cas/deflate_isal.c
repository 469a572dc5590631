/* SPDX-License-Identifier: Apache-2.0 */
/* Deflate by ISA-L. */
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include "cas/deflate.h"
#include "util/cleanup.h"

/* So short contents get no shorter by codes of their own than by the fixed ones, which cost a twentieth. */
enum { FIXED_CODES_BYTES = 80 };

typedef struct compressor {
        struct isal_zstream stream;
        uint32_t level;
        uint8_t *level_buffer; /* made when it is needed first */
} compressor;

static const uint32_t level_buffer_bytes[] = {0, ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT, ISAL_DEF_LVL3_DEFAULT};

static coffer_status compressor_new(int level, void **out, coffer_error *error)
{
        compressor *self = coffer_alloc(sizeof(*self));
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to compress");
        self->level = (uint32_t)level;
        self->level_buffer = NULL;
        *out = self;
        return COFFER_OK;
}

static void compressor_free(void *compressor_)
{
        compressor *self = compressor_;
        if (self)
                coffer_free(self->level_buffer);
        coffer_free(self);
}

/* Without memory for a level's buffer the contents still get compressed, by the level that needs none. */
static void choose_level(compressor *self, size_t content_bytes)
{
        struct isal_zstream *stream = &self->stream;

        if (content_bytes <= FIXED_CODES_BYTES) {
                isal_deflate_set_hufftables(stream, NULL, IGZIP_HUFFTABLE_STATIC);
                return;
        }
        if (!self->level_buffer)
                self->level_buffer = coffer_alloc(level_buffer_bytes[self->level]);
        if (!self->level_buffer)
                return;
        stream->level = self->level;
        stream->level_buf = self->level_buffer;
        stream->level_buf_size = level_buffer_bytes[self->level];
}

static size_t compress_whole(void *compressor_, coffer_cursor input, uint8_t *output, size_t capacity_bytes)
{
        compressor *self = compressor_;
        struct isal_zstream *stream = &self->stream;

        isal_deflate_init(stream);
        choose_level(self, input.size_bytes);
        stream->gzip_flag = IGZIP_DEFLATE;
        stream->end_of_stream = 1;
        stream->next_in = (uint8_t *)input.data;
        stream->avail_in = (uint32_t)input.size_bytes;
        stream->next_out = output;
        stream->avail_out = coffer_deflate_piece(capacity_bytes);
        bool ended = isal_deflate(stream) == COMP_OK && stream->internal_state.state == ZSTATE_END;
        return ended ? stream->total_out : 0;
}

static coffer_status inflater_new(void **out, coffer_error *error)
{
        struct inflate_state *state = coffer_alloc(sizeof(*state));
        if (!state)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to decompress");
        isal_inflate_init(state);
        *out = state;
        return COFFER_OK;
}

static void inflater_reset(void *inflater)
{
        isal_inflate_init(inflater);
}

static coffer_inflate_result inflate_piece(void *inflater, coffer_cursor *input, uint8_t *output, size_t capacity_bytes,
                                           size_t *produced_bytes)
{
        struct inflate_state *state = inflater;

        state->next_in = (uint8_t *)input->data;
        state->avail_in = coffer_deflate_piece(input->size_bytes);
        state->next_out = output;
        state->avail_out = coffer_deflate_piece(capacity_bytes);
        int result = isal_inflate(state);
        *produced_bytes = (size_t)(state->next_out - output);
        ptrdiff_t taken_bytes = state->next_in - input->data;
        bool ended = state->block_state == ISAL_BLOCK_FINISH;
        if (ended)
                taken_bytes -=
                        state->read_in_length / 8; /* looked at and not needed; perhaps from the input before this */
        input->data += taken_bytes;
        input->size_bytes = (size_t)((ptrdiff_t)input->size_bytes - taken_bytes);
        return result < 0 ? COFFER_INFLATE_BAD : ended ? COFFER_INFLATE_END : COFFER_INFLATE_MORE;
}

static uint32_t crc(uint32_t crc, coffer_cursor data)
{
        return crc32_gzip_refl(crc, data.data, data.size_bytes);
}

const coffer_deflate_library coffer_deflate_isal = {
        .name = "isal",
        .levels = 3,
        .own_level = 2,
        .streams = true,
        .compressor_new = compressor_new,
        .compress = compress_whole,
        .compressor_free = compressor_free,
        .inflater_new = inflater_new,
        .inflater_reset = inflater_reset,
        .inflate = inflate_piece,
        .inflater_free = coffer_free,
        .crc = crc,
};
