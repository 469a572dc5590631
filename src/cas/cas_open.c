/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs as streams. */
#include <string.h>

#include "cas/cas_internal.h"
#include "cas/raw.h"
#include "util/cursor.h"
#include "util/digest.h"

/* ---- sources ---- */

coffer_status coffer_blob_source_open(const coffer_cas *cas, const char *path, coffer_blob_source *out, char **metadata,
                                      coffer_error *error)
{
        const coffer_storage_class *class_ = cas->storage->class_;
        *out = (coffer_blob_source){NULL, NULL};
        return class_->open_random ? class_->open_random(cas->storage, path, &out->random, metadata, error)
                                   : class_->open(cas->storage, path, &out->stream, metadata, error);
}

void coffer_blob_source_close(coffer_blob_source *source)
{
        if (source->random)
                source->random->close(source->random);
        if (source->stream)
                source->stream->close(source->stream);
        *source = (coffer_blob_source){NULL, NULL};
}

/* ---- streams ---- */

typedef enum blob_stream_state { READING, ENDED, FAILED } blob_stream_state;

typedef struct blob_stream {
        coffer_stream base;
        const coffer_cas *cas;
        coffer_stream *contents;
        coffer_digest *digest; /* NULL: the key is trusted */
        bool digests_itself;   /* else the contents are put into the digest where they are made */
        blob_stream_state state;
        uint64_t read_bytes;
        coffer_key key;
        char path[]; /* for messages */
} blob_stream;

static coffer_status check_end(blob_stream *self, coffer_error *error)
{
        char found[COFFER_DIGEST_MAX_HEX];

        self->state = ENDED;
        if (self->read_bytes == 0 && strcmp(self->key.text, COFFER_EMPTY_KEY) != 0)
                return coffer_error_set(error, COFFER_CORRUPT, "the contents are gone: the file is empty");
        if (!self->digest)
                return COFFER_OK;
        COFFER_TRY(coffer_digest_hex(self->digest, found, error));
        if (strcmp(found, self->key.text) != 0)
                return coffer_error_set(error, COFFER_CORRUPT, "the contents have the key %s", found);
        return COFFER_OK;
}

static coffer_status add_to_digest(void *digest, coffer_cursor contents, coffer_error *error)
{
        return coffer_digest_update(digest, contents, error);
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
        self->read_bytes += *got_bytes;
        return self->digests_itself ? add_to_digest(self->digest, coffer_cursor_of(buffer, *got_bytes), error)
                                    : COFFER_OK;
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
        self->contents->close(self->contents);
        coffer_digest_free(self->digest);
        coffer_free(self);
}

/* ---- opening ---- */

static coffer_status key_is_due(coffer_key_check check, const coffer_frame_class *frame,
                                const coffer_blob_source *source, bool *due, coffer_error *error)
{
        coffer_frame_sizes sizes = {0, false};

        if (check == COFFER_KEY_CHECKED_IF_CHEAP && source->random && frame)
                COFFER_TRY(frame->expect(source->random, &sizes, error));
        *due = check == COFFER_KEY_CHECKED ||
               (check == COFFER_KEY_CHECKED_IF_CHEAP && sizes.content_bytes <= COFFER_CAS_CHEAP_BYTES);
        return COFFER_OK;
}

/* Owns the source on success. */
static coffer_status open_contents(blob_stream *self, const coffer_frame_class *frame, uint64_t max_bytes,
                                   const coffer_blob_source *source, coffer_error *error)
{
        coffer_frame_watch watch = {add_to_digest, self->digest};
        const coffer_frame_watch *watching = self->digest ? &watch : NULL;

        self->digests_itself = self->digest && source->stream;
        if (source->random)
                return frame ? frame->open_random(source->random, max_bytes, watching, &self->contents, error)
                             : coffer_raw_open_random(source->random, watching, &self->contents, error);
        if (frame)
                return frame->open(source->stream, max_bytes, &self->contents, error);
        self->contents = source->stream;
        return COFFER_OK;
}

coffer_status coffer_blob_stream_open(const coffer_cas *cas, const char *key, const char *path,
                                      const coffer_frame_class *frame, uint64_t max_bytes, coffer_key_check check,
                                      const coffer_blob_source *source, coffer_stream **out, coffer_error *error)
{
        coffer_digest *digest _cleanup_digest_ = NULL;
        size_t path_bytes = strlen(path) + 1;
        bool due;

        COFFER_TRY(key_is_due(check, frame, source, &due, error));
        if (due)
                COFFER_TRY(coffer_digest_new(COFFER_SHA1, &digest, error));
        blob_stream *self _cleanup_free_ = coffer_alloc_zeroed(1, sizeof(*self) + path_bytes);
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read blob %s", key);
        self->base = (coffer_stream){blob_stream_read, blob_stream_close};
        self->cas = cas;
        self->digest = digest;
        memcpy(self->key.text, key, sizeof(self->key.text));
        memcpy(self->path, path, path_bytes);
        COFFER_TRY(open_contents(self, frame, max_bytes, source, error));
        digest = NULL;
        *out = &TAKE_PTR(self)->base;
        return COFFER_OK;
}

static coffer_status open_as_told(coffer_cas *cas, const char *key, bool proving, coffer_stream **out,
                                  coffer_error *error)
{
        char *path _cleanup_free_ = NULL, *metadata _cleanup_free_ = NULL;
        coffer_blob_source source;
        coffer_sidecar sidecar;

        COFFER_TRY(coffer_cas_path(cas, key, &path, error));
        coffer_status status = coffer_blob_source_open(cas, path, &source, &metadata, error);
        if (status == COFFER_NOT_FOUND)
                return coffer_cas_missing(cas, key, path, error);
        if (status != COFFER_OK)
                return status;
        status = coffer_sidecar_parse(metadata, path, &sidecar, error);
        if (status == COFFER_OK) {
                coffer_key_check check = proving ? COFFER_KEY_CHECKED : coffer_cas_key_check(cas, &sidecar);
                status = coffer_blob_stream_open(cas, key, path, sidecar.frame, cas->max_blob_bytes, check, &source,
                                                 out, error);
        }
        if (status != COFFER_OK)
                coffer_blob_source_close(&source);
        return status;
}

coffer_status coffer_cas_open(coffer_cas *cas, const char *key, coffer_stream **out, coffer_error *error)
{
        return open_as_told(cas, key, false, out, error);
}

coffer_status coffer_cas_open_proving(coffer_cas *cas, const char *key, coffer_stream **out, coffer_error *error)
{
        return open_as_told(cas, key, true, out, error);
}
