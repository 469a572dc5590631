/* SPDX-License-Identifier: Apache-2.0 */
/* Items that pass through stages, worked on by the caller and as many helpers as there are. */
#ifndef COFFER_UTIL_PIPELINE_H
#define COFFER_UTIL_PIPELINE_H

#include <coffer/error.h>

enum { COFFER_PIPELINE_MAX_STAGES = 5 };

typedef struct coffer_pipeline_stage {
        /* `worker` (less than the pipeline's width) is the same for no two calls at once. */
        coffer_status (*run)(void *user, size_t index, size_t worker, coffer_error *error);
        bool in_order;  /* one item at a time, in order; else any number at once */
        bool is_urgent; /* begun before all others: the one that takes longest, which must not wait for a worker */
} coffer_pipeline_stage;

typedef struct coffer_pipeline {
        size_t count;  /* of items */
        size_t window; /* an item enters when the one so many before it has left; 0: at any time */
        size_t width;  /* at most so many workers; 1: the caller alone */
        size_t stage_count;
        coffer_pipeline_stage stages[COFFER_PIPELINE_MAX_STAGES];
        void *user;
        /* May be NULL. Called by the caller's thread now and then, with how many items have passed all stages; its
         * failure ends the run. */
        coffer_status (*tell)(void *user, size_t passed, coffer_error *error);
} coffer_pipeline;

/* Returns when all items have passed all stages, or one has failed and no call is running any more: then with the
 * failure of the first of the items that failed. */
COFFER_MUST_CHECK
coffer_status coffer_pipeline_run(const coffer_pipeline *pipeline, coffer_error *error);

#endif
