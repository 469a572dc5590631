/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the extension module share: its state and its types. */
#ifndef COFFER_PYTHON_MODULE_H
#define COFFER_PYTHON_MODULE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <coffer/coffer.h>

/* The state of one instance of the module: each interpreter has its own. Whoever hands the library something that leads
 * back here keeps the module alive for as long. */
typedef struct pycoffer_state {
        PyObject *module; /* borrowed: it owns this state */
        PyInterpreterState *interpreter;
        PyObject *errors[COFFER_STATUS_COUNT]; /* exception classes; of COFFER_OK the base of all */
        PyTypeObject *bytes_type;
} pycoffer_state;

extern PyModuleDef pycoffer_module;

pycoffer_state *pycoffer_state_of(PyObject *module);
pycoffer_state *pycoffer_state_of_type(PyTypeObject *type); /* one of the module's own types, not a subclass */

#endif
