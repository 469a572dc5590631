/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "util/cursor.h"
#include "util/utf8.h"

static void test_every_code_point_comes_back(void **state)
{
        (void)state;
        for (uint32_t code_point = 0; code_point <= 0x10ffff; code_point++) {
                uint8_t bytes[4];
                uint32_t back = 0;
                coffer_cursor text = coffer_cursor_of(bytes, coffer_utf8_put(code_point, bytes));
                bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
                if (coffer_utf8_valid(text, false) == surrogate || !coffer_utf8_valid(text, true))
                        fail_msg("validity of U+%04x is wrong", code_point);
                if (!coffer_utf8_take(&text, &back) || back != code_point || text.size_bytes != 0)
                        fail_msg("U+%04x comes back as U+%04x", code_point, back);
        }
}

static void test_lengths_change_where_they_should(void **state)
{
        (void)state;
        uint8_t bytes[4];
        assert_int_equal(coffer_utf8_put(0x7f, bytes), 1);
        assert_int_equal(coffer_utf8_put(0x80, bytes), 2);
        assert_int_equal(coffer_utf8_put(0x7ff, bytes), 2);
        assert_int_equal(coffer_utf8_put(0x800, bytes), 3);
        assert_int_equal(coffer_utf8_put(0xffff, bytes), 3);
        assert_int_equal(coffer_utf8_put(0x10000, bytes), 4);
}

static void test_no_code_point_becomes_the_replacement(void **state)
{
        (void)state;
        uint8_t bytes[4];
        assert_cursor(coffer_cursor_of(bytes, coffer_utf8_put(0x110000, bytes)), "\xef\xbf\xbd");
        assert_cursor(coffer_cursor_of(bytes, coffer_utf8_put(UINT32_MAX, bytes)), "\xef\xbf\xbd");
}

static void test_bad_input_is_refused_and_kept(void **state)
{
        (void)state;
        static const char *const bad[] = {
                "\x80",             /* nothing to continue */
                "\xc3",             /* cut short */
                "\xe2\x82",         /* cut short */
                "\xf0\x9f\x98",     /* cut short */
                "\xc3(",            /* no continuation */
                "\xc0\xaf",         /* overlong */
                "\xc1\xbf",         /* overlong */
                "\xe0\x9f\xbf",     /* overlong */
                "\xf0\x8f\xbf\xbf", /* overlong */
                "\xf4\x90\x80\x80", /* over U+10FFFF */
                "\xf8\x88\x80\x80\x80",
                "\xff",
        };
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                coffer_cursor text = coffer_cursor_text(bad[i]);
                uint32_t code_point = 7;
                assert_false(coffer_utf8_valid(text, true));
                assert_false(coffer_utf8_take(&text, &code_point));
                assert_ptr_equal(text.data, bad[i]);
                assert_int_equal(code_point, 7);
        }
}

static void test_bad_byte_is_found_at_any_place(void **state)
{
        (void)state;
        for (size_t place = 0; place < 40; place++) {
                char text[40];
                for (size_t i = 0; i < sizeof(text); i++)
                        text[i] = i == place ? '\xff' : 'a';
                assert_false(coffer_utf8_valid(coffer_cursor_of(text, sizeof(text)), true));
                assert_true(coffer_utf8_valid(coffer_cursor_of(text, place), false));
        }
        assert_true(coffer_utf8_valid((coffer_cursor){NULL, 0}, false));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_every_code_point_comes_back),
                leak_checked(test_lengths_change_where_they_should),
                leak_checked(test_no_code_point_becomes_the_replacement),
                leak_checked(test_bad_input_is_refused_and_kept),
                leak_checked(test_bad_byte_is_found_at_any_place),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
