/* SPDX-License-Identifier: Apache-2.0 */
/* How tasks are opened, started and completed. */
#include "store_fixture.h"

static coffer_status open_task(coffer_store *store, const char *task, coffer_mode mode, int attempt,
                               bool allow_not_done, coffer_task **out, coffer_error *error)
{
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        options.mode = mode;
        options.attempt = attempt;
        options.allow_not_done = allow_not_done;
        return coffer_task_open(store, "Flow", "1", "start", task, &options, out, error);
}

static void test_missing_task_is_not_found(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task *task = NULL;
        assert_status(coffer_task_open(store, "Flow", "1", "start", "7", NULL, &task, &error), COFFER_NOT_FOUND);
        assert_non_null(strstr(error.message, "Flow/1/start/7"));
        assert_null(task);
        coffer_store_unref(store);
}

static void test_done_attempt_is_read(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        assert_string_equal(coffer_task_pathspec(task), "Flow/1/start/1");
        assert_int_equal(coffer_task_attempt(task), 0);
        assert_true(coffer_task_is_done(task));
        assert_int_equal(coffer_task_count(task), 2);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_started_attempt_hides_the_one_before(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task *task = NULL;
        save_done(store, "1", 0);
        coffer_task_free(start_writer(store, "1", 1));
        assert_status(open_task(store, "1", COFFER_READ, COFFER_ATTEMPT_LATEST, false, &task, &error), COFFER_STATE);
        assert_string_equal(error.message, "attempt 1 of task 'Flow/1/start/1' is not done");
        assert_ok(open_task(store, "1", COFFER_READ, 0, false, &task, NULL));
        assert_int_equal(coffer_task_count(task), 2);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_attempt_that_is_not_done_has_no_artifacts(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_artifact_info info;
        coffer_task *task = NULL;
        coffer_task *writer = start_writer(store, "1", 0);
        assert_ok(save_text(writer, "a", "apple", NULL));
        assert_ok(open_task(store, "1", COFFER_READ, COFFER_ATTEMPT_LATEST, true, &task, NULL));
        assert_int_equal(coffer_task_attempt(task), 0);
        assert_false(coffer_task_is_done(task));
        assert_int_equal(coffer_task_count(task), 0);
        assert_status(coffer_task_info(task, "a", &info, NULL), COFFER_NOT_FOUND);
        coffer_task_free(task);
        coffer_task_free(writer);
        coffer_store_unref(store);
}

static void test_gaps_between_attempts_do_not_count(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        save_done(store, "1", 2);
        save_done(store, "1", 4);
        coffer_task *task = open_reader(store, "1");
        assert_int_equal(coffer_task_attempt(task), 4);
        coffer_task_free(task);
        assert_status(open_task(store, "1", COFFER_READ, 3, false, &task, NULL), COFFER_NOT_FOUND);
        assert_status(open_task(store, "1", COFFER_READ, 5, true, &task, NULL), COFFER_NOT_FOUND);
        coffer_store_unref(store);
}

static void test_options_outside_the_contract_are_refused(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_task *task = NULL;
        assert_status(open_task(store, "1", COFFER_WRITE, 6, false, &task, NULL), COFFER_INVALID);
        assert_status(open_task(store, "1", COFFER_WRITE, -2, false, &task, NULL), COFFER_INVALID);
        assert_status(open_task(store, "1", (coffer_mode)'x', 0, false, &task, NULL), COFFER_INVALID);
        assert_status(open_task(store, "../../x", COFFER_WRITE, 0, false, &task, NULL), COFFER_INVALID);
        assert_status(coffer_task_open(store, "Flow", "1", "start", NULL, NULL, &task, NULL), COFFER_INVALID);
        assert_status(coffer_task_open(store, "Flow", "1", NULL, "1", NULL, &task, NULL), COFFER_INVALID);
        assert_status(coffer_task_open(store, "Fl ow", "1", "start", "1", NULL, &task, NULL), COFFER_INVALID);
        assert_null(task);
        coffer_store_unref(store);
}

static void test_done_without_data_is_damage(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task *task = NULL;
        save_done(store, "1", 0);
        assert_int_equal(unlink(TASK_DIRECTORY "0.data.json"), 0);
        assert_status(open_task(store, "1", COFFER_READ, 0, false, &task, &error), COFFER_CORRUPT);
        assert_non_null(strstr(error.message, "Flow/1/start/1/0.data.json"));
        assert_ok(open_task(store, "1", COFFER_READ, 0, true, &task, NULL));
        assert_int_equal(coffer_task_count(task), 0);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_malformed_data_is_an_error(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task *task = NULL;
        save_done(store, "1", 0);
        write_file(TASK_DIRECTORY "0.data.json", "{\"objects\": {\"a\": 3}}");
        assert_status(open_task(store, "1", COFFER_READ, 0, false, &task, &error), COFFER_MALFORMED);
        assert_non_null(strstr(error.message, "'a'"));
        assert_null(task);
        coffer_store_unref(store);
}

static void test_started_attempt_has_metaflows_marker(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        double seconds;
        coffer_task *task = start_writer(store, "1", 0);
        assert_int_equal(sscanf(read_file(TASK_DIRECTORY "0.attempt.json"), "{\"time\": %lf}", &seconds), 1);
        assert_true(seconds > 1.6e9);
        assert_false(exists(TASK_DIRECTORY "0.data.json"));
        coffer_task_free(task);
        assert_false(exists(TASK_DIRECTORY "0.DONE.lock"));
        coffer_store_unref(store);
}

static void test_done_attempt_has_metaflows_files(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        char wanted[1024];
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        snprintf(wanted, sizeof(wanted),
                 "{\"datastore\": \"local\", \"version\": \"1.0\", \"attempt\": 0, \"python_version\": \"coffer 0.1.0 "
                 "(C)\", \"objects\": {\"a\": \"%s\", \"b\": \"%s\"}, \"info\": {\"a\": {\"size\": 5, \"type\": "
                 "\"<class 'text'>\", \"encoding\": \"text-v1\", \"serializer_info\": {\"source\": \"tests\"}}, \"b\": "
                 "{\"size\": 5, \"type\": \"<class 'text'>\", \"encoding\": \"text-v1\", \"serializer_info\": "
                 "{\"source\": \"tests\"}}}}",
                 key_of(task, "a"), key_of(task, "b"));
        assert_string_equal(read_file(TASK_DIRECTORY "0.data.json"), wanted);
        assert_string_equal(read_file(TASK_DIRECTORY "0.DONE.lock"), "\"\"");
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_done_attempt_takes_no_more(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task *task = start_writer(store, "1", 0);
        assert_ok(save_text(task, "a", "apple", NULL));
        assert_ok(coffer_task_done(task, NULL));
        assert_true(coffer_task_is_done(task));
        assert_status(save_text(task, "b", "bread", &error), COFFER_STATE);
        assert_string_equal(error.message,
                            "cannot save artifacts: attempt 0 of task 'Flow/1/start/1' is done and takes no more");
        assert_status(coffer_task_done(task, NULL), COFFER_STATE);
        assert_status(coffer_task_init(task, NULL), COFFER_STATE);
        assert_status(coffer_task_save_metadata(task, "x", "{}", NULL), COFFER_STATE);
        coffer_task_free(task);
        task = open_writer(store, "1", 0);
        assert_status(coffer_task_init(task, &error), COFFER_STATE);
        assert_non_null(strstr(error.message, "attempt 0 of task 'Flow/1/start/1' is done already"));
        coffer_task_free(task);
        save_done(store, "1", 1);
        coffer_store_unref(store);
}

static void test_attempt_cannot_be_completed_before_it_is_started(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_task *task = open_writer(store, "1", 0);
        assert_ok(save_text(task, "a", "apple", NULL));
        assert_status(coffer_task_done(task, NULL), COFFER_STATE);
        assert_false(exists(TASK_DIRECTORY "0.DONE.lock"));
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_attempt_that_is_not_done_can_be_started_again(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_task *task = start_writer(store, "1", 0);
        assert_ok(save_text(task, "old", "apple", NULL));
        assert_ok(coffer_task_init(task, NULL));
        assert_int_equal(coffer_task_count(task), 0);
        coffer_task_free(task);
        save_done(store, "1", 0);
        task = open_reader(store, "1");
        assert_int_equal(coffer_task_count(task), 2);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_attempt_of_a_second_writer_is_left_alone(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task *first = start_writer(store, "1", 0), *second = start_writer(store, "1", 0);
        assert_ok(save_text(first, "a", "apple", NULL));
        assert_ok(save_text(second, "b", "bread", NULL));
        assert_ok(coffer_task_done(second, NULL));
        assert_status(coffer_task_done(first, &error), COFFER_STATE);
        assert_non_null(strstr(error.message, "done already"));
        assert_false(coffer_task_is_done(first));
        coffer_task_free(first);
        coffer_task_free(second);
        coffer_task *task = open_reader(store, "1");
        assert_int_equal(coffer_task_count(task), 1);
        assert_non_null(key_of(task, "b"));
        coffer_task_free(task);
        coffer_store_unref(store);
}

static coffer_status run_save(coffer_task *task)
{
        return save_text(task, "x", "text", NULL);
}

static coffer_status run_save_blob(coffer_task *task)
{
        coffer_bytes *bytes = NULL;
        coffer_metadata *metadata = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_metadata_new(&metadata, NULL));
        assert_ok(coffer_metadata_set_encoding(metadata, "text-v1", NULL));
        coffer_status status = coffer_task_save_blob(task, "x", bytes, metadata, NULL);
        coffer_metadata_free(metadata);
        coffer_bytes_unref(bytes);
        return status;
}

static coffer_status run_save_log(coffer_task *task)
{
        coffer_bytes *bytes = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        coffer_status status = coffer_task_save_log(task, "task", "stdout", bytes, NULL);
        coffer_bytes_unref(bytes);
        return status;
}

static coffer_status run_load_log(coffer_task *task)
{
        coffer_bytes *bytes = NULL;
        coffer_status status = coffer_task_load_log(task, "task", "stdout", &bytes, NULL);
        coffer_bytes_unref(bytes);
        return status;
}

static coffer_status run_init(coffer_task *task)
{
        return coffer_task_init(task, NULL);
}

static coffer_status run_done(coffer_task *task)
{
        return coffer_task_done(task, NULL);
}

static coffer_status run_outcome(coffer_task *task)
{
        return coffer_task_set_outcome(task, true, NULL);
}

static coffer_status run_clone(coffer_task *task)
{
        return coffer_task_clone(task, task, NULL);
}

static coffer_status run_passdown(coffer_task *task)
{
        return coffer_task_passdown(task, task, NULL, 0, NULL);
}

static coffer_status run_transfer(coffer_task *task)
{
        return coffer_task_transfer(task, task, NULL, 0, NULL);
}

static coffer_status run_save_metadata(coffer_task *task)
{
        return coffer_task_save_metadata(task, "task_end", "{}", NULL);
}

static coffer_status run_load_metadata(coffer_task *task)
{
        char *text = NULL;
        coffer_status status = coffer_task_load_metadata(task, "task_end", &text, NULL);
        coffer_free(text);
        return status;
}

static coffer_status run_register(coffer_task *task)
{
        return coffer_task_register_metadata(task, "field", "type", "value", NULL);
}

static coffer_status run_scrub(coffer_task *task)
{
        return coffer_task_scrub_log(task, "task", "stdout", NULL);
}

static void test_functions_want_their_modes(void **state)
{
        (void)state;
        static const struct {
                const char *name;
                coffer_status (*run)(coffer_task *task);
                coffer_mode mode;
        } functions[] = {
                {"init", run_init, COFFER_WRITE},
                {"save", run_save, COFFER_WRITE},
                {"save_blob", run_save_blob, COFFER_WRITE},
                {"clone", run_clone, COFFER_WRITE},
                {"passdown", run_passdown, COFFER_WRITE},
                {"transfer", run_transfer, COFFER_WRITE},
                {"save_metadata", run_save_metadata, COFFER_WRITE},
                {"save_log", run_save_log, COFFER_WRITE},
                {"register_metadata", run_register, COFFER_WRITE},
                {"set_outcome", run_outcome, COFFER_WRITE},
                {"done", run_done, COFFER_WRITE},
                {"load_metadata", run_load_metadata, COFFER_READ},
                {"load_log", run_load_log, COFFER_READ},
                {"scrub_log", run_scrub, COFFER_SCRUB},
        };
        static const coffer_mode modes[] = {COFFER_WRITE, COFFER_READ, COFFER_SCRUB};
        coffer_store *store = open_store();
        for (size_t i = 0; i < ARRAY_COUNT(modes); i++) {
                coffer_task *task = NULL;
                assert_ok(open_task(store, "1", modes[i], 0, false, &task, NULL));
                for (size_t j = 0; j < ARRAY_COUNT(functions); j++) {
                        coffer_status status = functions[j].run(task);
                        if ((status == COFFER_OK) != (functions[j].mode == modes[i]))
                                fail_msg("%s in mode %c: %s", functions[j].name, modes[i], coffer_status_name(status));
                        if (status != COFFER_OK)
                                assert_int_equal(status, COFFER_STATE);
                }
                coffer_task_free(task);
        }
        coffer_store_unref(store);
}

static void test_artifacts_are_loaded_in_every_mode(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_object object;
        coffer_task *task = start_writer(store, "1", 0);
        assert_ok(save_text(task, "a", "apple", NULL));
        assert_ok(coffer_task_load(task, "a", &object, NULL));
        assert_string_equal(object.pointer, "apple");
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_outcome_is_told_by_two_artifacts(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_artifact_info info;
        coffer_task *task = start_writer(store, "1", 0);
        assert_ok(coffer_task_set_outcome(task, true, NULL));
        assert_string_equal(key_of(task, "_task_ok"), "868436778cb011a1c6230bc12534683ab0b7f1c3");
        assert_ok(coffer_task_set_outcome(task, false, NULL));
        assert_int_equal(coffer_task_count(task), 2);
        assert_string_equal(key_of(task, "_success"), key_of(task, "_task_ok"));
        assert_ok(coffer_task_info(task, "_success", &info, NULL));
        assert_string_equal(info.type, "<class 'bool'>");
        assert_string_equal(info.encoding, "pickle-v4");
        assert_int_equal(info.size_bytes, 4);
        coffer_task_free(task);
        coffer_store_unref(store);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(test_missing_task_is_not_found),
                in_own_directory(test_done_attempt_is_read),
                in_own_directory(test_started_attempt_hides_the_one_before),
                in_own_directory(test_attempt_that_is_not_done_has_no_artifacts),
                in_own_directory(test_gaps_between_attempts_do_not_count),
                in_own_directory(test_options_outside_the_contract_are_refused),
                in_own_directory(test_done_without_data_is_damage),
                in_own_directory(test_malformed_data_is_an_error),
                in_own_directory(test_started_attempt_has_metaflows_marker),
                in_own_directory(test_done_attempt_has_metaflows_files),
                in_own_directory(test_done_attempt_takes_no_more),
                in_own_directory(test_attempt_cannot_be_completed_before_it_is_started),
                in_own_directory(test_attempt_that_is_not_done_can_be_started_again),
                in_own_directory(test_attempt_of_a_second_writer_is_left_alone),
                in_own_directory(test_functions_want_their_modes),
                in_own_directory(test_artifacts_are_loaded_in_every_mode),
                in_own_directory(test_outcome_is_told_by_two_artifacts),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
