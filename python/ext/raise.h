/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of the library as exceptions, and exceptions as errors. */
#ifndef COFFER_PYTHON_RAISE_H
#define COFFER_PYTHON_RAISE_H

#include "module.h"

/* Finds the exception class of each status in coffer._errors. False with an exception set. */
bool pycoffer_errors_import(PyObject *module, pycoffer_state *state);

/* Raises what `status` stands for, with the error's line and offset; `cause` may be NULL. */
void pycoffer_raise(pycoffer_state *state, coffer_status status, const coffer_error *error, PyObject *cause);

/* Takes the present exception, normalized and with its traceback; there must be one. A new reference. */
PyObject *pycoffer_take_exception(void);

/* Fills `error` with "<type>: <message>". */
void pycoffer_error_from_exception(PyObject *exception, coffer_status status, coffer_error *error);

#endif
