/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs as streams. */
#include <string.h>

#include "cas/cas_internal.h"
#include "util/cursor.h"
#include "util/digest.h"

typedef enum blob_stream_state { READING, ENDED, FAILED } blob_stream_state;

typedef struct blob_stream {
        coffer_stream base;
        const coffer_cas *cas;
        coffer_stream *contents;
        coffer_digest *digest;
        blob_stream_state state;
        coffer_key key;
        char path[]; /* for messages */
} blob_stream;

static coffer_status check_end(blob_stream *self, coffer_error *error)
{
        char found[COFFER_DIGEST_MAX_HEX];
        COFFER_TRY(coffer_digest_hex(self->digest, found, error));
        if (strcmp(found, self->key.text) != 0)
                return coffer_error_set(error, COFFER_CORRUPT, "the contents have the key %s", found);
        self->state = ENDED;
        return COFFER_OK;
}

static coffer_status read_some(blob_stream *self, void *buffer, size_t capacity_bytes, size_t *got_bytes,
                               coffer_error *error)
{
        *got_bytes = 0;
        if (self->state == ENDED)
                return COFFER_OK;
        COFFER_TRY(self->contents->read(self->contents, buffer, capacity_bytes, got_bytes, error));
        if (*got_bytes == 0)
                return check_end(self, error);
        return coffer_digest_update(self->digest, coffer_cursor_of(buffer, *got_bytes), error);
}

static coffer_status blob_stream_read(coffer_stream *stream, void *buffer, size_t capacity_bytes, size_t *got_bytes,
                                      coffer_error *error)
{
        blob_stream *self = (blob_stream *)stream;
        coffer_error cause = COFFER_ERROR_INIT;
        size_t count;

        if (self->state == FAILED)
                return coffer_error_set(error, COFFER_STATE, "the stream has failed before");
        if (capacity_bytes == 0)
                return coffer_error_set(error, COFFER_INVALID, "a stream cannot be read into no room");
        if (read_some(self, buffer, capacity_bytes, &count, &cause) != COFFER_OK) {
                self->state = FAILED;
                return coffer_cas_blame(self->cas, self->key.text, self->path, &cause, error);
        }
        *got_bytes = count;
        return COFFER_OK;
}

static void blob_stream_close(coffer_stream *stream)
{
        blob_stream *self = (blob_stream *)stream;
        if (self->contents)
                self->contents->close(self->contents);
        coffer_digest_free(self->digest);
        coffer_free(self);
}

coffer_status coffer_cas_wrap_stream(coffer_cas *cas, const char *key, const char *path,
                                     const coffer_frame_class *frame, uint64_t max_bytes, coffer_stream *stored,
                                     coffer_stream **out, coffer_error *error)
{
        coffer_digest *digest _cleanup_digest_ = NULL;
        size_t path_bytes = strlen(path) + 1;

        COFFER_TRY(coffer_digest_new(COFFER_SHA1, &digest, error));
        blob_stream *self _cleanup_free_ = coffer_alloc_zeroed(1, sizeof(*self) + path_bytes);
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read blob %s", key);
        self->contents = stored;
        if (frame)
                COFFER_TRY(frame->open(stored, max_bytes, &self->contents, error));
        self->base.read = blob_stream_read;
        self->base.close = blob_stream_close;
        self->cas = cas;
        self->digest = TAKE_PTR(digest);
        memcpy(self->key.text, key, sizeof(self->key.text));
        memcpy(self->path, path, path_bytes);
        *out = &TAKE_PTR(self)->base;
        return COFFER_OK;
}

coffer_status coffer_cas_open(coffer_cas *cas, const char *key, coffer_stream **out, coffer_error *error)
{
        char *path _cleanup_free_ = NULL, *metadata _cleanup_free_ = NULL;
        coffer_stream *stored = NULL;
        coffer_sidecar sidecar;

        COFFER_TRY(coffer_cas_path(cas, key, &path, error));
        coffer_status status = cas->storage->class_->open(cas->storage, path, &stored, &metadata, error);
        if (status == COFFER_NOT_FOUND)
                return coffer_cas_missing(cas, key, path, error);
        if (status != COFFER_OK)
                return status;
        status = coffer_sidecar_parse(metadata, path, &sidecar, error);
        if (status == COFFER_OK)
                status = coffer_cas_wrap_stream(cas, key, path, sidecar.frame, cas->max_blob_bytes, stored, out, error);
        if (status != COFFER_OK)
                stored->close(stored);
        return status;
}
