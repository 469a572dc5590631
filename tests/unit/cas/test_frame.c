/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that we write. */
#include "frame_fixture.h"

static void a_frame_gives_back_what_was_framed(void **state)
{
        (void)state;
        static const size_t sizes[] = {0, 1, 2, 511, 512, 513, 65535, 65536, MIB - 1, MIB, MIB + 1, 3 * MIB + 12345};
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                for (kind kind_ = 0; kind_ < KIND_COUNT; kind_++) {
                        coffer_buf contents _cleanup_buf_ = contents_of(kind_, sizes[i]);
                        coffer_buf frame _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
                        coffer_frame_sizes measured;
                        assert_ok(read_both_ways(coffer_buf_cursor(&frame), UINT64_MAX, coffer_buf_cursor(&contents),
                                                 NULL));
                        assert_ok(coffer_frame_v1.measure(coffer_buf_cursor(&frame), &measured, NULL));
                        assert_int_equal(measured.content_bytes, sizes[i]);
                        assert_int_equal(measured.is_exact, sizes[i] > MIB);
                }
        }
}

static void a_stream_can_be_read_in_steps_of_any_size(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, MIB + 70000);
        coffer_buf frame _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        for (size_t step_bytes = 1; step_bytes < 8 * MIB; step_bytes = step_bytes * 37 + 1) {
                coffer_buf streamed _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                assert_ok(read_stream(coffer_buf_cursor(&frame), UINT64_MAX, step_bytes, &streamed, NULL));
                assert_true(coffer_cursor_equal(coffer_buf_cursor(&streamed), coffer_buf_cursor(&contents)));
        }
}

static void segments_do_not_show_in_the_frame(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 2 * MIB + 500000);
        coffer_buf expected _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_cursor rest = coffer_buf_cursor(&contents), part;

        assert_ok(coffer_bytes_new(&bytes, NULL));
        for (size_t size_bytes = 1; rest.size_bytes > 0; size_bytes = size_bytes * 3 % 400009) {
                assert_true(
                        coffer_cursor_take(&rest, size_bytes < rest.size_bytes ? size_bytes : rest.size_bytes, &part));
                assert_ok(coffer_bytes_append_borrow(bytes, part, NULL, NULL, NULL));
        }
        assert_true(coffer_bytes_segment_count(bytes) > 10);
        coffer_buf frame _cleanup_buf_ = framed_bytes(bytes);
        assert_true(coffer_cursor_equal(coffer_buf_cursor(&frame), coffer_buf_cursor(&expected)));
}

static void small_contents_are_one_plain_member(void **state)
{
        (void)state;
        coffer_buf frame _cleanup_buf_ = framed(coffer_cursor_text("hello"));
        assert_cursor(coffer_buf_cursor(&frame), "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01\x05\x00\xfa\xffhello"
                                                 "\x86\xa6\x10\x36\x05\x00\x00\x00");
        coffer_buf empty _cleanup_buf_ = framed(coffer_cursor_of(NULL, 0));
        assert_cursor(coffer_buf_cursor(&empty), "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01\x00\x00\xff\xff"
                                                 "\x00\x00\x00\x00\x00\x00\x00\x00");
}

static void large_contents_carry_sizes_in_the_extra_field(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(NOISE, MIB + 5);
        coffer_buf frame _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        size_t first_bytes = 48 + MIB + 17 * 5 + 8;

        assert_memory_equal(frame.data,
                            "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x24\x00"
                            "CF\x20\x00"
                            "\x8d\x00\x10\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00"
                            "\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x10\x00\x00\x00\x00\x00",
                            48);
        assert_int_equal(first_bytes, 0x10008d);
        assert_memory_equal(frame.data + first_bytes + 32, "\x00\x00\x10\x00\x00\x00\x00\x00\x05\x00\x10\x00", 12);
        assert_int_equal(frame.size_bytes, first_bytes + 48 + 5 + 5 + 8);
}

static size_t framed_size(coffer_cursor contents)
{
        coffer_buf frame _cleanup_buf_ = framed(contents);
        return frame.size_bytes;
}

static void what_hardly_shrinks_is_stored_and_the_rest_compressed(void **state)
{
        (void)state;
        static const size_t sizes[] = {1000, 100000, MIB, 5 * MIB};
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                coffer_buf noise _cleanup_buf_ = contents_of(NOISE, sizes[i]);
                coffer_buf text _cleanup_buf_ = contents_of(TEXT, sizes[i]);
                coffer_buf numbers _cleanup_buf_ = contents_of(NUMBERS, sizes[i]);
                size_t overhead = 18 + 5 + sizes[i] / 60000 * 5 + sizes[i] / MIB * 60;
                assert_in_range(framed_size(coffer_buf_cursor(&noise)), sizes[i], sizes[i] + overhead);
                assert_in_range(framed_size(coffer_buf_cursor(&text)), 1, sizes[i] * 6 / 10);
                assert_in_range(framed_size(coffer_buf_cursor(&numbers)), 1, sizes[i] * 4 / 10);
        }
}

/* Half of it noise: worth compressing on the whole, but not there. */
static void members_that_do_not_shrink_are_stored_among_others(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 4 * MIB);
        coffer_buf noise _cleanup_buf_ = contents_of(NOISE, 2 * MIB);
        memcpy(contents.data + MIB, noise.data, 2 * MIB);
        coffer_buf frame _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        assert_in_range(frame.size_bytes, 2 * MIB, 2 * MIB + 1300000);
        assert_ok(read_both_ways(coffer_buf_cursor(&frame), UINT64_MAX, coffer_buf_cursor(&contents), NULL));
}

static void equal_contents_give_equal_bytes(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(NUMBERS, 2 * MIB);
        coffer_buf one _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        coffer_buf other _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        assert_true(coffer_cursor_equal(coffer_buf_cursor(&one), coffer_buf_cursor(&other)));
}

static void zlib_reads_what_we_write(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 2 * MIB + 3);
        coffer_buf frame _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        uint8_t *output _cleanup_free_ = coffer_alloc(contents.size_bytes);
        z_stream stream = {0};

        assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
        stream.next_in = frame.data;
        stream.avail_in = (uInt)frame.size_bytes;
        stream.next_out = output;
        stream.avail_out = (uInt)contents.size_bytes;
        for (int member = 0; member < 3; member++) {
                assert_int_equal(inflate(&stream, Z_NO_FLUSH), Z_STREAM_END);
                uInt avail_in = stream.avail_in, avail_out = stream.avail_out;
                inflateReset(&stream);
                stream.avail_in = avail_in;
                stream.avail_out = avail_out;
        }
        assert_int_equal(stream.avail_in, 0);
        assert_int_equal(stream.avail_out, 0);
        inflateEnd(&stream);
        assert_memory_equal(output, contents.data, contents.size_bytes);
}

static coffer_status fail_to_write(void *user, const coffer_cursor *parts, size_t count, coffer_error *error)
{
        size_t *left_bytes = user;
        for (size_t i = 0; i < count; i++) {
                if (parts[i].size_bytes > *left_bytes)
                        return coffer_error_set(error, COFFER_IO, "the disk is full");
                *left_bytes -= parts[i].size_bytes;
        }
        return COFFER_OK;
}

static void a_failing_sink_ends_the_writing(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(NOISE, 4 * MIB);
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(coffer_buf_cursor(&contents));
        for (size_t room_bytes = 0; room_bytes < 4 * MIB; room_bytes += MIB) {
                size_t left_bytes = room_bytes;
                coffer_frame_sink sink = {fail_to_write, &left_bytes};
                assert_status(coffer_frame_v1.write(bytes, &as_usual, &sink, NULL), COFFER_IO);
        }
}

static coffer_status write_and_read(void *user, coffer_error *error)
{
        coffer_bytes *contents = user, *back _cleanup_bytes_ = NULL;
        coffer_buf frame _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX), streamed _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        coffer_frame_sink sink = {append_to_buf, &frame};

        COFFER_TRY(coffer_frame_v1.write(contents, &as_usual, &sink, error));
        COFFER_TRY(coffer_frame_v1.read(coffer_buf_cursor(&frame), UINT64_MAX, NULL, &back, error));
        return read_stream(coffer_buf_cursor(&frame), UINT64_MAX, MIB, &streamed, error);
}

static void every_allocation_may_fail(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, MIB + 100);
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_cursor rest = coffer_buf_cursor(&contents), part;

        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_true(coffer_cursor_take(&rest, 100, &part));
        assert_ok(coffer_bytes_append_borrow(bytes, part, NULL, NULL, NULL));
        assert_ok(coffer_bytes_append_borrow(bytes, rest, NULL, NULL, NULL));
        test_alloc_fail_each(write_and_read, bytes);
}

static void versions_are_looked_up_in_the_table(void **state)
{
        (void)state;
        assert_ptr_equal(coffer_frame_for(1), &coffer_frame_v1);
        assert_null(coffer_frame_for(0));
        assert_null(coffer_frame_for(2));
        assert_null(coffer_frame_for(-1));
        assert_ptr_equal(coffer_frame_current(), &coffer_frame_v1);
        assert_ptr_equal(coffer_frame_legacy(), &coffer_frame_v1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(a_frame_gives_back_what_was_framed),
                leak_checked(a_stream_can_be_read_in_steps_of_any_size),
                leak_checked(segments_do_not_show_in_the_frame),
                leak_checked(small_contents_are_one_plain_member),
                leak_checked(large_contents_carry_sizes_in_the_extra_field),
                leak_checked(what_hardly_shrinks_is_stored_and_the_rest_compressed),
                leak_checked(members_that_do_not_shrink_are_stored_among_others),
                leak_checked(equal_contents_give_equal_bytes),
                leak_checked(zlib_reads_what_we_write),
                leak_checked(a_failing_sink_ends_the_writing),
                leak_checked(every_allocation_may_fail),
                leak_checked(versions_are_looked_up_in_the_table),
        };
        return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
