/* SPDX-License-Identifier: Apache-2.0 */
/* How blobs are saved when the caller has wishes: what to compress, and to be told how far it is. */
#include <ftw.h>
#include <pthread.h>
#include <stdlib.h>

#include "cas_fixture.h"

/* ---- compression ---- */

static coffer_cas *cas_that_compresses(coffer_storage *storage, coffer_compress compress)
{
        coffer_cas_options options = COFFER_CAS_OPTIONS_INIT;
        coffer_cas *cas = NULL;
        options.compress = compress;
        assert_ok(coffer_cas_new(storage, "F/data", &options, &cas, NULL));
        return cas;
}

/* The size of the file that contents lie in when they have been saved so; the file is gone then. */
static long saved_bytes(coffer_compress compress, const coffer_buf *contents)
{
        coffer_storage *storage _cleanup_storage_ = open_root(false);
        coffer_cas *cas _cleanup_cas_ = cas_that_compresses(storage, compress);
        coffer_key key = save(cas, coffer_buf_cursor(contents), false);
        long size_bytes = file_bytes(file_of(key.text));
        assert_ok(loads(cas, key.text, coffer_buf_cursor(contents), false, NULL));
        assert_int_equal(health_of(cas, key.text), COFFER_BLOB_SOUND);
        assert_int_equal(unlink(file_of(key.text)), 0);
        return size_bytes;
}

/* Doubles between 0 and 1: compression saves 5 %. */
static coffer_buf fractions(size_t size_bytes)
{
        coffer_buf buf = contents_of(NOISE, size_bytes);
        for (size_t i = 0; i + 8 <= size_bytes; i += 8)
                memcpy(buf.data + i + 6, (const uint8_t[]){(uint8_t)(buf.data[i] | 0xe0), 0x3f}, 2);
        return buf;
}

static void what_hardly_shrinks_is_compressed_on_demand(void **state)
{
        (void)state;
        static const size_t sizes[] = {100000, 3 * MIB + 77};
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                coffer_buf contents _cleanup_buf_ = fractions(sizes[i]);
                long all = (long)sizes[i];
                assert_true(saved_bytes(COFFER_COMPRESS_NEVER, &contents) > all);
                assert_true(saved_bytes(COFFER_COMPRESS_ALWAYS, &contents) < all - all / 30);
        }
}

static void what_shrinks_is_left_alone_on_demand(void **state)
{
        (void)state;
        static const size_t sizes[] = {1000, MIB, 3 * MIB + 77};
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                coffer_buf contents _cleanup_buf_ = contents_of(NUMBERS, sizes[i]);
                long all = (long)sizes[i];
                assert_true(saved_bytes(COFFER_COMPRESS_NEVER, &contents) > all);
                assert_true(saved_bytes(COFFER_COMPRESS_AUTO, &contents) < all / 2);
                assert_true(saved_bytes(COFFER_COMPRESS_ALWAYS, &contents) < all / 2);
        }
}

static void compressing_always_makes_no_file_much_larger(void **state)
{
        (void)state;
        static const size_t sizes[] = {0, 1, 40, MIB, 2 * MIB + 1};
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                coffer_buf contents _cleanup_buf_ = contents_of(NOISE, sizes[i]);
                assert_in_range(saved_bytes(COFFER_COMPRESS_ALWAYS, &contents), sizes[i],
                                sizes[i] + sizes[i] / 1000 + 1000);
        }
}

static void the_environment_decides_where_options_do_not(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(NUMBERS, 100000);
        long compressed = saved_bytes(COFFER_COMPRESS_AUTO, &contents);
        setenv("COFFER_COMPRESS", "never", 1);
        assert_true(saved_bytes(COFFER_COMPRESS_AUTO, &contents) > 100000);
        assert_int_equal(saved_bytes(COFFER_COMPRESS_ALWAYS, &contents), compressed);
        setenv("COFFER_COMPRESS", "auto", 1);
        assert_int_equal(saved_bytes(COFFER_COMPRESS_AUTO, &contents), compressed);
        setenv("COFFER_COMPRESS", "", 1);
        assert_int_equal(saved_bytes(COFFER_COMPRESS_AUTO, &contents), compressed);
        unsetenv("COFFER_COMPRESS");
}

static void what_is_no_choice_is_an_error(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(false);
        coffer_cas *cas = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        setenv("COFFER_COMPRESS", "fast", 1);
        assert_status(coffer_cas_new(storage, "F/data", NULL, &cas, &error), COFFER_INVALID);
        unsetenv("COFFER_COMPRESS");
        assert_string_equal(error.message, "COFFER_COMPRESS is 'fast', not auto, always or never");
}

static void older_options_have_no_choice(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(false);
        coffer_cas_options options = COFFER_CAS_OPTIONS_INIT;
        coffer_cas *cas _cleanup_cas_ = NULL;
        coffer_buf contents _cleanup_buf_ = contents_of(NUMBERS, 100000);
        options.version = 1;
        options.compress = COFFER_COMPRESS_NEVER;
        assert_ok(coffer_cas_new(storage, "F/data", &options, &cas, NULL));
        coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
        assert_true(file_bytes(file_of(key.text)) < 50000);
}

/* ---- progress ---- */

typedef struct told {
        uint64_t total, last;
        size_t calls, stop_after; /* 0: never */
        pthread_t thread;
} told;

static bool note(void *user, uint64_t done, uint64_t total)
{
        told *all = user;
        assert_true(pthread_equal(pthread_self(), all->thread));
        assert_int_equal(total, all->total);
        assert_in_range(done, all->last, total);
        all->last = done;
        return ++all->calls != all->stop_after;
}

static coffer_status save_told(coffer_cas *cas, const coffer_buf *contents, bool raw, bool is_unstable, told *all,
                               coffer_key *key)
{
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(coffer_buf_cursor(contents));
        if (is_unstable)
                coffer_bytes_set_unstable(bytes);
        *all = (told){.total = contents->size_bytes, .stop_after = all->stop_after, .thread = pthread_self()};
        return coffer_cas_save_telling(cas, bytes, raw, note, all, key, NULL);
}

static int files;

static int count_file(const char *path, const struct stat *info, int type, struct FTW *place)
{
        (void)path;
        (void)info;
        (void)place;
        files += type == FTW_F;
        return 0;
}

static int files_below(const char *path)
{
        files = 0;
        assert_int_equal(nftw(path, count_file, 8, FTW_PHYS), 0);
        return files;
}

static void a_save_tells_how_far_it_is(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        static const char *const threads[] = {"1", "2", "4"};
        static const size_t sizes[] = {0, 5, MIB, 9 * MIB + 1};
        for (size_t i = 0; i < 4 * ARRAY_COUNT(threads) * ARRAY_COUNT(sizes); i++) {
                size_t size_bytes = sizes[i / 4 / ARRAY_COUNT(threads)];
                coffer_buf contents _cleanup_buf_ = contents_of(NUMBERS, size_bytes);
                told all = {.stop_after = 0};
                coffer_key key;
                if (size_bytes > 0)
                        contents.data[0] = (uint8_t)i; /* not there yet */
                setenv("COFFER_THREADS", threads[i / 4 % ARRAY_COUNT(threads)], 1);
                assert_ok(save_told(cas, &contents, i & 1, i & 2, &all, &key));
                assert_int_equal(all.last, size_bytes);
                assert_true(all.calls > (size_bytes > MIB));
                all.last = 0;
                assert_ok(save_told(cas, &contents, i & 1, i & 2, &all, &key)); /* and there now */
                assert_int_equal(all.last, size_bytes);
        }
        unsetenv("COFFER_THREADS");
}

static void a_save_can_be_stopped(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        static const char *const threads[] = {"1", "2", "4"};
        coffer_buf contents _cleanup_buf_ = contents_of(NOISE, 20 * MIB);
        save(cas, coffer_cursor_text("hello"), false);
        int before = files_below("root");
        for (size_t i = 0; i < 4 * ARRAY_COUNT(threads); i++) {
                told all = {.stop_after = 1 + i % 3};
                coffer_key key = {"none"};
                setenv("COFFER_THREADS", threads[i / 4], 1);
                assert_status(save_told(cas, &contents, i & 1, i & 2, &all, &key), COFFER_DECLINED);
                assert_string_equal(key.text, "none");
                assert_int_equal(all.calls, all.stop_after);
                assert_int_equal(files_below("root"), before);
        }
        unsetenv("COFFER_THREADS");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(what_hardly_shrinks_is_compressed_on_demand),
                in_own_directory(what_shrinks_is_left_alone_on_demand),
                in_own_directory(compressing_always_makes_no_file_much_larger),
                in_own_directory(the_environment_decides_where_options_do_not),
                in_own_directory(what_is_no_choice_is_an_error),
                in_own_directory(older_options_have_no_choice),
                in_own_directory(a_save_tells_how_far_it_is),
                in_own_directory(a_save_can_be_stopped),
        };
        return cmocka_run_group_tests_name("manner", tests, NULL, NULL);
}
