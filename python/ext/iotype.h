/* SPDX-License-Identifier: Apache-2.0 */
/* The library's types of artifacts in Python; coffer.types makes classes of them. */
#ifndef COFFER_PYTHON_IOTYPE_H
#define COFFER_PYTHON_IOTYPE_H

#include "module.h"

bool pycoffer_iotype_add_type(PyObject *module, pycoffer_state *state);

#endif
