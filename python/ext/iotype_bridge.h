/* SPDX-License-Identifier: Apache-2.0 */
/* The serializer of typed objects of Python, in place of the library's own. */
#ifndef COFFER_PYTHON_IOTYPE_BRIDGE_H
#define COFFER_PYTHON_IOTYPE_BRIDGE_H

#include "module.h"

/* Prepares state->iotype. */
bool pycoffer_iotype_bridge_init(PyObject *module, pycoffer_state *state);

#endif
