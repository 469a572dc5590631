/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that help: as many as COFFER_THREADS says, else as there are processors that this process may run on.
 *
 * They are started when there is work, end when there has been none for a while, and are started anew in a child after
 * fork. Nothing depends on them: a job that nobody has begun is run by whoever waits for it. Unless COFFER_THREADS is
 * set, the helpers of all processes of a user are together no more than the machine has processors. */
#ifndef COFFER_UTIL_POOL_H
#define COFFER_UTIL_POOL_H

#include <coffer/common.h>

typedef struct coffer_job coffer_job;

/* Embedded in what it works on; all of it stays in place until the job has been waited for. */
struct coffer_job {
        void (*run)(coffer_job *job);
        /* The pool's own. */
        coffer_job *next;
        enum { COFFER_JOB_QUEUED, COFFER_JOB_RUNNING, COFFER_JOB_ENDED } state;
        unsigned generation; /* of the process that offered it */
};

/* How many threads may work at once, the caller's among them: 1 to COFFER_POOL_MAX_WIDTH. */
enum { COFFER_POOL_MAX_WIDTH = 64 };
size_t coffer_pool_width(void);

/* Offers a job to the helpers. */
void coffer_pool_submit(coffer_job *job, void (*run)(coffer_job *job));

/* Whether somebody works on the job, or has. */
bool coffer_pool_has_begun(const coffer_job *job);

/* Returns when the job has ended; runs it if nobody has begun it. In a child after fork that goes for all jobs that had
 * not ended: whatever the parent's helpers were at does not go on there. */
void coffer_pool_finish(coffer_job *job);

/* The same, but a job that nobody has begun is not run any more. */
void coffer_pool_withdraw(coffer_job *job);

/* How often this process and those before it have forked, each as the child. A job offered before that is lost: it must
 * be neither finished nor withdrawn. */
unsigned coffer_pool_forks(void);

#endif
