/* SPDX-License-Identifier: Apache-2.0 */
/* Saving blobs: what is there already is looked at before it is trusted. */
#include <stdatomic.h>
#include <string.h>

#include "cas/cas_internal.h"
#include "cas/deflate.h"
#include "util/cursor.h"
#include "util/digest.h"
#include "util/fs.h"
#include "util/pool.h"

/* Up to here contents are compared even where the sizes in the file are right. */
#define COMPARE_BYTES ((uint64_t)256 << 10)

enum { MAX_ROUNDS = 8 };

/* From here on contents are written while they are still being hashed. */
#define AHEAD_BYTES ((uint64_t)1 << 20)

/* What is to be done about a blob. */
typedef enum verdict { WRITE, KEEP, MEND_AS_RAW, MEND_AS_FRAMED, REPLACE } verdict;

/* ---- looking at what is there ---- */

static coffer_status holds_framed(const coffer_cas *cas, coffer_cursor stored, const coffer_bytes *contents,
                                  bool *holds, coffer_error *error)
{
        const coffer_frame_class *frame = coffer_frame_current();
        uint64_t size_bytes = coffer_bytes_size(contents);
        coffer_bytes *found _cleanup_bytes_ = NULL;
        coffer_frame_sizes sizes;
        coffer_cursor bytes;

        *holds = false;
        if (frame->measure(stored, &sizes, NULL) != COFFER_OK)
                return COFFER_OK;
        bool fits = sizes.content_bytes == (sizes.is_exact ? size_bytes : size_bytes % ((uint64_t)1 << 32));
        bool must_compare = sizes.is_exact ? size_bytes <= COMPARE_BYTES : stored.size_bytes <= COFFER_CAS_CHEAP_BYTES;
        if (!must_compare || (sizes.is_exact && !fits)) {
                *holds = fits;
                return COFFER_OK;
        }
        coffer_status status = frame->read(stored, cas->max_blob_bytes, NULL, &found, error);
        if (status == COFFER_CORRUPT || status == COFFER_LIMIT)
                return COFFER_OK;
        if (status == COFFER_OK)
                status = coffer_bytes_contiguous(found, &bytes, error);
        if (status == COFFER_OK)
                *holds = coffer_bytes_equal(contents, bytes);
        return status;
}

static bool holds_raw(coffer_cursor stored, const coffer_bytes *contents, bool in_doubt)
{
        if (stored.size_bytes != coffer_bytes_size(contents))
                return false;
        return (!in_doubt && stored.size_bytes > COMPARE_BYTES) || coffer_bytes_equal(contents, stored);
}

static coffer_status judge(const coffer_cas *cas, const coffer_stored_blob *blob, const coffer_bytes *contents,
                           verdict *out, coffer_error *error)
{
        coffer_sidecar sidecar = {false, coffer_frame_current()};
        coffer_cursor stored;
        bool is_framed;

        coffer_status status = coffer_sidecar_parse(blob->metadata_json, blob->path, &sidecar, error);
        *out = KEEP;
        if (status == COFFER_UNSUPPORTED) /* of a later version, which knows what it did */
                return COFFER_OK;
        if (status != COFFER_OK && status != COFFER_MALFORMED)
                return status;
        COFFER_TRY(coffer_bytes_contiguous(blob->bytes, &stored, error));
        if (!sidecar.frame && holds_raw(stored, contents, false))
                return COFFER_OK;
        COFFER_TRY(holds_framed(cas, stored, contents, &is_framed, error));
        if (is_framed)
                *out = sidecar.is_there && sidecar.frame ? KEEP : MEND_AS_FRAMED;
        else
                *out = sidecar.frame && holds_raw(stored, contents, true) ? MEND_AS_RAW : REPLACE;
        return COFFER_OK;
}

/* ---- writing ---- */

/* One blob on its way into the store. */
typedef struct saving {
        coffer_cas *cas;
        const coffer_bytes *contents;
        bool raw;
        coffer_key key;
        uint32_t crc;     /* of the contents that have the key; known when they are unstable */
        bool has_changed; /* other contents were about to be written */
} saving;

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
        uint32_t crc;
        hashing *hashing; /* NULL: the blob is known not to be there */
} storage_sink;

static coffer_status sink_write(void *user, coffer_cursor data, coffer_error *error)
{
        storage_sink *sink = user;
        if (sink->hashing) {
                if (!coffer_pool_has_begun(&sink->hashing->job)) /* nobody helps */
                        coffer_pool_finish(&sink->hashing->job);
                if (atomic_load(&sink->hashing->is_there))
                        return coffer_error_set(error, COFFER_DECLINED, "the blob is there already");
        }
        return sink->storage->class_->write(sink->writer, data, error);
}

static coffer_status sink_write_piece(void *user, coffer_cursor piece, coffer_error *error)
{
        storage_sink *sink = user;
        sink->crc = coffer_deflate_for(COFFER_DEFLATE_CRC)->crc(sink->crc, piece);
        return sink_write(user, piece, error);
}

static coffer_status write_contents(const saving *blob, storage_sink *target, coffer_error *error)
{
        coffer_frame_sink sink = {sink_write, target, &target->crc};
        if (!blob->raw)
                return coffer_frame_current()->write(blob->contents, &sink, error);
        if (coffer_bytes_is_unstable(blob->contents))
                return coffer_unstable_each(blob->contents, sink_write_piece, target, error);
        for (size_t i = 0; i < coffer_bytes_segment_count(blob->contents); i++)
                COFFER_TRY(sink_write(target, coffer_bytes_segment(blob->contents, i), error));
        return COFFER_OK;
}

/* What was written must be what has the key. */
static coffer_status check_unchanged(saving *blob, const storage_sink *target, coffer_error *error)
{
        blob->has_changed = coffer_bytes_is_unstable(blob->contents) && target->crc != blob->crc;
        if (blob->has_changed)
                return coffer_error_set(error, COFFER_STATE, "contents changed while they were saved");
        return COFFER_OK;
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
        coffer_status status = write_contents(blob, &target, error);
        if (status == COFFER_OK)
                status = check_unchanged(blob, &target, error);
        if (status == COFFER_OK)
                return publish(blob, &target, NULL, overwrite, error);
        class_->abort(target.writer);
        return status;
}

/* ---- saving ---- */

static coffer_status find_key(saving *blob, coffer_error *error)
{
        char text[COFFER_DIGEST_MAX_HEX];

        if (coffer_bytes_is_unstable(blob->contents))
                COFFER_TRY(coffer_unstable_digest(blob->contents, text, &blob->crc, error));
        else
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
                status = judge(blob->cas, &found, blob->contents, out, error);
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

/* Decides about what was written ahead, with `status`; owns the writer. */
static coffer_status settle(saving *blob, hashing *found, storage_sink *target, coffer_status status,
                            coffer_error *error)
{
        if (found->status != COFFER_OK) {
                status = found->status;
                if (error)
                        *error = found->error;
        } else if (!must_be_written(found->answer)) {
                status = keep(blob, found->path, found->answer, error);
        } else if (status == COFFER_OK) {
                status = check_unchanged(blob, target, error);
                if (status == COFFER_OK)
                        return publish(blob, target, found->path, found->answer == REPLACE, error);
        }
        target->storage->class_->abort(target->writer);
        return status;
}

/* The first round of a large blob: one thread hashes it while others write it to where no key is needed yet. */
static coffer_status save_ahead(saving *blob, coffer_error *error)
{
        char *place _cleanup_free_ = NULL;
        hashing found = {.blob = blob, .error = COFFER_ERROR_INIT};
        storage_sink target = {.storage = blob->cas->storage, .hashing = &found};

        COFFER_TRY(coffer_path_join(blob->cas->prefix, "ahead", &place, error));
        COFFER_TRY(target.storage->class_->begin(target.storage, place, &target.writer, error));
        coffer_pool_submit(&found.job, hash_and_look);
        coffer_status status = write_contents(blob, &target, error);
        coffer_pool_finish(&found.job);
        status = settle(blob, &found, &target, status, error);
        coffer_free(found.path);
        return status;
}

static coffer_status save(saving *blob, coffer_error *error)
{
        bool is_large = coffer_bytes_size(blob->contents) > AHEAD_BYTES && coffer_pool_width() > 1;

        coffer_status status = is_large ? save_ahead(blob, error) : find_key(blob, error);
        if (status == COFFER_OK && !is_large)
                status = COFFER_CONFLICT; /* not looked yet */
        for (int round = 0; round < MAX_ROUNDS && (status == COFFER_CONFLICT || status == COFFER_NOT_FOUND); round++)
                status = save_round(blob, error);
        return status;
}

coffer_status coffer_cas_save(coffer_cas *cas, const coffer_bytes *bytes, bool raw, coffer_key *key,
                              coffer_error *error)
{
        coffer_bytes *copy _cleanup_bytes_ = NULL;
        saving blob = {.cas = cas, .contents = bytes, .raw = raw};

        coffer_status status = save(&blob, error);
        if (blob.has_changed) {
                COFFER_TRY(coffer_unstable_copy(bytes, &copy, error));
                blob = (saving){.cas = cas, .contents = copy, .raw = raw};
                status = save(&blob, error);
        }
        if (status == COFFER_OK)
                *key = blob.key;
        return status;
}
