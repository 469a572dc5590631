/* SPDX-License-Identifier: Apache-2.0 */
/* Storage in directories and files: Metaflow's tree. An object's metadata lies beside it in a file of the same name
 * with
 * "_meta" added. */
#include "storage/local.h"

#include <string.h>

#include "storage/backends.h"
#include "storage/path.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/fs.h"

#define SIDECAR_SUFFIX "_meta"

enum { MAX_SIDECAR_BYTES = 1 << 20 };

bool coffer_local_is_reserved(const char *name)
{
        size_t size_bytes = strlen(name), suffix_bytes = strlen(SIDECAR_SUFFIX);
        bool is_sidecar = size_bytes >= suffix_bytes && strcmp(name + size_bytes - suffix_bytes, SIDECAR_SUFFIX) == 0;
        return is_sidecar || coffer_local_is_leftover(name);
}

coffer_status coffer_local_file(const coffer_storage *storage, const char *path, char **out, coffer_error *error)
{
        COFFER_TRY(coffer_storage_check_path(path, false, error));
        return coffer_storage_full_uri(storage, path, out, error);
}

coffer_status coffer_local_sidecar(const char *file, char **out, coffer_error *error)
{
        coffer_buf sidecar _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX / 2);
        COFFER_TRY(coffer_buf_append_text(&sidecar, file, error));
        COFFER_TRY(coffer_buf_append_text(&sidecar, SIDECAR_SUFFIX, error));
        return coffer_buf_take_text(&sidecar, out, error);
}

static coffer_status local_stat(coffer_storage *storage, const char *const *paths, size_t count,
                                coffer_storage_stat *out, coffer_error *error)
{
        static const coffer_entry_type types[] = {
                [COFFER_FILE_NONE] = COFFER_ENTRY_NONE,
                [COFFER_FILE_REGULAR] = COFFER_ENTRY_OBJECT,
                [COFFER_FILE_DIRECTORY] = COFFER_ENTRY_DIRECTORY,
                [COFFER_FILE_OTHER] = COFFER_ENTRY_NONE,
        };
        for (size_t i = 0; i < count; i++) {
                char *file _cleanup_free_ = NULL;
                coffer_file_type type;
                uint64_t size_bytes = 0;
                COFFER_TRY(coffer_local_file(storage, paths[i], &file, error));
                COFFER_TRY(coffer_fs_stat(file, &type, &size_bytes, error));
                out[i].type = types[type];
                out[i].size_bytes = type == COFFER_FILE_REGULAR ? size_bytes : 0;
        }
        return COFFER_OK;
}

static coffer_status write_segments(coffer_storage_writer *writer, const coffer_bytes *bytes, coffer_error *error)
{
        for (size_t i = 0; i < coffer_bytes_segment_count(bytes); i++) {
                coffer_cursor segment = coffer_bytes_segment(bytes, i);
                COFFER_TRY(coffer_local_write(writer, &segment, 1, error));
        }
        return COFFER_OK;
}

static coffer_status put_one(coffer_storage *storage, const coffer_storage_put *put, coffer_error *error)
{
        coffer_storage_writer *writer = NULL;
        coffer_storage_stat there = {COFFER_ENTRY_NONE, 0};

        if (!put->overwrite)
                COFFER_TRY(local_stat(storage, &put->path, 1, &there, error));
        if (there.type != COFFER_ENTRY_NONE)
                return COFFER_OK;
        COFFER_TRY(coffer_local_begin(storage, put->path, &writer, error));
        coffer_status status = write_segments(writer, put->bytes, error);
        if (status != COFFER_OK) {
                coffer_local_abort(writer);
                return status;
        }
        status = coffer_local_commit(writer, NULL, put->metadata_json, put->overwrite, put->metadata_first, error);
        return status == COFFER_CONFLICT ? COFFER_OK : status; /* another one was quicker */
}

static coffer_status local_put(coffer_storage *storage, const coffer_storage_put *puts, size_t count,
                               coffer_error *error)
{
        for (size_t i = 0; i < count; i++)
                COFFER_TRY(put_one(storage, &puts[i], error));
        return COFFER_OK;
}

/* The text of a sidecar; empty, which no JSON is, when it can't be text. */
static coffer_status sidecar_text(coffer_bytes *bytes, coffer_cursor *out, coffer_error *error)
{
        coffer_cursor text = coffer_cursor_text("");
        if (coffer_bytes_size(bytes) > 0 && coffer_bytes_size(bytes) <= MAX_SIDECAR_BYTES)
                COFFER_TRY(coffer_bytes_contiguous(bytes, &text, error));
        if (memchr(text.data, '\0', text.size_bytes))
                text = coffer_cursor_text("");
        *out = text;
        return COFFER_OK;
}

/* `*out` is NULL when there is no sidecar. */
static coffer_status read_sidecar(const char *file, char **out, coffer_error *error)
{
        char *sidecar _cleanup_free_ = NULL;
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_cursor text;

        COFFER_TRY(coffer_local_sidecar(file, &sidecar, error));
        coffer_status status = coffer_fs_read(sidecar, &bytes, error);
        if (status == COFFER_NOT_FOUND) {
                *out = NULL;
                return COFFER_OK;
        }
        if (status != COFFER_OK)
                return status;
        COFFER_TRY(sidecar_text(bytes, &text, error));
        *out = coffer_strndup((const char *)text.data, text.size_bytes);
        return *out ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read '%s'", sidecar);
}

static coffer_status get_one(coffer_storage *storage, coffer_storage_get *get, coffer_error *error)
{
        char *file _cleanup_free_ = NULL, *metadata _cleanup_free_ = NULL;
        coffer_bytes *bytes _cleanup_bytes_ = NULL;

        COFFER_TRY(coffer_local_file(storage, get->path, &file, error));
        COFFER_TRY(coffer_fs_read_up_to(file, get->max_bytes > 0 ? get->max_bytes : UINT64_MAX, &bytes, error));
        if (!get->contents_only)
                COFFER_TRY(read_sidecar(file, &metadata, error));
        get->bytes = TAKE_PTR(bytes);
        get->metadata_json = TAKE_PTR(metadata);
        return COFFER_OK;
}

static coffer_status local_get(coffer_storage *storage, coffer_storage_get *gets, size_t count, coffer_error *error)
{
        for (size_t i = 0; i < count; i++) {
                gets[i].bytes = NULL;
                gets[i].metadata_json = NULL;
                gets[i].status = get_one(storage, &gets[i], error);
        }
        return COFFER_OK;
}

static coffer_status local_open(coffer_storage *storage, const char *path, coffer_stream **stream, char **metadata_json,
                                coffer_error *error)
{
        char *file _cleanup_free_ = NULL, *metadata _cleanup_free_ = NULL;

        COFFER_TRY(coffer_local_file(storage, path, &file, error));
        if (metadata_json)
                COFFER_TRY(read_sidecar(file, &metadata, error));
        COFFER_TRY(coffer_fs_open_stream(file, stream, error));
        if (metadata_json)
                *metadata_json = TAKE_PTR(metadata);
        return COFFER_OK;
}

static coffer_status local_open_random(coffer_storage *storage, const char *path, coffer_random_access **stored,
                                       char **metadata_json, coffer_error *error)
{
        char *file _cleanup_free_ = NULL, *metadata _cleanup_free_ = NULL;

        COFFER_TRY(coffer_local_file(storage, path, &file, error));
        if (metadata_json)
                COFFER_TRY(read_sidecar(file, &metadata, error));
        COFFER_TRY(coffer_fs_open_random(file, stored, error));
        if (metadata_json)
                *metadata_json = TAKE_PTR(metadata);
        return COFFER_OK;
}

typedef struct list_call {
        coffer_status (*visit)(void *user, const char *name, coffer_entry_type type, coffer_error *error);
        void *user;
} list_call;

/* Hides what is no object: sidecars, leftovers and, as Metaflow does, the metadata provider's "_meta". */
static coffer_status list_entry(void *user, const char *name, coffer_file_type type, coffer_error *error)
{
        const list_call *call = user;
        bool is_object = type == COFFER_FILE_REGULAR;

        if (!is_object && type != COFFER_FILE_DIRECTORY)
                return COFFER_OK;
        if (is_object ? coffer_local_is_reserved(name) : strcmp(name, SIDECAR_SUFFIX) == 0)
                return COFFER_OK;
        return call->visit(call->user, name, is_object ? COFFER_ENTRY_OBJECT : COFFER_ENTRY_DIRECTORY, error);
}

static coffer_status local_list(coffer_storage *storage, const char *path,
                                coffer_status (*visit)(void *user, const char *name, coffer_entry_type type,
                                                       coffer_error *error),
                                void *user, coffer_error *error)
{
        char *directory _cleanup_free_ = NULL;
        list_call call = {visit, user};
        coffer_file_type type;

        COFFER_TRY(coffer_storage_check_path(path, true, error));
        COFFER_TRY(coffer_storage_full_uri(storage, path, &directory, error));
        COFFER_TRY(coffer_fs_stat(directory, &type, NULL, error));
        return type == COFFER_FILE_DIRECTORY ? coffer_fs_list(directory, list_entry, &call, error) : COFFER_OK;
}

static coffer_status local_remove(coffer_storage *storage, const char *const *paths, size_t count, coffer_error *error)
{
        for (size_t i = 0; i < count; i++) {
                char *file _cleanup_free_ = NULL, *sidecar _cleanup_free_ = NULL;
                COFFER_TRY(coffer_local_file(storage, paths[i], &file, error));
                COFFER_TRY(coffer_local_sidecar(file, &sidecar, error));
                COFFER_TRY(coffer_fs_remove(file, error));
                COFFER_TRY(coffer_fs_remove(sidecar, error));
        }
        return COFFER_OK;
}

static coffer_status make_parent(const char *file, coffer_error *error)
{
        char *directory _cleanup_free_ = coffer_strndup(file, (size_t)(strrchr(file, '/') - file));
        if (!directory)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to make a directory for '%s'", file);
        return coffer_fs_make_directories(directory, error);
}

static coffer_status local_move(coffer_storage *storage, const char *path, const char *new_path, coffer_error *error)
{
        char *file _cleanup_free_ = NULL, *sidecar _cleanup_free_ = NULL;
        char *new_file _cleanup_free_ = NULL, *new_sidecar _cleanup_free_ = NULL;
        coffer_local *local = coffer_local_of(storage);

        COFFER_TRY(coffer_local_file(storage, path, &file, error));
        COFFER_TRY(coffer_local_sidecar(file, &sidecar, error));
        COFFER_TRY(coffer_local_file(storage, new_path, &new_file, error));
        COFFER_TRY(coffer_local_sidecar(new_file, &new_sidecar, error));
        COFFER_TRY(make_parent(new_file, error));
        COFFER_TRY(coffer_fs_move(file, new_file, error));
        COFFER_TRY(coffer_fs_remove(new_sidecar, error)); /* of an object that is gone */
        coffer_status status = coffer_fs_move(sidecar, new_sidecar, error);
        if (status != COFFER_OK && status != COFFER_NOT_FOUND)
                return status;
        if (local->pending) {
                coffer_pending_note(local->pending, file);
                coffer_pending_note(local->pending, new_file);
        }
        return COFFER_OK;
}

static coffer_status local_require(coffer_storage *storage, const char *path, coffer_error *error)
{
        char *file _cleanup_free_ = NULL, *sidecar _cleanup_free_ = NULL;
        coffer_local *local = coffer_local_of(storage);

        if (!local->pending)
                return COFFER_OK;
        COFFER_TRY(coffer_local_file(storage, path, &file, error));
        COFFER_TRY(coffer_local_sidecar(file, &sidecar, error));
        coffer_pending_note(local->pending, file);
        coffer_pending_note(local->pending, sidecar);
        return COFFER_OK;
}

static coffer_status local_sync(coffer_storage *storage, coffer_error *error)
{
        coffer_local *local = coffer_local_of(storage);
        return local->pending ? coffer_pending_flush(local->pending, error) : COFFER_OK;
}

static void local_free(coffer_storage *storage)
{
        coffer_local *local = coffer_local_of(storage);
        coffer_pending_free(local->pending);
        coffer_sidecars_free(local->sidecars);
        coffer_free(local->base.root);
        coffer_free(local);
}

#define LOCAL_CLASS(type_name)                                                                                         \
        {                                                                                                              \
                .version = COFFER_STORAGE_VERSION, .type = type_name, .stat = local_stat, .put = local_put,            \
                .get = local_get, .open = local_open, .open_random = local_open_random, .list = local_list,            \
                .remove = local_remove, .put_metadata = coffer_local_put_metadata, .move = local_move,                 \
                .require = local_require, .sync = local_sync, .leftovers = coffer_local_leftovers,                     \
                .begin = coffer_local_begin, .write = coffer_local_write, .commit = coffer_local_commit,               \
                .abort = coffer_local_abort, .lock = coffer_local_lock, .unlock = coffer_local_unlock,                 \
                .free = local_free,                                                                                    \
        }
static const coffer_storage_class classes[] = {LOCAL_CLASS("local"), LOCAL_CLASS("spin")};

coffer_status coffer_storage_open_local(const char *type, const char *root, const coffer_storage_options *options,
                                        coffer_storage **out, coffer_error *error)
{
        coffer_local *local = coffer_alloc_zeroed(1, sizeof(*local));
        char *root_copy = coffer_strdup(root);
        coffer_status status = COFFER_OK;

        if (!local || !root_copy)
                status = coffer_error_set(error, COFFER_NO_MEMORY, "no memory to open the datastore '%s'", root);
        for (size_t end = root_copy ? strlen(root_copy) : 0; end > 1 && root_copy[end - 1] == '/'; end--)
                root_copy[end - 1] = '\0';
        if (status == COFFER_OK)
                status = coffer_sidecars_new(&local->sidecars, error);
        if (status == COFFER_OK && options->sync)
                status = coffer_pending_new(root_copy, &local->pending, error);
        if (status != COFFER_OK) {
                coffer_sidecars_free(local ? local->sidecars : NULL);
                coffer_free(root_copy);
                coffer_free(local);
                return status;
        }
        local->base.root = root_copy;
        local->base.class_ = &classes[strcmp(type, classes[0].type) == 0 ? 0 : 1];
        *out = &local->base;
        return COFFER_OK;
}
