/* SPDX-License-Identifier: Apache-2.0 */
/* A look at an artifact's value in little memory: pickles are read as a stream and keep the heads of what is long. */
#ifndef COFFER_CLI_PEEK_H
#define COFFER_CLI_PEEK_H

#include "slice.h"

typedef struct cli_peek {
        const char *reader;        /* type of the serializer that reads it, or NULL */
        char *spec;                /* JSON schema of a typed artifact, or NULL */
        coffer_document *document; /* NULL when there is no value: `error` says why */
        const coffer_value *value;
        coffer_object object; /* keeps the two alive when they came from a serializer */
        coffer_pickle_report
                *scan; /* what an unpickler would import; NULL: no pickle, or too large to be scanned unasked */
        bool is_pickle;
        coffer_error error;
} cli_peek;

typedef struct cli_peek_options {
        uint64_t keep_bytes;     /* of each string and array; 0: all */
        uint64_t max_load_bytes; /* what no stream can read is loaded up to this size */
        uint64_t max_scan_bytes;
        uint64_t max_items; /* of rows, where a type shows some */
        bool without_value;
        const cli_slices *slices; /* NULL or none: the whole value */
} cli_peek_options;

/* Never fails: what goes wrong is in `out`. */
void cli_peek_open(coffer_registry *registry, coffer_task *task, const coffer_artifact_info *info,
                   const cli_peek_options *options, cli_peek *out);
void cli_peek_done(cli_peek *peek);

#endif
