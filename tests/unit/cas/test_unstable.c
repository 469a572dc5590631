/* SPDX-License-Identifier: Apache-2.0 */
/* Contents that are written to while they are saved. */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "cas_fixture.h"
#include "util/digest.h"

/* Two segments, so that neither one nor all of them are the whole. */
static coffer_bytes *unstable(const coffer_buf *buf)
{
        coffer_bytes *bytes = NULL;
        size_t half = buf->size_bytes / 2;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_borrow(bytes, coffer_cursor_of(buf->data, half), NULL, NULL, NULL));
        assert_ok(coffer_bytes_append_borrow(bytes, coffer_cursor_of(buf->data + half, buf->size_bytes - half), NULL,
                                             NULL, NULL));
        coffer_bytes_set_unstable(bytes);
        return bytes;
}

static void check_key(const coffer_key *key, const coffer_buf *contents)
{
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(coffer_buf_cursor(contents));
        char digest[COFFER_DIGEST_MAX_HEX];
        assert_ok(coffer_digest_bytes(COFFER_SHA1, bytes, digest, NULL));
        assert_string_equal(key->text, digest);
}

/* Another process that writes to all of the memory, over and over: no thread checker can see it. */
static pid_t begin_meddling(uint8_t *memory, size_t size_bytes)
{
        pid_t meddler = fork();
        assert_true(meddler >= 0);
        if (meddler > 0)
                return meddler;
        for (size_t i = 0;; i = (i + 509) % size_bytes)
                ((volatile uint8_t *)memory)[i]++;
}

/* Until a few different keys have come of it: the machine may be busy with others than the meddler. */
static void save_again_and_again(coffer_cas *cas, const coffer_buf *contents, bool raw)
{
        coffer_key last = {""};
        for (int i = 0, keys = 0; keys < 3; i++) {
                coffer_bytes *bytes _cleanup_bytes_ = unstable(contents);
                coffer_key key;
                assert_in_range(i, 0, 10000);
                assert_ok(coffer_cas_save(cas, bytes, raw, &key, NULL));
                keys += strcmp(key.text, last.text) != 0;
                if (strcmp(key.text, last.text) == 0)
                        usleep(1000);
                else
                        assert_int_equal(health_of(cas, key.text), COFFER_BLOB_SOUND); /* hashes what is there */
                last = key;
        }
}

static void the_key_is_that_of_what_was_written(void **state)
{
        WITH_CAS(COFFER_VERIFY_KEY);
        static const size_t sizes[] = {1000, MIB, 3 * MIB + 5};
        static const char *const threads[] = {"1", "4"};
        for (size_t i = 0; i < 4 * ARRAY_COUNT(sizes); i++) {
                size_t size_bytes = sizes[i / 4];
                coffer_buf contents _cleanup_buf_ = contents_of(i / 2 % 2 ? NUMBERS : NOISE, size_bytes);
                uint8_t *shared = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
                assert_ptr_not_equal(shared, MAP_FAILED);
                memcpy(shared, contents.data, size_bytes);
                coffer_buf view = {.data = shared, .size_bytes = size_bytes};
                setenv("COFFER_THREADS", threads[i % 2], 1);
                pid_t meddler = begin_meddling(shared, size_bytes);
                save_again_and_again(cas, &view, false);
                save_again_and_again(cas, &view, true);
                kill(meddler, SIGKILL);
                assert_int_equal(waitpid(meddler, NULL, 0), meddler);
                munmap(shared, size_bytes);
        }
        unsetenv("COFFER_THREADS");
}

static void contents_that_stay_are_saved_as_others(void **state)
{
        WITH_CAS(COFFER_VERIFY_KEY);
        static const size_t sizes[] = {0, 1, 512, MIB, MIB + 1, 5 * MIB};
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                coffer_buf contents _cleanup_buf_ = contents_of(TEXT, sizes[i]);
                coffer_bytes *bytes _cleanup_bytes_ = unstable(&contents);
                coffer_key key;
                assert_ok(coffer_cas_save(cas, bytes, false, &key, NULL));
                check_key(&key, &contents);
                assert_string_equal(save(cas, coffer_buf_cursor(&contents), false).text, key.text);
                ino_t number = file_number(file_of(key.text));
                assert_ok(coffer_cas_save(cas, bytes, true, &key, NULL));
                assert_int_equal(file_number(file_of(key.text)), number);
        }
}

static void frames_do_not_depend_on_it(void **state)
{
        (void)state;
        for (kind each = ZEROS; each < KIND_COUNT; each++) {
                coffer_buf contents _cleanup_buf_ = contents_of(each, 3 * MIB + 7);
                coffer_bytes *bytes _cleanup_bytes_ = unstable(&contents);
                coffer_buf plain _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
                coffer_buf frame _cleanup_buf_ = framed_bytes(bytes);
                assert_true(coffer_cursor_equal(coffer_buf_cursor(&plain), coffer_buf_cursor(&frame)));
        }
}

static void what_shares_them_is_unstable_too(void **state)
{
        (void)state;
        uint8_t memory[] = {1, 2, 3};
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(coffer_cursor_of(memory, sizeof(memory)));
        coffer_bytes *whole _cleanup_bytes_ = NULL;
        assert_false(coffer_bytes_is_unstable(bytes));
        coffer_bytes_set_unstable(bytes);
        assert_ok(coffer_bytes_new(&whole, NULL));
        assert_ok(coffer_bytes_append_share(whole, bytes, NULL));
        assert_true(coffer_bytes_is_unstable(whole));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(the_key_is_that_of_what_was_written),
                in_own_directory(contents_that_stay_are_saved_as_others),
                in_own_directory(frames_do_not_depend_on_it),
                in_own_directory(what_shares_them_is_unstable_too),
        };
        return cmocka_run_group_tests_name("unstable", tests, NULL, NULL);
}
