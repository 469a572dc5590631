/* SPDX-License-Identifier: Apache-2.0 */
/* The serializer that takes every Python object: Python's own pickle, in place of the library's. */
#ifndef COFFER_PYTHON_PICKLE_H
#define COFFER_PYTHON_PICKLE_H

#include "module.h"

/* Prepares state->pickle. False with an exception set. */
bool pycoffer_pickle_init(PyObject *module, pycoffer_state *state);

#endif
