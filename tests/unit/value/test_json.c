/* SPDX-License-Identifier: Apache-2.0 */
#include "value_fixture.h"

static coffer_status read_text(const char *text, coffer_document **out, coffer_error *error)
{
        return coffer_document_from_json(coffer_cursor_text(text), out, error);
}

static void test_every_kind_is_read(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = NULL;
        assert_ok(
                read_text("{\"n\": null, \"t\": true, \"f\": false, \"i\": -7, \"x\": 1.5, \"s\": \"a\\u0000\\u00e9\", "
                          "\"l\": [1, [2], {}]}",
                          &document, NULL));
        const coffer_value *root = coffer_document_root(document);
        assert_int_equal(coffer_value_kind(root), COFFER_KIND_DICT);
        assert_int_equal(coffer_value_count(root), 7);
        assert_int_equal(coffer_value_kind(coffer_value_lookup(root, "n")), COFFER_KIND_NONE);
        assert_true(coffer_value_get_bool(coffer_value_lookup(root, "t")));
        assert_int_equal(coffer_value_kind(coffer_value_lookup(root, "f")), COFFER_KIND_BOOL);
        assert_int_equal(int_of(coffer_value_lookup(root, "i")), -7);
        assert_true(coffer_value_get_float(coffer_value_lookup(root, "x")) == 1.5);
        assert_cursor(coffer_value_data(coffer_value_lookup(root, "s")), "a\0\xc3\xa9");
        const coffer_value *list = coffer_value_lookup(root, "l");
        assert_int_equal(int_of(coffer_value_item(list, 0)), 1);
        assert_int_equal(int_of(coffer_value_item(coffer_value_item(list, 1), 0)), 2);
        assert_int_equal(coffer_value_kind(coffer_value_item(list, 2)), COFFER_KIND_DICT);
        assert_cursor(coffer_value_data(coffer_value_key(root, 4)), "x");
}

static void test_numbers_keep_their_places(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = NULL;
        assert_ok(read_text("[1, \"2\\\"3\", {\"4\": 5, \"\\\\\": 6.25}, -0, 70000000000000000000]", &document, NULL));
        const coffer_value *root = coffer_document_root(document);
        assert_int_equal(int_of(coffer_value_item(root, 0)), 1);
        assert_cursor(coffer_value_data(coffer_value_item(root, 1)), "2\"3");
        assert_int_equal(int_of(coffer_value_lookup(coffer_value_item(root, 2), "4")), 5);
        assert_true(coffer_value_get_float(coffer_value_lookup(coffer_value_item(root, 2), "\\")) == 6.25);
        assert_int_equal(int_of(coffer_value_item(root, 3)), 0);
        char *text = NULL;
        assert_ok(coffer_value_int_format(coffer_value_item(root, 4), 0, &text, NULL));
        assert_string_equal(text, "70000000000000000000");
        coffer_free(text);
}

static void test_scalars_may_be_roots(void **state)
{
        (void)state;
        static const char *const texts[] = {"1", " null ", "\"x\"", "-123456789012345678901234567890", "0.5"};
        for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
                coffer_document *document _cleanup_document_ = NULL;
                assert_ok(read_text(texts[i], &document, NULL));
        }
}

static void test_floats_whose_digits_are_kept(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                double value;
        } cases[] = {{"0.1", 0.1},
                     {"1.50", 1.5},
                     {"1e3", 1000.0},
                     {"1E+0003", 1000.0},
                     {"100e-2", 1.0},
                     {"0.000e5", 0.0},
                     {"-0.0", -0.0},
                     {"1000000000000000000000.0", 1e21},
                     {"0.00001", 1e-5},
                     {"0.00010e-3", 1e-7},
                     {"1.7976931348623157e308", 0x1.fffffffffffffp1023},
                     {"5e-324", 0x1p-1074},
                     {"2.2250738585072014e-308", 0x1p-1022},
                     {"12345e-1", 1234.5},
                     {"0.30000000000000004", 0.1 + 0.2},
                     {"123456789.123", 123456789.123}};
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                coffer_document *document _cleanup_document_ = NULL;
                assert_ok(read_text(cases[i].text, &document, NULL));
                assert_int_equal(coffer_value_kind(coffer_document_root(document)), COFFER_KIND_FLOAT);
                double got = coffer_value_get_float(coffer_document_root(document));
                assert_memory_equal(&got, &cases[i].value, sizeof(got));
        }
}

static void test_floats_that_would_be_rounded(void **state)
{
        (void)state;
        static const char *const texts[] = {"0.1000000000000000055511151231257827",
                                            "1.00000000000000001",
                                            "9007199254740993.0",
                                            "9007199254740993e-1",
                                            "1e309",
                                            "-1e400",
                                            "1e-400",
                                            "2e-324",
                                            "1e99999999999999999999",
                                            "1e-99999999999999999999",
                                            "123456789012345678901.5",
                                            "3.0000000000000000000000000000001"};
        for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
                coffer_document *document = NULL;
                coffer_error error = COFFER_ERROR_INIT;
                char text[128];
                snprintf(text, sizeof(text), "[1, %s]", texts[i]);
                assert_status(read_text(text, &document, &error), COFFER_MALFORMED);
                assert_null(document);
                assert_int_equal(error.offset, 4);
                assert_non_null(strstr(error.message, texts[i]));
        }
}

static void test_long_ints_are_kept_up_to_a_limit(void **state)
{
        (void)state;
        static char digits[100003];
        memset(digits, '9', 100000);
        coffer_document *document _cleanup_document_ = NULL;
        assert_ok(read_text(digits, &document, NULL));
        char *text = NULL;
        assert_ok(coffer_value_int_format(coffer_document_root(document), 0, &text, NULL));
        assert_string_equal(text, digits);
        coffer_free(text);
        digits[100000] = '9';
        coffer_document *none = NULL;
        assert_status(read_text(digits, &none, NULL), COFFER_LIMIT);
        assert_null(none);
}

static void test_malformed_texts(void **state)
{
        (void)state;
        static const char *const texts[] = {"",     " ",      "[1,]",        "{\"a\": 1, \"a\": 2}",
                                            "01",   "-",      "1.",          ".5",
                                            "1e",   "+1",     "1.5.3",       "[1 2]",
                                            "1 2",  "12abc",  "NaN",         "[Infinity]",
                                            "nul1", "'x'",    "\"\\ud800\"", "\"abc",
                                            "[1",   "{1: 2}", "\"\xff\"",    "1\xc3",
                                            "--1",  "1-1",    "1true",       "\"\\",
                                            "[-]",  "[1e+]",  "{\"a\" 1}",   "0x10"};
        for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
                coffer_document *document = NULL;
                assert_status(read_text(texts[i], &document, NULL), COFFER_MALFORMED);
                assert_null(document);
        }
}

static void test_errors_carry_the_offset(void **state)
{
        (void)state;
        coffer_document *document = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        assert_status(read_text("[12345.50, 1.x]", &document, &error), COFFER_MALFORMED);
        assert_int_equal(error.offset, 11);
        assert_status(read_text("[12345.50, 12345.5 oops]", &document, &error), COFFER_MALFORMED);
        assert_in_range(error.offset, 19, 24);
}

static void test_deep_nesting_is_limited(void **state)
{
        (void)state;
        static char text[200001];
        memset(text, '[', 200000);
        coffer_document *document = NULL;
        assert_status(read_text(text, &document, NULL), COFFER_LIMIT);
        memset(text, 0, sizeof(text));
        memset(text, '[', 1000);
        memset(text + 1000, ']', 1000);
        assert_ok(read_text(text, &document, NULL));
        coffer_document_unref(document);
}

static coffer_status read_sample(void *user, coffer_error *error)
{
        coffer_document *document = NULL;
        coffer_status status = read_text(user, &document, error);
        coffer_document_unref(document);
        return status;
}

static void test_reading_without_memory(void **state)
{
        (void)state;
        static char sample[] = "{\"a\": [1, 2.5, \"x\"], \"b\": {\"c\": 123456789012345678901234567890}}";
        test_alloc_fail_each(read_sample, sample);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_every_kind_is_read),
                leak_checked(test_numbers_keep_their_places),
                leak_checked(test_scalars_may_be_roots),
                leak_checked(test_floats_whose_digits_are_kept),
                leak_checked(test_floats_that_would_be_rounded),
                leak_checked(test_long_ints_are_kept_up_to_a_limit),
                leak_checked(test_malformed_texts),
                leak_checked(test_errors_carry_the_offset),
                leak_checked(test_deep_nesting_is_limited),
                leak_checked(test_reading_without_memory),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
