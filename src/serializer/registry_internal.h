/* SPDX-License-Identifier: Apache-2.0 */
/* The registry from the inside. Its containers are the single source of truth: what is put in or taken out (followed by
 * coffer_registry_changed) is what the next dispatch sees. */
#ifndef COFFER_SERIALIZER_REGISTRY_INTERNAL_H
#define COFFER_SERIALIZER_REGISTRY_INTERNAL_H

#include <stdatomic.h>

#include "serializer/iotype.h"
#include "serializer/record.h"
#include "serializer/toggles.h"
#include "serializer/view.h"
#include "util/fork.h"
#include "util/threads.h"

COFFER_DEFINE_CLEANUP(coffer_registry *, coffer_registry_unref);
#define _cleanup_registry_ _cleanup_(coffer_registry_unrefp)

/* A host that records wait on, and its generation when they were looked at last. */
typedef struct coffer_watched_host {
        const coffer_host *host;
        uint64_t generation;
        bool is_stale; /* look again whatever the generation says */
} coffer_watched_host;

struct coffer_registry {
        atomic_size_t references;
        void (*warn)(void *user, const char *message);
        void *warn_user;
        coffer_iotypes iotypes;              /* with a lock of its own */
        coffer_serializer iotype_serializer; /* what stores objects of these types; set by the room that has it */

        pthread_mutex_t lock;
        coffer_fork_entry fork_entry; /* of the lock */
        pthread_cond_t settled;       /* a record is no longer driven */
        struct {
                coffer_toggles *toggles;
                coffer_map *records; /* name -> coffer_record, one of those kept */
                coffer_map *pending; /* what is missing -> coffer_map, the set of names of records that wait for it */
                coffer_map *classes; /* type -> coffer_serializer: all that a front knows of, active or not */
                const coffer_serializer **pool; /* what is dispatched to, in the order it came */
                size_t pool_count, pool_capacity;
                coffer_watched_host *hosts;
                size_t host_count;
                coffer_record *kept; /* all that ever were in `records`: choices and views may still refer to them */
                coffer_view *view;   /* what dispatch works on; NULL: to be made anew */
                uint64_t views;      /* made so far */
        } synced;
};

/* An empty registry with the toggles and the warning callback of `options` (NULL: defaults). */
COFFER_MUST_CHECK
coffer_status coffer_registry_create(const coffer_registry_options *options, coffer_registry **out,
                                     coffer_error *error);

/* Reports one line through the warning callback. Not with the lock held. */
void coffer_registry_report(coffer_registry *registry, const coffer_error *line);
#define coffer_registry_warn(registry, ...)                                                                            \
        do {                                                                                                           \
                coffer_error line_;                                                                                    \
                (void)coffer_error_set(&line_, COFFER_SERIALIZER, __VA_ARGS__);                                        \
                coffer_registry_report((registry), &line_);                                                            \
        } while (0)

/* Declares an entry found in `directory`, unless the name is there already: COFFER_CONFLICT. With `problem` (NULL:
 * none) it is broken from the start. */
COFFER_MUST_CHECK
coffer_status coffer_registry_declare_found(coffer_registry *registry, const coffer_descriptor *descriptor,
                                            const coffer_host *host, const char *directory, const char *problem,
                                            coffer_error *error);

/* ---- with the lock held ---- */

/* The next dispatch makes its view anew. */
void coffer_registry_changed(coffer_registry *registry);

/* Room for the host among those that are looked at when records wait. */
COFFER_MUST_CHECK
coffer_status coffer_registry_know_host(coffer_registry *registry, const coffer_host *host, coffer_error *error);

/* Keeps a record until the registry goes, with a reference of its own. */
void coffer_registry_keep(coffer_registry *registry, coffer_record *record);

/* Members of the pool; a second add keeps the place. */
COFFER_MUST_CHECK
coffer_status coffer_registry_pool_add(coffer_registry *registry, const coffer_serializer *serializer,
                                       coffer_error *error);
void coffer_registry_pool_discard(coffer_registry *registry, const coffer_serializer *serializer);
bool coffer_registry_pool_has(const coffer_registry *registry, const coffer_serializer *serializer);

/* The first record whose type this is, or NULL. */
coffer_record *coffer_registry_record_of_type(const coffer_registry *registry, const char *type);

#endif
