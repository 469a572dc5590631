/* SPDX-License-Identifier: Apache-2.0 */
/* Artifacts out of a task. */
#include "datastore/task.h"

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

coffer_status coffer_task_load(coffer_task *task, const char *name, coffer_object *out, coffer_error *error)
{
        const coffer_artifact_entry *entry;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        coffer_blob *blob;

        COFFER_TRY(coffer_task_find(task, name, &entry, error));
        COFFER_TRY(check_loadable(task, error));
        COFFER_TRY(coffer_task_load_bytes(task, name, &bytes, error));
        COFFER_TRY(coffer_blob_new(bytes, &blob, error));
        coffer_status status =
                coffer_registry_deserialize(task->store->registry, blob, entry->metadata, name, out, error);
        coffer_blob_unref(blob);
        return status;
}

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
