/* SPDX-License-Identifier: Apache-2.0 */
/* One run of verify, shared by its files. */
#ifndef COFFER_DATASTORE_VERIFY_H
#define COFFER_DATASTORE_VERIFY_H

#include "datastore/store.h"
#include "util/map.h"

typedef struct coffer_verify_run {
        coffer_store *store;
        const coffer_verify_options *options;
        coffer_verify_summary summary;
        uint64_t checked_bytes; /* as stored */
        uint64_t total_bytes;
} coffer_verify_run;

/* The blobs of one flow, after they were checked. */
typedef struct coffer_verified_blobs {
        const char *flow;
        coffer_cas *cas;
        coffer_buf keys;     /* coffer_key, sorted */
        coffer_map *unsound; /* key -> coffer_unsound_blob; also what turned out to be missing */
} coffer_verified_blobs;

typedef struct coffer_unsound_blob {
        coffer_blob_health health;
        char *moved_to; /* or NULL */
        char reason[COFFER_ERROR_MESSAGE_BYTES];
} coffer_unsound_blob;

/* Counts a finding when it is the first of its kind about its subject, and passes it on. */
COFFER_MUST_CHECK coffer_status coffer_verify_report(coffer_verify_run *run, const coffer_finding *finding,
                                                     bool is_first, coffer_error *error);

/* "flow/data/ke/key"; free with coffer_free. */
COFFER_MUST_CHECK coffer_status coffer_verified_path(const char *flow, const char *key, char **out,
                                                     coffer_error *error);

/* Adds the stored sizes of a flow's blobs to the run's total. */
COFFER_MUST_CHECK coffer_status coffer_verify_survey(coffer_verify_run *run, const char *flow, coffer_error *error);

/* Checks every blob of the flow, and mends what can be when the run repairs. */
COFFER_MUST_CHECK coffer_status coffer_verify_blobs(coffer_verify_run *run, const char *flow,
                                                    coffer_verified_blobs *out, coffer_error *error);
void coffer_verified_blobs_done(coffer_verified_blobs *blobs);

/* What is wrong with a blob that an attempt refers to: NULL when it is sound, or only its sidecar is not. */
COFFER_MUST_CHECK coffer_status coffer_verified_blobs_look_up(coffer_verified_blobs *blobs, const char *key,
                                                              const coffer_unsound_blob **out, bool *is_first,
                                                              coffer_error *error);

/* Checks what the done attempts of the flow refer to. */
COFFER_MUST_CHECK coffer_status coffer_verify_attempts(coffer_verify_run *run, coffer_verified_blobs *blobs,
                                                       coffer_error *error);

#endif
