/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor files: where they are looked for, which of them count, and that nothing is opened without need. */
#include "extensions.h"

#include <stdlib.h>
#include <sys/stat.h>

static int isolate(void **state)
{
        int failed = test_directory_setup(state);
        unsetenv("COFFER_EXTENSION_PATH");
        unsetenv("COFFER_SERIALIZERS");
        unsetenv("COFFER_CONFIG");
        unsetenv("XDG_CONFIG_HOME");
        unsetenv("XDG_DATA_HOME");
        setenv("HOME", test_directory_path(), 1);
        return failed;
}

#define isolated(function) cmocka_unit_test_setup_teardown(function, isolate, test_directory_teardown)

static coffer_registry *discover(const char *path, warnings *noted)
{
        coffer_registry *registry = new_registry(NULL, noted);
        assert_ok(coffer_registry_discover(registry, path, NULL));
        return registry;
}

static void assert_names(coffer_registry *registry, const char *expected)
{
        coffer_record_status *records;
        size_t count;
        char joined[500] = "";
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        for (size_t i = 0; i < count; i++) {
                strcat(joined, i ? " " : "");
                strcat(joined, records[i].name);
        }
        assert_string_equal(joined, expected);
        coffer_registry_status_free(records, count);
}

static void assert_class_path(coffer_registry *registry, const char *name, const char *expected)
{
        coffer_record_status *records;
        size_t count;
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_string_equal(find_status(records, count, name).class_path, expected);
        coffer_registry_status_free(records, count);
}

#define LAZY(name) "{\"name\": \"" name "\", \"library\": \"" name ".so\", \"types\": [\"toys." name "\"]}"

static void the_files_of_a_directory_are_read_in_the_order_of_their_names(void **state)
{
        warnings noted = {0};
        (void)state;
        write_file("ext/b.json", LAZY("b"));
        write_file("ext/a.json", LAZY("z"));
        write_file("ext/c.json", "{\"serializers\": [" LAZY("c2") ", " LAZY("c1") "]}");
        write_file("ext/.hidden.json", LAZY("hidden"));
        write_file("ext/readme.txt", "nothing of ours");
        write_file("ext/.json", LAZY("nameless"));
        mkdir("ext/directory.json", 0777);
        coffer_registry *registry = discover("ext", &noted);
        assert_names(registry, "z b c2 c1");
        assert_state(registry, "b", "known");
        assert_class_path(registry, "b", strcat(own_path("ext/b.so"), ":coffer_serializer_entry"));
        assert_int_equal(noted.count, 0);
        coffer_registry_unref(registry);
}

static void the_environment_the_user_and_the_system_are_asked_in_turn(void **state)
{
        char path[9000];
        (void)state;
        write_file("one/1.json", LAZY("one"));
        write_file("two/2.json", LAZY("two"));
        write_file(".local/share/coffer/extensions/u.json", LAZY("user"));
        write_file("xdg/coffer/extensions/x.json", LAZY("xdg"));
        coffer_registry *registry = discover(NULL, NULL);
        assert_names(registry, "user");
        coffer_registry_unref(registry);
        setenv("COFFER_EXTENSION_PATH", "two::one:", 1);
        registry = discover(NULL, NULL);
        assert_names(registry, "two one user");
        coffer_registry_unref(registry);
        snprintf(path, sizeof(path), "%s/xdg", test_directory_path());
        setenv("XDG_DATA_HOME", path, 1);
        registry = discover(NULL, NULL);
        assert_names(registry, "two one xdg");
        coffer_registry_unref(registry);
        registry = discover("one", NULL);
        assert_names(registry, "one");
        coffer_registry_unref(registry);
}

static void the_first_of_a_name_wins_over_later_directories(void **state)
{
        warnings noted = {0};
        (void)state;
        write_file("one/toy.json", LAZY("toy"));
        write_file("two/toy.json", LAZY("toy"));
        coffer_registry *registry = discover("one:two", &noted);
        assert_class_path(registry, "toy", strcat(own_path("one/toy.so"), ":coffer_serializer_entry"));
        assert_int_equal(noted.count, 0);
        coffer_registry_unref(registry);
}

static void the_second_of_a_name_in_one_directory_warns(void **state)
{
        warnings noted = {0};
        (void)state;
        write_file("one/1.json", LAZY("toy"));
        write_file("one/2.json", LAZY("toy"));
        coffer_registry *registry = discover("one", &noted);
        assert_int_equal(noted.count, 1);
        assert_non_null(strstr(noted.last, "one/2.json: left out: serializer 'toy' is there already"));
        coffer_registry_unref(registry);
}

static void nobody_takes_the_name_of_what_is_inside_the_library(void **state)
{
        fake_serializer pickle = FAKE_SERIALIZER("pickle");
        warnings noted = {0};
        coffer_registry *registry = new_registry(NULL, &noted);
        (void)state;
        write_file("one/pickle.json", LAZY("pickle"));
        assert_ok(coffer_registry_add(registry, &pickle.base, NULL, false, NULL));
        assert_ok(coffer_registry_discover(registry, "one", NULL));
        assert_state(registry, "pickle", "active");
        assert_int_equal(noted.count, 1);
        coffer_registry_unref(registry);
}

static void a_directory_that_is_not_there_warns_only_when_it_was_asked_for(void **state)
{
        warnings noted = {0};
        coffer_error error = COFFER_ERROR_INIT;
        (void)state;
        coffer_registry *registry = discover("nowhere", &noted);
        assert_int_equal(noted.count, 1);
        assert_string_equal(noted.last, "no extension directory nowhere");
        assert_status(coffer_registry_load_directory(registry, "nowhere", &error), COFFER_NOT_FOUND);
        coffer_registry_unref(registry);
        noted.count = 0;
        registry = discover(NULL, &noted);
        assert_int_equal(noted.count, 0);
        coffer_registry_unref(registry);
}

static void a_file_that_cannot_be_read_is_a_broken_record_of_its_name(void **state)
{
        static char large[70000];
        warnings noted = {0};
        (void)state;
        memset(large, ' ', sizeof(large) - 1);
        write_file("one/a-good.json", LAZY("good"));
        write_file("one/b-syntax.json", "{\"name\": ");
        write_file("one/c-list.json", "[]");
        write_file("one/d-large.json", large);
        assert_int_equal(mkfifo("one/e-pipe.json", 0666), 0);
        coffer_registry *registry = discover("one", &noted);
        assert_names(registry, "good b-syntax c-list d-large e-pipe");
        assert_state(registry, "good", "known");
        assert_state(registry, "b-syntax", "broken");
        assert_state(registry, "c-list", "broken");
        assert_state(registry, "d-large", "broken");
        assert_state(registry, "e-pipe", "broken");
        assert_class_path(registry, "b-syntax", own_path("one/b-syntax.json"));
        assert_int_equal(noted.count, 4);
        coffer_registry_unref(registry);
}

static void a_descriptor_with_a_mistake_is_a_broken_record(void **state)
{
        warnings noted = {0};
        (void)state;
        write_file("one/toy.json", "{\"name\": \"toy\", \"library\": \"toy.so\", \"priority\": \"high\"}");
        coffer_registry *registry = discover("one", &noted);
        assert_state(registry, "toy", "broken");
        assert_last_error(registry, "toy", "\"priority\" must be an integer of 32 bits");
        assert_int_equal(noted.count, 1);
        assert_non_null(strstr(noted.last, "Serializer 'toy' ("));
        coffer_registry_unref(registry);
}

static void an_unknown_key_warns(void **state)
{
        warnings noted = {0};
        (void)state;
        write_file("one/toy.json",
                   "{\"name\": \"toy\", \"library\": \"toy.so\", \"encodings\": [\"x\"], \"colour\": \"red\"}");
        coffer_registry *registry = discover("one", &noted);
        assert_state(registry, "toy", "known");
        assert_int_equal(noted.count, 1);
        assert_non_null(strstr(noted.last, "one/toy.json: unknown key \"colour\" is ignored"));
        coffer_registry_unref(registry);
}

static void too_many_serializers_in_one_file_warn(void **state)
{
        static char text[10000];
        warnings noted = {0};
        coffer_record_status *records;
        size_t count;
        (void)state;
        strcpy(text, "{\"serializers\": [");
        for (int i = 0; i < 70; i++)
                sprintf(text + strlen(text), "%s{\"name\": \"n%d\", \"library\": \"l\", \"encodings\": [\"e\"]}",
                        i ? "," : "", i);
        strcat(text, "]}");
        write_file("one/many.json", text);
        coffer_registry *registry = discover("one", &noted);
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_int_equal(count, 64);
        coffer_registry_status_free(records, count);
        assert_int_equal(noted.count, 1);
        coffer_registry_unref(registry);
}

/* ---- with code ---- */

static void a_descriptor_that_lies_about_its_code_is_broken(void **state)
{
        coffer_object object = FAKE_OBJECT("toys", "any");
        coffer_choice choice;
        (void)state;
        copy_library("lying_type.so", "one/lying_type.so");
        copy_library("lying_priority.so", "one/lying_priority.so");
        write_file("one/1.json", "{\"name\": \"toy\", \"library\": \"lying_type.so\", \"types\": [\"toys.any\"]}");
        write_file("one/2.json",
                   "{\"name\": \"lying_priority\", \"library\": \"lying_priority.so\", \"priority\": 100, "
                   "\"types\": [\"toys.any\"]}");
        coffer_registry *registry = discover("one", NULL);
        assert_state(registry, "toy", "known");
        assert_status(coffer_registry_find_serializer(registry, &object, "x", &choice, NULL), COFFER_DECLINED);
        assert_last_error(registry, "toy", "tuple name 'toy' != class.TYPE 'another'");
        assert_last_error(registry, "lying_priority", "declared priority 100 != class.PRIORITY 7");
        assert_state(registry, "lying_priority", "broken");
        coffer_registry_unref(registry);
}

static void an_entry_that_claims_nothing_is_opened_at_once_and_off_by_default_is_not(void **state)
{
        (void)state;
        copy_library("good.so", "one/good.so");
        copy_library("good.so", "one/off.so");
        write_file("one/good.json", "{\"name\": \"good\", \"library\": \"good.so\"}");
        write_file("one/off.json", "{\"name\": \"off\", \"library\": \"off.so\", \"enabled\": false}");
        coffer_registry *registry = discover("one", NULL);
        assert_state(registry, "good", "active");
        assert_state(registry, "off", "disabled");
        assert_int_equal(own_libraries(), 1);
        coffer_registry_unref(registry);
        setenv("COFFER_SERIALIZERS", "+off,-good", 1);
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        options.extension_path = "one";
        assert_ok(coffer_registry_create(&options, &registry, NULL));
        assert_ok(coffer_registry_discover(registry, options.extension_path, NULL));
        assert_state(registry, "off", "active");
        assert_state(registry, "good", "disabled");
        coffer_registry_unref(registry);
}

static void fifty_extensions_that_are_not_needed_are_not_opened(void **state)
{
        fake_serializer fallback =
                FAKE_SERIALIZER("pickle", .base.priority = 9999, .made = FAKE_OBJECT("builtins", "dict"));
        coffer_object plain = FAKE_OBJECT("builtins", "dict"), thing = FAKE_OBJECT("toys", "ext17"), loaded;
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_blob *blob = NULL;
        coffer_metadata *metadata = NULL;
        coffer_choice choice;
        (void)state;
        for (int i = 0; i < 50; i++) {
                char name[20], text[300];
                snprintf(name, sizeof(name), "one/ext%d.so", i);
                copy_library("good.so", name);
                snprintf(name, sizeof(name), "one/ext%d.json", i);
                snprintf(text, sizeof(text),
                         "{\"name\": \"ext%d\", \"library\": \"ext%d.so\", \"types\": [\"toys.ext%d\", \"heavy%d.*\"], "
                         "\"encodings\": [\"ext%d\"]}",
                         i, i, i, i, i);
                write_file(name, text);
        }
        assert_ok(coffer_registry_add(registry, &fallback.base, "metaflow", false, NULL));
        assert_ok(coffer_registry_discover(registry, "one", NULL));
        uint64_t before = coffer_native_host()->generation(coffer_native_host());
        assert_ok(coffer_registry_serialize(registry, &plain, "x", &blob, &metadata, NULL));
        assert_ok(coffer_registry_deserialize(registry, blob, metadata, "x", &loaded, NULL));
        assert_int_equal(own_libraries(), 0);
        assert_true(coffer_native_host()->generation(coffer_native_host()) == before);
        coffer_object_unref(&loaded);
        coffer_blob_unref(blob);
        coffer_metadata_free(metadata);

        assert_ok(coffer_registry_find_serializer(registry, &thing, "x", &choice, NULL));
        assert_string_equal(choice.serializer->type, "ext17");
        assert_int_equal(own_libraries(), 1);
        coffer_registry_unref(registry);
}

static coffer_status discover_all(void *user, coffer_error *error)
{
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        _cleanup_registry_ coffer_registry *registry = NULL;
        (void)user;
        options.toggles = "+toy";
        COFFER_TRY(coffer_registry_create(&options, &registry, error));
        return coffer_registry_discover(registry, NULL, error);
}

static void want_of_memory_is_an_error(void **state)
{
        (void)state;
        write_file(".local/share/coffer/extensions/a.json", LAZY("a"));
        write_file(".local/share/coffer/extensions/b.json", "{\"name\": ");
        write_file(".local/share/coffer/extensions/c.json", "{\"serializers\": [" LAZY("c1") ", " LAZY("c2") "]}");
        setenv("COFFER_EXTENSION_PATH", "nowhere", 1);
        test_alloc_fail_each(discover_all, NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                isolated(the_files_of_a_directory_are_read_in_the_order_of_their_names),
                isolated(the_environment_the_user_and_the_system_are_asked_in_turn),
                isolated(the_first_of_a_name_wins_over_later_directories),
                isolated(the_second_of_a_name_in_one_directory_warns),
                isolated(nobody_takes_the_name_of_what_is_inside_the_library),
                isolated(a_directory_that_is_not_there_warns_only_when_it_was_asked_for),
                isolated(a_file_that_cannot_be_read_is_a_broken_record_of_its_name),
                isolated(a_descriptor_with_a_mistake_is_a_broken_record),
                isolated(an_unknown_key_warns),
                isolated(too_many_serializers_in_one_file_warn),
                isolated(a_descriptor_that_lies_about_its_code_is_broken),
                isolated(an_entry_that_claims_nothing_is_opened_at_once_and_off_by_default_is_not),
                isolated(fifty_extensions_that_are_not_needed_are_not_opened),
                isolated(want_of_memory_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
