/* SPDX-License-Identifier: Apache-2.0 */
/* Large values written from their pickles in little memory. */
#ifndef COFFER_CLI_LARGE_H
#define COFFER_CLI_LARGE_H

#include "form.h"

/* Below this, loading is quicker and memory does not matter. */
#define CLI_LARGE_BYTES (UINT64_C(16) << 20)

/* For an artifact stored as a pickle that is a str, bytes, bytearray or array and little else: writes it to `output` in
 * its form when that is `form`. `*done` stays false when it must be loaded for that, or to find out what is wrong with
 * it. Exit code. */
int cli_large_write(const cli_context *context, coffer_task *task, const coffer_artifact_info *info, cli_form form,
                    const char *output, bool *done);

#endif
