/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the content-addressed store, shared by its files. */
#ifndef COFFER_CAS_CAS_INTERNAL_H
#define COFFER_CAS_CAS_INTERNAL_H

#include <coffer/cas.h>
#include "cas/sidecar.h"
#include "util/cleanup.h"
#include "util/digest.h"

struct coffer_cas {
        coffer_storage *storage;
        char *prefix;
        coffer_verify verify;
        uint64_t max_blob_bytes;
        uint64_t max_stored_bytes; /* larger files are not read; 0: any size is */
};

/* Up to here the key costs little to check. */
#define COFFER_CAS_CHEAP_BYTES ((uint64_t)16 << 20)

/* The path of a blob in the storage; free with coffer_free. COFFER_INVALID for what is no key. */
COFFER_MUST_CHECK
coffer_status coffer_cas_path(const coffer_cas *cas, const char *key, char **out, coffer_error *error);

/* A blob's file as it is. */
typedef struct coffer_stored_blob {
        char *path;
        coffer_bytes *bytes;
        char *metadata_json;
} coffer_stored_blob;

/* COFFER_NOT_FOUND names key and path. Release with coffer_stored_blob_done, also after failure when zeroed before. */
COFFER_MUST_CHECK
coffer_status coffer_cas_fetch(const coffer_cas *cas, const char *key, coffer_stored_blob *out, coffer_error *error);
/* The same without metadata. */
COFFER_MUST_CHECK
coffer_status coffer_cas_fetch_contents(const coffer_cas *cas, const char *key, coffer_stored_blob *out,
                                        coffer_error *error);
void coffer_stored_blob_done(coffer_stored_blob *blob);

/* The contents of a blob's file, checked as `cas` says; its storage is not touched. `raw` may be NULL. */
COFFER_MUST_CHECK
coffer_status coffer_cas_decode(const coffer_cas *cas, const char *key, const coffer_stored_blob *blob,
                                const coffer_sidecar *sidecar, coffer_bytes **out, bool *raw, coffer_error *error);

/* Says which blob an error is about: fills `error` with `cause` and key and path before it; returns the cause's status.
 */
coffer_status coffer_cas_blame(const coffer_cas *cas, const char *key, const char *path, const coffer_error *cause,
                               coffer_error *error);

/* Says that a blob is missing; returns COFFER_NOT_FOUND. */
coffer_status coffer_cas_missing(const coffer_cas *cas, const char *key, const char *path, coffer_error *error);

/* True when the bytes of `contents` are those of `other`. */
bool coffer_bytes_equal(const coffer_bytes *contents, coffer_cursor other);

/* Calls `take` with unstable contents piece by piece, each in a copy of its own. */
COFFER_MUST_CHECK
coffer_status coffer_unstable_each(const coffer_bytes *contents,
                                   coffer_status (*take)(void *user, coffer_cursor piece, coffer_error *error),
                                   void *user, coffer_error *error);
/* SHA-1 and CRC-32 of the same pieces. */
COFFER_MUST_CHECK
coffer_status coffer_unstable_digest(const coffer_bytes *contents, char digest[COFFER_DIGEST_MAX_HEX], uint32_t *crc,
                                     coffer_error *error);
/* A copy that nobody else can write to. */
COFFER_MUST_CHECK
coffer_status coffer_unstable_copy(const coffer_bytes *contents, coffer_bytes **out, coffer_error *error);

/* Wraps a stream over stored bytes, which it owns on success: unframed (NULL: raw), with key and CRC checked at the
 * end. */
COFFER_MUST_CHECK
coffer_status coffer_cas_wrap_stream(coffer_cas *cas, const char *key, const char *path,
                                     const coffer_frame_class *frame, uint64_t max_bytes, coffer_stream *stored,
                                     coffer_stream **out, coffer_error *error);

/* What a closer look at a blob found. */
typedef struct coffer_blob_finding {
        coffer_blob_health health;
        bool is_raw;         /* how the contents are stored, when they match the key */
        uint64_t size_bytes; /* of the contents, when they match the key */
        coffer_error reason; /* when not sound */
} coffer_blob_finding;

COFFER_MUST_CHECK
coffer_status coffer_cas_examine(coffer_cas *cas, const char *key, coffer_blob_finding *out, coffer_error *error);

#endif
