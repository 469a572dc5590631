/* SPDX-License-Identifier: Apache-2.0 */
/* Artifacts saved one way or another. */
#include "store_fixture.h"

static void test_saved_artifact_is_described_and_loaded(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_artifact_info info;
        coffer_object object;
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        assert_ok(coffer_task_info_at(task, 1, &info, NULL));
        assert_string_equal(info.name, "b");
        assert_true(coffer_key_is_valid(info.key));
        assert_int_equal(info.size_bytes, 5);
        assert_string_equal(info.type, "<class 'text'>");
        assert_string_equal(info.encoding, "text-v1");
        assert_string_equal(info.source, "tests");
        assert_string_equal(info.serializer_info_json, "{\"source\": \"tests\"}");
        assert_ok(coffer_task_load(task, "b", &object, NULL));
        assert_string_equal(object.pointer, "bread");
        assert_status(coffer_task_info_at(task, 2, &info, NULL), COFFER_NOT_FOUND);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_failing_artifact_undoes_the_whole_call(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                coffer_status status;
        } cases[] = {{"fail", COFFER_SERIALIZER},
                     {"unclaimed", COFFER_DECLINED},
                     {"none", COFFER_SERIALIZER},
                     {"two", COFFER_SERIALIZER},
                     {"reference", COFFER_SERIALIZER}};
        coffer_store *store = open_store();
        coffer_task *task = start_writer(store, "1", 0);
        assert_ok(save_text(task, "old", "apple", NULL));
        const char *old_key = strdup(key_of(task, "old"));
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                const coffer_artifact artifacts[] = {{"old", text_object("changed")},
                                                     {"first", text_object("bread")},
                                                     {"culprit", text_object(cases[i].text)},
                                                     {"last", text_object("cheese")}};
                coffer_error error = COFFER_ERROR_INIT;
                assert_status(coffer_task_save(task, artifacts, ARRAY_COUNT(artifacts), &error), cases[i].status);
                assert_non_null(strstr(error.message, "'culprit'"));
                assert_int_equal(coffer_task_count(task), 1);
                assert_string_equal(key_of(task, "old"), old_key);
        }
        free((void *)(uintptr_t)old_key);
        assert_ok(coffer_task_done(task, NULL));
        assert_null(strstr(read_file(TASK_DIRECTORY "0.data.json"), "first"));
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_names_are_checked_before_anything_is_saved(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task *task = start_writer(store, "1", 0);
        const coffer_artifact artifacts[] = {{"good", text_object("apple")}, {"not/good", text_object("bread")}};
        assert_status(coffer_task_save(task, artifacts, 2, &error), COFFER_INVALID);
        assert_non_null(strstr(error.message, "'not/good'"));
        assert_int_equal(coffer_task_count(task), 0);
        assert_false(exists(".metaflow/Flow/data"));
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_later_save_replaces_and_keeps_the_place(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_artifact_info info;
        coffer_object object;
        coffer_task *task = start_writer(store, "1", 0);
        assert_ok(save_text(task, "a", "apple", NULL));
        assert_ok(save_text(task, "b", "bread", NULL));
        assert_ok(save_text(task, "a", "acorn", NULL));
        assert_int_equal(coffer_task_count(task), 2);
        assert_ok(coffer_task_info_at(task, 0, &info, NULL));
        assert_string_equal(info.name, "a");
        assert_ok(coffer_task_load(task, "a", &object, NULL));
        assert_string_equal(object.pointer, "acorn");
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_name_given_twice_has_its_last_value(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_object object;
        coffer_task *task = start_writer(store, "1", 0);
        const coffer_artifact artifacts[] = {{"a", text_object("apple")}, {"a", text_object("acorn")}};
        assert_ok(coffer_task_save(task, artifacts, 2, NULL));
        assert_int_equal(coffer_task_count(task), 1);
        assert_ok(coffer_task_load(task, "a", &object, NULL));
        assert_string_equal(object.pointer, "acorn");
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_one_large_blob_is_in_memory_at_a_time(void **state)
{
        (void)state;
        static char large[(1 << 20) + 1];
        coffer_store *store = open_store();
        coffer_task *task = start_writer(store, "1", 0);
        memset(large, 'x', sizeof(large) - 1);
        const coffer_artifact artifacts[] = {
                {"a", text_object(large)}, {"b", text_object(large)}, {"c", text_object(large)}};
        blobs_alive = most_blobs_alive = 0;
        assert_ok(coffer_task_save(task, artifacts, 3, NULL));
        assert_int_equal(most_blobs_alive, 1);
        assert_int_equal(blobs_alive, 0);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_small_blobs_are_stored_in_groups(void **state)
{
        (void)state;
        enum { COUNT = 1000 };
        static char texts[COUNT][16];
        static coffer_artifact artifacts[COUNT];
        coffer_store *store = open_store();
        coffer_task *task = start_writer(store, "1", 0);
        coffer_object object;
        for (int i = 0; i < COUNT; i++) {
                snprintf(texts[i], sizeof(texts[i]), "a%d", i);
                artifacts[i] = (coffer_artifact){texts[i], text_object(texts[i])};
        }
        blobs_alive = most_blobs_alive = 0;
        assert_ok(coffer_task_save(task, artifacts, COUNT, NULL));
        assert_in_range(most_blobs_alive, 2, 300); /* two groups */
        assert_int_equal(blobs_alive, 0);
        assert_int_equal(coffer_task_count(task), COUNT);
        for (size_t i = 0; i < COUNT; i++) {
                coffer_artifact_info info;
                assert_ok(coffer_task_info_at(task, i, &info, NULL));
                assert_string_equal(info.name, texts[i]);
                assert_ok(coffer_task_load(task, texts[i], &object, NULL));
                assert_string_equal(object.pointer, texts[i]);
        }
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_equal_contents_are_stored_once(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_task *task = start_writer(store, "1", 0);
        assert_ok(save_text(task, "a", "apple", NULL));
        assert_ok(save_text(task, "b", "apple", NULL));
        assert_string_equal(key_of(task, "a"), key_of(task, "b"));
        coffer_task_free(task);
        coffer_store_unref(store);
}

static coffer_bytes *bytes_of(const char *text)
{
        coffer_bytes *bytes = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_borrow(bytes, coffer_cursor_text(text), NULL, NULL, NULL));
        return bytes;
}

static void test_blob_is_saved_with_its_metadata(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_artifact_info info;
        coffer_metadata *metadata = NULL;
        coffer_bytes *bytes = bytes_of("hello");
        coffer_task *task = start_writer(store, "1", 0);
        assert_ok(coffer_metadata_new(&metadata, NULL));
        assert_status(coffer_task_save_blob(task, "x", bytes, metadata, NULL), COFFER_INVALID);
        assert_ok(coffer_metadata_set_encoding(metadata, "raw-v1", NULL));
        assert_ok(coffer_metadata_set_info_json(metadata, "shape", "[2, 3]", NULL));
        coffer_metadata_set_size(metadata, 12345);
        assert_status(coffer_task_save_blob(task, "x y", bytes, metadata, NULL), COFFER_INVALID);
        assert_ok(coffer_task_save_blob(task, "x", bytes, metadata, NULL));
        coffer_metadata_free(metadata);
        assert_ok(coffer_task_info(task, "x", &info, NULL));
        assert_string_equal(info.key, "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d");
        assert_int_equal(info.size_bytes, 5);
        assert_string_equal(info.type, "object");
        assert_string_equal(info.encoding, "raw-v1");
        assert_null(info.source);
        assert_string_equal(info.serializer_info_json, "{\"shape\": [2, 3]}");
        coffer_bytes_unref(bytes);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_metadata_is_given_as_a_copy(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_metadata *metadata = NULL;
        save_done(store, "1", 0);
        coffer_task *task = open_reader(store, "1");
        assert_ok(coffer_task_metadata(task, "a", &metadata, NULL));
        assert_status(coffer_task_metadata(task, "zzz", &metadata, NULL), COFFER_NOT_FOUND);
        coffer_task_free(task);
        assert_string_equal(coffer_metadata_encoding(metadata), "text-v1");
        coffer_metadata_free(metadata);
        coffer_store_unref(store);
}

enum { SMALL = 300, ALL = SMALL + 1, LARGE_BYTES = 3 << 20 };

typedef struct told {
        uint64_t done, total;
        size_t calls, stop_after; /* 0: never */
} told;

static bool note(void *user, uint64_t done, uint64_t total)
{
        told *all = user;
        assert_in_range(done, all->done, total);
        assert_true(total >= all->total);
        all->done = done;
        all->total = total;
        all->calls++;
        return all->stop_after == 0 || all->calls < all->stop_after;
}

/* Saves many small texts with a large one among them; their names and they are below `names`. */
static coffer_status save_many(coffer_task *task, char (*names)[8], char *large, told *all)
{
        coffer_artifact artifacts[ALL];
        memset(large, 'x', LARGE_BYTES);
        large[LARGE_BYTES] = '\0';
        for (size_t i = 0; i < ALL; i++) {
                snprintf(names[i], sizeof(names[i]), "a%zu", i);
                artifacts[i] = (coffer_artifact){names[i], text_object(i == SMALL / 2 ? large : names[i])};
        }
        coffer_task_set_progress(task, note, all);
        coffer_status status = coffer_task_save(task, artifacts, ALL, NULL);
        coffer_task_set_progress(task, NULL, NULL);
        return status;
}

static void test_saving_many_tells_how_far_it_is(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_task *task = start_writer(store, "1", 0);
        char names[ALL][8], *large = malloc(LARGE_BYTES + 1);
        coffer_artifact_info info;
        coffer_object object;
        told all = {.calls = 0};
        assert_ok(save_many(task, names, large, &all));
        assert_true(all.calls > 4);
        assert_true(all.done > LARGE_BYTES + 2 * SMALL);
        assert_int_equal(all.done, all.total);
        assert_ok(coffer_task_done(task, NULL));
        coffer_task_free(task);
        task = open_reader(store, "1");
        for (size_t i = 0; i < ALL; i += i == SMALL / 2 - 1 ? 2 : 1) {
                assert_ok(coffer_task_load(task, names[i], &object, NULL));
                assert_string_equal(object.pointer, names[i]);
        }
        assert_ok(coffer_task_info(task, names[SMALL / 2], &info, NULL));
        assert_int_equal(info.size_bytes, LARGE_BYTES);
        free(large);
        coffer_task_free(task);
        coffer_store_unref(store);
}

static void test_stopped_saving_records_nothing(void **state)
{
        (void)state;
        coffer_store *store = open_store();
        coffer_task *task = start_writer(store, "1", 0);
        char names[ALL][8], *large = malloc(LARGE_BYTES + 1);
        for (size_t i = 1; i <= 4; i++) {
                told all = {.stop_after = i};
                assert_status(save_many(task, names, large, &all), COFFER_DECLINED);
                assert_in_range(all.calls, i, i + 1);
                assert_int_equal(coffer_task_count(task), 0);
        }
        free(large);
        coffer_task_free(task);
        coffer_store_unref(store);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(test_saved_artifact_is_described_and_loaded),
                in_own_directory(test_failing_artifact_undoes_the_whole_call),
                in_own_directory(test_names_are_checked_before_anything_is_saved),
                in_own_directory(test_later_save_replaces_and_keeps_the_place),
                in_own_directory(test_name_given_twice_has_its_last_value),
                in_own_directory(test_one_large_blob_is_in_memory_at_a_time),
                in_own_directory(test_small_blobs_are_stored_in_groups),
                in_own_directory(test_equal_contents_are_stored_once),
                in_own_directory(test_blob_is_saved_with_its_metadata),
                in_own_directory(test_metadata_is_given_as_a_copy),
                in_own_directory(test_saving_many_tells_how_far_it_is),
                in_own_directory(test_stopped_saving_records_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
