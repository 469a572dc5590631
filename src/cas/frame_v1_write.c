/* SPDX-License-Identifier: Apache-2.0 */
/* Writing frames. Contents that hardly shrink are put in stored blocks: they cost no time to inflate. */
#include <string.h>

#include "cas/deflate.h"
#include "cas/frame_v1.h"
#include "cas/gzip.h"
#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/fs.h"
#include "util/pipeline.h"
#include "util/pool.h"

enum {
        STORED_BLOCK_BYTES = 65535,
        STORED_BLOCK_HEADER_BYTES = 5,
        ALWAYS_STORED_BYTES = 40, /* nothing so short gets shorter by more than a few bytes */
        SAMPLE_BYTES = 64 << 10,  /* twice deflate's window, so that a sample shows whatever the whole would */
        MAX_SAMPLES = 32,
        MAX_WORKERS = 4, /* so many and the slots bound the memory */
        MAX_SLOTS = 6,
        MAX_OVERHEAD_BYTES = COFFER_GZIP_SIZED_HEADER_BYTES + COFFER_GZIP_TRAILER_BYTES,
};

/* Compression pays when it saves at least one part in thirteen: less costs more time than the disk is worth, and
 * without it a file is at most 8 % larger than stock gzip's. */
static bool compression_pays(uint64_t compressed_bytes, uint64_t content_bytes)
{
        return compressed_bytes <= content_bytes - content_bytes / 13;
}

static size_t stored_size(size_t content_bytes)
{
        size_t blocks = content_bytes / STORED_BLOCK_BYTES + (content_bytes % STORED_BLOCK_BYTES != 0);
        return content_bytes + STORED_BLOCK_HEADER_BYTES * (blocks > 0 ? blocks : 1);
}

/* A member on its way. */
typedef struct member_slot {
        coffer_cursor piece; /* its contents */
        uint8_t *gathered;   /* room for them, made when they can't stay where they lie */
        uint8_t *output;     /* room for the member, made when it is needed first */
        size_t output_bytes;
        uint32_t crc;
} member_slot;

typedef struct frame_writer {
        const coffer_bytes *contents;
        uint64_t content_bytes;
        size_t largest_bytes; /* of the contents of a member */
        bool is_compressed;   /* else all members are stored */
        const coffer_frame_sink *sink;
        uint32_t crc; /* of the contents written */
        const coffer_deflate_library *library;
        void *compressors[MAX_WORKERS]; /* one a worker, made when it is needed first */
        member_slot slots[MAX_SLOTS];
        size_t window; /* slots in use */

        size_t segment; /* where the last piece was found: position `segment_offset` of the contents */
        uint64_t segment_offset;
} frame_writer;

static void writer_done(frame_writer *writer)
{
        for (size_t i = 0; i < MAX_WORKERS; i++) {
                if (writer->compressors[i])
                        writer->library->compressor_free(writer->compressors[i]);
        }
        for (size_t i = 0; i < MAX_SLOTS; i++) {
                coffer_free(writer->slots[i].output);
                coffer_free(writer->slots[i].gathered);
        }
}

static coffer_status no_memory(coffer_error *error)
{
        return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to write a blob");
}

static coffer_status make_room(uint8_t **room, size_t size_bytes, coffer_error *error)
{
        if (!*room)
                *room = coffer_alloc(size_bytes);
        return *room ? COFFER_OK : no_memory(error);
}

/* ---- contents ---- */

static coffer_status gather(frame_writer *writer, member_slot *slot, uint64_t skip_bytes, size_t size_bytes,
                            coffer_error *error)
{
        size_t gathered_bytes = 0, segment = writer->segment;

        COFFER_TRY(make_room(&slot->gathered, writer->largest_bytes, error));
        while (gathered_bytes < size_bytes) {
                coffer_cursor part = coffer_bytes_segment(writer->contents, segment++);
                coffer_cursor before;
                if (!coffer_cursor_take(&part, (size_t)skip_bytes, &before))
                        return coffer_error_set(error, COFFER_INTERNAL, "contents changed while they were written");
                skip_bytes = 0;
                size_t left_bytes = size_bytes - gathered_bytes;
                size_t part_bytes = part.size_bytes < left_bytes ? part.size_bytes : left_bytes;
                if (part_bytes > 0)
                        memcpy(slot->gathered + gathered_bytes, part.data, part_bytes);
                gathered_bytes += part_bytes;
        }
        slot->piece = coffer_cursor_of(slot->gathered, size_bytes);
        return COFFER_OK;
}

/* Gives a slot its piece of the contents. Positions must not go backward. */
static coffer_status take_piece(frame_writer *writer, member_slot *slot, uint64_t position, size_t size_bytes,
                                coffer_error *error)
{
        coffer_cursor segment = coffer_bytes_segment(writer->contents, writer->segment), before;

        while (position - writer->segment_offset >= segment.size_bytes && position < writer->content_bytes) {
                writer->segment_offset += segment.size_bytes;
                segment = coffer_bytes_segment(writer->contents, ++writer->segment);
        }
        uint64_t skip_bytes = position - writer->segment_offset;
        if (segment.size_bytes < skip_bytes || segment.size_bytes - skip_bytes < size_bytes ||
            coffer_bytes_is_unstable(writer->contents))
                return gather(writer, slot, skip_bytes, size_bytes, error);
        if (!coffer_cursor_take(&segment, (size_t)skip_bytes, &before) ||
            !coffer_cursor_take(&segment, size_bytes, &slot->piece))
                return coffer_error_set(error, COFFER_INTERNAL, "contents changed while they were written");
        return COFFER_OK;
}

/* ---- bodies ---- */

/* `*body_bytes` is 0 when the compressed contents do not fit. */
static coffer_status compress(frame_writer *writer, size_t worker, coffer_cursor piece, uint8_t *body,
                              size_t *body_bytes, coffer_error *error)
{
        void **compressor = &writer->compressors[worker];
        if (!*compressor)
                COFFER_TRY(writer->library->compressor_new(writer->library->own_level, compressor, error));
        *body_bytes = writer->library->compress(*compressor, piece, body, stored_size(piece.size_bytes));
        return COFFER_OK;
}

static size_t put_stored_blocks(coffer_cursor piece, uint8_t *body)
{
        uint8_t *to = body;
        do {
                size_t size_bytes = piece.size_bytes < STORED_BLOCK_BYTES ? piece.size_bytes : STORED_BLOCK_BYTES;
                coffer_cursor block = coffer_cursor_of(piece.data, size_bytes);
                bool is_last = size_bytes == piece.size_bytes;
                uint16_t length = (uint16_t)size_bytes, complement = (uint16_t)~length;
                memcpy(to,
                       (const uint8_t[]){is_last, (uint8_t)length, (uint8_t)(length >> 8), (uint8_t)complement,
                                         (uint8_t)(complement >> 8)},
                       STORED_BLOCK_HEADER_BYTES);
                to += STORED_BLOCK_HEADER_BYTES;
                if (size_bytes > 0) {
                        memcpy(to, block.data, size_bytes);
                        piece.data += size_bytes;
                }
                to += size_bytes;
                piece.size_bytes -= size_bytes;
        } while (piece.size_bytes > 0);
        return (size_t)(to - body);
}

/* Compressed, unless that is not wanted or does not pay for this piece. */
static coffer_status put_body(frame_writer *writer, size_t worker, coffer_cursor piece, uint8_t *body,
                              size_t *body_bytes, coffer_error *error)
{
        *body_bytes = 0;
        if (writer->is_compressed)
                COFFER_TRY(compress(writer, worker, piece, body, body_bytes, error));
        if (*body_bytes == 0 || !compression_pays(*body_bytes, piece.size_bytes))
                *body_bytes = put_stored_blocks(piece, body);
        return COFFER_OK;
}

/* ---- members ---- */

static size_t member_size(const frame_writer *writer, uint64_t position)
{
        uint64_t left_bytes = writer->content_bytes - position;
        return left_bytes < COFFER_FRAME_V1_MEMBER_BYTES ? (size_t)left_bytes : COFFER_FRAME_V1_MEMBER_BYTES;
}

static uint64_t member_position(size_t index)
{
        return (uint64_t)index * COFFER_FRAME_V1_MEMBER_BYTES;
}

static coffer_status take_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        frame_writer *writer = user;
        uint64_t position = member_position(index);
        (void)worker;
        return take_piece(writer, &writer->slots[index % writer->window], position, member_size(writer, position),
                          error);
}

static coffer_status pack_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        frame_writer *writer = user;
        member_slot *slot = &writer->slots[index % writer->window];
        bool is_only = writer->content_bytes <= COFFER_FRAME_V1_MEMBER_BYTES;
        size_t header_bytes = is_only ? COFFER_GZIP_PLAIN_HEADER_BYTES : COFFER_GZIP_SIZED_HEADER_BYTES, body_bytes;

        COFFER_TRY(make_room(&slot->output, MAX_OVERHEAD_BYTES + stored_size(writer->largest_bytes), error));
        uint8_t *body = slot->output + header_bytes;
        COFFER_TRY(put_body(writer, worker, slot->piece, body, &body_bytes, error));
        slot->output_bytes = header_bytes + body_bytes + COFFER_GZIP_TRAILER_BYTES;
        coffer_gzip_sizes sizes = {slot->output_bytes, slot->piece.size_bytes, member_position(index),
                                   writer->content_bytes};
        coffer_gzip_put_header(is_only ? NULL : &sizes, slot->output);
        slot->crc = coffer_deflate_for(COFFER_DEFLATE_CRC)->crc(0, slot->piece);
        coffer_gzip_put_trailer(slot->crc, slot->piece.size_bytes, body + body_bytes);
        return COFFER_OK;
}

static coffer_status write_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        frame_writer *writer = user;
        const member_slot *slot = &writer->slots[index % writer->window];
        (void)worker;
        if (slot->piece.size_bytes == COFFER_FRAME_V1_MEMBER_BYTES)
                coffer_fs_passed(slot->piece);
        writer->crc = coffer_crc_join(writer->crc, slot->crc, slot->piece.size_bytes);
        return writer->sink->write(writer->sink->user, coffer_cursor_of(slot->output, slot->output_bytes), error);
}

/* Decides for the whole contents, by samples spread over them. */
static coffer_status sample(frame_writer *writer, bool *pays, coffer_error *error)
{
        uint64_t members = writer->content_bytes / COFFER_FRAME_V1_MEMBER_BYTES;
        uint64_t samples = members < MAX_SAMPLES ? members : MAX_SAMPLES;
        uint64_t distance_bytes = writer->content_bytes / samples, compressed_bytes = 0;
        member_slot *slot = &writer->slots[0];

        COFFER_TRY(make_room(&slot->output, MAX_OVERHEAD_BYTES + stored_size(writer->largest_bytes), error));
        for (uint64_t i = 0; i < samples; i++) {
                size_t body_bytes;
                uint64_t position = i * distance_bytes + (distance_bytes - SAMPLE_BYTES) / 2;
                COFFER_TRY(take_piece(writer, slot, position, SAMPLE_BYTES, error));
                COFFER_TRY(compress(writer, 0, slot->piece, slot->output, &body_bytes, error));
                compressed_bytes += body_bytes > 0 ? body_bytes : SAMPLE_BYTES;
        }
        writer->segment = 0;
        writer->segment_offset = 0;
        *pays = compression_pays(compressed_bytes, samples * SAMPLE_BYTES);
        return COFFER_OK;
}

static coffer_status write_members(frame_writer *writer, coffer_error *error)
{
        uint64_t whole = writer->content_bytes / COFFER_FRAME_V1_MEMBER_BYTES;
        bool has_rest = whole == 0 || writer->content_bytes % COFFER_FRAME_V1_MEMBER_BYTES > 0;
        size_t width = 1;

        writer->is_compressed = writer->content_bytes > ALWAYS_STORED_BYTES;
        if (writer->content_bytes > COFFER_FRAME_V1_MEMBER_BYTES) {
                width = coffer_pool_width() < MAX_WORKERS ? coffer_pool_width() : MAX_WORKERS;
                COFFER_TRY(sample(writer, &writer->is_compressed, error));
        }
        writer->window = width > 1 ? width + MAX_SLOTS - MAX_WORKERS : 1;
        coffer_pipeline pipeline = {.count = (size_t)whole + has_rest,
                                    .window = writer->window,
                                    .width = width,
                                    .stage_count = 3,
                                    .stages = {{take_step, true}, {pack_step, false}, {write_step, true}},
                                    .user = writer};
        return coffer_pipeline_run(&pipeline, error);
}

coffer_status coffer_frame_v1_write(const coffer_bytes *contents, const coffer_frame_sink *sink, coffer_error *error)
{
        frame_writer writer = {.contents = contents,
                               .content_bytes = coffer_bytes_size(contents),
                               .sink = sink,
                               .library = coffer_deflate_for(COFFER_DEFLATE_COMPRESS)};

        writer.largest_bytes = member_size(&writer, 0);
        coffer_status status = write_members(&writer, error);
        if (sink->crc)
                *sink->crc = writer.crc;
        writer_done(&writer);
        return status;
}
