/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "util/cursor.h"
#include "util/json.h"

static coffer_status parse(const char *text, json_t **out, coffer_error *error)
{
        return coffer_json_parse(coffer_cursor_text(text), "test.json", out, error);
}

static void assert_written(const json_t *json, const char *expected)
{
        _cleanup_free_ char *text = NULL;
        assert_ok(coffer_json_text(json, &text, NULL));
        assert_string_equal(text, expected);
}

static void assert_comes_back(const char *text)
{
        _cleanup_json_ json_t *json = NULL;
        assert_ok(parse(text, &json, NULL));
        assert_written(json, text);
}

/* The texts are what Python's json.dumps writes. */
static void test_texts_of_python_come_back(void **state)
{
        (void)state;
        assert_comes_back("{\"a\": [1, -2, 1.0, 1e+16, 1e-07, 0.1, true, false, null], "
                          "\"\\u00e9\\\"\\\\\\n\\r\\t\\b\\f\\u001f\\u007f/\": \"\\ud83d\\ude00\\uffff\\u2028\\u0000\", "
                          "\"\": {}, \"e\": []}");
        assert_comes_back("{\"time\": 1795455843.956876}");
        assert_comes_back("[9223372036854775807, -9223372036854775808, 5e-324, -0.0]");
}

static void test_any_value_may_be_the_root(void **state)
{
        (void)state;
        static const char *const roots[] = {"\"\"", "true", "null", "3", "1.5", "[]", "{}"};
        for (size_t i = 0; i < ARRAY_COUNT(roots); i++)
                assert_comes_back(roots[i]);
}

static void test_order_is_that_of_insertion(void **state)
{
        (void)state;
        _cleanup_json_ json_t *object = json_object();
        assert_ok(coffer_json_set(object, "z", json_integer(1), NULL));
        assert_ok(coffer_json_set(object, "a", json_integer(2), NULL));
        assert_ok(coffer_json_set(object, "m", json_string("x"), NULL));
        assert_ok(coffer_json_set(object, "z", json_integer(3), NULL));
        assert_written(object, "{\"z\": 3, \"a\": 2, \"m\": \"x\"}");
}

static void test_error_names_source_and_place(void **state)
{
        (void)state;
        json_t *json = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        assert_status(parse("{\"a\": 1,\n \"b\": oops}", &json, &error), COFFER_MALFORMED);
        assert_non_null(strstr(error.message, "test.json"));
        assert_non_null(strstr(error.message, "line 2, column 10"));
        assert_int_equal(error.offset, 19);
        assert_null(json);
}

static void test_bad_texts_are_refused(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                coffer_status status;
        } bad[] = {
                {"", COFFER_MALFORMED},
                {" ", COFFER_MALFORMED},
                {"[1", COFFER_MALFORMED},
                {"[1] x", COFFER_MALFORMED},
                {"{\"a\": 1, \"a\": 2}", COFFER_MALFORMED},
                {"\"\xff\"", COFFER_MALFORMED},
                {"NaN", COFFER_MALFORMED},
                {"9223372036854775808", COFFER_LIMIT},
                {"1e999", COFFER_LIMIT},
        };
        for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
                json_t *json = NULL;
                coffer_status status = parse(bad[i].text, &json, NULL);
                if (status != bad[i].status || json)
                        fail_msg("\"%s\" gives %s", bad[i].text, coffer_status_name(status));
        }
        json_t *json = NULL;
        assert_status(coffer_json_parse((coffer_cursor){NULL, 0}, "nothing", &json, NULL), COFFER_MALFORMED);
}

static void test_deep_nesting_is_a_limit(void **state)
{
        (void)state;
        char text[100000];
        json_t *json = NULL;
        memset(text, '[', sizeof(text));
        assert_status(coffer_json_parse(coffer_cursor_of(text, sizeof(text)), "deep", &json, NULL), COFFER_LIMIT);
}

static void test_huge_input_is_a_limit(void **state)
{
        (void)state;
        json_t *json = NULL;
        coffer_cursor huge = coffer_cursor_of("1", ((size_t)256 << 20) + 1);
        assert_status(coffer_json_parse(huge, "huge", &json, NULL), COFFER_LIMIT);
}

static void test_nesting_read_can_be_written(void **state)
{
        (void)state;
        char text[2 * 2048 + 1];
        memset(text, '[', 2048);
        memset(text + 2048, ']', 2048);
        text[2 * 2048] = '\0';
        assert_comes_back(text);
}

static void test_structure_that_holds_itself_is_a_limit(void **state)
{
        (void)state;
        json_t *outer = json_array();
        json_t *inner = json_array();
        assert_int_equal(json_array_append(outer, inner), 0);
        assert_int_equal(json_array_append(inner, outer), 0);
        _cleanup_buf_ coffer_buf out = COFFER_BUF_INIT(SIZE_MAX);
        assert_ok(coffer_buf_append_text(&out, "before", NULL));
        assert_status(coffer_json_write(outer, &out, NULL), COFFER_LIMIT);
        assert_cursor(coffer_buf_cursor(&out), "before");
        json_array_clear(inner);
        json_decref(inner);
        json_decref(outer);
}

static void test_write_keeps_to_the_maximum(void **state)
{
        (void)state;
        _cleanup_json_ json_t *json = json_string("longer than that");
        _cleanup_buf_ coffer_buf out = COFFER_BUF_INIT(10);
        assert_status(coffer_json_write(json, &out, NULL), COFFER_LIMIT);
        assert_int_equal(out.size_bytes, 0);
        assert_status(coffer_json_write(NULL, &out, NULL), COFFER_INVALID);
}

static void test_text_that_is_not_utf8_is_invalid(void **state)
{
        (void)state;
        _cleanup_json_ json_t *json = json_string_nocheck("\xc3(");
        _cleanup_free_ char *text = NULL;
        assert_status(coffer_json_text(json, &text, NULL), COFFER_INVALID);
        assert_null(text);
}

static void test_set_takes_the_reference_also_on_failure(void **state)
{
        (void)state;
        _cleanup_json_ json_t *object = json_object();
        _cleanup_json_ json_t *array = json_array();
        coffer_error error = COFFER_ERROR_INIT;
        assert_status(coffer_json_set(object, "a", NULL, &error), COFFER_NO_MEMORY);
        assert_status(coffer_json_set(array, "a", json_integer(1), &error), COFFER_INVALID);
        assert_status(coffer_json_set(object, "\xff", json_integer(1), &error), COFFER_INVALID);
        assert_status(coffer_json_set(object, "self", json_incref(object), &error), COFFER_INVALID);
        assert_int_equal(json_object_size(object), 0);
}

static void test_string_is_null_when_it_is_none(void **state)
{
        (void)state;
        _cleanup_json_ json_t *json = NULL;
        assert_ok(parse("{\"text\": \"value\", \"number\": 1}", &json, NULL));
        assert_string_equal(coffer_json_string(json, "text"), "value");
        assert_null(coffer_json_string(json, "number"));
        assert_null(coffer_json_string(json, "absent"));
        assert_null(coffer_json_string(NULL, "text"));
}

static coffer_status parse_and_write(void *user, coffer_error *error)
{
        _cleanup_json_ json_t *json = NULL;
        _cleanup_free_ char *text = NULL;
        COFFER_TRY(parse(user, &json, error));
        COFFER_TRY(coffer_json_set(json, "added", json_string("text"), error));
        COFFER_TRY(coffer_json_text(json, &text, error));
        assert_string_equal(text, "{\"a\": [1.5, \"\\u00e9\"], \"added\": \"text\"}");
        return COFFER_OK;
}

static void test_long_texts_are_read_up_to_a_limit(void **state)
{
        (void)state;
        enum { LIMIT_BYTES = 16 << 20 };
        static const char *const ends[] = {"\"", "\\\"", "1"}; /* a string, one with an escape at its end, a number */
        char *text = coffer_alloc(LIMIT_BYTES + 16);
        assert_non_null(text);
        for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
                json_t *json = NULL;
                memset(text, '1', LIMIT_BYTES + 16);
                text[0] = i < 2 ? '"' : '1';
                memcpy(text + LIMIT_BYTES, ends[i], strlen(ends[i]));
                assert_status(coffer_json_parse(coffer_cursor_of(text, LIMIT_BYTES + 16), "long", &json, NULL),
                              COFFER_LIMIT);
        }
        memset(text, 'x', LIMIT_BYTES);
        text[0] = text[LIMIT_BYTES - 2] = '"';
        _cleanup_json_ json_t *json = NULL;
        assert_ok(coffer_json_parse(coffer_cursor_of(text, LIMIT_BYTES - 1), "long", &json, NULL));
        assert_int_equal(json_string_length(json), LIMIT_BYTES - 3);
        coffer_free(text);
}

static void test_every_allocation_may_fail(void **state)
{
        (void)state;
        char text[] = "{\"a\": [1.5, \"\xc3\xa9\"]}";
        test_alloc_fail_each(parse_and_write, text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_texts_of_python_come_back),
                leak_checked(test_any_value_may_be_the_root),
                leak_checked(test_order_is_that_of_insertion),
                leak_checked(test_error_names_source_and_place),
                leak_checked(test_bad_texts_are_refused),
                leak_checked(test_deep_nesting_is_a_limit),
                leak_checked(test_huge_input_is_a_limit),
                leak_checked(test_nesting_read_can_be_written),
                leak_checked(test_structure_that_holds_itself_is_a_limit),
                leak_checked(test_write_keeps_to_the_maximum),
                leak_checked(test_text_that_is_not_utf8_is_invalid),
                leak_checked(test_set_takes_the_reference_also_on_failure),
                leak_checked(test_string_is_null_when_it_is_none),
                leak_checked(test_long_texts_are_read_up_to_a_limit),
                leak_checked(test_every_allocation_may_fail),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
