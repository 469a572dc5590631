/* SPDX-License-Identifier: Apache-2.0 */
/* What `put` stores: files read and checked whole before anything is written. */
#ifndef COFFER_CLI_INPUT_H
#define COFFER_CLI_INPUT_H

#include <sys/stat.h>

#include "form.h"

typedef struct cli_input {
        char *name;
        const char *file; /* "-" is standard input; NULL: `wire` has it all */
        cli_form form;
        char *type;       /* of a typed artifact, else NULL */
        const char *wire; /* its wire form; NULL: `file` is as the type stores it */
        struct stat seen; /* of a regular file, when it was read */
        coffer_blob *blob;
        coffer_metadata *metadata;
} cli_input;

/* From NAME=FILE, NAME:KIND=FILE or NAME:Type=TEXT; `form` is what --as says. Exit code. */
int cli_input_parse(const char *argument, cli_form form, cli_input *out);

/* Reads, checks and serializes. Exit code. */
int cli_input_read(cli_context *context, coffer_registry *registry, cli_input *input);

/* Tells when a file was changed since it was read: what was stored is then a mixture. Exit code. */
int cli_input_check_unchanged(const cli_input *input);

void cli_input_done(cli_input *input);

#endif
