/* SPDX-License-Identifier: Apache-2.0 */
/* Typed objects, and the serializer that stores them. */
#include "types_fixture.h"

static coffer_object typed_object(coffer_registry *registry, const char *name, const char *wire)
{
        coffer_iotype *type _cleanup_iotype_ = find_type(registry, name);
        coffer_object value _cleanup_object_ = {NULL, NULL}, typed = {NULL, NULL};
        assert_ok(load_wire(type, wire, &value, NULL));
        assert_ok(coffer_iotype_object(type, &value, &typed, NULL));
        return typed;
}

static void the_registry_stores_typed_objects(void **state)
{
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_object typed _cleanup_object_ = typed_object(registry, "List[Int32]", "[1, 2]");
        coffer_object loaded _cleanup_object_ = {NULL, NULL}, value;
        coffer_blob *blob _cleanup_blob_ = NULL;
        coffer_metadata *metadata _cleanup_metadata_ = NULL, *bare _cleanup_metadata_ = NULL;
        coffer_iotype *type;
        coffer_cursor data;
        assert_ok(coffer_registry_serialize(registry, &typed, "thing", &blob, &metadata, NULL));
        assert_string_equal(coffer_metadata_encoding(metadata), "iotype:List[Int32]");
        assert_string_equal(coffer_metadata_object_type(metadata), "<class 'coffer.types.List'>");
        assert_string_equal(coffer_metadata_info(metadata, "source"), "coffer");
        assert_ok(coffer_bytes_contiguous(coffer_blob_bytes(blob), &data, NULL));
        assert_cursor(data, "[1,2]");
        /* Metaflow's client keeps the encoding and the bytes only. */
        assert_ok(coffer_metadata_new(&bare, NULL));
        assert_ok(coffer_metadata_set_encoding(bare, "iotype:List[Int32]", NULL));
        assert_ok(coffer_registry_deserialize(registry, blob, bare, "thing", &loaded, NULL));
        assert_ok(coffer_object_view_iotype(&loaded, &type, &value, NULL));
        assert_string_equal(coffer_iotype_name(type), "List[Int32]");
}

static void a_type_that_is_not_there_is_named(void **state)
{
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_blob_list *blobs _cleanup_blob_list_ = NULL;
        coffer_metadata *metadata _cleanup_metadata_ = NULL;
        coffer_object loaded = {NULL, NULL};
        coffer_error error = COFFER_ERROR_INIT;
        assert_ok(blobs_of(coffer_cursor_text("5"), &blobs, NULL));
        assert_ok(coffer_metadata_new(&metadata, NULL));
        assert_ok(coffer_metadata_set_encoding(metadata, "iotype:Table", NULL));
        assert_status(coffer_registry_deserialize(registry, coffer_blob_list_at(blobs, 0), metadata, "thing", &loaded,
                                                  &error),
                      COFFER_SERIALIZER);
        assert_non_null(strstr(error.message, "there is no type Table here"));
}

static void what_has_no_view_is_looked_at_as_it_is(void **state)
{
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_object typed _cleanup_object_ = typed_object(registry, "List[Int32]", "[1, 2]");
        coffer_object plain _cleanup_object_ = object_from_json("5");
        coffer_document *view = NULL;
        assert_status(coffer_iotype_view(&typed, 5, &view, NULL), COFFER_DECLINED);
        assert_status(coffer_iotype_view(&plain, 5, &view, NULL), COFFER_DECLINED);
        assert_null(view);
}

/* Files of ours have no texts as long as this, values may. */
static void a_long_text_that_is_saved_is_loaded(void **state)
{
        enum { SIZE_BYTES = 17 << 20 };
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_iotype *type _cleanup_iotype_ = find_type(registry, "Json");
        coffer_object value _cleanup_object_ = {NULL, NULL}, loaded _cleanup_object_ = {NULL, NULL};
        coffer_blob_list *blobs _cleanup_blob_list_ = NULL, *again _cleanup_blob_list_ = NULL;
        char *text _cleanup_free_ = coffer_alloc(SIZE_BYTES + 1);
        coffer_cursor saved, saved_again;
        assert_non_null(text);
        memset(text, 'x', SIZE_BYTES);
        text[0] = text[SIZE_BYTES - 1] = '"';
        text[SIZE_BYTES] = '\0';
        assert_ok(load_wire(type, text, &value, NULL));
        assert_ok(stored_of(type, &value, &blobs, &saved, NULL));
        assert_ok(load_storage(type, saved, &loaded, NULL));
        assert_ok(stored_of(type, &loaded, &again, &saved_again, NULL));
        assert_int_equal(saved.size_bytes, SIZE_BYTES);
        assert_true(coffer_cursor_equal(saved, saved_again));
}

static void untyped_objects_are_left_to_others(void **state)
{
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_object plain _cleanup_object_ = object_from_json("5");
        coffer_choice choice;
        coffer_iotype *type;
        coffer_object value;
        assert_status(coffer_object_view_iotype(&plain, &type, &value, NULL), COFFER_DECLINED);
        assert_ok(coffer_registry_find_serializer(registry, &plain, "plain", &choice, NULL));
        assert_string_equal(choice.serializer->type, "pickle");
}

static void typed_objects_are_asked_for_by_priority(void **state)
{
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_object typed _cleanup_object_ = typed_object(registry, "Int32", "5");
        coffer_choice choice;
        char *wire = NULL;
        assert_ok(coffer_registry_find_serializer(registry, &typed, "typed", &choice, NULL));
        assert_string_equal(choice.serializer->type, "iotype");
        assert_int_equal(choice.serializer->priority, 50);
        assert_status(choice.serializer->serialize(choice.serializer, &typed, COFFER_WIRE, NULL, NULL, &wire, NULL),
                      COFFER_UNSUPPORTED);
        assert_true(coffer_object_is_exactly(&typed, "coffer.types", "Int32"));
        assert_true(coffer_object_is(&typed, "coffer.types", "IOType"));
}

static void an_unknown_format_is_an_error(void **state)
{
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_iotype *type _cleanup_iotype_ = find_type(registry, "Int32");
        coffer_object value _cleanup_object_ = object_from_json("5"), loaded = {NULL, NULL};
        char *wire = NULL;
        assert_status(coffer_iotype_serialize(type, &value, (coffer_format)7, NULL, NULL, &wire, NULL),
                      COFFER_UNSUPPORTED);
        assert_status(coffer_iotype_deserialize(type, (coffer_format)7, NULL, NULL, "5", &loaded, NULL),
                      COFFER_UNSUPPORTED);
}

/* ---- tensors ---- */

static coffer_object tensor_object(const coffer_tensor *tensor)
{
        coffer_document *document _cleanup_document_ = NULL;
        coffer_value *root = NULL;
        assert_ok(coffer_document_new(&document, NULL));
        assert_ok(coffer_value_tensor(document, tensor, &root, NULL));
        coffer_document_set_root(document, root);
        return coffer_object_from_document(document);
}

static void assert_stored_alike(const coffer_iotype *type, const coffer_tensor *tensor, const coffer_tensor *other)
{
        coffer_object value _cleanup_object_ = tensor_object(tensor),
                            other_value _cleanup_object_ = tensor_object(other);
        coffer_blob_list *blobs _cleanup_blob_list_ = NULL, *other_blobs _cleanup_blob_list_ = NULL;
        coffer_cursor stored, other_stored;
        assert_ok(stored_of(type, &value, &blobs, &stored, NULL));
        assert_ok(stored_of(type, &other_value, &other_blobs, &other_stored, NULL));
        assert_true(coffer_cursor_equal(stored, other_stored));
}

static void equal_arrays_have_equal_bytes(void **state)
{
        static const uint8_t plain[] = {1, 0, 2, 0, 3, 0, 4, 0}, swapped[] = {0, 1, 0, 2, 0, 3, 0, 4},
                             fortran[] = {1, 0, 3, 0, 2, 0, 4, 0};
        coffer_tensor tensor = {.dtype = {.kind = 'i', .byte_order = '<', .item_size_bytes = 2},
                                .dims = 2,
                                .shape = {2, 2},
                                .strides_bytes = {4, 2},
                                .data = plain,
                                .available_bytes = sizeof(plain)};
        coffer_tensor big = tensor, column = tensor;
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_iotype *type _cleanup_iotype_ = find_type(registry, "Tensor[int16,2,2]");
        big.dtype.byte_order = '>';
        big.data = swapped;
        column.strides_bytes[0] = 2;
        column.strides_bytes[1] = 4;
        column.data = fortran;
        assert_stored_alike(type, &tensor, &big);
        assert_stored_alike(type, &tensor, &column);
}

static void plain_arrays_are_not_copied(void **state)
{
        static const uint8_t data[] = {1, 2, 3, 4, 5};
        const coffer_tensor tensor = {.dtype = {.kind = 'u', .byte_order = '|', .item_size_bytes = 1},
                                      .dims = 1,
                                      .shape = {5},
                                      .strides_bytes = {1},
                                      .data = data,
                                      .available_bytes = sizeof(data),
                                      .read_only = true};
        coffer_blob_list *blobs _cleanup_blob_list_ = NULL;
        coffer_object value _cleanup_object_ = tensor_object(&tensor), loaded _cleanup_object_ = {NULL, NULL};
        coffer_tensor seen;
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_iotype *type _cleanup_iotype_ = find_type(registry, "Tensor");
        assert_ok(coffer_blob_list_new(&blobs, NULL));
        assert_ok(coffer_iotype_serialize(type, &value, COFFER_STORAGE, blobs, NULL, NULL, NULL));
        coffer_bytes *file = coffer_blob_bytes(coffer_blob_list_at(blobs, 0));
        assert_int_equal(coffer_bytes_segment_count(file), 2);
        assert_ptr_equal(coffer_bytes_segment(file, 1).data, data);
        coffer_cursor whole;
        assert_ok(coffer_bytes_contiguous(file, &whole, NULL));
        assert_ok(coffer_iotype_deserialize(type, COFFER_STORAGE, blobs, NULL, NULL, &loaded, NULL));
        assert_ok(coffer_object_view_tensor(&loaded, &seen, NULL));
        assert_ptr_equal(seen.data, whole.data + whole.size_bytes - sizeof(data));
}

static void changing_bytes_are_told_to_be_so(void **state)
{
        static const uint8_t data[] = "abc";
        coffer_document *document _cleanup_document_ = NULL;
        coffer_value *root = NULL;
        coffer_blob_list *blobs _cleanup_blob_list_ = NULL;
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_iotype *type _cleanup_iotype_ = find_type(registry, "Bytes");
        assert_ok(coffer_document_new(&document, NULL));
        assert_ok(coffer_value_bytearray(document, coffer_cursor_of(data, 3), true, &root, NULL));
        coffer_document_set_root(document, root);
        coffer_object value _cleanup_object_ = coffer_object_from_document(document);
        assert_ok(coffer_blob_list_new(&blobs, NULL));
        assert_ok(coffer_iotype_serialize(type, &value, COFFER_STORAGE, blobs, NULL, NULL, NULL));
        coffer_bytes *stored = coffer_blob_bytes(coffer_blob_list_at(blobs, 0));
        assert_ptr_equal(coffer_bytes_segment(stored, 0).data, data);
        assert_true(coffer_bytes_is_unstable(stored));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(the_registry_stores_typed_objects),
                leak_checked(a_type_that_is_not_there_is_named),
                leak_checked(what_has_no_view_is_looked_at_as_it_is),
                leak_checked(a_long_text_that_is_saved_is_loaded),
                leak_checked(untyped_objects_are_left_to_others),
                leak_checked(typed_objects_are_asked_for_by_priority),
                leak_checked(an_unknown_format_is_an_error),
                leak_checked(equal_arrays_have_equal_bytes),
                leak_checked(plain_arrays_are_not_copied),
                leak_checked(changing_bytes_are_told_to_be_so),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
