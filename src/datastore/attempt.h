/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an attempt that say how far it got. */
#ifndef COFFER_DATASTORE_ATTEMPT_H
#define COFFER_DATASTORE_ATTEMPT_H

#include <coffer/datastore.h>

#define COFFER_ATTEMPT_FILE "attempt.json"
#define COFFER_DATA_FILE    "data.json"
#define COFFER_DONE_FILE    "DONE.lock"

/* The states of all attempts of the task at `path`, in one round trip. */
COFFER_MUST_CHECK coffer_status coffer_attempts_stat(coffer_store *store, const char *path,
                                                     coffer_attempt_state out[COFFER_MAX_ATTEMPTS],
                                                     coffer_error *error);

/* The highest attempt that was started, whatever gaps there are below it; -1 when none was. */
int coffer_attempts_latest(const coffer_attempt_state states[COFFER_MAX_ATTEMPTS]);

#endif
