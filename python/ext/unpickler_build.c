/* SPDX-License-Identifier: Apache-2.0 */
/* The state of objects. */
#include "attributes.h"
#include "unpickler_machine.h"

/* Attribute names are shared, as those of classes in the source are. */
static bool set_in_dict(PyObject *dict, PyObject *key, PyObject *value)
{
        Py_INCREF(key);
        if (PyUnicode_CheckExact(key))
                PyUnicode_InternInPlace(&key);
        int result = PyDict_CheckExact(dict) ? PyDict_SetItem(dict, key, value) : PyObject_SetItem(dict, key, value);
        Py_DECREF(key);
        return result == 0;
}

static bool set_attribute(PyObject *object, PyObject *key, PyObject *value)
{
        return PyObject_SetAttr(object, key, value) == 0;
}

/* Code that runs meanwhile may change `pairs`: key and value are kept. */
static bool set_each(PyObject *target, PyObject *pairs, bool (*set)(PyObject *target, PyObject *key, PyObject *value))
{
        Py_ssize_t position = 0;
        PyObject *key, *value;
        bool is_done = true;
        while (is_done && PyDict_Next(pairs, &position, &key, &value)) {
                Py_INCREF(key);
                Py_INCREF(value);
                is_done = set(target, key, value);
                Py_DECREF(value);
                Py_DECREF(key);
        }
        return is_done;
}

static bool set_state(pycoffer_unpickler *self, PyObject *object, PyObject *state)
{
        PyObject *slots = NULL;
        if (PyTuple_Check(state) && PyTuple_GET_SIZE(state) == 2) {
                slots = PyTuple_GET_ITEM(state, 1);
                state = PyTuple_GET_ITEM(state, 0);
        }
        if (state != Py_None) {
                if (!PyDict_Check(state))
                        return pycoffer_unpickler_refuse(self, "state is not a dictionary");
                PyObject *dict = PyObject_GetAttr(object, self->state->names[PYCOFFER_NAME_DICT]);
                bool is_done = dict && set_each(dict, state, set_in_dict);
                Py_XDECREF(dict);
                if (!is_done)
                        return false;
        }
        if (slots && !PyDict_Check(slots))
                return pycoffer_unpickler_refuse(self, "slot state is not a dictionary");
        return !slots || set_each(object, slots, set_attribute);
}

bool pycoffer_unpickle_BUILD(pycoffer_unpickler *self)
{
        PyObject *set;
        if (!pycoffer_unpickler_has(self, 2))
                return false;
        PyObject *state = pycoffer_unpickler_pop(self), *object = pycoffer_unpickler_top(self);
        bool is_done = pycoffer_attribute(object, self->state->names[PYCOFFER_NAME_SETSTATE], &set);
        if (is_done && set) {
                PyObject *result = PyObject_CallOneArg(set, state);
                is_done = result != NULL;
                Py_XDECREF(result);
                Py_DECREF(set);
        } else if (is_done) {
                is_done = set_state(self, object, state);
        }
        Py_DECREF(state);
        return is_done;
}
