/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include "text.h"

bool pycoffer_names_take(pycoffer_names *names, PyObject *iterable)
{
        PyObject *list = PySequence_List(iterable);
        size_t count = list ? (size_t)PyList_GET_SIZE(list) : 0;
        const char **texts = list ? PyMem_Calloc(count + 1, sizeof(*texts)) : NULL;
        if (list && !texts)
                PyErr_NoMemory();
        *names = (pycoffer_names){texts, list};
        bool is_good = texts != NULL;
        for (size_t i = 0; is_good && i < count; i++) {
                texts[i] = pycoffer_utf8(PyList_GET_ITEM(list, (Py_ssize_t)i), "a name");
                is_good = texts[i] != NULL;
        }
        if (!is_good)
                pycoffer_names_done(names);
        return is_good;
}

void pycoffer_names_done(pycoffer_names *names)
{
        PyMem_Free(names->texts);
        Py_XDECREF(names->keep);
        *names = (pycoffer_names){NULL, NULL};
}
