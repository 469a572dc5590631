/* SPDX-License-Identifier: Apache-2.0 */
/* Contents to frame, frames, and foreign gzip files. */
#ifndef COFFER_TEST_FRAME_FIXTURE_H
#define COFFER_TEST_FRAME_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cas/frame.h"
#include "cas/frame_v1.h"
#include "test.h"
#include "util/buf.h"
#include "util/cursor.h"

#define MIB ((size_t)1 << 20)

/* Numbers that look random and are the same in each run. */
static inline uint64_t next_random(uint64_t *state)
{
        uint64_t mixed = (*state += 0x9e3779b97f4a7c15);
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
}

typedef enum kind { ZEROS, NOISE, TEXT, NUMBERS, KIND_COUNT } kind;

static inline coffer_buf contents_of(kind kind_, size_t size_bytes)
{
        coffer_buf buf = COFFER_BUF_INIT(SIZE_MAX);
        uint64_t state = 1;
        assert_ok(coffer_buf_reserve(&buf, size_bytes + 16, NULL));
        memset(buf.data, 0, size_bytes + 16);
        while (buf.size_bytes < size_bytes && kind_ != ZEROS) {
                uint64_t random = next_random(&state);
                char *at = (char *)buf.data + buf.size_bytes;
                if (kind_ == NUMBERS)
                        random %= 1000;
                if (kind_ == TEXT)
                        buf.size_bytes += (size_t)sprintf(at, "word%u ", (unsigned)(random % 5000));
                else
                        buf.size_bytes += (size_t)(memcpy(at, &random, 8) ? 8 : 0);
        }
        buf.size_bytes = size_bytes;
        return buf;
}

static inline coffer_bytes *borrowed(coffer_cursor cursor)
{
        coffer_bytes *bytes = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_borrow(bytes, cursor, NULL, NULL, NULL));
        return bytes;
}

static inline coffer_status append_to_buf(void *user, const coffer_cursor *parts, size_t count, coffer_error *error)
{
        for (size_t i = 0; i < count; i++)
                COFFER_TRY(coffer_buf_append_cursor(user, parts[i], error));
        return COFFER_OK;
}

static const coffer_frame_manner as_usual;

static inline coffer_buf framed_bytes(const coffer_bytes *contents)
{
        coffer_buf frame = COFFER_BUF_INIT(SIZE_MAX);
        coffer_frame_sink sink = {append_to_buf, &frame};
        assert_ok(coffer_frame_v1.write(contents, &as_usual, &sink, NULL));
        return frame;
}

static inline coffer_buf framed(coffer_cursor contents)
{
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(contents);
        return framed_bytes(bytes);
}

/* A deflate stream and the gzip trailer after it, by zlib. */
static inline void append_body(coffer_buf *file, coffer_cursor contents, int level)
{
        z_stream stream = {0};
        assert_int_equal(deflateInit2(&stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
        size_t bound = deflateBound(&stream, contents.size_bytes);
        uint32_t trailer[2] = {
                (uint32_t)crc32_z(0, contents.data ? contents.data : (const uint8_t *)"", contents.size_bytes),
                (uint32_t)contents.size_bytes};
        assert_ok(coffer_buf_reserve(file, bound + 16, NULL));
        stream.next_in = (Bytef *)contents.data;
        stream.avail_in = (uInt)contents.size_bytes;
        stream.next_out = file->data + file->size_bytes;
        stream.avail_out = (uInt)bound;
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        file->size_bytes += stream.total_out;
        deflateEnd(&stream);
        for (int i = 0; i < 8; i++)
                assert_ok(coffer_buf_append_byte(file, (uint8_t)(trailer[i / 4] >> (8 * (i % 4))), NULL));
}

/* A member as other programs write it; `header` is everything before the deflate stream. */
static inline void append_member(coffer_buf *file, const char *header, size_t header_bytes, coffer_cursor contents)
{
        assert_ok(coffer_buf_append(file, header, header_bytes, NULL));
        append_body(file, contents, 3);
}

#define STOCK_HEADER "\x1f\x8b\x08\x00\x63\x7b\x04\x6b\x00\xff"

static inline void append_stock_member(coffer_buf *file, coffer_cursor contents)
{
        append_member(file, STOCK_HEADER, 10, contents);
}

/* Reads a frame as a stream, `step_bytes` at a time. */
static inline coffer_status read_stream(coffer_cursor frame, uint64_t max_bytes, size_t step_bytes, coffer_buf *out,
                                        coffer_error *error)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_stream *stored = NULL, *stream = NULL;
        size_t got_bytes = 1;

        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_bytes_append_borrow(bytes, frame, NULL, NULL, error));
        COFFER_TRY(coffer_bytes_open_stream(bytes, &stored, error));
        coffer_status status = coffer_frame_v1.open(stored, max_bytes, &stream, error);
        if (status != COFFER_OK) {
                stored->close(stored);
                return status;
        }
        while (status == COFFER_OK && got_bytes > 0) {
                status = coffer_buf_reserve(out, step_bytes, error);
                if (status == COFFER_OK)
                        status = stream->read(stream, out->data + out->size_bytes, step_bytes, &got_bytes, error);
                if (status == COFFER_OK)
                        out->size_bytes += got_bytes;
        }
        stream->close(stream);
        return status;
}

/* Both ways of reading must agree: on the status, and on the contents, which `expected` holds. */
static inline coffer_status read_both_ways(coffer_cursor frame, uint64_t max_bytes, coffer_cursor expected,
                                           coffer_error *error)
{
        coffer_bytes *whole _cleanup_bytes_ = NULL;
        coffer_buf streamed _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        coffer_status status = coffer_frame_v1.read(frame, max_bytes, NULL, &whole, error);

        assert_status(read_stream(frame, max_bytes, 64 << 10, &streamed, NULL), status);
        if (status != COFFER_OK) {
                assert_null(whole);
                return status;
        }
        assert_int_equal(coffer_bytes_size(whole), expected.size_bytes);
        assert_true(coffer_cursor_equal(coffer_bytes_segment(whole, 0), expected));
        assert_true(coffer_cursor_equal(coffer_buf_cursor(&streamed), expected));
        return status;
}

#endif
