/* SPDX-License-Identifier: Apache-2.0 */
/* Helping threads; says most under ThreadSanitizer. */
#include "test.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/pipeline.h"
#include "util/pool.h"
#include "util/slots.h"

enum { ITEMS = 200 };

static int with_threads(const char *count)
{
        return setenv("COFFER_THREADS", count, 1);
}

static int setup(void **state)
{
        with_threads("4");
        return test_alloc_setup(state);
}

static void pause_shortly(void)
{
        nanosleep(&(struct timespec){0, 1000000}, NULL);
}

/* ---- pipelines ---- */

typedef struct track {
        atomic_int stage_of[ITEMS];
        atomic_int at_work, most_at_work;
        atomic_int inside; /* between the first stage and the last */
        atomic_int most_inside;
        size_t next_in_order; /* written in the stage that is in order alone */
        size_t fails_at, fails_too_at;
        atomic_int workers[8];
} track;

static void note_most(atomic_int *most, int value)
{
        int before = atomic_load(most);
        while (value > before && !atomic_compare_exchange_weak(most, &before, value))
                ;
}

static coffer_status first_stage(void *user, size_t index, size_t worker, coffer_error *error)
{
        track *all = user;
        note_most(&all->most_at_work, atomic_fetch_add(&all->at_work, 1) + 1);
        note_most(&all->most_inside, atomic_fetch_add(&all->inside, 1) + 1);
        if (atomic_fetch_add(&all->workers[worker], 1) != 0)
                return coffer_error_set(error, COFFER_INTERNAL, "worker %zu does two things at once", worker);
        if (index % 16 == 0)
                pause_shortly();
        int before = atomic_exchange(&all->stage_of[index], 1);
        atomic_fetch_sub(&all->workers[worker], 1);
        atomic_fetch_sub(&all->at_work, 1);
        if (before != 0)
                return coffer_error_set(error, COFFER_INTERNAL, "item %zu comes twice", index);
        if (index == all->fails_at || index == all->fails_too_at)
                return coffer_error_set(error, COFFER_CORRUPT, "item %zu", index);
        return COFFER_OK;
}

static coffer_status ordered_stage(void *user, size_t index, size_t worker, coffer_error *error)
{
        track *all = user;
        (void)worker;
        if (index != all->next_in_order++ || atomic_exchange(&all->stage_of[index], 2) != 1)
                return coffer_error_set(error, COFFER_INTERNAL, "item %zu comes out of order", index);
        atomic_fetch_sub(&all->inside, 1);
        return COFFER_OK;
}

static coffer_pipeline two_stages(track *all)
{
        return (coffer_pipeline){.count = ITEMS,
                                 .window = 6,
                                 .width = 4,
                                 .stage_count = 2,
                                 .stages = {{.run = first_stage}, {.run = ordered_stage, .in_order = true}},
                                 .user = all};
}

static void all_items_pass_all_stages_in_their_window(void **state)
{
        (void)state;
        for (int round = 0; round < 20; round++) {
                track all = {.fails_at = ITEMS, .fails_too_at = ITEMS};
                coffer_pipeline pipeline = two_stages(&all);
                assert_ok(coffer_pipeline_run(&pipeline, NULL));
                for (size_t i = 0; i < ITEMS; i++)
                        assert_int_equal(all.stage_of[i], 2);
                assert_in_range(all.most_inside, 1, 6);
                assert_in_range(all.most_at_work, 1, 4);
        }
}

static void threads_help(void **state)
{
        (void)state;
        track all = {.fails_at = ITEMS, .fails_too_at = ITEMS};
        coffer_pipeline pipeline = two_stages(&all);
        for (int round = 0; round < 100 && all.most_at_work < 2; round++) {
                all = (track){.fails_at = ITEMS, .fails_too_at = ITEMS};
                assert_ok(coffer_pipeline_run(&pipeline, NULL));
        }
        assert_in_range(all.most_at_work, 2, 4);
}

static void one_thread_does_all_alone(void **state)
{
        (void)state;
        track all = {.fails_at = ITEMS, .fails_too_at = ITEMS};
        coffer_pipeline pipeline = two_stages(&all);
        pipeline.width = 1;
        assert_ok(coffer_pipeline_run(&pipeline, NULL));
        assert_int_equal(all.most_at_work, 1);
        assert_int_equal(all.next_in_order, ITEMS);
}

static void the_first_failure_is_reported(void **state)
{
        (void)state;
        for (size_t width = 1; width <= 4; width++) {
                track all = {.fails_at = 100, .fails_too_at = 101};
                coffer_pipeline pipeline = two_stages(&all);
                coffer_error error = COFFER_ERROR_INIT;
                pipeline.width = width;
                pipeline.window = 0;
                assert_status(coffer_pipeline_run(&pipeline, &error), COFFER_CORRUPT);
                assert_string_equal(error.message, "item 100");
                assert_int_equal(all.at_work, 0);
        }
}

static void without_items_nothing_runs(void **state)
{
        (void)state;
        track all = {.fails_at = 0};
        coffer_pipeline pipeline = two_stages(&all);
        pipeline.count = 0;
        assert_ok(coffer_pipeline_run(&pipeline, NULL));
}

static coffer_status run_pipeline(void *user, coffer_error *error)
{
        track all = {.fails_at = ITEMS, .fails_too_at = ITEMS};
        coffer_pipeline pipeline = two_stages(&all);
        (void)user;
        return coffer_pipeline_run(&pipeline, error);
}

static void out_of_memory_is_reported(void **state)
{
        (void)state;
        test_alloc_fail_each(run_pipeline, NULL);
}

/* ---- jobs ---- */

typedef struct counted_job {
        coffer_job job;
        atomic_int runs;
} counted_job;

static void count_run(coffer_job *job)
{
        atomic_fetch_add(&((counted_job *)job)->runs, 1);
}

static void a_job_runs_once_or_not_at_all_when_withdrawn(void **state)
{
        (void)state;
        enum { JOBS = 32 };
        for (int round = 0; round < 50; round++) {
                counted_job jobs[JOBS] = {0};
                for (size_t i = 0; i < JOBS; i++)
                        coffer_pool_submit(&jobs[i].job, count_run);
                for (size_t i = 0; i < JOBS; i += 2)
                        coffer_pool_finish(&jobs[i].job);
                for (size_t i = 1; i < JOBS; i += 2)
                        coffer_pool_withdraw(&jobs[i].job);
                for (size_t i = 0; i < JOBS; i++)
                        assert_in_range(jobs[i].runs, i % 2 == 0, 1);
        }
}

static void the_width_is_what_the_environment_says_or_the_processors(void **state)
{
        (void)state;
        cpu_set_t before, one;
        assert_int_equal(coffer_pool_width(), 4);
        with_threads("1000");
        assert_int_equal(coffer_pool_width(), COFFER_POOL_MAX_WIDTH);
        assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
        static const char *const nonsense[] = {"", "0", "-1", "many"};
        for (size_t i = 0; i < ARRAY_COUNT(nonsense); i++) {
                with_threads(nonsense[i]);
                assert_int_equal(coffer_pool_width(), CPU_COUNT(&before));
        }
        unsetenv("COFFER_THREADS");
        int cpu = 0;
        while (!CPU_ISSET(cpu, &before))
                cpu++;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
        assert_int_equal(coffer_pool_width(), 1);
        assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

/* ---- fork ---- */

static void a_child_has_helpers_of_its_own(void **state)
{
        (void)state;
        assert_ok(run_pipeline(NULL, NULL));
        for (int round = 0; round < 10; round++) {
                pid_t child = fork();
                if (child == 0) {
                        bool works = true;
                        for (int i = 0; i < 5; i++)
                                works = works && run_pipeline(NULL, NULL) == COFFER_OK;
                        _exit(works ? 0 : 1);
                }
                int status;
                assert_ok(run_pipeline(NULL, NULL));
                assert_int_equal(waitpid(child, &status, 0), child);
                assert_int_equal(status, 0);
        }
}

/* Takes all slots there are in a process of its own; returns how many. The pipe's other end keeps it waiting. */
static int take_all_slots(int ready, int keep)
{
        int count = 0;
        char byte;
        coffer_slots_reset();
        while (count < 64 && coffer_slots_take() >= 0)
                count++;
        byte = (char)count;
        if (write(ready, &byte, 1) != 1 || read(keep, &byte, 1) != 0)
                _exit(1);
        _exit(0);
}

static void slots_are_shared_by_all_processes(void **state)
{
        (void)state;
        int ready[2], keep[2], status;
        char count = -1;
        long processors = sysconf(_SC_NPROCESSORS_ONLN);

        assert_int_equal(pipe(ready) | pipe(keep), 0);
        pid_t child = fork();
        if (child == 0) {
                close(keep[1]);
                take_all_slots(ready[1], keep[0]);
        }
        assert_int_equal(read(ready[0], &count, 1), 1);
        assert_in_range(count, 0, processors - 1);
        int slot = coffer_slots_take();
        assert_true(slot == COFFER_SLOT_NONE || slot == COFFER_SLOT_UNLIMITED);
        close(keep[1]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        if (count > 0) {
                slot = coffer_slots_take();
                assert_in_range(slot, 0, processors - 1);
                coffer_slots_give(slot);
        }
        close(ready[0]);
        close(ready[1]);
        close(keep[0]);
}

#define in_pool(name) cmocka_unit_test_setup_teardown(name, setup, test_alloc_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_pool(all_items_pass_all_stages_in_their_window),
                in_pool(threads_help),
                in_pool(one_thread_does_all_alone),
                in_pool(the_first_failure_is_reported),
                in_pool(without_items_nothing_runs),
                in_pool(out_of_memory_is_reported),
                in_pool(a_job_runs_once_or_not_at_all_when_withdrawn),
                in_pool(the_width_is_what_the_environment_says_or_the_processors),
                in_pool(a_child_has_helpers_of_its_own),
                in_pool(slots_are_shared_by_all_processes),
        };
        return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
