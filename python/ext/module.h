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
#define PYCOFFER_NAMES(X)                                                                                              \
        X(ADD, "add")                                                                                                  \
        X(APPEND, "append")                                                                                            \
        X(CLASS, "__class__")                                                                                          \
        X(DICT, "__dict__")                                                                                            \
        X(DOT, ".")                                                                                                    \
        X(EXTEND, "extend")                                                                                            \
        X(GETINITARGS, "__getinitargs__")                                                                              \
        X(MODULE, "__module__")                                                                                        \
        X(NAME, "__name__")                                                                                            \
        X(NEW, "__new__")                                                                                              \
        X(NEWOBJ, "__newobj__")                                                                                        \
        X(NEWOBJ_EX, "__newobj_ex__")                                                                                  \
        X(QUALNAME, "__qualname__")                                                                                    \
        X(REDUCE_EX, "__reduce_ex__")                                                                                  \
        X(SETSTATE, "__setstate__")

typedef enum pycoffer_name {
#define PYCOFFER_NAME_OF(name, text) PYCOFFER_NAME_##name,
        PYCOFFER_NAMES(PYCOFFER_NAME_OF)
#undef PYCOFFER_NAME_OF
                PYCOFFER_NAME_COUNT
} pycoffer_name;

/* Of what has to be tried first. */
typedef enum pycoffer_trust { PYCOFFER_UNTRIED = 0, PYCOFFER_TRUSTED, PYCOFFER_NOT_TRUSTED } pycoffer_trust;

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
        PyTypeObject *blob_saver_type;
        PyTypeObject *blob_loader_type;
        coffer_serializer pickle;
        coffer_serializer iotype;
        PyObject *pickle_dumps;
        PyObject *names[PYCOFFER_NAME_COUNT];
        PyObject *protocol;           /* of pickles, as an int */
        pycoffer_trust pickler_trust; /* whether our pickler writes what Python's does */
        PyObject *dispatch_table;     /* of copyreg */
        PyObject *extension_registry; /* of copyreg, class to code, */
        PyObject *inverted_registry;  /* code to class */
        PyObject *extension_cache;    /* and code to what was found */
        PyObject *array_type;         /* numpy.ndarray; NULL until one is met */
        PyObject *unpickling_error;
        PyObject *name_mapping; /* of _compat_pickle */
        PyObject *import_mapping;
} pycoffer_state;

extern PyModuleDef pycoffer_module;

pycoffer_state *pycoffer_state_of(PyObject *module);

/* Of one of the module's own types, or of a class derived from one. */
pycoffer_state *pycoffer_state_of_type(PyTypeObject *type);

/* Fetches `classes`, once. False with an exception set. */
bool pycoffer_classes_import(pycoffer_state *state);

#endif
