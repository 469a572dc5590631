/* SPDX-License-Identifier: Apache-2.0 */
/* The native host with real shared libraries. */
#include "extensions.h"

#include "serializer/library.h"

static coffer_registry *declare_native(const char *name, const char *location)
{
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        descriptor.name = name;
        descriptor.location = location;
        assert_ok(coffer_registry_declare(registry, &descriptor, coffer_native_host(), NULL));
        return registry;
}

/* Copies the library NAME.so and declares it under its name. */
static coffer_registry *declare_copy(const char *name)
{
        char file[100];
        snprintf(file, sizeof(file), "%s.so", name);
        copy_library(file, file);
        return declare_native(name, own_path(file));
}

static void assert_broken(const char *name, const char *expected)
{
        coffer_registry *registry = declare_copy(name);
        assert_state(registry, name, "broken");
        assert_last_error(registry, name, expected);
        coffer_registry_unref(registry);
}

static void assert_awaiting(coffer_registry *registry, const char *expected)
{
        coffer_record_status *records;
        size_t count;
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_int_equal(records[0].state, COFFER_RECORD_PENDING_ON_IMPORTS);
        assert_string_equal(records[0].awaiting_modules[0], expected);
        coffer_registry_status_free(records, count);
}

static bool takes(coffer_registry *registry, const char *class_name)
{
        coffer_object object = FAKE_OBJECT("toys", class_name);
        coffer_choice choice;
        return coffer_registry_find_serializer(registry, &object, "x", &choice, NULL) == COFFER_OK;
}

static void a_library_is_opened_and_its_serializer_works(void **state)
{
        (void)state;
        int before = own_libraries();
        coffer_registry *registry = declare_copy("good");
        assert_state(registry, "good", "active");
        assert_int_equal(own_libraries(), before + 1);
        coffer_object object = FAKE_OBJECT("toys", "good");
        coffer_blob *blob = NULL;
        coffer_metadata *metadata = NULL;
        assert_ok(coffer_registry_serialize(registry, &object, "x", &blob, &metadata, NULL));
        assert_string_equal(coffer_metadata_encoding(metadata), "good");
        coffer_blob_unref(blob);
        coffer_metadata_free(metadata);
        assert_false(takes(registry, "other"));
        coffer_registry_unref(registry);
        assert_int_equal(own_libraries(), before + 1); /* a library stays when its registry goes */
}

static void a_location_may_name_the_symbol(void **state)
{
        char location[4300];
        (void)state;
        copy_library("own_entry.so", "own_entry.so");
        coffer_registry *registry = declare_native("own_entry", own_path("own_entry.so"));
        snprintf(location, sizeof(location), "symbol 'coffer_serializer_entry' not found in '%s'",
                 own_path("own_entry.so"));
        assert_last_error(registry, "own_entry", location);
        coffer_registry_unref(registry);
        snprintf(location, sizeof(location), "%s:own_entry", own_path("own_entry.so"));
        registry = declare_native("own_entry", location);
        assert_state(registry, "own_entry", "active");
        coffer_registry_unref(registry);
}

static void code_that_does_not_speak_our_abi_is_broken(void **state)
{
        char expected[4300];
        (void)state;
        snprintf(expected, sizeof(expected), "'%s' does not speak serializer ABI 1", own_path("refuses.so"));
        assert_broken("refuses", expected);
        assert_broken("old_abi", "built for serializer ABI 0, this library speaks 1");
        snprintf(expected, sizeof(expected), "its table has 24 bytes, this library reads %zu",
                 sizeof(coffer_serializer));
        assert_broken("small_table", expected);
}

static void a_library_that_is_not_there_is_waited_for(void **state)
{
        char expected[4300];
        (void)state;
        coffer_registry *registry = declare_native("good", own_path("good.so"));
        assert_awaiting(registry, own_path("good.so"));
        snprintf(expected, sizeof(expected), "%s: cannot open shared object file: No such file or directory",
                 own_path("good.so"));
        assert_last_error(registry, "good", expected);
        assert_false(takes(registry, "good"));
        copy_library("good.so", "good.so");
        assert_false(takes(registry, "good"));
        load_library(own_path("good.so"));
        assert_true(takes(registry, "good"));
        coffer_registry_unref(registry);
}

static void a_library_that_is_there_but_unusable_is_broken(void **state)
{
        coffer_record_status *records;
        size_t count;
        (void)state;
        write_file("junk.so", "this is no library");
        coffer_registry *registry = declare_native("junk", own_path("junk.so"));
        assert_state(registry, "junk", "broken");
        coffer_registry_unref(registry);

        registry = declare_copy("undefined");
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_int_equal(records[0].state, COFFER_RECORD_BROKEN);
        assert_non_null(strstr(records[0].last_error, "undefined symbol: coffer_no_such_function"));
        coffer_registry_status_free(records, count);
        coffer_registry_unref(registry);
}

static void a_dependency_that_is_not_there_is_waited_for_by_its_name(void **state)
{
        (void)state;
        coffer_registry *registry = declare_copy("depends");
        assert_awaiting(registry, "libcoffer-test-dependency.so.1");
        assert_false(takes(registry, "depends"));
        copy_library("libcoffer-test-dependency.so.1", "dependency.so");
        load_library(own_path("dependency.so"));
        assert_true(takes(registry, "depends"));
        coffer_registry_unref(registry);
}

static void an_import_that_is_not_there_parks_until_the_program_loads_it(void **state)
{
        coffer_record_status *records;
        size_t count;
        (void)state;
        coffer_registry *registry = declare_copy("imports");
        assert_awaiting(registry, "libcoffer-test-import.so.1");
        assert_last_error(registry, "imports",
                          "libcoffer-test-import.so.1: cannot open shared object file: No such file "
                          "or directory");
        assert_false(takes(registry, "imports"));
        copy_library("libcoffer-test-import.so.1", "sub/any-name.so");
        load_library(own_path("sub/any-name.so"));
        assert_true(takes(registry, "imports"));
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_string_equal(records[0].import_trigger, "hook");
        coffer_registry_status_free(records, count);
        coffer_registry_unref(registry);
}

static void a_library_known_by_its_file_alone_is_found_too(void **state)
{
        (void)state;
        coffer_registry *registry = declare_copy("imports_renamed");
        assert_awaiting(registry, "another-name.so");
        copy_library("libcoffer-test-renamed.so.1", "another-name.so"); /* its own name is another one */
        load_library(own_path("another-name.so"));
        assert_true(takes(registry, "imports_renamed"));
        coffer_registry_unref(registry);
}

static void an_import_without_the_symbol_is_broken(void **state)
{
        coffer_record_status *records;
        size_t count;
        (void)state;
        coffer_registry *registry = declare_copy("imports_no_symbol");
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_int_equal(records[0].state, COFFER_RECORD_BROKEN);
        assert_non_null(strstr(records[0].last_error, "symbol 'coffer_no_such_symbol' not found in '"));
        assert_non_null(strstr(records[0].last_error, "libc.so.6'"));
        coffer_registry_status_free(records, count);
        coffer_registry_unref(registry);
}

static void an_import_that_is_unusable_is_broken(void **state)
{
        (void)state;
        write_file("junk.so", "this is no library");
        coffer_registry *registry = declare_copy("imports_junk");
        assert_state(registry, "imports_junk", "broken");
        coffer_registry_unref(registry);
}

static void the_generation_grows_with_every_library(void **state)
{
        (void)state;
        uint64_t before = coffer_library_generation();
        assert_true(before > 0);
        assert_true(coffer_library_generation() == before);
        copy_library("good.so", "another.so");
        assert_false(coffer_library_is_loaded(own_path("another.so")));
        assert_false(coffer_library_is_loaded("another.so"));
        load_library(own_path("another.so"));
        assert_true(coffer_library_generation() > before);
        assert_true(coffer_library_is_loaded(own_path("another.so")));
        assert_true(coffer_library_is_loaded("another.so"));
        assert_true(coffer_library_is_loaded("libc.so.6"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(a_library_is_opened_and_its_serializer_works),
                in_own_directory(a_location_may_name_the_symbol),
                in_own_directory(code_that_does_not_speak_our_abi_is_broken),
                in_own_directory(a_library_that_is_not_there_is_waited_for),
                in_own_directory(a_library_that_is_there_but_unusable_is_broken),
                in_own_directory(a_dependency_that_is_not_there_is_waited_for_by_its_name),
                in_own_directory(an_import_that_is_not_there_parks_until_the_program_loads_it),
                in_own_directory(a_library_known_by_its_file_alone_is_found_too),
                in_own_directory(an_import_without_the_symbol_is_broken),
                in_own_directory(an_import_that_is_unusable_is_broken),
                in_own_directory(the_generation_grows_with_every_library),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
