/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "util/buf.h"
#include "util/cursor.h"
#include "util/fork.h"
#include "util/fs_internal.h"
#include "util/threads.h"

enum { MAP_FROM_BYTES = 1 << 20, READ_STEP_BYTES = 64 << 10, BEHIND_BYTES = 16 << 20 };

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

static ssize_t read_some(int descriptor, void *buffer, size_t capacity_bytes)
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
                ssize_t got_bytes =
                        read_some(descriptor, buf->data + buf->size_bytes, buf->capacity_bytes - buf->size_bytes);
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

struct mapping {
        void *memory;
        size_t size_bytes;
        int descriptor; /* of the file, where contents are to be read from it; -1: they are in the memory */
        struct mapping *next;
};

/* All mappings there are: few, and looked for once a mebibyte. */
static struct {
        pthread_once_t once;
        pthread_mutex_t mutex;
        coffer_fork_entry fork;
        struct mapping *first;
} mapped = {.once = PTHREAD_ONCE_INIT};

static void mapped_init(void)
{
        coffer_fork_enter(&mapped.fork, &mapped.mutex);
}

static void mapping_register(struct mapping *mapping)
{
        pthread_once(&mapped.once, mapped_init);
        COFFER_LOCK_SCOPE(&mapped.mutex);
        mapping->next = mapped.first;
        mapped.first = mapping;
}

static void mapping_release(void *owner)
{
        struct mapping *mapping = owner;
        {
                COFFER_LOCK_SCOPE(&mapped.mutex);
                struct mapping **link = &mapped.first;
                while (*link != mapping)
                        link = &(*link)->next;
                *link = mapping->next;
        }
        munmap(mapping->memory, mapping->size_bytes);
        coffer_fs_closep(&mapping->descriptor);
        coffer_free(mapping);
}

/* The mapping that a part of memory lies in; NULL when there is none. The mutex is held. */
static const struct mapping *mapping_find(coffer_cursor part)
{
        for (const struct mapping *each = mapped.first; each; each = each->next) {
                uintptr_t offset = (uintptr_t)part.data - (uintptr_t)each->memory;
                if (offset < each->size_bytes && part.size_bytes <= each->size_bytes - offset)
                        return each;
        }
        return NULL;
}

/* The kernel maps more than was asked for, also what was given back before: so what lies before goes too. */
static void mapping_give_back(const struct mapping *mapping, size_t end)
{
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        end = end / page * page;
        size_t begin = end > BEHIND_BYTES ? end - BEHIND_BYTES : 0;
        if (end > begin) /* all is still in the file, should anybody ask again */
                madvise((uint8_t *)mapping->memory + begin, end - begin, MADV_DONTNEED);
}

void coffer_fs_passed(coffer_cursor part)
{
        pthread_once(&mapped.once, mapped_init);
        COFFER_LOCK_SCOPE(&mapped.mutex);
        const struct mapping *mapping = mapping_find(part);
        if (mapping)
                mapping_give_back(mapping, (size_t)(part.data - (const uint8_t *)mapping->memory) + part.size_bytes);
}

/* Where a part is to be read from; -1: from memory. */
static int find_file(coffer_cursor part, off_t *offset)
{
        pthread_once(&mapped.once, mapped_init);
        COFFER_LOCK_SCOPE(&mapped.mutex);
        const struct mapping *mapping = mapping_find(part);
        if (!mapping)
                return -1;
        *offset = part.data - (const uint8_t *)mapping->memory;
        return mapping->descriptor;
}

coffer_status coffer_fs_copy(uint8_t *to, coffer_cursor part, coffer_error *error)
{
        off_t offset;
        int file = find_file(part, &offset);

        if (file < 0 && part.size_bytes > 0)
                memcpy(to, part.data, part.size_bytes);
        for (size_t copied_bytes = 0; file >= 0 && copied_bytes < part.size_bytes;) {
                ssize_t got_bytes =
                        pread(file, to + copied_bytes, part.size_bytes - copied_bytes, offset + (off_t)copied_bytes);
                if (got_bytes < 0 && errno == EINTR)
                        continue;
                if (got_bytes < 0)
                        return coffer_error_set(error, COFFER_IO, "cannot read the file: %s", strerror(errno));
                if (got_bytes == 0)
                        return coffer_error_set(error, COFFER_CORRUPT, "the file was cut short while it was read");
                copied_bytes += (size_t)got_bytes;
        }
        return COFFER_OK;
}

/* A file that somebody cuts short while it is mapped ends in SIGBUS. Stores publish whole files under their names and
 * never write to them again, so only someone with the right to write to the store can do that, and he could do worse.
 */
static coffer_status append_mapping(int descriptor, size_t size_bytes, bool is_changing, coffer_bytes *bytes,
                                    coffer_error *error)
{
        struct mapping *mapping = coffer_alloc(sizeof(*mapping));
        if (!mapping)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to map a file");
        *mapping = (struct mapping){.memory = mmap(NULL, size_bytes, PROT_READ, MAP_PRIVATE, descriptor, 0),
                                    .size_bytes = size_bytes,
                                    .descriptor = -1};
        if (mapping->memory == MAP_FAILED) {
                coffer_free(mapping);
                return coffer_error_set(error, COFFER_UNSUPPORTED, "the file cannot be mapped");
        }
        if (is_changing) /* without one more descriptor it is read as files that stay are */
                mapping->descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
        mapping_register(mapping);
        coffer_status status = coffer_bytes_append_borrow(bytes, coffer_cursor_of(mapping->memory, size_bytes),
                                                          mapping_release, mapping, error);
        if (status != COFFER_OK)
                mapping_release(mapping);
        return status;
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
                status = append_mapping(descriptor, (size_t)size_bytes, is_changing, bytes, error);
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
        ssize_t got = read_some(self->descriptor, buffer, capacity_bytes);
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
        uint64_t size_bytes;
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
