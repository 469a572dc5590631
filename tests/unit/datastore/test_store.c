/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

static void test_root_is_made_absolute(void **state)
{
        (void)state;
        char wanted[512];
        coffer_store *store = open_store_at("./.metaflow");
        snprintf(wanted, sizeof(wanted), "%s/.metaflow", test_directory_path());
        assert_string_equal(coffer_store_root(store), wanted);
        assert_string_equal(coffer_store_type(store), "local");
        assert_non_null(coffer_store_registry(store));
        assert_false(exists(".metaflow"));
        coffer_store_unref(store);
}

static void test_store_lives_as_long_as_its_references(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        assert_ptr_equal(coffer_store_ref(store), store);
        coffer_store_unref(store);
        assert_string_equal(coffer_store_type(store), "local");
        coffer_store_unref(store);
        coffer_store_unref(NULL);
}

static void test_what_cannot_be_opened_is_an_error(void **state)
{
        (void)state;
        coffer_store_options options = COFFER_STORE_OPTIONS_INIT;
        coffer_store *store = NULL;
        options.type = "floppy";
        options.registry = new_registry();
        assert_status(coffer_store_open(".metaflow", &options, &store, NULL), COFFER_UNSUPPORTED);
        options.type = NULL;
        assert_status(coffer_store_open("", &options, &store, NULL), COFFER_INVALID);
        assert_status(coffer_store_open(NULL, &options, &store, NULL), COFFER_INVALID);
        assert_null(store);
        coffer_registry_unref(options.registry);
}

static void test_versions_of_options_are_told_apart(void **state)
{
        (void)state;
        coffer_store_options options = COFFER_STORE_OPTIONS_INIT;
        coffer_store *store = NULL;
        options.registry = new_registry();
        options.python_version = "3.99";
        for (uint32_t version = 1; version <= 3; version++) {
                options.version = version;
                assert_ok(coffer_store_open(".metaflow", &options, &store, NULL));
                save_done(store, (const char *const[]){"1", "2", "3"}[version - 1], 0);
                coffer_store_unref(store);
        }
        assert_non_null(strstr(read_file(".metaflow/Flow/1/start/1/0.data.json"), "\"python_version\": \"coffer "));
        assert_non_null(strstr(read_file(".metaflow/Flow/1/start/2/0.data.json"), "\"python_version\": \"3.99\""));
        assert_non_null(strstr(read_file(".metaflow/Flow/1/start/3/0.data.json"), "\"python_version\": \"3.99\""));
        store = NULL;
        for (options.version = 0; options.version <= 4; options.version += 4)
                assert_status(coffer_store_open(".metaflow", &options, &store, NULL), COFFER_INVALID);
        assert_null(store);
        coffer_registry_unref(options.registry);
}

static void test_registry_of_its_own_is_made(void **state)
{
        (void)state;
        coffer_store *store = NULL;
        assert_ok(coffer_store_open(".metaflow", NULL, &store, NULL));
        assert_non_null(coffer_store_registry(store));
        coffer_store_unref(store);
}

static coffer_status append_name(void *user, const char *name, coffer_error *error)
{
        char *names = user;
        (void)error;
        strcat(names, name);
        strcat(names, " ");
        return COFFER_OK;
}

static void assert_list(coffer_store *store, const char *flow, const char *run, const char *step, const char *wanted)
{
        char names[256] = "";
        assert_ok(coffer_store_list(store, flow, run, step, append_name, names, NULL));
        assert_string_equal(names, wanted);
}

static void make_tree(const char *const *directories, size_t count)
{
        char command[256];
        for (size_t i = 0; i < count; i++) {
                snprintf(command, sizeof(command), "mkdir -p .metaflow/%s", directories[i]);
                assert_int_equal(system(command), 0);
        }
}

static void test_lists_are_sorted_and_show_what_is_meant(void **state)
{
        (void)state;
        static const char *const directories[] = {
                "Flow/data/ab",         "Flow/_meta",          "Flow/10/start/2",  "Flow/9/_meta",
                "Flow/9/_parameters/0", "Flow/argo-1/start/x", "Flow/10/start/10", "Flow/10/start/1/_meta",
                "Flow/10/end/3",        "Other/1/start/1",     "data/Flow",        ".hidden",
                "Flow/10/start/_meta",  "Flow/.coffer-tmp-1",  "Flow/damaged/ab",  "not-a-flow/1",
        };
        coffer_store *store = open_store();
        assert_list(store, NULL, NULL, NULL, "");
        make_tree(directories, ARRAY_COUNT(directories));
        write_file(".metaflow/Flow/latest_run", "10");
        write_file(".metaflow/Flow/10/start/99", "");
        assert_list(store, NULL, NULL, NULL, "Flow Other ");
        assert_list(store, "Flow", NULL, NULL, "9 10 argo-1 ");
        assert_list(store, "Flow", "10", NULL, "end start ");
        assert_list(store, "Flow", "9", NULL, "_parameters ");
        assert_list(store, "Flow", "10", "start", "1 2 10 ");
        assert_list(store, "Missing", NULL, NULL, "");
        coffer_store_unref(store);
}

static coffer_status stop(void *user, const char *name, coffer_error *error)
{
        ++*(int *)user;
        return coffer_error_set(error, COFFER_WOULD_BLOCK, "stopped at %s", name);
}

static void test_visitor_ends_the_list(void **state)
{
        (void)state;
        static const char *const directories[] = {"Flow/1", "Flow/2"};
        coffer_store *store = open_store();
        int visits = 0;
        make_tree(directories, ARRAY_COUNT(directories));
        assert_status(coffer_store_list(store, "Flow", NULL, NULL, stop, &visits, NULL), COFFER_WOULD_BLOCK);
        assert_int_equal(visits, 1);
        coffer_store_unref(store);
}

static void test_names_that_leave_the_tree_are_refused(void **state)
{
        (void)state;
        char names[16] = "";
        coffer_store *store = open_store();
        coffer_attempt_state states[COFFER_MAX_ATTEMPTS];
        char *record = NULL;
        assert_status(coffer_store_list(store, "..", NULL, NULL, append_name, names, NULL), COFFER_INVALID);
        assert_status(coffer_store_list(store, "Flow", "../..", NULL, append_name, names, NULL), COFFER_INVALID);
        assert_status(coffer_store_list(store, "Flow", NULL, "start", append_name, names, NULL), COFFER_INVALID);
        assert_status(coffer_store_attempts(store, "Flow", "1", "start", "..", states, NULL), COFFER_INVALID);
        assert_status(coffer_store_attempts(store, "Flow", "1", "start", NULL, states, NULL), COFFER_INVALID);
        assert_status(coffer_store_load_record(store, "a/b", NULL, NULL, NULL, &record, NULL), COFFER_INVALID);
        assert_status(coffer_store_load_record(store, NULL, NULL, NULL, NULL, &record, NULL), COFFER_INVALID);
        assert_null(record);
        coffer_store_unref(store);
}

static void test_states_of_attempts_are_told(void **state)
{
        (void)state;
        coffer_attempt_state states[COFFER_MAX_ATTEMPTS];
        coffer_store *store = open_store();
        assert_ok(coffer_store_attempts(store, "Flow", "1", "start", "1", states, NULL));
        for (size_t i = 0; i < COFFER_MAX_ATTEMPTS; i++)
                assert_false(states[i].started || states[i].done || states[i].has_data);
        save_done(store, "1", 1);
        coffer_task_free(start_writer(store, "1", 4));
        assert_ok(coffer_store_attempts(store, "Flow", "1", "start", "1", states, NULL));
        assert_false(states[0].started);
        assert_true(states[1].started && states[1].done && states[1].has_data);
        assert_true(states[4].started && !states[4].done && !states[4].has_data);
        assert_false(states[5].started);
        coffer_store_unref(store);
}

static void test_records_are_loaded(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        char *record = NULL;
        save_done(store, "1", 0);
        assert_ok(coffer_store_load_record(store, "Flow", "1", NULL, NULL, &record, NULL));
        assert_non_null(strstr(record, "\"run_number\": \"1\""));
        coffer_free(record);
        record = NULL;
        assert_status(coffer_store_load_record(store, "Flow", "2", NULL, NULL, &record, NULL), COFFER_NOT_FOUND);
        write_file(".metaflow/Flow/_meta/_self.json", "{");
        assert_status(coffer_store_load_record(store, "Flow", NULL, NULL, NULL, &record, NULL), COFFER_MALFORMED);
        assert_null(record);
        coffer_store_unref(store);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(test_root_is_made_absolute),
                in_own_directory(test_store_lives_as_long_as_its_references),
                in_own_directory(test_what_cannot_be_opened_is_an_error),
                in_own_directory(test_versions_of_options_are_told_apart),
                in_own_directory(test_registry_of_its_own_is_made),
                in_own_directory(test_lists_are_sorted_and_show_what_is_meant),
                in_own_directory(test_visitor_ends_the_list),
                in_own_directory(test_names_that_leave_the_tree_are_refused),
                in_own_directory(test_states_of_attempts_are_told),
                in_own_directory(test_records_are_loaded),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
