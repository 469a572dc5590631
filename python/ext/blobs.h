/* SPDX-License-Identifier: Apache-2.0 */
/* Content-addressed blobs in Python, without tasks around them. */
#ifndef COFFER_PYTHON_BLOBS_H
#define COFFER_PYTHON_BLOBS_H

#include "module.h"

bool pycoffer_blobs_add_type(PyObject *module, pycoffer_state *state);

#endif
