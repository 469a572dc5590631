/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

PyObject *pycoffer_text(coffer_cursor text)
{
        return PyUnicode_DecodeUTF8((const char *)text.data, (Py_ssize_t)text.size_bytes, "surrogatepass");
}

const char *pycoffer_utf8(PyObject *text, const char *what)
{
        if (!PyUnicode_Check(text)) {
                PyErr_Format(PyExc_TypeError, "%s must be a str, not %s", what, Py_TYPE(text)->tp_name);
                return NULL;
        }
        Py_ssize_t length;
        const char *utf8 = PyUnicode_AsUTF8AndSize(text, &length);
        if (!utf8 || strlen(utf8) == (size_t)length)
                return utf8;
        PyErr_Format(PyExc_ValueError, "%s must not hold a NUL", what);
        return NULL;
}

bool pycoffer_texts_take(PyObject *iterable, const char *what, pycoffer_texts *out)
{
        *out = (pycoffer_texts){.items = PySequence_Tuple(iterable)};
        if (!out->items)
                return false;
        out->count = (size_t)PyTuple_GET_SIZE(out->items);
        out->texts = PyMem_Calloc(out->count + 1, sizeof(*out->texts));
        if (!out->texts) {
                PyErr_NoMemory();
                return false;
        }
        for (size_t i = 0; i < out->count; i++) {
                out->texts[i] = pycoffer_utf8(PyTuple_GET_ITEM(out->items, (Py_ssize_t)i), what);
                if (!out->texts[i])
                        return false;
        }
        return true;
}

void pycoffer_texts_done(pycoffer_texts *texts)
{
        PyMem_Free(texts->texts);
        Py_CLEAR(texts->items);
        texts->texts = NULL;
}
