/* SPDX-License-Identifier: Apache-2.0 */
/* Writing frames. Contents that hardly shrink are put in stored blocks: they cost no time to inflate. */
#include <string.h>

#include "cas/deflate.h"
#include "cas/frame_v1.h"
#include "cas/gzip.h"
#include "cas/pieces.h"
#include "cas/stored_block.h"
#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/fs.h"
#include "util/pipeline.h"
#include "util/pool.h"

enum {
        ALWAYS_STORED_BYTES = 40, /* nothing so short gets shorter by more than a few bytes */
        SAMPLE_BYTES = 64 << 10,  /* twice deflate's window, so that a sample shows whatever the whole would */
        MAX_SAMPLES = 32,
        MAX_WORKERS = 4, /* so many and the slots bound the memory */
        MAX_SLOTS = 6,
        MAX_BLOCKS = COFFER_FRAME_V1_MEMBER_BYTES / COFFER_STORED_BLOCK_BYTES + 1,
        MAX_SMALL_BYTES = COFFER_GZIP_SIZED_HEADER_BYTES + COFFER_GZIP_TRAILER_BYTES +
                          MAX_BLOCKS * COFFER_STORED_BLOCK_HEADER_BYTES,
        MAX_PARTS = 2 + 2 * MAX_BLOCKS,
};

/* Compression pays when it saves at least one part in thirteen: less costs more time than the disk is worth, and
 * without it a file is at most 8 % larger than stock gzip's. */
static bool compression_pays(uint64_t compressed_bytes, uint64_t content_bytes)
{
        return compressed_bytes <= content_bytes - content_bytes / 13;
}

/* A member on its way. */
typedef struct member_slot {
        coffer_cursor piece;            /* its contents */
        uint8_t *gathered;              /* room for them, made when they can't stay where they lie */
        uint8_t *output;                /* room for the compressed body, made when it is needed first */
        uint8_t small[MAX_SMALL_BYTES]; /* header, heads of stored blocks, trailer */
        coffer_cursor parts[MAX_PARTS]; /* the member */
        size_t part_count;
} member_slot;

typedef struct frame_writer {
        uint64_t content_bytes;
        size_t largest_bytes; /* of the contents of a member */
        coffer_pieces pieces;
        const coffer_frame_manner *manner;
        bool is_compressed; /* else all members are stored */
        const coffer_frame_sink *sink;
        const coffer_deflate_library *library;
        void *compressors[MAX_WORKERS]; /* one a worker, made when it is needed first */
        member_slot slots[MAX_SLOTS];
        size_t window; /* slots in use */
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

/* ---- bodies ---- */

/* Compresses into `*room`, made when it is NULL. `*body_bytes` is 0 when the result does not fit in as much as stored
 * blocks would take. */
static coffer_status compress(frame_writer *writer, size_t worker, coffer_cursor piece, uint8_t **room,
                              size_t *body_bytes, coffer_error *error)
{
        void **compressor = &writer->compressors[worker];
        if (!*compressor)
                COFFER_TRY(writer->library->compressor_new(writer->library->own_level, compressor, error));
        if (!*room && !(*room = coffer_alloc(coffer_stored_size(writer->largest_bytes))))
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to write a blob");
        *body_bytes = writer->library->compress(*compressor, piece, *room, coffer_stored_size(piece.size_bytes));
        return COFFER_OK;
}

static void add_part(member_slot *slot, const uint8_t *data, size_t size_bytes)
{
        slot->parts[slot->part_count++] = coffer_cursor_of(data, size_bytes);
}

/* Stored blocks hold the contents as they lie. `heads` has room for their heads. */
static void add_stored_blocks(member_slot *slot, uint8_t *heads)
{
        coffer_cursor rest = slot->piece;
        do {
                size_t size_bytes =
                        rest.size_bytes < COFFER_STORED_BLOCK_BYTES ? rest.size_bytes : COFFER_STORED_BLOCK_BYTES;
                coffer_stored_block_header(size_bytes, size_bytes == rest.size_bytes, heads);
                add_part(slot, heads, COFFER_STORED_BLOCK_HEADER_BYTES);
                heads += COFFER_STORED_BLOCK_HEADER_BYTES;
                if (size_bytes > 0)
                        add_part(slot, rest.data, size_bytes);
                rest = coffer_cursor_of(rest.data + size_bytes, rest.size_bytes - size_bytes);
        } while (rest.size_bytes > 0);
}

/* Compressed, unless that is not wanted or does not pay for this piece. */
static coffer_status add_body(frame_writer *writer, size_t worker, member_slot *slot, uint8_t *heads,
                              size_t *body_bytes, coffer_error *error)
{
        size_t compressed_bytes = 0, content_bytes = slot->piece.size_bytes;
        if (writer->is_compressed)
                COFFER_TRY(compress(writer, worker, slot->piece, &slot->output, &compressed_bytes, error));
        bool pays =
                writer->manner->compress == COFFER_COMPRESS_ALWAYS || compression_pays(compressed_bytes, content_bytes);
        if (compressed_bytes > 0 && pays) {
                add_part(slot, slot->output, compressed_bytes);
                *body_bytes = compressed_bytes;
        } else {
                add_stored_blocks(slot, heads);
                *body_bytes = coffer_stored_size(content_bytes);
        }
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
        member_slot *slot = &writer->slots[index % writer->window];
        uint64_t position = member_position(index);
        (void)worker;
        return coffer_pieces_take(&writer->pieces, position, member_size(writer, position), &slot->gathered,
                                  writer->largest_bytes, &slot->piece, error);
}

static coffer_status watch_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        const frame_writer *writer = user;
        const coffer_frame_watch *watch = writer->manner->watch;
        (void)worker;
        return watch->take(watch->user, writer->slots[index % writer->window].piece, error);
}

static coffer_status pack_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        frame_writer *writer = user;
        member_slot *slot = &writer->slots[index % writer->window];
        bool is_only = writer->content_bytes <= COFFER_FRAME_V1_MEMBER_BYTES;
        size_t header_bytes = is_only ? COFFER_GZIP_PLAIN_HEADER_BYTES : COFFER_GZIP_SIZED_HEADER_BYTES, body_bytes;
        uint8_t *trailer = slot->small + header_bytes, *heads = trailer + COFFER_GZIP_TRAILER_BYTES;

        slot->part_count = 0;
        add_part(slot, slot->small, header_bytes);
        COFFER_TRY(add_body(writer, worker, slot, heads, &body_bytes, error));
        add_part(slot, trailer, COFFER_GZIP_TRAILER_BYTES);
        coffer_gzip_sizes sizes = {header_bytes + body_bytes + COFFER_GZIP_TRAILER_BYTES, slot->piece.size_bytes,
                                   member_position(index), writer->content_bytes};
        coffer_gzip_put_header(is_only ? NULL : &sizes, slot->small);
        coffer_gzip_put_trailer(coffer_deflate_for(COFFER_DEFLATE_CRC)->crc(0, slot->piece), slot->piece.size_bytes,
                                trailer);
        return COFFER_OK;
}

static coffer_status write_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        frame_writer *writer = user;
        const member_slot *slot = &writer->slots[index % writer->window];
        (void)worker;
        COFFER_TRY(writer->sink->write(writer->sink->user, slot->parts, slot->part_count, error));
        if (slot->piece.size_bytes == COFFER_FRAME_V1_MEMBER_BYTES)
                coffer_fs_passed(slot->piece);
        return COFFER_OK;
}

static coffer_status tell(void *user, size_t passed, coffer_error *error)
{
        const frame_writer *writer = user;
        uint64_t done_bytes = member_position(passed);
        return writer->manner->tell(writer->manner->tell_user,
                                    done_bytes < writer->content_bytes ? done_bytes : writer->content_bytes, error);
}

/* ---- whether to compress ---- */

/* Decides for the whole contents, by samples spread over them. */
static coffer_status sample(frame_writer *writer, size_t worker, uint8_t **room, uint8_t **output, coffer_error *error)
{
        uint64_t members = writer->content_bytes / COFFER_FRAME_V1_MEMBER_BYTES;
        uint64_t samples = members < MAX_SAMPLES ? members : MAX_SAMPLES;
        uint64_t distance_bytes = writer->content_bytes / samples, compressed_bytes = 0;
        coffer_pieces pieces = {.contents = writer->pieces.contents};

        for (uint64_t i = 0; i < samples; i++) {
                size_t body_bytes = 0;
                coffer_cursor piece;
                uint64_t position = i * distance_bytes + (distance_bytes - SAMPLE_BYTES) / 2;
                COFFER_TRY(coffer_pieces_take(&pieces, position, SAMPLE_BYTES, room, SAMPLE_BYTES, &piece, error));
                COFFER_TRY(compress(writer, worker, piece, output, &body_bytes, error));
                compressed_bytes += body_bytes > 0 ? body_bytes : SAMPLE_BYTES;
        }
        writer->is_compressed = compression_pays(compressed_bytes, samples * SAMPLE_BYTES);
        return COFFER_OK;
}

/* The first member waits for the decision, and behind it all others; they can be taken and watched meanwhile. */
static coffer_status decide_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        frame_writer *writer = user;
        uint8_t *room = NULL;

        if (index > 0 || writer->manner->compress != COFFER_COMPRESS_AUTO)
                return COFFER_OK;
        writer->is_compressed = writer->content_bytes > ALWAYS_STORED_BYTES;
        if (writer->content_bytes <= COFFER_FRAME_V1_MEMBER_BYTES)
                return COFFER_OK;
        coffer_status status = sample(writer, worker, &room, &writer->slots[0].output, error);
        coffer_free(room);
        return status;
}

/* ---- all of it ---- */

static coffer_status write_members(frame_writer *writer, coffer_error *error)
{
        uint64_t whole = writer->content_bytes / COFFER_FRAME_V1_MEMBER_BYTES;
        bool has_rest = whole == 0 || writer->content_bytes % COFFER_FRAME_V1_MEMBER_BYTES > 0;
        size_t width = 1;

        if (writer->content_bytes > COFFER_FRAME_V1_MEMBER_BYTES)
                width = coffer_pool_width() < MAX_WORKERS ? coffer_pool_width() : MAX_WORKERS;
        writer->window = width > 1 ? width + MAX_SLOTS - MAX_WORKERS : 1;
        coffer_pipeline pipeline = {.count = (size_t)whole + has_rest,
                                    .window = writer->window,
                                    .width = width,
                                    .stages = {{.run = take_step, .in_order = true}},
                                    .stage_count = 1,
                                    .user = writer,
                                    .tell = writer->manner->tell ? tell : NULL};
        if (writer->manner->watch)
                pipeline.stages[pipeline.stage_count++] =
                        (coffer_pipeline_stage){.run = watch_step, .in_order = true, .is_urgent = true};
        pipeline.stages[pipeline.stage_count++] = (coffer_pipeline_stage){.run = decide_step, .in_order = true};
        pipeline.stages[pipeline.stage_count++] = (coffer_pipeline_stage){.run = pack_step};
        pipeline.stages[pipeline.stage_count++] = (coffer_pipeline_stage){.run = write_step, .in_order = true};
        return coffer_pipeline_run(&pipeline, error);
}

coffer_status coffer_frame_v1_write(const coffer_bytes *contents, const coffer_frame_manner *manner,
                                    const coffer_frame_sink *sink, coffer_error *error)
{
        frame_writer writer = {.content_bytes = coffer_bytes_size(contents),
                               .pieces = {.contents = contents},
                               .manner = manner,
                               .is_compressed = manner->compress == COFFER_COMPRESS_ALWAYS,
                               .sink = sink,
                               .library = coffer_deflate_for(COFFER_DEFLATE_COMPRESS)};

        writer.largest_bytes = member_size(&writer, 0);
        coffer_status status = write_members(&writer, error);
        writer_done(&writer);
        return status;
}
