/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/fork.h"

enum { LOCKS = 3, FORKS = 100 };

static pthread_mutex_t locks[LOCKS];
static atomic_bool stop;

/* Holds each lock most of the time, the later ones inside the first. */
static void *hold(void *unused)
{
        (void)unused;
        while (!atomic_load(&stop)) {
                for (int i = 0; i < LOCKS; i++)
                        pthread_mutex_lock(&locks[i]);
                usleep(500);
                for (int i = 0; i < LOCKS; i++)
                        pthread_mutex_unlock(&locks[i]);
        }
        return NULL;
}

/* In the child: a lock that stays locked ends it by the alarm. */
static void use_locks(void)
{
        alarm(20);
        for (int i = 0; i < LOCKS; i++) {
                pthread_mutex_lock(&locks[i]);
                pthread_mutex_unlock(&locks[i]);
        }
        _exit(0);
}

static void test_locks_that_another_thread_holds_are_free_in_a_child(void **state)
{
        (void)state;
        coffer_fork_entry entries[LOCKS];
        pthread_t holder;
        int failed = 0;
        for (int i = 0; i < LOCKS; i++)
                coffer_fork_enter(&entries[i], &locks[i]);
        atomic_store(&stop, false);
        assert_int_equal(pthread_create(&holder, NULL, hold, NULL), 0);
        for (int i = 0; i < FORKS && failed == 0; i++) {
                int status = -1;
                pid_t child = fork();
                if (child == 0)
                        use_locks();
                assert_int_equal(waitpid(child, &status, 0), child);
                failed += status != 0;
        }
        atomic_store(&stop, true);
        pthread_join(holder, NULL);
        for (int i = 0; i < LOCKS; i++)
                coffer_fork_leave(&entries[i]);
        assert_int_equal(failed, 0);
}

static void test_entries_leave_in_any_order(void **state)
{
        (void)state;
        static const int orders[][LOCKS] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}};
        coffer_fork_entry entries[LOCKS];
        for (size_t order = 0; order < sizeof(orders) / sizeof(orders[0]); order++) {
                for (int i = 0; i < LOCKS; i++)
                        coffer_fork_enter(&entries[i], &locks[i]);
                for (int i = 0; i < LOCKS; i++) {
                        int status = -1;
                        coffer_fork_leave(&entries[orders[order][i]]);
                        pid_t child = fork();
                        if (child == 0)
                                _exit(0);
                        assert_int_equal(waitpid(child, &status, 0), child);
                        assert_int_equal(status, 0);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_locks_that_another_thread_holds_are_free_in_a_child),
                cmocka_unit_test(test_entries_leave_in_any_order),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
