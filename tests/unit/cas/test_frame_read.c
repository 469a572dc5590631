/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that others wrote, and damaged ones. */
#include "frame_fixture.h"

#define BYTES(literal) coffer_cursor_of((literal), sizeof(literal) - 1)

static void the_frames_of_the_specification_are_read(void **state)
{
        (void)state;
        static const char pickled[] = "\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01"
                                      "a\x94K\x01s.";
        assert_ok(read_both_ways(BYTES("\x1f\x8b\x08\x00\x63\x7b\x04\x6b\x00\xff\x6b\x60\x99\xca\xc5\x00\x01\xb5\x53"
                                       "\x7a\x18\x13\xa7\x78\x33\x16\xeb\x01\x00\xfb\x51\x16\xdc\x15\x00\x00\x00"),
                                 UINT64_MAX, BYTES(pickled), NULL));
        assert_ok(read_both_ways(
                BYTES("\x1f\x8b\x08\x00\x63\x7b\x04\x6b\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"), UINT64_MAX,
                BYTES(""), NULL));
}

static void an_empty_file_holds_nothing(void **state)
{
        (void)state;
        coffer_frame_sizes sizes;
        assert_ok(read_both_ways(coffer_cursor_of(NULL, 0), UINT64_MAX, BYTES(""), NULL));
        assert_ok(coffer_frame_v1.measure(coffer_cursor_of(NULL, 0), &sizes, NULL));
        assert_int_equal(sizes.content_bytes, 0);
        assert_true(sizes.is_exact);
}

static void large_files_of_one_member_are_read(void **state)
{
        (void)state;
        for (kind kind_ = 0; kind_ < KIND_COUNT; kind_++) {
                coffer_buf contents _cleanup_buf_ = contents_of(kind_, 3 * MIB + 1);
                coffer_buf file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                coffer_frame_sizes sizes;
                append_stock_member(&file, coffer_buf_cursor(&contents));
                assert_ok(read_both_ways(coffer_buf_cursor(&file), UINT64_MAX, coffer_buf_cursor(&contents), NULL));
                assert_ok(coffer_frame_v1.measure(coffer_buf_cursor(&file), &sizes, NULL));
                assert_int_equal(sizes.content_bytes, 3 * MIB + 1);
                assert_false(sizes.is_exact);
        }
}

/* Sizes that grow, shrink and are nothing: the guess from the end of the file is wrong for most. */
static void several_members_are_read_as_one(void **state)
{
        (void)state;
        static const size_t sizes[] = {100, 0, 300000, 5, 2000000, 70, 0};
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 2300175), file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        coffer_cursor rest = coffer_buf_cursor(&contents), part = {NULL, 0};

        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                assert_true(coffer_cursor_take(&rest, sizes[i], &part));
                append_stock_member(&file, part);
        }
        assert_int_equal(rest.size_bytes, 0);
        assert_ok(read_both_ways(coffer_buf_cursor(&file), UINT64_MAX, coffer_buf_cursor(&contents), NULL));
}

static void all_kinds_of_blocks_are_read(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(NUMBERS, 200000);
        for (int level = 0; level <= 9; level++) {
                coffer_buf file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                assert_ok(coffer_buf_append(&file, STOCK_HEADER, 10, NULL));
                append_body(&file, coffer_buf_cursor(&contents), level);
                assert_ok(read_both_ways(coffer_buf_cursor(&file), UINT64_MAX, coffer_buf_cursor(&contents), NULL));
        }
}

static void header_fields_are_skipped(void **state)
{
        (void)state;
        static const coffer_cursor headers[] = {
                /* name; comment; extra: none, two fields, ours too short, a rest too short, a field too long; all of
                   them */
                {(const uint8_t *)"\x1f\x8b\x08\x08\0\0\0\0\0\3name\0", 15},
                {(const uint8_t *)"\x1f\x8b\x08\x10\0\0\0\0\0\3a comment\0", 20},
                {(const uint8_t *)"\x1f\x8b\x08\x04\0\0\0\0\0\3\0\0", 12},
                {(const uint8_t *)"\x1f\x8b\x08\x04\0\0\0\0\0\3\x0d\0AB\2\0xyCD\3\0xyz", 25},
                {(const uint8_t *)"\x1f\x8b\x08\x04\0\0\0\0\0\3\x08\0CF\4\0abcd", 20},
                {(const uint8_t *)"\x1f\x8b\x08\x04\0\0\0\0\0\3\3\0abc", 15},
                {(const uint8_t *)"\x1f\x8b\x08\x04\0\0\0\0\0\3\5\0AB\xff\xffz", 17},
                {(const uint8_t *)"\x1f\x8b\x08\x1d\0\0\0\0\0\3\4\0AB\0\0name\0comment\0", 29},
        };
        for (size_t i = 0; i < ARRAY_COUNT(headers); i++) {
                coffer_buf file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                append_member(&file, (const char *)headers[i].data, headers[i].size_bytes, BYTES("contents"));
                assert_ok(read_both_ways(coffer_buf_cursor(&file), UINT64_MAX, BYTES("contents"), NULL));
        }
}

static void the_crc_of_a_header_is_checked(void **state)
{
        (void)state;
        uint8_t header[] = "\x1f\x8b\x08\x0a\0\0\0\0\0\3name\0\0";
        uint32_t crc = (uint32_t)crc32(0, header, 15);
        coffer_error error = COFFER_ERROR_INIT;
        for (int wrong = 0; wrong < 2; wrong++) {
                coffer_buf file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                header[15] = (uint8_t)(crc ^ wrong);
                header[16] = (uint8_t)(crc >> 8);
                append_member(&file, (const char *)header, 17, BYTES("contents"));
                assert_status(read_both_ways(coffer_buf_cursor(&file), UINT64_MAX, BYTES("contents"), &error),
                              wrong ? COFFER_CORRUPT : COFFER_OK);
        }
        assert_non_null(strstr(error.message, "CRC"));
        assert_int_equal(error.offset, 17);
}

static void zeros_after_a_member_are_padding_and_all_else_is_garbage(void **state)
{
        (void)state;
        coffer_buf file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        coffer_error error = COFFER_ERROR_INIT;
        static const uint8_t zeros[300000] = {0};

        append_stock_member(&file, BYTES("one"));
        assert_ok(coffer_buf_append(&file, zeros, sizeof(zeros), NULL));
        assert_ok(read_both_ways(coffer_buf_cursor(&file), UINT64_MAX, BYTES("one"), NULL));
        append_stock_member(&file, BYTES("two"));
        assert_ok(coffer_buf_append(&file, zeros, 1, NULL));
        assert_ok(read_both_ways(coffer_buf_cursor(&file), UINT64_MAX, BYTES("onetwo"), NULL));
        assert_ok(coffer_buf_append_byte(&file, 'x', NULL));
        assert_status(read_both_ways(coffer_buf_cursor(&file), UINT64_MAX, BYTES(""), &error), COFFER_CORRUPT);
        assert_non_null(strstr(error.message, "garbage"));
        file.data[file.size_bytes - 1] = 0x1f;
        assert_status(read_both_ways(coffer_buf_cursor(&file), UINT64_MAX, BYTES(""), NULL), COFFER_CORRUPT);
}

static void padding_alone_is_no_gzip_file(void **state)
{
        (void)state;
        assert_status(read_both_ways(BYTES("\0\0\0"), UINT64_MAX, BYTES(""), NULL), COFFER_CORRUPT);
}

static void what_is_no_gzip_is_told_apart(void **state)
{
        (void)state;
        static const struct {
                coffer_cursor file;
                const char *message;
        } cases[] = {
                {{(const uint8_t *)"plain", 5}, "no gzip file"},
                {{(const uint8_t *)"\x1fPQ", 3}, "no gzip file"},
                {{(const uint8_t *)"\x1f", 1}, "ends inside a gzip header"},
                {{(const uint8_t *)"\x1f\x8b\x07\0\0\0\0\0\0\3", 10}, "unknown method"},
                {{(const uint8_t *)"\x1f\x8b\x08\x20\0\0\0\0\0\3", 10}, "unknown flags"},
                {{(const uint8_t *)"\x1f\x8b\x08\0\0\0\0\0\0", 9}, "ends inside a gzip header"},
                {{(const uint8_t *)"\x1f\x8b\x08\0\0\0\0\0\0\3", 10}, "ends inside a gzip member"},
                {{(const uint8_t *)"\x1f\x8b\x08\0\0\0\0\0\0\3\7", 11}, "damaged"},
        };
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                coffer_buf streamed _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                coffer_error error = COFFER_ERROR_INIT;
                assert_status(read_stream(cases[i].file, UINT64_MAX, 100, &streamed, &error), COFFER_CORRUPT);
                if (!strstr(error.message, cases[i].message))
                        fail_msg("case %zu: %s", i, error.message);
                assert_status(read_both_ways(cases[i].file, UINT64_MAX, BYTES(""), NULL), COFFER_CORRUPT);
        }
}

static void a_wrong_crc_and_a_wrong_size_are_found(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_buf file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        append_stock_member(&file, BYTES("some contents"));
        file.data[file.size_bytes - 8] ^= 1;
        assert_status(read_both_ways(coffer_buf_cursor(&file), UINT64_MAX, BYTES(""), &error), COFFER_CORRUPT);
        assert_non_null(strstr(error.message, "CRC"));
        file.data[file.size_bytes - 8] ^= 1;
        for (size_t i = 1; i <= 4; i++) {
                file.data[file.size_bytes - i] ^= 1;
                assert_status(read_both_ways(coffer_buf_cursor(&file), UINT64_MAX, BYTES(""), &error), COFFER_CORRUPT);
                assert_non_null(strstr(error.message, "size"));
                file.data[file.size_bytes - i] ^= 1;
        }
        assert_ok(read_both_ways(coffer_buf_cursor(&file), UINT64_MAX, BYTES("some contents"), NULL));
}

static void every_truncation_is_found(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 2 * MIB + 3000),
                            stock _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        coffer_buf frame _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        append_stock_member(&stock, coffer_cursor_of(contents.data, 3000));

        for (size_t size = 1; size < stock.size_bytes; size++)
                assert_status(read_both_ways(coffer_cursor_of(stock.data, size), UINT64_MAX, BYTES(""), NULL),
                              COFFER_CORRUPT);
        for (size_t size = 1; size < frame.size_bytes; size += size < 60 ? 1 : 4999) {
                coffer_frame_sizes sizes;
                assert_status(read_both_ways(coffer_cursor_of(frame.data, size), UINT64_MAX, BYTES(""), NULL),
                              COFFER_CORRUPT);
                assert_status(coffer_frame_v1.measure(coffer_cursor_of(frame.data, size), &sizes, NULL),
                              COFFER_CORRUPT);
        }
}

static size_t member_size(coffer_cursor member)
{
        uint64_t size_bytes = 0;
        coffer_cursor fixed;
        assert_true(coffer_cursor_take(&member, 16, &fixed) && coffer_cursor_u64_le(&member, &size_bytes));
        return (size_t)size_bytes;
}

/* Whole members cut off or swapped: every CRC is right, and only the sizes tell. */
static void missing_and_swapped_members_are_found(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(NOISE, 3 * MIB),
                            swapped _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        coffer_buf frame _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        coffer_cursor rest = coffer_buf_cursor(&frame), members[3];
        coffer_frame_sizes sizes;
        coffer_error error = COFFER_ERROR_INIT;

        for (int i = 0; i < 3; i++)
                assert_true(coffer_cursor_take(&rest, member_size(rest), &members[i]));
        coffer_cursor cut = coffer_cursor_of(frame.data, members[0].size_bytes + members[1].size_bytes);
        assert_status(read_both_ways(cut, UINT64_MAX, BYTES(""), &error), COFFER_CORRUPT);
        assert_non_null(strstr(error.message, "missing"));
        assert_status(coffer_frame_v1.measure(cut, &sizes, NULL), COFFER_CORRUPT);
        assert_ok(coffer_buf_append_cursor(&swapped, members[1], NULL));
        assert_ok(coffer_buf_append_cursor(&swapped, members[0], NULL));
        assert_ok(coffer_buf_append_cursor(&swapped, members[2], NULL));
        assert_status(read_both_ways(coffer_buf_cursor(&swapped), UINT64_MAX, BYTES(""), NULL), COFFER_CORRUPT);
        assert_ok(coffer_buf_append_cursor(&frame, members[2], NULL));
        assert_status(read_both_ways(coffer_buf_cursor(&frame), UINT64_MAX, BYTES(""), NULL), COFFER_CORRUPT);
}

static void members_of_different_kinds_do_not_mix(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(NOISE, MIB + 1);
        coffer_buf frame _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        coffer_error error = COFFER_ERROR_INIT;
        append_stock_member(&frame, BYTES("more"));
        assert_status(read_both_ways(coffer_buf_cursor(&frame), UINT64_MAX, BYTES(""), &error), COFFER_CORRUPT);
        assert_non_null(strstr(error.message, "belong together"));
}

/* A flipped bit is found, or the contents are the same: it was in the time, extra flags and system fields (bytes 4 to
 * 9), or among the few that pad the last byte of the deflate stream. */
static void every_flipped_bit_is_found_or_harmless(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 2000);
        coffer_buf frame _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        size_t harmless = 0;
        for (size_t bit = 0; bit < frame.size_bytes * 8; bit++) {
                frame.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
                coffer_status status =
                        read_both_ways(coffer_buf_cursor(&frame), UINT64_MAX, coffer_buf_cursor(&contents), NULL);
                assert_true(status == COFFER_OK || status == COFFER_CORRUPT);
                harmless += status == COFFER_OK;
                frame.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_in_range(harmless, 48, 48 + 8);
}

static void every_wrong_size_in_a_header_is_found(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(NUMBERS, MIB + 100000);
        coffer_buf frame _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        size_t second = member_size(coffer_buf_cursor(&frame));
        for (size_t i = 16; i < 48; i++) {
                for (size_t start = 0; start <= second; start += second) {
                        frame.data[start + i] ^= 0x81;
                        assert_status(read_both_ways(coffer_buf_cursor(&frame), UINT64_MAX, BYTES(""), NULL),
                                      COFFER_CORRUPT);
                        frame.data[start + i] ^= 0x81;
                }
        }
        assert_ok(read_both_ways(coffer_buf_cursor(&frame), UINT64_MAX, coffer_buf_cursor(&contents), NULL));
}

static void bombs_are_stopped_at_the_limit(void **state)
{
        (void)state;
        static const uint64_t limits[] = {0, 1, 1000, MIB, 20 * MIB - 1};
        coffer_buf zeros _cleanup_buf_ = contents_of(ZEROS, 20 * MIB), stock _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        coffer_buf ours _cleanup_buf_ = framed(coffer_buf_cursor(&zeros));
        append_stock_member(&stock, coffer_buf_cursor(&zeros));
        for (size_t i = 0; i < ARRAY_COUNT(limits); i++) {
                assert_status(read_both_ways(coffer_buf_cursor(&stock), limits[i], BYTES(""), NULL), COFFER_LIMIT);
                assert_status(read_both_ways(coffer_buf_cursor(&ours), limits[i], BYTES(""), NULL), COFFER_LIMIT);
        }
        assert_ok(read_both_ways(coffer_buf_cursor(&stock), 20 * MIB, coffer_buf_cursor(&zeros), NULL));
        assert_ok(read_both_ways(coffer_buf_cursor(&ours), 20 * MIB, coffer_buf_cursor(&zeros), NULL));
}

/* Claims of petabytes in a small file: refused before memory is asked for. */
static void claims_that_deflate_cannot_fulfil_reserve_nothing(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(ZEROS, 2 * MIB);
        coffer_buf frame _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        coffer_buf stock _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);

        frame.data[40 + 6] = 0x10;
        frame.data[24 + 6] = 0x10;
        assert_status(read_both_ways(coffer_buf_cursor(&frame), UINT64_MAX, BYTES(""), NULL), COFFER_CORRUPT);
        append_stock_member(&stock, BYTES("x"));
        memset(stock.data + stock.size_bytes - 4, 0xff, 4);
        assert_status(read_both_ways(coffer_buf_cursor(&stock), UINT64_MAX, BYTES(""), NULL), COFFER_CORRUPT);
}

static void a_failed_stream_stays_failed_and_an_ended_one_ended(void **state)
{
        (void)state;
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(BYTES("no gzip"));
        coffer_buf frame _cleanup_buf_ = framed(BYTES("contents"));
        coffer_bytes *good _cleanup_bytes_ = borrowed(coffer_buf_cursor(&frame));
        coffer_stream *stored = NULL, *stream = NULL;
        char room[100];
        size_t got_bytes = 77;

        assert_ok(coffer_bytes_open_stream(bytes, &stored, NULL));
        assert_ok(coffer_frame_v1.open(stored, UINT64_MAX, &stream, NULL));
        assert_status(stream->read(stream, room, sizeof(room), &got_bytes, NULL), COFFER_CORRUPT);
        assert_status(stream->read(stream, room, sizeof(room), &got_bytes, NULL), COFFER_STATE);
        assert_int_equal(got_bytes, 77);
        stream->close(stream);

        assert_ok(coffer_bytes_open_stream(good, &stored, NULL));
        assert_ok(coffer_frame_v1.open(stored, UINT64_MAX, &stream, NULL));
        assert_status(stream->read(stream, room, 0, &got_bytes, NULL), COFFER_INVALID);
        assert_ok(stream->read(stream, room, sizeof(room), &got_bytes, NULL));
        assert_int_equal(got_bytes, 8);
        for (int i = 0; i < 2; i++) {
                assert_ok(stream->read(stream, room, sizeof(room), &got_bytes, NULL));
                assert_int_equal(got_bytes, 0);
        }
        stream->close(stream);
}

static coffer_status read_foreign(void *user, coffer_error *error)
{
        coffer_bytes *back _cleanup_bytes_ = NULL;
        return coffer_frame_v1.read(coffer_buf_cursor(user), UINT64_MAX, NULL, &back, error);
}

static void every_allocation_may_fail(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 300000), file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        append_stock_member(&file, coffer_buf_cursor(&contents));
        append_stock_member(&file, BYTES("short"));
        test_alloc_fail_each(read_foreign, &file);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(the_frames_of_the_specification_are_read),
                leak_checked(an_empty_file_holds_nothing),
                leak_checked(large_files_of_one_member_are_read),
                leak_checked(several_members_are_read_as_one),
                leak_checked(all_kinds_of_blocks_are_read),
                leak_checked(header_fields_are_skipped),
                leak_checked(the_crc_of_a_header_is_checked),
                leak_checked(zeros_after_a_member_are_padding_and_all_else_is_garbage),
                leak_checked(padding_alone_is_no_gzip_file),
                leak_checked(what_is_no_gzip_is_told_apart),
                leak_checked(a_wrong_crc_and_a_wrong_size_are_found),
                leak_checked(every_truncation_is_found),
                leak_checked(missing_and_swapped_members_are_found),
                leak_checked(members_of_different_kinds_do_not_mix),
                leak_checked(every_flipped_bit_is_found_or_harmless),
                leak_checked(every_wrong_size_in_a_header_is_found),
                leak_checked(bombs_are_stopped_at_the_limit),
                leak_checked(claims_that_deflate_cannot_fulfil_reserve_nothing),
                leak_checked(a_failed_stream_stays_failed_and_an_ended_one_ended),
                leak_checked(every_allocation_may_fail),
        };
        return cmocka_run_group_tests_name("frame_read", tests, NULL, NULL);
}
