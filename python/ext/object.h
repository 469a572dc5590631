/* SPDX-License-Identifier: Apache-2.0 */
/* Python objects in the library's dispatch (host "python"). */
#ifndef COFFER_PYTHON_OBJECT_H
#define COFFER_PYTHON_OBJECT_H

#include <stdatomic.h>

#include "dlpack.h"
#include "module.h"

/* A Python object on its way through the library, with the views of it that somebody asked for: they last as long as
 * this does. All but the count is touched with the GIL held. */
typedef struct pycoffer_handle {
        pycoffer_state *state;
        PyObject *module; /* keeps the state */
        PyObject *object;
        atomic_size_t references;
        Py_buffer buffer;                /* buffer.obj is NULL until there is one */
        pycoffer_dlpack *dlpack;         /* or NULL */
        coffer_document *dtype_document; /* holds the parts of the tensor's dtype; or NULL */
        coffer_tensor *tensor;           /* or NULL until asked for */
} pycoffer_handle;

extern const coffer_object_type pycoffer_object_type;

/* An object of the library for `object`; one reference to the caller, to give back with pycoffer_object_unref. False
 * with an exception set. */
bool pycoffer_object_wrap(pycoffer_state *state, PyObject *object, coffer_object *out);

/* Gives a reference back with the GIL held; an empty object is fine. */
void pycoffer_object_unref(pycoffer_state *state, coffer_object *object);

/* The Python object behind a handle, or NULL when the object is of another host. Borrowed. */
PyObject *pycoffer_object_borrow(const coffer_object *object);

/* Any object of the library in Python: itself, or what its document's root is. A new reference. */
PyObject *pycoffer_object_to_python(pycoffer_state *state, const coffer_object *object);

/* Fills handle->tensor from whatever the object offers. COFFER_DECLINED when that is nothing. With the GIL held. */
coffer_status pycoffer_handle_find_tensor(pycoffer_handle *handle, coffer_error *error);

#endif
