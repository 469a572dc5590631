/* SPDX-License-Identifier: Apache-2.0 */
/* Types that come from outside: tables given, and libraries declared. */
#include "types_fixture.h"

#include <pthread.h>

#include "util/fs.h"

static coffer_status plain_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                                coffer_error *error)
{
        (void)self;
        (void)type;
        (void)error;
        *json = coffer_strdup("{}");
        return COFFER_OK;
}

static coffer_status same(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                          const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        (void)self;
        (void)type;
        (void)document;
        (void)error;
        *out = value;
        return COFFER_OK;
}

#define ANY                                                                                                            \
        {                                                                                                              \
                .abi = COFFER_IOTYPE_ABI, .struct_bytes = sizeof(coffer_iotype_class), .name = "Any",                  \
                .to_spec = plain_spec, .to_json = same, .from_json = same                                              \
        }

static void a_given_type_is_found(void **state)
{
        static const coffer_iotype_class any = ANY;
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        assert_ok(coffer_iotype_register(registry, &any, NULL));
        coffer_iotype *type _cleanup_iotype_ = find_type(registry, "List[Any]");
        coffer_object value _cleanup_object_ = {NULL, NULL};
        assert_ptr_equal(coffer_iotype_class_of(coffer_iotype_parameter(type, 0)), &any);
        assert_ok(load_wire(type, "[1,\"a\"]", &value, NULL));
        assert_status(coffer_iotype_register(registry, &any, NULL), COFFER_CONFLICT);
        assert_status(coffer_iotype_declare(registry, "Int32", "nowhere.so", NULL), COFFER_CONFLICT);
}

static void incomplete_tables_are_refused(void **state)
{
        coffer_iotype_class table = ANY;
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        table.abi = 0;
        assert_status(coffer_iotype_register(registry, &table, NULL), COFFER_ABI);
        table = (coffer_iotype_class)ANY;
        table.struct_bytes = 8;
        assert_status(coffer_iotype_register(registry, &table, NULL), COFFER_ABI);
        table = (coffer_iotype_class)ANY;
        table.name = "no name";
        assert_status(coffer_iotype_register(registry, &table, NULL), COFFER_INVALID);
        table = (coffer_iotype_class)ANY;
        table.from_json = NULL;
        assert_status(coffer_iotype_register(registry, &table, NULL), COFFER_INVALID);
        table = (coffer_iotype_class)ANY;
        table.to_json = table.from_json = NULL;
        assert_status(coffer_iotype_register(registry, &table, NULL), COFFER_INVALID);
        table = (coffer_iotype_class)ANY;
        table.to_spec = NULL;
        assert_status(coffer_iotype_register(registry, &table, NULL), COFFER_INVALID);
}

static void copy_file(const char *from, const char *to)
{
        coffer_bytes *file _cleanup_bytes_ = NULL;
        coffer_cursor data;
        assert_ok(coffer_fs_read(from, &file, NULL));
        assert_ok(coffer_bytes_contiguous(file, &data, NULL));
        assert_ok(coffer_fs_publish(to, data, true, false, NULL));
}

static coffer_registry *registry_with_point(const char *toggles)
{
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        coffer_registry *registry = NULL;
        copy_file(POINT_LIBRARY, "point.so");
        copy_file(POINT_DESCRIPTOR, "point.json");
        options.extension_path = test_directory_path();
        options.toggles = toggles;
        assert_ok(coffer_registry_new(&options, &registry, NULL));
        return registry;
}

static void a_declared_type_is_loaded_when_asked_for(void **state)
{
        (void)state;
        coffer_registry *registry _cleanup_registry_ = registry_with_point("");
        coffer_iotype *type _cleanup_iotype_ = find_type(registry, "Map[Text,Point]");
        coffer_object value _cleanup_object_ = {NULL, NULL}, wrong = {NULL, NULL};
        coffer_error error = COFFER_ERROR_INIT;
        char *wire _cleanup_free_ = NULL;
        assert_ok(load_wire(type, "{\"b\": [1.0, 2.5], \"a\": [0.0, 0.0]}", &value, NULL));
        assert_ok(coffer_iotype_serialize(type, &value, COFFER_WIRE, NULL, NULL, &wire, NULL));
        assert_string_equal(wire, "{\"a\":[0.0,0.0],\"b\":[1.0,2.5]}");
        assert_status(load_wire(type, "{\"a\": [1.0]}", &wrong, &error), COFFER_MALFORMED);
        assert_string_equal(error.message, "['a']: a Point is a list of two floats");
}

static void a_toggle_keeps_it_away(void **state)
{
        coffer_iotype *type = NULL;
        (void)state;
        coffer_registry *registry _cleanup_registry_ = registry_with_point("-point");
        assert_status(coffer_iotype_find(registry, coffer_cursor_text("Point"), &type, NULL), COFFER_NOT_FOUND);
}

static void a_library_that_is_not_there_is_named(void **state)
{
        coffer_iotype *type = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        (void)state;
        coffer_registry *registry _cleanup_registry_ = make_registry();
        assert_ok(coffer_iotype_declare(registry, "Point", "/nowhere/point.so", NULL));
        assert_ok(coffer_iotype_declare(registry, "Point", "/nowhere/point.so", NULL));
        assert_status(coffer_iotype_declare(registry, "Point", "/elsewhere/point.so", NULL), COFFER_CONFLICT);
        assert_int_not_equal(coffer_iotype_find(registry, coffer_cursor_text("Point"), &type, &error), COFFER_OK);
        assert_non_null(strstr(error.message, "/nowhere/point.so"));
}

static void *find_many(void *user)
{
        for (int i = 0; i < 200; i++) {
                coffer_iotype *type = NULL;
                if (coffer_iotype_find(user, coffer_cursor_text("List[Point]"), &type, NULL) != COFFER_OK)
                        return user;
                coffer_iotype_unref(type);
        }
        return NULL;
}

static void threads_find_the_same_type(void **state)
{
        pthread_t threads[4];
        (void)state;
        coffer_registry *registry _cleanup_registry_ = registry_with_point("");
        for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
                assert_int_equal(pthread_create(&threads[i], NULL, find_many, registry), 0);
        for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
                void *failed = registry;
                assert_int_equal(pthread_join(threads[i], &failed), 0);
                assert_null(failed);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(a_given_type_is_found),
                leak_checked(incomplete_tables_are_refused),
                in_own_directory(a_declared_type_is_loaded_when_asked_for),
                in_own_directory(a_toggle_keeps_it_away),
                leak_checked(a_library_that_is_not_there_is_named),
                in_own_directory(threads_find_the_same_type),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
