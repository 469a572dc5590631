/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of a frame at any place: members that have sizes are inflated when something in them is asked for; else all
 * before the place is inflated and dropped. */
#include <string.h>

#include "cas/deflate.h"
#include "cas/frame_v1.h"
#include "util/cleanup.h"
#include "util/cursor.h"

/* ---- members that have sizes ---- */

typedef struct member_ranges {
        coffer_ranges base;
        coffer_bytes *stored;
        coffer_frame_index index;
        const coffer_deflate_library *library;
        void *inflater;
        const coffer_frame_member *held; /* whose contents are in `contents`, or NULL */
        uint8_t *contents;
        size_t capacity_bytes;
} member_ranges;

/* The member with the byte at `offset`, which is below the size of the contents. */
static const coffer_frame_member *find_member(const coffer_frame_index *index, uint64_t offset)
{
        size_t low = 0, high = index->count;
        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;
                if (index->members[middle].offset <= offset)
                        low = middle;
                else
                        high = middle;
        }
        return &index->members[low];
}

static coffer_status hold(member_ranges *self, const coffer_frame_member *member, coffer_error *error)
{
        if (self->held == member)
                return COFFER_OK;
        self->held = NULL;
        if (self->capacity_bytes < member->content_bytes) {
                uint8_t *contents = coffer_realloc(self->contents, member->content_bytes);
                if (!contents)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read a part of a blob");
                self->contents = contents;
                self->capacity_bytes = member->content_bytes;
        }
        COFFER_TRY(coffer_frame_v1_inflate_member(member, self->library, self->inflater, self->contents, error));
        self->held = member;
        return COFFER_OK;
}

/* A part of one member; returns its size in `*got_bytes`. */
static coffer_status read_from_member(member_ranges *self, uint64_t offset, uint8_t *buffer, size_t size_bytes,
                                      size_t *got_bytes, coffer_error *error)
{
        const coffer_frame_member *member = find_member(&self->index, offset);
        size_t skipped_bytes = (size_t)(offset - member->offset);
        size_t left_bytes = member->content_bytes - skipped_bytes;

        *got_bytes = size_bytes < left_bytes ? size_bytes : left_bytes;
        if (skipped_bytes == 0 && size_bytes >= member->content_bytes)
                return coffer_frame_v1_inflate_member(member, self->library, self->inflater, buffer, error);
        COFFER_TRY(hold(self, member, error));
        memcpy(buffer, self->contents + skipped_bytes, *got_bytes);
        return COFFER_OK;
}

static coffer_status member_ranges_read(coffer_ranges *ranges, uint64_t offset, void *buffer, size_t size_bytes,
                                        size_t *got_bytes, coffer_error *error)
{
        member_ranges *self = (member_ranges *)ranges;
        size_t done_bytes = 0;

        while (done_bytes < size_bytes && offset < self->index.content_bytes) {
                size_t part_bytes;
                COFFER_TRY(read_from_member(self, offset, (uint8_t *)buffer + done_bytes, size_bytes - done_bytes,
                                            &part_bytes, error));
                done_bytes += part_bytes;
                offset += part_bytes;
        }
        *got_bytes = done_bytes;
        return COFFER_OK;
}

static void member_ranges_close(coffer_ranges *ranges)
{
        member_ranges *self = (member_ranges *)ranges;
        if (self->inflater)
                self->library->inflater_free(self->inflater);
        coffer_frame_index_done(&self->index);
        coffer_bytes_unref(self->stored);
        coffer_free(self->contents);
        coffer_free(self);
}

/* Owns `index` on success. */
static coffer_status open_members(coffer_bytes *stored, const coffer_frame_index *index, coffer_ranges **out,
                                  coffer_error *error)
{
        const coffer_deflate_library *library = coffer_deflate_for(COFFER_DEFLATE_INFLATE_WHOLE);
        member_ranges *self _cleanup_free_ = coffer_alloc_zeroed(1, sizeof(*self));
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read a part of a blob");
        COFFER_TRY(library->inflater_new(&self->inflater, error));
        self->base = (coffer_ranges){member_ranges_read, member_ranges_close};
        self->stored = coffer_bytes_ref(stored);
        self->index = *index;
        self->library = library;
        *out = &TAKE_PTR(self)->base;
        return COFFER_OK;
}

/* ---- others ---- */

enum { DROP_BYTES = 1 << 16 };

typedef struct forward_ranges {
        coffer_ranges base;
        coffer_bytes *stored;
        uint64_t max_bytes;
        coffer_stream *stream; /* NULL: to be opened at the front */
        uint64_t position;
        uint8_t dropped[DROP_BYTES];
} forward_ranges;

static void rewind_stream(forward_ranges *self)
{
        if (self->stream)
                self->stream->close(self->stream);
        self->stream = NULL;
        self->position = 0;
}

static coffer_status open_front(forward_ranges *self, coffer_error *error)
{
        coffer_stream *stored;
        COFFER_TRY(coffer_bytes_open_stream(self->stored, &stored, error));
        coffer_status status = coffer_frame_v1_open(stored, self->max_bytes, &self->stream, error);
        if (status != COFFER_OK)
                stored->close(stored);
        return status;
}

/* Reads on until `size_bytes` are there or the contents have ended. */
static coffer_status read_on(forward_ranges *self, uint8_t *buffer, size_t size_bytes, size_t *got_bytes,
                             coffer_error *error)
{
        size_t part_bytes = 1;
        *got_bytes = 0;
        while (*got_bytes < size_bytes && part_bytes > 0) {
                COFFER_TRY(self->stream->read(self->stream, buffer + *got_bytes, size_bytes - *got_bytes, &part_bytes,
                                              error));
                *got_bytes += part_bytes;
                self->position += part_bytes;
        }
        return COFFER_OK;
}

static coffer_status read_at(forward_ranges *self, uint64_t offset, void *buffer, size_t size_bytes, size_t *got_bytes,
                             coffer_error *error)
{
        if (offset < self->position)
                rewind_stream(self);
        if (!self->stream)
                COFFER_TRY(open_front(self, error));
        for (size_t dropped_bytes = 1; self->position < offset && dropped_bytes > 0;) {
                uint64_t left_bytes = offset - self->position;
                COFFER_TRY(read_on(self, self->dropped, left_bytes < DROP_BYTES ? (size_t)left_bytes : DROP_BYTES,
                                   &dropped_bytes, error));
        }
        *got_bytes = 0;
        return self->position == offset ? read_on(self, buffer, size_bytes, got_bytes, error) : COFFER_OK;
}

static coffer_status forward_ranges_read(coffer_ranges *ranges, uint64_t offset, void *buffer, size_t size_bytes,
                                         size_t *got_bytes, coffer_error *error)
{
        forward_ranges *self = (forward_ranges *)ranges;
        coffer_status status = read_at(self, offset, buffer, size_bytes, got_bytes, error);
        if (status != COFFER_OK)
                rewind_stream(self);
        return status;
}

static void forward_ranges_close(coffer_ranges *ranges)
{
        forward_ranges *self = (forward_ranges *)ranges;
        rewind_stream(self);
        coffer_bytes_unref(self->stored);
        coffer_free(self);
}

static coffer_status open_forward(coffer_bytes *stored, uint64_t max_bytes, coffer_ranges **out, coffer_error *error)
{
        forward_ranges *self = coffer_alloc_zeroed(1, sizeof(*self));
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read a part of a blob");
        self->base = (coffer_ranges){forward_ranges_read, forward_ranges_close};
        self->stored = coffer_bytes_ref(stored);
        self->max_bytes = max_bytes;
        *out = &self->base;
        return COFFER_OK;
}

/* ---- both ---- */

coffer_status coffer_frame_v1_open_ranges(coffer_bytes *stored, uint64_t max_bytes, coffer_ranges **out,
                                          coffer_error *error)
{
        coffer_frame_index index _cleanup_(coffer_frame_index_done) = {0};
        coffer_cursor all;

        COFFER_TRY(coffer_bytes_contiguous(stored, &all, error));
        COFFER_TRY(coffer_frame_v1_index(all, max_bytes, &index, error));
        if (index.count == 0)
                return open_forward(stored, max_bytes, out, error);
        COFFER_TRY(open_members(stored, &index, out, error));
        index = (coffer_frame_index){0};
        return COFFER_OK;
}
