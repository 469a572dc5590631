/* SPDX-License-Identifier: Apache-2.0 */
/* What is safe to use from several threads at once; says most under ThreadSanitizer. */
#include "test.h"

#include <stdatomic.h>

#include <coffer/bytes.h>

#include "util/cursor.h"
#include "util/hash.h"
#include "util/threads.h"

enum { THREADS = 8 };

static void run_in_threads(void *(*body)(void *), void *argument)
{
        pthread_t threads[THREADS];
        for (size_t i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, body, argument), 0);
        for (size_t i = 0; i < THREADS; i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static struct {
        pthread_barrier_t start;
        coffer_bytes *bytes;
        const uint8_t *_Atomic joined;
        atomic_int differing;
} shared;

static void *join_bytes(void *unused)
{
        (void)unused;
        _cleanup_bytes_ coffer_bytes *mine = coffer_bytes_ref(shared.bytes);
        coffer_cursor all;
        pthread_barrier_wait(&shared.start);
        if (coffer_bytes_contiguous(mine, &all, NULL) != COFFER_OK || !coffer_cursor_is(all, "onetwo")) {
                shared.differing++;
                return NULL;
        }
        const uint8_t *first = NULL;
        if (!atomic_compare_exchange_strong(&shared.joined, &first, all.data) && first != all.data)
                shared.differing++;
        return NULL;
}

static void test_all_threads_get_the_same_joined_bytes(void **state)
{
        (void)state;
        for (int round = 0; round < 50; round++) {
                shared.joined = NULL;
                shared.differing = 0;
                assert_int_equal(pthread_barrier_init(&shared.start, NULL, THREADS), 0);
                assert_ok(coffer_bytes_new(&shared.bytes, NULL));
                assert_ok(coffer_bytes_append_copy(shared.bytes, coffer_cursor_text("one"), NULL));
                assert_ok(coffer_bytes_append_copy(shared.bytes, coffer_cursor_text("two"), NULL));
                run_in_threads(join_bytes, NULL);
                assert_int_equal(shared.differing, 0);
                coffer_bytes_unref(shared.bytes);
                pthread_barrier_destroy(&shared.start);
        }
}

static void *ref_and_unref(void *bytes)
{
        for (int i = 0; i < 1000; i++)
                coffer_bytes_unref(coffer_bytes_ref(bytes));
        return NULL;
}

static void count_release(void *owner)
{
        (*(int *)owner)++;
}

static void test_references_are_counted_across_threads(void **state)
{
        (void)state;
        int released = 0;
        coffer_bytes *bytes = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_borrow(bytes, coffer_cursor_text("x"), count_release, &released, NULL));
        run_in_threads(ref_and_unref, bytes);
        assert_int_equal(released, 0);
        coffer_bytes_unref(bytes);
        assert_int_equal(released, 1);
}

static void *hash_text(void *differing)
{
        uint64_t hash = coffer_hash(coffer_cursor_text("text"));
        if (hash != coffer_hash(coffer_cursor_text("text")))
                ++*(atomic_int *)differing;
        return NULL;
}

static void test_seed_is_made_once(void **state)
{
        (void)state;
        atomic_int differing = 0;
        run_in_threads(hash_text, &differing);
        assert_int_equal(differing, 0);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *count_locked(void *counter)
{
        for (int i = 0; i < 1000; i++) {
                COFFER_LOCK_SCOPE(&lock);
                ++*(int *)counter;
        }
        return NULL;
}

static void test_lock_scope_excludes_and_ends(void **state)
{
        (void)state;
        int counter = 0;
        run_in_threads(count_locked, &counter);
        assert_int_equal(counter, THREADS * 1000);
        assert_int_equal(pthread_mutex_trylock(&lock), 0);
        pthread_mutex_unlock(&lock);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_all_threads_get_the_same_joined_bytes),
                leak_checked(test_references_are_counted_across_threads),
                leak_checked(test_seed_is_made_once),
                leak_checked(test_lock_scope_excludes_and_ends),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
