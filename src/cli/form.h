/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which values enter and leave the store: --as and file suffixes. */
#ifndef COFFER_CLI_FORM_H
#define COFFER_CLI_FORM_H

#include "cli.h"

typedef enum cli_form {
        CLI_FORM_AUTO = 0, /* not said */
        CLI_FORM_JSON,
        CLI_FORM_NPY,
        CLI_FORM_TEXT,
        CLI_FORM_PICKLE,
        CLI_FORM_BYTES,
        CLI_FORM_COUNT
} cli_form;

#define CLI_FORM_NAMES "json|npy|text|pickle|bytes"

const char *cli_form_name(cli_form form);
/* From --as; NULL gives CLI_FORM_AUTO. Exit code. */
int cli_form_parse(const char *name, cli_form *out);
/* By the file's suffix; CLI_FORM_AUTO when it says nothing. */
cli_form cli_form_of_file(const char *path);

#endif
