/* SPDX-License-Identifier: Apache-2.0 */
/* Saving blobs: what is there already is looked at before it is trusted. */
#include <stdatomic.h>
#include <string.h>

#include "cas/cas_internal.h"
#include "cas/pieces.h"
#include "util/cursor.h"
#include "util/digest.h"
#include "util/fs.h"
#include "util/pool.h"

/* Up to here the contents of a file are looked at even where the sizes in it are right. */
#define LOOK_BYTES ((uint64_t)256 << 10)

enum { MAX_ROUNDS = 8, PIECE_BYTES = 1 << 20 };

/* From here on contents are written while they are still being hashed. */
#define AHEAD_BYTES ((uint64_t)1 << 20)

/* What is to be done about a blob. */
typedef enum verdict { WRITE, KEEP, MEND_AS_RAW, MEND_AS_FRAMED, REPLACE } verdict;

/* One blob on its way into the store. */
typedef struct saving {
        coffer_cas *cas;
        const coffer_bytes *contents;
        bool raw;
        coffer_progress_fn progress; /* NULL: nobody wants to know */
        void *progress_user;
        coffer_key key; /* once hashed */
} saving;

/* ---- looking at what is there ---- */

static coffer_status holds_key(const coffer_bytes *contents, const char *key, bool *holds, coffer_error *error)
{
        char found[COFFER_DIGEST_MAX_HEX];
        COFFER_TRY(coffer_digest_bytes(COFFER_SHA1, contents, found, error));
        *holds = strcmp(found, key) == 0;
        return COFFER_OK;
}

static coffer_status holds_framed(const saving *blob, coffer_cursor stored, bool *holds, coffer_error *error)
{
        const coffer_frame_class *frame = coffer_frame_current();
        uint64_t size_bytes = coffer_bytes_size(blob->contents);
        coffer_bytes *found _cleanup_bytes_ = NULL;
        coffer_frame_sizes sizes;

        *holds = false;
        if (frame->measure(stored, &sizes, NULL) != COFFER_OK)
                return COFFER_OK;
        bool fits = sizes.content_bytes == (sizes.is_exact ? size_bytes : size_bytes % ((uint64_t)1 << 32));
        bool must_look = sizes.is_exact ? size_bytes <= LOOK_BYTES : stored.size_bytes <= COFFER_CAS_CHEAP_BYTES;
        if (!must_look || (sizes.is_exact && !fits)) {
                *holds = fits;
                return COFFER_OK;
        }
        coffer_status status = frame->read(stored, blob->cas->max_blob_bytes, NULL, &found, error);
        if (status == COFFER_CORRUPT || status == COFFER_LIMIT)
                return COFFER_OK;
        return status == COFFER_OK ? holds_key(found, blob->key.text, holds, error) : status;
}

static coffer_status holds_raw(const saving *blob, const coffer_bytes *stored, bool in_doubt, bool *holds,
                               coffer_error *error)
{
        *holds = coffer_bytes_size(stored) == coffer_bytes_size(blob->contents);
        if (!*holds || (!in_doubt && coffer_bytes_size(stored) > LOOK_BYTES))
                return COFFER_OK;
        return holds_key(stored, blob->key.text, holds, error);
}

static coffer_status judge(const saving *blob, const coffer_stored_blob *there, verdict *out, coffer_error *error)
{
        coffer_sidecar sidecar = {false, coffer_frame_current()};
        bool is_raw = false, is_framed;
        coffer_cursor stored;

        coffer_status status = coffer_sidecar_parse(there->metadata_json, there->path, &sidecar, error);
        *out = KEEP;
        if (status == COFFER_UNSUPPORTED) /* of a later version, which knows what it did */
                return COFFER_OK;
        if (status != COFFER_OK && status != COFFER_MALFORMED)
                return status;
        COFFER_TRY(coffer_bytes_contiguous(there->bytes, &stored, error));
        if (!sidecar.frame)
                COFFER_TRY(holds_raw(blob, there->bytes, false, &is_raw, error));
        if (is_raw)
                return COFFER_OK;
        COFFER_TRY(holds_framed(blob, stored, &is_framed, error));
        if (sidecar.frame && !is_framed)
                COFFER_TRY(holds_raw(blob, there->bytes, true, &is_raw, error));
        if (is_framed)
                *out = sidecar.is_there && sidecar.frame ? KEEP : MEND_AS_FRAMED;
        else
                *out = is_raw ? MEND_AS_RAW : REPLACE;
        return COFFER_OK;
}

/* ---- writing ---- */

/* Hashing a blob, and then looking whether it is there, while it is being written. */
typedef struct hashing {
        coffer_job job;
        saving *blob;
        char *path;
        verdict answer;
        coffer_status status;
        coffer_error error;
        atomic_bool is_there; /* what is being written is not needed */
} hashing;

typedef struct storage_sink {
        coffer_storage *storage;
        coffer_storage_writer *writer;
        hashing *hashing; /* NULL: nobody is hashing what is written */
} storage_sink;

static coffer_status sink_write(void *user, const coffer_cursor *parts, size_t count, coffer_error *error)
{
        storage_sink *sink = user;
        if (sink->hashing) {
                if (!coffer_pool_has_begun(&sink->hashing->job)) /* nobody helps */
                        coffer_pool_finish(&sink->hashing->job);
                if (atomic_load(&sink->hashing->is_there))
                        return coffer_error_set(error, COFFER_DECLINED, "the blob is there already");
        }
        return sink->storage->class_->write(sink->writer, parts, count, error);
}

static coffer_status tell(void *user, uint64_t done_bytes, coffer_error *error)
{
        const saving *blob = user;
        if (blob->progress && !blob->progress(blob->progress_user, done_bytes, coffer_bytes_size(blob->contents)))
                return coffer_error_set(error, COFFER_DECLINED, "the saving was stopped");
        return COFFER_OK;
}

static coffer_status write_raw(saving *blob, const coffer_frame_watch *watch, storage_sink *target, coffer_error *error)
{
        uint8_t *room _cleanup_free_ = NULL;
        coffer_pieces pieces = {.contents = blob->contents};
        uint64_t size_bytes = coffer_bytes_size(blob->contents), piece_bytes;

        for (uint64_t position = 0; position < size_bytes; position += piece_bytes) {
                coffer_cursor piece;
                piece_bytes = size_bytes - position < PIECE_BYTES ? size_bytes - position : PIECE_BYTES;
                COFFER_TRY(
                        coffer_pieces_take(&pieces, position, (size_t)piece_bytes, &room, PIECE_BYTES, &piece, error));
                if (watch)
                        COFFER_TRY(watch->take(watch->user, piece, error));
                COFFER_TRY(sink_write(target, &piece, 1, error));
                COFFER_TRY(tell(blob, position + piece_bytes, error));
        }
        return COFFER_OK;
}

/* `watch` (NULL: nobody) sees what is written. */
static coffer_status write_contents(saving *blob, const coffer_frame_watch *watch, storage_sink *target,
                                    coffer_error *error)
{
        coffer_frame_sink sink = {sink_write, target};
        coffer_frame_manner manner = {.compress = blob->cas->compress,
                                      .watch = watch,
                                      .tell = blob->progress ? tell : NULL,
                                      .tell_user = blob};
        return blob->raw ? write_raw(blob, watch, target, error)
                         : coffer_frame_current()->write(blob->contents, &manner, &sink, error);
}

static coffer_status publish(const saving *blob, const storage_sink *target, const char *path, bool overwrite,
                             coffer_error *error)
{
        return target->storage->class_->commit(target->writer, path, coffer_sidecar_text(blob->raw), overwrite,
                                               blob->raw, error);
}

static coffer_status store(saving *blob, const char *path, bool overwrite, coffer_error *error)
{
        const coffer_storage_class *class_ = blob->cas->storage->class_;
        storage_sink target = {.storage = blob->cas->storage};

        COFFER_TRY(class_->begin(blob->cas->storage, path, &target.writer, error));
        coffer_status status = write_contents(blob, NULL, &target, error);
        if (status == COFFER_OK)
                return publish(blob, &target, NULL, overwrite, error);
        class_->abort(target.writer);
        return status;
}

/* ---- finding out ---- */

static coffer_status find_key(saving *blob, coffer_error *error)
{
        char text[COFFER_DIGEST_MAX_HEX];

        COFFER_TRY(coffer_digest_bytes(COFFER_SHA1, blob->contents, text, error));
        memcpy(blob->key.text, text, sizeof(blob->key.text));
        return COFFER_OK;
}

static bool must_be_written(verdict answer)
{
        return answer == WRITE || answer == REPLACE;
}

/* `*path` is for coffer_free, also after failure. */
static coffer_status look(const saving *blob, char **path, verdict *out, coffer_error *error)
{
        coffer_stored_blob found _cleanup_(coffer_stored_blob_done) = {NULL, NULL, NULL};

        *out = WRITE;
        coffer_status status = coffer_cas_fetch(blob->cas, blob->key.text, &found, error);
        if (status == COFFER_OK)
                status = judge(blob, &found, out, error);
        else if (status == COFFER_NOT_FOUND)
                status = COFFER_OK;
        *path = TAKE_PTR(found.path);
        return status;
}

/* The blob need not be written. COFFER_NOT_FOUND: another one has removed it meanwhile. */
static coffer_status keep(const saving *blob, const char *path, verdict answer, coffer_error *error)
{
        coffer_storage *storage = blob->cas->storage;
        if (answer != KEEP)
                COFFER_TRY(storage->class_->put_metadata(storage, path, coffer_sidecar_text(answer == MEND_AS_RAW),
                                                         error));
        return storage->class_->require(storage, path, error);
}

/* ---- contents that stay as they are ---- */

/* One look and what follows from it. COFFER_CONFLICT or COFFER_NOT_FOUND: another one has put or removed the blob
 * meanwhile. */
static coffer_status save_round(saving *blob, coffer_error *error)
{
        char *path _cleanup_free_ = NULL;
        verdict answer;

        COFFER_TRY(look(blob, &path, &answer, error));
        return must_be_written(answer) ? store(blob, path, answer == REPLACE, error) : keep(blob, path, answer, error);
}

static void hash_and_look(coffer_job *job)
{
        hashing *self = (hashing *)job;
        self->status = find_key(self->blob, &self->error);
        if (self->status == COFFER_OK)
                self->status = look(self->blob, &self->path, &self->answer, &self->error);
        atomic_store(&self->is_there, self->status == COFFER_OK && !must_be_written(self->answer));
}

/* Begins to write to where no key is needed yet. */
static coffer_status begin_ahead(const saving *blob, storage_sink *target, coffer_error *error)
{
        char *place _cleanup_free_ = NULL;
        COFFER_TRY(coffer_path_join(blob->cas->prefix, "ahead", &place, error));
        return target->storage->class_->begin(target->storage, place, &target->writer, error);
}

/* Decides about what was written ahead, with `status`; owns the writer. */
static coffer_status settle(saving *blob, const hashing *found, storage_sink *target, coffer_status status,
                            coffer_error *error)
{
        if (found->status != COFFER_OK) {
                status = found->status;
                if (error)
                        *error = found->error;
        } else if (!must_be_written(found->answer)) {
                status = keep(blob, found->path, found->answer, error);
        } else if (status == COFFER_OK) {
                return publish(blob, target, found->path, found->answer == REPLACE, error);
        }
        target->storage->class_->abort(target->writer);
        return status;
}

/* The first round of a large blob: one thread hashes it while others write it. */
static coffer_status save_ahead(saving *blob, coffer_error *error)
{
        hashing found = {.blob = blob, .error = COFFER_ERROR_INIT};
        storage_sink target = {.storage = blob->cas->storage, .hashing = &found};

        COFFER_TRY(begin_ahead(blob, &target, error));
        coffer_pool_submit(&found.job, hash_and_look);
        coffer_status status = write_contents(blob, NULL, &target, error);
        coffer_pool_finish(&found.job);
        status = settle(blob, &found, &target, status, error);
        coffer_free(found.path);
        return status;
}

static coffer_status save_stable(saving *blob, coffer_error *error)
{
        bool is_large = coffer_bytes_size(blob->contents) > AHEAD_BYTES && coffer_pool_width() > 1;

        coffer_status status = is_large ? save_ahead(blob, error) : find_key(blob, error);
        if (status == COFFER_OK && !is_large)
                status = COFFER_CONFLICT; /* not looked yet */
        for (int round = 0; round < MAX_ROUNDS && (status == COFFER_CONFLICT || status == COFFER_NOT_FOUND); round++)
                status = save_round(blob, error);
        return status;
}

/* ---- contents that others may write to ---- */

static coffer_status add_to_digest(void *digest, coffer_cursor contents, coffer_error *error)
{
        return coffer_digest_update(digest, contents, error);
}

/* Writes, and gets the key of what was written. */
static coffer_status write_hashed(saving *blob, storage_sink *target, coffer_error *error)
{
        coffer_digest *digest _cleanup_digest_ = NULL;
        char text[COFFER_DIGEST_MAX_HEX];

        COFFER_TRY(coffer_digest_new(COFFER_SHA1, &digest, error));
        COFFER_TRY(write_contents(blob, &(coffer_frame_watch){add_to_digest, digest}, target, error));
        COFFER_TRY(coffer_digest_hex(digest, text, error));
        memcpy(blob->key.text, text, sizeof(blob->key.text));
        return COFFER_OK;
}

static coffer_status save_hashed(saving *blob, coffer_error *error)
{
        hashing found = {.blob = blob, .error = COFFER_ERROR_INIT};
        storage_sink target = {.storage = blob->cas->storage};

        COFFER_TRY(begin_ahead(blob, &target, error));
        found.status = write_hashed(blob, &target, &found.error);
        if (found.status == COFFER_OK)
                found.status = look(blob, &found.path, &found.answer, &found.error);
        coffer_status status = settle(blob, &found, &target, COFFER_OK, error);
        coffer_free(found.path);
        return status;
}

/* Each piece is copied once, and the copy is what is hashed and written: whatever others do, the key is that of what is
 * in the file. */
static coffer_status save_unstable(saving *blob, coffer_error *error)
{
        coffer_bytes *copy _cleanup_bytes_ = NULL;
        coffer_status status = COFFER_CONFLICT;

        if (coffer_bytes_size(blob->contents) <= AHEAD_BYTES) {
                COFFER_TRY(coffer_pieces_copy(blob->contents, &copy, error));
                blob->contents = copy;
                return save_stable(blob, error);
        }
        for (int round = 0; round <= MAX_ROUNDS && (status == COFFER_CONFLICT || status == COFFER_NOT_FOUND); round++)
                status = save_hashed(blob, error);
        return status;
}

/* ---- both ---- */

coffer_status coffer_cas_save_telling(coffer_cas *cas, const coffer_bytes *bytes, bool raw, coffer_progress_fn progress,
                                      void *progress_user, coffer_key *key, coffer_error *error)
{
        saving blob = {.cas = cas, .contents = bytes, .raw = raw, .progress = progress, .progress_user = progress_user};

        COFFER_TRY(coffer_bytes_is_unstable(bytes) ? save_unstable(&blob, error) : save_stable(&blob, error));
        *key = blob.key;
        if (progress) /* too late to stop anything */
                progress(progress_user, coffer_bytes_size(bytes), coffer_bytes_size(bytes));
        return COFFER_OK;
}

coffer_status coffer_cas_save(coffer_cas *cas, const coffer_bytes *bytes, bool raw, coffer_key *key,
                              coffer_error *error)
{
        return coffer_cas_save_telling(cas, bytes, raw, NULL, NULL, key, error);
}
