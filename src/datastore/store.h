/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a store, shared by the files of this room. */
#ifndef COFFER_DATASTORE_STORE_H
#define COFFER_DATASTORE_STORE_H

#include <stdatomic.h>

#include <coffer/datastore.h>
#include "util/buf.h"
#include "util/json.h"
#include "util/text.h"

struct coffer_store {
        atomic_size_t references;
        coffer_storage *storage;
        coffer_registry *registry;
        coffer_verify verify;
        coffer_compress compress;
        char *python_version; /* for data.json */
};

COFFER_DEFINE_CLEANUP(coffer_store *, coffer_store_unref);
COFFER_DEFINE_CLEANUP(coffer_cas *, coffer_cas_free);

/* Names of a task, or with NULLs at the end of a step, a run or a flow. */
typedef struct coffer_task_names {
        const char *flow;
        const char *run;
        const char *step;
        const char *task;
} coffer_task_names;

/* Checks the names; those after the first NULL must be NULL too. */
COFFER_MUST_CHECK coffer_status coffer_task_names_check(const coffer_task_names *names, coffer_error *error);
/* "flow/run/step/task" as far as there are names: the path below the root, and the pathspec. Free with coffer_free. */
COFFER_MUST_CHECK coffer_status coffer_task_names_path(const coffer_task_names *names, char **out, coffer_error *error);

/* The blobs of a flow. */
COFFER_MUST_CHECK coffer_status coffer_store_open_cas(coffer_store *store, const char *flow, coffer_cas **out,
                                                      coffer_error *error);

/* One object's bytes. COFFER_NOT_FOUND when missing. */
COFFER_MUST_CHECK coffer_status coffer_store_get(coffer_store *store, const char *path, coffer_bytes **out,
                                                 coffer_error *error);
/* One object's text, which must be JSON; free with coffer_free. COFFER_NOT_FOUND when missing. */
COFFER_MUST_CHECK coffer_status coffer_store_get_json(coffer_store *store, const char *path, char **out,
                                                      coffer_error *error);
/* Puts one object without metadata. */
COFFER_MUST_CHECK coffer_status coffer_store_put(coffer_store *store, const char *path, coffer_bytes *bytes,
                                                 bool overwrite, coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_store_put_text(coffer_store *store, const char *path, const char *text,
                                                      bool overwrite, coffer_error *error);
/* COFFER_CONFLICT when the object is there already, also when another process puts it at this moment. */
COFFER_MUST_CHECK coffer_status coffer_store_put_new(coffer_store *store, const char *path, const char *text,
                                                     coffer_error *error);

#endif
