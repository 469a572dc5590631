/* SPDX-License-Identifier: Apache-2.0 */
/* The backends that the table in storage.c knows. */
#ifndef COFFER_STORAGE_BACKENDS_H
#define COFFER_STORAGE_BACKENDS_H

#include <coffer/sys/storage.h>

/* Opens a backend's storage; `type` is the name under which the table lists it. */
typedef coffer_status (*coffer_storage_open_fn)(const char *type, const char *root,
                                                const coffer_storage_options *options, coffer_storage **out,
                                                coffer_error *error);

/* Directories and files of this machine; "local" and "spin" differ in nothing but the name. */
COFFER_MUST_CHECK
coffer_status coffer_storage_open_local(const char *type, const char *root, const coffer_storage_options *options,
                                        coffer_storage **out, coffer_error *error);

#endif
