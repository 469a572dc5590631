/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of serializers in Python. */
#ifndef COFFER_PYTHON_REGISTRY_H
#define COFFER_PYTHON_REGISTRY_H

#include "module.h"

/* What a Registry begins with. */
typedef struct pycoffer_registry {
        PyObject_HEAD pycoffer_state *state;
        coffer_registry *registry;
} pycoffer_registry;

bool pycoffer_registry_add_type(PyObject *module, pycoffer_state *state);

/* The registry behind a Registry, borrowed; NULL with TypeError set for any other object. */
coffer_registry *pycoffer_registry_of(pycoffer_state *state, PyObject *object);

/* A warning of the library as a RuntimeWarning; `user` is the module's state. */
void pycoffer_registry_warn(void *user, const char *message);

/* A list of str from names that end with NULL; NULL gives an empty one. */
PyObject *pycoffer_names_to_list(const char *const *names);

#endif
