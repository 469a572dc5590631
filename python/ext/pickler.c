/* SPDX-License-Identifier: Apache-2.0 */
#include "pickler.h"

#include "call.h"

/* ---- the memo ---- */

bool pycoffer_pickler_memoize(pycoffer_pickler *self, PyObject *object)
{
        return pycoffer_pickler_op(self, COFFER_OP_MEMOIZE) && pycoffer_pickle_memo_add(&self->memo, object);
}

bool pycoffer_pickler_get(pycoffer_pickler *self, uint32_t index)
{
        uint8_t *to = pycoffer_pickle_room(&self->out, 1 + sizeof(index));
        if (!to)
                return false;
        bool is_short = index <= UINT8_MAX;
        *to++ = is_short ? COFFER_OP_BINGET : COFFER_OP_LONG_BINGET;
        for (size_t i = 0; i < (is_short ? 1 : sizeof(index)); i++)
                *to++ = (uint8_t)(index >> (8 * i));
        self->out.next = to;
        return true;
}

/* ---- which way an object goes ---- */

static bool save_function(pycoffer_pickler *self, PyObject *object)
{
        return pycoffer_pickler_save_global(self, object, NULL);
}

/* Protocol 4 has none; the words for it are Python's. */
static bool refuse(pycoffer_pickler *self, PyObject *object)
{
        (void)self;
        (void)object;
        return false;
}

static bool save_compound(pycoffer_pickler *self, PyObject *object)
{
        static const struct {
                PyTypeObject *type;
                bool (*save)(pycoffer_pickler *self, PyObject *object);
        } ways[] = {
                {&PyDict_Type, pycoffer_pickler_save_dict},
                {&PyTuple_Type, pycoffer_pickler_save_tuple},
                {&PyList_Type, pycoffer_pickler_save_list},
                {&PySet_Type, pycoffer_pickler_save_set},
                {&PyFrozenSet_Type, pycoffer_pickler_save_frozenset},
                {&PyByteArray_Type, pycoffer_pickler_save_bytearray},
                {&PyType_Type, pycoffer_pickler_save_type},
                {&PyFunction_Type, save_function},
                {&PyPickleBuffer_Type, refuse},
        };
        for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
                if (Py_IS_TYPE(object, ways[i].type))
                        return ways[i].save(self, object);
        return pycoffer_pickler_save_reduced(self, object);
}

/* What is never in the memo. Says whether `object` was one of those. */
static bool save_unmemoized(pycoffer_pickler *self, PyObject *object, bool *is_written)
{
        if (object == Py_None)
                *is_written = pycoffer_pickler_op(self, COFFER_OP_NONE);
        else if (PyLong_CheckExact(object))
                *is_written = pycoffer_pickler_save_int(self, object);
        else if (PyFloat_CheckExact(object))
                *is_written = pycoffer_pickler_save_float(self, object);
        else if (PyBool_Check(object))
                *is_written = pycoffer_pickler_op(self, object == Py_True ? COFFER_OP_NEWTRUE : COFFER_OP_NEWFALSE);
        else
                return false;
        return true;
}

bool pycoffer_pickler_save(pycoffer_pickler *self, PyObject *object)
{
        uint32_t index;
        bool is_written;
        pycoffer_pickle_boundary(&self->out);
        if (!PyUnicode_CheckExact(object) && save_unmemoized(self, object, &is_written))
                return is_written;
        if (pycoffer_pickle_memo_find(&self->memo, object, &index))
                return pycoffer_pickler_get(self, index);
        if (PyUnicode_CheckExact(object))
                return pycoffer_pickler_save_text(self, object);
        if (PyBytes_CheckExact(object))
                return pycoffer_pickler_save_bytes(self, object);
        if (Py_EnterRecursiveCall(" while pickling an object"))
                return false;
        is_written = save_compound(self, object);
        Py_LeaveRecursiveCall();
        return is_written;
}

/* ---- a whole pickle ---- */

static bool write_pickle(pycoffer_pickler *self, PyObject *object)
{
        uint8_t *head = pycoffer_pickle_room_outside(&self->out, 2);
        if (!head)
                return false;
        head[0] = COFFER_OP_PROTO;
        head[1] = PYCOFFER_PICKLE_PROTOCOL;
        if (!pycoffer_pickler_save(self, object) || !pycoffer_pickler_op(self, COFFER_OP_STOP))
                return false;
        pycoffer_pickle_close_frame(&self->out);
        return pycoffer_watch_holds(&self->watch);
}

static coffer_bytes *pickle_plainly(pycoffer_state *state, PyObject *object)
{
        PyObject *pickle = PyObject_CallFunctionObjArgs(state->pickle_dumps, object, state->protocol, NULL);
        coffer_bytes *bytes = pickle ? pycoffer_bytes_from(state, pickle) : NULL;
        Py_XDECREF(pickle);
        return bytes;
}

/* NULL with an exception set, or without one when it is left to Python's own pickler. */
static coffer_bytes *pickle_ourselves(pycoffer_state *state, PyObject *object)
{
        pycoffer_pickler self;
        self.state = state;
        self.watch = (pycoffer_watch){NULL, 0, 0, 0};
        pycoffer_pickle_out_init(&self.out);
        pycoffer_pickle_memo_init(&self.memo);
        bool is_written = write_pickle(&self, object);
        coffer_bytes *bytes = is_written ? pycoffer_pickle_out_take(&self.out) : NULL;
        /* Python's own pickler may get further before its stack ends, and has words of its own for what can't go on. */
        bool is_left = !is_written && (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_RecursionError));
        if (is_left)
                PyErr_Clear();
        pycoffer_watch_done(&self.watch);
        pycoffer_pickle_memo_done(&self.memo);
        pycoffer_pickle_out_done(&self.out, state);
        return bytes;
}

/* Compares both picklers: the version of Python may be newer than all that we know. */
static bool are_equal(pycoffer_state *state, PyObject *object)
{
        coffer_bytes *bytes = pickle_ourselves(state, object);
        PyObject *ours = bytes ? pycoffer_bytes_copy(bytes) : NULL, *plain = NULL;
        if (ours)
                plain = PyObject_CallFunctionObjArgs(state->pickle_dumps, object, state->protocol, NULL);
        bool is_equal = plain && PyObject_RichCompareBool(ours, plain, Py_EQ) == 1;
        Py_XDECREF(plain);
        Py_XDECREF(ours);
        pycoffer_bytes_unref(state, bytes);
        return is_equal;
}

/* With an exception set when it is interrupted. */
static bool is_trusted(pycoffer_state *state)
{
        if (state->pickler_trust != PYCOFFER_UNTRIED)
                return state->pickler_trust == PYCOFFER_TRUSTED;
        PyObject *module = PyImport_ImportModule("coffer._probe");
        PyObject *objects = module ? PyObject_GetAttrString(module, "OBJECTS") : NULL;
        bool is_equal = objects && are_equal(state, objects);
        Py_XDECREF(objects);
        Py_XDECREF(module);
        if (!PyErr_Occurred())
                state->pickler_trust = is_equal ? PYCOFFER_TRUSTED : PYCOFFER_NOT_TRUSTED;
        else if (PyErr_ExceptionMatches(PyExc_Exception))
                PyErr_Clear(); /* no memory, or the interpreter ends: not this time */
        return is_equal;
}

coffer_bytes *pycoffer_pickle(pycoffer_state *state, PyObject *object)
{
        coffer_bytes *bytes = is_trusted(state) ? pickle_ourselves(state, object) : NULL;
        return bytes || PyErr_Occurred() ? bytes : pickle_plainly(state, object);
}

PyDoc_STRVAR(
        pickle_artifact_doc,
        "pickle_artifact($module, object, /)\n--\n\n"
        "The bytes of pickle.dumps(object, 4) as a Bytes, which refers to the memory of large byte strings and NumPy "
        "arrays in place of copying them: an array that is changed before the bytes are used changes them too.\n\n"
        "Raises what pickle.dumps raises.");

static PyObject *pickle_artifact(PyObject *module, PyObject *object)
{
        pycoffer_state *state = pycoffer_state_of(module);
        coffer_bytes *bytes = pycoffer_pickle(state, object);
        PyObject *wrapped = bytes ? pycoffer_bytes_wrap(state, bytes) : NULL;
        pycoffer_bytes_unref(state, bytes);
        return wrapped;
}

static PyMethodDef functions[] = {
        {"pickle_artifact", pickle_artifact, METH_O, pickle_artifact_doc},
        {NULL, NULL, 0, NULL},
};

/* ---- what it keeps from pickle to pickle ---- */

bool pycoffer_pickler_init(PyObject *module, pycoffer_state *state)
{
        PyObject *copyreg = PyImport_ImportModule("copyreg");
        state->dispatch_table = copyreg ? PyObject_GetAttrString(copyreg, "dispatch_table") : NULL;
        state->extension_registry =
                state->dispatch_table ? PyObject_GetAttrString(copyreg, "_extension_registry") : NULL;
        Py_XDECREF(copyreg);
        state->protocol = PyLong_FromLong(PYCOFFER_PICKLE_PROTOCOL);
        return state->extension_registry && state->protocol && PyModule_AddFunctions(module, functions) == 0;
}
