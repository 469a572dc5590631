/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/path.h"

#include <limits.h>
#include <string.h>

static bool part_is_safe(const char *part, size_t size_bytes)
{
        bool is_dots = size_bytes <= 2 && strspn(part, ".") >= size_bytes;
        return size_bytes > 0 && !is_dots;
}

coffer_status coffer_storage_check_path(const char *path, bool allow_root, coffer_error *error)
{
        if (!path)
                return coffer_error_set(error, COFFER_INVALID, "storage path is missing");
        if (*path == '\0' && allow_root)
                return COFFER_OK;
        if (strnlen(path, PATH_MAX) == PATH_MAX)
                return coffer_error_set(error, COFFER_INVALID, "storage path '%.64s...' is too long", path);
        for (const char *part = path;;) {
                size_t size_bytes = strcspn(part, "/");
                if (!part_is_safe(part, size_bytes))
                        return coffer_error_set(error, COFFER_INVALID,
                                                "storage path '%s' would leave the tree or has an empty part", path);
                part += size_bytes;
                if (*part == '\0')
                        return COFFER_OK;
                part++;
        }
}
