/* SPDX-License-Identifier: Apache-2.0 */
/* The user's directories (https://specifications.freedesktop.org/basedir-spec/latest/). */
#ifndef COFFER_SERIALIZER_XDG_H
#define COFFER_SERIALIZER_XDG_H

#include <coffer/error.h>

/* `rest` below the directory that `variable` names, or below `fallback` in the home directory when it is unset or not
 * absolute. NULL in `*out` when there is no home either. Free with coffer_free. */
COFFER_MUST_CHECK
coffer_status coffer_xdg_path(const char *variable, const char *fallback, const char *rest, char **out,
                              coffer_error *error);

#endif
