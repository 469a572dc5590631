/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata of artifacts as tuples (object type, size in bytes, encoding, serializer_info). */
#ifndef COFFER_PYTHON_METADATA_H
#define COFFER_PYTHON_METADATA_H

#include "module.h"

/* A new tuple, with serializer_info as JSON text; NULL with an exception set. */
PyObject *pycoffer_metadata_to_tuple(pycoffer_state *state, const coffer_metadata *metadata);

/* The caller's; NULL with an exception set. Object type and encoding may be None; serializer_info is a tuple of pairs
 * (key, JSON text of its value). */
coffer_metadata *pycoffer_metadata_from_tuple(pycoffer_state *state, PyObject *tuple);

/* Fills `metadata` from the same. False with an exception set. */
bool pycoffer_metadata_fill(pycoffer_state *state, coffer_metadata *metadata, PyObject *tuple);

#endif
