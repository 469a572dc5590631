/* SPDX-License-Identifier: Apache-2.0 */
#include "util/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/checked.h"
#include "util/fs_internal.h"

coffer_status coffer_fs_error(coffer_error *error, int code, const char *action, const char *path)
{
        char text[128];
        return coffer_error_set(error, code == ENOMEM ? COFFER_NO_MEMORY : COFFER_IO, "cannot %s %s: %s", action, path,
                                strerror_r(code, text, sizeof(text)));
}

coffer_status coffer_fs_read_error(coffer_error *error, int code, const char *action, const char *path)
{
        if (coffer_fs_is_missing(code))
                return coffer_error_set(error, COFFER_NOT_FOUND, "%s does not exist", path);
        return coffer_fs_error(error, code, action, path);
}

int coffer_fs_open(const char *path, int flags, mode_t mode)
{
        int descriptor;
        do
                descriptor = open(path, flags | O_CLOEXEC, mode);
        while (descriptor < 0 && errno == EINTR);
        return descriptor;
}

static coffer_file_type mode_type(mode_t mode)
{
        if (S_ISREG(mode))
                return COFFER_FILE_REGULAR;
        return S_ISDIR(mode) ? COFFER_FILE_DIRECTORY : COFFER_FILE_OTHER;
}

coffer_status coffer_fs_stat(const char *path, coffer_file_type *type, uint64_t *size_bytes, coffer_error *error)
{
        struct stat info;
        bool missing = false;
        if (stat(path, &info) != 0) {
                missing = coffer_fs_is_missing(errno);
                if (!missing)
                        return coffer_fs_error(error, errno, "look at", path);
        }
        *type = missing ? COFFER_FILE_NONE : mode_type(info.st_mode);
        if (size_bytes)
                *size_bytes = missing ? 0 : (uint64_t)info.st_size;
        return COFFER_OK;
}

size_t coffer_fs_parent_length(const char *path, size_t length)
{
        while (length > 0 && path[length - 1] == '/')
                length--;
        while (length > 0 && path[length - 1] != '/')
                length--;
        while (length > 1 && path[length - 1] == '/')
                length--;
        return length;
}

/* mkdir of the first `length` bytes of `path`: 0, EEXIST when it is a directory already, or what errno says. */
static int make_directory(char *path, size_t length)
{
        char kept = path[length];
        path[length] = '\0';
        int code = mkdir(path, 0777) == 0 ? 0 : errno;
        struct stat info;
        if (code == EEXIST && (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)))
                code = ENOTDIR;
        path[length] = kept;
        return code;
}

static size_t next_component_end(const char *path, size_t length)
{
        while (path[length] == '/')
                length++;
        while (path[length] != '\0' && path[length] != '/')
                length++;
        return length;
}

/* Up to the deepest directory that is there, then down again: parents that exist are not touched, as we might not be
 * allowed even to try. */
coffer_status coffer_fs_make_missing(const char *path, size_t *existing_length, coffer_error *error)
{
        _cleanup_free_ char *copy = coffer_strdup(path);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to make the directory %s", path);
        size_t end = strlen(copy);
        while (end > 1 && copy[end - 1] == '/')
                end--;
        copy[end] = '\0';

        size_t length = end;
        int code = make_directory(copy, length);
        while (code == ENOENT && coffer_fs_parent_length(copy, length) > 0) {
                length = coffer_fs_parent_length(copy, length);
                code = make_directory(copy, length);
        }
        size_t existing = code == EEXIST ? length : coffer_fs_parent_length(copy, length);
        while ((code == 0 || code == EEXIST) && length < end) {
                length = next_component_end(copy, length);
                code = make_directory(copy, length);
        }
        if (code != 0 && code != EEXIST)
                return coffer_fs_error(error, code, "make the directory", path);
        *existing_length = existing;
        return COFFER_OK;
}

coffer_status coffer_fs_make_directories(const char *path, coffer_error *error)
{
        size_t existing_length;
        return coffer_fs_make_missing(path, &existing_length, error);
}

struct name {
        char *text;
        coffer_file_type type;
};

struct names {
        struct name *items;
        size_t count;
        size_t capacity;
};

static void names_done(struct names *names)
{
        for (size_t i = 0; i < names->count; i++)
                coffer_free(names->items[i].text);
        coffer_free(names->items);
}

static void directory_closep(DIR **directory)
{
        if (*directory)
                closedir(*directory);
}

/* COFFER_FILE_NONE when the entry vanished after it was listed. */
static coffer_file_type entry_type(DIR *directory, const struct dirent *entry)
{
        if (entry->d_type == DT_REG)
                return COFFER_FILE_REGULAR;
        if (entry->d_type == DT_DIR)
                return COFFER_FILE_DIRECTORY;
        struct stat info;
        if (fstatat(dirfd(directory), entry->d_name, &info, 0) == 0)
                return mode_type(info.st_mode);
        bool there = fstatat(dirfd(directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0;
        return there ? COFFER_FILE_OTHER : COFFER_FILE_NONE;
}

static coffer_status names_add(struct names *names, const char *text, coffer_file_type type, coffer_error *error)
{
        if (names->count == names->capacity) {
                size_t capacity = names->capacity ? names->capacity * 2 : 16;
                struct name *items = coffer_realloc_array(names->items, capacity, sizeof(*items));
                if (!items)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to list a directory");
                names->items = items;
                names->capacity = capacity;
        }
        char *copy = coffer_strdup(text);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to list a directory");
        names->items[names->count++] = (struct name){copy, type};
        return COFFER_OK;
}

static coffer_status names_read(struct names *names, const char *path, coffer_error *error)
{
        DIR *directory _cleanup_(directory_closep) = opendir(path);
        if (!directory)
                return coffer_fs_read_error(error, errno, "list", path);
        for (;;) {
                errno = 0;
                const struct dirent *entry = readdir(directory);
                if (!entry)
                        return errno == 0 ? COFFER_OK : coffer_fs_error(error, errno, "list", path);
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                coffer_file_type type = entry_type(directory, entry);
                if (type != COFFER_FILE_NONE)
                        COFFER_TRY(names_add(names, entry->d_name, type, error));
        }
}

static int compare_names(const void *left, const void *right)
{
        return strcmp(((const struct name *)left)->text, ((const struct name *)right)->text);
}

coffer_status coffer_fs_list(const char *path,
                             coffer_status (*visit)(void *user, const char *name, coffer_file_type type,
                                                    coffer_error *error),
                             void *user, coffer_error *error)
{
        struct names names _cleanup_(names_done) = {NULL, 0, 0};
        COFFER_TRY(names_read(&names, path, error));
        if (names.count > 0)
                qsort(names.items, names.count, sizeof(*names.items), compare_names);
        for (size_t i = 0; i < names.count; i++)
                COFFER_TRY(visit(user, names.items[i].text, names.items[i].type, error));
        return COFFER_OK;
}

coffer_status coffer_fs_remove(const char *path, coffer_error *error)
{
        if (unlink(path) != 0 && !coffer_fs_is_missing(errno))
                return coffer_fs_error(error, errno, "remove", path);
        return COFFER_OK;
}

coffer_status coffer_fs_sync(const char *path, coffer_error *error)
{
        int descriptor _cleanup_(coffer_fs_closep) = coffer_fs_open(path, O_RDONLY | O_NONBLOCK, 0);
        if (descriptor < 0)
                return coffer_fs_read_error(error, errno, "open", path);
        return coffer_fs_sync_descriptor(descriptor, path, error);
}

coffer_status coffer_fs_sync_descriptor(int descriptor, const char *path, coffer_error *error)
{
        int result;
        do
                result = fsync(descriptor);
        while (result != 0 && errno == EINTR);
        /* EINVAL: this file system has nothing to flush for such a file (directories on some network mounts). */
        if (result != 0 && errno != EINVAL)
                return coffer_fs_error(error, errno, "flush", path);
        return COFFER_OK;
}

coffer_status coffer_path_join(const char *left, const char *right, char **out, coffer_error *error)
{
        size_t left_bytes = strlen(left);
        bool separate = left_bytes > 0;
        while (left_bytes > 0 && left[left_bytes - 1] == '/')
                left_bytes--;
        while (*right == '/')
                right++;
        size_t right_bytes = strlen(right), total_bytes;
        char *path = NULL;
        if (coffer_add_size(left_bytes, right_bytes, &total_bytes) && coffer_add_size(total_bytes, 2, &total_bytes))
                path = coffer_alloc(total_bytes);
        if (!path)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a path");
        char *end = mempcpy(path, left, left_bytes);
        if (separate)
                *end++ = '/';
        memcpy(end, right, right_bytes + 1);
        *out = path;
        return COFFER_OK;
}
