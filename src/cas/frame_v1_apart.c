/* SPDX-License-Identifier: Apache-2.0 */
/* Members that have sizes are found without inflating them, and inflated by several threads, each straight into its
 * place. */
#include <string.h>

#include "cas/deflate.h"
#include "cas/frame_v1.h"
#include "cas/gzip.h"
#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/fs.h"
#include "util/pages.h"
#include "util/pipeline.h"
#include "util/pool.h"

typedef struct apart_reader {
        const coffer_frame_index *index;
        const coffer_frame_watch *watch;
        uint8_t *contents;
        const coffer_deflate_library *library;
        void *inflaters[COFFER_POOL_MAX_WIDTH]; /* one a worker, made when it is needed first */
} apart_reader;

/* ---- the index ---- */

void coffer_frame_index_done(coffer_frame_index *index)
{
        coffer_free(index->members);
        *index = (coffer_frame_index){0};
}

static coffer_status index_add(coffer_frame_index *index, const coffer_frame_member *member, coffer_error *error)
{
        if (index->count == index->capacity) {
                size_t capacity = index->capacity ? 2 * index->capacity : 16;
                coffer_frame_member *members =
                        coffer_realloc_array(index->members, capacity, sizeof(coffer_frame_member));
                if (!members)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read a blob");
                index->members = members;
                index->capacity = capacity;
        }
        index->members[index->count++] = *member;
        return COFFER_OK;
}

static coffer_status index_members(coffer_gzip_reader *reader, coffer_cursor stored, coffer_frame_index *index,
                                   coffer_error *error)
{
        bool ended;
        COFFER_TRY(coffer_gzip_next_member(reader, &ended, error));
        while (!ended && reader->is_sized) {
                const coffer_gzip_sizes *sizes = &reader->sizes;
                coffer_frame_member member = {.stored_offset = reader->member_offset_bytes,
                                              .offset = sizes->offset_bytes,
                                              .content_bytes = (size_t)sizes->content_bytes};
                coffer_cursor rest = stored, before;
                if (!coffer_cursor_take(&rest, (size_t)member.stored_offset, &before) ||
                    !coffer_cursor_take(&rest, (size_t)sizes->member_bytes, &member.stored))
                        return coffer_gzip_fault(reader, error, "the file ends inside a gzip member");
                COFFER_TRY(index_add(index, &member, error));
                COFFER_TRY(coffer_frame_v1_skip_member(reader, error));
                COFFER_TRY(coffer_gzip_next_member(reader, &ended, error));
        }
        index->content_bytes = reader->position_bytes;
        return COFFER_OK;
}

coffer_status coffer_frame_v1_index(coffer_cursor stored, uint64_t max_bytes, coffer_frame_index *out,
                                    coffer_error *error)
{
        coffer_frame_index index _cleanup_(coffer_frame_index_done) = {0};
        coffer_gzip_reader reader;

        coffer_gzip_reader_init(&reader, stored, max_bytes);
        COFFER_TRY(index_members(&reader, stored, &index, error));
        *out = index;
        index = (coffer_frame_index){0};
        return COFFER_OK;
}

/* ---- inflating ---- */

coffer_status coffer_frame_v1_inflate_member(const coffer_frame_member *member, const coffer_deflate_library *library,
                                             void *inflater, uint8_t *contents, coffer_error *error)
{
        coffer_gzip_reader gzip;
        size_t produced_bytes;
        bool ended;

        coffer_gzip_reader_init(&gzip, member->stored, UINT64_MAX);
        gzip.stored_bytes += member->stored_offset;
        gzip.position_bytes = member->offset;
        COFFER_TRY(coffer_gzip_next_member(&gzip, &ended, error));
        library->inflater_reset(inflater);
        coffer_inflate_result result =
                coffer_inflate_on(library, inflater, &gzip.input, contents, member->content_bytes, &produced_bytes);
        if (result != COFFER_INFLATE_END)
                return coffer_gzip_inflate_fault(&gzip, result, error);
        uint32_t crc = coffer_deflate_for(COFFER_DEFLATE_CRC)->crc(0, coffer_cursor_of(contents, produced_bytes));
        return coffer_gzip_end_member(&gzip, crc, produced_bytes, error);
}

static coffer_status inflate_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        apart_reader *reader = user;
        if (!reader->inflaters[worker])
                COFFER_TRY(reader->library->inflater_new(&reader->inflaters[worker], error));
        const coffer_frame_member *member = &reader->index->members[index];
        COFFER_TRY(coffer_frame_v1_inflate_member(member, reader->library, reader->inflaters[worker],
                                                  reader->contents + member->offset, error));
        coffer_fs_passed(member->stored);
        return COFFER_OK;
}

static coffer_status watch_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        apart_reader *reader = user;
        const coffer_frame_member *member = &reader->index->members[index];
        (void)worker;
        return reader->watch->take(reader->watch->user,
                                   coffer_cursor_of(reader->contents + member->offset, member->content_bytes), error);
}

static coffer_status inflate_members(apart_reader *reader, coffer_error *error)
{
        coffer_pipeline pipeline = {.count = reader->index->count,
                                    .width = coffer_pool_width(),
                                    .stage_count = reader->watch ? 2 : 1,
                                    .stages = {{.run = inflate_step}, {.run = watch_step, .in_order = true}},
                                    .user = reader};
        coffer_status status = coffer_pipeline_run(&pipeline, error);
        for (size_t i = 0; i < COFFER_POOL_MAX_WIDTH; i++) {
                if (reader->inflaters[i])
                        reader->library->inflater_free(reader->inflaters[i]);
        }
        return status;
}

coffer_status coffer_frame_v1_read_apart(const coffer_frame_index *index, const coffer_frame_watch *watch,
                                         coffer_bytes *out, coffer_error *error)
{
        size_t size_bytes = (size_t)index->content_bytes;
        apart_reader reader = {
                .index = index, .watch = watch, .library = coffer_deflate_for(COFFER_DEFLATE_INFLATE_WHOLE)};

        if (index->content_bytes >= SIZE_MAX || !(reader.contents = coffer_alloc(size_bytes)))
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read a blob of %llu bytes",
                                        (unsigned long long)index->content_bytes);
        coffer_pages_expect_fill(reader.contents, size_bytes);
        coffer_status status = inflate_members(&reader, error);
        if (status == COFFER_OK)
                status = coffer_bytes_append_take(out, reader.contents, size_bytes, error);
        if (status != COFFER_OK)
                coffer_free(reader.contents);
        return status;
}
