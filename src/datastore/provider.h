/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of Metaflow's local metadata provider ("_meta" directories), which its client reads to find runs, tasks and
 * artifacts. What is there already is never overwritten. */
#ifndef COFFER_DATASTORE_PROVIDER_H
#define COFFER_DATASTORE_PROVIDER_H

#include "datastore/store.h"
#include "util/map.h"

typedef struct coffer_provider coffer_provider;

/* Records one attempt of a task. `names` and what they point to are borrowed. `user` NULL: whom the environment names;
 * `tags` of the run end with NULL and may be NULL. */
COFFER_MUST_CHECK coffer_status coffer_provider_new(coffer_store *store, const coffer_task_names *names, int attempt,
                                                    const char *user, const char *const *tags, coffer_provider **out,
                                                    coffer_error *error);
void coffer_provider_free(coffer_provider *provider); /* NULL is allowed */
COFFER_DEFINE_CLEANUP(coffer_provider *, coffer_provider_free);

/* Records flow, run, step and task, and that the attempt was started. */
COFFER_MUST_CHECK coffer_status coffer_provider_start(coffer_provider *provider, coffer_error *error);

typedef struct coffer_datum {
        const char *field;
        const char *type;
        const char *value;
} coffer_datum;

/* Records data of the attempt, each under a time stamp of its own. */
COFFER_MUST_CHECK coffer_status coffer_provider_register(coffer_provider *provider, const coffer_datum *data,
                                                         size_t count, coffer_error *error);

/* Records the artifacts of the attempt, and then that it is done: the client looks at no others. Artifacts whose names
 * cannot be those of files are left out. */
COFFER_MUST_CHECK coffer_status coffer_provider_finish(coffer_provider *provider, const coffer_map *artifacts,
                                                       coffer_error *error);

/* For an attempt that was recorded before, with the user and the tags of that time. COFFER_NOT_FOUND when the tree does
 * not know the task. */
COFFER_MUST_CHECK coffer_status coffer_provider_new_recorded(coffer_store *store, const coffer_task_names *names,
                                                             int attempt, coffer_provider **out, coffer_error *error);

/* Whether everything that coffer_provider_finish records is there. */
COFFER_MUST_CHECK coffer_status coffer_provider_is_finished(const coffer_provider *provider,
                                                            const coffer_map *artifacts, bool *out,
                                                            coffer_error *error);

#endif
