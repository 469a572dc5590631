/* SPDX-License-Identifier: Apache-2.0 */
/* Text between the two. */
#ifndef COFFER_PYTHON_TEXT_H
#define COFFER_PYTHON_TEXT_H

#include "module.h"

/* A str of UTF-8 that may hold lone surrogates. */
PyObject *pycoffer_text(coffer_cursor text);

/* The UTF-8 of a str, valid as long as it; NULL with TypeError (naming `what`) or ValueError (a NUL inside) set. */
const char *pycoffer_utf8(PyObject *text, const char *what);

/* The UTF-8 of every str of an iterable, which `items` keeps. Release with pycoffer_texts_done, also after failure. */
typedef struct pycoffer_texts {
        PyObject *items; /* tuple */
        const char **texts;
        size_t count;
} pycoffer_texts;

/* False with an exception set, as pycoffer_utf8 sets it. */
bool pycoffer_texts_take(PyObject *iterable, const char *what, pycoffer_texts *out);
void pycoffer_texts_done(pycoffer_texts *texts);

#endif
