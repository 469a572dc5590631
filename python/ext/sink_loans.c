/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's arrays on their way through a pickler. What they reduce to holds a copy of their contents; the same reduction
 * of an empty slice costs nothing and tells all the rest, whatever the version of NumPy. */
#include "sink.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 8, STATE_FIELDS = 5, SHAPE = 1, DTYPE = 2, IS_FORTRAN = 3, CONTENTS = 4 };

/* ---- which objects ---- */

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

static bool is_registered(pycoffer_state *state, PyTypeObject *type)
{
        return PyDict_GetItemWithError(state->dispatch_table, (PyObject *)type) || PyErr_Occurred();
}

/* ---- what runs no code that could change an array ---- */

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

/* Both have the same function of C under that name, or none. */
static bool same_method(PyObject *object, PyObject *plain, const char *name)
{
        PyObject *own = PyObject_GetAttrString(object, name), *usual = PyObject_GetAttrString(plain, name);
        bool is_same = own == usual || (own && usual && PyCFunction_Check(own) && PyCFunction_Check(usual) &&
                                        PyCFunction_GET_FUNCTION(own) == PyCFunction_GET_FUNCTION(usual));
        Py_XDECREF(own);
        Py_XDECREF(usual);
        PyErr_Clear();
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

static bool runs_foreign_code(pycoffer_state *state, PyObject *object)
{
        PyTypeObject *type = Py_TYPE(object);
        if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) || PyType_IsSubtype(type, &PyType_Type))
                return is_registered(state, type);
        return is_registered(state, type) || !(is_trusted_module(type) || has_usual_reduction(object));
}

/* ---- arrays that must not change ---- */

static Py_hash_t hash_contents(const pycoffer_loan *loan)
{
        return PyHash_GetFuncDef()->hash(loan->contents.data, (Py_ssize_t)loan->contents.size_bytes);
}

/* Code is about to run that may change arrays of which pickle would have a copy already. */
static void watch(pycoffer_loans *loans)
{
        for (; loans->watched_count < loans->count; loans->watched_count++)
                loans->items[loans->watched_count].hash = hash_contents(&loans->items[loans->watched_count]);
}

bool pycoffer_loans_hold(const pycoffer_loans *loans)
{
        bool hold = !loans->is_broken;
        for (size_t i = 0; hold && i < loans->count; i++)
                hold = !loans->items[i].memory;
        for (size_t i = 0; hold && i < loans->watched_count; i++)
                hold = loans->items[i].hash == hash_contents(&loans->items[i]);
        return hold;
}

/* ---- lending ---- */

/* An array's reduction without its contents: a new reference to what __reduce__ gives of an empty slice, when that has
 * the shape that we know. */
static PyObject *reduce_empty(PyObject *array)
{
        PyObject *dtype = PyObject_GetAttrString(array, "dtype");
        PyObject *empty = dtype ? PySequence_GetSlice(array, 0, 0) : NULL;
        PyObject *reduction = empty ? PyObject_CallMethod(empty, "__reduce__", NULL) : NULL;
        PyObject *state = reduction && PyTuple_CheckExact(reduction) && PyTuple_GET_SIZE(reduction) == 3
                                  ? PyTuple_GET_ITEM(reduction, 2)
                                  : NULL;
        bool is_known = state && PyTuple_CheckExact(state) && PyTuple_GET_SIZE(state) == STATE_FIELDS &&
                        PyTuple_CheckExact(PyTuple_GET_ITEM(state, SHAPE)) && PyTuple_GET_ITEM(state, DTYPE) == dtype &&
                        PyBool_Check(PyTuple_GET_ITEM(state, IS_FORTRAN)) &&
                        PyBytes_CheckExact(PyTuple_GET_ITEM(state, CONTENTS)) && Py_TYPE(empty) == Py_TYPE(array);
        if (!is_known)
                Py_CLEAR(reduction);
        Py_XDECREF(empty);
        Py_XDECREF(dtype);
        return reduction;
}

/* Whether the contents are written in Fortran's order: a new reference to a bool. */
static PyObject *is_fortran(PyObject *array)
{
        PyObject *flags = PyObject_GetAttrString(array, "flags");
        PyObject *answer = flags ? PyObject_GetAttrString(flags, "fnc") : NULL;
        Py_XDECREF(flags);
        return answer;
}

static PyObject *make_state(PyObject *array, PyObject *empty_state, PyObject *placeholder)
{
        PyObject *shape = PyObject_GetAttrString(array, "shape"), *order = is_fortran(array), *state = NULL;
        if (shape && order && PyBool_Check(order))
                state = PyTuple_Pack(STATE_FIELDS, PyTuple_GET_ITEM(empty_state, 0), shape,
                                     PyTuple_GET_ITEM(empty_state, DTYPE), order, placeholder);
        Py_XDECREF(shape);
        Py_XDECREF(order);
        return state;
}

static PyObject *make_reduction(PyObject *array, PyObject *placeholder)
{
        PyObject *usual = placeholder ? reduce_empty(array) : NULL;
        PyObject *state = usual ? make_state(array, PyTuple_GET_ITEM(usual, 2), placeholder) : NULL;
        PyObject *reduction =
                state ? PyTuple_Pack(3, PyTuple_GET_ITEM(usual, 0), PyTuple_GET_ITEM(usual, 1), state) : NULL;
        Py_XDECREF(usual);
        Py_XDECREF(state);
        return reduction;
}

/* A byte string without contents. Writing its head makes more of it resident where pages are large or where the memory
 * has been used before; all pages that are inside of it are given back. */
static PyObject *make_placeholder(size_t size_bytes)
{
        PyObject *placeholder = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size_bytes);
        long page_bytes = sysconf(_SC_PAGESIZE);
        if (!placeholder || page_bytes <= 0)
                return placeholder;
        uintptr_t page = (uintptr_t)page_bytes, start = (uintptr_t)PyBytes_AS_STRING(placeholder);
        uintptr_t first = (start + page - 1) / page * page, end = (start + size_bytes) / page * page;
        if (first < end)
                (void)madvise((void *)first, end - first, MADV_DONTNEED);
        return placeholder;
}

static bool reserve(pycoffer_loans *loans)
{
        if (loans->count < loans->capacity)
                return true;
        size_t capacity = loans->capacity ? loans->capacity * 2 : FIRST_CAPACITY;
        pycoffer_loan *items = PyMem_Realloc(loans->items, capacity * sizeof(*items));
        if (!items)
                return false;
        loans->items = items;
        loans->capacity = capacity;
        return true;
}

/* NULL, with or without an exception set, for an array that has to be pickled the usual way. */
static PyObject *lend(pycoffer_loans *loans, pycoffer_state *state, PyObject *array)
{
        pycoffer_borrowed *memory = pycoffer_borrow(state, array, PyBUF_ANY_CONTIGUOUS);
        coffer_cursor contents = memory ? pycoffer_borrowed_cursor(memory) : (coffer_cursor){NULL, 0};
        PyObject *placeholder = NULL, *reduction = NULL;
        if (contents.size_bytes >= PYCOFFER_LARGE_BYTES && reserve(loans))
                placeholder = make_placeholder(contents.size_bytes);
        reduction = make_reduction(array, placeholder);
        if (reduction) {
                loans->items[loans->count++] = (pycoffer_loan){placeholder, memory, contents, 0};
        } else {
                Py_XDECREF(placeholder);
                pycoffer_borrowed_free(memory);
        }
        return reduction;
}

PyObject *pycoffer_loans_reduce(pycoffer_loans *loans, pycoffer_state *state, PyObject *object)
{
        PyObject *array_type = find_array_type(state, Py_TYPE(object)), *reduction = NULL;
        if (array_type == (PyObject *)Py_TYPE(object) && !is_registered(state, Py_TYPE(object)))
                reduction = lend(loans, state, object);
        else if (loans->watched_count < loans->count && runs_foreign_code(state, object))
                watch(loans);
        PyErr_Clear(); /* the usual way will fail in its own words, if at all */
        return reduction ? reduction : Py_NewRef(Py_NotImplemented);
}

pycoffer_loan *pycoffer_loans_redeem(pycoffer_loans *loans, PyObject *bytes)
{
        for (size_t i = loans->count; i-- > 0;) { /* nearly always it is the last one */
                if (loans->items[i].placeholder != bytes)
                        continue;
                loans->is_broken = loans->is_broken || !loans->items[i].memory;
                return &loans->items[i];
        }
        return NULL;
}

void pycoffer_loans_done(pycoffer_loans *loans)
{
        for (size_t i = 0; i < loans->count; i++) {
                Py_DECREF(loans->items[i].placeholder);
                pycoffer_borrowed_free(loans->items[i].memory);
        }
        PyMem_Free(loans->items);
        *loans = (pycoffer_loans){NULL, 0, 0, 0, false};
}
