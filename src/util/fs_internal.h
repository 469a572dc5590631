/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that make up fs.h share. */
#ifndef COFFER_UTIL_FS_INTERNAL_H
#define COFFER_UTIL_FS_INTERNAL_H

#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

#include "util/fs.h"

/* Fills the error from errno's value `code`: "cannot ACTION PATH: REASON". COFFER_IO or COFFER_NO_MEMORY. */
coffer_status coffer_fs_error(coffer_error *error, int code, const char *action, const char *path);

/* The same, but COFFER_NOT_FOUND where nothing is at `path`. */
coffer_status coffer_fs_read_error(coffer_error *error, int code, const char *action, const char *path);

static inline bool coffer_fs_is_missing(int code)
{
        return code == ENOENT || code == ENOTDIR;
}

/* open() that goes on after signals and closes on exec; -1 and errno on failure. */
int coffer_fs_open(const char *path, int flags, mode_t mode);

static inline void coffer_fs_closep(int *descriptor)
{
        if (*descriptor >= 0)
                close(*descriptor);
}

/* read() that goes on after signals. */
ssize_t coffer_fs_read_some(int descriptor, void *buffer, size_t capacity_bytes);

/* Adds the file as a segment; with `is_changing` as coffer_fs_read_changing has it. COFFER_UNSUPPORTED when it can't be
 * mapped. */
COFFER_MUST_CHECK coffer_status coffer_fs_map(int descriptor, size_t size_bytes, bool is_changing, coffer_bytes *bytes,
                                              coffer_error *error);

coffer_status coffer_fs_sync_descriptor(int descriptor, const char *path, coffer_error *error);

/* The length of the parent in the first `length` bytes of `path`: 0 when there is none, 1 for the root. */
size_t coffer_fs_parent_length(const char *path, size_t length);

/* coffer_fs_make_directories that tells how much of `path` was there before (0: the current directory). */
coffer_status coffer_fs_make_missing(const char *path, size_t *existing_length, coffer_error *error);

#endif
