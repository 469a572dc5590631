/* SPDX-License-Identifier: Apache-2.0 */
/* A registry whose entries may be Python classes, and whose state Python sees through windows. */
#ifndef COFFER_PYTHON_CLASS_REGISTRY_H
#define COFFER_PYTHON_CLASS_REGISTRY_H

#include <coffer/sys/registry.h>

#include "registry.h"

typedef struct pycoffer_class_registry {
        pycoffer_registry base;
        coffer_host host;
        PyObject *glue;    /* coffer.framework._glue; None until it is set */
        PyObject *classes; /* (class, TYPE) -> ClassSerializer */
        PyObject *natives; /* address of a table -> class, of serializers in C */
        PyObject *records; /* address of a record -> Record, of those that ever were in the registry */
} pycoffer_class_registry;

bool pycoffer_class_registry_add_type(PyObject *module, pycoffer_state *state);

/* The table that stands for a class, valid as long as the registry; NULL with an exception set. */
const coffer_serializer *pycoffer_class_registry_table(pycoffer_class_registry *self, PyObject *class);
/* The other way: for a serializer in C a class is made that wraps it. A new reference. */
PyObject *pycoffer_class_registry_class(pycoffer_class_registry *self, const coffer_serializer *serializer);

/* The Record of a record; takes over the reference, NULL gives None. A new reference. */
PyObject *pycoffer_class_registry_record(pycoffer_class_registry *self, coffer_record *record);

/* Methods, in files of their own. */
extern PyMethodDef pycoffer_window_methods[];
extern PyMethodDef pycoffer_drive_methods[];

#endif
