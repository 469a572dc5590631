/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

static void test_every_status_has_name_text_and_class(void **state)
{
        (void)state;
        for (int i = 0; i < COFFER_STATUS_COUNT; i++) {
                coffer_status status = (coffer_status)i;
                assert_non_null(coffer_status_name(status));
                assert_non_null(coffer_status_text(status));
                assert_true((status == COFFER_OK) == (coffer_status_class(status) == COFFER_CLASS_NONE));
                for (int j = 0; j < i; j++)
                        assert_string_not_equal(coffer_status_name(status), coffer_status_name((coffer_status)j));
        }
        assert_string_equal(coffer_status_name(COFFER_NOT_FOUND), "not-found");
        assert_int_equal(coffer_status_class(COFFER_WOULD_BLOCK), COFFER_CLASS_MISS);
        assert_int_equal(coffer_status_class(COFFER_NO_MEMORY), COFFER_CLASS_SYSTEM);
        assert_int_equal(coffer_status_class(COFFER_CORRUPT), COFFER_CLASS_DATA);
}

static void test_unknown_status_is_named(void **state)
{
        (void)state;
        assert_string_equal(coffer_status_name(COFFER_STATUS_COUNT), "unknown");
        assert_string_equal(coffer_status_name((coffer_status)-1), "unknown");
        assert_non_null(coffer_status_text((coffer_status)1000));
        assert_int_equal(coffer_status_class((coffer_status)1000), COFFER_CLASS_SYSTEM);
}

static void test_set_fills_all_fields(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        assert_status(coffer_error_set_at(&error, COFFER_MALFORMED, 42, "byte %d of %s", 7, "x"), COFFER_MALFORMED);
        assert_int_equal(error.status, COFFER_MALFORMED);
        assert_int_equal(error.error_class, COFFER_CLASS_DATA);
        assert_int_equal(error.offset, 42);
        assert_string_equal(error.message, "byte 7 of x");
        assert_status(coffer_error_set(&error, COFFER_STATE, "done"), COFFER_STATE);
        assert_int_equal(error.offset, -1);
        assert_string_equal(error.message, "done");
}

static void test_null_error_is_allowed(void **state)
{
        (void)state;
        assert_status(coffer_error_set(NULL, COFFER_IO, "%s", "lost"), COFFER_IO);
        assert_status(coffer_error_set_at(NULL, COFFER_LIMIT, 1, "lost"), COFFER_LIMIT);
}

static void test_message_is_one_line(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        (void)coffer_error_set(&error, COFFER_IO, "%s", "a\nb\tc\033[1m\x7f|\xc2\x85|\xe2\x80\xa8|");
        assert_string_equal(error.message, "a b c [1m |  |   |");
}

static void test_message_is_utf8(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        (void)coffer_error_set(&error, COFFER_IO, "%s",
                               "gr\xc3\xbc\xc3\x9f \xff\xc3| \xed\xa0\x80 \xf0\x9f\x98\x80 \xc3");
        assert_string_equal(error.message, "gr\xc3\xbc\xc3\x9f ??| ??? \xf0\x9f\x98\x80 ?");
}

static void test_long_message_is_cut_between_characters(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        char text[2 * COFFER_ERROR_MESSAGE_BYTES];
        for (size_t start = 0; start < 4; start++) {
                memset(text, 'x', sizeof(text));
                for (size_t i = start; i + 4 < sizeof(text); i += 4)
                        memcpy(text + i, "\xf0\x9f\x98\x80", 4);
                text[sizeof(text) - 8 + start] = '\0';
                (void)coffer_error_set(&error, COFFER_IO, "%s", text);
                size_t kept = start + (COFFER_ERROR_MESSAGE_BYTES - 1 - start) / 4 * 4;
                assert_int_equal(strlen(error.message), kept);
                assert_memory_equal(error.message, text, kept);
        }
}

static void test_message_may_quote_the_one_before(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        (void)coffer_error_set(&error, COFFER_IO, "inner");
        (void)coffer_error_set(&error, error.status, "outer: %s", error.message);
        assert_string_equal(error.message, "outer: inner");
}

static void test_reporting_allocates_nothing(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        test_alloc_fail_at(0);
        (void)coffer_error_set(&error, COFFER_NO_MEMORY, "out of memory for %s", "a value");
        assert_int_equal(test_alloc_count(), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_every_status_has_name_text_and_class),
                leak_checked(test_unknown_status_is_named),
                leak_checked(test_set_fills_all_fields),
                leak_checked(test_null_error_is_allowed),
                leak_checked(test_message_is_one_line),
                leak_checked(test_message_is_utf8),
                leak_checked(test_long_message_is_cut_between_characters),
                leak_checked(test_message_may_quote_the_one_before),
                leak_checked(test_reporting_allocates_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
