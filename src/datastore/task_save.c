/* SPDX-License-Identifier: Apache-2.0 */
/* Artifacts into a task: saved, or taken over from another one. */
#include "datastore/task.h"

#include <string.h>

#include "datastore/names.h"
#include "util/cursor.h"

void coffer_task_set_progress(coffer_task *task, coffer_progress_fn progress, void *user)
{
        task->progress = progress;
        task->progress_user = user;
}

static coffer_status begin_batch(const coffer_task *task, const char *what, coffer_map **batch, coffer_error *error)
{
        COFFER_TRY(coffer_task_require(task, COFFER_WRITE, what, error));
        return coffer_artifacts_new(batch, error);
}

static coffer_status add_entry(coffer_map *batch, const char *name, coffer_artifact_entry *entry, coffer_error *error)
{
        coffer_status status = coffer_map_set(batch, name, entry, error);
        if (status != COFFER_OK)
                coffer_artifact_entry_free(entry);
        return status;
}

static coffer_status store_blob(coffer_task *task, const char *name, const coffer_bytes *bytes,
                                const coffer_metadata *metadata, coffer_map *batch, coffer_error *error)
{
        coffer_key key;

        coffer_status status =
                coffer_cas_save_telling(task->cas, bytes, false, task->progress, task->progress_user, &key, error);
        if (status != COFFER_OK)
                return coffer_task_blame(task, name, status, error);
        return coffer_artifacts_add(batch, name, &key, metadata, coffer_bytes_size(bytes), error);
}

/* What is to be recorded of an artifact once its blob is stored. */
typedef struct pending_record {
        coffer_metadata *metadata;
        uint64_t size_bytes;
} pending_record;

typedef struct save_run {
        coffer_task *task;
        const coffer_artifact *artifacts;
        size_t count;
        coffer_cas_saver *saver;
        pending_record *records;
} save_run;

static coffer_status blame_failed(const save_run *run, coffer_status status, coffer_error *error)
{
        return coffer_task_blame(run->task, run->artifacts[coffer_cas_saver_failed(run->saver)].name, status, error);
}

static coffer_status serialize_and_add(save_run *run, size_t index, coffer_error *error)
{
        const coffer_artifact *artifact = &run->artifacts[index];
        pending_record *record = &run->records[index];
        coffer_blob *blob;

        COFFER_TRY(coffer_registry_serialize(run->task->store->registry, &artifact->object, artifact->name, &blob,
                                             &record->metadata, error));
        record->size_bytes = coffer_bytes_size(coffer_blob_bytes(blob));
        coffer_status status = coffer_cas_saver_add(run->saver, coffer_blob_bytes(blob), error);
        coffer_blob_unref(blob);
        return status == COFFER_OK ? COFFER_OK : blame_failed(run, status, error);
}

static coffer_status store_all(save_run *run, coffer_error *error)
{
        for (size_t i = 0; i < run->count; i++)
                COFFER_TRY(serialize_and_add(run, i, error));
        coffer_status status = coffer_cas_saver_flush(run->saver, error);
        return status == COFFER_OK ? COFFER_OK : blame_failed(run, status, error);
}

static coffer_status record_all(const save_run *run, coffer_map *batch, coffer_error *error)
{
        for (size_t i = 0; i < run->count; i++)
                COFFER_TRY(coffer_artifacts_add(batch, run->artifacts[i].name, coffer_cas_saver_key(run->saver, i),
                                                run->records[i].metadata, run->records[i].size_bytes, error));
        return COFFER_OK;
}

static coffer_status save_all(coffer_task *task, const coffer_artifact *artifacts, size_t count, coffer_map *batch,
                              coffer_error *error)
{
        save_run run = {.task = task, .artifacts = artifacts, .count = count};

        if (count == 0)
                return COFFER_OK;
        run.records = coffer_alloc_zeroed(count, sizeof(*run.records));
        coffer_status status = run.records ? coffer_cas_saver_new(task->cas, false, &run.saver, error)
                                           : coffer_error_set(error, COFFER_NO_MEMORY, "no memory to save artifacts");
        if (status == COFFER_OK) {
                coffer_cas_saver_set_progress(run.saver, task->progress, task->progress_user);
                status = store_all(&run, error);
        }
        if (status == COFFER_OK)
                status = record_all(&run, batch, error);
        coffer_cas_saver_free(run.saver);
        for (size_t i = 0; run.records && i < count; i++)
                coffer_metadata_free(run.records[i].metadata);
        coffer_free(run.records);
        return status;
}

coffer_status coffer_task_save(coffer_task *task, const coffer_artifact *artifacts, size_t count, coffer_error *error)
{
        _cleanup_map_ coffer_map *batch = NULL;

        COFFER_TRY(begin_batch(task, "save artifacts", &batch, error));
        for (size_t i = 0; i < count; i++)
                COFFER_TRY(coffer_name_check(COFFER_NAME_ARTIFACT, artifacts[i].name, error));
        COFFER_TRY(save_all(task, artifacts, count, batch, error));
        return coffer_artifacts_commit(task->artifacts, batch, error);
}

coffer_status coffer_task_save_blob(coffer_task *task, const char *name, coffer_bytes *bytes,
                                    const coffer_metadata *metadata, coffer_error *error)
{
        _cleanup_map_ coffer_map *batch = NULL;

        COFFER_TRY(begin_batch(task, "save artifacts", &batch, error));
        COFFER_TRY(coffer_name_check(COFFER_NAME_ARTIFACT, name, error));
        if (!coffer_metadata_encoding(metadata))
                return coffer_error_set(error, COFFER_INVALID, "artifact '%s' cannot be saved without an encoding",
                                        name);
        COFFER_TRY(store_blob(task, name, bytes, metadata, batch, error));
        return coffer_artifacts_commit(task->artifacts, batch, error);
}

static coffer_status take_over(const coffer_artifact_entry *entry, const char *name, coffer_map *batch,
                               coffer_error *error)
{
        coffer_artifact_entry *copy;

        COFFER_TRY(coffer_name_check(COFFER_NAME_ARTIFACT, name, error));
        COFFER_TRY(coffer_artifact_entry_copy(entry, &copy, error));
        copy->taken_over = true;
        return add_entry(batch, name, copy, error);
}

coffer_status coffer_task_clone(coffer_task *task, const coffer_task *origin, coffer_error *error)
{
        _cleanup_map_ coffer_map *batch = NULL;

        COFFER_TRY(begin_batch(task, "clone a task", &batch, error));
        for (size_t i = 0; i < coffer_map_count(origin->artifacts); i++)
                COFFER_TRY(take_over(coffer_map_value_at(origin->artifacts, i), coffer_map_key_at(origin->artifacts, i),
                                     batch, error));
        coffer_map *old = task->artifacts;
        task->artifacts = batch;
        batch = old;
        return COFFER_OK;
}

coffer_status coffer_task_passdown(coffer_task *task, const coffer_task *origin, const char *const *names, size_t count,
                                   coffer_error *error)
{
        _cleanup_map_ coffer_map *batch = NULL;

        COFFER_TRY(begin_batch(task, "pass artifacts down", &batch, error));
        for (size_t i = 0; i < count; i++) {
                const coffer_artifact_entry *entry = coffer_map_get(origin->artifacts, names[i]);
                if (entry)
                        COFFER_TRY(take_over(entry, names[i], batch, error));
        }
        return coffer_artifacts_commit(task->artifacts, batch, error);
}

static bool share_blobs(const coffer_task *left, const coffer_task *right)
{
        return strcmp(coffer_store_type(left->store), coffer_store_type(right->store)) == 0 &&
               strcmp(coffer_store_root(left->store), coffer_store_root(right->store)) == 0 &&
               strcmp(left->names.flow, right->names.flow) == 0;
}

static coffer_status transfer_blob(coffer_task *task, coffer_task *origin, const char *name,
                                   const coffer_artifact_entry *entry, coffer_error *error)
{
        coffer_blob_stat stat;

        coffer_status status = coffer_cas_stat(task->cas, entry->key.text, &stat, error);
        if (status == COFFER_OK && !stat.exists)
                status = coffer_cas_transfer(origin->cas, task->cas, entry->key.text, error);
        return status == COFFER_OK ? COFFER_OK : coffer_task_blame(origin, name, status, error);
}

coffer_status coffer_task_transfer(coffer_task *task, coffer_task *origin, const char *const *names, size_t count,
                                   coffer_error *error)
{
        COFFER_TRY(coffer_task_require(task, COFFER_WRITE, "transfer artifacts", error));
        if (share_blobs(task, origin))
                return COFFER_OK;
        for (size_t i = 0; i < (names ? count : coffer_map_count(origin->artifacts)); i++) {
                const char *name = names ? names[i] : coffer_map_key_at(origin->artifacts, i);
                const coffer_artifact_entry *entry = coffer_map_get(origin->artifacts, name);
                if (entry)
                        COFFER_TRY(transfer_blob(task, origin, name, entry, error));
        }
        return COFFER_OK;
}
