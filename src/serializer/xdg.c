/* SPDX-License-Identifier: Apache-2.0 */
#include "serializer/xdg.h"

#include <stdlib.h>

#include "util/fs.h"

coffer_status coffer_xdg_path(const char *variable, const char *fallback, const char *rest, char **out,
                              coffer_error *error)
{
        const char *directory = secure_getenv(variable);
        if (directory && directory[0] == '/')
                return coffer_path_join(directory, rest, out, error);
        const char *home = secure_getenv("HOME");
        if (!home || home[0] != '/') {
                *out = NULL;
                return COFFER_OK;
        }
        _cleanup_free_ char *base = NULL;
        COFFER_TRY(coffer_path_join(home, fallback, &base, error));
        return coffer_path_join(base, rest, out, error);
}
