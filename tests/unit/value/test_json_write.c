/* SPDX-License-Identifier: Apache-2.0 */
#include "value_fixture.h"

#include <math.h>

static char *json_of(coffer_document *document, const coffer_value *value, bool tagged,
                     const coffer_print_options *options)
{
        char *text = NULL;
        assert_ok(coffer_value_to_json(document, value, tagged, options, &text, NULL));
        return text;
}

static void check(coffer_document *document, const coffer_value *value, bool tagged,
                  const coffer_print_options *options, const char *expected)
{
        char *text = json_of(document, value, tagged, options);
        assert_string_equal(text, expected);
        coffer_free(text);
}

static void check_tagged(coffer_document *document, const coffer_value *value, const char *expected)
{
        check(document, value, true, NULL, expected);
}

static void check_both(coffer_document *document, const coffer_value *value, const char *expected)
{
        check(document, value, true, NULL, expected);
        check(document, value, false, NULL, expected);
}

/* Tagged as expected, and refused as plain JSON. */
static void check_only_tagged(coffer_document *document, const coffer_value *value, const char *expected)
{
        char *text = NULL;
        check_tagged(document, value, expected);
        assert_status(coffer_value_to_json(document, value, false, NULL, &text, NULL), COFFER_UNSUPPORTED);
        assert_null(text);
}

static void test_what_json_has(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        check_both(document, make_none(document), "null");
        check_both(document, make_bool(document, false), "false");
        check_both(document, make_int(document, -7), "-7");
        check_both(document, make_big(document, "123456789012345678901234567890"), "123456789012345678901234567890");
        check_both(document, make_float(document, 1.0), "1.0");
        check_both(document, make_float(document, -0.0), "-0.0");
        check_both(document, make_float(document, 1e300), "1e+300");
        check_both(document, make_str(document, "a\"\\\n\xc3\xa9\xf0\x9f\x98\x80\xed\xa0\x80"),
                   "\"a\\\"\\\\\\n\\u00e9\\ud83d\\ude00\\ud800\"");
        check_both(document, make_container(document, COFFER_KIND_LIST), "[]");
        check_both(document, make_container(document, COFFER_KIND_DICT), "{}");
        coffer_value *dict = make_container(document, COFFER_KIND_DICT);
        set_item(document, dict, make_str(document, "b"),
                 LIST(document, 2, make_int(document, 1), make_none(document)));
        set_item(document, dict, make_str(document, "a"), make_container(document, COFFER_KIND_DICT));
        check_both(document, dict, "{\"b\": [1, null], \"a\": {}}");
}

static void test_kinds_that_json_lacks(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *one = make_int(document, 1), *value = NULL;
        check_only_tagged(document, make_float(document, NAN), "{\"$float\": \"nan\"}");
        check_only_tagged(document, make_float(document, -INFINITY), "{\"$float\": \"-inf\"}");
        check_only_tagged(document, make_bytes(document, "\0\1\2", 3), "{\"$bytes\": \"AAEC\"}");
        check_only_tagged(document, make_bytes(document, "", 0), "{\"$bytes\": \"\"}");
        check_only_tagged(document, make_bytes(document, "0123456789012345678901234567890123456789012345678901", 52),
                          "{\"$bytes\": \"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMQ==\"}");
        assert_ok(coffer_value_bytearray(document, coffer_cursor_text("a"), false, &value, NULL));
        check_only_tagged(document, value, "{\"$bytearray\": \"YQ==\"}");
        assert_ok(coffer_value_buffer(document, coffer_cursor_text("a"), true, &value, NULL));
        check_only_tagged(document, value, "{\"$buffer\": \"YQ==\", \"read_only\": true}");
        assert_ok(coffer_value_complex(document, 1, INFINITY, &value, NULL));
        check_only_tagged(document, value, "{\"$complex\": [1.0, {\"$float\": \"inf\"}]}");
        check_only_tagged(document, make_items(document, COFFER_KIND_SET, 1, one), "{\"$set\": [1]}");
        check_only_tagged(document, make_container(document, COFFER_KIND_SET), "{\"$set\": []}");
        check_only_tagged(document, make_items(document, COFFER_KIND_FROZENSET, 1, one), "{\"$frozenset\": [1]}");
        check_only_tagged(document, make_global(document, "m", "C.f"), "{\"$global\": [\"m\", \"C.f\"]}");
        assert_ok(coffer_value_extension(document, 5, &value, NULL));
        check_only_tagged(document, value, "{\"$extension\": 5}");
        assert_ok(coffer_value_persistent(document, make_str(document, "id"), &value, NULL));
        check_only_tagged(document, value, "{\"$type\": \"$persistent\", \"id\": \"id\"}");
        check_only_tagged(document, LIST(document, 1, make_items(document, COFFER_KIND_SET, 1, one)),
                          "[{\"$set\": [1]}]");
}

static void test_tuples_are_arrays_in_plain_json(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *tuple = TUPLE(document, 2, make_int(document, 1), make_container(document, COFFER_KIND_TUPLE));
        check(document, tuple, false, NULL, "[1, []]");
        check_tagged(document, tuple, "{\"$tuple\": [1, {\"$tuple\": []}]}");
}

static void test_dicts_with_keys_that_are_no_member_names(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *one = make_int(document, 1), *dict = make_container(document, COFFER_KIND_DICT);
        set_item(document, dict, make_str(document, "a"), one);
        set_item(document, dict, one, LIST(document, 1, one));
        set_item(document, dict, TUPLE(document, 1, one), make_container(document, COFFER_KIND_DICT));
        check_only_tagged(document, dict, "{\"$dict\": [[\"a\", 1], [1, [1]], [{\"$tuple\": [1]}, {}]]}");
        dict = make_container(document, COFFER_KIND_DICT);
        set_item(document, dict, make_str(document, "$set"), one);
        check_tagged(document, dict, "{\"$dict\": [[\"$set\", 1]]}");
        check(document, dict, false, NULL, "{\"$set\": 1}");
        coffer_value *outer = make_container(document, COFFER_KIND_DICT);
        set_item(document, outer, one, dict);
        set_item(document, outer, make_int(document, 2), dict);
        check_tagged(document, outer,
                     "{\"$dict\": [[1, {\"$id\": 1, \"$dict\": [[\"$set\", 1]]}], [2, {\"$ref\": 1}]]}");
}

static void test_references(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *list = LIST(document, 1, make_int(document, 1));
        coffer_value *twice = LIST(document, 2, list, list);
        check_tagged(document, twice, "[{\"$id\": 1, \"$list\": [1]}, {\"$ref\": 1}]");
        check(document, twice, false, NULL, "[[1], [1]]");
        coffer_value *dict = make_container(document, COFFER_KIND_DICT);
        set_item(document, dict, make_str(document, "self"), dict);
        check_only_tagged(document, dict, "{\"$id\": 1, \"$dict\": [[\"self\", {\"$ref\": 1}]]}");
        coffer_value *object = make_object(document, COFFER_NEW, make_global(document, "m", "C"),
                                           make_container(document, COFFER_KIND_TUPLE));
        assert_ok(coffer_value_object_append(document, object, object, NULL));
        check_only_tagged(document, object,
                          "{\"$type\": \"m.C\", \"$id\": 1, \"made_by\": \"new\", \"items\": [{\"$ref\": 1}]}");
}

static void test_long_ints_are_hexadecimal(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        static uint8_t digits[2001] = {[1999] = 0x80, [2000] = 0x00};
        coffer_value *value = NULL;
        assert_ok(coffer_value_int_bytes(document, coffer_cursor_of(digits, sizeof(digits)), &value, NULL));
        char *text = json_of(document, value, true, NULL);
        assert_int_equal(strlen(text), strlen("{\"$int\": \"\"}") + 4002);
        assert_memory_equal(text, "{\"$int\": \"008000", 16);
        coffer_free(text);
        text = json_of(document, value, false, NULL);
        assert_int_equal(strspn(text, "0123456789"), strlen(text));
        coffer_free(text);
}

static void test_what_is_left_out_is_said(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = COFFER_PRINT_OPTIONS_INIT;
        options.max_items = 1;
        options.max_text_bytes = 3;
        options.max_depth = 2;
        coffer_value *one = make_int(document, 1), *list = LIST(document, 3, one, one, one);
        check(document, list, true, &options, "[1, {\"$more\": 2}]");
        coffer_value *dict = make_container(document, COFFER_KIND_DICT);
        set_item(document, dict, make_str(document, "a"), one);
        set_item(document, dict, make_str(document, "b"), one);
        check(document, dict, true, &options, "{\"a\": 1, \"$more\": 1}");
        set_item(document, dict, one, one);
        check(document, dict, true, &options, "{\"$dict\": [[\"a\", 1], {\"$more\": 2}]}");
        check(document, make_str(document, "ab\xc3\xa9z"), true, &options, "{\"$str\": \"ab\", \"omitted_bytes\": 3}");
        check(document, make_bytes(document, "abcd", 4), true, &options,
              "{\"$bytes\": \"YWJj\", \"omitted_bytes\": 1}");
        check(document, LIST(document, 1, LIST(document, 1, list)), true, &options,
              "[[{\"$omitted\": \"builtins.list\", \"count\": 3}]]");
        coffer_value *object =
                make_object(document, COFFER_CALL, make_global(document, "m", "C.D"), TUPLE(document, 1, one));
        check(document, LIST(document, 1, LIST(document, 1, object)), true, &options,
              "[[{\"$omitted\": \"m.C.D\", \"$module\": \"m\"}]]");
        options.max_items = 0;
        check(document, dict, true, &options, "{\"$dict\": [{\"$more\": 3}]}");
        check(document, list, true, &options, "[{\"$more\": 3}]");
}

static void test_long_keys_are_cut_too(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = COFFER_PRINT_OPTIONS_INIT;
        options.max_text_bytes = 3;
        coffer_value *dict = make_container(document, COFFER_KIND_DICT);
        set_item(document, dict, make_str(document, "abcd"), make_int(document, 1));
        check(document, dict, true, &options, "{\"$dict\": [[{\"$str\": \"abc\", \"omitted_bytes\": 1}, 1]]}");
}

static void test_tagged_output_stays_json_below_its_limit(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = COFFER_PRINT_OPTIONS_INIT;
        options.max_items = 1000;
        options.max_output_bytes = 200;
        coffer_value *list = make_container(document, COFFER_KIND_LIST);
        for (int i = 0; i < 1000; i++)
                append(document, list, LIST(document, 2, make_int(document, i), make_str(document, "text")));
        char *text = json_of(document, list, true, &options);
        assert_in_range(strlen(text), 50, 200);
        coffer_document *again _cleanup_document_ = NULL;
        assert_ok(coffer_document_from_json(coffer_cursor_text(text), &again, NULL));
        coffer_free(text);
        options.max_output_bytes = 5;
        text = NULL;
        assert_status(coffer_value_to_json(document, list, true, &options, &text, NULL), COFFER_LIMIT);
        assert_null(text);
}

static void test_plain_output_is_whole_or_an_error(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = COFFER_PRINT_OPTIONS_INIT;
        coffer_value *list = make_container(document, COFFER_KIND_LIST);
        for (int i = 0; i < 100; i++)
                append(document, list, make_int(document, 5));
        options.max_items = 1;
        options.max_output_bytes = 300;
        char *text = json_of(document, list, false, &options);
        assert_int_equal(strlen(text), 300);
        coffer_free(text);
        text = NULL;
        options.max_output_bytes = 299;
        assert_status(coffer_value_to_json(document, list, false, &options, &text, NULL), COFFER_LIMIT);
        assert_null(text);
}

static void test_refusal_names_the_type(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *object = make_object(document, COFFER_CALL, make_global(document, "decimal", "Decimal"),
                                           TUPLE(document, 1, make_str(document, "1.5")));
        coffer_error error = COFFER_ERROR_INIT;
        char *text = NULL;
        assert_status(coffer_value_to_json(document, LIST(document, 1, object), false, NULL, &text, &error),
                      COFFER_UNSUPPORTED);
        assert_non_null(strstr(error.message, "decimal.Decimal"));
}

static void test_names_that_are_no_text(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        check_tagged(document, make_global(document, "m\xff", "a\nb"), "{\"$global\": [\"m\\\\xff\", \"a\\nb\"]}");
}

static coffer_value *nested(coffer_document *document, size_t depth)
{
        coffer_value *value = make_container(document, COFFER_KIND_LIST);
        for (size_t i = 0; i < depth; i++)
                value = LIST(document, 1, value);
        return value;
}

static void test_deep_values_do_not_recurse(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = COFFER_PRINT_OPTIONS_INIT;
        options.max_depth = UINT32_MAX;
        coffer_value *value = nested(document, 100000);
        char *text = json_of(document, value, false, NULL);
        assert_int_equal(strlen(text), 200002);
        coffer_free(text);
        text = json_of(document, value, true, &options);
        assert_int_equal(strlen(text), 200002);
        coffer_free(text);
}

static void test_plain_json_comes_back_equal(void **state)
{
        (void)state;
        static const char *const texts[] = {"{\"a\": [1, 2.5, null, true, \"x\\u00e9\"], \"b\": {}}", "-0.0", "1e-07",
                                            "[123456789012345678901234567890, [], {\"$ref\": 1}]"};
        for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
                coffer_document *document _cleanup_document_ = NULL;
                assert_ok(coffer_document_from_json(coffer_cursor_text(texts[i]), &document, NULL));
                check(document, coffer_document_root(document), false, NULL, texts[i]);
        }
}

typedef struct sample {
        coffer_document *document;
        bool tagged;
} sample;

static coffer_status write_sample(void *user, coffer_error *error)
{
        const sample *s = user;
        char *text = NULL;
        coffer_status status =
                coffer_value_to_json(s->document, coffer_document_root(s->document), s->tagged, NULL, &text, error);
        coffer_free(text);
        return status;
}

static void test_writing_without_memory(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *shared = LIST(document, 2, make_int(document, 1), make_str(document, "text"));
        coffer_value *dict = make_container(document, COFFER_KIND_DICT);
        set_item(document, dict, make_str(document, "k"), LIST(document, 2, shared, shared));
        set_item(document, dict, make_str(document, "i"), make_big(document, "123456789012345678901234567890"));
        coffer_document_set_root(document, dict);
        sample tagged = {document, true}, plain = {document, false};
        test_alloc_fail_each(write_sample, &tagged);
        test_alloc_fail_each(write_sample, &plain);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_what_json_has),
                leak_checked(test_kinds_that_json_lacks),
                leak_checked(test_tuples_are_arrays_in_plain_json),
                leak_checked(test_dicts_with_keys_that_are_no_member_names),
                leak_checked(test_references),
                leak_checked(test_long_ints_are_hexadecimal),
                leak_checked(test_what_is_left_out_is_said),
                leak_checked(test_long_keys_are_cut_too),
                leak_checked(test_tagged_output_stays_json_below_its_limit),
                leak_checked(test_plain_output_is_whole_or_an_error),
                leak_checked(test_refusal_names_the_type),
                leak_checked(test_names_that_are_no_text),
                leak_checked(test_deep_values_do_not_recurse),
                leak_checked(test_plain_json_comes_back_equal),
                leak_checked(test_writing_without_memory),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
