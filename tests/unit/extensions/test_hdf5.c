/* SPDX-License-Identifier: Apache-2.0 */
/* The extension hdf5: it waits for its library, and what it stores comes back. */
#include "arrays.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>

static const int32_t numbers[6] = {1, -2, 3, -4, 5, -6};

static coffer_tensor some_array(void)
{
        return array_of('i', '<', 4, numbers, sizeof(numbers), SHAPE(2, 3));
}

static void write_file(const char *path, const void *data, size_t size_bytes)
{
        coffer_file_writer *writer = NULL;
        assert_ok(coffer_file_writer_open(path, &writer, NULL));
        assert_ok(coffer_file_writer_write(writer, (coffer_cursor){data, size_bytes}, NULL));
        assert_ok(coffer_file_writer_commit(writer, true, false, NULL));
}

/* ---- the library is missing ---- */

/* The case's directory with a descriptor of the extension whose library nobody has. */
static void write_absent_descriptor(void)
{
        static const char text[] =
                "{\"name\": \"hdf5\", \"library\": \"" ABSENT_DIR "/coffer_hdf5_absent.so\", \"source\": "
                "\"coffer-hdf5\", \"types\": [\"=numpy.ndarray\"], \"encodings\": [\"hdf5-v1\"], "
                "\"needs\": [\"libcoffer-test-hdf5.so.1\"]}";
        write_file("hdf5.json", text, sizeof(text) - 1);
}

/* Puts the real library under the name that is waited for. */
static void copy_real_library(const char *as)
{
        struct link_map *map = NULL;
        coffer_bytes *file = NULL;
        coffer_cursor data;
        void *handle = dlopen(HDF5_SONAME, RTLD_LAZY | RTLD_LOCAL);
        assert_non_null(handle);
        assert_int_equal(dlinfo(handle, RTLD_DI_LINKMAP, &map), 0);
        assert_ok(coffer_fs_read(map->l_name, &file, NULL));
        assert_ok(coffer_bytes_contiguous(file, &data, NULL));
        write_file(as, data.data, data.size_bytes);
        coffer_bytes_unref(file);
        dlclose(handle);
}

static void it_waits_for_the_library_and_works_once_the_program_has_it(void **state)
{
        coffer_tensor tensor = some_array();
        coffer_metadata *metadata = NULL;
        coffer_bytes *bytes = NULL;
        coffer_blob *blob = NULL;
        coffer_object object = {NULL, NULL};
        coffer_error error = COFFER_ERROR_INIT;
        (void)state;
        write_absent_descriptor();
        coffer_registry *registry = new_registry(".", "");
        assert_record(registry, "hdf5", "known", NULL);
        assert_declined(registry, object_of(&tensor));
        assert_record(registry, "hdf5", "pending_on_imports", "libcoffer-test-hdf5.so.1");

        assert_ok(coffer_metadata_new(&metadata, NULL));
        assert_ok(coffer_metadata_set_encoding(metadata, "hdf5-v1", NULL));
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_blob_new(bytes, &blob, NULL));
        assert_status(coffer_registry_deserialize(registry, blob, metadata, "x", &object, &error), COFFER_DECLINED);
        assert_non_null(strstr(error.message, "Serializer 'hdf5' reads this encoding but is pending_on_imports: "
                                              "libcoffer-test-hdf5.so.1: cannot open shared object file"));
        coffer_blob_unref(blob);
        coffer_bytes_unref(bytes);
        coffer_metadata_free(metadata);

        copy_real_library("libcoffer-test-hdf5.so.1");
        assert_declined(registry, object_of(&tensor)); /* a file that nobody opened changes nothing */
        assert_non_null(dlopen("./libcoffer-test-hdf5.so.1", RTLD_NOW | RTLD_LOCAL));
        assert_round_trip(registry, &tensor, numbers, sizeof(numbers));
        assert_record(registry, "hdf5", "active", NULL);
        coffer_registry_unref(registry);
}

/* ---- the library is there ---- */

static void it_is_off_unless_it_is_named(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "");
        coffer_tensor tensor = some_array();
        (void)state;
        assert_record(registry, "hdf5", "disabled", NULL);
        assert_declined(registry, object_of(&tensor));
        coffer_registry_unref(registry);
}

static void the_metadata_says_what_it_is(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "+hdf5");
        coffer_tensor tensor = some_array();
        coffer_metadata *metadata = NULL;
        coffer_cursor data;
        (void)state;
        coffer_blob *blob = save(registry, object_of(&tensor), &metadata);
        assert_string_equal(coffer_metadata_encoding(metadata), "hdf5-v1");
        assert_string_equal(coffer_metadata_object_type(metadata), "<class 'numpy.ndarray'>");
        assert_string_equal(coffer_metadata_info(metadata, "source"), "coffer");
        assert_ok(coffer_bytes_contiguous(coffer_blob_bytes(blob), &data, NULL));
        assert_memory_equal(data.data, "\x89HDF\r\n\x1a\n", 8);
        coffer_blob_unref(blob);
        coffer_metadata_free(metadata);
        coffer_registry_unref(registry);
}

static void every_kind_of_number_comes_back(void **state)
{
        static const struct {
                char kind;
                const char *byte_orders;
                uint64_t sizes[5];
        } kinds[] = {{'b', "|", {1}},        {'i', "|", {1}},        {'u', "|", {1}},     {'i', "<>", {2, 4, 8}},
                     {'u', "<>", {2, 4, 8}}, {'f', "<>", {2, 4, 8}}, {'c', "<>", {8, 16}}};
        coffer_registry *registry = new_registry(EXTENSION_DIR, "+hdf5");
        uint8_t bytes[6 * 16];
        (void)state;
        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (uint8_t)(i * 7 + 1);
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                for (const char *byte_order = kinds[i].byte_orders; *byte_order; byte_order++)
                        for (const uint64_t *size = kinds[i].sizes; *size; size++) {
                                uint8_t flags[6] = {0, 1, 1, 0, 1, 0};
                                const uint8_t *data = kinds[i].kind == 'b' ? flags : bytes;
                                coffer_tensor tensor =
                                        array_of(kinds[i].kind, *byte_order, *size, data, 6 * *size, SHAPE(3, 2));
                                assert_round_trip(registry, &tensor, data, 6 * *size);
                        }
        coffer_registry_unref(registry);
}

static void arrays_of_every_layout_come_back_in_c_order(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "+hdf5");
        coffer_tensor scalar = array_of('i', '<', 4, numbers, 4, 0, NULL);
        coffer_tensor empty = array_of('i', '<', 4, numbers, 0, SHAPE(3, 0, 2));
        coffer_tensor transposed = array_of('i', '<', 4, numbers, sizeof(numbers), SHAPE(3, 2));
        coffer_tensor reversed = array_of('i', '<', 4, numbers + 5, 4, SHAPE(6));
        coffer_tensor repeated = array_of('i', '<', 4, numbers, 4, SHAPE(2, 2));
        const int32_t in_transposed[] = {1, -4, -2, 5, 3, -6}, in_reversed[] = {-6, 5, -4, 3, -2, 1},
                      in_repeated[] = {1, 1, 1, 1};
        (void)state;
        transposed.strides_bytes[0] = 4;
        transposed.strides_bytes[1] = 12;
        reversed.strides_bytes[0] = -4;
        repeated.strides_bytes[0] = repeated.strides_bytes[1] = 0;
        assert_round_trip(registry, &scalar, numbers, 4);
        assert_round_trip(registry, &empty, NULL, 0);
        assert_round_trip(registry, &transposed, in_transposed, sizeof(in_transposed));
        assert_round_trip(registry, &reversed, in_reversed, sizeof(in_reversed));
        assert_round_trip(registry, &repeated, in_repeated, sizeof(in_repeated));
        coffer_registry_unref(registry);
}

static void what_hdf5_has_no_form_for_is_declined(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "+hdf5");
        coffer_tensor text = array_of('U', '<', 4, numbers, 24, SHAPE(6));
        coffer_tensor date = array_of('M', '<', 8, numbers, 24, SHAPE(3));
        coffer_tensor extended = array_of('f', '<', 16, numbers, 16, SHAPE(1));
        coffer_tensor deep = array_of('i', '<', 4, numbers, 4, 0, NULL);
        (void)state;
        date.dtype.datetime_unit = "ns";
        deep.dims = 33;
        for (size_t i = 0; i < deep.dims; i++) {
                deep.shape[i] = 1;
                deep.strides_bytes[i] = 4;
        }
        assert_declined(registry, object_of(&text));
        assert_declined(registry, object_of(&date));
        assert_declined(registry, object_of(&extended));
        assert_declined(registry, object_of(&deep));
        assert_declined(registry, object_from_json("[1, 2, 3]"));
        coffer_registry_unref(registry);
}

static coffer_bytes *save_bytes(coffer_registry *registry, const coffer_tensor *tensor, coffer_cursor *data)
{
        coffer_metadata *metadata = NULL;
        coffer_blob *blob = save(registry, object_of(tensor), &metadata);
        coffer_bytes *bytes = coffer_bytes_ref(coffer_blob_bytes(blob));
        assert_ok(coffer_bytes_contiguous(bytes, data, NULL));
        coffer_blob_unref(blob);
        coffer_metadata_free(metadata);
        return bytes;
}

static void equal_arrays_have_equal_bytes(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "+hdf5");
        coffer_tensor tensor = some_array();
        coffer_cursor first_data, second_data;
        (void)state;
        coffer_bytes *first = save_bytes(registry, &tensor, &first_data);
        coffer_bytes *second = save_bytes(registry, &tensor, &second_data);
        assert_int_equal(first_data.size_bytes, second_data.size_bytes);
        assert_memory_equal(first_data.data, second_data.data, first_data.size_bytes);
        coffer_bytes_unref(first);
        coffer_bytes_unref(second);
        coffer_registry_unref(registry);
}

/* ---- images that we did not write ---- */

static coffer_status load_image(coffer_registry *registry, const void *data, size_t size_bytes, coffer_object *out,
                                coffer_error *error)
{
        coffer_metadata *metadata = NULL;
        coffer_bytes *bytes = NULL;
        coffer_blob *blob = NULL;
        assert_ok(coffer_metadata_new(&metadata, NULL));
        assert_ok(coffer_metadata_set_encoding(metadata, "hdf5-v1", NULL));
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_copy(bytes, (coffer_cursor){data, size_bytes}, NULL)); /* exactly so many bytes */
        assert_ok(coffer_blob_new(bytes, &blob, NULL));
        coffer_bytes_unref(bytes);
        coffer_status status = coffer_registry_deserialize(registry, blob, metadata, "x", out, error);
        coffer_blob_unref(blob);
        coffer_metadata_free(metadata);
        return status;
}

/* Refused as the data's fault, or an array all of whose bytes are there. */
static bool is_harmless(coffer_registry *registry, const void *data, size_t size_bytes)
{
        static volatile uint8_t sink;
        coffer_object object;
        coffer_tensor tensor;
        coffer_status status = load_image(registry, data, size_bytes, &object, NULL);
        if (status != COFFER_OK)
                return status == COFFER_MALFORMED || status == COFFER_UNSUPPORTED;
        assert_ok(coffer_object_view_tensor(&object, &tensor, NULL));
        for (uint64_t i = 0; i < tensor.available_bytes; i++)
                sink ^= tensor.data[i];
        (void)sink;
        coffer_object_unref(&object);
        return tensor.available_bytes <= size_bytes;
}

static void damaged_images_are_refused_or_harmless(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "+hdf5");
        coffer_tensor tensor = some_array();
        coffer_cursor data;
        (void)state;
        coffer_bytes *bytes = save_bytes(registry, &tensor, &data);
        uint8_t *copy = coffer_alloc(data.size_bytes);
        for (size_t length = 0; length < data.size_bytes; length++)
                assert_true(is_harmless(registry, data.data, length));
        for (size_t i = 0; i < data.size_bytes; i++) {
                const uint8_t variants[] = {0,
                                            0xff,
                                            0x7f,
                                            (uint8_t)(data.data[i] ^ 1),
                                            (uint8_t)(data.data[i] ^ 0x80),
                                            (uint8_t)(data.data[i] + 1)};
                memcpy(copy, data.data, data.size_bytes);
                for (size_t j = 0; j < sizeof(variants); j++) {
                        copy[i] = variants[j];
                        if (!is_harmless(registry, copy, data.size_bytes))
                                fail_msg("byte %zu as %u", i, variants[j]);
                }
        }
        coffer_free(copy);
        coffer_bytes_unref(bytes);
        coffer_registry_unref(registry);
}

static void an_image_for_another_shape_than_its_data_is_malformed(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "+hdf5");
        coffer_tensor tensor = some_array();
        coffer_cursor data;
        coffer_object object;
        coffer_error error = COFFER_ERROR_INIT;
        (void)state;
        coffer_bytes *bytes = save_bytes(registry, &tensor, &data);
        uint8_t *copy = coffer_alloc(data.size_bytes);
        memcpy(copy, data.data, data.size_bytes);
        /* The two sizes and their two maxima. */
        static const uint8_t shape[] = {2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0};
        uint8_t *at = memmem(copy, data.size_bytes, shape, sizeof(shape));
        assert_non_null(at);
        at[7] = at[23] = 0x40; /* 2^62 + 2 rows */
        assert_status(load_image(registry, copy, data.size_bytes, &object, &error), COFFER_MALFORMED);
        at[7] = at[23] = 0;
        at[0] = at[16] = 1;
        assert_status(load_image(registry, copy, data.size_bytes, &object, &error), COFFER_MALFORMED);
        assert_non_null(strstr(error.message, "the HDF5 image has 24 bytes of data for another shape"));
        coffer_free(copy);
        coffer_bytes_unref(bytes);
        coffer_registry_unref(registry);
}

/* ---- many threads ---- */

static void *save_often(void *user)
{
        static const double zeros[64];
        coffer_tensor tensor = array_of('f', '<', 8, zeros, sizeof(zeros), SHAPE(8, 8));
        for (int i = 0; i < 40; i++)
                assert_round_trip(user, &tensor, zeros, sizeof(zeros));
        return NULL;
}

static void many_threads_may_save_at_once(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "+hdf5");
        pthread_t threads[4];
        (void)state;
        for (int i = 0; i < 4; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, save_often, registry), 0);
        for (int i = 0; i < 4; i++)
                pthread_join(threads[i], NULL);
        coffer_registry_unref(registry);
}

/* ---- want of memory ---- */

static void want_of_memory_is_an_error(void **state)
{
        coffer_tensor tensor = array_of('i', '<', 4, numbers, sizeof(numbers), SHAPE(3, 2));
        tensor.strides_bytes[0] = 4;
        tensor.strides_bytes[1] = 12;
        struct scene scene = {new_registry(EXTENSION_DIR, "+hdf5"), object_of(&tensor)};
        (void)state;
        coffer_metadata *metadata = NULL;
        coffer_blob_unref(save(scene.registry, object_of(&tensor), &metadata)); /* opens it */
        coffer_metadata_free(metadata);
        test_alloc_fail_each(save_and_load, &scene);
        coffer_object_unref(&scene.object);
        coffer_registry_unref(scene.registry);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(it_waits_for_the_library_and_works_once_the_program_has_it),
                leak_checked(it_is_off_unless_it_is_named),
                leak_checked(the_metadata_says_what_it_is),
                leak_checked(every_kind_of_number_comes_back),
                leak_checked(arrays_of_every_layout_come_back_in_c_order),
                leak_checked(what_hdf5_has_no_form_for_is_declined),
                leak_checked(equal_arrays_have_equal_bytes),
                leak_checked(damaged_images_are_refused_or_harmless),
                leak_checked(an_image_for_another_shape_than_its_data_is_malformed),
                cmocka_unit_test(many_threads_may_save_at_once),
                leak_checked(want_of_memory_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
