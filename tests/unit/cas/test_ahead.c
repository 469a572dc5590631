/* SPDX-License-Identifier: Apache-2.0 */
/* Large blobs are written while they are hashed: with helpers, without, and with helpers that never come. */
#include <dirent.h>
#include <stdlib.h>

#include "cas_fixture.h"

static const char *const threads[] = {"1", "2", "4"};

/* Everything in a directory but what tests put there on purpose. */
static int entries(const char *path)
{
        int count = 0;
        DIR *directory = opendir(path);
        assert_non_null(directory);
        for (const struct dirent *entry; (entry = readdir(directory));)
                count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
        closedir(directory);
        return count;
}

static void large_blobs_come_back_whatever_the_number_of_threads(void **state)
{
        WITH_CAS(COFFER_VERIFY_KEY);
        static const size_t sizes[] = {MIB + 1, 2 * MIB, 7 * MIB + 12345};
        for (size_t i = 0; i < ARRAY_COUNT(sizes) * ARRAY_COUNT(threads) * KIND_COUNT; i++) {
                size_t size = sizes[i % ARRAY_COUNT(sizes)] + i; /* no two are equal */
                coffer_buf contents _cleanup_buf_ =
                        contents_of((kind)(i / ARRAY_COUNT(sizes) / ARRAY_COUNT(threads)), size);
                setenv("COFFER_THREADS", threads[i / ARRAY_COUNT(sizes) % ARRAY_COUNT(threads)], 1);
                for (int raw = 0; raw < 2; raw++) {
                        contents.data[0] ^= (uint8_t)raw;
                        coffer_key key = save(cas, coffer_buf_cursor(&contents), raw);
                        assert_ok(loads(cas, key.text, coffer_buf_cursor(&contents), raw, NULL));
                        assert_int_equal(health_of(cas, key.text), COFFER_BLOB_SOUND);
                }
        }
}

static void frames_do_not_depend_on_the_number_of_threads(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 9 * MIB);
        coffer_buf first _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
                coffer_bytes *stored _cleanup_bytes_ = NULL;
                coffer_cursor file;
                setenv("COFFER_THREADS", threads[i], 1);
                coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
                assert_ok(coffer_cas_load_stored(cas, key.text, &stored, NULL));
                assert_ok(coffer_bytes_contiguous(stored, &file, NULL));
                if (i == 0)
                        assert_ok(coffer_buf_append_cursor(&first, file, NULL));
                assert_true(coffer_cursor_equal(coffer_buf_cursor(&first), file));
                assert_int_equal(unlink(file_of(key.text)), 0);
        }
}

static void a_large_blob_that_is_there_leaves_nothing_behind(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_buf contents _cleanup_buf_ = contents_of(NOISE, 20 * MIB);
        coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
        ino_t file = file_number(file_of(key.text));
        for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
                setenv("COFFER_THREADS", threads[i], 1);
                save(cas, coffer_buf_cursor(&contents), false);
                assert_int_equal(file_number(file_of(key.text)), file);
                assert_int_equal(entries("root/F/data"), 1);
        }
}

static void a_damaged_large_blob_is_replaced_by_what_was_written_ahead(void **state)
{
        WITH_CAS(COFFER_VERIFY_KEY);
        coffer_buf contents _cleanup_buf_ = contents_of(NUMBERS, 5 * MIB);
        coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
        for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
                setenv("COFFER_THREADS", threads[i], 1);
                assert_int_equal(truncate(file_of(key.text), 1000), 0);
                save(cas, coffer_buf_cursor(&contents), false);
                assert_ok(loads(cas, key.text, coffer_buf_cursor(&contents), false, NULL));
                assert_int_equal(entries("root/F/data"), 1);
        }
}

static void a_failing_look_is_reported(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_buf contents _cleanup_buf_ = contents_of(NOISE, 3 * MIB);
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(coffer_buf_cursor(&contents));
        coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
        assert_int_equal(unlink(file_of(key.text)), 0);
        assert_int_equal(mkdir(file_of(key.text), 0777), 0);
        for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
                coffer_error error = COFFER_ERROR_INIT;
                setenv("COFFER_THREADS", threads[i], 1);
                assert_status(coffer_cas_save(cas, bytes, false, &key, &error), COFFER_IO);
                assert_non_null(strstr(error.message, key.text));
                assert_int_equal(entries("root/F/data"), 1);
        }
}

static coffer_status save_large(void *user, coffer_error *error)
{
        coffer_cas *cas = user;
        coffer_buf contents _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_key key;
        COFFER_TRY(coffer_buf_reserve(&contents, 2 * MIB, error));
        memset(contents.data, 7, 2 * MIB);
        contents.size_bytes = 2 * MIB;
        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_buf_take_into(&contents, bytes, error));
        COFFER_TRY(coffer_cas_save(cas, bytes, false, &key, error));
        coffer_bytes *loaded _cleanup_bytes_ = NULL;
        COFFER_TRY(coffer_cas_load(cas, key.text, &loaded, NULL, error));
        assert_int_equal(unlink(file_of(key.text)), 0);
        return COFFER_OK;
}

static void out_of_memory_is_reported_and_leaves_nothing(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(false); /* remembers nothing of what was put */
        coffer_cas *cas _cleanup_cas_ = new_cas(storage, COFFER_VERIFY_AUTO);
        setenv("COFFER_THREADS", "3", 1);
        test_alloc_fail_each(save_large, cas);
        assert_int_equal(entries("root/F/data"), 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(large_blobs_come_back_whatever_the_number_of_threads),
                in_own_directory(frames_do_not_depend_on_the_number_of_threads),
                in_own_directory(a_large_blob_that_is_there_leaves_nothing_behind),
                in_own_directory(a_damaged_large_blob_is_replaced_by_what_was_written_ahead),
                in_own_directory(a_failing_look_is_reported),
                in_own_directory(out_of_memory_is_reported_and_leaves_nothing),
        };
        return cmocka_run_group_tests_name("ahead", tests, NULL, NULL);
}
