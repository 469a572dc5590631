/* SPDX-License-Identifier: Apache-2.0 */
#include <coffer/bytes.h>

#include <stdatomic.h>
#include <string.h>

#include "util/checked.h"
#include "util/cleanup.h"
#include "util/cursor.h"

struct segment {
        coffer_cursor data;
        coffer_release_fn release; /* NULL when there is nothing to give back */
        void *owner;
};

struct coffer_bytes {
        atomic_size_t references;
        uint64_t size_bytes;
        struct segment *segments;
        size_t count;
        size_t capacity;
        bool is_unstable;
        _Atomic(uint8_t *) joined; /* all segments in one piece, once somebody asked */
};

coffer_status coffer_bytes_new(coffer_bytes **out, coffer_error *error)
{
        coffer_bytes *bytes = coffer_alloc_zeroed(1, sizeof(*bytes));
        if (!bytes)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a byte sequence");
        atomic_init(&bytes->references, 1);
        atomic_init(&bytes->joined, NULL);
        *out = bytes;
        return COFFER_OK;
}

static coffer_status check_appendable(coffer_bytes *bytes, coffer_error *error)
{
        if (atomic_load_explicit(&bytes->references, memory_order_acquire) != 1)
                return coffer_error_set(error, COFFER_STATE, "a byte sequence that is shared cannot grow");
        if (atomic_load_explicit(&bytes->joined, memory_order_acquire))
                return coffer_error_set(error, COFFER_STATE, "a byte sequence that was joined cannot grow");
        return COFFER_OK;
}

static coffer_status reserve_segments(coffer_bytes *bytes, size_t extra, coffer_error *error)
{
        size_t needed, doubled;
        if (!coffer_add_size(bytes->count, extra, &needed) || !coffer_mul_size(bytes->capacity, 2, &doubled))
                return coffer_error_set(error, COFFER_LIMIT, "too many segments in a byte sequence");
        if (needed <= bytes->capacity)
                return COFFER_OK;
        size_t capacity = doubled > needed ? doubled : needed;
        struct segment *segments = coffer_realloc_array(bytes->segments, capacity, sizeof(*segments));
        if (!segments)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for %zu segments", capacity);
        bytes->segments = segments;
        bytes->capacity = capacity;
        return COFFER_OK;
}

/* Everything of an append that can fail: room for `count` segments of `size_bytes` altogether. */
static coffer_status prepare_append(coffer_bytes *bytes, size_t count, uint64_t size_bytes, coffer_error *error)
{
        COFFER_TRY(check_appendable(bytes, error));
        uint64_t total_bytes;
        if (!coffer_add_u64(bytes->size_bytes, size_bytes, &total_bytes) || total_bytes > SIZE_MAX)
                return coffer_error_set(error, COFFER_LIMIT, "a byte sequence grows beyond the address space");
        return reserve_segments(bytes, count, error);
}

static void push_segment(coffer_bytes *bytes, coffer_cursor data, coffer_release_fn release, void *owner)
{
        bytes->segments[bytes->count++] = (struct segment){data, release, owner};
        bytes->size_bytes += data.size_bytes;
}

coffer_status coffer_bytes_append_borrow(coffer_bytes *bytes, coffer_cursor segment, coffer_release_fn release,
                                         void *owner, coffer_error *error)
{
        COFFER_TRY(prepare_append(bytes, 1, segment.size_bytes, error));
        if (segment.size_bytes > 0)
                push_segment(bytes, segment, release, owner);
        else if (release)
                release(owner);
        return COFFER_OK;
}

coffer_status coffer_bytes_append_take(coffer_bytes *bytes, void *memory, size_t size_bytes, coffer_error *error)
{
        return coffer_bytes_append_borrow(bytes, coffer_cursor_of(memory, size_bytes), coffer_free, memory, error);
}

coffer_status coffer_bytes_append_copy(coffer_bytes *bytes, coffer_cursor segment, coffer_error *error)
{
        COFFER_TRY(prepare_append(bytes, 1, segment.size_bytes, error));
        if (segment.size_bytes == 0)
                return COFFER_OK;
        void *copy = coffer_alloc(segment.size_bytes);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for %zu bytes", segment.size_bytes);
        memcpy(copy, segment.data, segment.size_bytes);
        push_segment(bytes, coffer_cursor_of(copy, segment.size_bytes), coffer_free, copy);
        return COFFER_OK;
}

static void unref_owner(void *owner)
{
        coffer_bytes_unref(owner);
}

coffer_status coffer_bytes_append_share(coffer_bytes *bytes, coffer_bytes *other, coffer_error *error)
{
        if (bytes == other)
                return coffer_error_set(error, COFFER_INVALID, "a byte sequence cannot share its own segments");
        COFFER_TRY(prepare_append(bytes, other->count, other->size_bytes, error));
        /* All segments go at once at the end, so one reference, held by the first, keeps them all. */
        for (size_t i = 0; i < other->count; i++)
                push_segment(bytes, other->segments[i].data, i == 0 ? unref_owner : NULL,
                             i == 0 ? coffer_bytes_ref(other) : NULL);
        bytes->is_unstable = bytes->is_unstable || other->is_unstable;
        return COFFER_OK;
}

void coffer_bytes_set_unstable(coffer_bytes *bytes)
{
        bytes->is_unstable = true;
}

bool coffer_bytes_is_unstable(const coffer_bytes *bytes)
{
        return bytes->is_unstable;
}

uint64_t coffer_bytes_size(const coffer_bytes *bytes)
{
        return bytes->size_bytes;
}

size_t coffer_bytes_segment_count(const coffer_bytes *bytes)
{
        return bytes->count;
}

coffer_cursor coffer_bytes_segment(const coffer_bytes *bytes, size_t index)
{
        return index < bytes->count ? bytes->segments[index].data : (coffer_cursor){NULL, 0};
}

coffer_status coffer_bytes_contiguous(coffer_bytes *bytes, coffer_cursor *out, coffer_error *error)
{
        if (bytes->count <= 1) {
                *out = coffer_bytes_segment(bytes, 0);
                return COFFER_OK;
        }
        size_t size_bytes = (size_t)bytes->size_bytes;
        uint8_t *joined = atomic_load_explicit(&bytes->joined, memory_order_acquire);
        if (!joined) {
                uint8_t *memory = coffer_alloc(size_bytes);
                if (!memory)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to join %zu bytes", size_bytes);
                uint8_t *end = memory;
                for (size_t i = 0; i < bytes->count; i++)
                        end = (uint8_t *)mempcpy(end, bytes->segments[i].data.data, bytes->segments[i].data.size_bytes);
                /* Of several threads that join at once, the first to get here is the one remembered. */
                if (atomic_compare_exchange_strong_explicit(&bytes->joined, &joined, memory, memory_order_acq_rel,
                                                            memory_order_acquire))
                        joined = memory;
                else
                        coffer_free(memory);
        }
        *out = coffer_cursor_of(joined, size_bytes);
        return COFFER_OK;
}

coffer_bytes *coffer_bytes_ref(coffer_bytes *bytes)
{
        if (bytes)
                atomic_fetch_add_explicit(&bytes->references, 1, memory_order_relaxed);
        return bytes;
}

void coffer_bytes_unref(coffer_bytes *bytes)
{
        if (!bytes || atomic_fetch_sub_explicit(&bytes->references, 1, memory_order_acq_rel) != 1)
                return;
        for (size_t i = 0; i < bytes->count; i++)
                if (bytes->segments[i].release)
                        bytes->segments[i].release(bytes->segments[i].owner);
        coffer_free(bytes->segments);
        coffer_free(atomic_load_explicit(&bytes->joined, memory_order_relaxed));
        coffer_free(bytes);
}

struct bytes_stream {
        coffer_stream stream;
        coffer_bytes *bytes;
        size_t next_segment;
        coffer_cursor rest; /* what is left of the segment before */
};

static coffer_status bytes_stream_read(coffer_stream *stream, void *buffer, size_t capacity_bytes, size_t *got_bytes,
                                       coffer_error *error)
{
        (void)error;
        struct bytes_stream *self = (struct bytes_stream *)stream;
        uint8_t *end = buffer;
        size_t left_bytes = capacity_bytes;
        while (left_bytes > 0) {
                if (self->rest.size_bytes == 0) {
                        if (self->next_segment == self->bytes->count)
                                break;
                        self->rest = self->bytes->segments[self->next_segment++].data;
                }
                coffer_cursor part;
                size_t step_bytes = self->rest.size_bytes < left_bytes ? self->rest.size_bytes : left_bytes;
                if (!coffer_cursor_take(&self->rest, step_bytes, &part))
                        break;
                end = (uint8_t *)mempcpy(end, part.data, part.size_bytes);
                left_bytes -= step_bytes;
        }
        *got_bytes = capacity_bytes - left_bytes;
        return COFFER_OK;
}

static void bytes_stream_close(coffer_stream *stream)
{
        struct bytes_stream *self = (struct bytes_stream *)stream;
        coffer_bytes_unref(self->bytes);
        coffer_free(self);
}

coffer_status coffer_bytes_open_stream(coffer_bytes *bytes, coffer_stream **out, coffer_error *error)
{
        struct bytes_stream *self = coffer_alloc_zeroed(1, sizeof(*self));
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a stream");
        self->stream = (coffer_stream){bytes_stream_read, bytes_stream_close};
        self->bytes = coffer_bytes_ref(bytes);
        *out = &self->stream;
        return COFFER_OK;
}
