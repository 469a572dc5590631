/* SPDX-License-Identifier: Apache-2.0 */
/* Plain Python objects as the library's values. */
#ifndef COFFER_PYTHON_VALUE_H
#define COFFER_PYTHON_VALUE_H

#include "module.h"

/* An object of the library that shows a value for what JSON has and what holds it (None, bool, int, float, str, bytes,
 * list, tuple, dict; arrays inside them), and for anything else the views of the Python object. One reference to the
 * caller. False with an exception set. */
bool pycoffer_value_object(pycoffer_state *state, PyObject *object, coffer_object *out);

#endif
