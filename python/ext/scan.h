/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COFFER_PYTHON_SCAN_H
#define COFFER_PYTHON_SCAN_H

#include "module.h"

/* Adds the function scan. */
bool pycoffer_scan_add(PyObject *module, pycoffer_state *state);

#endif
