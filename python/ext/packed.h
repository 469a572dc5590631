/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs whose files somebody else keeps: packed for a transport of another program, and unpacked from what it brings.
 */
#ifndef COFFER_PYTHON_PACKED_H
#define COFFER_PYTHON_PACKED_H

#include "module.h"

bool pycoffer_packed_add(PyObject *module, pycoffer_state *state);

#endif
