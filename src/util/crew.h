/* SPDX-License-Identifier: Apache-2.0 */
/* Items that helpers work on while the caller does something else. */
#ifndef COFFER_UTIL_CREW_H
#define COFFER_UTIL_CREW_H

#include <stdatomic.h>

#include "util/pool.h"

enum { COFFER_CREW_MAX_ITEMS = 128 };

typedef struct coffer_crew coffer_crew;

typedef struct coffer_crew_helper {
        coffer_job job;
        coffer_crew *crew;
} coffer_crew_helper;

struct coffer_crew {
        /* Set by the caller. `work` is called by several threads at once; false: the item is left to the caller. */
        bool (*work)(void *user, size_t index);
        void *user;
        size_t count; /* up to COFFER_CREW_MAX_ITEMS */
        /* The crew's own. */
        atomic_size_t next;
        atomic_bool is_done[COFFER_CREW_MAX_ITEMS];
        coffer_crew_helper helpers[COFFER_POOL_MAX_WIDTH];
        size_t helper_count;
};

/* Offers the items to helpers: to none when there is only one item. All of it stays in place until the crew is finished
 * or stopped. */
void coffer_crew_start(coffer_crew *crew);

/* Takes part, and returns when no item is left to begin and none is being worked on. What is not done then is the
 * caller's: `work` could not do it, or, in a child after fork, the parent's helpers were at it. */
void coffer_crew_finish(coffer_crew *crew);

/* The same, but what nobody has begun is not begun any more. */
void coffer_crew_stop(coffer_crew *crew);

bool coffer_crew_has_done(const coffer_crew *crew, size_t index);

#endif
