/* SPDX-License-Identifier: Apache-2.0 */
/* The artifacts of one attempt: name, key and what is recorded of each, in order; and data.json, which holds them. */
#ifndef COFFER_DATASTORE_ARTIFACTS_H
#define COFFER_DATASTORE_ARTIFACTS_H

#include <coffer/cas.h>
#include <coffer/metadata.h>
#include "util/json.h"
#include "util/map.h"

/* What is taken for true where nothing is recorded. */
#define COFFER_DEFAULT_OBJECT_TYPE "object"
#define COFFER_DEFAULT_ENCODING    "gzip+pickle-v2"

typedef struct coffer_artifact_entry {
        coffer_key key;
        bool taken_over;           /* from another task: nobody has seen its blob yet */
        json_t *info;              /* as recorded; NULL: nothing is */
        coffer_metadata *metadata; /* the same, for serializers */
        char *serializer_info;     /* JSON text */
} coffer_artifact_entry;

/* Of an artifact that was just saved; `metadata` is copied, its size is that of the blob. */
COFFER_MUST_CHECK coffer_status coffer_artifact_entry_new(const coffer_key *key, const coffer_metadata *metadata,
                                                          uint64_t size_bytes, coffer_artifact_entry **out,
                                                          coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_artifact_entry_copy(const coffer_artifact_entry *entry,
                                                           coffer_artifact_entry **out, coffer_error *error);
void coffer_artifact_entry_free(coffer_artifact_entry *entry);
COFFER_DEFINE_CLEANUP(coffer_artifact_entry *, coffer_artifact_entry_free);

/* A map from names to entries that it owns. */
COFFER_MUST_CHECK coffer_status coffer_artifacts_new(coffer_map **out, coffer_error *error);

/* Adds the record of a blob that has been stored, in place of an earlier one of that name. */
COFFER_MUST_CHECK coffer_status coffer_artifacts_add(coffer_map *artifacts, const char *name, const coffer_key *key,
                                                     const coffer_metadata *metadata, uint64_t size_bytes,
                                                     coffer_error *error);

/* Moves the entries of `batch` into `artifacts`, all or none; names that are there keep their places. */
COFFER_MUST_CHECK coffer_status coffer_artifacts_commit(coffer_map *artifacts, coffer_map *batch, coffer_error *error);

/* False when nothing at all is recorded of any artifact, so that none can be loaded. */
bool coffer_artifacts_have_info(const coffer_map *artifacts);

/* Reads the text of a data.json; `what` names it in errors. Absent fields have Metaflow's defaults; a field of a wrong
 * shape is COFFER_MALFORMED. */
COFFER_MUST_CHECK coffer_status coffer_data_json_read(coffer_cursor text, const char *what, coffer_map **out,
                                                      coffer_error *error);

/* The text of a data.json as Metaflow writes it; free with coffer_free. */
COFFER_MUST_CHECK coffer_status coffer_data_json_write(const coffer_map *artifacts, const char *storage_type,
                                                       int attempt, const char *python_version, char **out,
                                                       coffer_error *error);

#endif
