/* SPDX-License-Identifier: Apache-2.0 */
/* Several processes at once. */
#include "store_fixture.h"

#include <sys/wait.h>

enum { PROCESSES = 8, ROUNDS = 10 };

/* Runs `body` in processes of their own that start together; the number of those that returned true. */
static int run_processes(bool (*body)(int number, int round), int round)
{
        int gate[2], wins = 0;
        pid_t children[PROCESSES];
        char byte;

        assert_int_equal(pipe(gate), 0);
        for (int i = 0; i < PROCESSES; i++) {
                children[i] = fork();
                assert_true(children[i] >= 0);
                if (children[i] == 0) {
                        close(gate[1]);
                        if (read(gate[0], &byte, 1) != 0)
                                _exit(99);
                        _exit(body(i, round) ? 1 : 0);
                }
        }
        close(gate[0]);
        close(gate[1]); /* lets them all go */
        for (int i = 0; i < PROCESSES; i++) {
                int status;
                assert_int_equal(waitpid(children[i], &status, 0), children[i]);
                assert_true(WIFEXITED(status));
                assert_true(WEXITSTATUS(status) <= 1);
                wins += WEXITSTATUS(status);
        }
        return wins;
}

/* A number that only the writer of this process knows. */
static bool complete_same_attempt(int number, int round)
{
        char task_id[16], text[32];
        coffer_error error = COFFER_ERROR_INIT;
        coffer_store *store = open_store();

        snprintf(task_id, sizeof(task_id), "%d", round);
        snprintf(text, sizeof(text), "writer %d", number);
        coffer_task *task = open_writer(store, task_id, 0);
        coffer_status status = coffer_task_init(task, &error);
        if (status == COFFER_OK)
                status = save_text(task, "winner", text, &error);
        if (status == COFFER_OK)
                status = coffer_task_done(task, &error);
        if (status == COFFER_OK) {
                coffer_task *reader = open_reader(store, task_id);
                char *mine = strdup(key_of(task, "winner"));
                assert_string_equal(key_of(reader, "winner"), mine);
                free(mine);
                write_file("winner", text);
        } else {
                assert_int_equal(status, COFFER_STATE);
        }
        return status == COFFER_OK;
}

static void test_one_of_several_writers_completes_an_attempt(void **state)
{
        (void)state;
        for (int round = 0; round < ROUNDS; round++) {
                coffer_object object;
                char task_id[16];
                assert_int_equal(run_processes(complete_same_attempt, round), 1);
                coffer_store *store = open_store();
                snprintf(task_id, sizeof(task_id), "%d", round);
                coffer_task *task = open_reader(store, task_id);
                assert_ok(coffer_task_load(task, "winner", &object, NULL));
                assert_string_equal(object.pointer, read_file("winner"));
                coffer_task_free(task);
                coffer_store_unref(store);
        }
}

static bool complete_own_task(int number, int round)
{
        char task_id[16];
        coffer_store *store = open_store();
        (void)round;
        snprintf(task_id, sizeof(task_id), "%d", number);
        save_done(store, task_id, 0);
        return true;
}

static void test_several_writers_share_a_store(void **state)
{
        (void)state;
        coffer_verify_summary summary;
        assert_int_equal(run_processes(complete_own_task, 0), PROCESSES);
        coffer_store *store = open_store();
        assert_ok(coffer_store_verify(store, NULL, &summary, NULL));
        assert_int_equal(summary.attempts, PROCESSES);
        assert_int_equal(summary.artifacts, 2 * PROCESSES);
        assert_int_equal(summary.blobs, 2);
        for (size_t i = 0; i < COFFER_PROBLEM_COUNT; i++)
                assert_int_equal(summary.problems[i], 0);
        coffer_store_unref(store);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(test_one_of_several_writers_completes_an_attempt),
                in_own_directory(test_several_writers_share_a_store),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
