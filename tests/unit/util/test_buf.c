/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "util/buf.h"
#include "util/cursor.h"

static void test_appends_gather_bytes(void **state)
{
        (void)state;
        _cleanup_buf_ coffer_buf buf = COFFER_BUF_INIT(100);
        assert_ok(coffer_buf_append(&buf, "a\0b", 3, NULL));
        assert_ok(coffer_buf_append_byte(&buf, '-', NULL));
        assert_ok(coffer_buf_append_text(&buf, "text", NULL));
        assert_ok(coffer_buf_append_cursor(&buf, (coffer_cursor){NULL, 0}, NULL));
        assert_ok(coffer_buf_printf(&buf, NULL, "%d%s", 12, "!"));
        assert_cursor(coffer_buf_cursor(&buf), "a\0b-text12!");
}

static void test_empty_buf_allocates_nothing(void **state)
{
        (void)state;
        test_alloc_fail_at(1);
        _cleanup_buf_ coffer_buf buf = COFFER_BUF_INIT(100);
        assert_ok(coffer_buf_append_text(&buf, "", NULL));
        assert_int_equal(test_alloc_count(), 0);
}

static void test_growth_takes_few_allocations(void **state)
{
        (void)state;
        _cleanup_buf_ coffer_buf buf = COFFER_BUF_INIT(SIZE_MAX);
        test_alloc_fail_at(0);
        for (int i = 0; i < 100000; i++)
                assert_ok(coffer_buf_append_byte(&buf, (uint8_t)i, NULL));
        assert_int_equal(buf.size_bytes, 100000);
        assert_int_equal(buf.data[99999], (uint8_t)99999);
        assert_true(test_alloc_count() < 20);
}

static void test_reserve_makes_room(void **state)
{
        (void)state;
        _cleanup_buf_ coffer_buf buf = COFFER_BUF_INIT(SIZE_MAX);
        assert_ok(coffer_buf_reserve(&buf, 1000, NULL));
        assert_int_equal(buf.size_bytes, 0);
        test_alloc_fail_at(1);
        for (int i = 0; i < 100; i++)
                assert_ok(coffer_buf_append_text(&buf, "0123456789", NULL));
}

static void test_maximum_is_exact_and_changes_nothing(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        _cleanup_buf_ coffer_buf buf = COFFER_BUF_INIT(5);
        assert_ok(coffer_buf_append_text(&buf, "12345", &error));
        assert_status(coffer_buf_append_byte(&buf, '6', &error), COFFER_LIMIT);
        assert_status(coffer_buf_reserve(&buf, SIZE_MAX, &error), COFFER_LIMIT);
        assert_status(coffer_buf_printf(&buf, &error, "%s", "6"), COFFER_LIMIT);
        assert_cursor(coffer_buf_cursor(&buf), "12345");
        assert_true(buf.capacity_bytes <= 5);
}

static void test_printf_writes_long_texts(void **state)
{
        (void)state;
        char text[1000];
        memset(text, 'z', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        for (size_t length = 250; length < sizeof(text); length = length < 260 ? length + 1 : length + 300) {
                _cleanup_buf_ coffer_buf buf = COFFER_BUF_INIT(SIZE_MAX);
                assert_ok(coffer_buf_printf(&buf, NULL, "%.*s", (int)length, text));
                assert_int_equal(buf.size_bytes, length);
                assert_memory_equal(buf.data, text, length);
        }
}

static void test_take_text_ends_with_nul(void **state)
{
        (void)state;
        _cleanup_buf_ coffer_buf buf = COFFER_BUF_INIT(4);
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *empty = NULL;
        assert_ok(coffer_buf_append_text(&buf, "full", NULL));
        assert_ok(coffer_buf_take_text(&buf, &text, NULL));
        assert_string_equal(text, "full");
        assert_ok(coffer_buf_take_text(&buf, &empty, NULL));
        assert_string_equal(empty, "");
        assert_ok(coffer_buf_append_text(&buf, "more", NULL));
        assert_status(coffer_buf_append_text(&buf, "x", NULL), COFFER_LIMIT);
}

static void test_take_into_moves_the_memory(void **state)
{
        (void)state;
        _cleanup_buf_ coffer_buf buf = COFFER_BUF_INIT(100);
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_buf_append_text(&buf, "moved", NULL));
        const uint8_t *memory = buf.data;
        assert_ok(coffer_buf_take_into(&buf, bytes, NULL));
        assert_ptr_equal(coffer_bytes_segment(bytes, 0).data, memory);
        assert_cursor(coffer_bytes_segment(bytes, 0), "moved");
        assert_int_equal(buf.size_bytes, 0);
        assert_null(buf.data);
}

static void test_done_twice_is_fine(void **state)
{
        (void)state;
        coffer_buf buf = COFFER_BUF_INIT(100);
        assert_ok(coffer_buf_append_text(&buf, "x", NULL));
        coffer_buf_done(&buf);
        coffer_buf_done(&buf);
        assert_int_equal(buf.max_bytes, 100);
}

static coffer_status gather(void *user, coffer_error *error)
{
        _cleanup_buf_ coffer_buf buf = COFFER_BUF_INIT(SIZE_MAX);
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        _cleanup_free_ char *text = NULL;
        COFFER_TRY(coffer_buf_append_text(&buf, "kept", error));
        coffer_status status = coffer_buf_printf(&buf, error, "%300d", 1);
        assert_memory_equal(buf.data, "kept", 4);
        assert_int_equal(buf.size_bytes, status == COFFER_OK ? 304 : 4);
        COFFER_TRY(status);
        COFFER_TRY(coffer_buf_take_text(&buf, &text, error));
        COFFER_TRY(coffer_buf_append_text(&buf, text, error));
        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_buf_take_into(&buf, bytes, error));
        *(uint64_t *)user = coffer_bytes_size(bytes);
        return COFFER_OK;
}

static void test_every_allocation_may_fail(void **state)
{
        (void)state;
        uint64_t size_bytes = 0;
        test_alloc_fail_each(gather, &size_bytes);
        assert_int_equal(size_bytes, 304);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_appends_gather_bytes),
                leak_checked(test_empty_buf_allocates_nothing),
                leak_checked(test_growth_takes_few_allocations),
                leak_checked(test_reserve_makes_room),
                leak_checked(test_maximum_is_exact_and_changes_nothing),
                leak_checked(test_printf_writes_long_texts),
                leak_checked(test_take_text_ends_with_nul),
                leak_checked(test_take_into_moves_the_memory),
                leak_checked(test_done_twice_is_fine),
                leak_checked(test_every_allocation_may_fail),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
