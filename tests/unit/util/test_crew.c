/* SPDX-License-Identifier: Apache-2.0 */
/* Items that helpers work on meanwhile; says most under ThreadSanitizer. */
#include "test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/crew.h"

enum { ITEMS = 100, REFUSED = 7 };

typedef struct items {
        coffer_crew crew;
        atomic_int calls[ITEMS];
        atomic_bool is_held; /* helpers wait */
} items;

static int setup(void **state)
{
        setenv("COFFER_THREADS", "4", 1);
        return test_alloc_setup(state);
}

static bool count_call(void *user, size_t index)
{
        items *all = user;
        while (atomic_load(&all->is_held))
                nanosleep(&(struct timespec){0, 1000000}, NULL);
        atomic_fetch_add(&all->calls[index], 1);
        return index != REFUSED;
}

static void begin(items *all, size_t count)
{
        all->crew = (coffer_crew){.work = count_call, .user = all, .count = count};
        coffer_crew_start(&all->crew);
}

static void each_item_is_worked_on_once(void **state)
{
        (void)state;
        for (int round = 0; round < 50; round++) {
                items all = {0};
                begin(&all, ITEMS);
                coffer_crew_finish(&all.crew);
                for (size_t i = 0; i < ITEMS; i++) {
                        assert_int_equal(all.calls[i], 1);
                        assert_int_equal(coffer_crew_has_done(&all.crew, i), i != REFUSED);
                }
        }
}

static void the_caller_alone_does_all_there_is(void **state)
{
        (void)state;
        for (size_t count = 0; count < 3; count++) {
                items all = {0};
                setenv("COFFER_THREADS", "1", 1);
                begin(&all, count);
                coffer_crew_finish(&all.crew);
                for (size_t i = 0; i < count; i++)
                        assert_true(coffer_crew_has_done(&all.crew, i));
        }
}

static void a_stopped_crew_leaves_what_nobody_has_begun(void **state)
{
        (void)state;
        items all = {0};
        setenv("COFFER_THREADS", "1", 1);
        begin(&all, ITEMS);
        coffer_crew_stop(&all.crew);
        for (size_t i = 0; i < ITEMS; i++) {
                assert_int_equal(all.calls[i], 0);
                assert_false(coffer_crew_has_done(&all.crew, i));
        }
}

/* Whether the child neither waits for the parent's helpers nor takes for done what they were at. */
static bool ends_in_child(items *all)
{
        size_t done = 0;
        atomic_store(&all->is_held, false);
        coffer_crew_finish(&all->crew);
        for (size_t i = 0; i < ITEMS; i++) {
                if (coffer_crew_has_done(&all->crew, i) && all->calls[i] != 1)
                        return false;
                done += coffer_crew_has_done(&all->crew, i);
        }
        return done >= ITEMS - 4; /* one is refused, and three helpers were at one each */
}

static void a_child_goes_on_with_what_its_parents_helpers_had_begun(void **state)
{
        (void)state;
        for (int round = 0; round < 10; round++) {
                items all = {.is_held = true};
                int status;
                begin(&all, ITEMS);
                while (round % 2 && atomic_load(&all.crew.next) == 0)
                        nanosleep(&(struct timespec){0, 1000000}, NULL);
                pid_t child = fork();
                if (child == 0)
                        _exit(ends_in_child(&all) ? 0 : 1);
                atomic_store(&all.is_held, false);
                coffer_crew_finish(&all.crew);
                assert_int_equal(waitpid(child, &status, 0), child);
                assert_int_equal(status, 0);
                for (size_t i = 0; i < ITEMS; i++)
                        assert_int_equal(all.calls[i], 1);
        }
}

#define with_crew(name) cmocka_unit_test_setup_teardown(name, setup, test_alloc_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                with_crew(each_item_is_worked_on_once),
                with_crew(the_caller_alone_does_all_there_is),
                with_crew(a_stopped_crew_leaves_what_nobody_has_begun),
                with_crew(a_child_goes_on_with_what_its_parents_helpers_had_begun),
        };
        return cmocka_run_group_tests_name("crew", tests, NULL, NULL);
}
