/* SPDX-License-Identifier: Apache-2.0 */
/* The two things that `show` shows. */
#ifndef COFFER_CLI_SHOW_H
#define COFFER_CLI_SHOW_H

#include "peek.h"
#include "store.h"

typedef struct cli_show_options {
        cli_number attempt;
        cli_number depth;
        cli_number items;
        bool json;
        bool scan;
        bool all;
        const char *slice;
} cli_show_options;

/* Exit codes. */
int cli_show_task(cli_context *context, coffer_task *task, const cli_show_options *options);
int cli_show_artifact(cli_context *context, coffer_task *task, const coffer_artifact_info *info,
                      const cli_show_options *options);

#endif
