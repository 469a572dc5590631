/* SPDX-License-Identifier: Apache-2.0 */
/* Where `get` writes: standard output, a device or pipe, or a file that appears only when it is whole. */
#ifndef COFFER_CLI_SINK_H
#define COFFER_CLI_SINK_H

#include "cli.h"

typedef struct cli_sink {
        coffer_file_writer *writer; /* NULL: to `descriptor` */
        int descriptor;
        const char *name;
} cli_sink;

/* `path` "-" is standard output, which must not be a terminal when `binary`. Exit code. */
int cli_sink_open(const char *path, bool binary, cli_sink *out);
coffer_status cli_sink_write(cli_sink *sink, coffer_cursor data, coffer_error *error);
coffer_status cli_sink_commit(cli_sink *sink, coffer_error *error);
/* Leaves nothing behind unless committed. */
void cli_sink_done(cli_sink *sink);

#endif
