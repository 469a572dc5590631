/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes that may bring more than fits in memory: their bytes wait in a file that has no name. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/cursor.h"
#include "util/fs_internal.h"

enum { MEMORY_BYTES = 16 << 20, PIECE_BYTES = 1 << 20 };

/* Bytes on their way. */
typedef struct spool {
        int source;
        const char *name; /* of the source */
        const char *directory;
        int file; /* -1: all is in `piece` so far */
        coffer_buf piece;
        uint64_t written_bytes;
        coffer_progress_fn progress;
        void *progress_user;
} spool;

/* Until it is full or the source ends. */
static coffer_status fill(spool *self, size_t capacity_bytes, bool *ended, coffer_error *error)
{
        *ended = false;
        while (!*ended && self->piece.size_bytes < capacity_bytes) {
                size_t room_bytes = capacity_bytes - self->piece.size_bytes;
                room_bytes = room_bytes < PIECE_BYTES ? room_bytes : PIECE_BYTES;
                COFFER_TRY(coffer_buf_reserve(&self->piece, room_bytes, error));
                ssize_t got_bytes =
                        coffer_fs_read_some(self->source, self->piece.data + self->piece.size_bytes, room_bytes);
                if (got_bytes < 0)
                        return coffer_fs_error(error, errno, "read", self->name);
                self->piece.size_bytes += (size_t)got_bytes;
                *ended = got_bytes == 0;
        }
        return COFFER_OK;
}

static coffer_status tell(const spool *self, coffer_error *error)
{
        if (self->progress && !self->progress(self->progress_user, self->written_bytes, 0))
                return coffer_error_set(error, COFFER_DECLINED, "the reading was stopped");
        return COFFER_OK;
}

static coffer_status file_error(const spool *self, int code, coffer_error *error)
{
        return coffer_error_set(error, COFFER_IO, "cannot keep %s in a file in %s: %s", self->name, self->directory,
                                strerror(code));
}

static coffer_status open_file(spool *self, coffer_error *error)
{
        char path[4096];

        self->file = coffer_fs_open(self->directory, O_TMPFILE | O_RDWR, 0600);
        if (self->file >= 0)
                return COFFER_OK;
        /* A file system without files that have no name. */
        if (snprintf(path, sizeof(path), "%s/coffer-XXXXXX", self->directory) >= (int)sizeof(path))
                return file_error(self, ENAMETOOLONG, error);
        self->file = mkostemp(path, O_CLOEXEC);
        if (self->file < 0)
                return file_error(self, errno, error);
        unlink(path);
        return COFFER_OK;
}

/* Moves what is in memory to the file. */
static coffer_status pass_on(spool *self, coffer_error *error)
{
        for (size_t done_bytes = 0; done_bytes < self->piece.size_bytes;) {
                ssize_t written = write(self->file, self->piece.data + done_bytes, self->piece.size_bytes - done_bytes);
                if (written < 0 && errno == EINTR)
                        continue;
                if (written < 0)
                        return file_error(self, errno, error);
                done_bytes += (size_t)written;
        }
        self->written_bytes += self->piece.size_bytes;
        self->piece.size_bytes = 0;
        return tell(self, error);
}

static coffer_status read_all(spool *self, coffer_bytes *bytes, coffer_error *error)
{
        bool ended;

        COFFER_TRY(fill(self, MEMORY_BYTES, &ended, error));
        if (ended)
                return coffer_buf_take_into(&self->piece, bytes, error);
        COFFER_TRY(open_file(self, error));
        while (!ended) {
                COFFER_TRY(pass_on(self, error));
                COFFER_TRY(fill(self, PIECE_BYTES, &ended, error));
        }
        COFFER_TRY(pass_on(self, error));
        if (self->written_bytes > SIZE_MAX / 2)
                return coffer_error_set(error, COFFER_LIMIT, "%s is larger than the address space", self->name);
        return coffer_fs_map(self->file, (size_t)self->written_bytes, true, bytes, error);
}

coffer_status coffer_fs_spool(int descriptor, const char *name, coffer_progress_fn progress, void *progress_user,
                              coffer_bytes **out, coffer_error *error)
{
        const char *directory = getenv("TMPDIR");
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        spool self = {.source = descriptor,
                      .name = name,
                      .directory = directory && *directory ? directory : "/var/tmp",
                      .file = -1,
                      .piece = COFFER_BUF_INIT(SIZE_MAX),
                      .progress = progress,
                      .progress_user = progress_user};

        COFFER_TRY(coffer_bytes_new(&bytes, error));
        coffer_status status = read_all(&self, bytes, error);
        coffer_buf_done(&self.piece);
        coffer_fs_closep(&self.file);
        if (status == COFFER_OK)
                *out = TAKE_PTR(bytes);
        return status;
}
