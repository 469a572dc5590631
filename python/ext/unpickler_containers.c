/* SPDX-License-Identifier: Apache-2.0 */
/* Tuples, lists, dicts and sets, and what is filled like them. */
#include "attributes.h"
#include "unpickler_machine.h"

/* ---- tuples and frozensets ---- */

static bool push_tuple(pycoffer_unpickler *self, size_t count)
{
        return pycoffer_unpickler_has(self, count) &&
               pycoffer_unpickler_push(self, pycoffer_unpickler_pop_tuple(self, self->count - count));
}

bool pycoffer_unpickle_EMPTY_TUPLE(pycoffer_unpickler *self)
{
        return push_tuple(self, 0);
}

bool pycoffer_unpickle_TUPLE1(pycoffer_unpickler *self)
{
        return push_tuple(self, 1);
}

bool pycoffer_unpickle_TUPLE2(pycoffer_unpickler *self)
{
        return push_tuple(self, 2);
}

bool pycoffer_unpickle_TUPLE3(pycoffer_unpickler *self)
{
        return push_tuple(self, 3);
}

bool pycoffer_unpickle_TUPLE(pycoffer_unpickler *self)
{
        size_t mark = 0;
        return pycoffer_unpickler_pop_mark(self, &mark) &&
               pycoffer_unpickler_push(self, pycoffer_unpickler_pop_tuple(self, mark));
}

bool pycoffer_unpickle_FROZENSET(pycoffer_unpickler *self)
{
        size_t mark = 0;
        if (!pycoffer_unpickler_pop_mark(self, &mark))
                return false;
        PyObject *items = pycoffer_unpickler_pop_tuple(self, mark);
        PyObject *set = items ? PyFrozenSet_New(items) : NULL;
        Py_XDECREF(items);
        return pycoffer_unpickler_push(self, set);
}

/* ---- what begins empty ---- */

bool pycoffer_unpickle_EMPTY_LIST(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_push(self, PyList_New(0));
}

bool pycoffer_unpickle_EMPTY_DICT(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_push(self, PyDict_New());
}

bool pycoffer_unpickle_EMPTY_SET(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_push(self, PySet_New(NULL));
}

/* ---- items ---- */

/* A list of what is above the first `start` objects; it is taken off the stack. */
static PyObject *pop_list(pycoffer_unpickler *self, size_t start)
{
        size_t count = self->count - start;
        PyObject *list = PyList_New((Py_ssize_t)count);
        if (!list)
                return NULL;
        for (size_t i = 0; i < count; i++)
                PyList_SET_ITEM(list, (Py_ssize_t)i, self->stack[start + i]);
        self->count = start;
        return list;
}

static bool append_to_list(pycoffer_unpickler *self, PyObject *list, size_t start)
{
        bool is_done = true;
        for (size_t i = start; is_done && i < self->count; i++)
                is_done = PyList_Append(list, self->stack[i]) == 0;
        pycoffer_unpickler_cut(self, start);
        return is_done;
}

/* Calls `function` with each of what is above the first `start` objects; they are taken off the stack. */
static bool call_with_each(pycoffer_unpickler *self, PyObject *function, size_t start)
{
        PyObject *items = pycoffer_unpickler_pop_tuple(self, start);
        bool is_done = items != NULL;
        for (Py_ssize_t i = 0; is_done && i < PyTuple_GET_SIZE(items); i++) {
                PyObject *result = PyObject_CallOneArg(function, PyTuple_GET_ITEM(items, i));
                is_done = result != NULL;
                Py_XDECREF(result);
        }
        Py_XDECREF(items);
        return is_done;
}

static bool extend(pycoffer_unpickler *self, PyObject *function, size_t start)
{
        PyObject *items = pop_list(self, start);
        PyObject *result = items ? PyObject_CallOneArg(function, items) : NULL;
        Py_XDECREF(items);
        Py_XDECREF(result);
        return result != NULL;
}

static bool append_by_methods(pycoffer_unpickler *self, PyObject *object, size_t start)
{
        PyObject *method;
        bool is_done = false;
        if (!pycoffer_attribute(object, self->state->names[PYCOFFER_NAME_EXTEND], &method))
                return false;
        if (method) {
                is_done = extend(self, method, start);
        } else {
                method = PyObject_GetAttr(object, self->state->names[PYCOFFER_NAME_APPEND]);
                is_done = method && call_with_each(self, method, start);
        }
        Py_XDECREF(method);
        return is_done;
}

/* Whether there is an object below position `start` to be filled with what is above. */
static bool has_below(const pycoffer_unpickler *self, size_t start)
{
        return start > self->fence || pycoffer_unpickler_underflow(self);
}

static bool append_from(pycoffer_unpickler *self, size_t start)
{
        if (!has_below(self, start))
                return false;
        if (start == self->count)
                return true;
        PyObject *object = self->stack[start - 1];
        return PyList_CheckExact(object) ? append_to_list(self, object, start) : append_by_methods(self, object, start);
}

bool pycoffer_unpickle_APPEND(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_has(self, 2) && append_from(self, self->count - 1);
}

bool pycoffer_unpickle_APPENDS(pycoffer_unpickler *self)
{
        size_t mark = 0;
        return pycoffer_unpickler_pop_mark(self, &mark) && append_from(self, mark);
}

bool pycoffer_unpickle_LIST(pycoffer_unpickler *self)
{
        size_t mark = 0;
        return pycoffer_unpickler_pop_mark(self, &mark) && pycoffer_unpickler_push(self, pop_list(self, mark));
}

bool pycoffer_unpickle_ADDITEMS(pycoffer_unpickler *self)
{
        size_t mark = 0;
        if (!pycoffer_unpickler_pop_mark(self, &mark) || !has_below(self, mark))
                return false;
        if (mark == self->count)
                return true;
        PyObject *set = self->stack[mark - 1];
        bool is_done = true;
        if (PySet_Check(set)) {
                for (size_t i = mark; is_done && i < self->count; i++)
                        is_done = PySet_Add(set, self->stack[i]) == 0;
                pycoffer_unpickler_cut(self, mark);
                return is_done;
        }
        PyObject *add = PyObject_GetAttr(set, self->state->names[PYCOFFER_NAME_ADD]);
        is_done = add && call_with_each(self, add, mark);
        Py_XDECREF(add);
        return is_done;
}

/* ---- pairs ---- */

static bool set_pairs(pycoffer_unpickler *self, PyObject *object, size_t start)
{
        bool is_dict = PyDict_CheckExact(object), is_done = true;
        for (size_t i = start; is_done && i + 1 < self->count; i += 2) {
                PyObject *key = self->stack[i], *value = self->stack[i + 1];
                is_done = (is_dict ? PyDict_SetItem(object, key, value) : PyObject_SetItem(object, key, value)) == 0;
        }
        pycoffer_unpickler_cut(self, start);
        return is_done;
}

static bool set_from(pycoffer_unpickler *self, size_t start)
{
        if (!has_below(self, start))
                return false;
        if ((self->count - start) % 2 != 0)
                return pycoffer_unpickler_refuse(self, "odd number of items for SETITEMS");
        return set_pairs(self, self->stack[start - 1], start);
}

bool pycoffer_unpickle_SETITEM(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_has(self, 3) && set_from(self, self->count - 2);
}

bool pycoffer_unpickle_SETITEMS(pycoffer_unpickler *self)
{
        size_t mark = 0;
        return pycoffer_unpickler_pop_mark(self, &mark) && set_from(self, mark);
}

bool pycoffer_unpickle_DICT(pycoffer_unpickler *self)
{
        size_t mark = 0;
        if (!pycoffer_unpickler_pop_mark(self, &mark))
                return false;
        if ((self->count - mark) % 2 != 0)
                return pycoffer_unpickler_refuse(self, "odd number of items for DICT");
        PyObject *dict = PyDict_New();
        if (dict && !set_pairs(self, dict, mark))
                Py_CLEAR(dict);
        return pycoffer_unpickler_push(self, dict);
}
