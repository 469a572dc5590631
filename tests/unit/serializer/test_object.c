/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of any host, and documents as objects. */
#include "fakes.h"

#include <coffer/object.h>

static coffer_object document_of(const char *json)
{
        coffer_document *document = NULL;
        assert_ok(coffer_document_from_json(coffer_cursor_text(json), &document, NULL));
        coffer_object object = coffer_object_from_document(document);
        coffer_document_unref(document);
        return object;
}

static void assert_type_text(const coffer_object *object, const char *expected)
{
        char *text = NULL;
        assert_ok(coffer_object_type_text(object, &text, NULL));
        assert_string_equal(text, expected);
        coffer_free(text);
}

static void an_object_is_of_its_type_and_its_ancestors(void **state)
{
        coffer_object object = FAKE_OBJECT("toys", "Car", "toys", "Toy");
        (void)state;
        assert_true(coffer_object_is(&object, "toys", "Car"));
        assert_true(coffer_object_is(&object, "toys", "Toy"));
        assert_true(coffer_object_is(&object, "builtins", "object"));
        assert_false(coffer_object_is(&object, "toys", "Other"));
        assert_false(coffer_object_is(&object, "other", "Toy"));
        assert_true(coffer_object_is_exactly(&object, "toys", "Car"));
        assert_false(coffer_object_is_exactly(&object, "toys", "Toy"));
}

static void what_a_host_does_not_offer_is_declined(void **state)
{
        static const coffer_object_type bare = {
                .version = 1, .host = "bare", .ref = fake_object_ref, .unref = fake_object_unref};
        fake_object nothing = {NULL, 0};
        coffer_object object = {&bare, &nothing}, none = {NULL, NULL};
        coffer_cursor bytes;
        coffer_tensor tensor;
        coffer_document *document;
        const coffer_value *value;
        (void)state;
        assert_status(coffer_object_view_bytes(&object, &bytes, NULL), COFFER_DECLINED);
        assert_status(coffer_object_view_tensor(&object, &tensor, NULL), COFFER_DECLINED);
        assert_status(coffer_object_view_value(&object, &document, &value, NULL), COFFER_DECLINED);
        assert_status(coffer_object_view_bytes(&none, &bytes, NULL), COFFER_DECLINED);
        assert_type_text(&object, "object");
        assert_false(coffer_object_is(&object, "builtins", "object"));
        assert_false(coffer_object_is_exactly(&none, "builtins", "object"));
        coffer_object_ref(&none);
        coffer_object_unref(&none);
}

static void a_document_is_an_object_of_its_roots_type(void **state)
{
        coffer_object object = document_of("{\"a\": [1, 2]}");
        coffer_document *document = NULL;
        const coffer_value *value = NULL;
        (void)state;
        assert_type_text(&object, "<class 'dict'>");
        assert_true(coffer_object_is_exactly(&object, "builtins", "dict"));
        assert_true(coffer_object_is(&object, "builtins", "object"));
        assert_false(coffer_object_is(&object, "builtins", "list"));
        assert_ok(coffer_object_view_value(&object, &document, &value, NULL));
        assert_ptr_equal(document, object.pointer);
        assert_int_equal(coffer_value_kind(value), COFFER_KIND_DICT);
        coffer_object copy = object;
        coffer_object_ref(&copy);
        coffer_object_unref(&object);
        assert_null(object.type);
        assert_type_text(&copy, "<class 'dict'>");
        coffer_object_unref(&copy);
}

static void an_object_of_a_class_is_of_that_class(void **state)
{
        coffer_document *document = NULL;
        coffer_value *class = NULL, *args = NULL, *instance = NULL;
        coffer_object object;
        (void)state;
        assert_ok(coffer_document_new(&document, NULL));
        assert_ok(coffer_value_global(document, coffer_cursor_text("toys.wooden"), coffer_cursor_text("Car.Wheel"),
                                      &class, NULL));
        assert_ok(coffer_value_container(document, COFFER_KIND_TUPLE, &args, NULL));
        assert_ok(coffer_value_object(document, COFFER_NEW, class, args, NULL, &instance, NULL));
        coffer_document_set_root(document, instance);
        object = coffer_object_from_document(document);
        coffer_document_unref(document);
        assert_true(coffer_object_is_exactly(&object, "toys.wooden", "Car.Wheel"));
        assert_true(coffer_object_is(&object, "builtins", "object"));
        assert_type_text(&object, "<class 'toys.wooden.Car.Wheel'>");
        coffer_object_unref(&object);
}

static void bytes_are_viewed_and_others_are_not(void **state)
{
        coffer_document *document = NULL;
        coffer_value *value = NULL;
        coffer_cursor bytes;
        coffer_object text = document_of("\"text\""), object;
        (void)state;
        assert_ok(coffer_document_new(&document, NULL));
        assert_ok(coffer_value_bytes(document, coffer_cursor_text("raw"), false, &value, NULL));
        coffer_document_set_root(document, value);
        object = coffer_object_from_document(document);
        coffer_document_unref(document);
        assert_ok(coffer_object_view_bytes(&object, &bytes, NULL));
        assert_cursor(bytes, "raw");
        assert_status(coffer_object_view_bytes(&text, &bytes, NULL), COFFER_DECLINED);
        coffer_object_unref(&object);
        coffer_object_unref(&text);
}

static void arrays_are_viewed_as_tensors_and_others_are_not(void **state)
{
        static const uint8_t data[] = {1, 2, 3};
        coffer_document *document = NULL;
        coffer_value *value = NULL;
        coffer_tensor tensor = {.dtype = {.kind = 'u', .byte_order = '|', .item_size_bytes = 1},
                                .dims = 1,
                                .shape = {3},
                                .strides_bytes = {1},
                                .data = data,
                                .available_bytes = 3},
                      viewed;
        coffer_object list = document_of("[1, 2]"), object;
        (void)state;
        assert_ok(coffer_document_new(&document, NULL));
        assert_ok(coffer_value_tensor(document, &tensor, &value, NULL));
        coffer_document_set_root(document, value);
        object = coffer_object_from_document(document);
        coffer_document_unref(document);
        assert_ok(coffer_object_view_tensor(&object, &viewed, NULL));
        assert_ptr_equal(viewed.data, data);
        assert_true(coffer_object_is_exactly(&object, "numpy", "ndarray"));
        assert_status(coffer_object_view_tensor(&list, &viewed, NULL), COFFER_DECLINED);
        coffer_object_unref(&object);
        coffer_object_unref(&list);
}

static void an_empty_document_declines_everything(void **state)
{
        coffer_document *document = NULL;
        coffer_cursor bytes;
        coffer_tensor tensor;
        const coffer_value *value;
        char *text = NULL;
        (void)state;
        assert_ok(coffer_document_new(&document, NULL));
        coffer_object object = coffer_object_from_document(document);
        coffer_document_unref(document);
        assert_status(coffer_object_view_bytes(&object, &bytes, NULL), COFFER_DECLINED);
        assert_status(coffer_object_view_tensor(&object, &tensor, NULL), COFFER_DECLINED);
        assert_status(coffer_object_view_value(&object, &document, &value, NULL), COFFER_DECLINED);
        assert_status(coffer_object_type_text(&object, &text, NULL), COFFER_DECLINED);
        assert_false(coffer_object_is(&object, "builtins", "object"));
        coffer_object_unref(&object);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(an_object_is_of_its_type_and_its_ancestors),
                leak_checked(what_a_host_does_not_offer_is_declined),
                leak_checked(a_document_is_an_object_of_its_roots_type),
                leak_checked(an_object_of_a_class_is_of_that_class),
                leak_checked(bytes_are_viewed_and_others_are_not),
                leak_checked(arrays_are_viewed_as_tensors_and_others_are_not),
                leak_checked(an_empty_document_declines_everything),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
