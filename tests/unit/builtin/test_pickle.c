/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include <coffer/registry.h>
#include "builtin/builtin.h"
#include "util/cleanup.h"
#include "value/value_internal.h"

static const coffer_serializer *const pickle = &coffer_pickle_serializer;

COFFER_DEFINE_CLEANUP(coffer_registry *, coffer_registry_unref);
COFFER_DEFINE_CLEANUP(coffer_metadata *, coffer_metadata_free);
COFFER_DEFINE_CLEANUP(coffer_blob *, coffer_blob_unref);
COFFER_DEFINE_CLEANUP(coffer_blob_list *, coffer_blob_list_free);
#define _cleanup_registry_  _cleanup_(coffer_registry_unrefp)
#define _cleanup_metadata_  _cleanup_(coffer_metadata_freep)
#define _cleanup_blob_      _cleanup_(coffer_blob_unrefp)
#define _cleanup_blob_list_ _cleanup_(coffer_blob_list_freep)
#define _cleanup_object_    _cleanup_(coffer_object_unref)

static coffer_object object_from_json(const char *text)
{
        coffer_document *document _cleanup_document_ = NULL;
        assert_ok(coffer_document_from_json(coffer_cursor_text(text), &document, NULL));
        return coffer_object_from_document(document);
}

static coffer_registry *make_registry(void)
{
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        coffer_registry *registry = NULL;
        options.without_extensions = true;
        options.toggles = "";
        assert_ok(coffer_registry_new(&options, &registry, NULL));
        return registry;
}

static void test_registry_has_pickle_as_the_last_resort(void **state)
{
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_choice *order _cleanup_free_ = NULL;
        size_t count = 0;
        assert_ok(coffer_registry_order(registry, &order, &count, NULL));
        assert_true(count > 0);
        assert_ptr_equal(order[count - 1].serializer, pickle);
        assert_string_equal(order[count - 1].source, "metaflow");
        assert_int_equal(pickle->priority, 9999);
}

static void test_value_is_saved_as_metaflow_saves_it(void **state)
{
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_object object _cleanup_object_ = object_from_json("{\"a\": 1}");
        coffer_blob *blob _cleanup_blob_ = NULL;
        coffer_metadata *metadata _cleanup_metadata_ = NULL;
        coffer_cursor data;
        assert_ok(coffer_registry_serialize(registry, &object, "x", &blob, &metadata, NULL));
        assert_string_equal(coffer_metadata_object_type(metadata), "<class 'dict'>");
        assert_string_equal(coffer_metadata_encoding(metadata), "pickle-v4");
        assert_string_equal(coffer_metadata_info(metadata, "source"), "metaflow");
        assert_int_equal(coffer_metadata_size(metadata), 21);
        assert_ok(coffer_bytes_contiguous(coffer_blob_bytes(blob), &data, NULL));
        assert_cursor(data, "\x80\x04\x95\x0a\0\0\0\0\0\0\0\x7d\x94\x8c\x01\x61\x94\x4b\x01\x73\x2e");
}

static coffer_blob *blob_of(coffer_cursor data)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_blob *blob = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_copy(bytes, data, NULL));
        assert_ok(coffer_blob_new(bytes, &blob, NULL));
        return blob;
}

static void test_four_encodings_are_read(void **state)
{
        (void)state;
        static const char *const encodings[] = {"pickle-v2", "pickle-v4", "gzip+pickle-v2", "gzip+pickle-v4"};
        coffer_registry *registry _cleanup_registry_ = make_registry();
        for (size_t i = 0; i < ARRAY_COUNT(encodings); i++) {
                coffer_metadata *metadata _cleanup_metadata_ = NULL;
                coffer_blob *blob _cleanup_blob_ = blob_of(coffer_cursor_of("K\x07.", 3));
                coffer_object object _cleanup_object_ = {NULL, NULL};
                coffer_document *document;
                const coffer_value *value = NULL;
                int64_t number = 0;
                assert_ok(coffer_metadata_new(&metadata, NULL));
                assert_ok(coffer_metadata_set_encoding(metadata, encodings[i], NULL));
                assert_ok(coffer_registry_deserialize(registry, blob, metadata, "x", &object, NULL));
                assert_ok(coffer_object_view_value(&object, &document, &value, NULL));
                assert_true(coffer_value_get_int(value, &number));
                assert_int_equal(number, 7);
        }
}

static void test_other_encodings_are_declined(void **state)
{
        (void)state;
        static const char *const encodings[] = {NULL, "", "pickle", "pickle-v5", "pickle-v4 ", "npy-v1"};
        for (size_t i = 0; i < ARRAY_COUNT(encodings); i++) {
                coffer_metadata *metadata _cleanup_metadata_ = NULL;
                bool claimed = true;
                assert_ok(coffer_metadata_new(&metadata, NULL));
                assert_ok(coffer_metadata_set_encoding(metadata, encodings[i], NULL));
                assert_ok(pickle->can_deserialize(pickle, metadata, &claimed, NULL));
                assert_false(claimed);
        }
}

static void ignore(const coffer_object *object)
{
        (void)object;
}

static void test_object_without_a_value_view_is_not_claimed(void **state)
{
        (void)state;
        static const coffer_object_type type = {
                .version = COFFER_OBJECT_TYPE_VERSION, .host = "other", .ref = ignore, .unref = ignore};
        coffer_object object = {&type, (void *)&type};
        bool claimed = true;
        assert_ok(pickle->can_serialize(pickle, &object, &claimed, NULL));
        assert_false(claimed);
}

static void test_wire_is_not_supported(void **state)
{
        (void)state;
        coffer_object object _cleanup_object_ = object_from_json("1");
        coffer_object made = {NULL, NULL};
        coffer_error error = COFFER_ERROR_INIT;
        char *wire = NULL;
        assert_status(pickle->serialize(pickle, &object, COFFER_WIRE, NULL, NULL, &wire, &error), COFFER_UNSUPPORTED);
        assert_null(wire);
        assert_non_null(strstr(error.message, "does not support the WIRE format"));
        assert_status(pickle->deserialize(pickle, COFFER_WIRE, NULL, NULL, "1", &made, &error), COFFER_UNSUPPORTED);
        assert_null(made.type);
}

static void test_anything_but_one_blob_of_bytes_is_refused(void **state)
{
        (void)state;
        coffer_blob_list *blobs _cleanup_blob_list_ = NULL;
        coffer_blob *reference _cleanup_blob_ = NULL;
        coffer_object made = {NULL, NULL};
        assert_ok(coffer_blob_list_new(&blobs, NULL));
        assert_status(pickle->deserialize(pickle, COFFER_STORAGE, blobs, NULL, NULL, &made, NULL), COFFER_MALFORMED);
        assert_ok(coffer_blob_new_reference("s3://elsewhere", &reference, NULL));
        assert_ok(coffer_blob_list_add(blobs, reference, NULL));
        assert_status(pickle->deserialize(pickle, COFFER_STORAGE, blobs, NULL, NULL, &made, NULL), COFFER_MALFORMED);
        assert_null(made.type);
}

static coffer_status save_and_load(void *user, coffer_error *error)
{
        coffer_object *object = (coffer_object *)user;
        coffer_blob_list *blobs _cleanup_blob_list_ = NULL;
        coffer_metadata *metadata _cleanup_metadata_ = NULL;
        coffer_object loaded _cleanup_object_ = {NULL, NULL};
        COFFER_TRY(coffer_blob_list_new(&blobs, error));
        COFFER_TRY(coffer_metadata_new(&metadata, error));
        COFFER_TRY(pickle->serialize(pickle, object, COFFER_STORAGE, blobs, metadata, NULL, error));
        return pickle->deserialize(pickle, COFFER_STORAGE, blobs, metadata, NULL, &loaded, error);
}

static void test_each_failing_allocation_is_reported(void **state)
{
        (void)state;
        coffer_object object _cleanup_object_ = object_from_json("{\"a\": [1, \"text\"]}");
        test_alloc_fail_each(save_and_load, &object);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_registry_has_pickle_as_the_last_resort),
                leak_checked(test_value_is_saved_as_metaflow_saves_it),
                leak_checked(test_four_encodings_are_read),
                leak_checked(test_other_encodings_are_declined),
                leak_checked(test_object_without_a_value_view_is_not_claimed),
                leak_checked(test_wire_is_not_supported),
                leak_checked(test_anything_but_one_blob_of_bytes_is_refused),
                leak_checked(test_each_failing_allocation_is_reported),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
