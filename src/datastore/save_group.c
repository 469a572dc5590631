/* SPDX-License-Identifier: Apache-2.0 */
#include "datastore/save_group.h"

#include "util/pipeline.h"
#include "util/pool.h"

/* With so much at hand a group is stored: memory does not grow with the number of artifacts, and only one large blob is
 * there at a time. */
#define MAX_GROUP_BYTES ((uint64_t)1 << 20)

void coffer_save_group_done(coffer_save_group *group)
{
        for (size_t i = 0; i < group->count; i++) {
                coffer_blob_unref(group->members[i].blob);
                coffer_metadata_free(group->members[i].metadata);
        }
        group->count = 0;
        group->size_bytes = 0;
}

static coffer_status store_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        coffer_save_group *group = user;
        coffer_group_member *member = &group->members[index];
        (void)worker;
        coffer_status status =
                coffer_cas_save(group->task->cas, coffer_blob_bytes(member->blob), false, &member->key, error);
        return status == COFFER_OK ? COFFER_OK : coffer_task_blame(group->task, member->name, status, error);
}

coffer_status coffer_save_group_flush(coffer_save_group *group, coffer_error *error)
{
        coffer_pipeline pipeline = {.count = group->count,
                                    .width = group->count > 1 ? coffer_pool_width() : 1,
                                    .stage_count = 1,
                                    .stages = {{store_step, false}},
                                    .user = group};

        coffer_status status = coffer_pipeline_run(&pipeline, error);
        for (size_t i = 0; i < group->count && status == COFFER_OK; i++) {
                const coffer_group_member *member = &group->members[i];
                status = coffer_artifacts_add(group->batch, member->name, &member->key, member->metadata,
                                              coffer_bytes_size(coffer_blob_bytes(member->blob)), error);
        }
        coffer_save_group_done(group);
        return status;
}

coffer_status coffer_save_group_add(coffer_save_group *group, const char *name, coffer_blob *blob,
                                    coffer_metadata *metadata, coffer_error *error)
{
        group->members[group->count++] = (coffer_group_member){.name = name, .blob = blob, .metadata = metadata};
        group->size_bytes += coffer_bytes_size(coffer_blob_bytes(blob));
        if (group->count < COFFER_SAVE_GROUP_MAX && group->size_bytes < MAX_GROUP_BYTES)
                return COFFER_OK;
        return coffer_save_group_flush(group, error);
}
