/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays as objects, and a registry with one extension. */
#ifndef COFFER_TESTS_ARRAYS_H
#define COFFER_TESTS_ARRAYS_H

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coffer/coffer.h>

static inline void print_warning(void *user, const char *message)
{
        (void)user;
        print_message("warning: %s\n", message);
}

/* With the extensions of `directory`. */
static inline coffer_registry *new_registry(const char *directory, const char *toggles)
{
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        coffer_registry *registry = NULL;
        options.without_builtins = true;
        options.extension_path = directory;
        options.toggles = toggles;
        options.warn = print_warning;
        assert_ok(coffer_registry_new(&options, &registry, NULL));
        return registry;
}

static inline void assert_record(coffer_registry *registry, const char *name, const char *state, const char *awaiting)
{
        coffer_record_status *records;
        size_t count;
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_int_equal(count, 1);
        assert_string_equal(records[0].name, name);
        if (strcmp(coffer_record_state_name(records[0].state), state) != 0)
                fail_msg("%s, not %s: %s", coffer_record_state_name(records[0].state), state,
                         records[0].last_error ? records[0].last_error : "");
        if (awaiting)
                assert_string_equal(records[0].awaiting_modules[0], awaiting);
        coffer_registry_status_free(records, count);
}

/* A C-contiguous array over `data`. */
static inline coffer_tensor array_of(char kind, char byte_order, uint64_t item_size_bytes, const void *data,
                                     size_t data_bytes, size_t dims, const uint64_t *shape)
{
        coffer_tensor tensor = {.dtype = {.kind = kind, .byte_order = byte_order, .item_size_bytes = item_size_bytes},
                                .dims = dims};
        int64_t stride_bytes = (int64_t)item_size_bytes;
        tensor.data = data;
        tensor.available_bytes = data_bytes;
        for (size_t i = dims; i-- > 0;) {
                tensor.shape[i] = shape[i];
                tensor.strides_bytes[i] = stride_bytes;
                stride_bytes *= (int64_t)(shape[i] ? shape[i] : 1);
        }
        return tensor;
}
#define SHAPE(...)                                                                                                     \
        sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), (const uint64_t[])                                 \
        {                                                                                                              \
                __VA_ARGS__                                                                                            \
        }

static inline coffer_object object_of(const coffer_tensor *tensor)
{
        coffer_document *document = NULL;
        coffer_value *value = NULL;
        assert_ok(coffer_document_new(&document, NULL));
        assert_ok(coffer_value_tensor(document, tensor, &value, NULL));
        coffer_document_set_root(document, value);
        coffer_object object = coffer_object_from_document(document);
        coffer_document_unref(document);
        return object;
}

static inline coffer_object object_from_json(const char *text)
{
        coffer_document *document = NULL;
        assert_ok(coffer_document_from_json((coffer_cursor){(const uint8_t *)text, strlen(text)}, &document, NULL));
        coffer_object object = coffer_object_from_document(document);
        coffer_document_unref(document);
        return object;
}

static inline void assert_declined(coffer_registry *registry, coffer_object object)
{
        coffer_choice choice;
        assert_status(coffer_registry_find_serializer(registry, &object, "x", &choice, NULL), COFFER_DECLINED);
        coffer_object_unref(&object);
}

/* Saves; the object is given up before the blob is looked at. */
static inline coffer_blob *save(coffer_registry *registry, coffer_object object, coffer_metadata **metadata)
{
        coffer_blob *blob = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        if (coffer_registry_serialize(registry, &object, "x", &blob, metadata, &error) != COFFER_OK)
                fail_msg("%s", error.message);
        coffer_object_unref(&object);
        return blob;
}

/* Saves `tensor`, loads it again, and asserts that what comes back has the same elements, now in C order as `expected`.
 */
static inline void assert_round_trip(coffer_registry *registry, const coffer_tensor *tensor, const void *expected,
                                     size_t expected_bytes)
{
        coffer_metadata *metadata = NULL;
        coffer_tensor loaded;
        coffer_object object;
        coffer_blob *blob = save(registry, object_of(tensor), &metadata);
        assert_ok(coffer_registry_deserialize(registry, blob, metadata, "x", &object, NULL));
        coffer_blob_unref(blob);
        assert_ok(coffer_object_view_tensor(&object, &loaded, NULL));
        assert_int_equal(loaded.dtype.kind, tensor->dtype.kind);
        assert_int_equal(loaded.dtype.byte_order, tensor->dtype.byte_order);
        assert_int_equal(loaded.dtype.item_size_bytes, tensor->dtype.item_size_bytes);
        assert_int_equal(loaded.dims, tensor->dims);
        for (size_t i = 0; i < loaded.dims; i++)
                assert_int_equal(loaded.shape[i], tensor->shape[i]);
        if (expected_bytes > 0) {
                assert_true(coffer_tensor_is_c_contiguous(&loaded));
                assert_memory_equal(loaded.data, expected, expected_bytes);
        }
        coffer_object_unref(&object);
        coffer_metadata_free(metadata);
}

/* What a body for test_alloc_fail_each needs. */
struct scene {
        coffer_registry *registry;
        coffer_object object;
};

static inline coffer_status save_and_load(void *user, coffer_error *error)
{
        struct scene *scene = user;
        coffer_object loaded;
        coffer_blob *blob = NULL;
        coffer_metadata *metadata = NULL;
        coffer_status status = coffer_registry_serialize(scene->registry, &scene->object, "x", &blob, &metadata, error);
        if (status == COFFER_OK)
                status = coffer_registry_deserialize(scene->registry, blob, metadata, "x", &loaded, error);
        if (status == COFFER_OK)
                coffer_object_unref(&loaded);
        coffer_blob_unref(blob);
        coffer_metadata_free(metadata);
        return status;
}

#endif
