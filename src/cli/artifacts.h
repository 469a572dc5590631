/* SPDX-License-Identifier: Apache-2.0 */
/* What put, ls and show tell of artifacts. */
#ifndef COFFER_CLI_ARTIFACTS_H
#define COFFER_CLI_ARTIFACTS_H

#include <coffer/datastore.h>

#include "listing.h"

/* Name, size, type, encoding, key; long also the source. */
extern const cli_column cli_artifact_columns[];

/* {"name", "path", "key", "size", "type", "encoding", "source", "serializer_info"} */
json_t *cli_artifact_json(const coffer_task *task, const coffer_artifact_info *info);

/* False for names that begin with an underscore, which Metaflow keeps to itself. */
bool cli_is_public(const coffer_artifact_info *info);

/* The artifacts of the task, `all` or the public ones. */
json_t *cli_artifacts_json(const coffer_task *task, bool all);

#endif
