/* SPDX-License-Identifier: Apache-2.0 */
/* Python's own containers. Code that runs while their parts are written may change lists, dictionaries and sets: each
 * part is held while it is written, and sizes are read anew. */
#include "pickler.h"

enum { SMALL_TUPLE = 3 };

static bool save_held(pycoffer_pickler *self, PyObject *object)
{
        Py_INCREF(object);
        bool is_written = pycoffer_pickler_save(self, object);
        Py_DECREF(object);
        return is_written;
}

/* After the parts of a tuple or frozenset: when it is in the memo by now it holds itself. Then `pop_count` times `pop`
 * takes its parts from the stack again; else `op` makes it of them. */
static bool finish_immutable(pycoffer_pickler *self, PyObject *object, uint8_t op, uint8_t pop, Py_ssize_t pop_count)
{
        uint32_t index;
        if (!pycoffer_pickle_memo_find(&self->memo, object, &index))
                return pycoffer_pickler_op(self, op) && pycoffer_pickler_memoize(self, object);
        for (Py_ssize_t i = 0; i < pop_count; i++)
                if (!pycoffer_pickler_op(self, pop))
                        return false;
        return pycoffer_pickler_get(self, index);
}

bool pycoffer_pickler_save_tuple(pycoffer_pickler *self, PyObject *object)
{
        static const uint8_t ops[] = {COFFER_OP_EMPTY_TUPLE, COFFER_OP_TUPLE1, COFFER_OP_TUPLE2, COFFER_OP_TUPLE3};
        Py_ssize_t size = PyTuple_GET_SIZE(object);
        if (size == 0)
                return pycoffer_pickler_op(self, ops[0]);
        if (size > SMALL_TUPLE && !pycoffer_pickler_op(self, COFFER_OP_MARK))
                return false;
        for (Py_ssize_t i = 0; i < size; i++)
                if (!pycoffer_pickler_save(self, PyTuple_GET_ITEM(object, i)))
                        return false;
        if (size > SMALL_TUPLE)
                return finish_immutable(self, object, COFFER_OP_TUPLE, COFFER_OP_POP_MARK, 1);
        return finish_immutable(self, object, ops[size], COFFER_OP_POP, size);
}

/* ---- list ---- */

static bool save_items(pycoffer_pickler *self, PyObject *list)
{
        if (PyList_GET_SIZE(list) == 1)
                return save_held(self, PyList_GET_ITEM(list, 0)) && pycoffer_pickler_op(self, COFFER_OP_APPEND);
        Py_ssize_t i = 0;
        do {
                if (!pycoffer_pickler_op(self, COFFER_OP_MARK))
                        return false;
                for (int batch = 0; batch < PYCOFFER_PICKLE_BATCH && i < PyList_GET_SIZE(list); batch++)
                        if (!save_held(self, PyList_GET_ITEM(list, i++)))
                                return false;
                if (!pycoffer_pickler_op(self, COFFER_OP_APPENDS))
                        return false;
        } while (i < PyList_GET_SIZE(list));
        return true;
}

bool pycoffer_pickler_save_list(pycoffer_pickler *self, PyObject *object)
{
        if (!pycoffer_pickler_op(self, COFFER_OP_EMPTY_LIST) || !pycoffer_pickler_memoize(self, object))
                return false;
        if (PyList_GET_SIZE(object) == 0)
                return true;
        if (Py_EnterRecursiveCall(" while pickling an object"))
                return false;
        bool is_written = save_items(self, object);
        Py_LeaveRecursiveCall();
        return is_written;
}

/* ---- dict ---- */

static bool save_pair(pycoffer_pickler *self, PyObject *key, PyObject *value)
{
        Py_INCREF(value);
        bool is_written = save_held(self, key) && pycoffer_pickler_save(self, value);
        Py_DECREF(value);
        return is_written;
}

/* A batch that turns out full is followed by another, be that empty. */
static bool save_pairs(pycoffer_pickler *self, PyObject *dict)
{
        PyObject *key, *value;
        Py_ssize_t at = 0, size = PyDict_GET_SIZE(dict);
        if (size == 1)
                return PyDict_Next(dict, &at, &key, &value) && save_pair(self, key, value) &&
                       pycoffer_pickler_op(self, COFFER_OP_SETITEM);
        int batch;
        do {
                if (!pycoffer_pickler_op(self, COFFER_OP_MARK))
                        return false;
                for (batch = 0; batch < PYCOFFER_PICKLE_BATCH && PyDict_Next(dict, &at, &key, &value); batch++)
                        if (!save_pair(self, key, value))
                                return false;
                if (!pycoffer_pickler_op(self, COFFER_OP_SETITEMS) || PyDict_GET_SIZE(dict) != size)
                        return false;
        } while (batch == PYCOFFER_PICKLE_BATCH);
        return true;
}

bool pycoffer_pickler_save_dict(pycoffer_pickler *self, PyObject *object)
{
        if (!pycoffer_pickler_op(self, COFFER_OP_EMPTY_DICT) || !pycoffer_pickler_memoize(self, object))
                return false;
        if (PyDict_GET_SIZE(object) == 0)
                return true;
        if (Py_EnterRecursiveCall(" while pickling an object"))
                return false;
        bool is_written = save_pairs(self, object);
        Py_LeaveRecursiveCall();
        return is_written;
}

/* ---- set and frozenset ---- */

/* The next `most` members at most. Returns their number, or -1. */
static Py_ssize_t save_members(pycoffer_pickler *self, PyObject *iterator, Py_ssize_t most)
{
        Py_ssize_t count = 0;
        while (count < most) {
                PyObject *member = PyIter_Next(iterator);
                if (!member)
                        break;
                bool is_written = pycoffer_pickler_save(self, member);
                Py_DECREF(member);
                if (!is_written)
                        return -1;
                count++;
        }
        if (!PyErr_Occurred())
                return count;
        PyErr_Clear(); /* a set that changed its size: pickle has other words for it */
        return -1;
}

static bool save_batches(pycoffer_pickler *self, PyObject *iterator)
{
        Py_ssize_t batch;
        do {
                if (!pycoffer_pickler_op(self, COFFER_OP_MARK))
                        return false;
                batch = save_members(self, iterator, PYCOFFER_PICKLE_BATCH);
                if (batch < 0 || !pycoffer_pickler_op(self, COFFER_OP_ADDITEMS))
                        return false;
        } while (batch == PYCOFFER_PICKLE_BATCH);
        return true;
}

bool pycoffer_pickler_save_set(pycoffer_pickler *self, PyObject *object)
{
        if (!pycoffer_pickler_op(self, COFFER_OP_EMPTY_SET) || !pycoffer_pickler_memoize(self, object))
                return false;
        if (PySet_GET_SIZE(object) == 0)
                return true;
        Py_ssize_t size = PySet_GET_SIZE(object);
        PyObject *iterator = PyObject_GetIter(object);
        bool is_written = iterator && save_batches(self, iterator) && PySet_GET_SIZE(object) == size;
        Py_XDECREF(iterator);
        return is_written;
}

bool pycoffer_pickler_save_frozenset(pycoffer_pickler *self, PyObject *object)
{
        if (!pycoffer_pickler_op(self, COFFER_OP_MARK))
                return false;
        PyObject *iterator = PyObject_GetIter(object);
        bool is_written = iterator && save_members(self, iterator, PY_SSIZE_T_MAX) >= 0;
        Py_XDECREF(iterator);
        return is_written && finish_immutable(self, object, COFFER_OP_FROZENSET, COFFER_OP_POP_MARK, 1);
}
