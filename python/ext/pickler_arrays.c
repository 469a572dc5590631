/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of NumPy. What they reduce to holds a copy of their contents, or a list of their objects. The same reduction
 * of an empty slice costs nothing and tells all the rest, whatever the version of NumPy; the contents are written from
 * the array's own memory. */
#include <string.h>

#include "pickler.h"

enum { STATE_FIELDS = 5, VERSION = 0, SHAPE = 1, DTYPE = 2, IS_FORTRAN = 3, CONTENTS = 4 };

/* An array on its way. All owned. */
typedef struct {
        PyObject *reduction; /* of the empty slice */
        PyObject *shape;
        PyObject *order;           /* True: its contents are in Fortran's */
        pycoffer_borrowed *memory; /* its contents, of an array without objects */
        Py_buffer view;            /* its objects, of an array of those */
} array;

static void free_array(array *made)
{
        Py_XDECREF(made->reduction);
        Py_XDECREF(made->shape);
        Py_XDECREF(made->order);
        pycoffer_borrowed_free(made->memory);
        PyBuffer_Release(&made->view);
}

/* The class of arrays, or NULL while nobody has imported NumPy. Borrowed. */
static PyObject *find_array_type(pycoffer_state *state, PyTypeObject *type)
{
        if (state->array_type || strcmp(type->tp_name, "numpy.ndarray") != 0)
                return state->array_type;
        PyObject *modules = PyImport_GetModuleDict();
        PyObject *numpy = modules ? PyDict_GetItemString(modules, "numpy") : NULL;
        state->array_type = numpy ? PyObject_GetAttrString(numpy, "ndarray") : NULL;
        PyErr_Clear();
        return state->array_type;
}

/* ---- arrays of objects ---- */

/* Writing one of these runs no code that could come upon the array and change it. */
static bool is_plain(PyObject *object)
{
        int overflow = 0;
        if (PyLong_CheckExact(object))
                (void)PyLong_AsLongLongAndOverflow(object, &overflow);
        return overflow == 0 && (PyUnicode_CheckExact(object) || PyFloat_CheckExact(object) || object == Py_None ||
                                 PyLong_CheckExact(object) || PyBool_Check(object) || PyBytes_CheckExact(object));
}

/* Calls `each` for all objects of an array, in C's order, until one says false. */
static bool walk(const Py_buffer *view, int axis, const char *at, bool (*each)(void *user, PyObject *object),
                 void *user)
{
        for (Py_ssize_t i = 0; i < view->shape[axis]; i++, at += view->strides[axis]) {
                if (axis + 1 < view->ndim) {
                        if (!walk(view, axis + 1, at, each, user))
                                return false;
                        continue;
                }
                PyObject *object;
                memcpy(&object, at, sizeof(object));
                if (!each(user, object ? object : Py_None)) /* NumPy has no object for some of None */
                        return false;
        }
        return true;
}

static bool check_plain(void *user, PyObject *object)
{
        (void)user;
        return is_plain(object);
}

/* Items of a list, as many as there are. */
typedef struct {
        pycoffer_pickler *pickler;
        size_t left;
        size_t batch;
} list_items;

static bool write_item(void *user, PyObject *object)
{
        list_items *items = user;
        pycoffer_pickler *self = items->pickler;
        if (items->batch == 0 && !pycoffer_pickler_op(self, COFFER_OP_MARK))
                return false;
        if (!pycoffer_pickler_save(self, object))
                return false;
        items->left--;
        items->batch = (items->batch + 1) % PYCOFFER_PICKLE_BATCH;
        if (items->left == 0)
                items->batch = 0;
        return items->batch != 0 || pycoffer_pickler_op(self, COFFER_OP_APPENDS);
}

/* As the list of them would be written, which would be there for nothing else. */
static bool write_objects(pycoffer_pickler *self, const Py_buffer *view)
{
        list_items items = {self, (size_t)(view->len / view->itemsize), 0};
        pycoffer_pickle_boundary(&self->out);
        return pycoffer_pickler_op(self, COFFER_OP_EMPTY_LIST) && pycoffer_pickler_memoize(self, NULL) &&
               walk(view, 0, view->buf, write_item, &items);
}

/* Takes hold of an array of many objects, all of them plain. */
static bool view_objects(PyObject *object, Py_buffer *view)
{
        if (PyObject_GetBuffer(object, view, PyBUF_STRIDES | PyBUF_FORMAT) < 0)
                return false;
        if (view->ndim > 0 && view->len >= PYCOFFER_LARGE_BYTES && view->format && strcmp(view->format, "O") == 0 &&
            view->itemsize == sizeof(PyObject *) && walk(view, 0, view->buf, check_plain, NULL))
                return true;
        PyBuffer_Release(view);
        return false;
}

/* ---- which arrays ---- */

/* A new reference to what the empty slice reduces to, when that has the shape that we know. */
static PyObject *reduce_empty(PyObject *object, PyTypeObject *contents_type)
{
        PyObject *dtype = PyObject_GetAttrString(object, "dtype");
        PyObject *empty = dtype ? PySequence_GetSlice(object, 0, 0) : NULL;
        PyObject *reduction = empty ? PyObject_CallMethod(empty, "__reduce__", NULL) : NULL;
        PyObject *state = reduction && PyTuple_CheckExact(reduction) && PyTuple_GET_SIZE(reduction) == 3
                                  ? PyTuple_GET_ITEM(reduction, 2)
                                  : NULL;
        bool is_known = state && PyTuple_CheckExact(state) && PyTuple_GET_SIZE(state) == STATE_FIELDS &&
                        PyTuple_CheckExact(PyTuple_GET_ITEM(state, SHAPE)) && PyTuple_GET_ITEM(state, DTYPE) == dtype &&
                        PyBool_Check(PyTuple_GET_ITEM(state, IS_FORTRAN)) &&
                        Py_IS_TYPE(PyTuple_GET_ITEM(state, CONTENTS), contents_type) &&
                        Py_TYPE(empty) == Py_TYPE(object);
        if (!is_known)
                Py_CLEAR(reduction);
        Py_XDECREF(empty);
        Py_XDECREF(dtype);
        return reduction;
}

/* Whether the contents are written in Fortran's order: a new reference to a bool. */
static PyObject *find_order(PyObject *object)
{
        PyObject *flags = PyObject_GetAttrString(object, "flags");
        PyObject *answer = flags ? PyObject_GetAttrString(flags, "fnc") : NULL;
        Py_XDECREF(flags);
        return answer;
}

/* False, perhaps with an exception, for an array that has to be pickled the usual way. */
static bool open_array(pycoffer_pickler *self, PyObject *object, array *out)
{
        PyTypeObject *contents_type = &PyBytes_Type;
        out->memory = pycoffer_borrow(self->state, object, PyBUF_ANY_CONTIGUOUS);
        if (out->memory && pycoffer_borrowed_cursor(out->memory).size_bytes < PYCOFFER_LARGE_BYTES)
                return false;
        PyErr_Clear();
        if (view_objects(object, &out->view))
                contents_type = &PyList_Type;
        else if (!out->memory)
                return false;
        PyErr_Clear();
        out->reduction = reduce_empty(object, contents_type);
        out->shape = out->reduction ? PyObject_GetAttrString(object, "shape") : NULL;
        out->order = out->shape ? find_order(object) : NULL;
        return out->order && PyBool_Check(out->order);
}

/* ---- writing ---- */

static bool write_contents(pycoffer_pickler *self, array *made)
{
        if (made->view.obj)
                return write_objects(self, &made->view);
        pycoffer_borrowed *memory = made->memory;
        coffer_cursor contents = pycoffer_borrowed_cursor(memory);
        made->memory = NULL;
        return pycoffer_pickler_refer_bytes(self, memory) && pycoffer_pickler_memoize(self, NULL) &&
               pycoffer_watch_add(&self->watch, contents);
}

static bool write_state(pycoffer_pickler *self, array *made)
{
        PyObject *empty = PyTuple_GET_ITEM(made->reduction, 2);
        PyObject *const fields[] = {PyTuple_GET_ITEM(empty, VERSION), made->shape, PyTuple_GET_ITEM(empty, DTYPE),
                                    made->order};
        pycoffer_pickle_boundary(&self->out);
        if (!pycoffer_pickler_op(self, COFFER_OP_MARK))
                return false;
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
                if (!pycoffer_pickler_save(self, fields[i]))
                        return false;
        return write_contents(self, made) && pycoffer_pickler_op(self, COFFER_OP_TUPLE) &&
               pycoffer_pickler_memoize(self, NULL) && pycoffer_pickler_op(self, COFFER_OP_BUILD);
}

static bool write_array(pycoffer_pickler *self, PyObject *object, array *made)
{
        PyObject *start = PyTuple_GetSlice(made->reduction, 0, 2);
        bool is_written = start && pycoffer_pickler_write_reduction(self, object, start) && write_state(self, made);
        Py_XDECREF(start);
        return is_written;
}

bool pycoffer_pickler_save_array(pycoffer_pickler *self, PyObject *object, bool *is_written)
{
        if ((PyObject *)Py_TYPE(object) != find_array_type(self->state, Py_TYPE(object)))
                return false;
        array made = {NULL, NULL, NULL, NULL, {.obj = NULL}};
        bool is_open = open_array(self, object, &made);
        if (is_open)
                *is_written = write_array(self, object, &made);
        else
                PyErr_Clear(); /* the usual way will fail in its own words, if at all */
        free_array(&made);
        return is_open;
}
