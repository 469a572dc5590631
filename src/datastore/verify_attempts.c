/* SPDX-License-Identifier: Apache-2.0 */
#include "datastore/verify.h"

#include "datastore/artifacts.h"
#include "datastore/attempt.h"

/* Where the walk through a flow's runs, steps, tasks and attempts is. */
typedef struct walk {
        coffer_verify_run *run;
        coffer_verified_blobs *blobs;
        coffer_task_names names;
        int attempt;
        const char *pathspec;
} walk;

static coffer_status check_reference(walk *at, const char *artifact, const coffer_artifact_entry *entry,
                                     coffer_error *error)
{
        const coffer_unsound_blob *blob;
        _cleanup_free_ char *path = NULL;
        bool is_first;

        at->run->summary.artifacts++;
        COFFER_TRY(coffer_verified_blobs_look_up(at->blobs, entry->key.text, &blob, &is_first, error));
        if (!blob || (blob->health != COFFER_BLOB_DAMAGED && blob->health != COFFER_BLOB_MISSING))
                return COFFER_OK;
        COFFER_TRY(coffer_verified_path(at->blobs->flow, entry->key.text, &path, error));
        const coffer_finding finding = {.problem = blob->health == COFFER_BLOB_MISSING ? COFFER_PROBLEM_MISSING
                                                                                       : COFFER_PROBLEM_DAMAGED,
                                        .flow = at->blobs->flow,
                                        .path = path,
                                        .key = entry->key.text,
                                        .pathspec = at->pathspec,
                                        .attempt = at->attempt,
                                        .artifact = artifact,
                                        .reason = blob->reason,
                                        .moved_to = blob->moved_to};
        at->run->summary.affected++;
        return coffer_verify_report(at->run, &finding, is_first, error);
}

static coffer_status report_metadata(walk *at, const char *path, const coffer_error *cause, coffer_error *error)
{
        const coffer_finding finding = {.problem = COFFER_PROBLEM_METADATA,
                                        .flow = at->blobs->flow,
                                        .path = path,
                                        .pathspec = at->pathspec,
                                        .attempt = at->attempt,
                                        .reason = cause->message};
        return coffer_verify_report(at->run, &finding, true, error);
}

static coffer_status read_data(const walk *at, const char *path, coffer_map **artifacts, coffer_error *error)
{
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        coffer_cursor text;

        COFFER_TRY(coffer_store_get(at->run->store, path, &bytes, error));
        COFFER_TRY(coffer_bytes_contiguous(bytes, &text, error));
        return coffer_data_json_read(text, path, artifacts, error);
}

static coffer_status check_attempt(walk *at, coffer_error *error)
{
        _cleanup_free_ char *path = NULL;
        _cleanup_map_ coffer_map *artifacts = NULL;
        coffer_error cause = COFFER_ERROR_INIT;

        at->run->summary.attempts++;
        COFFER_TRY(coffer_text_format(&path, error, "%s/%d." COFFER_DATA_FILE, at->pathspec, at->attempt));
        coffer_status status = read_data(at, path, &artifacts, &cause);
        if (status == COFFER_NOT_FOUND || coffer_status_class(status) == COFFER_CLASS_DATA)
                return report_metadata(at, path, &cause, error);
        if (status != COFFER_OK)
                return coffer_error_set(error, status, "%s", cause.message);
        for (size_t i = 0; i < coffer_map_count(artifacts); i++)
                COFFER_TRY(
                        check_reference(at, coffer_map_key_at(artifacts, i), coffer_map_value_at(artifacts, i), error));
        return COFFER_OK;
}

static coffer_status visit_task(void *user, const char *name, coffer_error *error)
{
        walk *at = user;
        coffer_attempt_state states[COFFER_MAX_ATTEMPTS];
        _cleanup_free_ char *pathspec = NULL;

        at->names.task = name;
        COFFER_TRY(coffer_task_names_path(&at->names, &pathspec, error));
        COFFER_TRY(coffer_attempts_stat(at->run->store, pathspec, states, error));
        at->pathspec = pathspec;
        for (at->attempt = 0; at->attempt < COFFER_MAX_ATTEMPTS; at->attempt++) {
                if (states[at->attempt].done)
                        COFFER_TRY(check_attempt(at, error));
        }
        return COFFER_OK;
}

static coffer_status visit_step(void *user, const char *name, coffer_error *error)
{
        walk *at = user;
        at->names.step = name;
        return coffer_store_list(at->run->store, at->names.flow, at->names.run, name, visit_task, at, error);
}

static coffer_status visit_run(void *user, const char *name, coffer_error *error)
{
        walk *at = user;
        at->names.run = name;
        return coffer_store_list(at->run->store, at->names.flow, name, NULL, visit_step, at, error);
}

coffer_status coffer_verify_attempts(coffer_verify_run *run, coffer_verified_blobs *blobs, coffer_error *error)
{
        walk at = {.run = run, .blobs = blobs, .names = {.flow = blobs->flow}};
        return coffer_store_list(run->store, blobs->flow, NULL, NULL, visit_run, &at, error);
}
