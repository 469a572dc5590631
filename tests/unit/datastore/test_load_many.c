/* SPDX-License-Identifier: Apache-2.0 */
/* Many artifacts loaded at once. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <coffer/coffer.h>
#include "util/cleanup.h"
#include "util/cursor.h"

enum { COUNT = 600, LARGE = 300, LARGE_BYTES = 3 << 20, TEXT_BYTES = 32 };

typedef struct saved {
        coffer_store *store;
        coffer_task *task;
        char texts[COUNT][TEXT_BYTES]; /* names, and what the artifacts hold */
        const char *names[COUNT];
        coffer_object objects[COUNT];
} saved;

static coffer_object object_of(coffer_cursor text)
{
        coffer_document *document = NULL;
        coffer_value *value = NULL;
        assert_ok(coffer_document_new(&document, NULL));
        assert_ok(coffer_value_str(document, text, true, &value, NULL));
        coffer_document_set_root(document, value);
        coffer_object object = coffer_object_from_document(document);
        coffer_document_unref(document);
        return object;
}

static void write_artifacts(saved *all, coffer_cursor large)
{
        static coffer_artifact artifacts[COUNT];
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        options.mode = COFFER_WRITE;
        options.without_provider = true;
        for (size_t i = 0; i < COUNT; i++) {
                snprintf(all->texts[i], sizeof(all->texts[i]), "a%zu", i);
                all->names[i] = all->texts[i];
                artifacts[i].name = all->names[i];
                artifacts[i].object = object_of(i == LARGE ? large : coffer_cursor_text(all->texts[i]));
        }
        assert_ok(coffer_task_open(all->store, "Flow", "1", "start", "1", &options, &all->task, NULL));
        assert_ok(coffer_task_init(all->task, NULL));
        assert_ok(coffer_task_save(all->task, artifacts, COUNT, NULL));
        assert_ok(coffer_task_done(all->task, NULL));
        coffer_task_free(all->task);
        for (size_t i = 0; i < COUNT; i++)
                coffer_object_unref(&artifacts[i].object);
}

/* A done task of many small artifacts and a large one, open for reading; nothing is loaded. */
static saved *save_many(void)
{
        saved *all = test_calloc(1, sizeof(*all));
        char *large = test_malloc(LARGE_BYTES);
        memset(large, 'x', LARGE_BYTES);
        assert_int_equal(setenv("COFFER_THREADS", "4", 1), 0);
        assert_ok(coffer_store_open(".metaflow", NULL, &all->store, NULL));
        write_artifacts(all, coffer_cursor_of(large, LARGE_BYTES));
        test_free(large);
        assert_ok(coffer_task_open(all->store, "Flow", "1", "start", "1", NULL, &all->task, NULL));
        return all;
}

static void forget(saved *all)
{
        for (size_t i = 0; i < COUNT; i++)
                coffer_object_unref(&all->objects[i]);
        coffer_task_free(all->task);
        coffer_store_unref(all->store);
        test_free(all);
}

static coffer_cursor text_of(const coffer_object *object)
{
        coffer_document *document;
        const coffer_value *value;
        assert_ok(coffer_object_view_value(object, &document, &value, NULL));
        return coffer_value_data(value);
}

static void assert_holds(const coffer_object *object, const char *text)
{
        coffer_cursor found = text_of(object);
        assert_int_equal(found.size_bytes, strlen(text));
        assert_memory_equal(found.data, text, found.size_bytes);
}

static void assert_nothing_is_given(const saved *all)
{
        for (size_t i = 0; i < COUNT; i++)
                assert_null(all->objects[i].pointer);
}

/* The file of an artifact's blob. */
static const char *blob_file(const saved *all, const char *name)
{
        static char path[128];
        coffer_artifact_info info;
        assert_ok(coffer_task_info(all->task, name, &info, NULL));
        snprintf(path, sizeof(path), ".metaflow/Flow/data/%.2s/%s", info.key, info.key);
        return path;
}

static void test_objects_come_in_the_order_of_the_names(void **state)
{
        (void)state;
        saved *all = save_many();
        assert_ok(coffer_task_load_many(all->task, all->names, COUNT, all->objects, NULL));
        for (size_t i = 0; i < COUNT; i++) {
                if (i == LARGE)
                        assert_int_equal(text_of(&all->objects[i]).size_bytes, LARGE_BYTES);
                else
                        assert_holds(&all->objects[i], all->texts[i]);
        }
        forget(all);
}

static void test_name_may_come_twice(void **state)
{
        (void)state;
        static const char *const names[] = {"a7", "a3", "a7"};
        saved *all = save_many();
        assert_ok(coffer_task_load_many(all->task, names, ARRAY_COUNT(names), all->objects, NULL));
        for (size_t i = 0; i < ARRAY_COUNT(names); i++)
                assert_holds(&all->objects[i], names[i]);
        forget(all);
}

static void test_no_names_give_no_objects(void **state)
{
        (void)state;
        saved *all = save_many();
        assert_ok(coffer_task_load_many(all->task, NULL, 0, NULL, NULL));
        forget(all);
}

static void test_name_that_is_not_recorded_is_told(void **state)
{
        (void)state;
        saved *all = save_many();
        coffer_error error = COFFER_ERROR_INIT;
        all->names[COUNT - 1] = "absent";
        assert_status(coffer_task_load_many(all->task, all->names, COUNT, all->objects, &error), COFFER_NOT_FOUND);
        assert_non_null(strstr(error.message, "there is no artifact 'absent'"));
        assert_nothing_is_given(all);
        forget(all);
}

static void test_blob_that_is_gone_is_blamed_on_its_artifact(void **state)
{
        (void)state;
        saved *all = save_many();
        coffer_error error = COFFER_ERROR_INIT;
        assert_int_equal(unlink(blob_file(all, "a555")), 0);
        assert_status(coffer_task_load_many(all->task, all->names, COUNT, all->objects, &error), COFFER_NOT_FOUND);
        assert_non_null(strstr(error.message, "artifact 'a555' of task 'Flow/1/start/1'"));
        assert_nothing_is_given(all);
        forget(all);
}

static void test_first_of_the_damaged_is_named(void **state)
{
        (void)state;
        saved *all = save_many();
        coffer_error error = COFFER_ERROR_INIT;
        assert_int_equal(truncate(blob_file(all, "a20"), 5), 0);
        assert_int_equal(truncate(blob_file(all, "a550"), 5), 0);
        assert_status(coffer_task_load_many(all->task, all->names, COUNT, all->objects, &error), COFFER_CORRUPT);
        assert_non_null(strstr(error.message, "artifact 'a20' of task 'Flow/1/start/1'"));
        assert_nothing_is_given(all);
        forget(all);
}

static void test_pickle_that_is_none_is_named(void **state)
{
        (void)state;
        saved *all = save_many();
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_metadata *metadata = NULL;
        coffer_bytes *bytes = NULL;
        coffer_task *task = NULL;
        static const char *const names[] = {"good", "rotten"};
        assert_ok(coffer_task_metadata(all->task, "a1", &metadata, NULL));
        assert_ok(coffer_task_load_bytes(all->task, "a1", &bytes, NULL));
        options.mode = COFFER_WRITE;
        options.without_provider = true;
        assert_ok(coffer_task_open(all->store, "Flow", "1", "start", "2", &options, &task, NULL));
        assert_ok(coffer_task_init(task, NULL));
        assert_ok(coffer_task_save_blob(task, "good", bytes, metadata, NULL));
        coffer_bytes_unref(bytes);
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_borrow(bytes, coffer_cursor_text("no pickle"), NULL, NULL, NULL));
        assert_ok(coffer_task_save_blob(task, "rotten", bytes, metadata, NULL));
        assert_int_not_equal(coffer_task_load_many(task, names, ARRAY_COUNT(names), all->objects, &error), COFFER_OK);
        assert_non_null(strstr(error.message, "'rotten'"));
        assert_nothing_is_given(all);
        coffer_bytes_unref(bytes);
        coffer_metadata_free(metadata);
        coffer_task_free(task);
        forget(all);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(test_objects_come_in_the_order_of_the_names),
                in_own_directory(test_name_may_come_twice),
                in_own_directory(test_no_names_give_no_objects),
                in_own_directory(test_name_that_is_not_recorded_is_told),
                in_own_directory(test_blob_that_is_gone_is_blamed_on_its_artifact),
                in_own_directory(test_first_of_the_damaged_is_named),
                in_own_directory(test_pickle_that_is_none_is_named),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
