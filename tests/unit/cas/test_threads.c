/* SPDX-License-Identifier: Apache-2.0 */
/* Several threads and processes that save, load and mend the same blobs at once. */
#include <pthread.h>
#include <sys/wait.h>

#include "cas_fixture.h"

enum { WORKERS = 4, ROUNDS = 60, CONTENTS = 3 };

typedef struct work {
        coffer_cas *cas;
        coffer_cursor contents[CONTENTS];
        int worker;
        bool raw;
        coffer_status status;
} work;

/* Each removes what the others save, so that all of them are the first again and again. */
static coffer_status work_once(const work *work_, int round)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL, *back _cleanup_bytes_ = NULL;
        coffer_cursor contents = work_->contents[round % CONTENTS];
        bool raw = work_->raw && (work_->worker + round) % 2;
        coffer_key key;

        COFFER_TRY(coffer_bytes_new(&bytes, NULL));
        COFFER_TRY(coffer_bytes_append_borrow(bytes, contents, NULL, NULL, NULL));
        COFFER_TRY(coffer_cas_save(work_->cas, bytes, raw, &key, NULL));
        coffer_status status = coffer_cas_load(work_->cas, key.text, &back, NULL, NULL);
        if (status == COFFER_OK && !coffer_cursor_equal(coffer_bytes_segment(back, 0), contents))
                return COFFER_INTERNAL;
        if (round % 5 == work_->worker) {
                char path[128];
                snprintf(path, sizeof(path), "root/F/data/%.2s/%s", key.text, key.text);
                unlink(path);
        }
        return status == COFFER_NOT_FOUND ? COFFER_OK : status; /* just removed */
}

static void *run(void *user)
{
        work *work_ = user;
        for (int round = 0; round < ROUNDS && work_->status == COFFER_OK; round++)
                work_->status = work_once(work_, round);
        return NULL;
}

static void check_all_sound(coffer_cas *cas, const work *work_)
{
        for (int i = 0; i < CONTENTS; i++) {
                coffer_key key = save(cas, work_->contents[i], false);
                assert_int_equal(health_of(cas, key.text), COFFER_BLOB_SOUND);
        }
}

static void run_in_threads(bool raw)
{
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_cas *cas _cleanup_cas_ = new_cas(storage, COFFER_VERIFY_KEY);
        coffer_buf text _cleanup_buf_ = contents_of(TEXT, 50000), noise _cleanup_buf_ = contents_of(NOISE, MIB + 100);
        pthread_t threads[WORKERS];
        work works[WORKERS];

        for (int i = 0; i < WORKERS; i++) {
                works[i] = (work){cas,
                                  {coffer_buf_cursor(&text), coffer_buf_cursor(&noise), coffer_cursor_text("hello")},
                                  i,
                                  raw,
                                  COFFER_OK};
                assert_int_equal(pthread_create(&threads[i], NULL, run, &works[i]), 0);
        }
        for (int i = 0; i < WORKERS; i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);
        for (int i = 0; i < WORKERS; i++)
                assert_ok(works[i].status);
        assert_ok(storage->class_->sync(storage, NULL));
        check_all_sound(cas, &works[0]);
}

static void threads_save_the_same_blobs(void **state)
{
        (void)state;
        run_in_threads(false);
}

static void threads_save_the_same_blobs_raw_and_framed(void **state)
{
        (void)state;
        run_in_threads(true);
}

static void processes_save_the_same_blobs(void **state)
{
        WITH_CAS(COFFER_VERIFY_KEY);
        coffer_buf text _cleanup_buf_ = contents_of(TEXT, 50000), noise _cleanup_buf_ = contents_of(NOISE, MIB + 100);
        work work_ = {cas,
                      {coffer_buf_cursor(&text), coffer_buf_cursor(&noise), coffer_cursor_text("hello")},
                      0,
                      true,
                      COFFER_OK};
        pid_t children[WORKERS];

        for (int i = 0; i < WORKERS; i++) {
                work_.worker = i;
                children[i] = fork();
                if (children[i] == 0) {
                        run(&work_);
                        _exit(work_.status);
                }
        }
        for (int i = 0; i < WORKERS; i++) {
                int status;
                assert_int_equal(waitpid(children[i], &status, 0), children[i]);
                assert_int_equal(status, 0);
        }
        check_all_sound(cas, &work_);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(threads_save_the_same_blobs),
                in_own_directory(threads_save_the_same_blobs_raw_and_framed),
                in_own_directory(processes_save_the_same_blobs),
        };
        return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
