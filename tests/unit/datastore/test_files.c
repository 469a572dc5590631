/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata files, logs and the metadata provider's tree. */
#include "store_fixture.h"

#include <glob.h>

static void test_metadata_is_kept_as_it_was_given(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        char *text = NULL;
        coffer_task *writer = start_writer(store, "1", 0);
        assert_ok(coffer_task_save_metadata(writer, "runtime", "{\"return_code\": 0}", NULL));
        assert_ok(coffer_task_done(writer, NULL));
        coffer_task_free(writer);
        assert_string_equal(read_file(TASK_DIRECTORY "0.runtime"), "{\"return_code\": 0}");
        coffer_task *task = open_reader(store, "1");
        assert_ok(coffer_task_load_metadata(task, "runtime", &text, NULL));
        assert_string_equal(text, "{\"return_code\": 0}");
        coffer_free(text);
        text = NULL;
        assert_status(coffer_task_load_metadata(task, "task_end", &text, NULL), COFFER_NOT_FOUND);
        write_file(TASK_DIRECTORY "0.runtime", "no JSON");
        assert_status(coffer_task_load_metadata(task, "runtime", &text, NULL), COFFER_MALFORMED);
        assert_null(text);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_metadata_that_is_wrong_is_refused(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_task *task = start_writer(store, "1", 0);
        assert_status(coffer_task_save_metadata(task, "x", "{", NULL), COFFER_MALFORMED);
        assert_status(coffer_task_save_metadata(task, "../x", "{}", NULL), COFFER_INVALID);
        assert_status(coffer_task_save_metadata(task, "DONE.lock", "\"\"", NULL), COFFER_INVALID);
        assert_status(coffer_task_save_metadata(task, "data.json", "{}", NULL), COFFER_INVALID);
        assert_status(coffer_task_save_metadata(task, NULL, "{}", NULL), COFFER_INVALID);
        assert_false(exists(TASK_DIRECTORY "0.DONE.lock"));
        coffer_task_free(task);
        coffer_store_unref(store);
}

static coffer_status save_log(coffer_task *task, const char *source, const char *stream, const char *text)
{
        coffer_bytes *bytes = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_borrow(bytes, coffer_cursor_text(text), NULL, NULL, NULL));
        coffer_status status = coffer_task_save_log(task, source, stream, bytes, NULL);
        coffer_bytes_unref(bytes);
        return status;
}

static void test_log_is_written_anew_and_loaded(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_bytes *bytes = NULL;
        coffer_cursor text;
        coffer_task *writer = start_writer(store, "1", 0);
        assert_ok(save_log(writer, "task", "stdout", "first and long\n"));
        assert_ok(save_log(writer, "task", "stdout", "second\n"));
        assert_status(save_log(writer, "tusk", "stdout", ""), COFFER_INVALID);
        assert_status(save_log(writer, NULL, "stdout", ""), COFFER_INVALID);
        assert_status(save_log(writer, "task", "../stdout", ""), COFFER_INVALID);
        assert_ok(coffer_task_done(writer, NULL));
        coffer_task_free(writer);
        coffer_task *task = open_reader(store, "1");
        assert_ok(coffer_task_load_log(task, "task", "stdout", &bytes, NULL));
        assert_ok(coffer_bytes_contiguous(bytes, &text, NULL));
        assert_cursor(text, "second\n");
        coffer_bytes_unref(bytes);
        assert_status(coffer_task_load_log(task, "runtime", "stdout", &bytes, NULL), COFFER_NOT_FOUND);
        write_file(TASK_DIRECTORY "0.stderr.log", "legacy");
        assert_ok(coffer_task_load_log(task, NULL, "stderr", &bytes, NULL));
        assert_int_equal(coffer_bytes_size(bytes), 6);
        coffer_bytes_unref(bytes);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_logs_of_an_attempt_that_is_not_done_are_loaded(void **state)
{
        (void)state;
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        coffer_store *store = open_store();
        coffer_bytes *bytes = NULL;
        coffer_task *task = NULL;
        coffer_task *writer = start_writer(store, "1", 0);
        assert_ok(save_log(writer, "runtime", "stderr", "trouble"));
        coffer_task_free(writer);
        options.allow_not_done = true;
        assert_ok(coffer_task_open(store, "Flow", "1", "start", "1", &options, &task, NULL));
        assert_ok(coffer_task_load_log(task, "runtime", "stderr", &bytes, NULL));
        coffer_bytes_unref(bytes);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_scrubbed_log_is_a_note(void **state)
{
        (void)state;
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        coffer_store *store = open_store();
        coffer_task *task = NULL;
        coffer_task *writer = start_writer(store, "1", 0);
        assert_ok(save_log(writer, "task", "stdout", "secret"));
        write_file(TASK_DIRECTORY "0.stderr.log", "old secret");
        options.mode = COFFER_SCRUB;
        assert_status(coffer_task_open(store, "Flow", "1", "start", "1", &options, &task, NULL), COFFER_STATE);
        assert_ok(coffer_task_done(writer, NULL));
        coffer_task_free(writer);
        assert_ok(coffer_task_open(store, "Flow", "1", "start", "1", &options, &task, NULL));
        assert_int_equal(coffer_task_count(task), 0);
        assert_ok(coffer_task_scrub_log(task, "task", "stdout", NULL));
        assert_ok(coffer_task_scrub_log(task, NULL, "stderr", NULL));
        assert_status(coffer_task_scrub_log(task, "runtime", "stdout", NULL), COFFER_NOT_FOUND);
        coffer_task_free(task);
        assert_string_equal(read_file(TASK_DIRECTORY "0.task_stdout.log"), "[REDACTED task stdout]");
        assert_string_equal(read_file(TASK_DIRECTORY "0.stderr.log"), "[REDACTED stderr stderr]");
        assert_false(exists(TASK_DIRECTORY "0.runtime_stdout.log"));
        coffer_store_unref(store);
}

/* The text of the one file that matches. */
static const char *read_one(const char *pattern)
{
        glob_t found;
        assert_int_equal(glob(pattern, 0, NULL, &found), 0);
        assert_int_equal(found.gl_pathc, 1);
        const char *text = read_file(found.gl_pathv[0]);
        globfree(&found);
        return text;
}

static size_t count_files(const char *pattern)
{
        glob_t found;
        int result = glob(pattern, 0, NULL, &found);
        assert_true(result == 0 || result == GLOB_NOMATCH);
        size_t count = found.gl_pathc;
        globfree(&found);
        return count;
}

/* `text` begins with `start`, then has a time in milliseconds and "}". */
static void assert_record(const char *text, const char *start)
{
        long long stamp_ms;
        assert_int_equal(strncmp(text, start, strlen(start)), 0);
        assert_int_equal(sscanf(text + strlen(start), "%lld}", &stamp_ms), 1);
        assert_true(stamp_ms > 1600000000000);
}

static void test_tree_has_metaflows_records(void **state)
{
        (void)state;
        static const char *const tags[] = {"mine", "\xc3\xbc", NULL};
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        coffer_store *store = open_store();
        coffer_task *task = NULL;
        options.mode = COFFER_WRITE;
        options.user = "nina";
        options.tags = tags;
        assert_ok(coffer_task_open(store, "Flow", "1", "start", "1", &options, &task, NULL));
        assert_ok(coffer_task_init(task, NULL));
        coffer_task_free(task);
#define COMMON                                                                                                         \
        "\"flow_id\": \"Flow\", \"user_name\": \"nina\", \"tags\": [\"mine\", \"\\u00fc\"], \"system_tags\": ["        \
        "\"runtime:coffer\", \"coffer_version:0.1.0\", \"user:nina\"], \"ts_epoch\": "
        assert_record(read_file(".metaflow/Flow/_meta/_self.json"), "{\"flow_id\": \"Flow\", \"ts_epoch\": ");
        assert_record(read_file(".metaflow/Flow/1/_meta/_self.json"), "{\"run_number\": \"1\", " COMMON);
        assert_record(read_file(".metaflow/Flow/1/start/_meta/_self.json"),
                      "{\"run_number\": \"1\", \"step_name\": \"start\", " COMMON);
        assert_record(read_file(TASK_DIRECTORY "_meta/_self.json"),
                      "{\"run_number\": \"1\", \"step_name\": \"start\", \"task_id\": \"1\", " COMMON);
#undef COMMON
        assert_record(read_one(TASK_DIRECTORY "_meta/sysmeta_attempt_*.json"),
                      "{\"flow_id\": \"Flow\", \"run_number\": \"1\", \"step_name\": \"start\", \"task_id\": \"1\", "
                      "\"field_name\": \"attempt\", \"type\": \"attempt\", \"value\": \"0\", \"tags\": "
                      "[\"attempt_id:0\"], \"user_name\": \"nina\", \"ts_epoch\": ");
        assert_non_null(strstr(read_one(TASK_DIRECTORY "_meta/sysmeta_ds-root_*.json"), coffer_store_root(store)));
        assert_int_equal(count_files(TASK_DIRECTORY "_meta/sysmeta_attempt-done_*.json"), 0);
        coffer_store_unref(store);
}

static void test_done_attempt_has_its_artifacts_recorded(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        char wanted[1024];
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        snprintf(wanted, sizeof(wanted),
                 "{\"run_number\": \"1\", \"step_name\": \"start\", \"task_id\": \"1\", \"attempt_id\": 0, \"name\": "
                 "\"a\", \"content_type\": \"text-v1\", \"type\": \"metaflow.artifact\", \"sha\": \"%s\", "
                 "\"ds_type\": \"local\", \"location\": \":root:%s\", \"flow_id\": \"Flow\", \"user_name\": \"nina\", "
                 "\"tags\": [], \"system_tags\": [",
                 key_of(task, "a"), coffer_store_root(store));
        const char *text = read_file(TASK_DIRECTORY "_meta/0_artifact_a.json");
        assert_int_equal(strncmp(text, wanted, strlen(wanted)), 0);
        assert_non_null(strstr(read_one(TASK_DIRECTORY "_meta/sysmeta_attempt-done_*.json"), "\"value\": \"0\""));
        assert_int_equal(count_files(TASK_DIRECTORY "_meta/0_artifact_*.json"), 2);
        assert_int_equal(count_files(TASK_DIRECTORY "_meta/sysmeta_attempt_ok_*.json"), 0);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_outcome_is_recorded(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_task *task = start_writer(store, "1", 0);
        assert_ok(coffer_task_set_outcome(task, false, NULL));
        assert_ok(coffer_task_done(task, NULL));
        coffer_task_free(task);
        const char *text = read_one(TASK_DIRECTORY "_meta/sysmeta_attempt_ok_*.json");
        assert_non_null(strstr(text, "\"type\": \"internal_attempt_status\", \"value\": \"False\""));
        coffer_store_unref(store);
}

static void test_records_that_are_there_stay(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        write_file(".metaflow/Flow/1/_meta/_self.json", "{\"mine\": true}");
        save_done(store, "1", 1);
        assert_string_equal(read_file(".metaflow/Flow/1/_meta/_self.json"), "{\"mine\": true}");
        coffer_store_unref(store);
}

static void test_no_datum_is_lost_within_a_millisecond(void **state)
{
        (void)state;
        enum { DATA = 50 };
        coffer_store *store = open_store();
        coffer_task *task = start_writer(store, "1", 0);
        for (int i = 0; i < DATA; i++)
                assert_ok(coffer_task_register_metadata(task, "point", "number", "1", NULL));
        assert_int_equal(count_files(TASK_DIRECTORY "_meta/sysmeta_point_*.json"), DATA);
        assert_status(coffer_task_register_metadata(task, "a/b", "number", "1", NULL), COFFER_INVALID);
        assert_status(coffer_task_register_metadata(task, "a", NULL, "1", NULL), COFFER_INVALID);
        assert_status(coffer_task_register_metadata(task, "a", "number", NULL, NULL), COFFER_INVALID);
        assert_status(coffer_task_register_metadata(task, "a", "number", "\xff", NULL), COFFER_INVALID);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_tree_can_be_left_out(void **state)
{
        (void)state;
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        coffer_store *store = open_store();
        coffer_task *task = NULL;
        options.mode = COFFER_WRITE;
        options.without_provider = true;
        assert_ok(coffer_task_open(store, "Flow", "1", "start", "1", &options, &task, NULL));
        assert_ok(coffer_task_init(task, NULL));
        assert_ok(coffer_task_register_metadata(task, "a", "number", "1", NULL));
        assert_ok(coffer_task_done(task, NULL));
        coffer_task_free(task);
        assert_false(exists(".metaflow/Flow/_meta"));
        assert_false(exists(TASK_DIRECTORY "_meta"));
        coffer_store_unref(store);
}

static void test_done_that_could_not_record_is_repeated(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_task *task = start_writer(store, "1", 0);
        assert_ok(save_text(task, "a", "apple", NULL));
        assert_int_equal(system("mv " TASK_DIRECTORY "_meta kept && touch " TASK_DIRECTORY "_meta"), 0);
        assert_status(coffer_task_done(task, NULL), COFFER_IO);
        assert_true(coffer_task_is_done(task));
        assert_true(exists(TASK_DIRECTORY "0.DONE.lock"));
        assert_int_equal(system("rm " TASK_DIRECTORY "_meta && mv kept " TASK_DIRECTORY "_meta"), 0);
        assert_ok(coffer_task_done(task, NULL));
        assert_status(coffer_task_done(task, NULL), COFFER_STATE);
        assert_int_equal(count_files(TASK_DIRECTORY "_meta/sysmeta_attempt-done_*.json"), 1);
        coffer_task_free(task);
        coffer_store_unref(store);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(test_metadata_is_kept_as_it_was_given),
                in_own_directory(test_metadata_that_is_wrong_is_refused),
                in_own_directory(test_log_is_written_anew_and_loaded),
                in_own_directory(test_logs_of_an_attempt_that_is_not_done_are_loaded),
                in_own_directory(test_scrubbed_log_is_a_note),
                in_own_directory(test_tree_has_metaflows_records),
                in_own_directory(test_done_attempt_has_its_artifacts_recorded),
                in_own_directory(test_outcome_is_recorded),
                in_own_directory(test_records_that_are_there_stay),
                in_own_directory(test_no_datum_is_lost_within_a_millisecond),
                in_own_directory(test_tree_can_be_left_out),
                in_own_directory(test_done_that_could_not_record_is_repeated),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
