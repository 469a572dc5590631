/* SPDX-License-Identifier: Apache-2.0 */
/* Loading blobs and checking them. */
#include <string.h>

#include "cas/cas_internal.h"
#include "cas/parts.h"
#include "util/cursor.h"
#include "util/digest.h"
#include "util/pages.h"

enum { MAX_MAPPED_BYTES = 16 << 20 };

static coffer_status compare_keys(const char *found, const char *key, coffer_error *error)
{
        if (strcmp(found, key) != 0)
                return coffer_error_set(error, COFFER_CORRUPT, "the contents have the key %s", found);
        return COFFER_OK;
}

static coffer_status check_key(const coffer_bytes *contents, const char *key, coffer_error *error)
{
        char found[COFFER_DIGEST_MAX_HEX];
        COFFER_TRY(coffer_digest_bytes(COFFER_SHA1, contents, found, error));
        return compare_keys(found, key, error);
}

static coffer_status unframe(const coffer_cas *cas, const coffer_stored_blob *blob, const coffer_frame_class *frame,
                             const coffer_frame_watch *watch, coffer_bytes **out, coffer_error *error)
{
        coffer_cursor stored;
        COFFER_TRY(coffer_bytes_contiguous(blob->bytes, &stored, error));
        if (frame)
                return frame->read(stored, cas->max_blob_bytes, watch, out, error);
        if (watch)
                COFFER_TRY(watch->take(watch->user, stored, error));
        *out = coffer_bytes_ref(blob->bytes);
        return COFFER_OK;
}

static coffer_status add_to_digest(void *digest, coffer_cursor contents, coffer_error *error)
{
        return coffer_digest_update(digest, contents, error);
}

/* Contents that must give the key: they are hashed while the rest is still being inflated. */
static coffer_status unframe_proven(const coffer_cas *cas, const char *key, const coffer_stored_blob *blob,
                                    const coffer_frame_class *frame, coffer_bytes **out, coffer_error *error)
{
        coffer_bytes *contents _cleanup_bytes_ = NULL;
        coffer_digest *digest _cleanup_digest_ = NULL;
        char found[COFFER_DIGEST_MAX_HEX];

        COFFER_TRY(coffer_digest_new(COFFER_SHA1, &digest, error));
        coffer_frame_watch watch = {add_to_digest, digest};
        COFFER_TRY(unframe(cas, blob, frame, &watch, &contents, error));
        COFFER_TRY(coffer_digest_hex(digest, found, error));
        COFFER_TRY(compare_keys(found, key, error));
        *out = TAKE_PTR(contents);
        return COFFER_OK;
}

coffer_key_check coffer_cas_key_check(const coffer_cas *cas, const coffer_sidecar *sidecar)
{
        bool nothing_else = !sidecar->frame || !sidecar->is_there;
        if (cas->verify == COFFER_VERIFY_CRC)
                return COFFER_KEY_TRUSTED;
        return cas->verify == COFFER_VERIFY_KEY || nothing_else ? COFFER_KEY_CHECKED : COFFER_KEY_CHECKED_IF_CHEAP;
}

static coffer_status load_as_told(const coffer_cas *cas, const char *key, const coffer_stored_blob *blob,
                                  const coffer_sidecar *sidecar, coffer_bytes **out, coffer_error *error)
{
        coffer_bytes *contents _cleanup_bytes_ = NULL;
        coffer_key_check check = coffer_cas_key_check(cas, sidecar);

        if (check == COFFER_KEY_CHECKED)
                COFFER_TRY(unframe_proven(cas, key, blob, sidecar->frame, &contents, error));
        else
                COFFER_TRY(unframe(cas, blob, sidecar->frame, NULL, &contents, error));
        uint64_t size_bytes = coffer_bytes_size(contents);
        if (size_bytes == 0 && strcmp(key, COFFER_EMPTY_KEY) != 0)
                return coffer_error_set(error, COFFER_CORRUPT, "the contents are gone: the file is empty");
        if (check == COFFER_KEY_CHECKED_IF_CHEAP && size_bytes <= COFFER_CAS_CHEAP_BYTES)
                COFFER_TRY(check_key(contents, key, error));
        *out = TAKE_PTR(contents);
        return COFFER_OK;
}

/* The other way of reading than the sidecar's, if that gives the key. */
static coffer_status load_otherwise(const coffer_cas *cas, const char *key, const coffer_stored_blob *blob,
                                    const coffer_frame_class *told, const coffer_frame_class **frame,
                                    coffer_bytes **out)
{
        *frame = told ? NULL : coffer_frame_current();
        return unframe_proven(cas, key, blob, *frame, out, NULL);
}

coffer_status coffer_cas_decode(const coffer_cas *cas, const char *key, const coffer_stored_blob *blob,
                                const coffer_sidecar *sidecar, coffer_bytes **out, bool *raw, coffer_error *error)
{
        const coffer_frame_class *frame = sidecar->frame;
        coffer_status status = load_as_told(cas, key, blob, sidecar, out, error);

        if (status == COFFER_CORRUPT && load_otherwise(cas, key, blob, sidecar->frame, &frame, out) == COFFER_OK)
                status = COFFER_OK;
        if (status == COFFER_OK && raw)
                *raw = !frame;
        return status;
}

/* Small contents that give the key need nothing to say how they are stored. COFFER_DECLINED: the sidecar must tell. */
static coffer_status load_proven(const coffer_cas *cas, const char *key, coffer_bytes **out, bool *raw,
                                 coffer_error *error)
{
        coffer_stored_blob blob _cleanup_(coffer_stored_blob_done) = {NULL, NULL, NULL};
        const coffer_frame_class *frame = coffer_frame_current();
        coffer_frame_sizes sizes;
        coffer_cursor stored;

        COFFER_TRY(coffer_cas_fetch_contents(cas, key, &blob, error));
        if (coffer_bytes_size(blob.bytes) == 0 || coffer_bytes_size(blob.bytes) > COFFER_CAS_CHEAP_BYTES)
                return COFFER_DECLINED; /* nothing is a raw blob and a frame */
        COFFER_TRY(coffer_bytes_contiguous(blob.bytes, &stored, error));
        if (frame->measure(stored, &sizes, NULL) != COFFER_OK)
                frame = NULL;
        else if (sizes.content_bytes > COFFER_CAS_CHEAP_BYTES)
                return COFFER_DECLINED;
        coffer_status status = unframe_proven(cas, key, &blob, frame, out, error);
        if (status == COFFER_OK && raw)
                *raw = !frame;
        return status == COFFER_CORRUPT || status == COFFER_LIMIT ? COFFER_DECLINED : status;
}

/* Reads all of a stream that should give so many bytes. COFFER_DECLINED when it gives more. */
static coffer_status read_whole(coffer_stream *stream, size_t size_bytes, coffer_bytes **out, coffer_error *error)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        uint8_t *contents _cleanup_free_ = coffer_alloc(size_bytes);
        size_t got_bytes = 0, more_bytes = 0;
        uint8_t more;

        if (!contents)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read a blob of %zu bytes", size_bytes);
        coffer_pages_expect_fill(contents, size_bytes);
        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(stream->read(stream, contents, size_bytes, &got_bytes, error));
        if (got_bytes == size_bytes)
                COFFER_TRY(stream->read(stream, &more, 1, &more_bytes, error));
        if (more_bytes > 0)
                return COFFER_DECLINED;
        COFFER_TRY(coffer_bytes_append_take(bytes, contents, got_bytes, error));
        contents = NULL;
        *out = TAKE_PTR(bytes);
        return COFFER_OK;
}

/* One member that is not hashed meanwhile is inflated faster from memory, which a mapped file takes up as well. */
static bool streams_well(const coffer_cas *cas, const coffer_frame_sizes *sizes, uint64_t stored_bytes,
                         coffer_key_check check)
{
        bool pays = sizes->is_exact || check == COFFER_KEY_CHECKED || stored_bytes > MAX_MAPPED_BYTES;
        return pays && sizes->content_bytes > 0 && sizes->content_bytes <= cas->max_blob_bytes &&
               sizes->content_bytes < SIZE_MAX;
}

/* COFFER_DECLINED for what must be read from memory, and for what is damaged: there the faults are told. */
static coffer_status load_streamed(const coffer_cas *cas, const char *key, const char *path,
                                   const coffer_sidecar *sidecar, coffer_bytes **out, coffer_error *error)
{
        coffer_key_check check = coffer_cas_key_check(cas, sidecar);
        coffer_stream *stream _cleanup_stream_ = NULL;
        coffer_blob_source source;
        coffer_frame_sizes sizes;

        COFFER_TRY(coffer_blob_source_open(cas, path, &source, NULL, error));
        coffer_status status = sidecar->frame->expect(source.random, &sizes, error);
        if (status == COFFER_OK && !streams_well(cas, &sizes, source.random->size_bytes, check))
                status = COFFER_DECLINED;
        if (status == COFFER_OK)
                status = coffer_blob_stream_open(cas, key, path, sidecar->frame, cas->max_blob_bytes, check, &source,
                                                 &stream, error);
        if (status != COFFER_OK) {
                coffer_blob_source_close(&source);
                return status;
        }
        status = read_whole(stream, (size_t)sizes.content_bytes, out, error);
        return status == COFFER_CORRUPT || status == COFFER_LIMIT ? COFFER_DECLINED : status;
}

static coffer_status load_by_sidecar(const coffer_cas *cas, const char *key, coffer_bytes **out, bool *raw,
                                     coffer_error *error)
{
        coffer_stored_blob blob _cleanup_(coffer_stored_blob_done) = {NULL, NULL, NULL};
        coffer_error cause = COFFER_ERROR_INIT;
        coffer_status status = COFFER_DECLINED;
        coffer_sidecar sidecar;

        COFFER_TRY(coffer_cas_fetch(cas, key, &blob, error));
        COFFER_TRY(coffer_sidecar_parse(blob.metadata_json, blob.path, &sidecar, error));
        bool is_large = coffer_bytes_size(blob.bytes) > COFFER_PART_MAX_BYTES;
        if (is_large && sidecar.frame && cas->storage->class_->open_random)
                status = load_streamed(cas, key, blob.path, &sidecar, out, error);
        if (status == COFFER_OK && raw)
                *raw = false;
        if (status != COFFER_DECLINED)
                return status;
        if (coffer_cas_decode(cas, key, &blob, &sidecar, out, raw, &cause) != COFFER_OK)
                return coffer_cas_blame(cas, key, blob.path, &cause, error);
        return COFFER_OK;
}

coffer_status coffer_cas_load(coffer_cas *cas, const char *key, coffer_bytes **out, bool *raw, coffer_error *error)
{
        coffer_status status = COFFER_DECLINED;
        if (cas->verify != COFFER_VERIFY_CRC)
                status = load_proven(cas, key, out, raw, error);
        return status == COFFER_DECLINED ? load_by_sidecar(cas, key, out, raw, error) : status;
}
