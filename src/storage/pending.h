/* SPDX-License-Identifier: Apache-2.0 */
/* What has been written to local files and is not known to be on the disk yet. Memory is bounded: a few files are
 * remembered one by one, for more of them the file systems that hold them. */
#ifndef COFFER_STORAGE_PENDING_H
#define COFFER_STORAGE_PENDING_H

#include <coffer/error.h>

typedef struct coffer_pending coffer_pending;

/* For files below `root` (copied). */
COFFER_MUST_CHECK
coffer_status coffer_pending_new(const char *root, coffer_pending **out, coffer_error *error);
void coffer_pending_free(coffer_pending *pending); /* NULL is allowed */

/* The next flush covers the file `path`, which begins with the root, and the directories above it. Can't fail: what
 * can't be remembered makes the flush wider. Thread-safe. */
void coffer_pending_note(coffer_pending *pending, const char *path);

/* Returns when everything noted before the call is on the disk. Once a flush has failed, all later ones fail: what the
 * kernel dropped can't be told from what it wrote. Thread-safe. */
COFFER_MUST_CHECK
coffer_status coffer_pending_flush(coffer_pending *pending, coffer_error *error);

#endif
