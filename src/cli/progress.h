/* SPDX-License-Identifier: Apache-2.0 */
/* A progress bar on standard error, and the user's wish to stop. */
#ifndef COFFER_CLI_PROGRESS_H
#define COFFER_CLI_PROGRESS_H

#include <coffer/progress.h>

typedef struct cli_progress cli_progress;

/* Turns SIGINT and SIGTERM into a wish that long work looks at; a second signal kills. */
void cli_catch_interrupts(void);
bool cli_interrupted(void);

/* Begins a bar that counts bytes; nothing is drawn when `quiet`, or when standard error is no terminal, and nothing
 * before the work has taken a moment. One at a time. */
void cli_progress_begin(const char *label, bool quiet);
/* A coffer_progress_fn (`user` is not used): draws, and returns false when the user wants to stop. */
bool cli_progress_update(void *user, uint64_t done, uint64_t total);
/* Takes the bar off the screen so that a line can be printed; the next update draws it again. */
void cli_progress_clear(void);
void cli_progress_end(void);

#endif
