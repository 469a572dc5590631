/* SPDX-License-Identifier: Apache-2.0 */
/* Sidecars of one text share one file under many names: a link costs a fifth of a new file. All writers replace
 * sidecars whole and never write into one, so nobody can tell. Where links are refused each has a file of its own. */
#ifndef COFFER_STORAGE_SIDECARS_H
#define COFFER_STORAGE_SIDECARS_H

#include <coffer/error.h>

typedef struct coffer_sidecars coffer_sidecars;

COFFER_MUST_CHECK
coffer_status coffer_sidecars_new(coffer_sidecars **out, coffer_error *error);
void coffer_sidecars_free(coffer_sidecars *sidecars); /* NULL is allowed */

/* Publishes `text` at `path`; with `replace` in place of what is there, else COFFER_CONFLICT. Thread-safe. */
COFFER_MUST_CHECK
coffer_status coffer_sidecars_publish(coffer_sidecars *sidecars, const char *path, const char *text, bool replace,
                                      coffer_error *error);

#endif
