/* SPDX-License-Identifier: Apache-2.0 */
#include "pickler_watch.h"

#include <string.h>

enum { FIRST_CAPACITY = 8 };

bool pycoffer_watch_add(pycoffer_watch *watch, coffer_cursor contents)
{
        if (watch->count == watch->capacity) {
                size_t capacity = watch->capacity ? watch->capacity * 2 : FIRST_CAPACITY;
                pycoffer_watched *items = PyMem_Realloc(watch->items, capacity * sizeof(*items));
                if (!items) {
                        PyErr_NoMemory();
                        return false;
                }
                watch->items = items;
                watch->capacity = capacity;
        }
        watch->items[watch->count++] = (pycoffer_watched){contents, 0};
        return true;
}

/* ---- whose code could change anything ---- */

static bool is_trusted_module(PyTypeObject *type)
{
        static const char *const names[] = {"numpy", "pandas"};
        PyObject *module = PyObject_GetAttrString((PyObject *)type, "__module__");
        const char *text = module && PyUnicode_Check(module) ? PyUnicode_AsUTF8(module) : NULL;
        size_t length = text ? strcspn(text, ".") : 0;
        bool is_trusted = false;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                is_trusted = is_trusted || (length == strlen(names[i]) && strncmp(text, names[i], length) == 0);
        Py_XDECREF(module);
        PyErr_Clear();
        return is_trusted;
}

/* NULL, without an exception, when there is none. */
static PyObject *find_method(PyObject *object, const char *name)
{
        PyObject *method = PyObject_GetAttrString(object, name);
        if (!method)
                PyErr_Clear();
        return method;
}

/* Both have the same function of C under that name, or none. */
static bool same_method(PyObject *object, PyObject *plain, const char *name)
{
        PyObject *own = find_method(object, name), *usual = find_method(plain, name);
        bool is_same = own == usual || (own && usual && PyCFunction_Check(own) && PyCFunction_Check(usual) &&
                                        PyCFunction_GET_FUNCTION(own) == PyCFunction_GET_FUNCTION(usual));
        Py_XDECREF(own);
        Py_XDECREF(usual);
        return is_same;
}

/* Pickling it is all up to `object`: attributes by name, in a dictionary or in slots. */
static bool has_usual_reduction(PyObject *object)
{
        static const char *const names[] = {"__reduce_ex__", "__reduce__", "__getstate__", "__getnewargs_ex__",
                                            "__getnewargs__"};
        if (Py_TYPE(object)->tp_getattro != PyObject_GenericGetAttr || PyList_Check(object) || PyDict_Check(object))
                return false;
        PyObject *plain = PyObject_CallNoArgs((PyObject *)&PyBaseObject_Type);
        bool is_usual = plain != NULL;
        for (size_t i = 0; is_usual && i < sizeof(names) / sizeof(names[0]); i++)
                is_usual = same_method(object, plain, names[i]);
        Py_XDECREF(plain);
        PyErr_Clear();
        return is_usual;
}

static bool runs_foreign_code(PyObject *object)
{
        PyTypeObject *type = Py_TYPE(object);
        return PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) && !is_trusted_module(type) && !has_usual_reduction(object);
}

/* ---- watching ---- */

static Py_hash_t hash_contents(const pycoffer_watched *watched)
{
        return PyHash_GetFuncDef()->hash(watched->contents.data, (Py_ssize_t)watched->contents.size_bytes);
}

void pycoffer_watch_before(pycoffer_watch *watch, PyObject *object, bool is_registered)
{
        if (watch->hashed_count == watch->count || !(is_registered || runs_foreign_code(object)))
                return;
        for (; watch->hashed_count < watch->count; watch->hashed_count++)
                watch->items[watch->hashed_count].hash = hash_contents(&watch->items[watch->hashed_count]);
}

bool pycoffer_watch_holds(const pycoffer_watch *watch)
{
        for (size_t i = 0; i < watch->hashed_count; i++)
                if (watch->items[i].hash != hash_contents(&watch->items[i]))
                        return false;
        return true;
}

void pycoffer_watch_done(pycoffer_watch *watch)
{
        PyMem_Free(watch->items);
}
