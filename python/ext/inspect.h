/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COFFER_PYTHON_INSPECT_H
#define COFFER_PYTHON_INSPECT_H

#include "module.h"

/* Adds the function inspect. */
bool pycoffer_inspect_add(PyObject *module, pycoffer_state *state);

#endif
