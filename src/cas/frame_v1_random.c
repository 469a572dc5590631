/* SPDX-License-Identifier: Apache-2.0 */
/* Reading frames from bytes that can be read at any place: members that have sizes are parts that can be made apart;
 * whatever else there is, is read in turn. */
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "cas/deflate.h"
#include "cas/frame_v1_stream.h"
#include "cas/parts.h"
#include "cas/stored_block.h"
#include "util/cleanup.h"
#include "util/cursor.h"

enum {
        MAX_LIBRARIES = 2,
        TRIAL_MEMBERS = 4,
        HEAD_BYTES = 64, /* as much as a header should have */
        MAX_BLOCKS = COFFER_PART_MAX_BYTES / COFFER_STORED_BLOCK_BYTES + 1,
        MAX_MEMBER_BYTES = COFFER_PART_MAX_BYTES + (64 << 10),
};

/* The stored bytes as a stream that can be moved. */
typedef struct stored_stream {
        coffer_stream base;
        coffer_random_access *stored;
        uint64_t offset_bytes;
        size_t most_bytes; /* to be read at once */
} stored_stream;

/* Which library inflates fastest depends on the contents: the first members are a trial of both. */
typedef struct inflater_trial {
        const coffer_deflate_library *libraries[MAX_LIBRARIES];
        size_t count;
        atomic_size_t begun;
        atomic_uint_least64_t cost[MAX_LIBRARIES]; /* least found: picoseconds a byte; 0: none */
} inflater_trial;

typedef struct frame_members {
        coffer_parts base;
        stored_stream stored;
        coffer_frame_v1_stream in_turn;
        inflater_trial trial;
} frame_members;

/* What one thread needs to make a part. */
typedef struct member_tool {
        void *inflaters[MAX_LIBRARIES]; /* made when they are needed first */
        uint8_t *stored;                /* room for a member as it is stored */
        size_t room_bytes;
} member_tool;

static coffer_status read_at(coffer_random_access *stored, uint64_t offset_bytes, void *to, size_t size_bytes,
                             coffer_error *error)
{
        struct iovec memory = {to, size_bytes};
        return stored->read(stored, offset_bytes, &memory, 1, error);
}

/* ---- finding members ---- */

static coffer_status stored_read(coffer_stream *stream, void *buffer, size_t capacity_bytes, size_t *got_bytes,
                                 coffer_error *error)
{
        stored_stream *self = (stored_stream *)stream;
        uint64_t left_bytes = self->stored->size_bytes - self->offset_bytes;
        size_t size_bytes = capacity_bytes < self->most_bytes ? capacity_bytes : self->most_bytes;

        if (left_bytes < size_bytes)
                size_bytes = (size_t)left_bytes;
        COFFER_TRY(read_at(self->stored, self->offset_bytes, buffer, size_bytes, error));
        self->offset_bytes += size_bytes;
        self->most_bytes = SIZE_MAX;
        *got_bytes = size_bytes;
        return COFFER_OK;
}

static void stored_close(coffer_stream *stream)
{
        stored_stream *self = (stored_stream *)stream;
        self->stored->close(self->stored);
}

static void keep_open(coffer_stream *stream)
{
        (void)stream;
}

static bool can_be_made(const frame_members *self, const coffer_gzip_reader *gzip)
{
        const coffer_gzip_sizes *sizes = &gzip->sizes;
        return gzip->is_sized && sizes->content_bytes <= COFFER_PART_MAX_BYTES &&
               sizes->member_bytes <= MAX_MEMBER_BYTES &&
               sizes->member_bytes <= self->stored.stored->size_bytes - gzip->member_offset_bytes;
}

static coffer_status find_member(coffer_parts *parts, coffer_part *out, coffer_parts_state *state, coffer_error *error)
{
        frame_members *self = (frame_members *)parts;
        const coffer_gzip_reader *gzip = &self->in_turn.gzip;

        COFFER_TRY(coffer_frame_v1_stream_begin_member(&self->in_turn, error));
        if (coffer_frame_v1_stream_has_ended(&self->in_turn)) {
                *state = COFFER_PARTS_ENDED;
                return COFFER_OK;
        }
        if (!can_be_made(self, gzip)) {
                *state = COFFER_PARTS_OTHERWISE;
                return COFFER_OK;
        }
        *out = (coffer_part){.stored_offset = gzip->member_offset_bytes,
                             .stored_bytes = (size_t)gzip->sizes.member_bytes,
                             .offset = gzip->sizes.offset_bytes,
                             .content_bytes = (size_t)gzip->sizes.content_bytes};
        *state = COFFER_PARTS_FOUND;
        self->stored.offset_bytes = out->stored_offset + out->stored_bytes;
        self->stored.most_bytes = HEAD_BYTES;
        coffer_frame_v1_stream_step_over(&self->in_turn, self->stored.offset_bytes);
        return COFFER_OK;
}

static coffer_stream *rest_of_frame(coffer_parts *parts)
{
        return &((frame_members *)parts)->in_turn.base;
}

/* ---- inflating ---- */

static void trial_init(inflater_trial *trial)
{
        trial->libraries[0] = coffer_deflate_for(COFFER_DEFLATE_INFLATE_WHOLE);
        trial->libraries[1] = coffer_deflate_for(COFFER_DEFLATE_INFLATE_STREAM);
        trial->count = trial->libraries[0] == trial->libraries[1] ? 1 : 2;
}

static uint64_t thread_nanoseconds(void)
{
        struct timespec time;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static size_t trial_choose(inflater_trial *trial)
{
        if (trial->count > 1 && atomic_load(&trial->begun) < TRIAL_MEMBERS)
                return atomic_fetch_add(&trial->begun, 1) % MAX_LIBRARIES;
        uint64_t cost = atomic_load(&trial->cost[0]), other = atomic_load(&trial->cost[1]);
        return other > 0 && other < cost ? 1 : 0;
}

static void trial_note(inflater_trial *trial, size_t library, uint64_t nanoseconds, size_t content_bytes)
{
        uint64_t cost = nanoseconds * 1000 / (content_bytes > 0 ? content_bytes : 1) + 1;
        uint64_t least = atomic_load(&trial->cost[library]);
        if (least == 0 || cost < least)
                atomic_store(&trial->cost[library], cost);
}

static coffer_status inflate(inflater_trial *trial, member_tool *tool, const coffer_frame_member *member, uint8_t *to,
                             coffer_error *error)
{
        size_t chosen = trial_choose(trial);
        const coffer_deflate_library *library = trial->libraries[chosen];

        if (!tool->inflaters[chosen])
                COFFER_TRY(library->inflater_new(&tool->inflaters[chosen], error));
        uint64_t begin = thread_nanoseconds();
        COFFER_TRY(coffer_frame_v1_inflate_member(member, library, tool->inflaters[chosen], to, error));
        trial_note(trial, chosen, thread_nanoseconds() - begin, member->content_bytes);
        return COFFER_OK;
}

/* ---- making contents ---- */

static coffer_status make_compressed(frame_members *self, member_tool *tool, const coffer_part *part, uint8_t *to,
                                     coffer_error *error)
{
        if (tool->room_bytes < part->stored_bytes) {
                uint8_t *room = coffer_alloc(part->stored_bytes);
                if (!room)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to decompress");
                coffer_free(tool->stored);
                tool->stored = room;
                tool->room_bytes = part->stored_bytes;
        }
        COFFER_TRY(read_at(self->stored.stored, part->stored_offset, tool->stored, part->stored_bytes, error));
        coffer_frame_member member = {.stored = coffer_cursor_of(tool->stored, part->stored_bytes),
                                      .stored_offset = part->stored_offset,
                                      .offset = part->offset,
                                      .content_bytes = part->content_bytes};
        return inflate(&self->trial, tool, &member, to, error);
}

/* By its size a member of stored blocks with the header that we write. */
static bool looks_stored(const coffer_part *part)
{
        return part->stored_bytes ==
               COFFER_GZIP_SIZED_HEADER_BYTES + COFFER_GZIP_TRAILER_BYTES + coffer_stored_size(part->content_bytes);
}

/* What lies around the contents of stored blocks. */
typedef struct stored_wrapping {
        uint8_t blocks[MAX_BLOCKS][COFFER_STORED_BLOCK_HEADER_BYTES];
        uint8_t trailer[COFFER_GZIP_TRAILER_BYTES];
} stored_wrapping;

/* Reads the contents of stored blocks to where they belong. */
static coffer_status read_stored(frame_members *self, const coffer_part *part, stored_wrapping *wrapping, uint8_t *to,
                                 coffer_error *error)
{
        struct iovec memory[2 * MAX_BLOCKS + 1];
        size_t left_bytes = part->content_bytes, count = 0, blocks = coffer_stored_block_count(part->content_bytes);

        for (size_t i = 0; i < blocks; i++) {
                size_t size_bytes = left_bytes < COFFER_STORED_BLOCK_BYTES ? left_bytes : COFFER_STORED_BLOCK_BYTES;
                memory[count++] = (struct iovec){wrapping->blocks[i], sizeof(wrapping->blocks[i])};
                memory[count++] = (struct iovec){to + part->content_bytes - left_bytes, size_bytes};
                left_bytes -= size_bytes;
        }
        memory[count++] = (struct iovec){wrapping->trailer, sizeof(wrapping->trailer)};
        return self->stored.stored->read(self->stored.stored, part->stored_offset + COFFER_GZIP_SIZED_HEADER_BYTES,
                                         memory, count, error);
}

static bool is_stored(const coffer_part *part, const stored_wrapping *wrapping, const uint8_t *contents)
{
        size_t blocks = coffer_stored_block_count(part->content_bytes);
        size_t last_bytes = part->content_bytes - (blocks - 1) * COFFER_STORED_BLOCK_BYTES;
        uint8_t expected[COFFER_GZIP_TRAILER_BYTES];

        for (size_t i = 0; i < blocks; i++) {
                bool is_last = i == blocks - 1;
                coffer_stored_block_header(is_last ? last_bytes : COFFER_STORED_BLOCK_BYTES, is_last, expected);
                if (memcmp(wrapping->blocks[i], expected, COFFER_STORED_BLOCK_HEADER_BYTES) != 0)
                        return false;
        }
        coffer_cursor made = coffer_cursor_of(contents, part->content_bytes);
        coffer_gzip_put_trailer(coffer_deflate_for(COFFER_DEFLATE_CRC)->crc(0, made), part->content_bytes, expected);
        return memcmp(wrapping->trailer, expected, sizeof(expected)) == 0;
}

/* What is not as it looks, damaged perhaps, is inflated as if it were compressed, which also finds the fault. */
static coffer_status make_member(coffer_parts *parts, void *tool, const coffer_part *part, uint8_t *to,
                                 coffer_error *error)
{
        frame_members *self = (frame_members *)parts;
        if (looks_stored(part)) {
                stored_wrapping wrapping;
                COFFER_TRY(read_stored(self, part, &wrapping, to, error));
                if (is_stored(part, &wrapping, to))
                        return COFFER_OK;
        }
        return make_compressed(self, tool, part, to, error);
}

static coffer_status tool_new(coffer_parts *parts, void **out, coffer_error *error)
{
        (void)parts;
        *out = coffer_alloc_zeroed(1, sizeof(member_tool));
        return *out ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "no memory to decompress");
}

static void tool_free(coffer_parts *parts, void *tool_)
{
        member_tool *tool = tool_;
        const inflater_trial *trial = &((frame_members *)parts)->trial;
        for (size_t i = 0; i < MAX_LIBRARIES; i++) {
                if (tool->inflaters[i])
                        trial->libraries[i]->inflater_free(tool->inflaters[i]);
        }
        coffer_free(tool->stored);
        coffer_free(tool);
}

static void members_free(coffer_parts *parts)
{
        frame_members *self = (frame_members *)parts;
        coffer_frame_v1_stream_done(&self->in_turn);
        coffer_free(self);
}

static const coffer_parts_class members_class = {
        .find = find_member,
        .make = make_member,
        .tool_new = tool_new,
        .tool_free = tool_free,
        .rest = rest_of_frame,
        .free = members_free,
};

/* ---- opening ---- */

coffer_status coffer_frame_v1_open_random(coffer_random_access *stored, uint64_t max_bytes,
                                          const coffer_frame_watch *watch, coffer_stream **out, coffer_error *error)
{
        frame_members *self = coffer_alloc_zeroed(1, sizeof(*self));
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to decompress");
        self->base.class_ = &members_class;
        self->stored = (stored_stream){{stored_read, stored_close}, stored, 0, HEAD_BYTES};
        trial_init(&self->trial);
        coffer_status status = coffer_frame_v1_stream_init(&self->in_turn, &self->stored.base, max_bytes, error);
        if (status != COFFER_OK) {
                coffer_free(self);
                return status;
        }
        if (watch)
                self->in_turn.watch = *watch;
        status = coffer_parts_open(&self->base, watch, out, error);
        if (status != COFFER_OK) {
                self->in_turn.gzip.stream = NULL; /* stays the caller's */
                members_free(&self->base);
        }
        return status;
}

static coffer_status expect_by_end(coffer_random_access *stored, coffer_frame_sizes *out, coffer_error *error)
{
        uint8_t end[4];
        uint32_t size_bytes = 0;
        coffer_cursor cursor = coffer_cursor_of(end, sizeof(end));

        if (stored->size_bytes >= COFFER_GZIP_TRAILER_BYTES) {
                COFFER_TRY(read_at(stored, stored->size_bytes - sizeof(end), end, sizeof(end), error));
                (void)coffer_cursor_u32_le(&cursor, &size_bytes);
        }
        bool is_possible = size_bytes / COFFER_DEFLATE_MAX_RATIO <= stored->size_bytes;
        *out = (coffer_frame_sizes){is_possible ? size_bytes : 0, false};
        return COFFER_OK;
}

coffer_status coffer_frame_v1_expect(coffer_random_access *stored, coffer_frame_sizes *out, coffer_error *error)
{
        stored_stream stream = {{stored_read, keep_open}, stored, 0, HEAD_BYTES};
        coffer_gzip_reader gzip;
        bool ended;

        COFFER_TRY(coffer_gzip_reader_init_stream(&gzip, &stream.base, UINT64_MAX, error));
        coffer_status status = coffer_gzip_next_member(&gzip, &ended, error);
        bool has_size = status == COFFER_OK && !ended && gzip.is_sized &&
                        gzip.sizes.blob_bytes / COFFER_DEFLATE_MAX_RATIO <= stored->size_bytes;
        coffer_gzip_reader_done(&gzip);
        if (status != COFFER_OK && status != COFFER_CORRUPT)
                return status;
        if (!has_size)
                return expect_by_end(stored, out, error);
        *out = (coffer_frame_sizes){gzip.sizes.blob_bytes, true};
        return COFFER_OK;
}
