/* SPDX-License-Identifier: Apache-2.0 */
/* The reader takes any bytes, and comes to the same result from memory and from a stream in pieces. */
#include <stdlib.h>
#include <string.h>

#include <coffer/pickle.h>
#include "util/cleanup.h"
#include "util/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct pieces {
        coffer_stream base;
        coffer_cursor left;
        size_t step_bytes;
} pieces;

static coffer_status read_piece(coffer_stream *base, void *buffer, size_t capacity_bytes, size_t *got_bytes,
                                coffer_error *error)
{
        pieces *stream = (pieces *)base;
        coffer_cursor part = stream->left;
        (void)error;
        if (part.size_bytes > stream->step_bytes)
                part.size_bytes = stream->step_bytes;
        if (part.size_bytes > capacity_bytes)
                part.size_bytes = capacity_bytes;
        if (!coffer_cursor_take(&stream->left, part.size_bytes, &part))
                abort();
        if (part.size_bytes > 0)
                memcpy(buffer, part.data, part.size_bytes);
        *got_bytes = part.size_bytes;
        return COFFER_OK;
}

static coffer_status read_whole(coffer_cursor input, const coffer_pickle_read_options *options, coffer_document **out)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        if (coffer_bytes_new(&bytes, NULL) != COFFER_OK || coffer_bytes_append_copy(bytes, input, NULL) != COFFER_OK)
                abort();
        coffer_status status = coffer_pickle_read(bytes, options, out, NULL, &error);
        if (status != COFFER_OK && (error.status != status || error.offset > (int64_t)input.size_bytes))
                abort();
        return status;
}

typedef struct memory_ranges {
        coffer_ranges base;
        coffer_cursor input;
} memory_ranges;

static coffer_status read_range(coffer_ranges *ranges, uint64_t offset, void *buffer, size_t size_bytes,
                                size_t *got_bytes, coffer_error *error)
{
        const memory_ranges *self = (memory_ranges *)ranges;
        (void)error;
        size_t left_bytes = offset < self->input.size_bytes ? self->input.size_bytes - (size_t)offset : 0;
        *got_bytes = size_bytes < left_bytes ? size_bytes : left_bytes;
        if (*got_bytes > 0)
                memcpy(buffer, self->input.data + offset, *got_bytes);
        return COFFER_OK;
}

static void same_kind(const coffer_document *left, const coffer_document *right)
{
        const coffer_value *a = coffer_document_root(left);
        const coffer_value *b = coffer_document_root(right);
        if (coffer_value_kind(a) != coffer_value_kind(b) || coffer_value_count(a) != coffer_value_count(b) ||
            coffer_value_full_size(a) != coffer_value_full_size(b))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        coffer_cursor input = {data, size};
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        options.max_values = 1 << 20;
        options.max_bytes = 1 << 28;
        options.allow_trailing = size > 0 && data[size - 1] == '+';
        coffer_document *whole = NULL;
        coffer_document *pieced = NULL;
        coffer_document *cut = NULL;

        coffer_status status = read_whole(input, &options, &whole);
        pieces stream = {{read_piece, NULL}, input, 1 + size % 13};
        /* A stream's frames show that they are too long only at its end, so that another error may come first. */
        bool pieced_well = coffer_pickle_read_stream(&stream.base, &options, &pieced, NULL) == COFFER_OK;
        if (pieced_well != (status == COFFER_OK))
                abort();
        if (status == COFFER_OK)
                same_kind(whole, pieced);

        options.keep_bytes = 1 + size % 5;
        stream = (pieces){{read_piece, NULL}, input, 7};
        (void)!coffer_pickle_read_stream(&stream.base, &options, &cut, NULL);
        memory_ranges memory = {{read_range, NULL}, input};
        coffer_document *skipped = NULL;
        bool is_skipped = coffer_pickle_read_ranges(&memory.base, &options, &skipped, NULL) == COFFER_OK;
        if (is_skipped != (cut != NULL))
                abort();
        if (is_skipped)
                same_kind(cut, skipped);
        coffer_document_unref(skipped);
        coffer_document_unref(whole);
        coffer_document_unref(pieced);
        coffer_document_unref(cut);
        return 0;
}
