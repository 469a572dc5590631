/* SPDX-License-Identifier: Apache-2.0 */
/* Contents at any place. */
#include "cas_fixture.h"

static void overwrite(const char *path, size_t offset, const char *text)
{
        FILE *file = fopen(path, "r+b");
        assert_non_null(file);
        assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
        assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
        assert_int_equal(fclose(file), 0);
}

static coffer_ranges *open_ranges(coffer_cas *cas, const char *key)
{
        coffer_ranges *ranges = NULL;
        assert_ok(coffer_cas_open_ranges(cas, key, &ranges, NULL));
        return ranges;
}

static void assert_part(coffer_ranges *ranges, coffer_cursor contents, uint64_t offset, size_t size_bytes)
{
        size_t left_bytes = offset < contents.size_bytes ? contents.size_bytes - (size_t)offset : 0, got_bytes = 1;
        uint8_t *part _cleanup_free_ = coffer_alloc(size_bytes + 1);
        assert_non_null(part);
        assert_ok(ranges->read(ranges, offset, part, size_bytes, &got_bytes, NULL));
        assert_int_equal(got_bytes, size_bytes < left_bytes ? size_bytes : left_bytes);
        if (got_bytes > 0)
                assert_memory_equal(part, contents.data + offset, got_bytes);
}

/* Places around the borders of members, forwards and backwards. */
static void assert_parts(coffer_cas *cas, const char *key, coffer_cursor contents)
{
        static const size_t sizes[] = {0, 1, 7, 4096, MIB - 1, MIB, MIB + 1, 2 * MIB + 5};
        const uint64_t offsets[] = {
                0,           1,       MIB - 1, MIB, MIB + 1,   2 * MIB, contents.size_bytes - 1, contents.size_bytes,
                2 * MIB - 3, MIB / 2, 0,       3,   UINT64_MAX};
        coffer_ranges *ranges = open_ranges(cas, key);
        for (size_t i = 0; i < ARRAY_COUNT(offsets); i++)
                for (size_t j = 0; j < ARRAY_COUNT(sizes); j++)
                        assert_part(ranges, contents, offsets[i], sizes[j]);
        ranges->close(ranges);
}

static void any_part_of_a_frame_can_be_read(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        for (kind kind_ = 0; kind_ < KIND_COUNT; kind_++) {
                coffer_buf contents _cleanup_buf_ = contents_of(kind_, 3 * MIB + 12345);
                coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
                assert_parts(cas, key.text, coffer_buf_cursor(&contents));
        }
}

static void any_part_of_a_raw_blob_can_be_read(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_buf contents _cleanup_buf_ = contents_of(NOISE, 2 * MIB + 9);
        coffer_key key = save(cas, coffer_buf_cursor(&contents), true);
        assert_parts(cas, key.text, coffer_buf_cursor(&contents));
}

static void members_without_sizes_are_read_from_the_front(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 2 * MIB + 77),
                            file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
        assert_ok(coffer_buf_append(&file, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10, NULL));
        append_body(&file, coffer_buf_cursor(&contents), 3);
        write_file(file_of(key.text), file.data, file.size_bytes);
        assert_parts(cas, key.text, coffer_buf_cursor(&contents));
}

static void contents_of_nothing_have_no_parts(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_key key = save(cas, coffer_cursor_of(NULL, 0), false);
        coffer_ranges *ranges = open_ranges(cas, key.text);
        assert_part(ranges, coffer_cursor_of(NULL, 0), 0, 10);
        ranges->close(ranges);
}

static void damage_is_found_where_it_is_read_and_only_there(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        uint8_t byte;
        size_t got_bytes;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_buf contents _cleanup_buf_ = contents_of(NOISE, 3 * MIB);
        coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
        overwrite(file_of(key.text), MIB + MIB / 2, "damage");
        coffer_ranges *ranges = open_ranges(cas, key.text);
        assert_part(ranges, coffer_buf_cursor(&contents), 0, MIB);
        assert_int_equal(ranges->read(ranges, MIB, &byte, 1, &got_bytes, &error), COFFER_CORRUPT);
        assert_non_null(strstr(error.message, key.text));
        assert_part(ranges, coffer_buf_cursor(&contents), 2 * MIB, 10);
        assert_int_equal(ranges->read(ranges, MIB + 1, &byte, 1, &got_bytes, NULL), COFFER_CORRUPT);
        ranges->close(ranges);
}

static void what_is_not_there_can_not_be_opened(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_ranges *ranges = NULL;
        assert_int_equal(coffer_cas_open_ranges(cas, HELLO_KEY, &ranges, NULL), COFFER_NOT_FOUND);
        assert_int_equal(coffer_cas_open_ranges(cas, "no key", &ranges, NULL), COFFER_INVALID);
        assert_null(ranges);
}

static coffer_status read_parts(void *user, coffer_error *error)
{
        coffer_storage *storage _cleanup_storage_ = NULL;
        coffer_cas *cas _cleanup_cas_ = NULL;
        coffer_ranges *ranges = NULL;
        uint8_t part[100];
        size_t got_bytes;
        COFFER_TRY(coffer_storage_open("local", "root", NULL, &storage, error));
        COFFER_TRY(coffer_cas_new(storage, "F/data", NULL, &cas, error));
        COFFER_TRY(coffer_cas_open_ranges(cas, user, &ranges, error));
        coffer_status status = ranges->read(ranges, 50, part, sizeof(part), &got_bytes, error);
        ranges->close(ranges);
        return status;
}

static void every_allocation_may_fail(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        static const size_t sizes[] = {3000, 2 * MIB};
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                coffer_buf contents _cleanup_buf_ = contents_of(TEXT, sizes[i]);
                coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
                test_alloc_fail_each(read_parts, key.text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(any_part_of_a_frame_can_be_read),
                in_own_directory(any_part_of_a_raw_blob_can_be_read),
                in_own_directory(members_without_sizes_are_read_from_the_front),
                in_own_directory(contents_of_nothing_have_no_parts),
                in_own_directory(damage_is_found_where_it_is_read_and_only_there),
                in_own_directory(what_is_not_there_can_not_be_opened),
                in_own_directory(every_allocation_may_fail),
        };
        return cmocka_run_group_tests_name("ranges", tests, NULL, NULL);
}
