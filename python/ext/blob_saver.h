/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs saved one after the other, small ones in groups by helping threads. */
#ifndef COFFER_PYTHON_BLOB_SAVER_H
#define COFFER_PYTHON_BLOB_SAVER_H

#include "module.h"

bool pycoffer_blob_saver_add_type(PyObject *module, pycoffer_state *state);

/* A BlobSaver for the store `cas` of `owner`, which it keeps. */
PyObject *pycoffer_blob_saver_new(pycoffer_state *state, PyObject *owner, coffer_cas *cas, bool raw);

#endif
