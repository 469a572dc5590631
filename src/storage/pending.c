/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fork.h"
#include "util/fs.h"
#include "util/map.h"
#include "util/threads.h"

enum {
        MAX_FILES = 16,       /* above it, one pass over the file system costs less */
        MAX_FILE_SYSTEMS = 8, /* above it, everything is flushed */
};

typedef struct file_system {
        dev_t device;
        char *directory; /* on it */
} file_system;

/* One batch of what is to be flushed. */
typedef struct write_batch {
        char *files[MAX_FILES];
        size_t file_count;
        bool many_files; /* they are no longer known one by one */
        file_system file_systems[MAX_FILE_SYSTEMS];
        size_t file_system_count;
        bool everything; /* neither files nor file systems are known */
} write_batch;

struct coffer_pending {
        char *root;
        struct {
                pthread_mutex_t mutex;
                coffer_fork_entry fork_entry;
                write_batch batch;
        } noted;
        struct {
                /* Held while flushing, so that a second flush waits for what the first one took over. */
                pthread_mutex_t mutex;
                coffer_fork_entry fork_entry;
                bool failed;
        } flushing;
};

coffer_status coffer_pending_new(const char *root, coffer_pending **out, coffer_error *error)
{
        coffer_pending *pending = coffer_alloc_zeroed(1, sizeof(*pending));
        char *root_copy = coffer_strdup(root);
        if (!pending || !root_copy) {
                coffer_free(pending);
                coffer_free(root_copy);
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to open a storage");
        }
        pending->root = root_copy;
        coffer_fork_enter(&pending->flushing.fork_entry, &pending->flushing.mutex);
        coffer_fork_enter(&pending->noted.fork_entry, &pending->noted.mutex);
        *out = pending;
        return COFFER_OK;
}

static void batch_forget_files(write_batch *batch)
{
        for (size_t i = 0; i < batch->file_count; i++)
                coffer_free(batch->files[i]);
        batch->file_count = 0;
}

static void batch_done(write_batch *batch)
{
        batch_forget_files(batch);
        for (size_t i = 0; i < batch->file_system_count; i++)
                coffer_free(batch->file_systems[i].directory);
}

void coffer_pending_free(coffer_pending *pending)
{
        if (!pending)
                return;
        batch_done(&pending->noted.batch);
        coffer_fork_leave(&pending->noted.fork_entry);
        coffer_fork_leave(&pending->flushing.fork_entry);
        coffer_free(pending->root);
        coffer_free(pending);
}

/* By the file's directory, which stays when the file is replaced or moved. */
static bool batch_add_file_system(write_batch *batch, const char *path)
{
        char *directory _cleanup_free_ = coffer_strndup(path, (size_t)(strrchr(path, '/') - path));
        struct stat status;

        if (!directory || stat(directory, &status) < 0)
                return false;
        for (size_t i = 0; i < batch->file_system_count; i++) {
                if (batch->file_systems[i].device == status.st_dev)
                        return true;
        }
        if (batch->file_system_count == MAX_FILE_SYSTEMS)
                return false;
        batch->file_systems[batch->file_system_count++] = (file_system){status.st_dev, TAKE_PTR(directory)};
        return true;
}

static void batch_add_file(write_batch *batch, const char *path)
{
        if (batch->many_files)
                return;
        for (size_t i = 0; i < batch->file_count; i++) {
                if (strcmp(batch->files[i], path) == 0)
                        return;
        }
        char *copy = batch->file_count < MAX_FILES ? coffer_strdup(path) : NULL;
        if (copy) {
                batch->files[batch->file_count++] = copy;
                return;
        }
        batch_forget_files(batch);
        batch->many_files = true;
}

void coffer_pending_note(coffer_pending *pending, const char *path)
{
        COFFER_LOCK_SCOPE(&pending->noted.mutex);
        if (!batch_add_file_system(&pending->noted.batch, path))
                pending->noted.batch.everything = true;
        batch_add_file(&pending->noted.batch, path);
}

static coffer_status flush_file_system(const char *path, coffer_error *error)
{
        int file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int failure = file < 0 || syncfs(file) < 0 ? errno : 0;
        if (file >= 0)
                close(file);
        if (failure)
                return coffer_error_set(error, COFFER_IO, "cannot flush the file system of '%s': %s", path,
                                        strerror(failure));
        return COFFER_OK;
}

static coffer_status flush_file_systems(const write_batch *batch, coffer_error *error)
{
        for (size_t i = 0; i < batch->file_system_count; i++)
                COFFER_TRY(flush_file_system(batch->file_systems[i].directory, error));
        return COFFER_OK;
}

/* Adds the directories above `path`, down from it to the root. */
static coffer_status collect_directories(coffer_map *directories, const char *path, const char *root,
                                         coffer_error *error)
{
        char *directory _cleanup_free_ = coffer_strdup(path);
        if (!directory)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to flush '%s'", path);
        size_t root_bytes = strlen(root);
        for (char *slash; (slash = strrchr(directory, '/')) && (size_t)(slash - directory) >= root_bytes;) {
                *slash = '\0';
                if (*directory == '\0' || coffer_map_has(directories, directory))
                        break;
                COFFER_TRY(coffer_map_set(directories, directory, NULL, error));
        }
        return COFFER_OK;
}

/* The directory that holds the root: either it was made by us and can be flushed, or it was there before, and that we
 * may not open it is no failure. */
static void flush_above(const char *root)
{
        char *parent _cleanup_free_ = coffer_strdup(root);
        char *slash = parent ? strrchr(parent, '/') : NULL;
        if (slash && slash != parent)
                *slash = '\0';
        coffer_status status = coffer_fs_sync(slash && slash != parent ? parent : slash ? "/" : ".", NULL);
        (void)status;
}

static coffer_status flush_files(const write_batch *batch, const char *root, coffer_error *error)
{
        coffer_map *directories _cleanup_map_ = NULL;
        COFFER_TRY(coffer_map_new(NULL, &directories, error));
        for (size_t i = 0; i < batch->file_count; i++) {
                coffer_status status = coffer_fs_sync(batch->files[i], error);
                if (status != COFFER_OK &&
                    status != COFFER_NOT_FOUND) /* moved or removed since: only the directory counts */
                        return status;
                COFFER_TRY(collect_directories(directories, batch->files[i], root, error));
        }
        for (size_t i = 0; i < coffer_map_count(directories); i++)
                COFFER_TRY(coffer_fs_sync(coffer_map_key_at(directories, i), error));
        flush_above(root);
        return COFFER_OK;
}

static coffer_status batch_flush(const write_batch *batch, const char *root, coffer_error *error)
{
        if (batch->everything) {
                sync();
                return COFFER_OK;
        }
        if (batch->many_files)
                return flush_file_systems(batch, error);
        if (batch->file_count == 0)
                return COFFER_OK;
        coffer_status status = flush_files(batch, root, error);
        return status == COFFER_NO_MEMORY ? flush_file_systems(batch, error) : status;
}

static write_batch take_batch(coffer_pending *pending)
{
        COFFER_LOCK_SCOPE(&pending->noted.mutex);
        write_batch taken = pending->noted.batch;
        memset(&pending->noted.batch, 0, sizeof(pending->noted.batch));
        return taken;
}

coffer_status coffer_pending_flush(coffer_pending *pending, coffer_error *error)
{
        COFFER_LOCK_SCOPE(&pending->flushing.mutex);
        if (pending->flushing.failed)
                return coffer_error_set(error, COFFER_IO,
                                        "an earlier flush below '%s' failed: what was written may not be on the disk",
                                        pending->root);
        write_batch taken = take_batch(pending);
        coffer_status status = batch_flush(&taken, pending->root, error);
        if (status != COFFER_OK)
                pending->flushing.failed = true;
        batch_done(&taken);
        return status;
}
