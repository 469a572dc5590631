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

/* A copy as a bytes object; it joins nothing. */
PyObject *pycoffer_bytes_copy(const coffer_bytes *bytes);

/* The memory of an object with the buffer protocol, held until it is freed (NULL is allowed; with the GIL). NULL with
 * an exception set. */
typedef struct pycoffer_borrowed pycoffer_borrowed;
pycoffer_borrowed *pycoffer_borrow(pycoffer_state *state, PyObject *object, int flags);
pycoffer_borrowed *pycoffer_borrow_text(pycoffer_state *state, PyObject *text); /* of a str, as UTF-8 */
coffer_cursor pycoffer_borrowed_cursor(const pycoffer_borrowed *memory);
void pycoffer_borrowed_free(pycoffer_borrowed *memory);

/* Makes it a segment at the end of `bytes`; it is taken also on failure. Within a call (call.h), with the GIL. */
coffer_status pycoffer_bytes_append(coffer_bytes *bytes, pycoffer_borrowed *memory, coffer_error *error);

/* Gives a reference back, with the GIL held. NULL is allowed. */
void pycoffer_bytes_unref(pycoffer_state *state, coffer_bytes *bytes);

#endif
