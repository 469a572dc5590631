/* SPDX-License-Identifier: Apache-2.0 */
/* Values that hold no others, as Python objects. */
#ifndef COFFER_PYTHON_SCALAR_H
#define COFFER_PYTHON_SCALAR_H

#include "module.h"

/* None, bool, int, float, complex, str, bytes or bytearray. */
PyObject *pycoffer_scalar(const coffer_value *value);

/* True for those whose identity nobody can rely on: making one anew is as good as sharing it. */
bool pycoffer_scalar_is_unshared(const coffer_value *value);

#endif
