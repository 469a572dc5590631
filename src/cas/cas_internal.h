/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the content-addressed store, shared by its files. */
#ifndef COFFER_CAS_CAS_INTERNAL_H
#define COFFER_CAS_CAS_INTERNAL_H

#include <coffer/cas.h>
#include "cas/sidecar.h"
#include "util/cleanup.h"
#include "util/digest.h"

struct coffer_cas {
        coffer_storage *storage; /* NULL: somebody else keeps the files */
        char *prefix;
        coffer_verify verify;
        uint64_t max_blob_bytes;
        uint64_t max_stored_bytes; /* larger files are not read; 0: any size is */
        coffer_compress compress;
};

/* The SHA-1 of nothing: no checksum tells an emptied file from one that was always empty. */
#define COFFER_EMPTY_KEY "da39a3ee5e6b4b0d3255bfef95601890afd80709"

/* Up to here the key costs little to check. */
#define COFFER_CAS_CHEAP_BYTES ((uint64_t)16 << 20)

/* COFFER_INVALID for what is no key; also NULL. */
COFFER_MUST_CHECK coffer_status coffer_cas_check_key(const char *key, coffer_error *error);

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

/* Says which blob an error is about: fills `error` with `cause` and key and path before it (from the storage's root on,
 * where there is one); returns the cause's status. */
coffer_status coffer_cas_blame(const coffer_cas *cas, const char *key, const char *path, const coffer_error *cause,
                               coffer_error *error);

/* Says that a blob is missing; returns COFFER_NOT_FOUND. */
coffer_status coffer_cas_missing(const coffer_cas *cas, const char *key, const char *path, coffer_error *error);

/* What COFFER_COMPRESS in the environment makes of `asked`. */
COFFER_MUST_CHECK
coffer_status coffer_compress_find(coffer_compress asked, coffer_compress *out, coffer_error *error);

/* The stored bytes of a blob, as its storage gives them: the other one is NULL. */
typedef struct coffer_blob_source {
        coffer_random_access *random;
        coffer_stream *stream;
} coffer_blob_source;

/* `metadata` may be NULL. COFFER_NOT_FOUND when the blob is missing. */
COFFER_MUST_CHECK
coffer_status coffer_blob_source_open(const coffer_cas *cas, const char *path, coffer_blob_source *out, char **metadata,
                                      coffer_error *error);
void coffer_blob_source_close(coffer_blob_source *source);

typedef enum coffer_key_check { COFFER_KEY_CHECKED, COFFER_KEY_CHECKED_IF_CHEAP, COFFER_KEY_TRUSTED } coffer_key_check;

/* A stream over the contents of a source, which it owns on success: unframed (`frame` NULL: raw) and checked. */
COFFER_MUST_CHECK
coffer_status coffer_blob_stream_open(const coffer_cas *cas, const char *key, const char *path,
                                      const coffer_frame_class *frame, uint64_t max_bytes, coffer_key_check check,
                                      const coffer_blob_source *source, coffer_stream **out, coffer_error *error);

/* coffer_cas_open that checks the key in any case. */
COFFER_MUST_CHECK
coffer_status coffer_cas_open_proving(coffer_cas *cas, const char *key, coffer_stream **out, coffer_error *error);

/* How the store wants keys to be checked of what has this sidecar. */
coffer_key_check coffer_cas_key_check(const coffer_cas *cas, const coffer_sidecar *sidecar);

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
