/* SPDX-License-Identifier: Apache-2.0 */
#include "cas/deflate.h"

#include "frame_fixture.h"

/* All combinations: what one library compresses, each other inflates, whole and in pieces. */
static void inflate_whole(const coffer_deflate_library *library, coffer_cursor stream, coffer_cursor expected)
{
        void *inflater = NULL;
        size_t produced_bytes;
        uint8_t *output _cleanup_free_ = coffer_alloc(expected.size_bytes + 1);
        coffer_cursor input = coffer_cursor_of(stream.data, stream.size_bytes);

        assert_ok(library->inflater_new(&inflater, NULL));
        library->inflater_reset(inflater);
        assert_int_equal(coffer_inflate_on(library, inflater, &input, output, expected.size_bytes, &produced_bytes),
                         COFFER_INFLATE_END);
        assert_int_equal(produced_bytes, expected.size_bytes);
        assert_true(coffer_cursor_equal(coffer_cursor_of(output, produced_bytes), expected));
        assert_int_equal(input.size_bytes, 0);
        if (expected.size_bytes > 0) {
                input = stream;
                library->inflater_reset(inflater);
                assert_int_not_equal(
                        coffer_inflate_on(library, inflater, &input, output, expected.size_bytes - 1, &produced_bytes),
                        COFFER_INFLATE_END);
        }
        library->inflater_free(inflater);
}

/* Input and room given in small pieces, with other bytes after the end. Pieces lie in one row, as the contract asks. */
static void inflate_pieces(const coffer_deflate_library *library, coffer_cursor stream, coffer_cursor expected,
                           size_t piece_bytes)
{
        void *inflater = NULL;
        size_t total_bytes = 0, given_bytes = 0;
        uint8_t *output _cleanup_free_ = coffer_alloc(expected.size_bytes + piece_bytes);
        uint8_t *source _cleanup_free_ = coffer_alloc(stream.size_bytes + 64);
        coffer_inflate_result result = COFFER_INFLATE_MORE;
        coffer_cursor input = coffer_cursor_of(source, 0);

        memcpy(source, stream.data, stream.size_bytes);
        memset(source + stream.size_bytes, 0xa5, 64);
        assert_ok(library->inflater_new(&inflater, NULL));
        library->inflater_reset(inflater);
        while (result == COFFER_INFLATE_MORE) {
                size_t produced_bytes, left_bytes = stream.size_bytes + 64 - given_bytes;
                size_t more_bytes = piece_bytes < left_bytes ? piece_bytes : left_bytes;
                if (input.size_bytes == 0) {
                        given_bytes += more_bytes;
                        input.size_bytes = more_bytes;
                }
                result = coffer_inflate_on(library, inflater, &input, output + total_bytes,
                                           expected.size_bytes + 1 - total_bytes < piece_bytes
                                                   ? expected.size_bytes + 1 - total_bytes
                                                   : piece_bytes,
                                           &produced_bytes);
                total_bytes += produced_bytes;
                assert_true(total_bytes <= expected.size_bytes);
        }
        assert_int_equal(result, COFFER_INFLATE_END);
        assert_int_equal(total_bytes, expected.size_bytes);
        assert_true(coffer_cursor_equal(coffer_cursor_of(output, total_bytes), expected));
        assert_ptr_equal(input.data, source + stream.size_bytes);
        library->inflater_free(inflater);
}

static void inflate_by_all(coffer_cursor stream, coffer_cursor expected)
{
        for (size_t i = 0; coffer_deflate_library_at(i); i++) {
                const coffer_deflate_library *library = coffer_deflate_library_at(i);
                inflate_whole(library, stream, expected);
                for (size_t piece = stream.size_bytes / 4096 + 1; library->streams && piece < 40000;
                     piece = piece * 7 + 1)
                        inflate_pieces(library, stream, expected, piece);
        }
}

static void compress_by(const coffer_deflate_library *library, int level, coffer_cursor contents)
{
        void *compressor = NULL;
        size_t capacity_bytes = contents.size_bytes + contents.size_bytes / 8 + 1000;
        uint8_t *output _cleanup_free_ = coffer_alloc(capacity_bytes);

        assert_ok(library->compressor_new(level, &compressor, NULL));
        size_t size_bytes = library->compress(compressor, contents, output, capacity_bytes);
        assert_true(size_bytes > 0);
        inflate_by_all(coffer_cursor_of(output, size_bytes), contents);
        size_t again_bytes = library->compress(compressor, contents, output, capacity_bytes);
        assert_int_equal(again_bytes, size_bytes);
        assert_int_equal(library->compress(compressor, contents, output, size_bytes - 1), 0);
        library->compressor_free(compressor);
}

static void all_libraries_read_what_all_write(void **state)
{
        (void)state;
        static const size_t sizes[] = {0, 1, 300, 70000};
        for (size_t i = 0; coffer_deflate_library_at(i); i++) {
                const coffer_deflate_library *library = coffer_deflate_library_at(i);
                for (int level = 1; level <= library->levels && level <= 6; level++) {
                        for (size_t size = 0; size < ARRAY_COUNT(sizes); size++) {
                                for (kind kind_ = 0; kind_ < KIND_COUNT; kind_++) {
                                        coffer_buf contents _cleanup_buf_ = contents_of(kind_, sizes[size]);
                                        compress_by(library, level, coffer_buf_cursor(&contents));
                                }
                        }
                }
        }
}

static void what_is_no_deflate_stream_is_found_out(void **state)
{
        (void)state;
        static const uint8_t reserved_block[] = {0x07, 0x00}, bad_length[] = {0x01, 0x01, 0x00, 0x00, 0x00, 0x61},
                             too_far_back[] = {0x03, 0x02, 0x00, 0x00};
        static const coffer_cursor bad[] = {{reserved_block, sizeof(reserved_block)},
                                            {bad_length, sizeof(bad_length)},
                                            {too_far_back, sizeof(too_far_back)}};
        for (size_t i = 0; coffer_deflate_library_at(i); i++) {
                const coffer_deflate_library *library = coffer_deflate_library_at(i);
                for (size_t j = 0; j < ARRAY_COUNT(bad); j++) {
                        void *inflater = NULL;
                        uint8_t output[600];
                        size_t produced_bytes;
                        coffer_cursor input = bad[j];
                        assert_ok(library->inflater_new(&inflater, NULL));
                        library->inflater_reset(inflater);
                        assert_int_equal(
                                coffer_inflate_on(library, inflater, &input, output, sizeof(output), &produced_bytes),
                                COFFER_INFLATE_BAD);
                        library->inflater_free(inflater);
                }
        }
}

static void all_libraries_agree_on_the_crc(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 100001);
        coffer_cursor all = coffer_buf_cursor(&contents), first;
        for (size_t i = 0; coffer_deflate_library_at(i); i++) {
                const coffer_deflate_library *library = coffer_deflate_library_at(i);
                coffer_cursor rest = all;
                assert_int_equal(library->crc(0, coffer_cursor_text("123456789")), 0xcbf43926);
                assert_int_equal(library->crc(0, coffer_cursor_of(NULL, 0)), 0);
                assert_int_equal(library->crc(77, coffer_cursor_of(NULL, 0)), 77);
                assert_true(coffer_cursor_take(&rest, 4097, &first));
                assert_int_equal(library->crc(library->crc(0, first), rest), coffer_deflate_zlib.crc(0, all));
        }
}

static void each_role_has_a_library_that_can_do_it(void **state)
{
        (void)state;
        assert_true(coffer_deflate_for(COFFER_DEFLATE_COMPRESS)->levels > 0);
        assert_non_null(coffer_deflate_for(COFFER_DEFLATE_INFLATE_WHOLE)->inflate);
        assert_true(coffer_deflate_for(COFFER_DEFLATE_INFLATE_STREAM)->streams);
        assert_non_null(coffer_deflate_for(COFFER_DEFLATE_CRC)->crc);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(all_libraries_read_what_all_write),
                leak_checked(what_is_no_deflate_stream_is_found_out),
                leak_checked(all_libraries_agree_on_the_crc),
                leak_checked(each_role_has_a_library_that_can_do_it),
        };
        return cmocka_run_group_tests_name("deflate", tests, NULL, NULL);
}
