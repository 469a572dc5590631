/* SPDX-License-Identifier: Apache-2.0 */
/* What is flushed, seen by taking the place of fsync, syncfs and sync. */
#include <errno.h>

#include "storage_fixture.h"

static char flushed[65536]; /* "name," of each fsync, "[fs]" of each syncfs, "[all]" of each sync */
static int failure;         /* errno's value for the next fsync or syncfs */

static int note_flush(const char *text)
{
        snprintf(flushed + strlen(flushed), sizeof(flushed) - strlen(flushed), "%s", text);
        errno = failure;
        return failure ? -1 : 0;
}

int fsync(int descriptor)
{
        char link[64], path[512] = "", note[520];
        snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
        if (readlink(link, path, sizeof(path) - 1) < 0)
                return -1;
        bool below = strncmp(path, test_directory_path(), strlen(test_directory_path())) == 0;
        snprintf(note, sizeof(note), "%s,", below ? path + strlen(test_directory_path()) : path);
        return note_flush(note);
}

int syncfs(int descriptor)
{
        (void)descriptor;
        return note_flush("[fs]");
}

void sync(void)
{
        note_flush("[all]");
}

static int setup(void **state)
{
        flushed[0] = '\0';
        failure = 0;
        return test_directory_setup(state);
}

static void has_flushed(const char *name)
{
        if (!strstr(flushed, name))
                fail_msg("%s was not flushed, but %s", name, flushed);
}

static void put_many(coffer_storage *storage, int count)
{
        for (int i = 0; i < count; i++) {
                char path[64];
                snprintf(path, sizeof(path), "F/data/%02d/key", i);
                assert_ok(put_text(storage, path, "x", "{}", false, NULL));
        }
}

static void a_few_files_are_flushed_with_all_directories_above_them(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "F/data/ab/key", "x", "{}", false, NULL));
        assert_string_equal(flushed, "");
        assert_ok(storage->class_->sync(storage, NULL));
        assert_string_equal(flushed, "/root/F/data/ab/key_meta,/root/F/data/ab/key,"
                                     "/root/F/data/ab,/root/F/data,/root/F,/root,,");
}

static void files_come_before_directories(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "a/one", "x", NULL, false, NULL));
        assert_ok(put_text(storage, "b/two", "x", NULL, false, NULL));
        assert_ok(storage->class_->sync(storage, NULL));
        assert_string_equal(flushed, "/root/a/one,/root/b/two,/root/a,/root,/root/b,,");
}

static void nothing_is_flushed_twice(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "a", "x", NULL, false, NULL));
        assert_ok(storage->class_->sync(storage, NULL));
        flushed[0] = '\0';
        assert_ok(storage->class_->sync(storage, NULL));
        assert_string_equal(flushed, "");
        assert_ok(put_text(storage, "b", "x", NULL, false, NULL));
        assert_ok(storage->class_->sync(storage, NULL));
        assert_string_equal(flushed, "/root/b,/root,,");
}

static void many_files_take_one_pass(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        put_many(storage, 100);
        assert_ok(storage->class_->sync(storage, NULL));
        assert_string_equal(flushed, "[fs]");
}

static void sixteen_are_still_few(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        put_many(storage, 8);
        assert_ok(storage->class_->sync(storage, NULL));
        has_flushed("/root/F/data/07/key_meta,");
        assert_null(strstr(flushed, "[fs]"));
}

static void metadata_put_later_moves_and_what_was_there_are_covered(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "a", "x", NULL, false, NULL));
        assert_ok(put_text(storage, "b", "x", "{}", false, NULL));
        assert_ok(storage->class_->sync(storage, NULL));
        flushed[0] = '\0';
        assert_ok(storage->class_->put_metadata(storage, "a", "{}", NULL));
        assert_ok(storage->class_->require(storage, "b", NULL));
        assert_ok(storage->class_->move(storage, "a", "aside/a", NULL));
        assert_ok(storage->class_->sync(storage, NULL));
        has_flushed("/root/b,");
        has_flushed("/root/b_meta,");
        has_flushed("/root/aside/a,");
        has_flushed("/root/aside,");
        has_flushed("/root,");
}

static void what_could_not_be_flushed_fails_for_good(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_error error = COFFER_ERROR_INIT;

        assert_ok(put_text(storage, "a", "x", NULL, false, NULL));
        failure = EIO;
        assert_status(storage->class_->sync(storage, &error), COFFER_IO);
        assert_non_null(strstr(error.message, "root/a"));
        failure = 0;
        assert_status(storage->class_->sync(storage, &error), COFFER_IO);
        assert_non_null(strstr(error.message, "earlier"));
}

static void a_failing_pass_is_reported(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        put_many(storage, 20);
        failure = ENOSPC;
        assert_status(storage->class_->sync(storage, NULL), COFFER_IO);
}

static void without_the_option_nothing_is_flushed(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(false);
        put_many(storage, 20);
        assert_ok(storage->class_->require(storage, "F/data/00/key", NULL));
        assert_ok(storage->class_->sync(storage, NULL));
        assert_string_equal(flushed, "");
}

static void out_of_memory_makes_the_flush_wider(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_bytes *bytes _cleanup_bytes_ = bytes_of("x");
        coffer_storage_put put = {"d/a", bytes, NULL, false, false};
        bool wider = false;

        for (size_t nth = 1; nth < 40; nth++) {
                flushed[0] = '\0';
                test_alloc_fail_at(nth);
                coffer_status status = storage->class_->put(storage, &put, 1, NULL);
                coffer_status synced = storage->class_->sync(storage, NULL);
                test_alloc_fail_at(0);
                assert_ok(synced);
                if (status == COFFER_OK && !strstr(flushed, "/root/d/a,"))
                        assert_true(strstr(flushed, "[fs]") || strstr(flushed, "[all]"));
                wider = wider || strstr(flushed, "[fs]") || strstr(flushed, "[all]");
                put.overwrite = true;
        }
        assert_true(wider);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_few_files_are_flushed_with_all_directories_above_them, setup,
                                                test_directory_teardown),
                cmocka_unit_test_setup_teardown(files_come_before_directories, setup, test_directory_teardown),
                cmocka_unit_test_setup_teardown(nothing_is_flushed_twice, setup, test_directory_teardown),
                cmocka_unit_test_setup_teardown(many_files_take_one_pass, setup, test_directory_teardown),
                cmocka_unit_test_setup_teardown(sixteen_are_still_few, setup, test_directory_teardown),
                cmocka_unit_test_setup_teardown(metadata_put_later_moves_and_what_was_there_are_covered, setup,
                                                test_directory_teardown),
                cmocka_unit_test_setup_teardown(what_could_not_be_flushed_fails_for_good, setup,
                                                test_directory_teardown),
                cmocka_unit_test_setup_teardown(a_failing_pass_is_reported, setup, test_directory_teardown),
                cmocka_unit_test_setup_teardown(without_the_option_nothing_is_flushed, setup, test_directory_teardown),
                cmocka_unit_test_setup_teardown(out_of_memory_makes_the_flush_wider, setup, test_directory_teardown),
        };
        return cmocka_run_group_tests_name("sync", tests, NULL, NULL);
}
