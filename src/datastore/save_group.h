/* SPDX-License-Identifier: Apache-2.0 */
/* Small artifacts are stored in groups, by several threads. */
#ifndef COFFER_DATASTORE_SAVE_GROUP_H
#define COFFER_DATASTORE_SAVE_GROUP_H

#include "datastore/task.h"

enum { COFFER_SAVE_GROUP_MAX = 128 };

typedef struct coffer_group_member {
        const char *name; /* the caller's */
        coffer_blob *blob;
        coffer_metadata *metadata;
        coffer_key key; /* once stored */
} coffer_group_member;

typedef struct coffer_save_group {
        coffer_task *task;
        coffer_map *batch; /* gets the records of what is stored */
        coffer_group_member members[COFFER_SAVE_GROUP_MAX];
        size_t count;
        uint64_t size_bytes;
} coffer_save_group;

/* Takes over blob and metadata, also on failure. They are stored at the latest by the flush after the last one. */
COFFER_MUST_CHECK coffer_status coffer_save_group_add(coffer_save_group *group, const char *name, coffer_blob *blob,
                                                      coffer_metadata *metadata, coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_save_group_flush(coffer_save_group *group, coffer_error *error);

/* Lets go of what is not stored. */
void coffer_save_group_done(coffer_save_group *group);

#endif
