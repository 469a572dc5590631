/* SPDX-License-Identifier: Apache-2.0 */
/* One record of a registry in Python: its fields are the record's own. */
#ifndef COFFER_PYTHON_RECORD_H
#define COFFER_PYTHON_RECORD_H

#include "class_registry.h"

bool pycoffer_record_add_type(PyObject *module, pycoffer_state *state);

/* An instance of `type`, which derives from the module's own; takes a reference of its own to the record. */
PyObject *pycoffer_record_wrap(PyTypeObject *type, pycoffer_class_registry *registry, coffer_record *record);

/* The record behind a Record of this registry, borrowed; NULL with TypeError or ValueError set. */
coffer_record *pycoffer_record_of(pycoffer_class_registry *registry, PyObject *object);

#endif
