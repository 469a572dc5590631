/* SPDX-License-Identifier: Apache-2.0 */
/* Relative paths of objects, as callers give them. */
#ifndef COFFER_STORAGE_PATH_H
#define COFFER_STORAGE_PATH_H

#include <coffer/sys/storage.h>

/* COFFER_INVALID unless `path` stays below the root: relative, without empty, "." or ".." parts, not absurdly long.
 * With `allow_root`, "" is fine. */
COFFER_MUST_CHECK
coffer_status coffer_storage_check_path(const char *path, bool allow_root, coffer_error *error);

#endif
