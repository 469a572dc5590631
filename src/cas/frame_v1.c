/* SPDX-License-Identifier: Apache-2.0 */
#include "cas/frame_v1.h"

#include "cas/gzip.h"
#include "util/cleanup.h"
#include "util/cursor.h"

/* The size that a member ends with; false when it is too short to have one. */
static bool last_size(coffer_cursor member, uint32_t *out)
{
        coffer_cursor before;
        return member.size_bytes >= COFFER_GZIP_TRAILER_BYTES &&
               coffer_cursor_take(&member, member.size_bytes - 4, &before) && coffer_cursor_u32_le(&member, out);
}

coffer_status coffer_frame_v1_skip_member(coffer_gzip_reader *reader, coffer_error *error)
{
        uint64_t header_bytes = coffer_gzip_offset(reader) - reader->member_offset_bytes;
        coffer_cursor rest;
        uint32_t size;

        if (!coffer_cursor_take(&reader->input, (size_t)(reader->sizes.member_bytes - header_bytes), &rest) ||
            !last_size(rest, &size))
                return coffer_gzip_fault(reader, error, "the file ends inside a gzip member");
        if (size != (uint32_t)reader->sizes.content_bytes)
                return coffer_gzip_fault(reader, error, "the size at the end of a gzip member is wrong");
        reader->position_bytes += reader->sizes.content_bytes;
        return COFFER_OK;
}

coffer_status coffer_frame_v1_measure(coffer_cursor stored, coffer_frame_sizes *out, coffer_error *error)
{
        coffer_gzip_reader reader;
        uint32_t size = 0;
        bool ended;

        coffer_gzip_reader_init(&reader, stored, UINT64_MAX);
        COFFER_TRY(coffer_gzip_next_member(&reader, &ended, error));
        if (!ended && !reader.is_sized) {
                if (!last_size(reader.input, &size))
                        return coffer_gzip_fault(&reader, error, "the file ends inside a gzip member");
                *out = (coffer_frame_sizes){size, false};
                return COFFER_OK;
        }
        while (!ended) {
                COFFER_TRY(coffer_frame_v1_skip_member(&reader, error));
                COFFER_TRY(coffer_gzip_next_member(&reader, &ended, error));
        }
        *out = (coffer_frame_sizes){reader.position_bytes, true};
        return COFFER_OK;
}

const coffer_frame_class coffer_frame_v1 = {
        .version = 1,
        .write = coffer_frame_v1_write,
        .read = coffer_frame_v1_read,
        .open = coffer_frame_v1_open,
        .open_random = coffer_frame_v1_open_random,
        .expect = coffer_frame_v1_expect,
        .open_ranges = coffer_frame_v1_open_ranges,
        .measure = coffer_frame_v1_measure,
};
