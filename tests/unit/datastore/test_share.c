/* SPDX-License-Identifier: Apache-2.0 */
/* Artifacts taken over from other tasks. */
#include "store_fixture.h"

static void test_clone_has_the_same_artifacts(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_object object;
        save_done(store, "1", 0);
        coffer_task *origin = open_reader(store, "1"), *clone = start_writer(store, "2", 0);
        assert_ok(save_text(clone, "forgotten", "apple", NULL));
        assert_ok(coffer_task_clone(clone, origin, NULL));
        assert_int_equal(coffer_task_count(clone), 2);
        assert_string_equal(key_of(clone, "a"), key_of(origin, "a"));
        coffer_task_free(origin);
        assert_ok(coffer_task_done(clone, NULL));
        coffer_task_free(clone);
        clone = open_reader(store, "2");
        assert_ok(coffer_task_load(clone, "b", &object, NULL));
        assert_string_equal(object.pointer, "bread");
        coffer_task_free(clone);
        coffer_store_unref(store);
}

static void test_clone_does_not_share(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_artifact_info info;
        coffer_task *origin = start_writer(store, "1", 0), *clone = start_writer(store, "2", 0);
        assert_ok(save_text(origin, "a", "apple", NULL));
        assert_ok(coffer_task_clone(clone, origin, NULL));
        assert_ok(save_text(clone, "a", "acorn", NULL));
        assert_ok(save_text(clone, "b", "bread", NULL));
        assert_int_equal(coffer_task_count(origin), 1);
        assert_string_not_equal(key_of(origin, "a"), key_of(clone, "a"));
        assert_status(coffer_task_info(origin, "b", &info, NULL), COFFER_NOT_FOUND);
        coffer_task_free(origin);
        coffer_task_free(clone);
        coffer_store_unref(store);
}

static void test_task_may_be_cloned_from_itself(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_task *task = start_writer(store, "1", 0);
        assert_ok(save_text(task, "a", "apple", NULL));
        assert_ok(coffer_task_clone(task, task, NULL));
        assert_int_equal(coffer_task_count(task), 1);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_passdown_takes_what_there_is(void **state)
{
        (void)state;
        static const char *const names[] = {"b", "missing"};
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        coffer_task *origin = open_reader(store, "1"), *task = start_writer(store, "2", 0);
        assert_ok(save_text(task, "own", "apple", NULL));
        assert_ok(coffer_task_passdown(task, origin, names, 2, NULL));
        assert_int_equal(coffer_task_count(task), 2);
        assert_string_equal(key_of(task, "b"), key_of(origin, "b"));
        coffer_task_free(origin);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_names_that_cannot_be_written_are_not_taken_over(void **state)
{
        (void)state;
        static const char *const names[] = {"a", "b/c"};
        coffer_store *store = open_store();
        save_done(store, "1", 0);
        write_file(TASK_DIRECTORY "0.data.json",
                   "{\"objects\": {\"a\": \"e85bc4852782c9d784b1604b16b1440899266e17\", \"b/c\": "
                   "\"e85bc4852782c9d784b1604b16b1440899266e17\"}}");
        coffer_task *origin = open_reader(store, "1"), *task = start_writer(store, "2", 0);
        assert_ok(save_text(task, "own", "apple", NULL));
        assert_status(coffer_task_clone(task, origin, NULL), COFFER_INVALID);
        assert_status(coffer_task_passdown(task, origin, names, 2, NULL), COFFER_INVALID);
        assert_int_equal(coffer_task_count(task), 1);
        coffer_task_free(origin);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_attempt_with_a_missing_blob_is_not_completed(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_error error = COFFER_ERROR_INIT;
        save_done(store, "1", 0);
        coffer_task *origin = open_reader(store, "1"), *clone = start_writer(store, "2", 0);
        assert_int_equal(unlink(blob_file(origin, "b", "")), 0);
        assert_ok(coffer_task_clone(clone, origin, NULL));
        assert_status(coffer_task_done(clone, &error), COFFER_NOT_FOUND);
        assert_non_null(strstr(error.message, "'b'"));
        assert_non_null(strstr(error.message, key_of(origin, "b")));
        assert_false(exists(".metaflow/Flow/1/start/2/0.DONE.lock"));
        assert_ok(save_text(clone, "b", "bread", NULL));
        assert_ok(coffer_task_done(clone, NULL));
        coffer_task_free(origin);
        coffer_task_free(clone);
        coffer_store_unref(store);
}

static void test_transfer_copies_blobs_between_stores(void **state)
{
        (void)state;
        static const char *const names[] = {"a", "missing"};
        coffer_store *store = open_store(), *other = open_store_at("other/.metaflow");
        coffer_object object;
        save_done(store, "1", 0);
        coffer_task *origin = open_reader(store, "1"), *task = start_writer(other, "1", 0);
        assert_ok(coffer_task_transfer(task, origin, names, 2, NULL));
        assert_int_equal(coffer_task_count(task), 0);
        assert_ok(coffer_task_passdown(task, origin, names, 1, NULL));
        assert_ok(coffer_task_load(task, "a", &object, NULL));
        assert_string_equal(object.pointer, "apple");
        assert_ok(coffer_task_clone(task, origin, NULL));
        assert_status(coffer_task_load(task, "b", &object, NULL), COFFER_NOT_FOUND);
        assert_ok(coffer_task_transfer(task, origin, NULL, 0, NULL));
        assert_ok(coffer_task_transfer(task, origin, NULL, 0, NULL));
        assert_ok(coffer_task_load(task, "b", &object, NULL));
        assert_ok(coffer_task_done(task, NULL));
        coffer_task_free(origin);
        coffer_task_free(task);
        coffer_store_unref(store);
        coffer_store_unref(other);
}

static void test_transfer_within_a_store_does_nothing(void **state)
{
        (void)state;
        coffer_store *store = open_store(), *again = open_store();
        save_done(store, "1", 0);
        coffer_task *origin = open_reader(store, "1"), *task = start_writer(again, "2", 0);
        assert_int_equal(unlink(blob_file(origin, "a", "")), 0);
        assert_ok(coffer_task_transfer(task, origin, NULL, 0, NULL));
        coffer_task_free(origin);
        coffer_task_free(task);
        coffer_store_unref(store);
        coffer_store_unref(again);
}

static void test_blob_that_cannot_be_transferred_is_named(void **state)
{
        (void)state;
        coffer_store *store = open_store(), *other = open_store_at("other/.metaflow");
        coffer_error error = COFFER_ERROR_INIT;
        save_done(store, "1", 0);
        coffer_task *origin = open_reader(store, "1"), *task = start_writer(other, "1", 0);
        assert_int_equal(unlink(blob_file(origin, "a", "")), 0);
        assert_status(coffer_task_transfer(task, origin, NULL, 0, &error), COFFER_NOT_FOUND);
        assert_non_null(strstr(error.message, "artifact 'a' of task 'Flow/1/start/1'"));
        coffer_task_free(origin);
        coffer_task_free(task);
        coffer_store_unref(store);
        coffer_store_unref(other);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(test_clone_has_the_same_artifacts),
                in_own_directory(test_clone_does_not_share),
                in_own_directory(test_task_may_be_cloned_from_itself),
                in_own_directory(test_passdown_takes_what_there_is),
                in_own_directory(test_names_that_cannot_be_written_are_not_taken_over),
                in_own_directory(test_attempt_with_a_missing_blob_is_not_completed),
                in_own_directory(test_transfer_copies_blobs_between_stores),
                in_own_directory(test_transfer_within_a_store_does_nothing),
                in_own_directory(test_blob_that_cannot_be_transferred_is_named),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
