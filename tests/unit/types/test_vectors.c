/* SPDX-License-Identifier: Apache-2.0 */
/* Every vector of the conformance file, in both directions and formats. */
#include "vector_file.h"

static void assert_storage(const coffer_iotype *type, const coffer_object *value, coffer_cursor expected)
{
        coffer_blob_list *blobs _cleanup_blob_list_ = NULL;
        coffer_cursor stored;
        assert_ok(stored_of(type, value, &blobs, &stored, NULL));
        if (!coffer_cursor_equal(stored, expected))
                fail_msg("%s: other bytes are stored (%zu, not %zu)", coffer_iotype_name(type), stored.size_bytes,
                         expected.size_bytes);
}

static void assert_wire(const coffer_iotype *type, const coffer_object *value, const char *expected)
{
        char *wire _cleanup_free_ = NULL;
        assert_ok(coffer_iotype_serialize(type, value, COFFER_WIRE, NULL, NULL, &wire, NULL));
        assert_string_equal(wire, expected);
}

static void assert_json(const coffer_iotype *type, const coffer_object *value, const coffer_value *expected)
{
        coffer_document *json _cleanup_document_ = NULL;
        char *text _cleanup_free_ = NULL, *wanted _cleanup_free_ = NULL;
        assert_ok(coffer_iotype_to_json(type, value, &json, NULL));
        assert_ok(coffer_value_to_canonical_json(coffer_document_root(json), &text, NULL));
        assert_ok(coffer_value_to_canonical_json(expected, &wanted, NULL));
        assert_string_equal(text, wanted);
}

static void assert_spec(const coffer_iotype *type, const coffer_value *expected)
{
        char *spec _cleanup_free_ = NULL, *wanted _cleanup_free_ = NULL;
        assert_ok(coffer_iotype_to_spec(type, &spec, NULL));
        assert_ok(coffer_value_to_canonical_json(expected, &wanted, NULL));
        assert_string_equal(spec, wanted);
}

static void check_value(const coffer_iotype *type, const coffer_object *value, const coffer_value *vector,
                        const char *wire, coffer_cursor storage)
{
        assert_storage(type, value, storage);
        assert_wire(type, value, wire);
        assert_json(type, value, coffer_value_lookup(vector, "value"));
}

/* Of a type whose extension is not built. */
static bool is_left_out(const coffer_value *vector)
{
#ifdef TABLE_LIBRARY
        (void)vector;
        return false;
#else
        return coffer_cursor_is(coffer_value_data(coffer_value_lookup(vector, "type")), "Table");
#endif
}

static void check_vector(coffer_registry *registry, const coffer_value *vector)
{
        char *name _cleanup_free_ = text_of(coffer_value_lookup(vector, "type"));
        char *wire _cleanup_free_ = text_of(coffer_value_lookup(vector, "wire"));
        char *spec _cleanup_free_ = NULL;
        coffer_cursor storage = bytes_of(coffer_value_lookup(vector, "storage"));
        coffer_iotype *type _cleanup_iotype_ = find_type(registry, name);
        coffer_object from_wire _cleanup_object_ = {NULL, NULL}, from_storage _cleanup_object_ = {NULL, NULL};
        coffer_error error = COFFER_ERROR_INIT;
        assert_string_equal(coffer_iotype_name(type), name);
        if (load_wire(type, wire, &from_wire, &error) != COFFER_OK ||
            load_storage(type, storage, &from_storage, &error) != COFFER_OK)
                fail_msg("%s %s: %s", name, wire, error.message);
        check_value(type, &from_wire, vector, wire, storage);
        check_value(type, &from_storage, vector, wire, storage);
        assert_spec(type, coffer_value_lookup(vector, "spec"));
        assert_ok(coffer_iotype_to_spec(type, &spec, NULL));
        assert_ok(coffer_schema_check(coffer_cursor_text(spec), coffer_value_lookup(vector, "value"), NULL));
        coffer_free((void *)storage.data);
}

static void vectors_hold_both_ways(void **state)
{
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry_with_table();
        coffer_document *file _cleanup_document_ = read_vectors();
        const coffer_value *vectors = coffer_value_lookup(coffer_document_root(file), "vectors");
        assert_true(coffer_value_count(vectors) > 60);
        for (size_t i = 0; i < coffer_value_count(vectors); i++)
                if (!is_left_out(coffer_value_item(vectors, i)))
                        check_vector(registry, coffer_value_item(vectors, i));
}

static void check_refused(coffer_registry *registry, const coffer_value *vector)
{
        char *name _cleanup_free_ = text_of(coffer_value_lookup(vector, "type"));
        char *wire _cleanup_free_ = text_of(coffer_value_lookup(vector, "wire"));
        coffer_iotype *type _cleanup_iotype_ = find_type(registry, name);
        coffer_object value = {NULL, NULL};
        coffer_error error = COFFER_ERROR_INIT;
        coffer_status status;
        if (wire) {
                status = load_wire(type, wire, &value, &error);
        } else {
                coffer_cursor storage = bytes_of(coffer_value_lookup(vector, "storage"));
                status = load_storage(type, storage, &value, &error);
                coffer_free((void *)storage.data);
        }
        if (coffer_status_class(status) != COFFER_CLASS_DATA)
                fail_msg("%s %s: %s", name, wire ? wire : "(stored)", coffer_status_name(status));
        assert_int_equal(error.status, status);
        assert_true(*error.message != '\0');
        assert_null(value.type);
}

static void what_is_refused_is_refused(void **state)
{
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry_with_table();
        coffer_document *file _cleanup_document_ = read_vectors();
        const coffer_value *refused = coffer_value_lookup(coffer_document_root(file), "refused");
        assert_true(coffer_value_count(refused) > 60);
        for (size_t i = 0; i < coffer_value_count(refused); i++)
                if (!is_left_out(coffer_value_item(refused, i)))
                        check_refused(registry, coffer_value_item(refused, i));
}

static void what_names_no_type_gives_none(void **state)
{
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        coffer_document *file _cleanup_document_ = read_vectors();
        const coffer_value *names = coffer_value_lookup(coffer_document_root(file), "no_types");
        assert_true(coffer_value_count(names) > 30);
        for (size_t i = 0; i < coffer_value_count(names); i++) {
                coffer_iotype *type = NULL;
                coffer_error error = COFFER_ERROR_INIT;
                coffer_cursor name = coffer_value_data(coffer_value_item(names, i));
                coffer_status status = coffer_iotype_find(registry, name, &type, &error);
                if (status == COFFER_OK || status == COFFER_NO_MEMORY || type)
                        fail_msg("%.*s is a type", (int)name.size_bytes, (const char *)name.data);
                assert_int_equal(error.status, status);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(vectors_hold_both_ways),
                leak_checked(what_is_refused_is_refused),
                leak_checked(what_names_no_type_gives_none),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
