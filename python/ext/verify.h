/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COFFER_PYTHON_VERIFY_H
#define COFFER_PYTHON_VERIFY_H

#include "module.h"

/* Verifies a store; `args` are those of Store._verify. */
PyObject *pycoffer_verify(pycoffer_state *state, coffer_store *store, PyObject *args);

#endif
