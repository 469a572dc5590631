/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary files of writers that died. */
#include "storage/local.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "storage/path.h"
#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/fs.h"
#include "util/number.h"

enum {
        MIN_AGE_SECONDS = 60,
        MAX_DEPTH = 64, /* of directories below the root; Metaflow's tree has six */
};

static bool is_ours(const char *name)
{
        return strncmp(name, COFFER_TEMP_PREFIX, strlen(COFFER_TEMP_PREFIX)) == 0;
}

/* "tmp" and eight of the letters that Python's tempfile picks from. */
static bool is_metaflows(const char *name)
{
        return strncmp(name, "tmp", 3) == 0 && strlen(name) == 11 &&
               strspn(name + 3, "abcdefghijklmnopqrstuvwxyz0123456789_") == 8;
}

bool coffer_local_is_leftover(const char *name)
{
        return is_ours(name) || is_metaflows(name);
}

/* The process id is the first number in our names. */
static bool writer_lives(const char *name)
{
        if (!is_ours(name))
                return false;
        const char *digits = name + strlen(COFFER_TEMP_PREFIX);
        int64_t process;
        return coffer_int_parse(coffer_cursor_of(digits, strspn(digits, "0123456789")), &process) && process > 0 &&
               (kill((pid_t)process, 0) == 0 || errno == EPERM);
}

typedef struct leftover_search {
        coffer_storage *storage;
        bool remove;
        coffer_status (*visit)(void *user, const char *path, coffer_error *error);
        void *user;
        time_t newest; /* files changed after it are left alone */
        const char *directory;
        int depth;
} leftover_search;

static coffer_status search_directory(leftover_search *search, const char *path, coffer_error *error);

static coffer_status found_leftover(leftover_search *search, const char *path, const char *file, coffer_error *error)
{
        if (search->remove)
                COFFER_TRY(coffer_fs_remove(file, error));
        return search->visit ? search->visit(search->user, path, error) : COFFER_OK;
}

static coffer_status search_entry(void *user, const char *name, coffer_file_type type, coffer_error *error)
{
        leftover_search *search = user;
        char *path _cleanup_free_ = NULL, *file _cleanup_free_ = NULL;
        struct stat status;

        if (type == COFFER_FILE_REGULAR && !coffer_local_is_leftover(name))
                return COFFER_OK;
        COFFER_TRY(coffer_path_join(search->directory, name, &path, error));
        COFFER_TRY(coffer_storage_full_uri(search->storage, path, &file, error));
        if (lstat(file, &status) < 0) /* gone meanwhile */
                return COFFER_OK;
        if (S_ISDIR(status.st_mode)) /* a link to a directory is not: it may lead in circles */
                return search_directory(search, path, error);
        if (S_ISREG(status.st_mode) && status.st_mtime <= search->newest && !writer_lives(name))
                return found_leftover(search, path, file, error);
        return COFFER_OK;
}

static coffer_status search_directory(leftover_search *search, const char *path, coffer_error *error)
{
        const char *above = search->directory;
        char *file _cleanup_free_ = NULL;

        if (search->depth >= MAX_DEPTH)
                return coffer_error_set(error, COFFER_LIMIT, "directory '%s' is too deep", path);
        COFFER_TRY(coffer_storage_full_uri(search->storage, path, &file, error));
        search->directory = path;
        search->depth++;
        coffer_status status = coffer_fs_list(file, search_entry, search, error);
        search->depth--;
        search->directory = above;
        return status == COFFER_NOT_FOUND ? COFFER_OK : status;
}

coffer_status coffer_local_leftovers(coffer_storage *storage, const char *path, bool remove,
                                     coffer_status (*visit)(void *user, const char *path, coffer_error *error),
                                     void *user, coffer_error *error)
{
        COFFER_TRY(coffer_storage_check_path(path, true, error));
        leftover_search search = {storage, remove, visit, user, time(NULL) - MIN_AGE_SECONDS, "", 0};
        return search_directory(&search, path, error);
}
