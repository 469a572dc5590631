/* SPDX-License-Identifier: Apache-2.0 */
/* The store and the registry that a subcommand works with. */
#ifndef COFFER_CLI_STORE_H
#define COFFER_CLI_STORE_H

#include "path.h"

/* The context's registry, made at the first call; its warnings become notes. Exit code. */
int cli_registry(cli_context *context, coffer_registry **out);

/* The context's store, opened at the first call: --store, else where the library finds it; with `create` one is made
 * when there is none. Exit code. */
int cli_open_store(cli_context *context, bool create, coffer_store **out);

/* Opens the task of the first four parts for reading; a missing one is explained. Exit code. */
int cli_open_task(cli_context *context, const cli_path *path, const cli_number *attempt, bool allow_not_done,
                  coffer_task **out);
/* And one artifact of it. */
int cli_find_artifact(coffer_task *task, const char *name, coffer_artifact_info *out);

/* True when the registry gives what `metadata` describes to the pickle serializer. */
bool cli_reads_pickle(coffer_registry *registry, const coffer_metadata *metadata, const char *name);

void cli_context_done(cli_context *context);

#endif
