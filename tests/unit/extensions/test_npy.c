/* SPDX-License-Identifier: Apache-2.0 */
/* The extension npy. */
#include "arrays.h"

static const double numbers[6] = {0, 1, 2, 3, 4, 5};

static coffer_tensor some_array(void)
{
        return array_of('f', '<', 8, numbers, sizeof(numbers), SHAPE(2, 3));
}

static void it_is_off_unless_it_is_named(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "");
        coffer_tensor tensor = some_array();
        (void)state;
        assert_record(registry, "npy", "disabled", NULL);
        assert_declined(registry, object_of(&tensor));
        coffer_registry_unref(registry);
}

static void the_first_array_opens_it(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "+npy");
        coffer_tensor tensor = some_array();
        (void)state;
        assert_declined(registry, object_from_json("{\"a\": 1}"));
        assert_record(registry, "npy", "known", NULL);
        assert_round_trip(registry, &tensor, numbers, sizeof(numbers));
        assert_record(registry, "npy", "active", NULL);
        coffer_registry_unref(registry);
}

static void the_blob_is_the_npy_file_and_says_what_it_is(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "+npy");
        coffer_tensor tensor = some_array();
        coffer_metadata *metadata = NULL;
        coffer_bytes *expected = NULL;
        coffer_cursor blob_data, expected_data;
        (void)state;
        coffer_blob *blob = save(registry, object_of(&tensor), &metadata);
        assert_string_equal(coffer_metadata_encoding(metadata), "npy-v1");
        assert_string_equal(coffer_metadata_object_type(metadata), "<class 'numpy.ndarray'>");
        assert_string_equal(coffer_metadata_info(metadata, "source"), "coffer");
        assert_ok(coffer_tensor_to_npy(&tensor, NULL, &expected, NULL));
        assert_int_equal(coffer_metadata_size(metadata), coffer_bytes_size(expected));
        /* The elements are not copied. */
        assert_ptr_equal(coffer_bytes_segment(coffer_blob_bytes(blob), 1).data, (const uint8_t *)numbers);
        assert_ok(coffer_bytes_contiguous(coffer_blob_bytes(blob), &blob_data, NULL));
        assert_ok(coffer_bytes_contiguous(expected, &expected_data, NULL));
        assert_int_equal(blob_data.size_bytes, expected_data.size_bytes);
        assert_memory_equal(blob_data.data, expected_data.data, expected_data.size_bytes);
        coffer_bytes_unref(expected);
        coffer_blob_unref(blob);
        coffer_metadata_free(metadata);
        coffer_registry_unref(registry);
}

static void arrays_of_every_layout_come_back(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "+npy");
        coffer_tensor scalar = array_of('f', '<', 8, numbers, 8, 0, NULL);
        coffer_tensor empty = array_of('f', '<', 8, numbers, 0, SHAPE(3, 0));
        coffer_tensor every_second = array_of('f', '<', 8, numbers, sizeof(numbers), SHAPE(3));
        const double expected[] = {0, 2, 4};
        (void)state;
        every_second.strides_bytes[0] = 16;
        assert_round_trip(registry, &scalar, numbers, 8);
        assert_round_trip(registry, &empty, NULL, 0);
        assert_round_trip(registry, &every_second, expected, sizeof(expected));
        coffer_registry_unref(registry);
}

static void a_damaged_file_is_malformed(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "+npy");
        coffer_metadata *metadata = NULL;
        coffer_bytes *bytes = NULL;
        coffer_blob *blob = NULL;
        coffer_object object = {NULL, NULL};
        coffer_error error = COFFER_ERROR_INIT;
        (void)state;
        assert_ok(coffer_metadata_new(&metadata, NULL));
        assert_ok(coffer_metadata_set_encoding(metadata, "npy-v1", NULL));
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_copy(bytes, (coffer_cursor){(const uint8_t *)"\x93NUMPY\x01", 7}, NULL));
        assert_ok(coffer_blob_new(bytes, &blob, NULL));
        assert_status(coffer_registry_deserialize(registry, blob, metadata, "x", &object, &error), COFFER_MALFORMED);
        assert_non_null(strstr(error.message, "Serializer NpySerializer failed on artifact 'x': "));
        assert_null(object.type);
        coffer_blob_unref(blob);
        coffer_bytes_unref(bytes);
        coffer_metadata_free(metadata);
        coffer_registry_unref(registry);
}

/* ---- objects of a host without types, and of one with others ---- */

static int references;

static void count_up(const coffer_object *object)
{
        (void)object;
        references++;
}

static void count_down(const coffer_object *object)
{
        (void)object;
        references--;
}

static coffer_status view_array(const coffer_object *object, coffer_tensor *out, coffer_error *error)
{
        (void)object;
        (void)error;
        *out = some_array();
        return COFFER_OK;
}

static void subclass_of_array(const coffer_object *object,
                              bool (*visit)(void *user, const char *module, const char *qualname), void *user)
{
        (void)object;
        if (visit(user, "numpy.ma", "MaskedArray"))
                visit(user, "numpy", "ndarray");
}

static void the_blob_keeps_any_hosts_object(void **state)
{
        static const coffer_object_type plain = {
                .version = 1, .host = "c", .ref = count_up, .unref = count_down, .view_tensor = view_array};
        coffer_registry *registry = new_registry(EXTENSION_DIR, "npy");
        coffer_object object = {&plain, NULL};
        coffer_metadata *metadata = NULL;
        coffer_blob *blob = NULL;
        coffer_tensor tensor = some_array();
        (void)state;
        assert_round_trip(registry, &tensor, numbers, sizeof(numbers)); /* opens it */
        references = 0;
        assert_ok(coffer_registry_serialize(registry, &object, "x", &blob, &metadata, NULL));
        assert_string_equal(coffer_metadata_object_type(metadata), "object");
        assert_int_equal(references, 1);
        coffer_blob_unref(blob);
        assert_int_equal(references, 0);
        coffer_metadata_free(metadata);
        coffer_registry_unref(registry);
}

static void a_subclass_that_holds_more_than_its_view_is_declined(void **state)
{
        static const coffer_object_type masked = {.version = 1,
                                                  .host = "c",
                                                  .ref = count_up,
                                                  .unref = count_down,
                                                  .ancestors = subclass_of_array,
                                                  .view_tensor = view_array};
        coffer_registry *registry = new_registry(EXTENSION_DIR, "+npy");
        coffer_tensor tensor = some_array();
        (void)state;
        assert_round_trip(registry, &tensor, numbers, sizeof(numbers));
        assert_declined(registry, (coffer_object){&masked, NULL});
        coffer_registry_unref(registry);
}

static void want_of_memory_is_an_error(void **state)
{
        coffer_tensor tensor = some_array();
        struct scene scene = {new_registry(EXTENSION_DIR, "+npy"), object_of(&tensor)};
        (void)state;
        assert_round_trip(scene.registry, &tensor, numbers, sizeof(numbers));
        test_alloc_fail_each(save_and_load, &scene);
        coffer_object_unref(&scene.object);
        coffer_registry_unref(scene.registry);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(it_is_off_unless_it_is_named),
                leak_checked(the_first_array_opens_it),
                leak_checked(the_blob_is_the_npy_file_and_says_what_it_is),
                leak_checked(arrays_of_every_layout_come_back),
                leak_checked(a_damaged_file_is_malformed),
                leak_checked(the_blob_keeps_any_hosts_object),
                leak_checked(a_subclass_that_holds_more_than_its_view_is_declined),
                leak_checked(want_of_memory_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
