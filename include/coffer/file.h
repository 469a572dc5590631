/* SPDX-License-Identifier: Apache-2.0 */
/* Files as inputs and outputs of a front: read whole, and written so that they appear only when they are whole. Paths
 * are NUL-terminated; errors name the path and errno's text. */
#ifndef COFFER_FILE_H
#define COFFER_FILE_H

#include <coffer/bytes.h>
#include <coffer/progress.h>

COFFER_BEGIN_DECLS

/* The whole file: read into memory, or mapped read-only when large. COFFER_NOT_FOUND when missing, COFFER_IO when it is
 * no regular file. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_fs_read(const char *path, coffer_bytes **out, coffer_error *error);

/* The same for a file that others may write to meanwhile, or that is larger than memory: bytes of it that are unstable
 * (coffer_bytes_set_unstable) are read from the file again, piece by piece, when they are saved, so that one that is
 * cut short gives COFFER_CORRUPT. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_fs_read_changing(const char *path, coffer_bytes **out,
                                                                   coffer_error *error);

/* Everything up to the end of an open descriptor (a pipe, standard input), which stays open; `name` is for errors. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_fs_read_descriptor(int descriptor, const char *name,
                                                                     coffer_bytes **out, coffer_error *error);

/* The same in constant memory: what is longer than 16 MiB is kept in a file without a name, in TMPDIR or else /var/tmp,
 * and is changing (see coffer_fs_read_changing). `progress` (NULL: nobody) is told how many bytes are in that file;
 * COFFER_DECLINED when it stopped the reading. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_fs_spool(int descriptor, const char *name,
                                                           coffer_progress_fn progress, void *progress_user,
                                                           coffer_bytes **out, coffer_error *error);

/* A file that appears under its name only when it is whole: a temporary in the same directory, then rename. Mode 0666
 * less the umask. Missing directories are made. */
typedef struct coffer_file_writer coffer_file_writer;
COFFER_API COFFER_MUST_CHECK coffer_status coffer_file_writer_open(const char *path, coffer_file_writer **out,
                                                                   coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_file_writer_write(coffer_file_writer *writer, coffer_cursor data,
                                                                    coffer_error *error);
/* Publishes: with `sync` the data is flushed before the rename and the directory (with those above it that were
 * made for this file) after it. Without `overwrite` a file that is there stays and COFFER_CONFLICT is returned. The
 * writer is freed in every case. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_file_writer_commit(coffer_file_writer *writer, bool overwrite,
                                                                     bool sync, coffer_error *error);
COFFER_API void coffer_file_writer_abort(coffer_file_writer *writer); /* removes the temporary; NULL is allowed */

COFFER_END_DECLS
#endif
