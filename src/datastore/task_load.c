/* SPDX-License-Identifier: Apache-2.0 */
/* Artifacts out of a task. */
#include "datastore/task.h"

#include <string.h>

size_t coffer_task_count(const coffer_task *task)
{
        return coffer_map_count(task->artifacts);
}

static void describe(const char *name, const coffer_artifact_entry *entry, coffer_artifact_info *out)
{
        *out = (coffer_artifact_info){
                .name = name,
                .key = entry->key.text,
                .size_bytes = coffer_metadata_size(entry->metadata),
                .type = coffer_metadata_object_type(entry->metadata),
                .encoding = coffer_metadata_encoding(entry->metadata),
                .source = coffer_metadata_info(entry->metadata, "source"),
                .serializer_info_json = entry->serializer_info,
        };
}

coffer_status coffer_task_info_at(const coffer_task *task, size_t index, coffer_artifact_info *out, coffer_error *error)
{
        if (index >= coffer_map_count(task->artifacts))
                return coffer_error_set(error, COFFER_NOT_FOUND, "task '%s' has %zu artifacts, no number %zu",
                                        task->path, coffer_map_count(task->artifacts), index);
        describe(coffer_map_key_at(task->artifacts, index), coffer_map_value_at(task->artifacts, index), out);
        return COFFER_OK;
}

coffer_status coffer_task_info(const coffer_task *task, const char *name, coffer_artifact_info *out,
                               coffer_error *error)
{
        const coffer_artifact_entry *entry;

        COFFER_TRY(coffer_task_find(task, name, &entry, error));
        describe(coffer_map_key(task->artifacts, name), entry, out);
        return COFFER_OK;
}

coffer_status coffer_task_metadata(const coffer_task *task, const char *name, coffer_metadata **out,
                                   coffer_error *error)
{
        const coffer_artifact_entry *entry;

        COFFER_TRY(coffer_task_find(task, name, &entry, error));
        return coffer_metadata_copy(entry->metadata, out, error);
}

static coffer_status check_loadable(const coffer_task *task, coffer_error *error)
{
        if (coffer_map_count(task->artifacts) > 0 && !coffer_artifacts_have_info(task->artifacts))
                return coffer_error_set(error, COFFER_MALFORMED,
                                        "attempt %d of task '%s' has no info of any artifact, so that none can be "
                                        "loaded",
                                        task->attempt, task->path);
        return COFFER_OK;
}

static coffer_status deserialize(const coffer_task *task, const char *name, coffer_bytes *bytes, coffer_object *out,
                                 coffer_error *error)
{
        const coffer_artifact_entry *entry;
        coffer_blob *blob;

        COFFER_TRY(coffer_task_find(task, name, &entry, error));
        COFFER_TRY(coffer_blob_new(bytes, &blob, error));
        coffer_status status =
                coffer_registry_deserialize(task->store->registry, blob, entry->metadata, name, out, error);
        coffer_blob_unref(blob);
        return status;
}

coffer_status coffer_task_load(coffer_task *task, const char *name, coffer_object *out, coffer_error *error)
{
        const coffer_artifact_entry *entry;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;

        COFFER_TRY(coffer_task_find(task, name, &entry, error));
        COFFER_TRY(check_loadable(task, error));
        COFFER_TRY(coffer_task_load_bytes(task, name, &bytes, error));
        return deserialize(task, name, bytes, out, error);
}

/* ---- many ---- */

typedef struct load_run {
        coffer_task *task;
        const char *const *names;
        size_t count;
        coffer_object *objects;
        size_t done; /* objects that are there, also after failure */
} load_run;

static coffer_status load_next(load_run *run, coffer_cas_loader *loader, coffer_error *error)
{
        const char *name = run->names[run->done];
        coffer_bytes *bytes;

        coffer_status status = coffer_cas_loader_next(loader, &bytes, error);
        if (status != COFFER_OK)
                return coffer_task_blame(run->task, name, status, error);
        status = deserialize(run->task, name, bytes, &run->objects[run->done], error);
        run->done += status == COFFER_OK;
        coffer_bytes_unref(bytes);
        return status;
}

static coffer_status load_all(load_run *run, const char *const *keys, coffer_error *error)
{
        coffer_cas_loader *loader;

        COFFER_TRY(coffer_cas_loader_new(run->task->cas, keys, run->count, &loader, error));
        coffer_status status = COFFER_OK;
        while (run->done < run->count && status == COFFER_OK)
                status = load_next(run, loader, error);
        coffer_cas_loader_free(loader);
        return status;
}

coffer_status coffer_task_load_many(coffer_task *task, const char *const *names, size_t count, coffer_object *out,
                                    coffer_error *error)
{
        load_run run = {.task = task, .names = names, .count = count};
        const coffer_artifact_entry *entry;

        if (count == 0)
                return COFFER_OK;
        _cleanup_free_ coffer_object *objects = coffer_alloc_zeroed(count, sizeof(*objects));
        _cleanup_free_ const char **keys = coffer_alloc_zeroed(count, sizeof(*keys));
        if (!objects || !keys)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to load artifacts");
        for (size_t i = 0; i < count; i++) {
                COFFER_TRY(coffer_task_find(task, names[i], &entry, error));
                keys[i] = entry->key.text;
        }
        COFFER_TRY(check_loadable(task, error));
        run.objects = objects;
        coffer_status status = load_all(&run, keys, error);
        if (status == COFFER_OK)
                memcpy(out, objects, count * sizeof(*objects));
        else
                for (size_t i = 0; i < run.done; i++)
                        coffer_object_unref(&objects[i]);
        return status;
}

/* ---- serialized bytes ---- */

coffer_status coffer_task_load_bytes(coffer_task *task, const char *name, coffer_bytes **out, coffer_error *error)
{
        const coffer_artifact_entry *entry;

        COFFER_TRY(coffer_task_find(task, name, &entry, error));
        coffer_status status = coffer_cas_load(task->cas, entry->key.text, out, NULL, error);
        return status == COFFER_OK ? COFFER_OK : coffer_task_blame(task, name, status, error);
}

coffer_status coffer_task_open_stream(coffer_task *task, const char *name, coffer_stream **out, coffer_error *error)
{
        const coffer_artifact_entry *entry;

        COFFER_TRY(coffer_task_find(task, name, &entry, error));
        coffer_status status = coffer_cas_open(task->cas, entry->key.text, out, error);
        return status == COFFER_OK ? COFFER_OK : coffer_task_blame(task, name, status, error);
}
