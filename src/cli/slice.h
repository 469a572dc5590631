/* SPDX-License-Identifier: Apache-2.0 */
/* Slices as users write them. */
#ifndef COFFER_CLI_SLICE_H
#define COFFER_CLI_SLICE_H

#include "cli.h"

typedef struct cli_slices {
        coffer_slice at[COFFER_TENSOR_MAX_DIMS];
        size_t count; /* 0: none was asked for */
} cli_slices;

#define CLI_SLICE_OPTION(type)                                                                                         \
        {                                                                                                              \
                "slice", 0, CLI_TEXT, offsetof(type, slice), "SLICE",                                                  \
                        "of an array the part SLICE, as 10:20 or 0,:,::2", 0, 0                                        \
        }

/* "10:20", "3", ":, ::2": as between Python's brackets, without negative steps. NULL gives none. Exit code. */
int cli_slices_parse(const char *text, cli_slices *out);

#endif
