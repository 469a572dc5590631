/* SPDX-License-Identifier: Apache-2.0 */
/* The library's documents as Python objects. */
#ifndef COFFER_PYTHON_DOCUMENT_H
#define COFFER_PYTHON_DOCUMENT_H

#include "module.h"

typedef enum pycoffer_view_mode {
        PYCOFFER_AS_OBJECTS, /* None to frozenset as themselves, arrays as NumPy's; anything else is COFFER_UNSUPPORTED
                              */
        PYCOFFER_AS_RECORDED /* classes, objects and arrays as coffer.Global, coffer.Object and coffer.Tensor */
} pycoffer_view_mode;

/* What the document's root is in Python. Shared and cyclic references stay what they are; depth costs no stack. */
PyObject *pycoffer_document_to_python(pycoffer_state *state, coffer_document *document, pycoffer_view_mode mode);

/* Gives a reference back, with the GIL held. NULL is allowed. */
void pycoffer_document_unref(pycoffer_state *state, coffer_document *document);

#endif
