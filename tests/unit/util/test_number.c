/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cursor.h"
#include "util/fs.h"
#include "util/number.h"

/* Numbers in the form that Python's repr gives them. */
static const struct {
        double value;
        const char *text;
} numbers[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.30000000000000004, "0.30000000000000004"},
        {1e15, "1000000000000000.0"},
        {9999999999999998.0, "9999999999999998.0"},
        {1e16, "1e+16"},
        {1.5e16, "1.5e+16"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {0.0001, "0.0001"},
        {0.00012345678901234567, "0.00012345678901234567"},
        {0.00001, "1e-05"},
        {-1.25e-7, "-1.25e-07"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {1e100, "1e+100"},
        {5e-324, "5e-324"},
        {0x1.8p-1073, "1.5e-323"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {DBL_MAX, "1.7976931348623157e+308"},
        /* Powers of two, whose neighbour below is nearer than the one above. */
        {0x1p-44, "5.684341886080802e-14"},
        {0x1p-24, "5.960464477539063e-08"},
        {0x1p89, "6.189700196426902e+26"},
        {1795455843.956876, "1795455843.956876"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
};

static bool same_bits(double left, double right)
{
        return memcmp(&left, &right, sizeof(left)) == 0;
}

static void check_numbers(void)
{
        for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
                char text[COFFER_DOUBLE_TEXT_BYTES];
                double back = 0;
                coffer_double_format(numbers[i].value, text);
                assert_string_equal(text, numbers[i].text);
                assert_true(coffer_double_parse(coffer_cursor_text(text), &back));
                assert_true(same_bits(back, numbers[i].value));
        }
}

static void test_doubles_read_as_in_python(void **state)
{
        (void)state;
        check_numbers();
}

static void test_nan_has_no_sign(void **state)
{
        (void)state;
        char text[COFFER_DOUBLE_TEXT_BYTES];
        double back = 0;
        coffer_double_format(-(double)NAN, text);
        assert_string_equal(text, "nan");
        assert_true(coffer_double_parse(coffer_cursor_text(text), &back));
        assert_true(isnan(back));
}

/* Builds a locale with a decimal comma, as few machines have one installed. */
static void test_locale_does_not_matter(void **state)
{
        (void)state;
        static const char source[] =
                "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3\nEND LC_NUMERIC\n";
        assert_ok(coffer_fs_publish("source", coffer_cursor_text(source), false, false, NULL));
        /* Its exit code complains of the categories that are left out. */
        int complaint = system("localedef --no-archive -c -i source ./comma >/dev/null 2>&1");
        setenv("LOCPATH", test_directory_path(), 1);
        const char *locale = setlocale(LC_NUMERIC, "comma");
        unsetenv("LOCPATH");
        if (!locale) {
                print_message("no localedef (%d)\n", complaint);
                skip();
        }
        assert_string_equal(localeconv()->decimal_point, ",");
        check_numbers();
        setlocale(LC_NUMERIC, "C");
}

static void test_random_bits_come_back(void **state)
{
        (void)state;
        uint64_t random = 1;
        for (int i = 0; i < 20000; i++) {
                random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                char text[COFFER_DOUBLE_TEXT_BYTES];
                double value, back = 0;
                memcpy(&value, &random, sizeof(value));
                if (isnan(value))
                        continue;
                coffer_double_format(value, text);
                if (!coffer_double_parse(coffer_cursor_text(text), &back) || !same_bits(value, back))
                        fail_msg("%a is written as %s, which reads back as %a", value, text, back);
        }
}

static void test_other_forms_are_read(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                double value;
        } forms[] = {
                {"+1", 1},
                {"1.", 1},
                {".5", 0.5},
                {"-.5E+1", -5},
                {"007", 7},
                {"1e400", INFINITY},
                {"-1e400", -INFINITY},
                {"1e-400", 0},
                {"1e99999999999999999999", INFINITY},
                {"0e99999999999999999999", 0},
                {"1e-99999999999999999999", 0},
                {"Infinity", INFINITY},
                {"-INF", -INFINITY},
                {"9007199254740993", 9007199254740992.0},
                {"9007199254740993.0000000001", 9007199254740994.0},
        };
        for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
                double value = 42;
                assert_true(coffer_double_parse(coffer_cursor_text(forms[i].text), &value));
                if (value != forms[i].value)
                        fail_msg("%s reads as %a", forms[i].text, value);
        }
}

static void test_digits_beyond_any_midpoint_count(void **state)
{
        (void)state;
        enum { ZEROS = 2000 };
        char text[ZEROS + 64];
        size_t size = (size_t)snprintf(text, sizeof(text), "9007199254740993.");
        memset(text + size, '0', ZEROS);
        double value = 0;
        assert_true(coffer_double_parse(coffer_cursor_of(text, size + ZEROS), &value));
        assert_true(value == 9007199254740992.0); /* in the middle: to even */
        text[size + ZEROS - 1] = '1';
        assert_true(coffer_double_parse(coffer_cursor_of(text, size + ZEROS), &value));
        assert_true(value == 9007199254740994.0);
}

static void test_long_texts_keep_their_magnitude(void **state)
{
        (void)state;
        enum { ZEROS = 3000 };
        char text[ZEROS + 16];
        double value = 0;
        memset(text, '0', sizeof(text));
        memcpy(text, "0.", 2);
        memcpy(text + 2 + ZEROS, "25e3001", 7);
        assert_true(coffer_double_parse(coffer_cursor_of(text, ZEROS + 9), &value));
        assert_true(value == 2.5);
        memset(text, '0', sizeof(text));
        text[0] = '4';
        memcpy(text + 1 + ZEROS, "e-3000", 6);
        assert_true(coffer_double_parse(coffer_cursor_of(text, ZEROS + 7), &value));
        assert_true(value == 4);
}

static void test_what_is_no_double_is_refused(void **state)
{
        (void)state;
        static const char *const bad[] = {"",   "+",       "-",    ".",    "e5",      "1e",  "1e+",
                                          " 1", "1 ",      "1,5",  "0x10", "1_0",     "--1", "1.2.3",
                                          "in", "infinit", "nanx", "1e5.", "\xd9\xa1"};
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                double value = 42;
                if (coffer_double_parse(coffer_cursor_text(bad[i]), &value) || value != 42)
                        fail_msg("\"%s\" is read as %a", bad[i], value);
        }
        double value = 42;
        assert_false(coffer_double_parse(coffer_cursor_of("1\0", 2), &value));
}

static void test_integers_are_read(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                int64_t value;
        } integers[] = {{"0", 0},
                        {"-0", 0},
                        {"+12", 12},
                        {"-12", -12},
                        {"0012", 12},
                        {"9223372036854775807", INT64_MAX},
                        {"-9223372036854775808", INT64_MIN}};
        for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
                int64_t value = 42;
                assert_true(coffer_int_parse(coffer_cursor_text(integers[i].text), &value));
                assert_true(value == integers[i].value);
        }
}

static void test_what_is_no_integer_is_refused(void **state)
{
        (void)state;
        static const char *const bad[] = {"",
                                          "-",
                                          "+",
                                          "1.0",
                                          "1L",
                                          " 1",
                                          "1 ",
                                          "1e1",
                                          "0x10",
                                          "--1",
                                          "1_0",
                                          "9223372036854775808",
                                          "-9223372036854775809",
                                          "99999999999999999999999"};
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                int64_t value = 42;
                if (coffer_int_parse(coffer_cursor_text(bad[i]), &value) || value != 42)
                        fail_msg("\"%s\" is read as %lld", bad[i], (long long)value);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_doubles_read_as_in_python),
                leak_checked(test_nan_has_no_sign),
                in_own_directory(test_locale_does_not_matter),
                leak_checked(test_random_bits_come_back),
                leak_checked(test_other_forms_are_read),
                leak_checked(test_digits_beyond_any_midpoint_count),
                leak_checked(test_long_texts_keep_their_magnitude),
                leak_checked(test_what_is_no_double_is_refused),
                leak_checked(test_integers_are_read),
                leak_checked(test_what_is_no_integer_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
