/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of names on their way into the library. */
#ifndef COFFER_PYTHON_NAMES_H
#define COFFER_PYTHON_NAMES_H

#include "module.h"

typedef struct pycoffer_names {
        const char **texts; /* ends with NULL */
        PyObject *keep;
} pycoffer_names;

/* From any iterable of str. False with an exception set (and nothing to give back). */
bool pycoffer_names_take(pycoffer_names *names, PyObject *iterable);
void pycoffer_names_done(pycoffer_names *names);

#endif
