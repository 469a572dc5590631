/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that are written as what they reduce to. A reduction that is not as it should be is for Python's own pickler
 * to complain of. */
#include "attributes.h"
#include "pickler.h"

/* The parts of a reduction, borrowed; NULL for those that are not there. */
typedef struct {
        PyObject *callable;
        PyObject *arguments;
        PyObject *state;
        PyObject *items;
        PyObject *pairs;
        PyObject *setter;
} parts;

enum { LEAST_PARTS = 2, MOST_PARTS = 6 };

static bool take_apart(PyObject *reduction, parts *out)
{
        PyObject *each[MOST_PARTS] = {NULL, NULL, NULL, NULL, NULL, NULL};
        Py_ssize_t count = PyTuple_Check(reduction) ? PyTuple_GET_SIZE(reduction) : 0;
        if (count < LEAST_PARTS || count > MOST_PARTS)
                return false;
        for (Py_ssize_t i = 0; i < count; i++)
                if (i < LEAST_PARTS || PyTuple_GET_ITEM(reduction, i) != Py_None)
                        each[i] = PyTuple_GET_ITEM(reduction, i);
        *out = (parts){each[0], each[1], each[2], each[3], each[4], each[5]};
        return PyCallable_Check(out->callable) && PyTuple_Check(out->arguments) &&
               (!out->items || PyIter_Check(out->items)) && (!out->pairs || PyIter_Check(out->pairs)) &&
               (!out->setter || PyCallable_Check(out->setter));
}

/* ---- how it is made ---- */

/* How the pickle says that it is made again: by a call, or by the class's __new__, which copyreg has two names for. */
typedef enum { MAKE_BY_CALL, MAKE_NEW, MAKE_NEW_EX, MAKE_ERROR } making;

static making find_making(pycoffer_pickler *self, PyObject *callable)
{
        PyObject *const *names = self->state->names;
        PyObject *name = NULL;
        if (!pycoffer_attribute(callable, names[PYCOFFER_NAME_NAME], &name))
                return MAKE_ERROR;
        making found = MAKE_BY_CALL;
        if (name && PyUnicode_Check(name)) {
                if (name == names[PYCOFFER_NAME_NEWOBJ] || PyUnicode_Compare(name, names[PYCOFFER_NAME_NEWOBJ]) == 0)
                        found = MAKE_NEW;
                else if (PyUnicode_Compare(name, names[PYCOFFER_NAME_NEWOBJ_EX]) == 0)
                        found = MAKE_NEW_EX;
        }
        Py_XDECREF(name);
        return found;
}

static bool write_new(pycoffer_pickler *self, PyObject *object, PyObject *arguments)
{
        PyObject *cls = PyTuple_GET_SIZE(arguments) >= 1 ? PyTuple_GET_ITEM(arguments, 0) : NULL;
        if (!cls || !PyType_Check(cls))
                return false;
        PyObject *own = NULL;
        if (!pycoffer_attribute(object, self->state->names[PYCOFFER_NAME_CLASS], &own))
                return false;
        bool is_own = own == cls;
        Py_XDECREF(own);
        if (!is_own || !pycoffer_pickler_save(self, cls))
                return false;
        PyObject *rest = PyTuple_GetSlice(arguments, 1, PyTuple_GET_SIZE(arguments));
        bool is_written = rest && pycoffer_pickler_save(self, rest);
        Py_XDECREF(rest);
        return is_written && pycoffer_pickler_op(self, COFFER_OP_NEWOBJ);
}

static bool write_new_ex(pycoffer_pickler *self, PyObject *arguments)
{
        if (PyTuple_GET_SIZE(arguments) != 3 || !PyType_Check(PyTuple_GET_ITEM(arguments, 0)) ||
            !PyTuple_Check(PyTuple_GET_ITEM(arguments, 1)) || !PyDict_Check(PyTuple_GET_ITEM(arguments, 2)))
                return false;
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(arguments); i++)
                if (!pycoffer_pickler_save(self, PyTuple_GET_ITEM(arguments, i)))
                        return false;
        return pycoffer_pickler_op(self, COFFER_OP_NEWOBJ_EX);
}

static bool write_making(pycoffer_pickler *self, PyObject *object, const parts *of)
{
        switch (find_making(self, of->callable)) {
        case MAKE_NEW:
                return write_new(self, object, of->arguments);
        case MAKE_NEW_EX:
                return write_new_ex(self, of->arguments);
        case MAKE_BY_CALL:
                return pycoffer_pickler_save(self, of->callable) && pycoffer_pickler_save(self, of->arguments) &&
                       pycoffer_pickler_op(self, COFFER_OP_REDUCE);
        case MAKE_ERROR:
                break;
        }
        return false;
}

/* ---- what is put into it ---- */

/* The iterator is used up to here: there is no second try with Python's own pickler. */
static bool save_pair(pycoffer_pickler *self, PyObject *pair)
{
        if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
                PyErr_SetString(PyExc_TypeError, "dict items iterator must return 2-tuples");
                return false;
        }
        return pycoffer_pickler_save(self, PyTuple_GET_ITEM(pair, 0)) &&
               pycoffer_pickler_save(self, PyTuple_GET_ITEM(pair, 1));
}

/* How the items of an iterator are written, and the opcodes after a single one and after several. */
typedef struct {
        bool (*save)(pycoffer_pickler *self, PyObject *item);
        uint8_t one;
        uint8_t many;
} filling;

static const filling with_items = {pycoffer_pickler_save, COFFER_OP_APPEND, COFFER_OP_APPENDS};
static const filling with_pairs = {save_pair, COFFER_OP_SETITEM, COFFER_OP_SETITEMS};

/* Two items and those that follow, up to a batch. Both references are taken. */
static int write_many(pycoffer_pickler *self, PyObject *iterator, const filling *how, PyObject *first, PyObject *item)
{
        int count = 1;
        bool is_written = pycoffer_pickler_op(self, COFFER_OP_MARK) && how->save(self, first);
        Py_DECREF(first);
        while (item && is_written) {
                is_written = how->save(self, item);
                Py_CLEAR(item);
                if (is_written && ++count < PYCOFFER_PICKLE_BATCH)
                        item = PyIter_Next(iterator);
        }
        Py_XDECREF(item);
        if (!is_written || PyErr_Occurred() || !pycoffer_pickler_op(self, how->many))
                return -1;
        return count;
}

/* The second item is fetched before the first is written: a single one is written in a shorter way. */
static bool write_filling(pycoffer_pickler *self, PyObject *iterator, const filling *how)
{
        int count = PYCOFFER_PICKLE_BATCH;
        while (count == PYCOFFER_PICKLE_BATCH) {
                PyObject *first = PyIter_Next(iterator);
                PyObject *second = first ? PyIter_Next(iterator) : NULL;
                if (!first || PyErr_Occurred()) {
                        Py_XDECREF(first);
                        return !PyErr_Occurred();
                }
                if (!second) {
                        bool is_written = how->save(self, first) && pycoffer_pickler_op(self, how->one);
                        Py_DECREF(first);
                        return is_written;
                }
                count = write_many(self, iterator, how, first, second);
        }
        return count > 0;
}

static bool write_state(pycoffer_pickler *self, PyObject *object, const parts *of)
{
        if (!of->state)
                return true;
        if (!of->setter)
                return pycoffer_pickler_save(self, of->state) && pycoffer_pickler_op(self, COFFER_OP_BUILD);
        return pycoffer_pickler_save(self, of->setter) && pycoffer_pickler_save(self, object) &&
               pycoffer_pickler_save(self, of->state) && pycoffer_pickler_op(self, COFFER_OP_TUPLE2) &&
               pycoffer_pickler_op(self, COFFER_OP_REDUCE) && pycoffer_pickler_op(self, COFFER_OP_POP);
}

bool pycoffer_pickler_write_reduction(pycoffer_pickler *self, PyObject *object, PyObject *reduction)
{
        parts of;
        uint32_t index;
        if (!take_apart(reduction, &of) || !write_making(self, object, &of))
                return false;
        if (pycoffer_pickle_memo_find(&self->memo, object, &index)) /* its own arguments hold it */
                return pycoffer_pickler_op(self, COFFER_OP_POP) && pycoffer_pickler_get(self, index);
        return pycoffer_pickler_memoize(self, object) && (!of.items || write_filling(self, of.items, &with_items)) &&
               (!of.pairs || write_filling(self, of.pairs, &with_pairs)) && write_state(self, object, &of);
}

/* ---- asking for it ---- */

/* Calls __reduce_ex__. There are classes that hide it and have another way, which Python's own pickler knows. */
static PyObject *ask(pycoffer_pickler *self, PyObject *object)
{
        PyObject *name = self->state->names[PYCOFFER_NAME_REDUCE_EX];
        PyObject *reduction = PyObject_CallMethodOneArg(object, name, self->state->protocol);
        if (!reduction && PyErr_ExceptionMatches(PyExc_AttributeError))
                PyErr_Clear();
        return reduction;
}

bool pycoffer_pickler_save_reduced(pycoffer_pickler *self, PyObject *object)
{
        PyObject *registered = PyDict_GetItemWithError(self->state->dispatch_table, (PyObject *)Py_TYPE(object));
        bool is_written;
        if (!registered && PyErr_Occurred())
                return false;
        if (!registered && PyType_Check(object))
                return pycoffer_pickler_save_global(self, object, NULL);
        if (!registered && pycoffer_pickler_save_array(self, object, &is_written))
                return is_written;
        Py_XINCREF(registered);
        pycoffer_watch_before(&self->watch, object, registered != NULL);
        PyObject *reduction = registered ? PyObject_CallOneArg(registered, object) : ask(self, object);
        Py_XDECREF(registered);
        if (!reduction)
                return false;
        is_written = PyUnicode_Check(reduction) ? pycoffer_pickler_save_global(self, object, reduction)
                                                : pycoffer_pickler_write_reduction(self, object, reduction);
        Py_DECREF(reduction);
        return is_written;
}
