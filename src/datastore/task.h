/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a task, shared by the files of this room. */
#ifndef COFFER_DATASTORE_TASK_H
#define COFFER_DATASTORE_TASK_H

#include "datastore/artifacts.h"
#include "datastore/attempt.h"
#include "datastore/provider.h"
#include "datastore/store.h"

/* How far the writing of an attempt has come. */
typedef enum coffer_task_stage {
        COFFER_TASK_OPENED = 0,
        COFFER_TASK_STARTED,   /* its attempt.json is there */
        COFFER_TASK_PUBLISHED, /* its DONE.lock is there */
        COFFER_TASK_DONE       /* and the metadata tree knows of it */
} coffer_task_stage;

struct coffer_task {
        coffer_store *store;
        coffer_cas *cas;
        char *path;  /* "flow/run/step/task" */
        char *texts; /* where `names` point to */
        coffer_task_names names;
        coffer_mode mode;
        int attempt;
        coffer_task_stage stage;
        coffer_map *artifacts;
        coffer_provider *provider;   /* NULL: no metadata tree */
        coffer_progress_fn progress; /* NULL: nobody wants to know */
        void *progress_user;
        const char *outcome; /* NULL, "True" or "False": the value of attempt_ok */
};

COFFER_DEFINE_CLEANUP(coffer_task *, coffer_task_free);

/* COFFER_STATE unless the task has this mode, and for writing is not done; `what` says what was tried ("save
 * artifacts"). */
COFFER_MUST_CHECK coffer_status coffer_task_require(const coffer_task *task, coffer_mode mode, const char *what,
                                                    coffer_error *error);

/* The path of "<attempt>.<name>"; free with coffer_free. */
COFFER_MUST_CHECK coffer_status coffer_task_file(const coffer_task *task, const char *name, char **out,
                                                 coffer_error *error);

/* COFFER_NOT_FOUND names the artifact, the task, and what may have been meant. */
COFFER_MUST_CHECK coffer_status coffer_task_find(const coffer_task *task, const char *name,
                                                 const coffer_artifact_entry **out, coffer_error *error);

/* Puts the artifact's and the task's name before what `error` says; returns `status`. */
coffer_status coffer_task_blame(const coffer_task *task, const char *name, coffer_status status, coffer_error *error);

#endif
