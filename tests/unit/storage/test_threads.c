/* SPDX-License-Identifier: Apache-2.0 */
/* Several threads and processes at one storage. */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "storage_fixture.h"

enum { WORKERS = 4, ROUNDS = 200 };

/* Puts that must not mix: every reader sees one of them whole. */
static void *put_and_get(void *user)
{
        static char no_memory[] = "no memory", torn[] = "torn", failed[] = "failed";
        coffer_storage *storage = user;
        coffer_status status = COFFER_OK;
        for (int round = 0; round < ROUNDS && status == COFFER_OK; round++) {
                char text[33];
                coffer_bytes *bytes _cleanup_bytes_ = NULL;
                coffer_storage_get get = {.path = "d/a"};
                memset(text, 'a' + round % 26, 32);
                if (coffer_bytes_new(&bytes, NULL) != COFFER_OK ||
                    coffer_bytes_append_borrow(bytes, coffer_cursor_of(text, 32), NULL, NULL, NULL) != COFFER_OK)
                        return no_memory;
                coffer_storage_put put = {"d/a", bytes, "{}", true, round % 2};
                status = storage->class_->put(storage, &put, 1, NULL);
                if (status == COFFER_OK)
                        status = storage->class_->get(storage, &get, 1, NULL);
                coffer_cursor got_ = coffer_bytes_segment(get.bytes, 0);
                bool whole = get.status == COFFER_OK && got_.size_bytes == 32 && got_.data[0] == got_.data[31];
                coffer_bytes_unref(get.bytes);
                coffer_free(get.metadata_json);
                if (!whole)
                        return torn;
                if (round % 50 == 0)
                        status = storage->class_->sync(storage, NULL);
        }
        return status == COFFER_OK ? NULL : failed;
}

static void threads_put_and_get_one_object(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        pthread_t threads[WORKERS];
        void *result[WORKERS];
        for (int i = 0; i < WORKERS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, put_and_get, storage), 0);
        for (int i = 0; i < WORKERS; i++)
                assert_int_equal(pthread_join(threads[i], &result[i]), 0);
        for (int i = 0; i < WORKERS; i++)
                assert_null(result[i]);
}

/* Counts in a way that loses numbers unless the lock keeps all others out. */
typedef struct counting {
        coffer_storage *storage;
        volatile int *counter;
        coffer_status status;
} counting;

static void *count_under_lock(void *user)
{
        counting *counting_ = user;
        coffer_storage *storage = counting_->storage;
        for (int round = 0; round < ROUNDS; round++) {
                coffer_storage_lock *lock = NULL;
                counting_->status = storage->class_->lock(storage, "F/1/s/2", &lock, NULL);
                if (counting_->status != COFFER_OK)
                        break;
                int before = *counting_->counter;
                if (round % 20 == 0)
                        usleep(100);
                *counting_->counter = before + 1;
                storage->class_->unlock(lock);
        }
        return NULL;
}

static void processes_lock_each_other_out(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        int *counter = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        counting counting_ = {storage, counter, COFFER_OK};
        pid_t children[WORKERS];

        assert_ptr_not_equal(counter, MAP_FAILED);
        for (int i = 0; i < WORKERS; i++) {
                children[i] = fork();
                if (children[i] == 0) {
                        count_under_lock(&counting_);
                        _exit(counting_.status);
                }
        }
        for (int i = 0; i < WORKERS; i++) {
                int status;
                assert_int_equal(waitpid(children[i], &status, 0), children[i]);
                assert_int_equal(status, 0);
        }
        assert_int_equal(*counter, WORKERS * ROUNDS);
        munmap(counter, sizeof(*counter));
}

static void *note_entry(void *user)
{
        counting *counting_ = user;
        coffer_storage_lock *lock = NULL;
        counting_->status = counting_->storage->class_->lock(counting_->storage, "F", &lock, NULL);
        __atomic_store_n(counting_->counter, 1, __ATOMIC_SEQ_CST);
        counting_->storage->class_->unlock(lock);
        return NULL;
}

static void threads_lock_each_other_out(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_storage_lock *lock = NULL, *elsewhere = NULL;
        int entered = 0;
        counting counting_ = {storage, &entered, COFFER_OK};
        pthread_t thread;

        assert_ok(storage->class_->lock(storage, "F", &lock, NULL));
        assert_ok(storage->class_->lock(storage, "G", &elsewhere, NULL));
        assert_int_equal(pthread_create(&thread, NULL, note_entry, &counting_), 0);
        usleep(30000);
        int too_early = __atomic_load_n(&entered, __ATOMIC_SEQ_CST);
        storage->class_->unlock(lock);
        storage->class_->unlock(elsewhere);
        storage->class_->unlock(NULL);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(too_early, 0);
        assert_int_equal(entered, 1);
        assert_ok(counting_.status);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(threads_put_and_get_one_object),
                in_own_directory(processes_lock_each_other_out),
                in_own_directory(threads_lock_each_other_out),
        };
        return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
