/* SPDX-License-Identifier: Apache-2.0 */
#include "datastore/verify.h"

#include "datastore/artifacts.h"
#include "datastore/attempt.h"
#include "datastore/provider.h"

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

static coffer_status report_records(walk *at, const char *reason, bool repaired, coffer_error *error)
{
        _cleanup_free_ char *path = NULL;

        COFFER_TRY(coffer_text_format(&path, error, "%s/_meta", at->pathspec));
        const coffer_finding finding = {.problem = COFFER_PROBLEM_RECORDS,
                                        .flow = at->blobs->flow,
                                        .path = path,
                                        .pathspec = at->pathspec,
                                        .attempt = at->attempt,
                                        .reason = reason,
                                        .repaired = repaired};
        return coffer_verify_report(at->run, &finding, true, error);
}

/* With the task locked, so that no writer is about to complete the records. */
static coffer_status check_records_locked(walk *at, coffer_provider *provider, const coffer_map *artifacts,
                                          coffer_error *error)
{
        bool is_finished;

        COFFER_TRY(coffer_provider_is_finished(provider, artifacts, &is_finished, error));
        if (is_finished)
                return COFFER_OK;
        if (at->run->options->repair)
                COFFER_TRY(coffer_provider_finish(provider, artifacts, error));
        return report_records(at, "the metadata tree lacks records of this attempt: Metaflow's client misses artifacts",
                              at->run->options->repair, error);
}

static coffer_status check_records(walk *at, const coffer_map *artifacts, coffer_error *error)
{
        coffer_storage *storage = at->run->store->storage;
        _cleanup_(coffer_provider_freep) coffer_provider *provider = NULL;
        coffer_storage_lock *lock;
        bool is_finished;

        coffer_status status = coffer_provider_new_recorded(at->run->store, &at->names, at->attempt, &provider, error);
        if (status == COFFER_NOT_FOUND) /* nobody records in this tree */
                return COFFER_OK;
        if (status == COFFER_OK)
                status = coffer_provider_is_finished(provider, artifacts, &is_finished, error);
        if (status != COFFER_OK || is_finished)
                return status;
        COFFER_TRY(storage->class_->lock(storage, at->pathspec, &lock, error));
        status = check_records_locked(at, provider, artifacts, error);
        storage->class_->unlock(lock);
        return status;
}

static coffer_status read_data(const walk *at, const char *path, coffer_map **artifacts, coffer_error *error)
{
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        coffer_cursor text;

        COFFER_TRY(coffer_store_get(at->run->store, path, &bytes, error));
        COFFER_TRY(coffer_bytes_contiguous(bytes, &text, error));
        return coffer_data_json_read(text, path, artifacts, error);
}

/* What the attempt refers to, and what the metadata tree tells of it. */
static coffer_status check_contents(walk *at, const coffer_map *artifacts, coffer_error *error)
{
        coffer_error cause = COFFER_ERROR_INIT;

        for (size_t i = 0; i < coffer_map_count(artifacts); i++)
                COFFER_TRY(
                        check_reference(at, coffer_map_key_at(artifacts, i), coffer_map_value_at(artifacts, i), error));
        coffer_status status = check_records(at, artifacts, &cause);
        if (coffer_status_class(status) == COFFER_CLASS_DATA)
                return report_records(at, cause.message, false, error);
        return status == COFFER_OK ? COFFER_OK : coffer_error_set(error, status, "%s", cause.message);
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
        return check_contents(at, artifacts, error);
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
