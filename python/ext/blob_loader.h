/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs loaded one after the other, small ones ahead by helping threads. */
#ifndef COFFER_PYTHON_BLOB_LOADER_H
#define COFFER_PYTHON_BLOB_LOADER_H

#include "module.h"

bool pycoffer_blob_loader_add_type(PyObject *module, pycoffer_state *state);

/* A BlobLoader of `keys`, a sequence of str, for the store `cas` of `owner`, which it keeps. */
PyObject *pycoffer_blob_loader_new(pycoffer_state *state, PyObject *owner, coffer_cas *cas, PyObject *keys);

/* The same for pickles, with a dict from each key to the names of its objects: it gives pairs of name and object. */
PyObject *pycoffer_pickle_loader_new(pycoffer_state *state, PyObject *owner, coffer_cas *cas, PyObject *names_of_key);

#endif
