/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "util/buf.h"
#include "util/cursor.h"
#include "util/fs_internal.h"

enum { MAP_FROM_BYTES = 1 << 20, READ_STEP_BYTES = 64 << 10 };

/* Opens a regular file. A pipe in a store must neither block nor feed us, so everything else is refused. */
static coffer_status open_regular(const char *path, int *descriptor, uint64_t *size_bytes, coffer_error *error)
{
        int opened _cleanup_(coffer_fs_closep) = coffer_fs_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        struct stat info;
        if (opened < 0 || fstat(opened, &info) != 0)
                return coffer_fs_read_error(error, errno, "read", path);
        if (!S_ISREG(info.st_mode))
                return coffer_error_set(error, COFFER_IO, "cannot read %s: not a regular file", path);
        *descriptor = opened;
        *size_bytes = (uint64_t)info.st_size;
        opened = -1;
        return COFFER_OK;
}

ssize_t coffer_fs_read_some(int descriptor, void *buffer, size_t capacity_bytes)
{
        ssize_t got_bytes;
        do
                got_bytes = read(descriptor, buffer, capacity_bytes);
        while (got_bytes < 0 && errno == EINTR);
        return got_bytes;
}

/* Up to the end, or up to `expected_bytes` (0: nobody knows), after which another read would find the end. */
static coffer_status read_to_end(int descriptor, const char *path, size_t expected_bytes, coffer_buf *buf,
                                 coffer_error *error)
{
        while (expected_bytes == 0 || buf->size_bytes != expected_bytes) {
                if (buf->size_bytes == buf->capacity_bytes)
                        COFFER_TRY(coffer_buf_reserve(buf, READ_STEP_BYTES, error));
                ssize_t got_bytes = coffer_fs_read_some(descriptor, buf->data + buf->size_bytes,
                                                        buf->capacity_bytes - buf->size_bytes);
                if (got_bytes < 0)
                        return coffer_fs_error(error, errno, "read", path);
                if (got_bytes == 0)
                        return COFFER_OK;
                buf->size_bytes += (size_t)got_bytes;
        }
        return COFFER_OK;
}

static coffer_status append_read(int descriptor, const char *path, size_t expected_bytes, coffer_bytes *bytes,
                                 coffer_error *error)
{
        _cleanup_buf_ coffer_buf buf = COFFER_BUF_INIT(SIZE_MAX);
        COFFER_TRY(coffer_buf_reserve(&buf, expected_bytes > 0 ? expected_bytes : READ_STEP_BYTES, error));
        COFFER_TRY(read_to_end(descriptor, path, expected_bytes, &buf, error));
        return coffer_buf_take_into(&buf, bytes, error);
}

static coffer_status read_file(const char *path, uint64_t max_bytes, bool is_changing, coffer_bytes **out,
                               coffer_error *error)
{
        int descriptor _cleanup_(coffer_fs_closep) = -1;
        uint64_t size_bytes = 0;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        COFFER_TRY(open_regular(path, &descriptor, &size_bytes, error));
        if (size_bytes > max_bytes)
                return coffer_error_set(error, COFFER_LIMIT, "%s has more than %" PRIu64 " bytes", path, max_bytes);
        COFFER_TRY(coffer_bytes_new(&bytes, error));
        if (size_bytes > SIZE_MAX / 2)
                return coffer_error_set(error, COFFER_LIMIT, "%s is larger than the address space", path);

        coffer_status status = COFFER_UNSUPPORTED;
        if (size_bytes >= MAP_FROM_BYTES)
                status = coffer_fs_map(descriptor, (size_t)size_bytes, is_changing, bytes, error);
        if (status == COFFER_UNSUPPORTED)
                status = append_read(descriptor, path, (size_t)size_bytes, bytes, error);
        if (status == COFFER_OK)
                *out = TAKE_PTR(bytes);
        return status;
}

coffer_status coffer_fs_read(const char *path, coffer_bytes **out, coffer_error *error)
{
        return read_file(path, UINT64_MAX, false, out, error);
}

coffer_status coffer_fs_read_up_to(const char *path, uint64_t max_bytes, coffer_bytes **out, coffer_error *error)
{
        return read_file(path, max_bytes, false, out, error);
}

coffer_status coffer_fs_read_changing(const char *path, coffer_bytes **out, coffer_error *error)
{
        return read_file(path, UINT64_MAX, true, out, error);
}

coffer_status coffer_fs_read_descriptor(int descriptor, const char *name, coffer_bytes **out, coffer_error *error)
{
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(append_read(descriptor, name, 0, bytes, error));
        *out = TAKE_PTR(bytes);
        return COFFER_OK;
}

struct file_stream {
        coffer_stream stream;
        int descriptor;
        char *path;
};

static coffer_status file_stream_read(coffer_stream *stream, void *buffer, size_t capacity_bytes, size_t *got_bytes,
                                      coffer_error *error)
{
        struct file_stream *self = (struct file_stream *)stream;
        ssize_t got = coffer_fs_read_some(self->descriptor, buffer, capacity_bytes);
        if (got < 0)
                return coffer_fs_error(error, errno, "read", self->path);
        *got_bytes = (size_t)got;
        return COFFER_OK;
}

static void file_stream_close(coffer_stream *stream)
{
        struct file_stream *self = (struct file_stream *)stream;
        coffer_fs_closep(&self->descriptor);
        coffer_free(self->path);
        coffer_free(self);
}

coffer_status coffer_fs_open_stream(const char *path, coffer_stream **out, coffer_error *error)
{
        int descriptor _cleanup_(coffer_fs_closep) = -1;
        uint64_t size_bytes;
        COFFER_TRY(open_regular(path, &descriptor, &size_bytes, error));
        struct file_stream *self = coffer_alloc(sizeof(*self));
        _cleanup_free_ char *copy = coffer_strdup(path);
        if (!self || !copy) {
                coffer_free(self);
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to read %s", path);
        }
        *self = (struct file_stream){{file_stream_read, file_stream_close}, descriptor, TAKE_PTR(copy)};
        descriptor = -1;
        *out = &self->stream;
        return COFFER_OK;
}

struct file_access {
        coffer_random_access stored;
        int descriptor;
        char path[]; /* for messages */
};

enum { MAX_PIECES = 64 };

/* Takes what has been read off the front. */
static struct iovec *pass(struct iovec *memory, struct iovec *end, size_t got_bytes)
{
        while (memory < end && got_bytes >= memory->iov_len)
                got_bytes -= memory++->iov_len;
        if (got_bytes > 0) {
                memory->iov_base = (uint8_t *)memory->iov_base + got_bytes;
                memory->iov_len -= got_bytes;
        }
        return memory;
}

static coffer_status file_access_read(coffer_random_access *stored, uint64_t offset_bytes, const struct iovec *memory,
                                      size_t count, coffer_error *error)
{
        struct file_access *self = (struct file_access *)stored;
        struct iovec rest[MAX_PIECES], *next = rest, *end = rest + count;

        if (count > MAX_PIECES)
                return coffer_error_set(error, COFFER_INVALID, "too many pieces of memory to read into at once");
        memcpy(rest, memory, count * sizeof(*memory));
        while ((next = pass(next, end, 0)) < end) {
                ssize_t got_bytes = preadv(self->descriptor, next, (int)(end - next), (off_t)offset_bytes);
                if (got_bytes < 0 && errno == EINTR)
                        continue;
                if (got_bytes < 0)
                        return coffer_fs_error(error, errno, "read", self->path);
                if (got_bytes == 0)
                        return coffer_error_set_at(error, COFFER_CORRUPT, (int64_t)offset_bytes,
                                                   "%s ends while it is read", self->path);
                next = pass(next, end, (size_t)got_bytes);
                offset_bytes += (uint64_t)got_bytes;
        }
        return COFFER_OK;
}

static void file_access_close(coffer_random_access *stored)
{
        struct file_access *self = (struct file_access *)stored;
        coffer_fs_closep(&self->descriptor);
        coffer_free(self);
}

coffer_status coffer_fs_open_random(const char *path, coffer_random_access **out, coffer_error *error)
{
        int descriptor _cleanup_(coffer_fs_closep) = -1;
        uint64_t size_bytes = 0;
        size_t path_bytes = strlen(path) + 1;

        COFFER_TRY(open_regular(path, &descriptor, &size_bytes, error));
        struct file_access *self = coffer_alloc(sizeof(*self) + path_bytes);
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to read %s", path);
        self->stored = (coffer_random_access){size_bytes, file_access_read, file_access_close};
        self->descriptor = descriptor;
        memcpy(self->path, path, path_bytes);
        descriptor = -1;
        *out = &self->stored;
        return COFFER_OK;
}
