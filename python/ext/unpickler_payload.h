/* SPDX-License-Identifier: Apache-2.0 */
/* Large bytes and text, read into the memory of the object that they become. */
#ifndef COFFER_PYTHON_UNPICKLER_PAYLOAD_H
#define COFFER_PYTHON_UNPICKLER_PAYLOAD_H

#include "unpickler_input.h"

/* Below, a copy costs less than the care. */
enum { PYCOFFER_PAYLOAD_LARGE = 64 << 10 };

/* Each NULL with an exception set; no more is allocated than can follow or, where nobody knows, twice what has come. */
PyObject *pycoffer_payload_bytes(pycoffer_input *input, size_t size_bytes);
PyObject *pycoffer_payload_bytearray(pycoffer_input *input, size_t size_bytes);
PyObject *pycoffer_payload_text(pycoffer_input *input, size_t size_bytes); /* of UTF-8, with lone surrogates */

#endif
