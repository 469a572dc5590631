/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of serializers in Python. */
#ifndef COFFER_PYTHON_REGISTRY_H
#define COFFER_PYTHON_REGISTRY_H

#include "module.h"

bool pycoffer_registry_add_type(PyObject *module, pycoffer_state *state);

/* The registry behind a Registry, borrowed; NULL with TypeError set for any other object. */
coffer_registry *pycoffer_registry_of(pycoffer_state *state, PyObject *object);

#endif
