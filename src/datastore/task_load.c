/* SPDX-License-Identifier: Apache-2.0 */
/* Artifacts out of a task. */
#include "datastore/task.h"

#include <string.h>

#include "util/pipeline.h"
#include "util/pool.h"

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

/* Blobs that are read at once: so many, or with so much in all of them but the last. */
enum { GROUP_MAX = 128 };
static const uint64_t group_bytes = UINT64_C(1) << 20;

typedef struct load_group {
        coffer_task *task;
        const char *const *names;
        size_t count;
        coffer_bytes *blobs[GROUP_MAX];
} load_group;

/* Sizes are what is recorded, so that they may be anything: the worst is a group of the most members. */
static size_t group_length(const coffer_task *task, const char *const *names, size_t count)
{
        uint64_t room_bytes = group_bytes;
        size_t length = 0;

        while (length < count && length < GROUP_MAX) {
                const coffer_artifact_entry *entry = coffer_map_get(task->artifacts, names[length++]);
                uint64_t size_bytes = entry ? coffer_metadata_size(entry->metadata) : 0;
                if (size_bytes >= room_bytes)
                        break;
                room_bytes -= size_bytes;
        }
        return length;
}

static coffer_status read_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        load_group *group = user;
        (void)worker;
        return coffer_task_load_bytes(group->task, group->names[index], &group->blobs[index], error);
}

/* `done` counts the objects that are there, also on failure. */
static coffer_status load_group_members(load_group *group, coffer_object *out, size_t *done, coffer_error *error)
{
        coffer_pipeline pipeline = {.count = group->count,
                                    .width = group->count > 1 ? coffer_pool_width() : 1,
                                    .stage_count = 1,
                                    .stages = {{read_step, false}},
                                    .user = group};

        coffer_status status = coffer_pipeline_run(&pipeline, error);
        for (size_t i = 0; i < group->count && status == COFFER_OK; i++) {
                status = deserialize(group->task, group->names[i], group->blobs[i], &out[*done], error);
                *done += status == COFFER_OK;
        }
        for (size_t i = 0; i < group->count; i++)
                coffer_bytes_unref(group->blobs[i]);
        return status;
}

static coffer_status load_all(coffer_task *task, const char *const *names, size_t count, coffer_object *out,
                              size_t *done, coffer_error *error)
{
        coffer_status status = COFFER_OK;

        while (*done < count && status == COFFER_OK) {
                load_group group = {.task = task, .names = names + *done};
                group.count = group_length(task, group.names, count - *done);
                status = load_group_members(&group, out, done, error);
        }
        return status;
}

coffer_status coffer_task_load_many(coffer_task *task, const char *const *names, size_t count, coffer_object *out,
                                    coffer_error *error)
{
        const coffer_artifact_entry *entry;
        size_t done = 0;

        for (size_t i = 0; i < count; i++)
                COFFER_TRY(coffer_task_find(task, names[i], &entry, error));
        if (count == 0)
                return COFFER_OK;
        COFFER_TRY(check_loadable(task, error));
        _cleanup_free_ coffer_object *objects = coffer_alloc_zeroed(count, sizeof(*objects));
        if (!objects)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to load artifacts");
        coffer_status status = load_all(task, names, count, objects, &done, error);
        if (status == COFFER_OK)
                memcpy(out, objects, count * sizeof(*objects));
        else
                for (size_t i = 0; i < done; i++)
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
