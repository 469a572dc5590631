/* SPDX-License-Identifier: Apache-2.0 */
#include "value_fixture.h"

static void test_scalars_read_back(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        assert_int_equal(coffer_value_kind(make_none(document)), COFFER_KIND_NONE);
        assert_true(coffer_value_get_bool(make_bool(document, true)));
        assert_false(coffer_value_get_bool(make_bool(document, false)));
        assert_true(coffer_value_get_float(make_float(document, 2.5)) == 2.5);
        coffer_value *complex = NULL;
        assert_int_equal(coffer_value_complex(document, 1.0, -2.0, &complex, NULL), COFFER_OK);
        assert_true(coffer_value_get_float(complex) == 1.0 && coffer_value_get_imaginary(complex) == -2.0);
}

static void test_ints_read_back_around_every_edge(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        static const int64_t numbers[] = {0,   1,    -1,   -127, -128, -129,      1022,     1023,
                                          255, 1024, 1025, 4096, -300, INT64_MAX, INT64_MIN};
        for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
                assert_true(int_of(make_int(document, numbers[i])) == numbers[i]);
}

static void test_int_digits_are_shortest(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        static const struct {
                const char *text;
                size_t size_bytes;
                const char *digits;
        } cases[] = {{"0", 0, ""},
                     {"127", 1, "\x7f"},
                     {"128", 2, "\x80\x00"},
                     {"-128", 1, "\x80"},
                     {"-129", 2, "\x7f\xff"},
                     {"255", 2, "\xff\x00"},
                     {"-1", 1, "\xff"},
                     {"9223372036854775807", 8, "\xff\xff\xff\xff\xff\xff\xff\x7f"},
                     {"9223372036854775808", 9, "\0\0\0\0\0\0\0\x80\0"},
                     {"-9223372036854775809", 9, "\xff\xff\xff\xff\xff\xff\xff\x7f\xff"},
                     {"-18446744073709551616", 9, "\0\0\0\0\0\0\0\0\xff"}};
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                uint8_t scratch[8];
                coffer_cursor digits = coffer_value_int_digits(make_big(document, cases[i].text), scratch);
                assert_int_equal(digits.size_bytes, cases[i].size_bytes);
                assert_memory_equal(digits.data, cases[i].digits, digits.size_bytes);
                coffer_value *again = NULL;
                assert_int_equal(coffer_value_int_bytes(document, digits, &again, NULL), COFFER_OK);
                char *text = NULL;
                assert_int_equal(coffer_value_int_format(again, 0, &text, NULL), COFFER_OK);
                assert_string_equal(text, cases[i].text);
                coffer_free(text);
        }
}

static void test_redundant_sign_bytes_are_dropped(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *value = NULL;
        assert_int_equal(
                coffer_value_int_bytes(document, coffer_cursor_of("\x05\0\0\0\0\0\0\0\0\0\0\0", 12), &value, NULL),
                COFFER_OK);
        assert_int_equal(int_of(value), 5);
        assert_int_equal(coffer_value_int_bytes(document,
                                                coffer_cursor_of("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10),
                                                &value, NULL),
                         COFFER_OK);
        assert_int_equal(int_of(value), -2);
}

static void test_int_text_must_be_decimal(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        static const char *const wrong[] = {"", "-", "+", "1_0", " 1", "1 ", "0x10", "1.0", "--1", "1e5"};
        for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
                coffer_value *value = NULL;
                assert_int_equal(coffer_value_int_text(document, coffer_cursor_text(wrong[i]), &value, NULL),
                                 COFFER_MALFORMED);
                assert_null(value);
        }
        assert_int_equal(int_of(make_big(document, "+007")), 7);
        assert_int_equal(int_of(make_big(document, "-0")), 0);
}

static void test_int_format_has_a_limit(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        char digits[1001];
        memset(digits, '7', 1000);
        digits[1000] = 0;
        coffer_value *value = make_big(document, digits);
        char *text = NULL;
        assert_int_equal(coffer_value_int_format(value, 999, &text, NULL), COFFER_LIMIT);
        assert_null(text);
        assert_int_equal(coffer_value_int_format(value, 1000, &text, NULL), COFFER_OK);
        assert_string_equal(text, digits);
        coffer_free(text);
}

static void test_text_is_checked_and_copied(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        char text[] = "caf\xc3\xa9";
        coffer_value *copied = make_str(document, text), *borrowed = NULL;
        assert_int_equal(coffer_value_str(document, coffer_cursor_text(text), true, &borrowed, NULL), COFFER_OK);
        text[0] = 'k';
        assert_true(coffer_cursor_is(coffer_value_data(copied), "caf\xc3\xa9"));
        assert_true(coffer_cursor_is(coffer_value_data(borrowed), "kaf\xc3\xa9"));
        assert_int_equal(coffer_value_full_size(copied), 5);
        coffer_value *wrong = NULL;
        assert_int_equal(coffer_value_str(document, coffer_cursor_text("\xff"), false, &wrong, NULL), COFFER_MALFORMED);
        assert_int_equal(coffer_value_str(document, coffer_cursor_text("\xed\xa0\x80"), false, &wrong, NULL),
                         COFFER_OK);
}

static void test_empty_text_in_a_fresh_document(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        assert_int_equal(coffer_value_data(make_str(document, "")).size_bytes, 0);
        coffer_document *other _cleanup_document_ = make_document();
        assert_int_equal(coffer_value_data(make_bytes(other, NULL, 0)).size_bytes, 0);
}

static void test_head_of_text_tells_its_full_size(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *head =
                coffer_node_text_head(document, COFFER_KIND_BYTES, coffer_cursor_text("abc"), UINT64_C(1) << 40);
        assert_non_null(head);
        assert_true(coffer_cursor_is(coffer_value_data(head), "abc"));
        assert_true(coffer_value_full_size(head) == UINT64_C(1) << 40);
}

static void test_list_grows(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *list = make_container(document, COFFER_KIND_LIST);
        const coffer_value *batch[1000];
        for (int64_t i = 0; i < 100000; i++) {
                batch[i % 1000] = make_int(document, i);
                if (i % 1000 == 999)
                        assert_int_equal(coffer_node_extend(document, list, batch, 1000, NULL), COFFER_OK);
        }
        append(document, list, make_int(document, 100000));
        assert_int_equal(coffer_value_count(list), 100001);
        for (int64_t i = 0; i <= 100000; i += 997)
                assert_true(int_of(coffer_value_item(list, (size_t)i)) == i);
        assert_null(coffer_value_item(list, 100001));
}

static void test_containers_refuse_what_they_are_not(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *out = NULL;
        assert_int_equal(coffer_value_container(document, COFFER_KIND_STR, &out, NULL), COFFER_INVALID);
        coffer_value *one = make_int(document, 1);
        assert_int_equal(coffer_value_append(document, one, one, NULL), COFFER_INVALID);
        assert_int_equal(coffer_value_append(document, make_container(document, COFFER_KIND_DICT), one, NULL),
                         COFFER_INVALID);
        assert_int_equal(coffer_value_set_item(document, make_container(document, COFFER_KIND_LIST), one, one, NULL),
                         COFFER_INVALID);
}

static void test_object_has_its_parts(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *callable = make_global(document, "app.models", "Outer.Inner");
        coffer_value *args = TUPLE(document, 1, make_int(document, 1));
        coffer_value *object = make_object(document, COFFER_NEW, callable, args);
        coffer_value *held = make_int(document, 7000);
        assert_int_equal(coffer_value_object_append(document, object, held, NULL), COFFER_OK);
        assert_int_equal(coffer_value_object_set_item(document, object, make_str(document, "k"), held, NULL),
                         COFFER_OK);
        assert_int_equal(coffer_value_object_set_state(document, object, held, NULL), COFFER_OK);
        assert_int_equal(coffer_value_object_set_state(document, object, held, NULL), COFFER_STATE);

        assert_true(coffer_value_is_global(coffer_value_callable(object), "app.models", "Outer.Inner"));
        assert_int_equal(coffer_value_construction(object), COFFER_NEW);
        assert_ptr_equal(coffer_value_args(object), args);
        assert_null(coffer_value_kwargs(object));
        assert_ptr_equal(coffer_value_state(object), held);
        assert_int_equal(coffer_value_count(object), 1);
        assert_ptr_equal(coffer_value_item(object, 0), held);
        assert_ptr_equal(coffer_value_lookup(coffer_value_object_pairs(object), "k"), held);
}

static void test_accessors_of_other_kinds_say_nothing(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *none = make_none(document);
        int64_t number;
        assert_false(coffer_value_get_int(make_float(document, 1.0), &number));
        assert_null(coffer_value_callable(none));
        assert_null(coffer_value_persistent_id(none));
        assert_null(coffer_value_item(none, 0));
        assert_null(coffer_value_key(none, 0));
        assert_null(coffer_value_lookup(none, "k"));
        assert_int_equal(coffer_value_count(none), 0);
        assert_int_equal(coffer_value_data(none).size_bytes, 0);
        assert_int_equal(coffer_value_module(none).size_bytes, 0);
        assert_false(coffer_value_is_global(none, "", ""));
}

static void test_memory_limit(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_document_set_limit(document, 100000);
        coffer_value *list = make_container(document, COFFER_KIND_LIST);
        coffer_status status = COFFER_OK;
        size_t made = 0;
        coffer_error error = COFFER_ERROR_INIT;
        for (; status == COFFER_OK && made < 100000; made++) {
                coffer_value *item = NULL;
                status = coffer_value_int(document, 1000000, &item, &error);
                if (status == COFFER_OK)
                        status = coffer_value_append(document, list, item, &error);
        }
        assert_int_equal(status, COFFER_LIMIT);
        assert_int_equal(error.status, COFFER_LIMIT);
        assert_true(made > 1000);
        assert_true(coffer_document_used_bytes(document) <= 100000);
}

static void test_document_keeps_bytes_and_root(void **state)
{
        (void)state;
        coffer_bytes *bytes = NULL;
        assert_int_equal(coffer_bytes_new(&bytes, NULL), COFFER_OK);
        assert_int_equal(coffer_bytes_append_copy(bytes, coffer_cursor_text("hello"), NULL), COFFER_OK);
        coffer_document *document = make_document();
        for (int i = 0; i < 9; i++)
                assert_int_equal(coffer_document_keep(document, bytes, NULL), COFFER_OK);
        coffer_value *text = NULL;
        assert_int_equal(coffer_value_str(document, coffer_bytes_segment(bytes, 0), true, &text, NULL), COFFER_OK);
        coffer_bytes_unref(bytes);
        assert_null(coffer_document_root(document));
        coffer_document_set_root(document, text);
        coffer_document *second = coffer_document_ref(document);
        coffer_document_unref(document);
        assert_true(coffer_cursor_is(coffer_value_data(coffer_document_root(second)), "hello"));
        coffer_document_unref(second);
        coffer_document_unref(NULL);
        assert_null(coffer_document_ref(NULL));
}

static void test_tensor_is_copied_deeply(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        static const uint8_t data[24];
        char name[] = "x";
        coffer_dtype item = {.kind = 'f', .byte_order = '<', .item_size_bytes = 4};
        coffer_dtype_field field = {.name = name, .dtype = &item};
        coffer_tensor tensor = {
                .dtype = {.kind = 'V', .byte_order = '|', .item_size_bytes = 4, .fields = &field, .field_count = 1},
                .dims = 2,
                .shape = {2, 3},
                .strides_bytes = {12, 4},
                .data = data,
                .available_bytes = 24};
        coffer_value *value = NULL;
        assert_int_equal(coffer_value_tensor(document, &tensor, &value, NULL), COFFER_OK);
        name[0] = 'y';
        item.kind = 'i';
        assert_int_equal(coffer_value_kind(value), COFFER_KIND_TENSOR);
        assert_string_equal(value->tensor->dtype.fields[0].name, "x");
        assert_int_equal(value->tensor->dtype.fields[0].dtype->kind, 'f');
        assert_ptr_equal(value->tensor->data, data);

        tensor.available_bytes = 23;
        assert_int_equal(coffer_value_tensor(document, &tensor, &value, NULL), COFFER_INVALID);
        tensor.shape[0] = UINT64_MAX;
        assert_int_equal(coffer_value_tensor(document, &tensor, &value, NULL), COFFER_INVALID);
}

static void test_tensor_geometry(void **state)
{
        (void)state;
        coffer_tensor tensor = {
                .dtype = {.kind = 'f', .item_size_bytes = 8}, .dims = 2, .shape = {2, 3}, .strides_bytes = {24, 8}};
        uint64_t count;
        assert_true(coffer_tensor_count(&tensor, &count));
        assert_int_equal(count, 6);
        assert_true(coffer_tensor_is_c_contiguous(&tensor));
        assert_false(coffer_tensor_is_f_contiguous(&tensor));
        tensor.strides_bytes[0] = 8;
        tensor.strides_bytes[1] = 16;
        assert_true(coffer_tensor_is_f_contiguous(&tensor));
        tensor.shape[0] = 0;
        tensor.shape[1] = UINT64_MAX;
        assert_true(coffer_tensor_count(&tensor, &count));
        assert_int_equal(count, 0);
        tensor.shape[0] = 2;
        assert_false(coffer_tensor_count(&tensor, &count));
        tensor.dims = 0;
        assert_true(coffer_tensor_count(&tensor, &count));
        assert_int_equal(count, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_scalars_read_back),
                leak_checked(test_ints_read_back_around_every_edge),
                leak_checked(test_int_digits_are_shortest),
                leak_checked(test_redundant_sign_bytes_are_dropped),
                leak_checked(test_int_text_must_be_decimal),
                leak_checked(test_int_format_has_a_limit),
                leak_checked(test_text_is_checked_and_copied),
                leak_checked(test_empty_text_in_a_fresh_document),
                leak_checked(test_head_of_text_tells_its_full_size),
                leak_checked(test_list_grows),
                leak_checked(test_containers_refuse_what_they_are_not),
                leak_checked(test_object_has_its_parts),
                leak_checked(test_accessors_of_other_kinds_say_nothing),
                leak_checked(test_memory_limit),
                leak_checked(test_document_keeps_bytes_and_root),
                leak_checked(test_tensor_is_copied_deeply),
                leak_checked(test_tensor_geometry),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
