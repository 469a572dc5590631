/* SPDX-License-Identifier: Apache-2.0 */
/* FLOW/RUN/STEP/TASK/NAME as users write it, and what is wrong with one that leads nowhere. */
#ifndef COFFER_CLI_PATH_H
#define COFFER_CLI_PATH_H

#include "cli.h"

enum { CLI_FLOW, CLI_RUN, CLI_STEP, CLI_TASK, CLI_ARTIFACT, CLI_LEVELS };

typedef struct cli_path {
        char *storage;
        const char *parts[CLI_LEVELS]; /* NULL from `count` on */
        size_t count;
} cli_path;

/* "flow", "run", "step", "task", "artifact". */
const char *cli_level_name(size_t level);

/* Splits `text` into `min` to `max` parts; slashes at both ends are fine. Exit code. */
int cli_path_parse(const char *text, size_t min, size_t max, cli_path *out);
void cli_path_done(cli_path *path);

/* The first `count` parts joined by '/'; free with coffer_free. */
char *cli_path_text(const cli_path *path, size_t count);

/* The names below the first `count` parts (fewer than 4); NULL-terminated list of the caller's, cli_names_free. Exit
 * code. */
int cli_list_names(coffer_store *store, const cli_path *path, size_t count, cli_texts *out);
void cli_names_free(cli_texts *names);

/* For a path that was not found: tells which part of it is not there and what may have been meant, or, when all is
 * there, `error` (NULL: nothing, CLI_OK). Exit code. */
int cli_path_explain(coffer_store *store, const cli_path *path, const coffer_error *error);
/* The same for an artifact that `task` does not have. */
int cli_artifact_explain(const coffer_task *task, const char *name, const coffer_error *error);

#endif
