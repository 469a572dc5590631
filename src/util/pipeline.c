/* SPDX-License-Identifier: Apache-2.0 */
#include "util/pipeline.h"

#include "util/cleanup.h"
#include "util/pool.h"
#include "util/threads.h"

typedef struct pipeline_run {
        const coffer_pipeline *pipeline;
        size_t window;
        struct {
                pthread_mutex_t mutex;
                pthread_cond_t changed;
                size_t next[COFFER_PIPELINE_MAX_STAGES]; /* item that enters the stage next */
                bool is_busy[COFFER_PIPELINE_MAX_STAGES];
                uint8_t *passed; /* stages that the item in a place (its number modulo the window) has passed */
                size_t workers;  /* numbers given out */
                size_t left;     /* items that have passed all stages */
                coffer_status status;
                size_t failed_item;
                coffer_error error;
        } shared;
} pipeline_run;

typedef struct work {
        size_t stage;
        size_t item;
} work;

static bool may_begin(const pipeline_run *run, size_t stage)
{
        const coffer_pipeline *pipeline = run->pipeline;
        size_t item = run->shared.next[stage];

        if (item >= pipeline->count || (pipeline->stages[stage].in_order && run->shared.is_busy[stage]))
                return false;
        size_t passed = run->shared.passed[item % run->window];
        if (stage == 0)
                return item < run->window || passed == pipeline->stage_count;
        return item < run->shared.next[stage - 1] && passed == stage;
}

static bool begin(pipeline_run *run, size_t stage, work *out)
{
        if (!may_begin(run, stage))
                return false;
        *out = (work){stage, run->shared.next[stage]++};
        run->shared.is_busy[stage] = true;
        if (stage == 0)
                run->shared.passed[out->item % run->window] = 0;
        return true;
}

/* Urgent stages first, then the last ones, so that places get free. */
static bool find_work(pipeline_run *run, work *out)
{
        const coffer_pipeline *pipeline = run->pipeline;

        for (size_t stage = 0; stage < pipeline->stage_count; stage++) {
                if (pipeline->stages[stage].is_urgent && begin(run, stage, out))
                        return true;
        }
        for (size_t stage = pipeline->stage_count; stage-- > 0;) {
                if (begin(run, stage, out))
                        return true;
        }
        return false;
}

static void note_failure(pipeline_run *run, size_t item, coffer_status status, const coffer_error *error)
{
        if (run->shared.status != COFFER_OK && run->shared.failed_item <= item)
                return;
        run->shared.status = status;
        run->shared.failed_item = item;
        run->shared.error = *error;
}

/* Nothing is left to begin. */
static bool is_over(const pipeline_run *run)
{
        return run->shared.status != COFFER_OK ||
               run->shared.next[run->pipeline->stage_count - 1] == run->pipeline->count;
}

static void do_work(pipeline_run *run, work todo, size_t worker)
{
        const coffer_pipeline *pipeline = run->pipeline;
        coffer_error error = COFFER_ERROR_INIT;

        pthread_mutex_unlock(&run->shared.mutex);
        coffer_status status = pipeline->stages[todo.stage].run(pipeline->user, todo.item, worker, &error);
        pthread_mutex_lock(&run->shared.mutex);
        run->shared.is_busy[todo.stage] = false;
        run->shared.passed[todo.item % run->window] = (uint8_t)(todo.stage + 1);
        run->shared.left += todo.stage + 1 == pipeline->stage_count;
        if (status != COFFER_OK)
                note_failure(run, todo.item, status, &error);
        pthread_cond_broadcast(&run->shared.changed);
}

static void tell(pipeline_run *run, size_t *told)
{
        const coffer_pipeline *pipeline = run->pipeline;
        coffer_error error = COFFER_ERROR_INIT;

        *told = run->shared.left;
        pthread_mutex_unlock(&run->shared.mutex);
        coffer_status status = pipeline->tell(pipeline->user, *told, &error);
        pthread_mutex_lock(&run->shared.mutex);
        if (status != COFFER_OK)
                note_failure(run, pipeline->count, status, &error);
        pthread_cond_broadcast(&run->shared.changed);
}

static void take_part(pipeline_run *run, bool is_caller)
{
        work todo;
        COFFER_LOCK_SCOPE(&run->shared.mutex);
        size_t worker = run->shared.workers++, told = 0;
        while (!is_over(run)) {
                if (is_caller && run->pipeline->tell && run->shared.left > told)
                        tell(run, &told);
                else if (find_work(run, &todo))
                        do_work(run, todo, worker);
                else
                        pthread_cond_wait(&run->shared.changed, &run->shared.mutex);
        }
}

typedef struct helper {
        coffer_job job;
        pipeline_run *run;
} helper;

static void help(coffer_job *job)
{
        take_part(((helper *)job)->run, false);
}

static void run_with_helpers(pipeline_run *run)
{
        helper helpers[COFFER_POOL_MAX_WIDTH];
        size_t width = run->pipeline->width < run->pipeline->count ? run->pipeline->width : run->pipeline->count;
        size_t count = width > 0 ? width - 1 : 0;

        if (count > COFFER_POOL_MAX_WIDTH)
                count = COFFER_POOL_MAX_WIDTH;
        for (size_t i = 0; i < count; i++) {
                helpers[i].run = run;
                coffer_pool_submit(&helpers[i].job, help);
        }
        take_part(run, true);
        for (size_t i = 0; i < count; i++)
                coffer_pool_withdraw(&helpers[i].job);
}

coffer_status coffer_pipeline_run(const coffer_pipeline *pipeline, coffer_error *error)
{
        bool is_windowed = pipeline->window > 0 && pipeline->window < pipeline->count;
        pipeline_run run = {.pipeline = pipeline, .window = is_windowed ? pipeline->window : pipeline->count};

        if (pipeline->count == 0)
                return COFFER_OK;
        uint8_t *passed _cleanup_free_ = coffer_alloc_zeroed(run.window, 1);
        if (!passed)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to share work between threads");
        run.shared.passed = passed;
        pthread_mutex_init(&run.shared.mutex, NULL);
        pthread_cond_init(&run.shared.changed, NULL);
        run_with_helpers(&run);
        pthread_cond_destroy(&run.shared.changed);
        pthread_mutex_destroy(&run.shared.mutex);
        if (run.shared.status != COFFER_OK && error)
                *error = run.shared.error;
        return run.shared.status;
}
