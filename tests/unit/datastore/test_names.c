/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "datastore/names.h"
#include "util/cleanup.h"

static void assert_name(coffer_name_kind kind, const char *name)
{
        coffer_error error = COFFER_ERROR_INIT;
        if (coffer_name_check(kind, name, &error) != COFFER_OK)
                fail_msg("'%s': %s", name, error.message);
}

static void assert_no_name(coffer_name_kind kind, const char *name)
{
        coffer_error error = COFFER_ERROR_INIT;
        if (coffer_name_check(kind, name, &error) != COFFER_INVALID)
                fail_msg("'%s' is taken for a name", name);
        assert_true(strlen(error.message) > 0);
}

static void test_identifiers_are_artifact_names(void **state)
{
        (void)state;
        static const char *const names[] = {"x",
                                            "_",
                                            "_task_ok",
                                            "Model2",
                                            ("\xc3\xbc"
                                             "ber"),
                                            "\xe5\x8f\x98"};
        for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
                assert_name(COFFER_NAME_ARTIFACT, names[i]);
                assert_name(COFFER_NAME_STEP, names[i]);
                assert_name(COFFER_NAME_FLOW, names[i]);
        }
}

static void test_other_texts_are_no_artifact_names(void **state)
{
        (void)state;
        static const char *const names[] = {"",    "2x",  "a b",  "a-b",  "a.b",       "a/b",         "..",
                                            "a\n", "a:b", "\xff", "\xc3", "x\xc2\x85", "\xed\xa0\x80"};
        for (size_t i = 0; i < ARRAY_COUNT(names); i++)
                assert_no_name(COFFER_NAME_ARTIFACT, names[i]);
        assert_no_name(COFFER_NAME_ARTIFACT, NULL);
}

static void test_runs_and_tasks_have_freer_names(void **state)
{
        (void)state;
        static const char *const names[] = {"1795455842693660", "argo-flow-x7k2p", "sfn-1_2.3", "a b", "0"};
        for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
                assert_name(COFFER_NAME_RUN, names[i]);
                assert_name(COFFER_NAME_TASK, names[i]);
        }
        static const char *const wrong[] = {"", ".", "..", ".hidden", "a/b", "/", "a\tb", "_meta"};
        for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
                assert_no_name(COFFER_NAME_RUN, wrong[i]);
                assert_no_name(COFFER_NAME_TASK, wrong[i]);
        }
}

static void test_names_with_another_meaning_are_refused(void **state)
{
        (void)state;
        assert_no_name(COFFER_NAME_FLOW, "data");
        assert_no_name(COFFER_NAME_RUN, "data");
        assert_no_name(COFFER_NAME_RUN, "latest_run");
        assert_no_name(COFFER_NAME_STEP, "_meta");
        assert_no_name(COFFER_NAME_METADATA, "DONE.lock");
        assert_no_name(COFFER_NAME_METADATA, "data.json");
        assert_no_name(COFFER_NAME_METADATA, "attempt.json");
        assert_name(COFFER_NAME_METADATA, "task_begin");
        assert_name(COFFER_NAME_STEP, "data");
}

static void test_long_names_are_refused(void **state)
{
        (void)state;
        char name[300];
        memset(name, 'a', sizeof(name));
        name[256] = '\0';
        assert_no_name(COFFER_NAME_RUN, name);
        name[255] = '\0';
        assert_name(COFFER_NAME_RUN, name);
        assert_no_name(COFFER_NAME_ARTIFACT, name);
        name[200] = '\0';
        assert_name(COFFER_NAME_ARTIFACT, name);
}

static void test_numbers_sort_by_value_and_first(void **state)
{
        (void)state;
        static const char *const sorted[] = {"0", "01", "1", "2", "10", "99999999999999999999999", "a", "a1", "b"};
        for (size_t i = 0; i < ARRAY_COUNT(sorted); i++) {
                for (size_t j = 0; j < ARRAY_COUNT(sorted); j++) {
                        int order = coffer_name_compare(sorted[i], sorted[j]);
                        assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
                }
        }
}

static const char *name_at(const void *list, size_t index)
{
        return ((const char *const *)list)[index];
}

static void test_nearest_name_is_found(void **state)
{
        (void)state;
        static const char *const names[] = {"model", "accuracy", "_task_ok", "x"};
        static const struct {
                const char *name, *nearest;
        } cases[] = {{"modle", "model"}, {"accurracy", "accuracy"}, {"task_ok", "_task_ok"},
                     {"Model", "model"}, {"completely", NULL},      {"y", NULL},
                     {"", NULL}};
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                const char *nearest = coffer_name_nearest(cases[i].name, name_at, ARRAY_COUNT(names), names);
                if (cases[i].nearest)
                        assert_string_equal(nearest, cases[i].nearest);
                else
                        assert_null(nearest);
        }
}

static void test_very_long_names_have_no_nearest(void **state)
{
        (void)state;
        char name[201];
        memset(name, 'a', sizeof(name));
        name[200] = '\0';
        const char *const names[] = {name, "aa"};
        assert_null(coffer_name_nearest(name, name_at, ARRAY_COUNT(names), names));
        assert_string_equal(coffer_name_nearest("ab", name_at, ARRAY_COUNT(names), names), "aa");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_identifiers_are_artifact_names),
                cmocka_unit_test(test_other_texts_are_no_artifact_names),
                cmocka_unit_test(test_runs_and_tasks_have_freer_names),
                cmocka_unit_test(test_names_with_another_meaning_are_refused),
                cmocka_unit_test(test_long_names_are_refused),
                cmocka_unit_test(test_numbers_sort_by_value_and_first),
                cmocka_unit_test(test_nearest_name_is_found),
                cmocka_unit_test(test_very_long_names_have_no_nearest),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
