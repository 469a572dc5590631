/* SPDX-License-Identifier: Apache-2.0 */
/* Where toggles come from and how they are read. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serializer/toggles.h"
#include "util/cursor.h"
#include "util/fs.h"

static int warnings;
static char last_warning[1100];

static void note(void *user, const char *message)
{
        (void)user;
        warnings++;
        snprintf(last_warning, sizeof(last_warning), "%s", message);
}

static coffer_toggles *read_toggles(const char *text)
{
        coffer_toggles *toggles = NULL;
        warnings = 0;
        assert_ok(coffer_toggles_new(text, note, NULL, &toggles, NULL));
        return toggles;
}

static void write_file(const char *path, const char *text)
{
        assert_ok(coffer_fs_publish(path, coffer_cursor_text(text), true, false, NULL));
}

static int clear_environment(void **state)
{
        unsetenv("COFFER_SERIALIZERS");
        unsetenv("COFFER_CONFIG");
        unsetenv("XDG_CONFIG_HOME");
        int failed = test_directory_setup(state);
        setenv("HOME", test_directory_path(), 1);
        return failed;
}

#define configured(function) cmocka_unit_test_setup_teardown(function, clear_environment, test_directory_teardown)

static void assert_states(coffer_toggles *toggles, const char *on, const char *off)
{
        if (on)
                assert_true(coffer_toggles_allow(toggles, on, true));
        if (off)
                assert_false(coffer_toggles_allow(toggles, off, false));
        coffer_toggles_free(toggles);
}

static void nothing_said_leaves_all_as_it_is(void **state)
{
        (void)state;
        coffer_toggles *toggles = read_toggles(NULL);
        assert_true(coffer_toggles_allow(toggles, "x", false));
        assert_false(coffer_toggles_allow(toggles, "x", true));
        assert_int_equal(warnings, 0);
        coffer_toggles_free(toggles);
}

static void commas_and_spaces_separate(void **state)
{
        (void)state;
        assert_states(read_toggles(" -a,+b\t,, -c\n+d,"), "b", "a");
        assert_states(read_toggles(" -a,+b\t,, -c\n+d,"), "d", "c");
        assert_int_equal(warnings, 0);
}

static void a_sign_alone_warns_and_the_rest_counts(void **state)
{
        (void)state;
        assert_states(read_toggles("-,-a,+"), NULL, "a");
        assert_int_equal(warnings, 2);
        assert_string_equal(last_warning, "COFFER_SERIALIZERS: \"+\" without a name is ignored");
        coffer_toggles *toggles = read_toggles("-,-a,+");
        assert_true(coffer_toggles_allow(toggles, "b", false));
        coffer_toggles_free(toggles);
}

static void the_environment_is_read(void **state)
{
        (void)state;
        setenv("COFFER_SERIALIZERS", "-torch,+arrow", 1);
        assert_states(read_toggles(NULL), "arrow", "torch");
        assert_states(read_toggles("+torch"), "torch", NULL);
}

static void the_configuration_file_is_read_as_a_list_or_a_text(void **state)
{
        (void)state;
        write_file(".config/coffer/config.json", "{\"serializers\": [\"-torch\", \"+arrow\"], \"other\": 1}");
        assert_states(read_toggles(NULL), "arrow", "torch");
        write_file(".config/coffer/config.json", "{\"serializers\": \"-torch,+arrow\"}");
        assert_states(read_toggles(NULL), "arrow", "torch");
        assert_int_equal(warnings, 0);
}

static void variables_say_where_the_file_is(void **state)
{
        char path[5000];
        (void)state;
        write_file(".config/coffer/config.json", "{\"serializers\": \"+home\"}");
        write_file("xdg/coffer/config.json", "{\"serializers\": \"+xdg\"}");
        write_file("own.json", "{\"serializers\": \"+own\"}");
        setenv("XDG_CONFIG_HOME", "xdg", 1); /* not absolute: no directory at all */
        assert_states(read_toggles(NULL), "home", NULL);
        snprintf(path, sizeof(path), "%s/xdg", test_directory_path());
        setenv("XDG_CONFIG_HOME", path, 1);
        assert_states(read_toggles(NULL), "xdg", NULL);
        setenv("COFFER_CONFIG", "own.json", 1);
        assert_states(read_toggles(NULL), "own", NULL);
}

static void the_environment_wins_over_the_file(void **state)
{
        (void)state;
        write_file(".config/coffer/config.json", "{\"serializers\": [\"-torch\", \"+arrow\"]}");
        setenv("COFFER_SERIALIZERS", "", 1);
        coffer_toggles *toggles = read_toggles(NULL);
        assert_true(coffer_toggles_allow(toggles, "torch", false));
        assert_false(coffer_toggles_allow(toggles, "arrow", true));
        coffer_toggles_free(toggles);
}

static void a_bad_file_warns_and_is_ignored(void **state)
{
        static const struct {
                const char *text, *warning;
        } cases[] = {
                {"{\"serializers\"", "cannot read JSON"},
                {"[]", "must be a JSON object"},
                {"{\"serializers\": 5}", "\"serializers\" must be a text or a list of texts; it is ignored"},
                {"{\"serializers\": [\"-a\", 5]}", "item 1 of \"serializers\" is not a text and is ignored"},
                {"{\"serializers\": [\"-\"]}", "\"-\" without a name is ignored"},
                {"{\"serializers\": \"-a\\u0000b\"}", "without a name is ignored"},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                write_file(".config/coffer/config.json", cases[i].text);
                coffer_toggles *toggles = read_toggles(NULL);
                assert_true(coffer_toggles_allow(toggles, "x", false));
                coffer_toggles_free(toggles);
                assert_int_equal(warnings, 1);
                if (!strstr(last_warning, cases[i].warning))
                        fail_msg("case %zu: %s", i, last_warning);
        }
}

static void a_file_that_is_asked_for_and_not_there_warns(void **state)
{
        (void)state;
        setenv("COFFER_CONFIG", "nowhere.json", 1);
        coffer_toggles_free(read_toggles(NULL));
        assert_int_equal(warnings, 1);
        assert_non_null(strstr(last_warning, "nowhere.json"));
}

static void without_a_home_there_is_no_file(void **state)
{
        (void)state;
        unsetenv("HOME");
        coffer_toggles_free(read_toggles(NULL));
        assert_int_equal(warnings, 0);
}

static coffer_status read_both(void *user, coffer_error *error)
{
        coffer_toggles *toggles = NULL;
        (void)user;
        COFFER_TRY(coffer_toggles_new("-a,+b,c", NULL, NULL, &toggles, error));
        coffer_toggles_free(toggles);
        COFFER_TRY(coffer_toggles_new(NULL, NULL, NULL, &toggles, error));
        coffer_toggles_free(toggles);
        return COFFER_OK;
}

static void want_of_memory_is_an_error(void **state)
{
        (void)state;
        write_file(".config/coffer/config.json", "{\"serializers\": [\"-torch\", \"+arrow\"]}");
        test_alloc_fail_each(read_both, NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                configured(nothing_said_leaves_all_as_it_is),
                configured(commas_and_spaces_separate),
                configured(a_sign_alone_warns_and_the_rest_counts),
                configured(the_environment_is_read),
                configured(the_configuration_file_is_read_as_a_list_or_a_text),
                configured(variables_say_where_the_file_is),
                configured(the_environment_wins_over_the_file),
                configured(a_bad_file_warns_and_is_ignored),
                configured(a_file_that_is_asked_for_and_not_there_warns),
                configured(without_a_home_there_is_no_file),
                configured(want_of_memory_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
