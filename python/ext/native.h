/* SPDX-License-Identifier: Apache-2.0 */
/* A serializer in C for Python's own dispatch. */
#ifndef COFFER_PYTHON_NATIVE_H
#define COFFER_PYTHON_NATIVE_H

#include "class_registry.h"

bool pycoffer_native_add_type(PyObject *module, pycoffer_state *state);

PyObject *pycoffer_native_new(pycoffer_class_registry *registry, const coffer_serializer *serializer);

/* The table behind a NativeSerializer of this registry; NULL, without an exception, for anything else. */
const coffer_serializer *pycoffer_native_table(pycoffer_class_registry *registry, PyObject *object);

#endif
