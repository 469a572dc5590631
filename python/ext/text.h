/* SPDX-License-Identifier: Apache-2.0 */
/* Text between the two. */
#ifndef COFFER_PYTHON_TEXT_H
#define COFFER_PYTHON_TEXT_H

#include "module.h"

/* A str of UTF-8 that may hold lone surrogates. */
PyObject *pycoffer_text(coffer_cursor text);

/* The UTF-8 of a str, valid as long as it; NULL with TypeError (naming `what`) or ValueError (a NUL inside) set. */
const char *pycoffer_utf8(PyObject *text, const char *what);

#endif
