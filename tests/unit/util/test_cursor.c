/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "util/checked.h"
#include "util/cursor.h"

static void test_take_cuts_from_the_front(void **state)
{
        (void)state;
        coffer_cursor input = coffer_cursor_text("headtail"), head;
        assert_true(coffer_cursor_take(&input, 4, &head));
        assert_cursor(head, "head");
        assert_cursor(input, "tail");
        assert_true(coffer_cursor_take(&input, 0, &head));
        assert_cursor(head, "");
        assert_true(coffer_cursor_take(&input, 4, &head));
        assert_cursor(input, "");
}

static void test_take_too_much_changes_nothing(void **state)
{
        (void)state;
        coffer_cursor input = coffer_cursor_text("abc"), part = coffer_cursor_text("old");
        assert_false(coffer_cursor_take(&input, 4, &part));
        assert_false(coffer_cursor_take(&input, SIZE_MAX, &part));
        assert_cursor(input, "abc");
        assert_cursor(part, "old");
}

static void test_numbers_are_little_endian(void **state)
{
        (void)state;
        coffer_cursor input = coffer_cursor_text("\x01\x02\xff\x04\x03\x02\xf1\x08\x07\x06\x05\x04\x03\x02\xf1");
        uint8_t byte;
        uint16_t two;
        uint32_t four;
        uint64_t eight;
        assert_true(coffer_cursor_u8(&input, &byte));
        assert_int_equal(byte, 1);
        assert_true(coffer_cursor_u16_le(&input, &two));
        assert_int_equal(two, 0xff02);
        assert_true(coffer_cursor_u32_le(&input, &four));
        assert_int_equal(four, 0xf1020304);
        assert_true(coffer_cursor_u64_le(&input, &eight));
        assert_true(eight == UINT64_C(0xf102030405060708));
        assert_false(coffer_cursor_u8(&input, &byte));
}

static void test_short_number_changes_nothing(void **state)
{
        (void)state;
        coffer_cursor input = coffer_cursor_text("1234567");
        uint64_t eight = 5;
        assert_false(coffer_cursor_u64_le(&input, &eight));
        assert_int_equal(eight, 5);
        assert_cursor(input, "1234567");
}

static void test_until_takes_lines(void **state)
{
        (void)state;
        coffer_cursor input = coffer_cursor_text("one\n\nrest"), line;
        assert_true(coffer_cursor_until(&input, '\n', &line));
        assert_cursor(line, "one");
        assert_true(coffer_cursor_until(&input, '\n', &line));
        assert_cursor(line, "");
        assert_false(coffer_cursor_until(&input, '\n', &line));
        assert_cursor(input, "rest");
        input = (coffer_cursor){NULL, 0};
        assert_false(coffer_cursor_until(&input, '\n', &line));
}

static void test_equality_is_of_bytes(void **state)
{
        (void)state;
        assert_true(coffer_cursor_is(coffer_cursor_of("a\0b", 1), "a"));
        assert_false(coffer_cursor_is(coffer_cursor_of("a\0b", 3), "a"));
        assert_false(coffer_cursor_is(coffer_cursor_text("ab"), "ac"));
        assert_true(coffer_cursor_equal((coffer_cursor){NULL, 0}, coffer_cursor_text("")));
        assert_cursor(coffer_cursor_text(NULL), "");
}

static void test_checked_arithmetic_says_when_it_overflows(void **state)
{
        (void)state;
        size_t size = 7;
        uint64_t unsigned_number = 7;
        int64_t number = 7;
        assert_false(coffer_add_size(SIZE_MAX, 1, &size));
        assert_false(coffer_mul_size(SIZE_MAX / 2 + 1, 2, &size));
        assert_false(coffer_add_u64(UINT64_MAX, 1, &unsigned_number));
        assert_false(coffer_mul_u64(UINT64_C(1) << 32, UINT64_C(1) << 32, &unsigned_number));
        assert_false(coffer_add_i64(INT64_MIN, -1, &number));
        assert_false(coffer_mul_i64(INT64_MIN, -1, &number));
        assert_int_equal(size, 7);
        assert_int_equal(unsigned_number, 7);
        assert_int_equal(number, 7);
        assert_true(coffer_add_size(SIZE_MAX - 1, 1, &size));
        assert_true(size == SIZE_MAX);
        assert_true(coffer_mul_i64(INT64_MIN, 1, &number));
        assert_true(number == INT64_MIN);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_take_cuts_from_the_front),
                leak_checked(test_take_too_much_changes_nothing),
                leak_checked(test_numbers_are_little_endian),
                leak_checked(test_short_number_changes_nothing),
                leak_checked(test_until_takes_lines),
                leak_checked(test_equality_is_of_bytes),
                leak_checked(test_checked_arithmetic_says_when_it_overflows),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
