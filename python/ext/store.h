/* SPDX-License-Identifier: Apache-2.0 */
/* Datastores in Python. */
#ifndef COFFER_PYTHON_STORE_H
#define COFFER_PYTHON_STORE_H

#include "module.h"

bool pycoffer_store_add_type(PyObject *module, pycoffer_state *state);

/* The store behind a Store, borrowed; NULL with TypeError set for any other object. */
coffer_store *pycoffer_store_of(pycoffer_state *state, PyObject *object);

/* The registry of a Store, borrowed. */
coffer_registry *pycoffer_store_registry(pycoffer_state *state, PyObject *store);

#endif
