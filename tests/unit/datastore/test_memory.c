/* SPDX-License-Identifier: Apache-2.0 */
/* Saving and loading with each allocation failing in turn. */
#include "store_fixture.h"

static coffer_status open_task(coffer_store *store, coffer_mode mode, bool without_provider, coffer_task **out,
                               coffer_error *error)
{
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        options.mode = mode;
        options.user = "nina";
        options.without_provider = without_provider;
        return coffer_task_open(store, "Flow", "1", "start", "1", &options, out, error);
}

static coffer_status fill(coffer_task *task, coffer_error *error)
{
        const coffer_artifact artifacts[] = {{"a", text_object("apple")}, {"b", text_object("bread")}};
        COFFER_TRY(coffer_task_init(task, error));
        COFFER_TRY(coffer_task_save(task, artifacts, 2, error));
        COFFER_TRY(coffer_task_save_metadata(task, "task_end", "{}", error));
        return coffer_task_done(task, error);
}

/* Each run saves all of it: what an earlier one left is removed. */
static coffer_status save_all(void *user, coffer_error *error)
{
        coffer_task *task = NULL;
        test_directory_clear();
        coffer_status status = open_task(user, COFFER_WRITE, true, &task, error);
        if (status == COFFER_OK)
                status = fill(task, error);
        coffer_task_free(task);
        return status;
}

static void test_save_and_done_without_memory(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        assert_ok(save_all(store, NULL)); /* the registry remembers its order from now on */
        test_alloc_fail_each(save_all, store);
        coffer_task *task = open_reader(store, "1");
        assert_int_equal(coffer_task_count(task), 2);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static coffer_status record(coffer_task *task, coffer_error *error)
{
        COFFER_TRY(coffer_task_init(task, error));
        COFFER_TRY(coffer_task_set_outcome(task, true, error));
        return coffer_task_done(task, error);
}

static coffer_status record_all(void *user, coffer_error *error)
{
        coffer_task *task = NULL;
        test_directory_clear();
        coffer_status status = open_task(user, COFFER_WRITE, false, &task, error);
        if (status == COFFER_OK)
                status = record(task, error);
        coffer_task_free(task);
        return status;
}

static void test_record_without_memory(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        test_alloc_fail_each(record_all, store);
        coffer_store_unref(store);
}

static coffer_status load_all(void *user, coffer_error *error)
{
        static const char *const names[] = {"a", "b"};
        coffer_task *task = NULL;
        coffer_object object, objects[ARRAY_COUNT(names)];
        coffer_stream *stream = NULL;
        char *text = NULL;
        coffer_status status = open_task(user, COFFER_READ, true, &task, error);
        for (size_t i = 0; i < ARRAY_COUNT(names) && status == COFFER_OK; i++)
                status = coffer_task_load(task, names[i], &object, error);
        if (status == COFFER_OK)
                status = coffer_task_load_many(task, names, ARRAY_COUNT(names), objects, error);
        if (status == COFFER_OK)
                status = coffer_task_open_stream(task, "a", &stream, error);
        if (stream)
                stream->close(stream);
        if (status == COFFER_OK)
                status = coffer_task_load_metadata(task, "task_end", &text, error);
        coffer_free(text);
        coffer_task_free(task);
        return status;
}

static void test_load_without_memory(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        assert_ok(save_all(store, NULL));
        test_alloc_fail_each(load_all, store);
        coffer_store_unref(store);
}

static coffer_status open_and_list(void *user, coffer_error *error)
{
        coffer_store *store = NULL;
        coffer_attempt_state states[COFFER_MAX_ATTEMPTS];
        coffer_store_options options = COFFER_STORE_OPTIONS_INIT;
        char *record = NULL;
        options.registry = user;
        COFFER_TRY(coffer_store_open(".metaflow", &options, &store, error));
        coffer_status status = coffer_store_attempts(store, "Flow", "1", "start", "1", states, error);
        if (status == COFFER_OK)
                status = coffer_store_load_record(store, "Flow", "1", NULL, NULL, &record, error);
        coffer_free(record);
        coffer_store_unref(store);
        return status;
}

static void test_open_without_memory(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        assert_ok(record_all(store, NULL));
        test_alloc_fail_each(open_and_list, coffer_store_registry(store));
        coffer_store_unref(store);
}

static void test_take_over_without_memory(void **state)
{
        (void)state;
        static const char *const names[] = {"a", "b"};
        coffer_store *store = open_store();
        save_done(store, "2", 0);
        coffer_task *origin = open_reader(store, "2"), *task = start_writer(store, "3", 0);
        assert_ok(save_text(task, "a", "acorn", NULL));
        char *key = strdup(key_of(task, "a"));
        for (size_t nth = 1;; nth++) {
                test_alloc_fail_at(nth);
                coffer_status status = coffer_task_passdown(task, origin, names, 2, NULL);
                test_alloc_fail_at(0);
                if (status == COFFER_OK)
                        break;
                assert_int_equal(status, COFFER_NO_MEMORY);
                assert_int_equal(coffer_task_count(task), 1);
                assert_string_equal(key_of(task, "a"), key);
        }
        assert_int_equal(coffer_task_count(task), 2);
        free(key);
        coffer_task_free(origin);
        coffer_task_free(task);
        coffer_store_unref(store);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(test_save_and_done_without_memory), in_own_directory(test_record_without_memory),
                in_own_directory(test_load_without_memory),          in_own_directory(test_open_without_memory),
                in_own_directory(test_take_over_without_memory),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
