/* SPDX-License-Identifier: Apache-2.0 */
/* The content-addressed store: bytes by the SHA-1 of their contents, gzip-framed (RFC 1952) or raw, as Metaflow keeps
 * them. */
#ifndef COFFER_CAS_H
#define COFFER_CAS_H

#include <coffer/progress.h>
#include <coffer/sys/storage.h>

COFFER_BEGIN_DECLS

typedef struct coffer_cas coffer_cas;

enum { COFFER_KEY_TEXT_BYTES = 41 }; /* 40 lower-case hexadecimal digits and a NUL */
typedef struct coffer_key {
        char text[COFFER_KEY_TEXT_BYTES];
} coffer_key;

/* True for 40 lower-case hexadecimal digits. */
COFFER_API bool coffer_key_is_valid(const char *text);

/* How bytes are checked when they are read. */
typedef enum coffer_verify {
        COFFER_VERIFY_AUTO = 0, /* the key where that is cheap or nothing else protects: up to 16 MiB, raw blobs, blobs
                                   without sidecar; above it the CRC of every gzip member */
        COFFER_VERIFY_KEY,
        COFFER_VERIFY_CRC
} coffer_verify;

/* What is compressed when it is written. Whatever the choice, every reader can read it. */
typedef enum coffer_compress {
        COFFER_COMPRESS_AUTO = 0, /* what gets smaller by at least one part in thirteen */
        COFFER_COMPRESS_ALWAYS,   /* all that gets no larger */
        COFFER_COMPRESS_NEVER
} coffer_compress;

typedef struct coffer_cas_options {
        uint32_t version;
        coffer_verify verify;    /* AUTO also means: COFFER_VERIFY in the environment ("auto", "key", "crc") decides */
        uint64_t max_blob_bytes; /* contents over it are not inflated: COFFER_LIMIT; 0: 1 TiB */
        /* From version 2 on: */
        coffer_compress compress; /* AUTO also means: COFFER_COMPRESS in the environment ("auto", "always", "never") */
} coffer_cas_options;
#define COFFER_CAS_OPTIONS_INIT                                                                                        \
        {                                                                                                              \
                2, COFFER_VERIFY_AUTO, 0, COFFER_COMPRESS_AUTO                                                         \
        }

/* A store under `prefix` ("Flow/data") of `storage`, which is borrowed and must outlive it. Any number of threads may
 * use one store, and any number of processes one place: blobs appear whole or not at all. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_new(coffer_storage *storage, const char *prefix,
                                                          const coffer_cas_options *options, coffer_cas **out,
                                                          coffer_error *error);
COFFER_API void coffer_cas_free(coffer_cas *cas); /* NULL is allowed */

/* Stores `bytes` and gives their key; where they are unstable, that of what was stored. What is there already is looked
 * at before it is trusted: a file whose frame is truncated or has other sizes than the bytes is replaced, a lost
 * sidecar is written anew. `raw` stores without frame, for memory mapping. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_save(coffer_cas *cas, const coffer_bytes *bytes, bool raw,
                                                           coffer_key *key, coffer_error *error);

/* The same, telling `progress` (NULL: nobody) how many bytes of the contents have been written, at the end all of them.
 * COFFER_DECLINED when it stopped the saving. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_save_telling(coffer_cas *cas, const coffer_bytes *bytes, bool raw,
                                                                   coffer_progress_fn progress, void *progress_user,
                                                                   coffer_key *key, coffer_error *error);

/* Loads and checks. COFFER_NOT_FOUND and COFFER_CORRUPT name key and path; COFFER_MALFORMED and COFFER_UNSUPPORTED tell
 * of a sidecar that cannot be understood and is needed: contents whose key is checked and right speak for themselves.
 * `raw` (may be NULL) tells how it was stored. Where the sidecar contradicts the file, the way of reading that gives
 * the key wins. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_load(coffer_cas *cas, const char *key, coffer_bytes **out,
                                                           bool *raw, coffer_error *error);
/* The file's bytes as they are, neither unframed nor checked. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_load_stored(coffer_cas *cas, const char *key, coffer_bytes **out,
                                                                  coffer_error *error);

/* ---- many small blobs ---- */

/* Saves blobs one after the other, small ones in groups by helping threads while the caller makes the next ones. Used
 * by one thread at a time; the store must outlive it. In a child after fork it goes on with what the parent had added.
 */
typedef struct coffer_cas_saver coffer_cas_saver;

COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_saver_new(coffer_cas *cas, bool raw, coffer_cas_saver **out,
                                                                coffer_error *error);
/* What was added and not flushed may be stored or not. NULL is allowed. */
COFFER_API void coffer_cas_saver_free(coffer_cas_saver *saver);

/* `progress` (NULL: nobody) is told how many bytes are stored, of all that were added so far. Adding or flushing fails
 * with COFFER_DECLINED when it stopped them. */
COFFER_API void coffer_cas_saver_set_progress(coffer_cas_saver *saver, coffer_progress_fn progress, void *user);

/* Adds one, of which the saver takes a reference. A large one is stored when this returns; small ones wait for others,
 * up to some MiB; unstable bytes are not looked at again after this returns. A failure is of this blob or of one that
 * was added before (coffer_cas_saver_failed): nothing can be added then. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_saver_add(coffer_cas_saver *saver, coffer_bytes *bytes,
                                                                coffer_error *error);

/* Returns when all that were added are stored; more can be added then. A failure is of any of them. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_saver_flush(coffer_cas_saver *saver, coffer_error *error);

/* How many were added; the key of one, in the order in which they were, known from the next flush on; whether a blob
 * failed, and which one: counted from 0. */
COFFER_API size_t coffer_cas_saver_count(const coffer_cas_saver *saver);
COFFER_API const coffer_key *coffer_cas_saver_key(const coffer_cas_saver *saver, size_t index);
COFFER_API bool coffer_cas_saver_has_failed(const coffer_cas_saver *saver);
COFFER_API size_t coffer_cas_saver_failed(const coffer_cas_saver *saver);

/* Loads and checks blobs one after the other, as coffer_cas_load does; small ones are read ahead by helping threads, up
 * to some MiB. Used by one thread at a time; the store must outlive it. In a child after fork it goes on. */
typedef struct coffer_cas_loader coffer_cas_loader;

/* `keys` and its texts are borrowed, and stay in place; what is no key fails when its turn comes. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_loader_new(coffer_cas *cas, const char *const *keys, size_t count,
                                                                 coffer_cas_loader **out, coffer_error *error);
COFFER_API void coffer_cas_loader_free(coffer_cas_loader *loader); /* NULL is allowed */

/* The contents of the next key, one reference; NULL after the last. After a failure the next call is about the next
 * key. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_loader_next(coffer_cas_loader *loader, coffer_bytes **out,
                                                                  coffer_error *error);

/* ---- parts, streams, facts ---- */

/* A stream over the contents, read as the sidecar says and checked as the store does (key, CRC) when its end is
 * reached. A read fills all of its room unless the end comes first; with room for some MiB several threads make the
 * contents, straight into it. Memory does not depend on the size: at most 16 MiB. The stream must be closed before the
 * store is freed, which may be done at any time. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_open(coffer_cas *cas, const char *key, coffer_stream **out,
                                                           coffer_error *error);

/* The contents at any place, without inflating the rest where the members of the frame tell their sizes, as those that
 * we write do; of other frames it inflates, and drops, what is before the place. Members that are read are checked by
 * their CRC; the key can't be, nor can a raw blob. Memory does not depend on the size. It must be closed before the
 * store is freed. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_open_ranges(coffer_cas *cas, const char *key, coffer_ranges **out,
                                                                  coffer_error *error);

typedef struct coffer_blob_stat {
        bool exists;
        uint64_t stored_bytes;
} coffer_blob_stat;
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_stat(coffer_cas *cas, const char *key, coffer_blob_stat *out,
                                                           coffer_error *error);

/* The next sync of the storage covers this blob, whoever stored it. COFFER_NOT_FOUND when it is not there. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_require(coffer_cas *cas, const char *key, coffer_error *error);

/* Copies a blob to another store, under the key it has and raw as Metaflow does, unless a sound one is there. Checked
 * on the way; memory does not depend on the size. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_transfer(coffer_cas *from, coffer_cas *to, const char *key,
                                                               coffer_error *error);

/* What the check of one blob found. */
typedef enum coffer_blob_health {
        COFFER_BLOB_SOUND = 0,
        COFFER_BLOB_NO_SIDECAR,  /* contents match the key, the sidecar is lost: can be mended */
        COFFER_BLOB_BAD_SIDECAR, /* contents match the key, the sidecar is unreadable or says otherwise: can be mended
                                  */
        COFFER_BLOB_DAMAGED,     /* contents do not match */
        COFFER_BLOB_MISSING
} coffer_blob_health;

/* Reads the whole blob and hashes it whatever the verify mode. `reason` (1024 bytes, may be NULL) gets one line when
 * not sound. COFFER_OK also for damage; fails only when looking is impossible (COFFER_UNSUPPORTED: a version of a later
 * coffer). */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_check(coffer_cas *cas, const char *key, coffer_blob_health *out,
                                                            uint64_t *size_bytes, char *reason, coffer_error *error);

/* Mends a sidecar, or sets a damaged blob aside (to <prefix>/../damaged/<key>, never deleting; `moved_to` may be NULL,
 * else coffer_free). Looks again first, and returns COFFER_DECLINED when there is nothing to do or the blob's health is
 * no longer what `health` says. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_mend(coffer_cas *cas, const char *key, coffer_blob_health health,
                                                           char **moved_to, coffer_error *error);

/* Visits the keys of all blobs, in order. Names that are no keys are skipped. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_list(coffer_cas *cas,
                                                           coffer_status (*visit)(void *user, const char *key,
                                                                                  coffer_error *error),
                                                           void *user, coffer_error *error);

/* ---- blobs whose files somebody else keeps: a transport of another program ---- */

typedef struct coffer_packed_blob {
        coffer_key key;
        coffer_bytes *stored;      /* what is to be kept at PREFIX/<first two digits>/<key>: one reference */
        const char *metadata_json; /* and beside it; static */
} coffer_packed_blob;

/* The key of contents, to look whether somebody has them before they are packed. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_find_key(const coffer_bytes *contents, coffer_key *out,
                                                               coffer_error *error);

/* Hashes and, unless `raw`, frames: what coffer_cas_save would put. The whole of it is in memory. `known` (NULL: not
 * known) is the key of the contents, which need not be hashed again then; of unstable ones the key of what was packed
 * counts. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_pack(const coffer_bytes *contents, bool raw,
                                                           const coffer_key *known, coffer_packed_blob *out,
                                                           coffer_error *error);

/* What coffer_cas_load would give for a file with these bytes and this metadata (NULL: none), checked as it does.
 * `place` is what messages call the file; `options` NULL: defaults; `raw` may be NULL. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_unpack(const coffer_cas_options *options, const char *key,
                                                             const char *place, coffer_bytes *stored,
                                                             const char *metadata_json, coffer_bytes **out, bool *raw,
                                                             coffer_error *error);

/* The same as a stream over the contents of `file`, read and checked as by coffer_cas_open. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_cas_unpack_open(const coffer_cas_options *options, const char *key,
                                                                  const char *place, const char *file,
                                                                  const char *metadata_json, coffer_stream **out,
                                                                  coffer_error *error);

COFFER_END_DECLS
#endif
