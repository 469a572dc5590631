/* SPDX-License-Identifier: Apache-2.0 */
/* Looking closely at blobs, mending them, and copying them to another store. */
#include <stdio.h>
#include <string.h>

#include "cas/cas_internal.h"
#include "util/buf.h"
#include "util/cursor.h"

enum {
        PIECE_BYTES = 256 << 10,
        MAX_SET_ASIDE = 1000, /* damaged blobs of one key */
};

/* ---- check ---- */

/* Reads a stream of contents to its end, where they are checked. */
static coffer_status drain(coffer_stream *stream, uint64_t *size_bytes, coffer_error *error)
{
        uint8_t *piece _cleanup_free_ = coffer_alloc(PIECE_BYTES);
        size_t got_bytes = 1;

        if (!piece)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to check a blob");
        for (*size_bytes = 0; got_bytes > 0; *size_bytes += got_bytes)
                COFFER_TRY(stream->read(stream, piece, PIECE_BYTES, &got_bytes, error));
        return COFFER_OK;
}

/* Reads the blob at `path` one way: COFFER_OK when that gives the key. */
static coffer_status try_reading(coffer_cas *cas, const char *key, const char *path, const coffer_frame_class *frame,
                                 uint64_t *size_bytes, coffer_error *error)
{
        coffer_blob_source source = {NULL, NULL};
        coffer_stream *contents = NULL;

        COFFER_TRY(coffer_blob_source_open(cas, path, &source, NULL, error));
        coffer_status status = coffer_blob_stream_open(cas, key, path, frame, UINT64_MAX, COFFER_KEY_CHECKED, &source,
                                                       &contents, error);
        if (status != COFFER_OK) {
                coffer_blob_source_close(&source);
                return status;
        }
        status = drain(contents, size_bytes, error);
        contents->close(contents);
        return status;
}

static coffer_status read_metadata(coffer_cas *cas, const char *path, char **metadata, coffer_error *error)
{
        coffer_stream *stored = NULL;
        COFFER_TRY(cas->storage->class_->open(cas->storage, path, &stored, metadata, error));
        stored->close(stored);
        return COFFER_OK;
}

/* Finds the way of reading that gives the key, the sidecar's first. COFFER_CORRUPT with the reason when there is none.
 */
static coffer_status find_reading(coffer_cas *cas, const char *key, const char *path, const coffer_frame_class **frame,
                                  uint64_t *size_bytes, coffer_error *reason)
{
        const coffer_frame_class *told = *frame;
        coffer_error ignored = COFFER_ERROR_INIT;

        coffer_status status = try_reading(cas, key, path, told, size_bytes, reason);
        if (status != COFFER_CORRUPT)
                return status;
        *frame = told ? NULL : coffer_frame_current();
        coffer_status otherwise = try_reading(cas, key, path, *frame, size_bytes, &ignored);
        return otherwise == COFFER_OK ? COFFER_OK : status;
}

static coffer_blob_health sidecar_health(coffer_status parsed, const coffer_sidecar *sidecar,
                                         const coffer_frame_class *found)
{
        if (parsed != COFFER_OK)
                return COFFER_BLOB_BAD_SIDECAR;
        if (!sidecar->is_there)
                return COFFER_BLOB_NO_SIDECAR;
        return sidecar->frame == found ? COFFER_BLOB_SOUND : COFFER_BLOB_BAD_SIDECAR;
}

static coffer_status conclude(coffer_blob_finding *out, coffer_blob_health health, const char *reason)
{
        out->health = health;
        if (reason)
                coffer_error_set(&out->reason, COFFER_CORRUPT, "%s", reason);
        return COFFER_OK;
}

coffer_status coffer_cas_examine(coffer_cas *cas, const char *key, coffer_blob_finding *out, coffer_error *error)
{
        char *path _cleanup_free_ = NULL, *metadata _cleanup_free_ = NULL;
        coffer_sidecar sidecar = {false, coffer_frame_current()};
        coffer_error reason = COFFER_ERROR_INIT, why_not_parsed = COFFER_ERROR_INIT;

        *out = (coffer_blob_finding){COFFER_BLOB_SOUND, false, 0, COFFER_ERROR_INIT};
        COFFER_TRY(coffer_cas_path(cas, key, &path, error));
        coffer_status status = read_metadata(cas, path, &metadata, error);
        if (status == COFFER_NOT_FOUND)
                return conclude(out, COFFER_BLOB_MISSING, "there is no such file");
        if (status != COFFER_OK)
                return status;
        coffer_status parsed = coffer_sidecar_parse(metadata, path, &sidecar, &why_not_parsed);
        if (parsed != COFFER_OK && parsed != COFFER_MALFORMED)
                return coffer_error_set(error, parsed, "%s", why_not_parsed.message);
        const coffer_frame_class *frame = sidecar.frame;
        status = find_reading(cas, key, path, &frame, &out->size_bytes, &reason);
        if (status == COFFER_CORRUPT)
                return conclude(out, COFFER_BLOB_DAMAGED, reason.message);
        if (status != COFFER_OK)
                return coffer_error_set(error, status, "%s", reason.message);
        out->is_raw = !frame;
        coffer_blob_health health = sidecar_health(parsed, &sidecar, frame);
        if (parsed != COFFER_OK)
                return conclude(out, health, why_not_parsed.message);
        if (health == COFFER_BLOB_NO_SIDECAR)
                return conclude(out, health, "the sidecar is missing");
        return conclude(out, health,
                        health == COFFER_BLOB_SOUND ? NULL : "the sidecar says raw for framed, or the reverse");
}

coffer_status coffer_cas_check(coffer_cas *cas, const char *key, coffer_blob_health *out, uint64_t *size_bytes,
                               char *reason, coffer_error *error)
{
        coffer_blob_finding finding;

        COFFER_TRY(coffer_cas_examine(cas, key, &finding, error));
        *out = finding.health;
        if (size_bytes)
                *size_bytes = finding.size_bytes;
        if (reason)
                memcpy(reason, finding.reason.message, sizeof(finding.reason.message));
        return COFFER_OK;
}

/* ---- mend ---- */

/* Moves a damaged blob beside the store, to a name that is free. */
static coffer_status set_aside(coffer_cas *cas, const char *key, const char *path, char **moved_to, coffer_error *error)
{
        const char *slash = strrchr(cas->prefix, '/');
        int parent_bytes = slash ? (int)(slash + 1 - cas->prefix) : 0;
        coffer_status status = COFFER_CONFLICT;

        for (int i = 0; i < MAX_SET_ASIDE && status == COFFER_CONFLICT; i++) {
                coffer_buf target _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX / 2);
                char *new_path _cleanup_free_ = NULL;
                COFFER_TRY(coffer_buf_printf(&target, error, "%.*sdamaged/%s", parent_bytes, cas->prefix, key));
                if (i > 0)
                        COFFER_TRY(coffer_buf_printf(&target, error, ".%d", i));
                COFFER_TRY(coffer_buf_take_text(&target, &new_path, error));
                status = cas->storage->class_->move(cas->storage, path, new_path, error);
                if (status == COFFER_OK && moved_to)
                        *moved_to = TAKE_PTR(new_path);
        }
        return status;
}

coffer_status coffer_cas_mend(coffer_cas *cas, const char *key, coffer_blob_health health, char **moved_to,
                              coffer_error *error)
{
        char *path _cleanup_free_ = NULL;
        coffer_blob_finding finding;

        COFFER_TRY(coffer_cas_path(cas, key, &path, error));
        COFFER_TRY(coffer_cas_examine(cas, key, &finding, error));
        if (finding.health != health || health == COFFER_BLOB_SOUND || health == COFFER_BLOB_MISSING)
                return coffer_error_set(error, COFFER_DECLINED, "there is nothing to mend about blob %s", key);
        if (health == COFFER_BLOB_DAMAGED)
                return set_aside(cas, key, path, moved_to, error);
        return cas->storage->class_->put_metadata(cas->storage, path, coffer_sidecar_text(finding.is_raw), error);
}

/* ---- transfer ---- */

static coffer_status pump(coffer_stream *contents, const coffer_storage_class *class_, coffer_storage_writer *writer,
                          coffer_error *error)
{
        uint8_t *piece _cleanup_free_ = coffer_alloc(PIECE_BYTES);
        size_t got_bytes = 1;

        if (!piece)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to copy a blob");
        while (got_bytes > 0) {
                COFFER_TRY(contents->read(contents, piece, PIECE_BYTES, &got_bytes, error));
                const coffer_cursor got = coffer_cursor_of(piece, got_bytes);
                COFFER_TRY(class_->write(writer, &got, 1, error));
        }
        return COFFER_OK;
}

static coffer_status copy_contents(coffer_stream *contents, coffer_cas *to, const char *path, bool overwrite,
                                   coffer_error *error)
{
        const coffer_storage_class *class_ = to->storage->class_;
        coffer_storage_writer *writer = NULL;

        COFFER_TRY(class_->begin(to->storage, path, &writer, error));
        coffer_status status = pump(contents, class_, writer, error);
        if (status != COFFER_OK) {
                class_->abort(writer);
                return status;
        }
        status = class_->commit(writer, NULL, coffer_sidecar_text(true), overwrite, true, error);
        return status == COFFER_CONFLICT ? COFFER_OK : status; /* another one was quicker */
}

coffer_status coffer_cas_transfer(coffer_cas *from, coffer_cas *to, const char *key, coffer_error *error)
{
        char *path _cleanup_free_ = NULL;
        coffer_stream *contents = NULL;
        coffer_blob_finding there;

        COFFER_TRY(coffer_cas_path(to, key, &path, error));
        COFFER_TRY(coffer_cas_examine(to, key, &there, error));
        if (there.health == COFFER_BLOB_SOUND)
                return to->storage->class_->require(to->storage, path, error);
        if (there.health == COFFER_BLOB_NO_SIDECAR || there.health == COFFER_BLOB_BAD_SIDECAR)
                return coffer_cas_mend(to, key, there.health, NULL, error);
        COFFER_TRY(coffer_cas_open_proving(from, key, &contents, error));
        coffer_status status = copy_contents(contents, to, path, there.health == COFFER_BLOB_DAMAGED, error);
        contents->close(contents);
        return status;
}
