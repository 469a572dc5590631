/* SPDX-License-Identifier: Apache-2.0 */
/* How the local backend publishes objects and their metadata. */
#include "storage/local.h"

#include <string.h>

#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/fs.h"

struct coffer_storage_writer {
        coffer_local *local;
        char *file;
        char *sidecar;
        coffer_file_writer *content;
};

void coffer_local_abort(coffer_storage_writer *writer)
{
        if (!writer)
                return;
        coffer_file_writer_abort(writer->content);
        coffer_free(writer->sidecar);
        coffer_free(writer->file);
        coffer_free(writer);
}
COFFER_DEFINE_CLEANUP(coffer_storage_writer *, coffer_local_abort);

static coffer_status find_places(const coffer_storage *storage, const char *path, char **file, char **sidecar,
                                 coffer_error *error)
{
        COFFER_TRY(coffer_local_file(storage, path, file, error));
        if (coffer_local_is_reserved(strrchr(*file, '/') + 1))
                return coffer_error_set(error, COFFER_INVALID,
                                        "'%s' cannot be put: such names are kept for metadata and temporary files",
                                        *file);
        return coffer_local_sidecar(*file, sidecar, error);
}

coffer_status coffer_local_begin(coffer_storage *storage, const char *path, coffer_storage_writer **out,
                                 coffer_error *error)
{
        char *file _cleanup_free_ = NULL, *sidecar _cleanup_free_ = NULL;

        COFFER_TRY(find_places(storage, path, &file, &sidecar, error));
        coffer_storage_writer *writer _cleanup_(coffer_local_abortp) = coffer_alloc_zeroed(1, sizeof(*writer));
        if (!writer)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to write '%s'", file);
        writer->local = coffer_local_of(storage);
        COFFER_TRY(coffer_file_writer_open(file, &writer->content, error));
        writer->file = TAKE_PTR(file);
        writer->sidecar = TAKE_PTR(sidecar);
        *out = TAKE_PTR(writer);
        return COFFER_OK;
}

coffer_status coffer_local_write(coffer_storage_writer *writer, const coffer_cursor *parts, size_t count,
                                 coffer_error *error)
{
        COFFER_TRY(coffer_file_writer_write_parts(writer->content, parts, count, error));
        if (writer->local->pending)
                coffer_file_writer_push(writer->content);
        return COFFER_OK;
}

static coffer_status publish_metadata(coffer_local *local, const char *sidecar, const char *metadata_json,
                                      coffer_error *error)
{
        COFFER_TRY(coffer_sidecars_publish(local->sidecars, sidecar, metadata_json, true, error));
        if (local->pending)
                coffer_pending_note(local->pending, sidecar);
        return COFFER_OK;
}

static coffer_status check_absent(const coffer_storage_writer *writer, coffer_error *error)
{
        coffer_file_type type;
        COFFER_TRY(coffer_fs_stat(writer->file, &type, NULL, error));
        if (type != COFFER_FILE_NONE)
                return coffer_error_set(error, COFFER_CONFLICT, "'%s' is there already", writer->file);
        return COFFER_OK;
}

static coffer_status change_place(coffer_storage_writer *writer, const char *path, coffer_error *error)
{
        char *file _cleanup_free_ = NULL, *sidecar _cleanup_free_ = NULL;

        COFFER_TRY(find_places(&writer->local->base, path, &file, &sidecar, error));
        COFFER_TRY(coffer_file_writer_rename(writer->content, file, error));
        coffer_free(writer->file);
        coffer_free(writer->sidecar);
        writer->file = TAKE_PTR(file);
        writer->sidecar = TAKE_PTR(sidecar);
        return COFFER_OK;
}

coffer_status coffer_local_commit(coffer_storage_writer *writer, const char *path, const char *metadata_json,
                                  bool overwrite, bool metadata_first, coffer_error *error)
{
        coffer_storage_writer *owned _cleanup_(coffer_local_abortp) = writer;
        bool is_first = metadata_json && (metadata_first || !overwrite);

        if (path)
                COFFER_TRY(change_place(owned, path, error));
        if (!overwrite)
                COFFER_TRY(check_absent(owned, error));
        /* Metadata of an earlier object must not describe this one, not even if we crash before our own is there. */
        COFFER_TRY(is_first ? publish_metadata(owned->local, owned->sidecar, metadata_json, error)
                            : coffer_fs_remove(owned->sidecar, error));
        COFFER_TRY(coffer_file_writer_commit(TAKE_PTR(owned->content), overwrite, false, error));
        if (owned->local->pending)
                coffer_pending_note(owned->local->pending, owned->file);
        if (metadata_json && !is_first)
                COFFER_TRY(publish_metadata(owned->local, owned->sidecar, metadata_json, error));
        return COFFER_OK;
}

coffer_status coffer_local_put_metadata(coffer_storage *storage, const char *path, const char *metadata_json,
                                        coffer_error *error)
{
        char *file _cleanup_free_ = NULL, *sidecar _cleanup_free_ = NULL;
        coffer_file_type type;

        COFFER_TRY(coffer_local_file(storage, path, &file, error));
        COFFER_TRY(coffer_local_sidecar(file, &sidecar, error));
        COFFER_TRY(coffer_fs_stat(file, &type, NULL, error));
        if (type != COFFER_FILE_REGULAR)
                return coffer_error_set(error, COFFER_NOT_FOUND, "'%s' is no object: its metadata cannot be put", file);
        return publish_metadata(coffer_local_of(storage), sidecar, metadata_json, error);
}
