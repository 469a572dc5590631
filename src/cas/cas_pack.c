/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs whose files somebody else keeps. */
#include <string.h>

#include "cas/cas_internal.h"
#include "cas/pieces.h"
#include "util/buf.h"
#include "util/cursor.h"
#include "util/digest.h"

COFFER_DEFINE_CLEANUP(coffer_cas *, coffer_cas_free);

static coffer_status append_stored(void *user, const coffer_cursor *parts, size_t count, coffer_error *error)
{
        for (size_t i = 0; i < count; i++)
                COFFER_TRY(coffer_buf_append_cursor(user, parts[i], error));
        return COFFER_OK;
}

static coffer_status frame_contents(const coffer_bytes *contents, coffer_bytes **out, coffer_error *error)
{
        coffer_buf stored _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX / 2);
        coffer_bytes *framed _cleanup_bytes_ = NULL;
        coffer_frame_sink sink = {append_stored, &stored};
        coffer_frame_manner manner = {.compress = COFFER_COMPRESS_AUTO};

        COFFER_TRY(coffer_compress_find(COFFER_COMPRESS_AUTO, &manner.compress, error));
        COFFER_TRY(coffer_bytes_new(&framed, error));
        COFFER_TRY(coffer_frame_current()->write(contents, &manner, &sink, error));
        COFFER_TRY(coffer_buf_take_into(&stored, framed, error));
        *out = TAKE_PTR(framed);
        return COFFER_OK;
}

coffer_status coffer_cas_pack(const coffer_bytes *contents, bool raw, coffer_packed_blob *out, coffer_error *error)
{
        coffer_bytes *stable _cleanup_bytes_ = NULL, *stored _cleanup_bytes_ = NULL;
        char text[COFFER_DIGEST_MAX_HEX];

        if (coffer_bytes_is_unstable(contents))
                COFFER_TRY(coffer_pieces_copy(contents, &stable, error));
        else
                stable = coffer_bytes_ref((coffer_bytes *)(uintptr_t)contents);
        COFFER_TRY(coffer_digest_bytes(COFFER_SHA1, stable, text, error));
        if (raw)
                stored = coffer_bytes_ref(stable);
        else
                COFFER_TRY(frame_contents(stable, &stored, error));
        memcpy(out->key.text, text, sizeof(out->key.text));
        out->metadata_json = coffer_sidecar_text(raw);
        out->stored = TAKE_PTR(stored);
        return COFFER_OK;
}

coffer_status coffer_cas_unpack(const coffer_cas_options *options, const char *key, const char *place,
                                coffer_bytes *stored, const char *metadata_json, coffer_bytes **out, bool *raw,
                                coffer_error *error)
{
        coffer_stored_blob blob _cleanup_(coffer_stored_blob_done) = {NULL, NULL, NULL};
        coffer_cas *cas _cleanup_(coffer_cas_freep) = NULL;
        coffer_error cause = COFFER_ERROR_INIT;
        coffer_sidecar sidecar;

        if (!coffer_key_is_valid(key))
                return coffer_error_set(error, COFFER_INVALID, "'%.64s' is no key of a blob", key ? key : "");
        COFFER_TRY(coffer_cas_new(NULL, "", options, &cas, error));
        COFFER_TRY(coffer_sidecar_parse(metadata_json, place, &sidecar, error));
        blob.bytes = coffer_bytes_ref(stored);
        if (coffer_cas_decode(cas, key, &blob, &sidecar, out, raw, &cause) == COFFER_OK)
                return COFFER_OK;
        return coffer_error_set_at(error, cause.status, cause.offset, "blob %s in '%s': %s", key, place, cause.message);
}
