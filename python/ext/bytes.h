/* SPDX-License-Identifier: Apache-2.0 */
/* The library's bytes in Python, and Python's in the library, without a copy. */
#ifndef COFFER_PYTHON_BYTES_H
#define COFFER_PYTHON_BYTES_H

#include "module.h"

bool pycoffer_bytes_add_type(PyObject *module, pycoffer_state *state);

/* A `Bytes` over `bytes`, which it takes a reference to. */
PyObject *pycoffer_bytes_wrap(pycoffer_state *state, coffer_bytes *bytes);

/* Bytes over the memory of any object with the buffer protocol, which they keep. NULL with an exception set. */
coffer_bytes *pycoffer_bytes_from(pycoffer_state *state, PyObject *object);

/* Gives a reference back, with the GIL held. NULL is allowed. */
void pycoffer_bytes_unref(pycoffer_state *state, coffer_bytes *bytes);

#endif
