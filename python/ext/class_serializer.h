/* SPDX-License-Identifier: Apache-2.0 */
/* Python classes with the methods of Metaflow's ArtifactSerializer as serializers of the library. */
#ifndef COFFER_PYTHON_CLASS_SERIALIZER_H
#define COFFER_PYTHON_CLASS_SERIALIZER_H

#include "module.h"

/* Its table is valid as long as the object. */
typedef struct pycoffer_class_serializer {
        PyObject_HEAD pycoffer_state *state;
        PyObject *class;
        PyObject *glue; /* what turns the class's arguments and results into plain ones: coffer.framework._glue */
        PyObject *type; /* str: class.TYPE when this was made */
        PyObject *name; /* str: class.__name__ */
        coffer_serializer table;
} pycoffer_class_serializer;

bool pycoffer_class_serializer_add_type(PyObject *module, pycoffer_state *state);

/* NULL with an exception set, also when the class has no TYPE or no PRIORITY that is a number. */
pycoffer_class_serializer *pycoffer_class_serializer_new(pycoffer_state *state, PyObject *glue, PyObject *class);

/* The class behind a table, borrowed; NULL when it is a serializer of another kind. */
PyObject *pycoffer_class_of(const coffer_serializer *serializer);

/* class.TYPE as text. A new reference. */
PyObject *pycoffer_class_type(PyObject *class);

/* class.PRIORITY; one too large for the library counts as its largest. False with an exception set. */
bool pycoffer_class_priority(PyObject *class, int32_t *out);

#endif
