/* SPDX-License-Identifier: Apache-2.0 */
/* Classes, functions and whatever else is found under a name in a module: nothing but the two names is written. What is
 * wrong with a name is for Python's own pickler to say. */
#include "attributes.h"
#include "pickler.h"

enum { EXT1_LAST = 0xff, EXT2_LAST = 0xffff };

/* All owned; `part_of` is what the last name was looked up in. */
typedef struct {
        PyObject *name;
        PyObject *module_name;
        PyObject *module;
        PyObject *parts; /* of the name, between its dots */
        PyObject *part_of;
} place;

static void free_place(place *found)
{
        Py_XDECREF(found->name);
        Py_XDECREF(found->module_name);
        Py_XDECREF(found->module);
        Py_XDECREF(found->parts);
        Py_XDECREF(found->part_of);
}

/* Follows all parts from `module`: a new reference to what is there, or NULL, perhaps without an exception. */
static PyObject *follow(PyObject *module, PyObject *parts, PyObject **part_of)
{
        PyObject *parent = NULL, *at = Py_NewRef(module);
        for (Py_ssize_t i = 0; at && i < PyList_GET_SIZE(parts); i++) {
                PyObject *part = NULL;
                if (!pycoffer_attribute(at, PyList_GET_ITEM(parts, i), &part))
                        part = NULL;
                Py_XSETREF(parent, at);
                at = part;
        }
        if (part_of)
                *part_of = parent;
        else
                Py_XDECREF(parent);
        return at;
}

/* ---- where it is ---- */

static bool split_name(pycoffer_pickler *self, place *found)
{
        if (!PyUnicode_CheckExact(found->name))
                return false;
        found->parts = PyUnicode_Split(found->name, self->state->names[PYCOFFER_NAME_DOT], -1);
        for (Py_ssize_t i = 0; found->parts && i < PyList_GET_SIZE(found->parts); i++)
                if (PyUnicode_CompareWithASCIIString(PyList_GET_ITEM(found->parts, i), "<locals>") == 0)
                        return false;
        return found->parts != NULL;
}

/* The first module that has `object` under that name, other than the main one: a new reference to its name, or NULL. */
static PyObject *search_modules(PyObject *object, PyObject *parts)
{
        PyObject *modules = PyDict_Copy(PyImport_GetModuleDict()), *name, *module, *found = NULL;
        Py_ssize_t at = 0;
        while (modules && !found && !PyErr_Occurred() && PyDict_Next(modules, &at, &name, &module)) {
                if (module == Py_None || PyUnicode_CompareWithASCIIString(name, "__main__") == 0)
                        continue;
                PyObject *there = follow(module, parts, NULL);
                found = there == object ? Py_NewRef(name) : NULL;
                Py_XDECREF(there);
        }
        Py_XDECREF(modules);
        return found || PyErr_Occurred() ? found : PyUnicode_InternFromString("__main__");
}

static bool find_module_name(pycoffer_pickler *self, PyObject *object, place *found)
{
        if (!pycoffer_attribute(object, self->state->names[PYCOFFER_NAME_MODULE], &found->module_name))
                return false;
        if (found->module_name == Py_None)
                Py_CLEAR(found->module_name);
        if (!found->module_name)
                found->module_name = search_modules(object, found->parts);
        return found->module_name && PyUnicode_CheckExact(found->module_name);
}

/* The module, imported if need be. */
static bool find_module(place *found)
{
        found->module = PyImport_GetModule(found->module_name);
        if (found->module == Py_None)
                Py_CLEAR(found->module);
        if (!found->module && !PyErr_Occurred())
                found->module = PyImport_Import(found->module_name);
        return found->module != NULL;
}

static bool find_place(pycoffer_pickler *self, PyObject *object, PyObject *name, place *found)
{
        if (name)
                found->name = Py_NewRef(name);
        else if (!pycoffer_attribute(object, self->state->names[PYCOFFER_NAME_QUALNAME], &found->name))
                return false;
        if (!found->name || !split_name(self, found) || !find_module_name(self, object, found) || !find_module(found))
                return false;
        PyObject *there = follow(found->module, found->parts, &found->part_of);
        Py_XDECREF(there);
        return there == object;
}

/* ---- writing ---- */

/* The number that copyreg.add_extension gave to these names. 0 when there is none, -1 when it can't be one. */
static long find_extension(pycoffer_pickler *self, const place *found)
{
        PyObject *registry = self->state->extension_registry;
        if (PyDict_GET_SIZE(registry) == 0)
                return 0;
        PyObject *key = PyTuple_Pack(2, found->module_name, found->name);
        PyObject *number = key ? PyDict_GetItemWithError(registry, key) : NULL;
        Py_XDECREF(key);
        if (!number)
                return PyErr_Occurred() ? -1 : 0;
        long code = PyLong_Check(number) ? PyLong_AsLong(number) : -1;
        return code > 0 && code <= INT32_MAX ? code : -1;
}

static bool write_extension(pycoffer_pickler *self, long code)
{
        uint8_t bytes[] = {COFFER_OP_EXT1, (uint8_t)code, (uint8_t)(code >> 8), (uint8_t)(code >> 16),
                           (uint8_t)(code >> 24)};
        size_t size_bytes = 1 + (code <= EXT1_LAST   ? sizeof(uint8_t)
                                 : code <= EXT2_LAST ? sizeof(uint16_t)
                                                     : sizeof(uint32_t));
        if (code > EXT1_LAST)
                bytes[0] = code <= EXT2_LAST ? COFFER_OP_EXT2 : COFFER_OP_EXT4;
        return pycoffer_pickle_copy(&self->out, bytes, size_bytes);
}

static bool write_place(pycoffer_pickler *self, PyObject *object, const place *found)
{
        long code = find_extension(self, found);
        if (code != 0)
                return code > 0 && write_extension(self, code);
        PyObject *name = found->name;
        if (found->part_of == found->module)
                name = PyList_GET_ITEM(found->parts, PyList_GET_SIZE(found->parts) - 1);
        return pycoffer_pickler_save(self, found->module_name) && pycoffer_pickler_save(self, name) &&
               pycoffer_pickler_op(self, COFFER_OP_STACK_GLOBAL) && pycoffer_pickler_memoize(self, object);
}

bool pycoffer_pickler_save_global(pycoffer_pickler *self, PyObject *object, PyObject *name)
{
        place found = {NULL, NULL, NULL, NULL, NULL};
        bool is_found = find_place(self, object, name, &found);
        if (!is_found && PyErr_ExceptionMatches(PyExc_Exception))
                PyErr_Clear(); /* pickle has other words for it */
        bool is_written = is_found && write_place(self, object, &found);
        free_place(&found);
        return is_written;
}

bool pycoffer_pickler_save_type(pycoffer_pickler *self, PyObject *object)
{
        PyObject *const only[] = {Py_None, Py_Ellipsis, Py_NotImplemented};
        for (size_t i = 0; i < sizeof(only) / sizeof(only[0]); i++) {
                if (object != (PyObject *)Py_TYPE(only[i]))
                        continue;
                PyObject *reduction = Py_BuildValue("O(O)", &PyType_Type, only[i]);
                bool is_written = reduction && pycoffer_pickler_write_reduction(self, object, reduction);
                Py_XDECREF(reduction);
                return is_written;
        }
        return pycoffer_pickler_save_global(self, object, NULL);
}
