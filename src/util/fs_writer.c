/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "util/buf.h"
#include "util/cursor.h"
#include "util/fs_internal.h"

struct coffer_file_writer {
        char *path;
        char *temporary;
        int descriptor;
        uint64_t written_bytes, pushed_bytes;
        size_t existing_length; /* of the directory part: what was there before; SIZE_MAX when all of it was */
};

enum { TEMPORARY_TRIES = 100, RANDOM_LETTERS = 12, PUSH_BYTES = 1 << 20, MAX_PARTS = 64 };

static void writer_free(coffer_file_writer *writer)
{
        if (!writer)
                return;
        coffer_fs_closep(&writer->descriptor);
        coffer_free(writer->path);
        coffer_free(writer->temporary);
        coffer_free(writer);
}

void coffer_file_writer_abort(coffer_file_writer *writer)
{
        if (writer && writer->descriptor >= 0)
                unlink(writer->temporary);
        writer_free(writer);
}

static void random_letters(char out[RANDOM_LETTERS + 1])
{
        unsigned char noise[RANDOM_LETTERS];
        struct timespec now = {0, 0};
        clock_gettime(CLOCK_MONOTONIC, &now);
        /* Without kernel randomness the clock will do: the file is opened exclusively anyway. */
        if (getrandom(noise, sizeof(noise), GRND_NONBLOCK) != (ssize_t)sizeof(noise))
                for (size_t i = 0; i < sizeof(noise); i++)
                        noise[i] = (unsigned char)(now.tv_nsec >> (2 * i));
        for (size_t i = 0; i < RANDOM_LETTERS; i++)
                out[i] = (char)('a' + noise[i] % 26);
        out[RANDOM_LETTERS] = '\0';
}

static size_t directory_prefix_bytes(const char *path)
{
        const char *slash = strrchr(path, '/');
        return slash ? (size_t)(slash - path) + 1 : 0;
}

static coffer_status temporary_name(const char *path, char **out, coffer_error *error)
{
        char letters[RANDOM_LETTERS + 1];
        random_letters(letters);
        _cleanup_buf_ coffer_buf name = COFFER_BUF_INIT(SIZE_MAX);
        COFFER_TRY(coffer_buf_append(&name, path, directory_prefix_bytes(path), error));
        COFFER_TRY(coffer_buf_printf(&name, error, COFFER_TEMP_PREFIX "%ld-%s", (long)getpid(), letters));
        return coffer_buf_take_text(&name, out, error);
}

/* Opens a temporary that nobody else has; *code is errno's value when that fails with COFFER_IO. */
static coffer_status open_temporary(coffer_file_writer *writer, int *code, coffer_error *error)
{
        for (int i = 0; i < TEMPORARY_TRIES; i++) {
                _cleanup_free_ char *name = NULL;
                COFFER_TRY(temporary_name(writer->path, &name, error));
                writer->descriptor = coffer_fs_open(name, O_WRONLY | O_CREAT | O_EXCL, 0666);
                *code = errno;
                if (writer->descriptor >= 0) {
                        writer->temporary = TAKE_PTR(name);
                        return COFFER_OK;
                }
                if (*code != EEXIST)
                        break;
        }
        return coffer_fs_error(error, *code, "create a temporary beside", writer->path);
}

static coffer_status make_parent(coffer_file_writer *writer, coffer_error *error)
{
        size_t length = coffer_fs_parent_length(writer->path, strlen(writer->path));
        _cleanup_free_ char *directory = coffer_strndup(writer->path, length);
        if (!directory)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to write %s", writer->path);
        return coffer_fs_make_missing(directory, &writer->existing_length, error);
}

coffer_status coffer_file_writer_open(const char *path, coffer_file_writer **out, coffer_error *error)
{
        coffer_file_writer *writer _cleanup_(coffer_file_writer_abortp) = coffer_alloc(sizeof(*writer));
        if (!writer)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to write %s", path);
        *writer = (coffer_file_writer){.path = coffer_strdup(path), .descriptor = -1, .existing_length = SIZE_MAX};
        if (!writer->path)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to write %s", path);
        int code = 0;
        coffer_status status = open_temporary(writer, &code, error);
        if (status == COFFER_IO && code == ENOENT && directory_prefix_bytes(path) > 0) {
                COFFER_TRY(make_parent(writer, error));
                status = open_temporary(writer, &code, error);
        }
        if (status == COFFER_OK)
                *out = TAKE_PTR(writer);
        return status;
}

/* Writes from `parts[0]` on what one system call takes. */
static ssize_t write_some(int descriptor, const coffer_cursor *parts, size_t count)
{
        struct iovec vector[MAX_PARTS];
        ssize_t written;

        count = count < MAX_PARTS ? count : MAX_PARTS;
        for (size_t i = 0; i < count; i++)
                vector[i] = (struct iovec){(void *)(uintptr_t)parts[i].data, parts[i].size_bytes};
        do
                written = writev(descriptor, vector, (int)count);
        while (written < 0 && errno == EINTR);
        return written;
}

coffer_status coffer_file_writer_write_parts(coffer_file_writer *writer, const coffer_cursor *parts, size_t count,
                                             coffer_error *error)
{
        while (count > 0) {
                ssize_t result = write_some(writer->descriptor, parts, count);
                if (result < 0)
                        return coffer_fs_error(error, errno, "write", writer->path);
                size_t written_bytes = (size_t)result;
                writer->written_bytes += written_bytes;
                while (count > 0 && written_bytes >= parts->size_bytes) {
                        written_bytes -= parts->size_bytes;
                        parts++;
                        count--;
                }
                if (written_bytes > 0) { /* a part of a part */
                        const coffer_cursor rest =
                                coffer_cursor_of(parts->data + written_bytes, parts->size_bytes - written_bytes);
                        COFFER_TRY(coffer_file_writer_write(writer, rest, error));
                        parts++;
                        count--;
                }
        }
        return COFFER_OK;
}

coffer_status coffer_file_writer_write(coffer_file_writer *writer, coffer_cursor data, coffer_error *error)
{
        return coffer_file_writer_write_parts(writer, &data, 1, error);
}

coffer_status coffer_file_writer_rename(coffer_file_writer *writer, const char *path, coffer_error *error)
{
        char *copy = coffer_strdup(path);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to write %s", path);
        coffer_free(writer->path);
        writer->path = copy;
        return COFFER_OK;
}

void coffer_file_writer_push(coffer_file_writer *writer)
{
        uint64_t size_bytes = writer->written_bytes - writer->pushed_bytes;
        if (size_bytes < PUSH_BYTES)
                return;
        sync_file_range(writer->descriptor, (off_t)writer->pushed_bytes, (off_t)size_bytes, SYNC_FILE_RANGE_WRITE);
        writer->pushed_bytes = writer->written_bytes;
}

static coffer_status finish_temporary(coffer_file_writer *writer, bool sync, coffer_error *error)
{
        if (sync)
                COFFER_TRY(coffer_fs_sync_descriptor(writer->descriptor, writer->path, error));
        int descriptor = writer->descriptor;
        writer->descriptor = -1;
        /* After EINTR the descriptor is closed on Linux, and the data has been handed over. */
        if (close(descriptor) != 0 && errno != EINTR)
                return coffer_fs_error(error, errno, "write", writer->path);
        return COFFER_OK;
}

/* Gives a file a name unless that is taken; 0 or errno's value. */
static int rename_exclusively(const char *from, const char *to)
{
        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
                return 0;
        if (errno != EINVAL && errno != ENOSYS)
                return errno;
        if (link(from, to) == 0) {
                unlink(from);
                return 0;
        }
        if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK)
                return errno;
        /* A file system with neither: look first, which leaves a moment for another process to be overtaken in. */
        struct stat info;
        if (lstat(to, &info) == 0)
                return EEXIST;
        return rename(from, to) == 0 ? 0 : errno;
}

coffer_status coffer_fs_move(const char *path, const char *new_path, coffer_error *error)
{
        int code = rename_exclusively(path, new_path);
        if (code == EEXIST)
                return coffer_error_set(error, COFFER_CONFLICT, "%s exists already", new_path);
        return code == 0 ? COFFER_OK : coffer_fs_read_error(error, code, "move", path);
}

static int give_name(const coffer_file_writer *writer, bool overwrite)
{
        if (!overwrite)
                return rename_exclusively(writer->temporary, writer->path);
        return rename(writer->temporary, writer->path) == 0 ? 0 : errno;
}

static coffer_status publish(coffer_file_writer *writer, bool overwrite, coffer_error *error)
{
        int code = give_name(writer, overwrite);
        if (code == ENOENT && directory_prefix_bytes(writer->path) > 0) { /* renamed to where no directory is yet */
                COFFER_TRY(make_parent(writer, error));
                code = give_name(writer, overwrite);
        }
        if (code == EEXIST && !overwrite)
                return coffer_error_set(error, COFFER_CONFLICT, "%s exists already", writer->path);
        return code == 0 ? COFFER_OK : coffer_fs_error(error, code, "publish", writer->path);
}

/* Flushes the directory, and above it those whose entries are new. */
static coffer_status sync_directories(const coffer_file_writer *writer, coffer_error *error)
{
        size_t length = strlen(writer->path);
        do {
                length = coffer_fs_parent_length(writer->path, length);
                _cleanup_free_ char *directory = length > 0 ? coffer_strndup(writer->path, length) : coffer_strdup(".");
                if (!directory)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to flush %s", writer->path);
                COFFER_TRY(coffer_fs_sync(directory, error));
        } while (writer->existing_length != SIZE_MAX && length > writer->existing_length);
        return COFFER_OK;
}

coffer_status coffer_file_writer_commit(coffer_file_writer *writer, bool overwrite, bool sync, coffer_error *error)
{
        coffer_status status = finish_temporary(writer, sync, error);
        if (status == COFFER_OK)
                status = publish(writer, overwrite, error);
        if (status != COFFER_OK)
                unlink(writer->temporary);
        else if (sync)
                status = sync_directories(writer, error);
        writer_free(writer);
        return status;
}

coffer_status coffer_fs_publish(const char *path, coffer_cursor data, bool overwrite, bool sync, coffer_error *error)
{
        coffer_file_writer *writer _cleanup_(coffer_file_writer_abortp) = NULL;
        COFFER_TRY(coffer_file_writer_open(path, &writer, error));
        COFFER_TRY(coffer_file_writer_write(writer, data, error));
        return coffer_file_writer_commit(TAKE_PTR(writer), overwrite, sync, error);
}
