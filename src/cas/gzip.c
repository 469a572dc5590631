/* SPDX-License-Identifier: Apache-2.0 */
#include "cas/gzip.h"

#include <string.h>

#include "util/cleanup.h"
#include "util/cursor.h"

enum {
        MAGIC_1 = 0x1f,
        MAGIC_2 = 0x8b,
        METHOD_DEFLATE = 8,
        FLAG_HEADER_CRC = 2,
        FLAG_EXTRA = 4,
        FLAG_NAME = 8,
        FLAG_COMMENT = 16,
        FLAGS_RESERVED = 0xe0,
        SYSTEM_UNKNOWN = 255,
        SUBFIELD_HEADER_BYTES = 4,
        SIZES_BYTES = 32,
        INPUT_BYTES = 128 << 10, /* taken from a stream at once */
};

static const uint8_t sizes_identifier[2] = {'C', 'F'};

/* ---- writing ---- */

static void put_little_endian(uint64_t value, size_t size_bytes, uint8_t *out)
{
        for (size_t i = 0; i < size_bytes; i++)
                out[i] = (uint8_t)(value >> (8 * i));
}

size_t coffer_gzip_put_header(const coffer_gzip_sizes *sizes, uint8_t out[COFFER_GZIP_SIZED_HEADER_BYTES])
{
        uint8_t flags = sizes ? FLAG_EXTRA : 0;
        memcpy(out, (const uint8_t[]){MAGIC_1, MAGIC_2, METHOD_DEFLATE, flags, 0, 0, 0, 0, 0, SYSTEM_UNKNOWN},
               COFFER_GZIP_PLAIN_HEADER_BYTES);
        if (!sizes)
                return COFFER_GZIP_PLAIN_HEADER_BYTES;
        put_little_endian(SUBFIELD_HEADER_BYTES + SIZES_BYTES, 2, out + 10);
        memcpy(out + 12, sizes_identifier, 2);
        put_little_endian(SIZES_BYTES, 2, out + 14);
        put_little_endian(sizes->member_bytes, 8, out + 16);
        put_little_endian(sizes->content_bytes, 8, out + 24);
        put_little_endian(sizes->offset_bytes, 8, out + 32);
        put_little_endian(sizes->blob_bytes, 8, out + 40);
        return COFFER_GZIP_SIZED_HEADER_BYTES;
}

void coffer_gzip_put_trailer(uint32_t crc, uint64_t content_bytes, uint8_t out[COFFER_GZIP_TRAILER_BYTES])
{
        put_little_endian(crc, 4, out);
        put_little_endian(content_bytes, 4, out + 4); /* modulo 2^32 */
}

/* ---- input ---- */

void coffer_gzip_reader_init(coffer_gzip_reader *reader, coffer_cursor stored, uint64_t max_bytes)
{
        *reader = (coffer_gzip_reader){
                .input = stored, .stored_bytes = stored.size_bytes, .max_bytes = max_bytes, .is_first = true};
}

coffer_status coffer_gzip_reader_init_stream(coffer_gzip_reader *reader, coffer_stream *stream, uint64_t max_bytes,
                                             coffer_error *error)
{
        uint8_t *buffer = coffer_alloc(COFFER_INFLATE_LOOKS_BACK_BYTES + INPUT_BYTES);
        if (!buffer)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to decompress");
        memset(buffer, 0, COFFER_INFLATE_LOOKS_BACK_BYTES);
        coffer_gzip_reader_init(reader, coffer_cursor_of(buffer + COFFER_INFLATE_LOOKS_BACK_BYTES, 0), max_bytes);
        reader->stream = stream;
        reader->buffer = buffer;
        return COFFER_OK;
}

void coffer_gzip_reader_done(coffer_gzip_reader *reader)
{
        if (reader->stream)
                reader->stream->close(reader->stream);
        coffer_free(reader->buffer);
        reader->stream = NULL;
        reader->buffer = NULL;
}

coffer_status coffer_gzip_more_input(coffer_gzip_reader *reader, bool *got, coffer_error *error)
{
        if (reader->input.size_bytes == 0 && reader->stream) {
                size_t got_bytes = 0;
                uint8_t *start = reader->buffer + COFFER_INFLATE_LOOKS_BACK_BYTES;
                memmove(reader->buffer, reader->input.data - COFFER_INFLATE_LOOKS_BACK_BYTES,
                        COFFER_INFLATE_LOOKS_BACK_BYTES);
                reader->input.data = start;
                COFFER_TRY(reader->stream->read(reader->stream, start, INPUT_BYTES, &got_bytes, error));
                reader->input.size_bytes = got_bytes;
                reader->stored_bytes += got_bytes;
        }
        *got = reader->input.size_bytes > 0;
        return COFFER_OK;
}

uint64_t coffer_gzip_offset(const coffer_gzip_reader *reader)
{
        return reader->stored_bytes - reader->input.size_bytes;
}

coffer_status coffer_gzip_fault(const coffer_gzip_reader *reader, coffer_error *error, const char *text)
{
        return coffer_error_set_at(error, COFFER_CORRUPT, (int64_t)coffer_gzip_offset(reader), "%s", text);
}

coffer_status coffer_gzip_inflate_fault(const coffer_gzip_reader *reader, coffer_inflate_result result,
                                        coffer_error *error)
{
        if (result == COFFER_INFLATE_NO_MEMORY)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to decompress");
        return coffer_gzip_fault(reader, error,
                                 result == COFFER_INFLATE_BAD ? "the compressed data is damaged"
                                                              : "the file ends inside a gzip member");
}

static coffer_status take(coffer_gzip_reader *reader, void *out, size_t size_bytes, const char *what,
                          coffer_error *error)
{
        uint8_t *to = out;
        while (size_bytes > 0) {
                bool got;
                coffer_cursor part;
                COFFER_TRY(coffer_gzip_more_input(reader, &got, error));
                if (!got)
                        return coffer_gzip_fault(reader, error, what);
                size_t part_bytes = size_bytes < reader->input.size_bytes ? size_bytes : reader->input.size_bytes;
                if (!coffer_cursor_take(&reader->input, part_bytes, &part))
                        return coffer_error_set(error, COFFER_INTERNAL, "gzip input ended twice");
                memcpy(to, part.data, part_bytes);
                to += part_bytes;
                size_bytes -= part_bytes;
        }
        return COFFER_OK;
}

/* ---- headers ---- */

typedef struct member_header {
        uint32_t crc; /* of the header so far */
        bool has_sizes;
        coffer_gzip_sizes sizes;
} member_header;

static coffer_status take_header(coffer_gzip_reader *reader, member_header *header, void *out, size_t size_bytes,
                                 coffer_error *error)
{
        COFFER_TRY(take(reader, out, size_bytes, "the file ends inside a gzip header", error));
        header->crc = coffer_deflate_for(COFFER_DEFLATE_CRC)->crc(header->crc, coffer_cursor_of(out, size_bytes));
        return COFFER_OK;
}

static coffer_status skip_header(coffer_gzip_reader *reader, member_header *header, size_t size_bytes,
                                 coffer_error *error)
{
        uint8_t skipped[256];
        while (size_bytes > 0) {
                size_t part_bytes = size_bytes < sizeof(skipped) ? size_bytes : sizeof(skipped);
                COFFER_TRY(take_header(reader, header, skipped, part_bytes, error));
                size_bytes -= part_bytes;
        }
        return COFFER_OK;
}

static coffer_status take_text(coffer_gzip_reader *reader, member_header *header, coffer_error *error)
{
        uint8_t byte;
        do
                COFFER_TRY(take_header(reader, header, &byte, 1, error));
        while (byte != 0);
        return COFFER_OK;
}

static coffer_status take_u16(coffer_gzip_reader *reader, member_header *header, size_t *out, coffer_error *error)
{
        uint8_t bytes[2];
        COFFER_TRY(take_header(reader, header, bytes, sizeof(bytes), error));
        *out = (size_t)(bytes[0] | bytes[1] << 8);
        return COFFER_OK;
}

static coffer_status take_sizes(coffer_gzip_reader *reader, member_header *header, coffer_error *error)
{
        uint8_t bytes[SIZES_BYTES];
        coffer_gzip_sizes *sizes = &header->sizes;

        COFFER_TRY(take_header(reader, header, bytes, sizeof(bytes), error));
        coffer_cursor cursor = coffer_cursor_of(bytes, sizeof(bytes));
        header->has_sizes = coffer_cursor_u64_le(&cursor, &sizes->member_bytes) &&
                            coffer_cursor_u64_le(&cursor, &sizes->content_bytes) &&
                            coffer_cursor_u64_le(&cursor, &sizes->offset_bytes) &&
                            coffer_cursor_u64_le(&cursor, &sizes->blob_bytes);
        return COFFER_OK;
}

/* The extra field: subfields, of which we look for ours. What does not divide into subfields is skipped, as others do.
 */
static coffer_status take_extra(coffer_gzip_reader *reader, member_header *header, coffer_error *error)
{
        size_t left_bytes;
        COFFER_TRY(take_u16(reader, header, &left_bytes, error));
        while (left_bytes >= SUBFIELD_HEADER_BYTES) {
                uint8_t identifier[2];
                size_t size_bytes;
                COFFER_TRY(take_header(reader, header, identifier, sizeof(identifier), error));
                COFFER_TRY(take_u16(reader, header, &size_bytes, error));
                left_bytes -= SUBFIELD_HEADER_BYTES;
                if (size_bytes > left_bytes)
                        break;
                left_bytes -= size_bytes;
                if (memcmp(identifier, sizes_identifier, 2) == 0 && size_bytes >= SIZES_BYTES) {
                        COFFER_TRY(take_sizes(reader, header, error));
                        size_bytes -= SIZES_BYTES;
                }
                COFFER_TRY(skip_header(reader, header, size_bytes, error));
        }
        return skip_header(reader, header, left_bytes, error);
}

static coffer_status check_header_crc(coffer_gzip_reader *reader, member_header *header, coffer_error *error)
{
        uint16_t expected = (uint16_t)header->crc;
        size_t found;
        COFFER_TRY(take_u16(reader, header, &found, error));
        return found == expected ? COFFER_OK : coffer_gzip_fault(reader, error, "the CRC of a gzip header is wrong");
}

static coffer_status take_whole_header(coffer_gzip_reader *reader, member_header *header, coffer_error *error)
{
        uint8_t fixed[COFFER_GZIP_PLAIN_HEADER_BYTES];

        COFFER_TRY(take_header(reader, header, fixed, 1, error));
        if (fixed[0] == MAGIC_1)
                COFFER_TRY(take_header(reader, header, fixed + 1, 1, error));
        if (fixed[0] != MAGIC_1 || fixed[1] != MAGIC_2)
                return coffer_gzip_fault(reader, error,
                                         reader->is_first ? "this is no gzip file"
                                                          : "there is garbage after the gzip members");
        COFFER_TRY(take_header(reader, header, fixed + 2, sizeof(fixed) - 2, error));
        uint8_t flags = fixed[3];
        if (fixed[2] != METHOD_DEFLATE)
                return coffer_gzip_fault(reader, error, "the gzip member is compressed by an unknown method");
        if (flags & FLAGS_RESERVED)
                return coffer_gzip_fault(reader, error, "the gzip header has unknown flags");
        if (flags & FLAG_EXTRA)
                COFFER_TRY(take_extra(reader, header, error));
        if (flags & FLAG_NAME)
                COFFER_TRY(take_text(reader, header, error));
        if (flags & FLAG_COMMENT)
                COFFER_TRY(take_text(reader, header, error));
        return flags & FLAG_HEADER_CRC ? check_header_crc(reader, header, error) : COFFER_OK;
}

/* ---- members ---- */

static coffer_status skip_padding(coffer_gzip_reader *reader, bool *ended, coffer_error *error)
{
        for (;;) {
                bool got;
                coffer_cursor zero;
                COFFER_TRY(coffer_gzip_more_input(reader, &got, error));
                *ended = !got;
                if (!got || reader->is_first || reader->input.data[0] != 0)
                        return COFFER_OK;
                if (!coffer_cursor_take(&reader->input, 1, &zero))
                        return coffer_error_set(error, COFFER_INTERNAL, "gzip padding ended twice");
        }
}

/* Sizes are claims: they must fit what came before, the file and what deflate can do. */
static bool sizes_are_sound(const coffer_gzip_reader *reader, const coffer_gzip_sizes *sizes)
{
        uint64_t header_bytes = coffer_gzip_offset(reader) - reader->member_offset_bytes;
        bool has_room = sizes->member_bytes > header_bytes + COFFER_GZIP_TRAILER_BYTES &&
                        (reader->stream || sizes->member_bytes - header_bytes <= reader->input.size_bytes);
        return has_room && sizes->offset_bytes == reader->position_bytes && sizes->blob_bytes >= sizes->offset_bytes &&
               sizes->content_bytes <= sizes->blob_bytes - sizes->offset_bytes &&
               sizes->content_bytes / COFFER_DEFLATE_MAX_RATIO <= sizes->member_bytes;
}

static coffer_status check_sizes(coffer_gzip_reader *reader, const member_header *header, coffer_error *error)
{
        bool continues = !reader->is_first;
        if (continues && (header->has_sizes != reader->is_sized ||
                          (header->has_sizes && header->sizes.blob_bytes != reader->sizes.blob_bytes)))
                return coffer_gzip_fault(reader, error, "the gzip members do not belong together");
        if (header->has_sizes && !sizes_are_sound(reader, &header->sizes))
                return coffer_gzip_fault(reader, error, "the sizes in a gzip header are wrong");
        if (header->has_sizes && header->sizes.blob_bytes > reader->max_bytes)
                return coffer_error_set(error, COFFER_LIMIT, "the contents are larger than %llu bytes",
                                        (unsigned long long)reader->max_bytes);
        return COFFER_OK;
}

coffer_status coffer_gzip_next_member(coffer_gzip_reader *reader, bool *ended, coffer_error *error)
{
        member_header header = {0};

        COFFER_TRY(skip_padding(reader, ended, error));
        if (*ended) {
                if (reader->is_sized && reader->position_bytes != reader->sizes.blob_bytes)
                        return coffer_gzip_fault(reader, error, "gzip members are missing at the end");
                return COFFER_OK;
        }
        reader->member_offset_bytes = coffer_gzip_offset(reader);
        COFFER_TRY(take_whole_header(reader, &header, error));
        COFFER_TRY(check_sizes(reader, &header, error));
        reader->is_first = false;
        reader->is_sized = header.has_sizes;
        reader->sizes = header.sizes;
        return COFFER_OK;
}

coffer_status coffer_gzip_end_member(coffer_gzip_reader *reader, uint32_t crc, uint64_t content_bytes,
                                     coffer_error *error)
{
        uint8_t expected[COFFER_GZIP_TRAILER_BYTES], found[COFFER_GZIP_TRAILER_BYTES];

        coffer_gzip_put_trailer(crc, content_bytes, expected);
        COFFER_TRY(take(reader, found, sizeof(found), "the file ends inside a gzip member", error));
        if (memcmp(found, expected, 4) != 0)
                return coffer_gzip_fault(reader, error, "the CRC of a gzip member is wrong");
        if (memcmp(found, expected, sizeof(found)) != 0)
                return coffer_gzip_fault(reader, error, "the size at the end of a gzip member is wrong");
        if (reader->is_sized &&
            (content_bytes != reader->sizes.content_bytes ||
             coffer_gzip_offset(reader) - reader->member_offset_bytes != reader->sizes.member_bytes))
                return coffer_gzip_fault(reader, error, "a gzip member has other sizes than its header says");
        reader->position_bytes += content_bytes;
        return COFFER_OK;
}

void coffer_gzip_step_over(coffer_gzip_reader *reader, uint64_t offset_bytes)
{
        reader->input = coffer_cursor_of(reader->buffer + COFFER_INFLATE_LOOKS_BACK_BYTES, 0);
        reader->stored_bytes = offset_bytes;
        reader->position_bytes += reader->sizes.content_bytes;
}
