/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of Python objects that pickling looks up all the time. */
#ifndef COFFER_PYTHON_ATTRIBUTES_H
#define COFFER_PYTHON_ATTRIBUTES_H

#include "module.h"

/* Interns state->names. False with an exception set. */
bool pycoffer_attributes_init(PyObject *module, pycoffer_state *state);

/* A new reference to an attribute. False with an exception set; true with NULL where there is none. */
bool pycoffer_attribute(PyObject *object, PyObject *name, PyObject **out);

#endif
