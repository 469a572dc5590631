/* SPDX-License-Identifier: Apache-2.0 */
/* Classes and functions by their names, and objects made by them. */
#include "attributes.h"
#include "unpickler_machine.h"

/* ---- names ---- */

static PyObject *no_attribute(PyObject *module, const char *kind, PyObject *name)
{
        PyErr_Format(PyExc_AttributeError, "Can't get %s %R on %R", kind, name, module);
        return NULL;
}

static PyObject *follow_parts(PyObject *module, PyObject *parts, PyObject *name)
{
        PyObject *object = Py_NewRef(module);
        for (Py_ssize_t i = 0; object && i < PyList_GET_SIZE(parts); i++) {
                PyObject *next;
                if (pycoffer_attribute(object, PyList_GET_ITEM(parts, i), &next) && !next)
                        no_attribute(module, "attribute", name);
                Py_SETREF(object, next);
        }
        return object;
}

static bool has_local(PyObject *parts)
{
        bool has = false;
        for (Py_ssize_t i = 0; !has && i < PyList_GET_SIZE(parts); i++)
                has = PyUnicode_CompareWithASCIIString(PyList_GET_ITEM(parts, i), "<locals>") == 0;
        return has;
}

/* What "outer.inner" means in a module. */
static PyObject *follow_path(const pycoffer_unpickler *self, PyObject *module, PyObject *name)
{
        PyObject *parts = PyUnicode_Split(name, self->state->names[PYCOFFER_NAME_DOT], -1);
        PyObject *object = NULL;
        if (parts)
                object = has_local(parts) ? no_attribute(module, "local attribute", name)
                                          : follow_parts(module, parts, name);
        Py_XDECREF(parts);
        return object;
}

/* Replaces names that Python 2 had for what Python 3 names otherwise. Both are owned by the caller. */
static bool translate(const pycoffer_state *state, PyObject **module_name, PyObject **name)
{
        PyObject *key = PyTuple_Pack(2, *module_name, *name);
        PyObject *pair = key ? PyDict_GetItemWithError(state->name_mapping, key) : NULL;
        Py_XDECREF(key);
        if (PyErr_Occurred())
                return false;
        if (pair) {
                PyObject *new_module_name, *new_name;
                if (!PyTuple_Check(pair) || !PyArg_ParseTuple(pair, "UU", &new_module_name, &new_name)) {
                        PyErr_SetString(PyExc_RuntimeError,
                                        "_compat_pickle.NAME_MAPPING values should be pairs of str");
                        return false;
                }
                Py_SETREF(*module_name, Py_NewRef(new_module_name));
                Py_SETREF(*name, Py_NewRef(new_name));
                return true;
        }
        PyObject *renamed = PyDict_GetItemWithError(state->import_mapping, *module_name);
        if (renamed && !PyUnicode_Check(renamed)) {
                PyErr_SetString(PyExc_RuntimeError, "_compat_pickle.IMPORT_MAPPING values should be str");
                return false;
        }
        if (renamed)
                Py_SETREF(*module_name, Py_NewRef(renamed));
        return !PyErr_Occurred();
}

static PyObject *import_name(const pycoffer_unpickler *self, PyObject *module_name, PyObject *name)
{
        PyObject *module = PyImport_Import(module_name), *found = NULL;
        if (!module)
                return NULL;
        if (self->protocol >= 4)
                found = follow_path(self, module, name);
        else if (pycoffer_attribute(module, name, &found) && !found)
                no_attribute(module, "attribute", name);
        Py_DECREF(module);
        return found;
}

/* Takes both references; either may be NULL, with an exception set. */
static PyObject *find_class(const pycoffer_unpickler *self, PyObject *module_name, PyObject *name)
{
        PyObject *found = NULL;
        bool is_allowed = module_name && name && PySys_Audit("pickle.find_class", "OO", module_name, name) == 0;
        if (is_allowed && (self->protocol >= 3 || translate(self->state, &module_name, &name)))
                found = import_name(self, module_name, name);
        Py_XDECREF(module_name);
        Py_XDECREF(name);
        return found;
}

/* The text of a line that may not be empty. */
static PyObject *read_name(pycoffer_unpickler *self, PyObject *(*decode)(const char *, Py_ssize_t, const char *))
{
        coffer_cursor line;
        if (!pycoffer_input_line(&self->input, &line))
                return NULL;
        if (line.size_bytes < 2) {
                pycoffer_input_truncated(&self->input);
                return NULL;
        }
        return decode((const char *)line.data, (Py_ssize_t)line.size_bytes - 1, "strict");
}

static PyObject *read_class(pycoffer_unpickler *self, PyObject *(*decode)(const char *, Py_ssize_t, const char *))
{
        PyObject *module_name = read_name(self, decode);
        return module_name ? find_class(self, module_name, read_name(self, decode)) : NULL;
}

bool pycoffer_unpickle_GLOBAL(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_push(self, read_class(self, PyUnicode_DecodeUTF8));
}

bool pycoffer_unpickle_STACK_GLOBAL(pycoffer_unpickler *self)
{
        PyObject *name = pycoffer_unpickler_pop(self);
        PyObject *module_name = name ? pycoffer_unpickler_pop(self) : NULL;
        if (module_name && PyUnicode_CheckExact(name) && PyUnicode_CheckExact(module_name))
                return pycoffer_unpickler_push(self, find_class(self, module_name, name));
        if (module_name)
                pycoffer_unpickler_refuse(self, "STACK_GLOBAL requires str");
        Py_XDECREF(module_name);
        Py_XDECREF(name);
        return false;
}

/* ---- names by number ---- */

static PyObject *find_registered(const pycoffer_unpickler *self, PyObject *code)
{
        PyObject *found = PyDict_GetItemWithError(self->state->extension_cache, code);
        if (found || PyErr_Occurred())
                return Py_XNewRef(found);
        PyObject *pair = PyDict_GetItemWithError(self->state->inverted_registry, code);
        if (!pair) {
                if (!PyErr_Occurred())
                        PyErr_Format(PyExc_ValueError, "unregistered extension code %S", code);
                return NULL;
        }
        PyObject *module_name, *name;
        if (!PyTuple_Check(pair) || !PyArg_ParseTuple(pair, "UU", &module_name, &name)) {
                PyErr_Format(PyExc_ValueError, "_inverted_registry[%S] isn't a 2-tuple of strings", code);
                return NULL;
        }
        found = find_class(self, Py_NewRef(module_name), Py_NewRef(name));
        if (found && PyDict_SetItem(self->state->extension_cache, code, found) < 0)
                Py_CLEAR(found);
        return found;
}

static bool push_registered(pycoffer_unpickler *self, size_t code_bytes)
{
        uint64_t number;
        if (!pycoffer_input_number(&self->input, code_bytes, &number))
                return false;
        if (number == 0 || number > INT32_MAX)
                return pycoffer_unpickler_refuse(self, "EXT specifies code <= 0");
        PyObject *code = PyLong_FromLong((long)number);
        PyObject *found = code ? find_registered(self, code) : NULL;
        Py_XDECREF(code);
        return pycoffer_unpickler_push(self, found);
}

bool pycoffer_unpickle_EXT1(pycoffer_unpickler *self)
{
        return push_registered(self, 1);
}

bool pycoffer_unpickle_EXT2(pycoffer_unpickler *self)
{
        return push_registered(self, 2);
}

bool pycoffer_unpickle_EXT4(pycoffer_unpickler *self)
{
        return push_registered(self, 4);
}

/* ---- objects ---- */

bool pycoffer_unpickle_REDUCE(pycoffer_unpickler *self)
{
        PyObject *arguments = pycoffer_unpickler_pop(self);
        PyObject *callable = arguments ? pycoffer_unpickler_pop(self) : NULL;
        PyObject *object = callable ? PyObject_CallObject(callable, arguments) : NULL;
        Py_XDECREF(arguments);
        Py_XDECREF(callable);
        return pycoffer_unpickler_push(self, object);
}

/* Instances of the first protocols: without arguments and __getinitargs__, classes are not called. */
static PyObject *instantiate(const pycoffer_unpickler *self, PyObject *class, PyObject *arguments)
{
        if (PyTuple_GET_SIZE(arguments) > 0 || !PyType_Check(class))
                return PyObject_CallObject(class, arguments);
        PyObject *function;
        if (!pycoffer_attribute(class, self->state->names[PYCOFFER_NAME_GETINITARGS], &function))
                return NULL;
        if (!function)
                return PyObject_CallMethodOneArg(class, self->state->names[PYCOFFER_NAME_NEW], class);
        Py_DECREF(function);
        return PyObject_CallObject(class, arguments);
}

/* Takes the reference to `class`, which may be NULL. */
static bool push_instance(pycoffer_unpickler *self, PyObject *class, size_t start)
{
        PyObject *arguments = class ? pycoffer_unpickler_pop_tuple(self, start) : NULL;
        PyObject *object = arguments ? instantiate(self, class, arguments) : NULL;
        Py_XDECREF(arguments);
        Py_XDECREF(class);
        return pycoffer_unpickler_push(self, object);
}

bool pycoffer_unpickle_INST(pycoffer_unpickler *self)
{
        size_t mark = 0;
        return pycoffer_unpickler_pop_mark(self, &mark) &&
               push_instance(self, read_class(self, PyUnicode_DecodeASCII), mark);
}

bool pycoffer_unpickle_OBJ(pycoffer_unpickler *self)
{
        size_t mark = 0;
        if (!pycoffer_unpickler_pop_mark(self, &mark))
                return false;
        if (self->count == mark)
                return pycoffer_unpickler_underflow(self);
        PyObject *arguments = pycoffer_unpickler_pop_tuple(self, mark + 1);
        PyObject *class = arguments ? pycoffer_unpickler_pop(self) : NULL;
        PyObject *object = class ? instantiate(self, class, arguments) : NULL;
        Py_XDECREF(class);
        Py_XDECREF(arguments);
        return pycoffer_unpickler_push(self, object);
}

/* `keywords` is NULL where the opcode has none. */
static PyObject *new_object(const pycoffer_unpickler *self, PyObject *class, PyObject *arguments, PyObject *keywords)
{
        const char *opcode = keywords ? "NEWOBJ_EX" : "NEWOBJ";
        PyTypeObject *type = PyType_Check(class) ? (PyTypeObject *)class : NULL;
        if (!type)
                pycoffer_unpickler_refuse(self, "%s class argument must be a type, not %.200s", opcode,
                                          Py_TYPE(class)->tp_name);
        else if (!type->tp_new)
                pycoffer_unpickler_refuse(self, "%s class argument '%.200s' doesn't have __new__", opcode,
                                          type->tp_name);
        else if (!PyTuple_Check(arguments))
                pycoffer_unpickler_refuse(self, "%s args argument must be a tuple, not %.200s", opcode,
                                          Py_TYPE(arguments)->tp_name);
        else if (keywords && !PyDict_Check(keywords))
                pycoffer_unpickler_refuse(self, "%s kwargs argument must be a dict, not %.200s", opcode,
                                          Py_TYPE(keywords)->tp_name);
        else
                return type->tp_new(type, arguments, keywords);
        return NULL;
}

static bool push_new_object(pycoffer_unpickler *self, PyObject *keywords)
{
        PyObject *arguments = pycoffer_unpickler_pop(self);
        PyObject *class = arguments ? pycoffer_unpickler_pop(self) : NULL;
        PyObject *object = class ? new_object(self, class, arguments, keywords) : NULL;
        Py_XDECREF(class);
        Py_XDECREF(arguments);
        return pycoffer_unpickler_push(self, object);
}

bool pycoffer_unpickle_NEWOBJ(pycoffer_unpickler *self)
{
        return push_new_object(self, NULL);
}

bool pycoffer_unpickle_NEWOBJ_EX(pycoffer_unpickler *self)
{
        PyObject *keywords = pycoffer_unpickler_pop(self);
        bool is_done = keywords && push_new_object(self, keywords);
        Py_XDECREF(keywords);
        return is_done;
}

/* ---- what only callers of pickle can give ---- */

static bool refuse_persistent_id(const pycoffer_unpickler *self)
{
        return pycoffer_unpickler_refuse(self, "A load persistent id instruction was encountered, but no "
                                               "persistent_load function was specified.");
}

bool pycoffer_unpickle_PERSID(pycoffer_unpickler *self)
{
        return refuse_persistent_id(self);
}

bool pycoffer_unpickle_BINPERSID(pycoffer_unpickler *self)
{
        return refuse_persistent_id(self);
}

bool pycoffer_unpickle_NEXT_BUFFER(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_refuse(
                self, "pickle stream refers to out-of-band data but no *buffers* argument was given");
}

bool pycoffer_unpickle_READONLY_BUFFER(pycoffer_unpickler *self)
{
        if (!pycoffer_unpickler_has(self, 1))
                return false;
        PyObject *view = PyMemoryView_FromObject(pycoffer_unpickler_top(self));
        if (!view)
                return false;
        bool was_readonly = PyMemoryView_GET_BUFFER(view)->readonly;
        PyMemoryView_GET_BUFFER(view)->readonly = 1;
        if (was_readonly)
                Py_DECREF(view); /* it can stay what it is */
        else
                Py_SETREF(self->stack[self->count - 1], view);
        return true;
}
