/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs whose files somebody else keeps. */
#include <string.h>

#include "cas/cas_internal.h"
#include "cas/pieces.h"
#include "util/buf.h"
#include "util/cursor.h"
#include "util/digest.h"
#include "util/fs.h"

COFFER_DEFINE_CLEANUP(coffer_cas *, coffer_cas_free);

static coffer_status append_stored(void *user, const coffer_cursor *parts, size_t count, coffer_error *error)
{
        for (size_t i = 0; i < count; i++)
                COFFER_TRY(coffer_buf_append_cursor(user, parts[i], error));
        return COFFER_OK;
}

/* `watch` (NULL: nobody) sees what is framed. */
static coffer_status frame_contents(const coffer_bytes *contents, const coffer_frame_watch *watch, coffer_bytes **out,
                                    coffer_error *error)
{
        coffer_buf stored _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX / 2);
        coffer_bytes *framed _cleanup_bytes_ = NULL;
        coffer_frame_sink sink = {append_stored, &stored};
        coffer_frame_manner manner = {.compress = COFFER_COMPRESS_AUTO, .watch = watch};

        COFFER_TRY(coffer_compress_find(COFFER_COMPRESS_AUTO, &manner.compress, error));
        COFFER_TRY(coffer_bytes_new(&framed, error));
        COFFER_TRY(coffer_frame_current()->write(contents, &manner, &sink, error));
        COFFER_TRY(coffer_buf_take_into(&stored, framed, error));
        *out = TAKE_PTR(framed);
        return COFFER_OK;
}

static coffer_status add_to_digest(void *digest, coffer_cursor contents, coffer_error *error)
{
        return coffer_digest_update(digest, contents, error);
}

/* Frames, and gets the key of what was framed, whatever others write to the contents meanwhile. */
static coffer_status frame_hashed(const coffer_bytes *contents, coffer_packed_blob *out, coffer_error *error)
{
        coffer_digest *digest _cleanup_digest_ = NULL;
        coffer_bytes *stored _cleanup_bytes_ = NULL;
        char text[COFFER_DIGEST_MAX_HEX];

        COFFER_TRY(coffer_digest_new(COFFER_SHA1, &digest, error));
        COFFER_TRY(frame_contents(contents, &(coffer_frame_watch){add_to_digest, digest}, &stored, error));
        COFFER_TRY(coffer_digest_hex(digest, text, error));
        memcpy(out->key.text, text, sizeof(out->key.text));
        out->stored = TAKE_PTR(stored);
        return COFFER_OK;
}

static coffer_status pack_framed(const coffer_bytes *contents, const coffer_key *known, coffer_packed_blob *out,
                                 coffer_error *error)
{
        if (!known || coffer_bytes_is_unstable(contents))
                return frame_hashed(contents, out, error);
        out->key = *known;
        return frame_contents(contents, NULL, &out->stored, error);
}

static coffer_status pack_raw(const coffer_bytes *contents, const coffer_key *known, coffer_packed_blob *out,
                              coffer_error *error)
{
        coffer_bytes *stable _cleanup_bytes_ = NULL;
        bool is_unstable = coffer_bytes_is_unstable(contents);

        if (is_unstable)
                COFFER_TRY(coffer_pieces_copy(contents, &stable, error));
        else
                stable = coffer_bytes_ref((coffer_bytes *)(uintptr_t)contents);
        if (known && !is_unstable)
                out->key = *known;
        else
                COFFER_TRY(coffer_cas_find_key(stable, &out->key, error));
        out->stored = TAKE_PTR(stable);
        return COFFER_OK;
}

coffer_status coffer_cas_find_key(const coffer_bytes *contents, coffer_key *out, coffer_error *error)
{
        char text[COFFER_DIGEST_MAX_HEX];
        COFFER_TRY(coffer_digest_bytes(COFFER_SHA1, contents, text, error));
        memcpy(out->text, text, sizeof(out->text));
        return COFFER_OK;
}

coffer_status coffer_cas_pack(const coffer_bytes *contents, bool raw, const coffer_key *known, coffer_packed_blob *out,
                              coffer_error *error)
{
        coffer_packed_blob packed = {.metadata_json = coffer_sidecar_text(raw)};

        COFFER_TRY(raw ? pack_raw(contents, known, &packed, error) : pack_framed(contents, known, &packed, error));
        *out = packed;
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

        COFFER_TRY(coffer_cas_check_key(key, error));
        COFFER_TRY(coffer_cas_new(NULL, "", options, &cas, error));
        COFFER_TRY(coffer_sidecar_parse(metadata_json, place, &sidecar, error));
        blob.bytes = coffer_bytes_ref(stored);
        if (coffer_cas_decode(cas, key, &blob, &sidecar, out, raw, &cause) == COFFER_OK)
                return COFFER_OK;
        return coffer_cas_blame(cas, key, place, &cause, error);
}

/* ---- unpacking while reading ---- */

typedef struct unpacking {
        coffer_stream base;
        coffer_cas *cas; /* which the contents refer to */
        coffer_stream *contents;
} unpacking;

static coffer_status unpacking_read(coffer_stream *stream, void *buffer, size_t capacity_bytes, size_t *got_bytes,
                                    coffer_error *error)
{
        unpacking *self = (unpacking *)stream;
        return self->contents->read(self->contents, buffer, capacity_bytes, got_bytes, error);
}

static void unpacking_close(coffer_stream *stream)
{
        unpacking *self = (unpacking *)stream;
        if (self->contents)
                self->contents->close(self->contents);
        coffer_cas_free(self->cas);
        coffer_free(self);
}

static coffer_status open_file(unpacking *self, const char *key, const char *place, const char *file,
                               const coffer_sidecar *sidecar, coffer_error *error)
{
        coffer_blob_source source = {NULL, NULL};
        coffer_key_check check = coffer_cas_key_check(self->cas, sidecar);

        COFFER_TRY(coffer_fs_open_random(file, &source.random, error));
        coffer_status status = coffer_blob_stream_open(self->cas, key, place, sidecar->frame, self->cas->max_blob_bytes,
                                                       check, &source, &self->contents, error);
        if (status != COFFER_OK)
                coffer_blob_source_close(&source);
        return status;
}

coffer_status coffer_cas_unpack_open(const coffer_cas_options *options, const char *key, const char *place,
                                     const char *file, const char *metadata_json, coffer_stream **out,
                                     coffer_error *error)
{
        coffer_stream *stream _cleanup_stream_ = NULL;
        coffer_sidecar sidecar;

        COFFER_TRY(coffer_cas_check_key(key, error));
        unpacking *self = coffer_alloc_zeroed(1, sizeof(*self));
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read blob %s", key);
        self->base = (coffer_stream){unpacking_read, unpacking_close};
        stream = &self->base;
        COFFER_TRY(coffer_cas_new(NULL, "", options, &self->cas, error));
        COFFER_TRY(coffer_sidecar_parse(metadata_json, place, &sidecar, error));
        COFFER_TRY(open_file(self, key, place, file, &sidecar, error));
        *out = TAKE_PTR(stream);
        return COFFER_OK;
}
