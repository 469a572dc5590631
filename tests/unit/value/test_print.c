/* SPDX-License-Identifier: Apache-2.0 */
#include "value_fixture.h"

#include <math.h>
#include <stdlib.h>

#include "value/tensor.h"

static char *print_with(coffer_document *document, const coffer_value *value, const coffer_print_options *options)
{
        char *text = NULL;
        assert_ok(coffer_value_print(document, value, options, &text, NULL));
        return text;
}

static void check_with(coffer_document *document, const coffer_value *value, const coffer_print_options *options,
                       const char *expected)
{
        char *text = print_with(document, value, options);
        assert_string_equal(text, expected);
        coffer_free(text);
}

static void check(coffer_document *document, const coffer_value *value, const char *expected)
{
        check_with(document, value, NULL, expected);
}

static coffer_print_options options_of(uint32_t max_depth, uint32_t max_items, uint32_t width)
{
        coffer_print_options options = COFFER_PRINT_OPTIONS_INIT;
        options.max_depth = max_depth;
        options.max_items = max_items;
        options.width = width;
        return options;
}

static coffer_value *make_complex(coffer_document *document, double real, double imaginary)
{
        coffer_value *value = NULL;
        assert_ok(coffer_value_complex(document, real, imaginary, &value, NULL));
        return value;
}

static void test_scalars(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *value = NULL;
        check(document, make_none(document), "None");
        check(document, make_bool(document, true), "True");
        check(document, make_int(document, -5), "-5");
        check(document, make_big(document, "-123456789012345678901234567890"), "-123456789012345678901234567890");
        check(document, make_float(document, 1.0), "1.0");
        check(document, make_float(document, -INFINITY), "-inf");
        check(document, make_complex(document, 1, -2.5), "(1-2.5j)");
        check(document, make_complex(document, 0, 2), "2j");
        check(document, make_complex(document, -0.0, NAN), "(-0+nanj)");
        assert_ok(coffer_value_bytearray(document, coffer_cursor_text("ab"), false, &value, NULL));
        check(document, value, "bytearray(b'ab')");
        assert_ok(coffer_value_buffer(document, coffer_cursor_text("ab"), true, &value, NULL));
        check(document, value, "memoryview(b'ab')");
        assert_ok(coffer_value_extension(document, 70000, &value, NULL));
        check(document, value, "<extension 70000>");
        check(document, make_global(document, "os", "path.join"), "<global os.path.join>");
        assert_ok(coffer_value_persistent(document, make_int(document, 7), &value, NULL));
        check(document, value, "persistent_id(7)");
}

static void test_text_is_escaped(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        check(document, make_str(document, "it's"), "\"it's\"");
        check(document, make_str(document, "'\""), "'\\'\"'");
        check(document, make_str(document, "a\\b\n\r\t\x01\x1b[31m\x7f"), "'a\\\\b\\n\\r\\t\\x01\\x1b[31m\\x7f'");
        check(document, make_str(document, "caf\xc3\xa9 \xf0\x9f\x98\x80"), "'caf\xc3\xa9 \xf0\x9f\x98\x80'");
        check(document, make_str(document, "\xc2\x85\xe2\x80\xae\xed\xa0\x80\xef\xbb\xbf"),
              "'\\x85\\u202e\\ud800\\ufeff'");
        check(document, make_str(document, "\xf3\xa0\x80\x81"), "'\\U000e0001'");
        check(document, make_bytes(document, "a'\"\0\xff\n", 6), "b'a\\'\"\\x00\\xff\\n'");
        check(document, make_global(document, "m\x1b[31m", "x\ny"), "<global m\\x1b[31m.x\\ny>");
}

static void test_long_text_is_cut_between_characters(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = COFFER_PRINT_OPTIONS_INIT;
        options.max_text_bytes = 4;
        check_with(document,
                   make_str(document, "abc\xc3\xa9"
                                      "def"),
                   &options, "'abc'... 5 more bytes");
        check_with(document, make_bytes(document, "abcdef", 6), &options, "b'abcd'... 2 more bytes");
        check_with(document, make_str(document, "abcd"), &options, "'abcd'");
        coffer_value *head =
                coffer_node_text_head(document, COFFER_KIND_BYTES, coffer_cursor_text("ab"), UINT64_C(1) << 40);
        check_with(document, head, &options, "b'ab'... 1,099,511,627,774 more bytes");
        char digits[1001];
        memset(digits, '9', 1000);
        digits[1000] = '\0';
        check_with(document, make_big(document, digits), &options, "<int of 416 bytes>");
}

static void test_containers(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *one = make_int(document, 1), *two = make_int(document, 2);
        check(document, LIST(document, 2, one, two), "[1, 2]");
        check(document, TUPLE(document, 1, one), "(1,)");
        check(document, TUPLE(document, 2, one, two), "(1, 2)");
        check(document, make_items(document, COFFER_KIND_SET, 2, one, two), "{1, 2}");
        check(document, make_items(document, COFFER_KIND_FROZENSET, 1, one), "frozenset({1})");
        coffer_value *dict = make_container(document, COFFER_KIND_DICT);
        set_item(document, dict, make_str(document, "k"), LIST(document, 1, one));
        set_item(document, dict, TUPLE(document, 2, one, two), two);
        check(document, dict, "{'k': [1], (1, 2): 2}");
        check(document, make_container(document, COFFER_KIND_LIST), "[]");
        check(document, make_container(document, COFFER_KIND_TUPLE), "()");
        check(document, make_container(document, COFFER_KIND_DICT), "{}");
        check(document, make_container(document, COFFER_KIND_SET), "set()");
        check(document, make_container(document, COFFER_KIND_FROZENSET), "frozenset()");
}

static coffer_value *numbers(coffer_document *document, coffer_kind kind, int64_t count)
{
        coffer_value *container = make_container(document, kind);
        for (int64_t i = 0; i < count; i++)
                append(document, container, make_int(document, i));
        return container;
}

static void test_items_beyond_the_limit_are_counted(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = options_of(6, 2, 80);
        check_with(document, numbers(document, COFFER_KIND_LIST, 1000002), &options, "[0, 1, ... 1,000,000 more]");
        check_with(document, numbers(document, COFFER_KIND_TUPLE, 3), &options, "(0, 1, ... 1 more)");
        check_with(document, numbers(document, COFFER_KIND_SET, 3), &options, "{0, 1, ... 1 more}");
        coffer_value *dict = make_container(document, COFFER_KIND_DICT);
        for (int64_t i = 0; i < 5; i++)
                set_item(document, dict, make_int(document, i), make_none(document));
        check_with(document, dict, &options, "{0: None, 1: None, ... 3 more}");
        coffer_value *object = make_object(document, COFFER_CALL, make_global(document, "m", "f"),
                                           numbers(document, COFFER_KIND_TUPLE, 5));
        check_with(document, object, &options, "m.f(0, 1, ... 3 more)");
        options.max_items = 0;
        check_with(document, dict, &options, "{... 5 more}");
        check_with(document, numbers(document, COFFER_KIND_LIST, 3), &options, "[... 3 more]");
}

static void test_depth_beyond_the_limit_is_counted(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = options_of(2, 10, 80);
        coffer_value *inner = numbers(document, COFFER_KIND_LIST, 3);
        check_with(document, LIST(document, 1, LIST(document, 1, inner)), &options, "[[[... 3 more]]]");
        coffer_value *object = make_object(document, COFFER_NEW, make_global(document, "m", "C"),
                                           TUPLE(document, 1, make_int(document, 1)));
        check_with(document, LIST(document, 1, LIST(document, 1, object)), &options, "[[m.C(...)]]");
        options.max_depth = 0;
        check_with(document, inner, &options, "[... 3 more]");
        check_with(document, make_int(document, 3), &options, "3");
}

static void test_values_met_again_are_referred_to(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *shared = LIST(document, 1, make_int(document, 1));
        coffer_value *text = make_str(document, "t");
        check(document, LIST(document, 4, shared, shared, text, text), "[#1=[1], <ref #1>, 't', 't']");
        coffer_value *other = LIST(document, 1, shared);
        check(document, LIST(document, 3, other, shared, other), "[#1=[#2=[1]], <ref #2>, <ref #1>]");
        coffer_value *empty = make_container(document, COFFER_KIND_TUPLE);
        check(document, LIST(document, 2, empty, empty), "[(), ()]");
}

static void test_cycles(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *list = make_container(document, COFFER_KIND_LIST);
        append(document, list, list);
        check(document, list, "#1=[<ref #1>]");
        coffer_value *object = make_object(document, COFFER_NEW, make_global(document, "m", "Node"),
                                           make_container(document, COFFER_KIND_TUPLE));
        coffer_value *attributes = make_container(document, COFFER_KIND_DICT);
        set_item(document, attributes, make_str(document, "next"), object);
        assert_ok(coffer_value_object_set_state(document, object, attributes, NULL));
        check(document, object, "#1=m.Node(next=<ref #1>)");
}

static void test_objects_that_nobody_knows(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *one = make_int(document, 1), *class = make_global(document, "m", "C");
        coffer_value *object =
                make_object(document, COFFER_CALL, class, TUPLE(document, 2, one, make_str(document, "a")));
        coffer_value *state_pair = TUPLE(document, 2, make_none(document), one);
        assert_ok(coffer_value_object_append(document, object, one, NULL));
        assert_ok(coffer_value_object_set_item(document, object, make_str(document, "k"), one, NULL));
        assert_ok(coffer_value_object_set_state(document, object, state_pair, NULL));
        check(document, object, "m.C(1, 'a', state=(None, 1), items=[1], pairs={'k': 1})");

        coffer_value *extension = NULL;
        assert_ok(coffer_value_extension(document, 3, &extension, NULL));
        check(document, make_object(document, COFFER_CALL, extension, TUPLE(document, 1, one)),
              "object(callable=<extension 3>, 1)");
        check(document, make_object(document, COFFER_CALL, class, one), "m.C(args=1)");
        coffer_value *method = make_object(document, COFFER_CALL, make_global(document, "builtins", "getattr"),
                                           TUPLE(document, 2, class, make_str(document, "load")));
        check(document, make_object(document, COFFER_CALL, method, TUPLE(document, 1, one)), "m.C.load(1)");
        check(document, make_object(document, COFFER_NEW, class, make_container(document, COFFER_KIND_TUPLE)), "m.C()");
        coffer_value *odd = make_container(document, COFFER_KIND_DICT);
        set_item(document, odd, one, one);
        object = make_object(document, COFFER_NEW, class, make_container(document, COFFER_KIND_TUPLE));
        assert_ok(coffer_value_object_set_state(document, object, odd, NULL));
        check(document, object, "m.C(state={1: 1})");
}

static void test_known_classes_with_odd_contents_are_shown_as_made(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        static const struct {
                const char *module, *name, *expected;
        } cases[] = {{"datetime", "datetime", "datetime.datetime([1])"},
                     {"datetime", "timedelta", "datetime.timedelta([1])"},
                     {"uuid", "UUID", "uuid.UUID([1])"},
                     {"pathlib", "PosixPath", "pathlib.PosixPath([1])"},
                     {"collections", "OrderedDict", "collections.OrderedDict([1])"},
                     {"numpy", "dtype", "numpy.dtype([1])"},
                     {"numpy._core.multiarray", "scalar", "numpy._core.multiarray.scalar([1])"},
                     {"numpy._core.multiarray", "_reconstruct", "numpy._core.multiarray._reconstruct([1])"},
                     {"numpy._core.numeric", "_frombuffer", "numpy._core.numeric._frombuffer([1])"},
                     {"numpy.ma.core", "_mareconstruct", "numpy.ma.core._mareconstruct([1])"},
                     {"pandas", "DataFrame", "pandas.DataFrame([1])"},
                     {"pandas", "Series", "pandas.Series([1])"},
                     {"pandas.core.indexes.base", "_new_Index", "pandas.core.indexes.base._new_Index([1])"},
                     {"array", "_array_reconstructor", "array._array_reconstructor([1])"},
                     {"functools", "partial", "functools.partial([1])"}};
        coffer_value *args = TUPLE(document, 1, LIST(document, 1, make_int(document, 1)));
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
                check(document,
                      make_object(document, COFFER_CALL, make_global(document, cases[i].module, cases[i].name), args),
                      cases[i].expected);
}

static void test_dates_that_are_none(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *class = make_global(document, "datetime", "date");
        check(document,
              make_object(document, COFFER_CALL, class, TUPLE(document, 1, make_bytes(document, "\7\350\1\2", 4))),
              "datetime.date(2024, 1, 2)");
        check(document,
              make_object(document, COFFER_CALL, class, TUPLE(document, 1, make_bytes(document, "\7\350\15\2", 4))),
              "datetime.date(b'\\x07\\xe8\\r\\x02')");
        check(document,
              make_object(document, COFFER_CALL, class, TUPLE(document, 1, make_bytes(document, "\7\350\1", 3))),
              "datetime.date(b'\\x07\\xe8\\x01')");
}

static void test_arrays(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        static const int32_t data[] = {0, 1, 2, 3, 4, 5};
        coffer_tensor tensor = {.dtype = {.kind = 'i', .byte_order = '<', .item_size_bytes = 4},
                                .dims = 2,
                                .shape = {2, 3},
                                .data = (const uint8_t *)data,
                                .available_bytes = sizeof(data)};
        coffer_value *value = NULL;
        assert_true(coffer_tensor_set_strides(&tensor, false));
        assert_ok(coffer_value_tensor(document, &tensor, &value, NULL));
        check(document, value, "array([[0, 1, 2], [3, 4, 5]], shape=(2, 3), dtype='int32')");
        coffer_print_options options = options_of(1, 4, 0);
        check_with(document, value, &options, "array([[0, 1, 2], [3, ... 2 more]], shape=(2, 3), dtype='int32')");
        options.max_items = 2;
        check_with(document, value, &options, "array([[0, 1, ... 1 more], ... 1 more], shape=(2, 3), dtype='int32')");
        assert_true(coffer_tensor_set_strides(&tensor, true));
        assert_ok(coffer_value_tensor(document, &tensor, &value, NULL));
        check(document, value, "array([[0, 2, 4], [1, 3, 5]], shape=(2, 3), dtype='int32')");
        check(document, LIST(document, 2, value, value),
              "[#1=array([[0, 2, 4], [1, 3, 5]], shape=(2, 3), dtype='int32'), <ref #1>]");
}

static void test_array_of_which_the_head_alone_is_in_memory(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *head =
                coffer_node_text_head(document, COFFER_KIND_BYTES, coffer_cursor_of("\0\1\2\3\4", 5), 1000000);
        coffer_value *none = make_none(document), *minus = make_int(document, -1), *no = make_bool(document, false);
        coffer_value *dtype = make_object(document, COFFER_CALL, make_global(document, "numpy", "dtype"),
                                          TUPLE(document, 3, make_str(document, "u1"), no, make_bool(document, true)));
        assert_ok(coffer_value_object_set_state(document, dtype,
                                                TUPLE(document, 8, make_int(document, 3), make_str(document, "|"), none,
                                                      none, none, minus, minus, make_int(document, 0)),
                                                NULL));
        coffer_value *array =
                make_object(document, COFFER_CALL, make_global(document, "numpy.core.multiarray", "_reconstruct"),
                            TUPLE(document, 1, make_global(document, "numpy", "ndarray")));
        coffer_value *shape = TUPLE(document, 2, make_int(document, 1000), make_int(document, 1000));
        assert_ok(coffer_value_object_set_state(
                document, array, TUPLE(document, 5, make_int(document, 1), shape, dtype, no, head), NULL));
        coffer_print_options options = options_of(6, 50, 0);
        check_with(document, array, &options,
                   "array([[0, 1, 2, 3, 4, ... 995 more], ... 999 more], shape=(1000, 1000), dtype='uint8')");
        coffer_tensor tensor;
        assert_ok(coffer_value_as_tensor(document, array, &tensor, NULL));
        assert_int_equal(tensor.available_bytes, 5);
}

static void test_lines_are_filled(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = options_of(6, 50, 20);
        check_with(document, numbers(document, COFFER_KIND_LIST, 12), &options,
                   "[0, 1, 2, 3, 4, 5,\n 6, 7, 8, 9, 10, 11]");
        options.width = 0;
        check_with(document, numbers(document, COFFER_KIND_LIST, 12), &options,
                   "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]");
}

static void test_dicts_and_calls_break_into_columns(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = options_of(6, 50, 24);
        coffer_value *dict = make_container(document, COFFER_KIND_DICT);
        set_item(document, dict, make_str(document, "first"), numbers(document, COFFER_KIND_LIST, 8));
        set_item(document, dict, make_str(document, "second"), make_none(document));
        check_with(document, dict, &options,
                   "{\n    'first': [0, 1, 2,\n        3, 4, 5, 6, 7],\n    'second': None\n}");
        options.width = 80;
        check_with(document, dict, &options, "{'first': [0, 1, 2, 3, 4, 5, 6, 7], 'second': None}");
}

static coffer_value *nested(coffer_document *document, size_t depth, size_t width)
{
        coffer_value *value = make_container(document, COFFER_KIND_LIST);
        for (size_t i = 0; i < depth; i++) {
                coffer_value *outer = make_container(document, COFFER_KIND_LIST);
                for (size_t j = 0; j < width; j++)
                        append(document, outer, value);
                value = outer;
        }
        return value;
}

static void test_output_is_cut_off(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = options_of(6, UINT32_MAX, 0);
        options.max_output_bytes = 20;
        check_with(document, numbers(document, COFFER_KIND_LIST, 100000), &options,
                   "[0, 1, 2, 3, 4, 5, 6\n... cut off after 20 bytes");
        options.max_text_bytes = UINT32_MAX;
        check_with(document, make_str(document, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), &options,
                   "'xxxxxxxxxxxxxxxxxxx\n... cut off after 20 bytes");
}

static void test_deep_values_do_not_recurse(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = options_of(UINT32_MAX, 50, 80);
        options.max_output_bytes = 1 << 24;
        char *text = print_with(document, nested(document, 100000, 1), &options);
        assert_true(strlen(text) > 200000);
        coffer_free(text);
}

static void test_shared_parts_do_not_multiply(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = options_of(UINT32_MAX, 50, 0);
        char *text = print_with(document, nested(document, 1000, 2), &options);
        assert_in_range(strlen(text), 1000, 40000);
        coffer_free(text);
}

static void test_options_of_another_version(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_print_options options = COFFER_PRINT_OPTIONS_INIT;
        options.version = 2;
        char *text = NULL;
        assert_status(coffer_value_print(document, make_none(document), &options, &text, NULL), COFFER_INVALID);
        assert_null(text);
}

static coffer_status print_sample(void *user, coffer_error *error)
{
        const coffer_document *document = user;
        char *text = NULL;
        coffer_print_options options = options_of(6, 50, 30);
        coffer_status status = coffer_value_print(user, coffer_document_root(document), &options, &text, error);
        coffer_free(text);
        return status;
}

static void test_printing_without_memory(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *shared = numbers(document, COFFER_KIND_LIST, 30);
        coffer_value *dict = make_container(document, COFFER_KIND_DICT);
        set_item(document, dict, make_str(document, "k"), LIST(document, 2, shared, shared));
        set_item(document, dict, make_str(document, "i"), make_big(document, "123456789012345678901234567890"));
        coffer_document_set_root(document, make_object(document, COFFER_CALL, make_global(document, "m", "f"),
                                                       TUPLE(document, 1, dict)));
        test_alloc_fail_each(print_sample, document);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_scalars),
                leak_checked(test_text_is_escaped),
                leak_checked(test_long_text_is_cut_between_characters),
                leak_checked(test_containers),
                leak_checked(test_items_beyond_the_limit_are_counted),
                leak_checked(test_depth_beyond_the_limit_is_counted),
                leak_checked(test_values_met_again_are_referred_to),
                leak_checked(test_cycles),
                leak_checked(test_objects_that_nobody_knows),
                leak_checked(test_known_classes_with_odd_contents_are_shown_as_made),
                leak_checked(test_dates_that_are_none),
                leak_checked(test_arrays),
                leak_checked(test_array_of_which_the_head_alone_is_in_memory),
                leak_checked(test_lines_are_filled),
                leak_checked(test_dicts_and_calls_break_into_columns),
                leak_checked(test_output_is_cut_off),
                leak_checked(test_deep_values_do_not_recurse),
                leak_checked(test_shared_parts_do_not_multiply),
                leak_checked(test_options_of_another_version),
                leak_checked(test_printing_without_memory),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
