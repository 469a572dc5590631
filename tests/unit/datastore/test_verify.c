/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include <utime.h>

enum { MOST_FINDINGS = 16 };

/* What was found, as one line each: "problem path pathspec attempt artifact [repaired] [moved]". */
static char findings[MOST_FINDINGS][512];
static size_t finding_count;

static coffer_status note_finding(void *user, const coffer_finding *finding, coffer_error *error)
{
        static const char *const problems[] = {"sidecar", "damaged", "missing", "metadata", "leftover", "records"};
        (void)user;
        (void)error;
        assert_true(finding_count < MOST_FINDINGS);
        assert_string_equal(finding->flow, "Flow");
        assert_true(strlen(finding->reason) > 0);
        snprintf(findings[finding_count++], sizeof(findings[0]), "%s %s %s %d %s%s%s", problems[finding->problem],
                 finding->path, finding->pathspec ? finding->pathspec : "-", finding->attempt,
                 finding->artifact ? finding->artifact : "-", finding->repaired ? " repaired" : "",
                 finding->moved_to ? " moved" : "");
        return COFFER_OK;
}

static coffer_verify_summary verify(coffer_store *store, bool repair)
{
        coffer_verify_options options = COFFER_VERIFY_OPTIONS_INIT;
        coffer_verify_summary summary;
        coffer_error error = COFFER_ERROR_INIT;
        options.repair = repair;
        options.finding = note_finding;
        finding_count = 0;
        if (coffer_store_verify(store, &options, &summary, &error) != COFFER_OK)
                fail_msg("%s", error.message);
        return summary;
}

static void assert_finding(size_t index, const char *format, const char *path)
{
        char wanted[512];
        assert_true(index < finding_count);
        snprintf(wanted, sizeof(wanted), format, path + strlen(".metaflow/"));
        assert_string_equal(findings[index], wanted);
}

static uint64_t problem_count(const coffer_verify_summary *summary)
{
        uint64_t count = 0;
        for (size_t i = 0; i < COFFER_PROBLEM_COUNT; i++)
                count += summary->problems[i];
        return count;
}

static void test_sound_store_is_sound(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        save_done(store, "2", 0);
        coffer_task_free(start_writer(store, "3", 0));
        coffer_verify_summary summary = verify(store, false);
        assert_int_equal(finding_count, 0);
        assert_int_equal(problem_count(&summary), 0);
        assert_int_equal(summary.flows, 1);
        assert_int_equal(summary.attempts, 2);
        assert_int_equal(summary.artifacts, 4);
        assert_int_equal(summary.blobs, 2);
        assert_true(summary.blob_bytes > 0);
        coffer_store_unref(store);
}

static void test_empty_store_is_sound(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_verify_summary summary = verify(store, true);
        assert_int_equal(problem_count(&summary), 0);
        assert_int_equal(summary.flows, 0);
        coffer_store_unref(store);
}

static void test_damaged_blob_and_all_it_affects_are_found(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        save_done(store, "2", 0);
        coffer_task *task = open_reader(store, "1");
        write_file(blob_file(task, "a", ""), "rubbish");
        coffer_verify_summary summary = verify(store, false);
        assert_int_equal(finding_count, 3);
        assert_finding(0, "damaged %s - -1 -", blob_file(task, "a", ""));
        assert_finding(1, "damaged %s Flow/1/start/1 0 a", blob_file(task, "a", ""));
        assert_finding(2, "damaged %s Flow/1/start/2 0 a", blob_file(task, "a", ""));
        assert_int_equal(problem_count(&summary), 1);
        assert_int_equal(summary.problems[COFFER_PROBLEM_DAMAGED], 1);
        assert_int_equal(summary.affected, 2);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_damaged_blob_is_set_aside(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        write_file(blob_file(task, "a", ""), "rubbish");
        coffer_verify_summary summary = verify(store, true);
        assert_finding(0, "damaged %s - -1 - repaired moved", blob_file(task, "a", ""));
        assert_finding(1, "damaged %s Flow/1/start/1 0 a moved", blob_file(task, "a", ""));
        assert_int_equal(summary.repaired, 1);
        assert_false(exists(blob_file(task, "a", "")));
        assert_int_equal(system("grep -rq rubbish .metaflow/Flow/damaged"), 0);
        summary = verify(store, false);
        assert_int_equal(finding_count, 1);
        assert_finding(0, "missing %s Flow/1/start/1 0 a", blob_file(task, "a", ""));
        coffer_task_free(task);
        save_done(store, "2", 0);
        summary = verify(store, false);
        assert_int_equal(problem_count(&summary), 0);
        coffer_store_unref(store);
}

static void test_missing_blob_is_one_problem(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        save_done(store, "2", 3);
        coffer_task *task = open_reader(store, "1");
        assert_int_equal(unlink(blob_file(task, "b", "")), 0);
        coffer_verify_summary summary = verify(store, true);
        assert_int_equal(finding_count, 2);
        assert_finding(0, "missing %s Flow/1/start/1 0 b", blob_file(task, "b", ""));
        assert_finding(1, "missing %s Flow/1/start/2 3 b", blob_file(task, "b", ""));
        assert_int_equal(summary.problems[COFFER_PROBLEM_MISSING], 1);
        assert_int_equal(summary.affected, 2);
        assert_int_equal(summary.repaired, 0);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_lost_sidecar_is_mended(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        assert_int_equal(unlink(blob_file(task, "a", "_meta")), 0);
        coffer_verify_summary summary = verify(store, false);
        assert_int_equal(finding_count, 1);
        assert_finding(0, "sidecar %s - -1 -", blob_file(task, "a", ""));
        assert_int_equal(summary.affected, 0);
        summary = verify(store, true);
        assert_finding(0, "sidecar %s - -1 - repaired", blob_file(task, "a", ""));
        assert_true(exists(blob_file(task, "a", "_meta")));
        summary = verify(store, false);
        assert_int_equal(problem_count(&summary), 0);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_unreadable_data_is_found(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        save_done(store, "2", 0);
        write_file(TASK_DIRECTORY "0.data.json", "{");
        assert_int_equal(unlink(".metaflow/Flow/1/start/2/0.data.json"), 0);
        coffer_verify_summary summary = verify(store, true);
        assert_int_equal(finding_count, 2);
        assert_finding(0, "metadata %s Flow/1/start/1 0 -", TASK_DIRECTORY "0.data.json");
        assert_finding(1, "metadata %s Flow/1/start/2 0 -", ".metaflow/Flow/1/start/2/0.data.json");
        assert_int_equal(summary.problems[COFFER_PROBLEM_METADATA], 2);
        coffer_store_unref(store);
}

static void test_records_that_a_crash_has_prevented_are_mended(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        save_done(store, "1", 2);
        assert_int_equal(
                system("rm " TASK_DIRECTORY "_meta/2_artifact_b.json " TASK_DIRECTORY "_meta/sysmeta_attempt-done_*"),
                0);
        coffer_verify_summary summary = verify(store, false);
        assert_int_equal(finding_count, 2);
        assert_finding(0, "records %s Flow/1/start/1 0 -", TASK_DIRECTORY "_meta");
        assert_finding(1, "records %s Flow/1/start/1 2 -", TASK_DIRECTORY "_meta");
        summary = verify(store, true);
        assert_finding(0, "records %s Flow/1/start/1 0 - repaired", TASK_DIRECTORY "_meta");
        assert_int_equal(summary.repaired, 2);
        const char *text = read_file(TASK_DIRECTORY "_meta/2_artifact_b.json");
        assert_non_null(strstr(text, "\"user_name\": \"nina\", \"tags\": [], \"system_tags\": [\"runtime:coffer\""));
        summary = verify(store, false);
        assert_int_equal(problem_count(&summary), 0);
        coffer_store_unref(store);
}

static void test_task_that_the_tree_does_not_know_lacks_no_records(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        assert_int_equal(system("rm -r " TASK_DIRECTORY "_meta"), 0);
        coffer_verify_summary summary = verify(store, true);
        assert_int_equal(problem_count(&summary), 0);
        assert_false(exists(TASK_DIRECTORY "_meta"));
        write_file(TASK_DIRECTORY "_meta", "");
        summary = verify(store, false);
        assert_int_equal(problem_count(&summary), 0);
        coffer_store_unref(store);
}

static void test_records_that_cannot_be_read_are_found(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        write_file(TASK_DIRECTORY "_meta/_self.json", "{");
        coffer_verify_summary summary = verify(store, true);
        assert_finding(0, "records %s Flow/1/start/1 0 -", TASK_DIRECTORY "_meta");
        assert_int_equal(summary.problems[COFFER_PROBLEM_RECORDS], 1);
        assert_int_equal(summary.repaired, 0);
        coffer_store_unref(store);
}

static void test_names_that_cannot_be_recorded_are_passed_over(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        char text[256];
        snprintf(text, sizeof(text), "{\"objects\": {\"../../../../x\": \"%s\", \"a\": \"%s\"}}", key_of(task, "a"),
                 key_of(task, "a"));
        coffer_task_free(task);
        write_file(TASK_DIRECTORY "0.data.json", text);
        assert_int_equal(unlink(TASK_DIRECTORY "_meta/0_artifact_a.json"), 0);
        coffer_verify_summary summary = verify(store, true);
        assert_int_equal(problem_count(&summary), 1);
        assert_int_equal(summary.repaired, 1);
        assert_true(exists(TASK_DIRECTORY "_meta/0_artifact_a.json"));
        summary = verify(store, false);
        assert_int_equal(problem_count(&summary), 0);
        coffer_store_unref(store);
}

static void test_leftovers_are_found_and_removed(void **state)
{
        (void)state;
        static const char leftover[] = TASK_DIRECTORY ".coffer-tmp-999999999-abcdefghijkl";
        const struct utimbuf long_ago = {1000000000, 1000000000};
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        write_file(leftover, "half");
        assert_int_equal(utime(leftover, &long_ago), 0);
        coffer_verify_summary summary = verify(store, false);
        assert_int_equal(finding_count, 1);
        assert_finding(0, "leftover %s - -1 -", leftover);
        assert_true(exists(leftover));
        summary = verify(store, true);
        assert_finding(0, "leftover %s - -1 - repaired", leftover);
        assert_int_equal(summary.repaired, 1);
        assert_false(exists(leftover));
        coffer_store_unref(store);
}

static void test_one_flow_is_checked_alone(void **state)
{
        (void)state;
        coffer_verify_options options = COFFER_VERIFY_OPTIONS_INIT;
        coffer_verify_summary summary;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        assert_int_equal(system("mkdir -p .metaflow/Other/data/ab && echo rubbish > "
                                ".metaflow/Other/data/ab/abababababababababababababababababababab"),
                         0);
        options.flow = "Flow";
        assert_ok(coffer_store_verify(store, &options, &summary, NULL));
        assert_int_equal(problem_count(&summary), 0);
        options.flow = "Other";
        assert_ok(coffer_store_verify(store, &options, &summary, NULL));
        assert_int_equal(summary.problems[COFFER_PROBLEM_DAMAGED], 1);
        options.flow = "Flew";
        assert_status(coffer_store_verify(store, &options, &summary, NULL), COFFER_NOT_FOUND);
        options.flow = "..";
        assert_status(coffer_store_verify(store, &options, &summary, NULL), COFFER_INVALID);
        coffer_store_unref(store);
}

typedef struct progress_log {
        uint64_t done, total, stop_at;
        size_t calls;
} progress_log;

static bool note_progress(void *user, uint64_t done, uint64_t total)
{
        progress_log *log = user;
        assert_true(done >= log->done && done <= total);
        *log = (progress_log){done, total, log->stop_at, log->calls + 1};
        return log->stop_at == 0 || log->calls < log->stop_at;
}

static void test_progress_is_told_in_bytes_and_can_stop(void **state)
{
        (void)state;
        coffer_verify_options options = COFFER_VERIFY_OPTIONS_INIT;
        coffer_verify_summary summary;
        progress_log log = {0};
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        options.progress = note_progress;
        options.progress_user = &log;
        assert_ok(coffer_store_verify(store, &options, &summary, NULL));
        assert_int_equal(log.done, log.total);
        assert_int_equal(log.total, summary.blob_bytes);
        assert_int_equal(log.calls, 2);
        log = (progress_log){.stop_at = 1};
        assert_status(coffer_store_verify(store, &options, &summary, NULL), COFFER_DECLINED);
        assert_int_equal(log.calls, 1);
        coffer_store_unref(store);
}

static coffer_status refuse(void *user, const coffer_finding *finding, coffer_error *error)
{
        (void)user;
        return coffer_error_set(error, COFFER_STATE, "enough of '%s'", finding->path);
}

static void test_visitor_ends_the_check(void **state)
{
        (void)state;
        coffer_verify_options options = COFFER_VERIFY_OPTIONS_INIT;
        coffer_verify_summary summary;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        write_file(TASK_DIRECTORY "0.data.json", "{");
        options.finding = refuse;
        assert_status(coffer_store_verify(store, &options, &summary, NULL), COFFER_STATE);
        coffer_store_unref(store);
}

static coffer_status verify_damage(void *user, coffer_error *error)
{
        coffer_verify_summary summary;
        return coffer_store_verify(user, NULL, &summary, error);
}

static void test_no_memory_is_an_error(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        write_file(blob_file(task, "a", ""), "rubbish");
        assert_int_equal(unlink(blob_file(task, "b", "")), 0);
        coffer_task_free(task);
        test_alloc_fail_each(verify_damage, store);
        coffer_store_unref(store);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(test_sound_store_is_sound),
                in_own_directory(test_empty_store_is_sound),
                in_own_directory(test_damaged_blob_and_all_it_affects_are_found),
                in_own_directory(test_damaged_blob_is_set_aside),
                in_own_directory(test_missing_blob_is_one_problem),
                in_own_directory(test_lost_sidecar_is_mended),
                in_own_directory(test_unreadable_data_is_found),
                in_own_directory(test_records_that_a_crash_has_prevented_are_mended),
                in_own_directory(test_task_that_the_tree_does_not_know_lacks_no_records),
                in_own_directory(test_records_that_cannot_be_read_are_found),
                in_own_directory(test_names_that_cannot_be_recorded_are_passed_over),
                in_own_directory(test_leftovers_are_found_and_removed),
                in_own_directory(test_one_flow_is_checked_alone),
                in_own_directory(test_progress_is_told_in_bytes_and_can_stop),
                in_own_directory(test_visitor_ends_the_check),
                in_own_directory(test_no_memory_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
