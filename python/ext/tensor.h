/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of a document in Python: read-only, over the document's own memory. */
#ifndef COFFER_PYTHON_TENSOR_H
#define COFFER_PYTHON_TENSOR_H

#include "module.h"

bool pycoffer_tensor_add_type(PyObject *module, pycoffer_state *state);

/* A tensor of `class`, which derives from the module's own type. It keeps the document. */
PyObject *pycoffer_tensor_new(pycoffer_state *state, PyTypeObject *class, coffer_document *document,
                              const coffer_tensor *tensor);

/* The elements of an array of objects (a list in C order) as its attribute `objects`. */
void pycoffer_tensor_set_objects(PyObject *tensor, PyObject *objects);

/* A read-only memoryview of `data`, which `document` keeps. */
PyObject *pycoffer_tensor_view(pycoffer_state *state, coffer_document *document, coffer_cursor data);

/* The element type as NumPy takes it: "<f8", or for fields a dict with names, formats, offsets ...; a sub-array is a
 * tuple (element, shape). */
PyObject *pycoffer_dtype_describe(const coffer_dtype *dtype);

/* As the buffer protocol has it ("d", ">i"), or NULL with BufferError set when it has none. Free with PyMem_Free. */
char *pycoffer_dtype_format(const coffer_dtype *dtype);

#endif
