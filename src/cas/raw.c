/* SPDX-License-Identifier: Apache-2.0 */
#include "cas/raw.h"

#include "cas/parts.h"
#include "util/cleanup.h"

typedef struct raw_parts {
        coffer_parts base;
        coffer_random_access *stored;
        uint64_t found_bytes;
} raw_parts;

static coffer_status find_piece(coffer_parts *parts, coffer_part *out, coffer_parts_state *state, coffer_error *error)
{
        raw_parts *self = (raw_parts *)parts;
        uint64_t left_bytes = self->stored->size_bytes - self->found_bytes;
        size_t size_bytes = left_bytes < COFFER_PART_MAX_BYTES ? (size_t)left_bytes : COFFER_PART_MAX_BYTES;

        (void)error;
        *state = size_bytes > 0 ? COFFER_PARTS_FOUND : COFFER_PARTS_ENDED;
        *out = (coffer_part){self->found_bytes, size_bytes, self->found_bytes, size_bytes};
        self->found_bytes += size_bytes;
        return COFFER_OK;
}

static coffer_status read_piece(coffer_parts *parts, void *tool, const coffer_part *part, uint8_t *to,
                                coffer_error *error)
{
        raw_parts *self = (raw_parts *)parts;
        struct iovec memory = {to, part->content_bytes};
        (void)tool;
        return self->stored->read(self->stored, part->stored_offset, &memory, 1, error);
}

static void raw_free(coffer_parts *parts)
{
        raw_parts *self = (raw_parts *)parts;
        self->stored->close(self->stored);
        coffer_free(self);
}

static const coffer_parts_class raw_class = {.find = find_piece, .make = read_piece, .free = raw_free};

coffer_status coffer_raw_open_random(coffer_random_access *stored, const coffer_frame_watch *watch, coffer_stream **out,
                                     coffer_error *error)
{
        raw_parts *self = coffer_alloc(sizeof(*self));
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read a blob");
        *self = (raw_parts){{&raw_class}, stored, 0};
        coffer_status status = coffer_parts_open(&self->base, watch, out, error);
        if (status != COFFER_OK)
                coffer_free(self);
        return status;
}
