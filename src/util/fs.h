/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the local file system, beside what <coffer/file.h> has. Paths are NUL-terminated; errors name the path and
 * errno's text. */
#ifndef COFFER_UTIL_FS_H
#define COFFER_UTIL_FS_H

#include <coffer/bytes.h>
#include <coffer/file.h>
#include "util/cleanup.h"

typedef enum coffer_file_type {
        COFFER_FILE_NONE,
        COFFER_FILE_REGULAR,
        COFFER_FILE_DIRECTORY,
        COFFER_FILE_OTHER
} coffer_file_type;

/* What is at `path` (symbolic links followed); a missing one is COFFER_FILE_NONE, not an error. `size_bytes` may be
 * NULL. */
COFFER_MUST_CHECK coffer_status coffer_fs_stat(const char *path, coffer_file_type *type, uint64_t *size_bytes,
                                               coffer_error *error);

/* As coffer_fs_read; COFFER_LIMIT when the file has more than so many bytes. */
COFFER_MUST_CHECK coffer_status coffer_fs_read_up_to(const char *path, uint64_t max_bytes, coffer_bytes **out,
                                                     coffer_error *error);

/* Copies bytes. Where they lie in a file that was read as changing (coffer_fs_read_changing) they come from there, and
 * COFFER_CORRUPT tells that it was cut short. */
COFFER_MUST_CHECK coffer_status coffer_fs_copy(uint8_t *to, coffer_cursor part, coffer_error *error);

/* This part of what was read will not be needed soon: where it is a mapped file, its memory is given back. */
void coffer_fs_passed(coffer_cursor part);

/* A stream over the file. COFFER_NOT_FOUND when missing. */
COFFER_MUST_CHECK coffer_status coffer_fs_open_stream(const char *path, coffer_stream **out, coffer_error *error);

/* The file's bytes at any place. COFFER_NOT_FOUND when missing. */
COFFER_MUST_CHECK coffer_status coffer_fs_open_random(const char *path, coffer_random_access **out,
                                                      coffer_error *error);

/* Makes the directory and its missing parents (mode 0777 less the umask). */
COFFER_MUST_CHECK coffer_status coffer_fs_make_directories(const char *path, coffer_error *error);

/* Names in a directory, sorted, without "." and "..": calls `visit` for each until it fails. COFFER_NOT_FOUND
 * when missing. */
COFFER_MUST_CHECK coffer_status coffer_fs_list(const char *path,
                                               coffer_status (*visit)(void *user, const char *name,
                                                                      coffer_file_type type, coffer_error *error),
                                               void *user, coffer_error *error);

/* Removes a file; a missing one is fine. */
COFFER_MUST_CHECK coffer_status coffer_fs_remove(const char *path, coffer_error *error);

/* Gives a file a new name on the same file system: COFFER_CONFLICT when something has that name, COFFER_NOT_FOUND when
 * the file is missing. */
COFFER_MUST_CHECK coffer_status coffer_fs_move(const char *path, const char *new_path, coffer_error *error);

/* Flushes a file's or directory's contents to the disk. */
COFFER_MUST_CHECK coffer_status coffer_fs_sync(const char *path, coffer_error *error);

/* Temporaries of coffer_file_writer are named COFFER_TEMP_PREFIX, process id, random letters. */
#define COFFER_TEMP_PREFIX ".coffer-tmp-"
COFFER_DEFINE_CLEANUP(coffer_file_writer *, coffer_file_writer_abort);

/* The file is to appear at `path`, on the same file system, instead of where it was begun for. */
COFFER_MUST_CHECK coffer_status coffer_file_writer_rename(coffer_file_writer *writer, const char *path,
                                                          coffer_error *error);

/* Several parts, one behind the other. */
COFFER_MUST_CHECK coffer_status coffer_file_writer_write_parts(coffer_file_writer *writer, const coffer_cursor *parts,
                                                               size_t count, coffer_error *error);

/* What has been written will have to be on the disk soon: the kernel may begin with that once it is much. */
void coffer_file_writer_push(coffer_file_writer *writer);

/* Opening, writing and committing in one call, for small files. */
COFFER_MUST_CHECK coffer_status coffer_fs_publish(const char *path, coffer_cursor data, bool overwrite, bool sync,
                                                  coffer_error *error);

/* "left/right" with exactly one slash between, just "right" when left is empty; free with coffer_free. */
COFFER_MUST_CHECK coffer_status coffer_path_join(const char *left, const char *right, char **out, coffer_error *error);

#endif
