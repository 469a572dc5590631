/* SPDX-License-Identifier: Apache-2.0 */
/* Artifacts loaded, and what can be in the way. */
#include "store_fixture.h"

static void test_missing_name_brings_a_suggestion(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_error error = COFFER_ERROR_INIT;
        coffer_artifact_info info;
        coffer_object object;
        coffer_task *writer = start_writer(store, "1", 0);
        assert_ok(save_text(writer, "accuracy", "apple", NULL));
        assert_ok(coffer_task_done(writer, NULL));
        coffer_task_free(writer);
        coffer_task *task = open_reader(store, "1");
        assert_status(coffer_task_load(task, "acuracy", &object, &error), COFFER_NOT_FOUND);
        assert_string_equal(error.message, "there is no artifact 'acuracy' in attempt 0 of task 'Flow/1/start/1'; did "
                                           "you mean 'accuracy'?");
        assert_status(coffer_task_info(task, "model", &info, &error), COFFER_NOT_FOUND);
        assert_string_equal(error.message, "there is no artifact 'model' in attempt 0 of task 'Flow/1/start/1'");
        assert_status(coffer_task_info(task, NULL, &info, NULL), COFFER_INVALID);
        coffer_task_free(task);
        coffer_store_unref(store);
}

/* The error names artifact, key and path. */
static void assert_blamed(const coffer_error *error, const coffer_task *task, const char *name)
{
        assert_non_null(strstr(error->message, "artifact 'a' of task 'Flow/1/start/1'"));
        assert_non_null(strstr(error->message, key_of(task, name)));
        assert_non_null(strstr(error->message, "Flow/data/"));
}

static void test_missing_blob_is_named(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_error error = COFFER_ERROR_INIT;
        coffer_bytes *bytes = NULL;
        coffer_stream *stream = NULL;
        coffer_object object;
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        assert_int_equal(unlink(blob_file(task, "a", "")), 0);
        assert_status(coffer_task_load(task, "a", &object, &error), COFFER_NOT_FOUND);
        assert_blamed(&error, task, "a");
        assert_status(coffer_task_load_bytes(task, "a", &bytes, &error), COFFER_NOT_FOUND);
        assert_blamed(&error, task, "a");
        assert_status(coffer_task_open_stream(task, "a", &stream, &error), COFFER_NOT_FOUND);
        assert_blamed(&error, task, "a");
        assert_ok(coffer_task_load(task, "b", &object, NULL));
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_damaged_blob_is_named(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_error error = COFFER_ERROR_INIT;
        coffer_object object;
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        write_file(blob_file(task, "a", ""), "rubbish");
        assert_status(coffer_task_load(task, "a", &object, &error), COFFER_CORRUPT);
        assert_blamed(&error, task, "a");
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_replaced_contents_are_noticed(void **state)
{
        (void)state;
        char command[1024];
        coffer_store *store = open_store();
        coffer_object object;
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        int length = snprintf(command, sizeof(command), "cp %s ", blob_file(task, "b", ""));
        snprintf(command + length, sizeof(command) - (size_t)length, "%s", blob_file(task, "a", ""));
        assert_int_equal(system(command), 0);
        assert_status(coffer_task_load(task, "a", &object, NULL), COFFER_CORRUPT);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_encoding_that_nobody_reads_is_named(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_error error = COFFER_ERROR_INIT;
        coffer_bytes *bytes = NULL;
        coffer_object object;
        coffer_task *writer = start_writer(store, "1", 0);
        assert_ok(coffer_task_set_outcome(writer, true, NULL));
        assert_status(coffer_task_load(writer, "_task_ok", &object, &error), COFFER_DECLINED);
        assert_non_null(strstr(error.message, "'_task_ok'"));
        assert_non_null(strstr(error.message, "pickle-v4"));
        assert_ok(coffer_task_load_bytes(writer, "_task_ok", &bytes, NULL));
        assert_int_equal(coffer_bytes_size(bytes), 4);
        coffer_bytes_unref(bytes);
        coffer_task_free(writer);
        coffer_store_unref(store);
}

static void test_no_info_at_all_is_an_error(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_error error = COFFER_ERROR_INIT;
        coffer_bytes *bytes = NULL;
        coffer_object object;
        char text[256];
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        snprintf(text, sizeof(text), "{\"objects\": {\"a\": \"%s\"}, \"info\": {}}", key_of(task, "a"));
        coffer_task_free(task);
        write_file(TASK_DIRECTORY "0.data.json", text);
        task = open_reader(store, "1");
        assert_status(coffer_task_load(task, "a", &object, &error), COFFER_MALFORMED);
        assert_non_null(strstr(error.message, "Flow/1/start/1"));
        assert_ok(coffer_task_load_bytes(task, "a", &bytes, NULL));
        coffer_bytes_unref(bytes);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_stream_gives_the_bytes(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_stream *stream = NULL;
        char text[16] = "";
        size_t got_bytes = 0, total_bytes = 0;
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        assert_ok(coffer_task_open_stream(task, "a", &stream, NULL));
        do {
                assert_ok(stream->read(stream, text + total_bytes, 3, &got_bytes, NULL));
                total_bytes += got_bytes;
        } while (got_bytes > 0);
        stream->close(stream);
        assert_string_equal(text, "apple");
        coffer_task_free(task);
        coffer_store_unref(store);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(test_missing_name_brings_a_suggestion),
                in_own_directory(test_missing_blob_is_named),
                in_own_directory(test_damaged_blob_is_named),
                in_own_directory(test_replaced_contents_are_noticed),
                in_own_directory(test_encoding_that_nobody_reads_is_named),
                in_own_directory(test_no_info_at_all_is_an_error),
                in_own_directory(test_stream_gives_the_bytes),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
