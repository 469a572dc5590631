/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <coffer/datastore.h>
#include "datastore/settings.h"
#include "util/cleanup.h"

/* Nothing of the environment that the tests run in counts. */
static int setup(void **state)
{
        static const char *const variables[] = {"COFFER_STORE",
                                                "METAFLOW_DATASTORE_SYSROOT_LOCAL",
                                                "METAFLOW_PROFILE",
                                                "METAFLOW_USER",
                                                "SUDO_USER",
                                                "USERNAME",
                                                "USER"};
        if (test_directory_setup(state) != 0)
                return -1;
        for (size_t i = 0; i < ARRAY_COUNT(variables); i++)
                unsetenv(variables[i]);
        return setenv("METAFLOW_HOME", test_directory_path(), 1) | setenv("HOME", test_directory_path(), 1);
}

static void make_directory(const char *path)
{
        assert_int_equal(mkdir(path, 0777), 0);
}

static void write_file(const char *path, const char *text)
{
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

/* `expected` is relative to the case's directory. */
static void assert_below(char *path, const char *expected)
{
        size_t base_bytes = strlen(test_directory_path());
        assert_non_null(path);
        assert_memory_equal(path, test_directory_path(), base_bytes);
        assert_string_equal(path + base_bytes, expected);
        coffer_free(path);
}

static bool exists(const char *path)
{
        return access(path, F_OK) == 0;
}

static void test_nearest_directory_upward_is_the_root(void **state)
{
        (void)state;
        char *root = NULL;
        make_directory("top");
        make_directory("top/.metaflow");
        make_directory("top/below");
        assert_ok(coffer_store_find_root("top/below", false, &root, NULL));
        assert_below(root, "/top/.metaflow");
}

static void test_working_directory_is_where_the_search_starts(void **state)
{
        (void)state;
        char *root = NULL;
        make_directory(".metaflow");
        assert_ok(coffer_store_find_root(NULL, false, &root, NULL));
        assert_below(root, "/.metaflow");
}

static void test_no_directory_is_not_found_or_created(void **state)
{
        (void)state;
        char *root = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        assert_status(coffer_store_find_root(NULL, false, &root, &error), COFFER_NOT_FOUND);
        assert_null(root);
        assert_non_null(strstr(error.message, ".metaflow"));
        assert_false(exists(".metaflow"));
        assert_ok(coffer_store_find_root(NULL, true, &root, NULL));
        assert_below(root, "/.metaflow");
        assert_true(exists(".metaflow"));
}

static void test_environment_comes_before_configuration_files(void **state)
{
        (void)state;
        char *root = NULL;
        make_directory(".metaflow");
        make_directory("configured");
        make_directory("configured/.metaflow");
        write_file(".metaflow/config.json", "{\"METAFLOW_DATASTORE_SYSROOT_LOCAL\": \"configured\"}");
        assert_ok(coffer_store_find_root(NULL, false, &root, NULL));
        assert_below(root, "/configured/.metaflow");
        setenv("METAFLOW_DATASTORE_SYSROOT_LOCAL", "named", 1);
        assert_status(coffer_store_find_root(NULL, false, &root, NULL), COFFER_NOT_FOUND);
        assert_ok(coffer_store_find_root(NULL, true, &root, NULL));
        assert_below(root, "/named/.metaflow");
        unsetenv("METAFLOW_DATASTORE_SYSROOT_LOCAL");
}

static void test_profile_chooses_the_configuration_file(void **state)
{
        (void)state;
        char *root = NULL;
        make_directory("work");
        write_file("config.json", "{\"METAFLOW_DATASTORE_SYSROOT_LOCAL\": \"/nowhere/general\"}");
        write_file("config_mine.json", "{\"METAFLOW_DATASTORE_SYSROOT_LOCAL\": \"mine\", \"OTHER\": 1}");
        setenv("METAFLOW_PROFILE", "mine", 1);
        assert_ok(coffer_store_find_root(NULL, true, &root, NULL));
        assert_below(root, "/mine/.metaflow");
        setenv("METAFLOW_PROFILE", "other", 1);
        assert_status(coffer_store_find_root(NULL, true, &root, NULL), COFFER_INVALID);
        unsetenv("METAFLOW_PROFILE");
        coffer_error error = COFFER_ERROR_INIT;
        assert_status(coffer_store_find_root(NULL, false, &root, &error), COFFER_NOT_FOUND);
        assert_non_null(strstr(error.message, "/nowhere/general"));
}

static void test_home_may_be_below_the_users(void **state)
{
        (void)state;
        char *root = NULL;
        make_directory(".metaflowconfig");
        write_file(".metaflowconfig/config.json", "{\"METAFLOW_DATASTORE_SYSROOT_LOCAL\": \"shared\"}");
        unsetenv("METAFLOW_HOME");
        assert_ok(coffer_store_find_root(NULL, true, &root, NULL));
        assert_below(root, "/shared/.metaflow");
}

static void test_configuration_that_is_wrong_is_an_error(void **state)
{
        (void)state;
        char *root = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        static const char *const wrong[] = {"{", "{\"METAFLOW_DATASTORE_SYSROOT_LOCAL\": 3}"};
        for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
                write_file("config.json", wrong[i]);
                assert_status(coffer_store_find_root(NULL, true, &root, &error), COFFER_MALFORMED);
                assert_non_null(strstr(error.message, "config.json"));
        }
        static const char *const empty[] = {"{}", "[]", "{\"METAFLOW_DATASTORE_SYSROOT_LOCAL\": null}"};
        for (size_t i = 0; i < ARRAY_COUNT(empty); i++) {
                write_file("config.json", empty[i]);
                assert_status(coffer_store_find_root(NULL, false, &root, NULL), COFFER_NOT_FOUND);
        }
}

static void test_own_variable_comes_first(void **state)
{
        (void)state;
        char *root = NULL;
        make_directory(".metaflow");
        make_directory("chosen");
        make_directory("chosen/.metaflow");
        setenv("METAFLOW_DATASTORE_SYSROOT_LOCAL", "/elsewhere", 1);
        setenv("COFFER_STORE", "chosen/", 1);
        assert_ok(coffer_store_find_root(NULL, false, &root, NULL));
        assert_below(root, "/chosen/.metaflow");
        unsetenv("COFFER_STORE");
        unsetenv("METAFLOW_DATASTORE_SYSROOT_LOCAL");
}

static void test_directory_with_flows_is_a_root(void **state)
{
        (void)state;
        char *root = NULL;
        make_directory("plain");
        make_directory("plain/Flow");
        assert_status(coffer_store_root_at("plain", false, &root, NULL), COFFER_NOT_FOUND);
        make_directory("plain/Flow/data");
        assert_ok(coffer_store_root_at("./plain//", false, &root, NULL));
        assert_below(root, "/plain");
        assert_ok(coffer_store_root_at("plain", true, &root, NULL));
        assert_below(root, "/plain");
}

static void test_directory_without_store_gets_one(void **state)
{
        (void)state;
        char *root = NULL;
        assert_status(coffer_store_root_at("a/b", false, &root, NULL), COFFER_NOT_FOUND);
        assert_status(coffer_store_root_at("a/.metaflow", false, &root, NULL), COFFER_NOT_FOUND);
        assert_status(coffer_store_root_at("", true, &root, NULL), COFFER_INVALID);
        assert_ok(coffer_store_root_at("a/b", true, &root, NULL));
        assert_below(root, "/a/b/.metaflow");
        assert_ok(coffer_store_root_at("c/.metaflow", true, &root, NULL));
        assert_below(root, "/c/.metaflow");
        assert_ok(coffer_store_root_at(".", true, &root, NULL));
        assert_below(root, "/.metaflow");
}

static void test_user_is_whom_metaflow_takes(void **state)
{
        (void)state;
        char *user = NULL;
        assert_ok(coffer_setting_user(&user, NULL));
        assert_null(user);
        setenv("USER", "root", 1);
        setenv("USERNAME", "nina", 1);
        assert_ok(coffer_setting_user(&user, NULL));
        assert_string_equal(user, "nina");
        coffer_free(user);
        setenv("METAFLOW_USER", "otto", 1);
        assert_ok(coffer_setting_user(&user, NULL));
        assert_string_equal(user, "otto");
        coffer_free(user);
        unsetenv("METAFLOW_USER");
        unsetenv("USERNAME");
        unsetenv("USER");
}

static coffer_status find_root(void *user, coffer_error *error)
{
        char *root = NULL;
        (void)user;
        coffer_status status = coffer_store_find_root("work", false, &root, error);
        if (status == COFFER_OK)
                coffer_free(root);
        return status;
}

static void test_no_memory_is_an_error(void **state)
{
        (void)state;
        make_directory("work");
        make_directory("work/.metaflow");
        write_file("work/.metaflow/config.json", "{\"METAFLOW_DATASTORE_SYSROOT_LOCAL\": \"work\"}");
        test_alloc_fail_each(find_root, NULL);
}

#define in_bare_environment(function) cmocka_unit_test_setup_teardown(function, setup, test_directory_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_bare_environment(test_nearest_directory_upward_is_the_root),
                in_bare_environment(test_working_directory_is_where_the_search_starts),
                in_bare_environment(test_no_directory_is_not_found_or_created),
                in_bare_environment(test_environment_comes_before_configuration_files),
                in_bare_environment(test_profile_chooses_the_configuration_file),
                in_bare_environment(test_home_may_be_below_the_users),
                in_bare_environment(test_configuration_that_is_wrong_is_an_error),
                in_bare_environment(test_own_variable_comes_first),
                in_bare_environment(test_directory_with_flows_is_a_root),
                in_bare_environment(test_directory_without_store_gets_one),
                in_bare_environment(test_user_is_whom_metaflow_takes),
                in_bare_environment(test_no_memory_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
