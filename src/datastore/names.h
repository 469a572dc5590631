/* SPDX-License-Identifier: Apache-2.0 */
/* What flows, runs, steps, tasks, artifacts and metadata may be called. */
#ifndef COFFER_DATASTORE_NAMES_H
#define COFFER_DATASTORE_NAMES_H

#include <coffer/error.h>

typedef enum coffer_name_kind {
        COFFER_NAME_FLOW = 0,
        COFFER_NAME_RUN,
        COFFER_NAME_STEP,
        COFFER_NAME_TASK,
        COFFER_NAME_ARTIFACT,
        COFFER_NAME_METADATA, /* of a metadata file, after the attempt's number */
        COFFER_NAME_FIELD,    /* of a metadata datum */
        COFFER_NAME_KIND_COUNT
} coffer_name_kind;

/* COFFER_INVALID, saying why, for a name that is empty, too long, would leave the tree or means something else there.
 * Flows, steps and artifacts are Python identifiers (all characters beyond ASCII are taken for letters). NULL is not a
 * name. */
COFFER_MUST_CHECK coffer_status coffer_name_check(coffer_name_kind kind, const char *name, coffer_error *error);

/* Orders decimal numbers by value and before other texts, which go byte by byte. */
int coffer_name_compare(const char *left, const char *right);

/* The name in a list that `name` may have been meant for: near enough, or NULL. `at` gives the i-th name. */
const char *coffer_name_nearest(const char *name, const char *(*at)(const void *list, size_t index), size_t count,
                                const void *list);

#endif
