/* SPDX-License-Identifier: Apache-2.0 */
/* What flows, runs, steps, tasks and artifacts may be called. */
#ifndef COFFER_NAMES_H
#define COFFER_NAMES_H

#include <coffer/error.h>

COFFER_BEGIN_DECLS

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
COFFER_API COFFER_MUST_CHECK coffer_status coffer_name_check(coffer_name_kind kind, const char *name,
                                                             coffer_error *error);

/* The name in a list that `name` may have been meant for: near enough, or NULL. `at` gives the i-th name. */
COFFER_API const char *coffer_name_nearest(const char *name, const char *(*at)(const void *list, size_t index),
                                           size_t count, const void *list);

COFFER_END_DECLS
#endif
