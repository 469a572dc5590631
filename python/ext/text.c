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
