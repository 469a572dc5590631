/* SPDX-License-Identifier: Apache-2.0 */
#include "util/pool.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "util/cursor.h"
#include "util/number.h"
#include "util/slots.h"
#include "util/threads.h"

enum { IDLE_SECONDS = 5 };

static struct {
        pthread_mutex_t mutex;
        pthread_cond_t offered; /* a job has been queued */
        pthread_cond_t ended;   /* a job has ended */
        coffer_job *first, *last;
        size_t queued, threads, idle;
        bool counts_slots;   /* COFFER_THREADS was not set when a job was offered last */
        unsigned generation; /* how many forks lie between the first process and this one */
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER, .offered = PTHREAD_COND_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};

static unsigned forks; /* changes while there is one thread only */

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- width ---- */

/* 0 when COFFER_THREADS does not say. */
static size_t asked_width(void)
{
        const char *text = getenv("COFFER_THREADS");
        int64_t asked;
        if (!text || !coffer_int_parse(coffer_cursor_text(text), &asked) || asked < 1)
                return 0;
        return asked < COFFER_POOL_MAX_WIDTH ? (size_t)asked : COFFER_POOL_MAX_WIDTH;
}

static size_t processors(void)
{
        cpu_set_t set;
        int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : (int)sysconf(_SC_NPROCESSORS_ONLN);
        if (count < 1)
                return 1;
        return count < COFFER_POOL_MAX_WIDTH ? (size_t)count : COFFER_POOL_MAX_WIDTH;
}

size_t coffer_pool_width(void)
{
        size_t asked = asked_width();
        return asked ? asked : processors();
}

/* ---- fork ---- */

static void before_fork(void)
{
        pthread_mutex_lock(&pool.mutex);
}

static void after_fork_in_parent(void)
{
        pthread_mutex_unlock(&pool.mutex);
}

/* The helpers and whoever waited for them are gone. */
static void after_fork_in_child(void)
{
        pthread_mutex_init(&pool.mutex, NULL);
        pthread_cond_init(&pool.offered, NULL);
        pthread_cond_init(&pool.ended, NULL);
        pool.first = pool.last = NULL;
        pool.queued = pool.threads = pool.idle = 0;
        pool.generation++;
        coffer_slots_reset();
        forks++;
}

static void watch_forks(void)
{
        pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* ---- the queue, with the mutex held ---- */

static void push(coffer_job *job)
{
        job->next = NULL;
        if (pool.last)
                pool.last->next = job;
        else
                pool.first = job;
        pool.last = job;
        pool.queued++;
}

static coffer_job *pop(void)
{
        coffer_job *job = pool.first;
        if (!job)
                return NULL;
        pool.first = job->next;
        if (!pool.first)
                pool.last = NULL;
        pool.queued--;
        return job;
}

static void take_out(coffer_job *job)
{
        coffer_job *before = NULL;
        for (coffer_job *each = pool.first; each != job; each = each->next)
                before = each;
        if (before)
                before->next = job->next;
        else
                pool.first = job->next;
        if (pool.last == job)
                pool.last = before;
        pool.queued--;
}

/* Runs a job that is out of the queue; the mutex is free meanwhile. */
static void run_unlocked(coffer_job *job)
{
        job->state = COFFER_JOB_RUNNING;
        pthread_mutex_unlock(&pool.mutex);
        job->run(job);
        pthread_mutex_lock(&pool.mutex);
        job->state = COFFER_JOB_ENDED;
        pthread_cond_broadcast(&pool.ended);
}

/* ---- helpers ---- */

/* False when there has been nothing to do for long. */
static bool wait_for_offer(void)
{
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += IDLE_SECONDS;
        pool.idle++;
        int result = pthread_cond_timedwait(&pool.offered, &pool.mutex, &until);
        pool.idle--;
        return result == 0 || pool.first;
}

/* Works while there are jobs, if this process may have one more thread at work. */
static void work_off(void)
{
        int slot = pool.counts_slots ? coffer_slots_take() : COFFER_SLOT_UNLIMITED;
        coffer_job *job;
        if (slot == COFFER_SLOT_NONE)
                return;
        while ((job = pop()))
                run_unlocked(job);
        coffer_slots_give(slot);
}

static void *help(void *unused)
{
        (void)unused;
        pthread_mutex_lock(&pool.mutex);
        do
                work_off();
        while (wait_for_offer());
        pool.threads--;
        pthread_mutex_unlock(&pool.mutex);
        return NULL;
}

/* Signals are for the program's own threads. That no thread can be had is no failure. */
static void start_helper(void)
{
        sigset_t all, before;
        pthread_attr_t detached;
        pthread_t thread;

        if (pthread_attr_init(&detached) != 0)
                return;
        pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        if (pthread_create(&thread, &detached, help, NULL) == 0)
                pool.threads++;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&detached);
}

/* ---- jobs ---- */

void coffer_pool_submit(coffer_job *job, void (*run)(coffer_job *job))
{
        size_t asked = asked_width(), width = asked ? asked : processors();

        pthread_once(&once, watch_forks);
        job->run = run;
        job->state = COFFER_JOB_QUEUED;
        COFFER_LOCK_SCOPE(&pool.mutex);
        job->generation = pool.generation;
        push(job);
        pool.counts_slots = asked == 0;
        if (pool.queued > pool.idle && pool.threads + 1 < width)
                start_helper();
        else
                pthread_cond_signal(&pool.offered);
}

bool coffer_pool_has_begun(const coffer_job *job)
{
        COFFER_LOCK_SCOPE(&pool.mutex);
        return job->state != COFFER_JOB_QUEUED;
}

static void finish(coffer_job *job, bool is_wanted)
{
        COFFER_LOCK_SCOPE(&pool.mutex);
        bool is_orphaned = job->generation != pool.generation && job->state != COFFER_JOB_ENDED;
        if (is_orphaned || job->state == COFFER_JOB_QUEUED) {
                if (!is_orphaned)
                        take_out(job);
                job->state = COFFER_JOB_ENDED;
                if (is_wanted)
                        run_unlocked(job);
        }
        while (job->state != COFFER_JOB_ENDED)
                pthread_cond_wait(&pool.ended, &pool.mutex);
}

void coffer_pool_finish(coffer_job *job)
{
        finish(job, true);
}

void coffer_pool_withdraw(coffer_job *job)
{
        finish(job, false);
}

unsigned coffer_pool_forks(void)
{
        return forks;
}
