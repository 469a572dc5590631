/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over a value as its views show it, depth first and without recursion, for those who write it down. */
#ifndef COFFER_VALUE_WALK_H
#define COFFER_VALUE_WALK_H

#include "value/view.h"

typedef enum coffer_walk_role {
        COFFER_ROLE_ITEM,
        COFFER_ROLE_KEY,
        COFFER_ROLE_VALUE,    /* under the key before it */
        COFFER_ROLE_ARGUMENT, /* part of a call, without a name */
        COFFER_ROLE_KEYWORD   /* part of a call, with its name */
} coffer_walk_role;

typedef struct coffer_walk_child {
        coffer_walk_role role;
        coffer_cursor name;
        size_t nth; /* children of this parent before it; what was omitted counts as one */
} coffer_walk_child;

/* Who writes down. A value that is met more than once has a number in its view. `open` may set the view's mark, which
 * the calls about that view then find. */
typedef struct coffer_walk_sink {
        coffer_status (*leaf)(void *user, const coffer_view *view, coffer_error *error);
        coffer_status (*open)(void *user, coffer_view *view, coffer_error *error);
        coffer_status (*before)(void *user, const coffer_view *parent, const coffer_walk_child *child,
                                coffer_error *error);
        coffer_status (*omitted)(void *user, const coffer_view *parent, const coffer_walk_child *child, uint64_t count,
                                 coffer_error *error);
        coffer_status (*close)(void *user, const coffer_view *view, coffer_error *error);
        coffer_status (*reference)(void *user, const coffer_view *view, coffer_error *error);
        coffer_status (*too_deep)(void *user, const coffer_view *view, coffer_error *error);
        bool (*is_full)(const void *user); /* true: nothing more is wanted, and the walk ends */
} coffer_walk_sink;

typedef struct coffer_walk_options {
        uint32_t max_depth;
        uint64_t max_items;  /* of one container or array */
        uint64_t max_visits; /* while looking for values that are met more than once */
        bool as_calls;       /* parts of calls as they are printed; else as they are written in JSON */
        bool is_tree;        /* no labels: a value is written wherever it is met, but not inside of itself */
} coffer_walk_options;

COFFER_MUST_CHECK coffer_status coffer_walk(const coffer_value *value, const coffer_walk_options *options,
                                            const coffer_walk_sink *sink, void *user, coffer_error *error);

/* What a view has children of; 0 for what stands by itself. */
size_t coffer_walk_child_count(const coffer_view *view);

#endif
