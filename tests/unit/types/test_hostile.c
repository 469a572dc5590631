/* SPDX-License-Identifier: Apache-2.0 */
/* Data and values that are made to do harm. */
#include "types_fixture.h"

#include <stdlib.h>

/* What a claim of size makes an honest reader allocate. */
static size_t allocator_bytes;

static void *count_allocate(void *user, size_t size_bytes)
{
        (void)user;
        allocator_bytes += size_bytes;
        return malloc(size_bytes);
}

static void *count_resize(void *user, void *memory, size_t size_bytes)
{
        (void)user;
        allocator_bytes += size_bytes;
        return realloc(memory, size_bytes);
}

static void count_release(void *user, void *memory)
{
        (void)user;
        free(memory);
}

static void claims_of_size_allocate_nothing(void **state)
{
        static const char *const wires[] = {
                "{\"data\":\"\",\"dtype\":\"complex128\",\"shape\":[1000000000]}",
                "{\"data\":\"\",\"dtype\":\"uint8\",\"shape\":[4294967296,4294967296]}",
                "{\"data\":\"AA==\",\"dtype\":\"uint8\",\"shape\":[9223372036854775807]}",
        };
        static const coffer_allocator counting = {count_allocate, count_resize, count_release, NULL};
        (void)state;
        coffer_set_allocator(&counting);
        coffer_registry *registry = make_registry();
        coffer_iotype *type = find_type(registry, "Tensor");
        for (size_t i = 0; i < ARRAY_COUNT(wires); i++) {
                coffer_object value = {NULL, NULL};
                allocator_bytes = 0;
                assert_status(load_wire(type, wires[i], &value, NULL), COFFER_MALFORMED);
                assert_true(allocator_bytes < 1 << 20);
        }
        coffer_iotype_unref(type);
        coffer_registry_unref(registry);
        coffer_set_allocator(NULL);
}

static void no_nesting_is_too_deep_to_refuse(void **state)
{
        enum { DEPTH = 200000 };
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_iotype *type _cleanup_iotype_ = find_type(registry, "Json");
        char *text _cleanup_free_ = coffer_alloc(DEPTH + 1);
        coffer_object value = {NULL, NULL};
        assert_non_null(text);
        memset(text, '[', DEPTH);
        text[DEPTH] = '\0';
        coffer_status status = load_wire(type, text, &value, NULL);
        assert_true(status == COFFER_LIMIT || status == COFFER_MALFORMED);
}

static void assert_no_json(coffer_registry *registry, const char *name, coffer_document *document,
                           const coffer_value *root, coffer_status expected)
{
        coffer_iotype *type _cleanup_iotype_ = find_type(registry, name);
        coffer_blob_list *blobs _cleanup_blob_list_ = NULL;
        coffer_cursor stored;
        char *wire _cleanup_free_ = NULL;
        coffer_document_set_root(document, root);
        coffer_object value _cleanup_object_ = coffer_object_from_document(document);
        assert_status(stored_of(type, &value, &blobs, &stored, NULL), expected);
        assert_status(coffer_iotype_serialize(type, &value, COFFER_WIRE, NULL, NULL, &wire, NULL), expected);
}

static void values_that_hold_themselves_are_refused(void **state)
{
        coffer_document *document _cleanup_document_ = NULL;
        coffer_value *list = NULL, *dict = NULL, *key = NULL;
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        assert_ok(coffer_document_new(&document, NULL));
        assert_ok(coffer_value_container(document, COFFER_KIND_LIST, &list, NULL));
        assert_ok(coffer_value_append(document, list, list, NULL));
        assert_ok(coffer_value_container(document, COFFER_KIND_DICT, &dict, NULL));
        assert_ok(coffer_value_str(document, coffer_cursor_text("me"), true, &key, NULL));
        assert_ok(coffer_value_set_item(document, dict, key, dict, NULL));
        assert_no_json(registry, "Json", document, list, COFFER_LIMIT);
        assert_no_json(registry, "Struct", document, dict, COFFER_LIMIT);
        assert_no_json(registry, "List[Json]", document, list, COFFER_LIMIT);
}

static void names_of_functions_are_data(void **state)
{
        coffer_document *document _cleanup_document_ = NULL;
        coffer_value *system = NULL, *args = NULL, *call = NULL;
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        assert_ok(coffer_document_new(&document, NULL));
        assert_ok(coffer_value_global(document, coffer_cursor_text("os"), coffer_cursor_text("system"), &system, NULL));
        assert_ok(coffer_value_container(document, COFFER_KIND_TUPLE, &args, NULL));
        assert_ok(coffer_value_object(document, COFFER_CALL, system, args, NULL, &call, NULL));
        assert_no_json(registry, "Json", document, system, COFFER_MALFORMED);
        assert_no_json(registry, "Json", document, call, COFFER_MALFORMED);
        assert_no_json(registry, "Struct[os:system]", document, call, COFFER_MALFORMED);
        assert_no_json(registry, "Int32", document, call, COFFER_MALFORMED);
        assert_no_json(registry, "Text", document, system, COFFER_MALFORMED);
}

static void a_class_of_any_name_loads_as_a_record(void **state)
{
        coffer_document *document;
        const coffer_value *root;
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_iotype *type _cleanup_iotype_ = find_type(registry, "Struct[os:system]");
        coffer_object value _cleanup_object_ = {NULL, NULL};
        assert_ok(load_wire(type, "{\"command\":\"false\"}", &value, NULL));
        assert_ok(coffer_object_view_value(&value, &document, &root, NULL));
        assert_int_equal(coffer_value_kind(root), COFFER_KIND_DICT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(claims_of_size_allocate_nothing),     leak_checked(no_nesting_is_too_deep_to_refuse),
                leak_checked(values_that_hold_themselves_are_refused), leak_checked(names_of_functions_are_data),
                leak_checked(a_class_of_any_name_loads_as_a_record),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
