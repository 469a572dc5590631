/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the extension module share: its state and its types. */
#ifndef COFFER_PYTHON_MODULE_H
#define COFFER_PYTHON_MODULE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <coffer/coffer.h>

/* CPython's prototypes lack const here. */
#define PYCOFFER_KEYWORDS(names) ((char **)(uintptr_t)(names))

/* Classes of coffer._values, by their place in its CLASSES. */
typedef enum pycoffer_class {
        PYCOFFER_CLASS_GLOBAL = 0,
        PYCOFFER_CLASS_OBJECT,
        PYCOFFER_CLASS_TENSOR,
        PYCOFFER_CLASS_EXTENSION,
        PYCOFFER_CLASS_PERSISTENT,
        PYCOFFER_CLASS_COUNT
} pycoffer_class;

/* Names of attributes, as interned texts. */
typedef enum pycoffer_name {
        PYCOFFER_NAME_CLASS = 0,
        PYCOFFER_NAME_DOT,
        PYCOFFER_NAME_MODULE,
        PYCOFFER_NAME_NAME,
        PYCOFFER_NAME_NEWOBJ,
        PYCOFFER_NAME_NEWOBJ_EX,
        PYCOFFER_NAME_QUALNAME,
        PYCOFFER_NAME_REDUCE_EX,
        PYCOFFER_NAME_COUNT
} pycoffer_name;

/* The state of one instance of the module: each interpreter has its own. Whoever hands the library something that leads
 * back here keeps the module alive for as long. */
typedef struct pycoffer_state {
        PyObject *module; /* borrowed: it owns this state */
        PyInterpreterState *interpreter;
        PyObject *errors[COFFER_STATUS_COUNT];   /* exception classes; of COFFER_OK the base of all */
        PyObject *classes[PYCOFFER_CLASS_COUNT]; /* NULL until pycoffer_classes_import */
        PyTypeObject *bytes_type;
        PyTypeObject *tensor_type;
        PyTypeObject *registry_type;
        PyTypeObject *class_registry_type;
        PyTypeObject *class_serializer_type;
        PyTypeObject *native_serializer_type;
        PyTypeObject *record_type;
        PyTypeObject *store_type;
        PyTypeObject *task_type;
        coffer_serializer pickle;
        coffer_serializer iotype;
        PyObject *pickle_dumps;
        PyObject *pickle_loads;
        PyObject *names[PYCOFFER_NAME_COUNT];
        PyObject *protocol;           /* of pickles, as an int */
        PyObject *dispatch_table;     /* of copyreg */
        PyObject *extension_registry; /* of copyreg */
        PyObject *array_type;         /* numpy.ndarray; NULL until one is met */
} pycoffer_state;

extern PyModuleDef pycoffer_module;

pycoffer_state *pycoffer_state_of(PyObject *module);

/* Of one of the module's own types, or of a class derived from one. */
pycoffer_state *pycoffer_state_of_type(PyTypeObject *type);

/* Fetches `classes`, once. False with an exception set. */
bool pycoffer_classes_import(pycoffer_state *state);

#endif
