/* SPDX-License-Identifier: Apache-2.0 */
#include "sink.h"

#include <string.h>

#include "call.h"

enum { PROTOCOL = 4, FIRST_CHUNK_BYTES = 512, LARGEST_CHUNK_BYTES = 1 << 20 };

enum { SMALL_BYTES = 1 << 10, SMALL_COUNT = 32 };

/* Opcodes around a large text. */
enum { PROTO = 0x80, BINUNICODE = 'X', BINUNICODE8 = 0x8d, MEMOIZE = 0x94, STOP = '.', HEAD_BYTES = 3 };

/* The file that a pickler writes to. What is small is gathered in chunks, each a segment. */
typedef struct {
        PyObject_HEAD pycoffer_state *state;
        coffer_bytes *bytes; /* NULL once taken */
        uint8_t *chunk;
        size_t chunk_bytes;
        size_t chunk_capacity_bytes;
        pycoffer_loans loans;
} sink_object;

/* ---- segments ---- */

/* Makes the chunk a segment. One that is nearly empty stays for what comes next. */
static coffer_status end_chunk(sink_object *self, coffer_error *error)
{
        bool is_taken = self->chunk_bytes >= self->chunk_capacity_bytes / 2;
        coffer_cursor contents = {self->chunk, self->chunk_bytes};
        coffer_status status = COFFER_OK;
        if (contents.size_bytes == 0)
                return status;
        if (is_taken)
                status = coffer_bytes_append_take(self->bytes, self->chunk, contents.size_bytes, error);
        else
                status = coffer_bytes_append_copy(self->bytes, contents, error);
        if (status == COFFER_OK) {
                self->chunk = is_taken ? NULL : self->chunk;
                self->chunk_bytes = 0;
        }
        return status;
}

/* Begins a chunk twice as large as the one before. */
static coffer_status begin_chunk(sink_object *self, coffer_error *error)
{
        size_t doubled = self->chunk_capacity_bytes * 2;
        size_t capacity = doubled < FIRST_CHUNK_BYTES ? FIRST_CHUNK_BYTES : doubled;
        self->chunk_capacity_bytes = capacity < LARGEST_CHUNK_BYTES ? capacity : LARGEST_CHUNK_BYTES;
        self->chunk = coffer_alloc(self->chunk_capacity_bytes);
        return self->chunk ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a pickle");
}

static coffer_status gather(sink_object *self, coffer_cursor data, coffer_error *error)
{
        while (data.size_bytes > 0) {
                coffer_status status = self->chunk ? COFFER_OK : begin_chunk(self, error);
                if (status != COFFER_OK)
                        return status;
                size_t room_bytes = self->chunk_capacity_bytes - self->chunk_bytes;
                size_t step_bytes = data.size_bytes < room_bytes ? data.size_bytes : room_bytes;
                memcpy(self->chunk + self->chunk_bytes, data.data, step_bytes);
                self->chunk_bytes += step_bytes;
                data = (coffer_cursor){data.data + step_bytes, data.size_bytes - step_bytes};
                if (self->chunk_bytes == self->chunk_capacity_bytes)
                        status = end_chunk(self, error);
                if (status != COFFER_OK)
                        return status;
        }
        return COFFER_OK;
}

/* Takes `memory`. */
static coffer_status refer(sink_object *self, pycoffer_borrowed *memory, coffer_error *error)
{
        coffer_status status = end_chunk(self, error);
        if (status == COFFER_OK)
                return pycoffer_bytes_append(self->bytes, memory, error);
        pycoffer_borrowed_free(memory);
        return status;
}

/* The memory to refer to for a large byte string: an array's, or its own. NULL with an exception set. */
static pycoffer_borrowed *find_memory(sink_object *self, PyObject *bytes)
{
        pycoffer_loan *loan = pycoffer_loans_redeem(&self->loans, bytes);
        pycoffer_borrowed *memory = loan ? loan->memory : NULL;
        if (!memory)
                return pycoffer_borrow(self->state, bytes, PyBUF_SIMPLE);
        loan->memory = NULL;
        return memory;
}

static PyObject *sink_write(PyObject *object, PyObject *bytes)
{
        sink_object *self = (sink_object *)object;
        if (!self->bytes || !PyBytes_CheckExact(bytes)) {
                PyErr_SetString(PyExc_TypeError, "a pickle's sink takes bytes, until the pickle is complete");
                return NULL;
        }
        coffer_cursor data = {(const uint8_t *)PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)};
        bool is_large = data.size_bytes >= PYCOFFER_LARGE_BYTES;
        pycoffer_borrowed *memory = is_large ? find_memory(self, bytes) : NULL;
        if (is_large && !memory)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self->state);
        coffer_status status = is_large ? refer(self, memory, &call.error) : gather(self, data, &call.error);
        return pycoffer_call_end(&call, status) ? Py_NewRef(Py_None) : NULL;
}

static PyObject *sink_reduce(PyObject *object, PyObject *pickled)
{
        sink_object *self = (sink_object *)object;
        return pycoffer_loans_reduce(&self->loans, self->state, pickled);
}

static void sink_dealloc(PyObject *object)
{
        sink_object *self = (sink_object *)object;
        PyTypeObject *type = Py_TYPE(object);
        pycoffer_bytes_unref(self->state, self->bytes);
        pycoffer_loans_done(&self->loans);
        coffer_free(self->chunk);
        type->tp_free(object);
        Py_DECREF(type);
}

/* ---- pickling ---- */

static sink_object *make_sink(pycoffer_state *state)
{
        sink_object *self = (sink_object *)state->sink_type->tp_alloc(state->sink_type, 0);
        if (!self)
                return NULL;
        self->state = state;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_status status = coffer_bytes_new(&self->bytes, &call.error);
        if (!pycoffer_call_end(&call, status))
                Py_CLEAR(self);
        return self;
}

static bool find_pickler(pycoffer_state *state)
{
        if (state->pickler)
                return true;
        PyObject *module = PyImport_ImportModule("coffer._sink");
        state->pickler = module ? PyObject_GetAttrString(module, "Pickler") : NULL;
        Py_XDECREF(module);
        return state->pickler != NULL;
}

/* Lets Python's own pickler write `object` to the sink. */
static bool run_pickler(sink_object *self, PyObject *object)
{
        PyObject *pickler = PyObject_CallFunction(self->state->pickler, "Oi", self, PROTOCOL);
        PyObject *reduce = pickler ? PyObject_GetAttrString((PyObject *)self, "reduce") : NULL;
        PyObject *dump = pickler ? PyObject_GetAttrString(pickler, "dump") : NULL, *done = NULL;
        if (reduce && dump && PyObject_SetAttrString(pickler, "reducer_override", reduce) == 0)
                done = PyObject_CallOneArg(dump, object);
        Py_XDECREF(done);
        Py_XDECREF(dump);
        Py_XDECREF(reduce);
        Py_XDECREF(pickler);
        return done != NULL;
}

static coffer_bytes *take_bytes(sink_object *self)
{
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self->state);
        coffer_status status = end_chunk(self, &call.error);
        if (!pycoffer_call_end(&call, status))
                return NULL;
        coffer_bytes *bytes = self->bytes;
        self->bytes = NULL;
        return bytes;
}

static coffer_bytes *pickle_plainly(pycoffer_state *state, PyObject *object)
{
        PyObject *pickle = PyObject_CallFunction(state->pickle_dumps, "Oi", object, PROTOCOL);
        coffer_bytes *bytes = pickle ? pycoffer_bytes_from(state, pickle) : NULL;
        Py_XDECREF(pickle);
        return bytes;
}

/* The pickle of a large text: a pickler would hand over a copy of it. */
static coffer_status append_text(sink_object *self, pycoffer_borrowed *text, coffer_error *error)
{
        static const uint8_t end[] = {MEMOIZE, STOP};
        size_t size_bytes = pycoffer_borrowed_cursor(text).size_bytes;
        bool is_long = size_bytes > UINT32_MAX;
        uint8_t head[] = {PROTO, PROTOCOL, is_long ? BINUNICODE8 : BINUNICODE, 0, 0, 0, 0, 0, 0, 0, 0};
        size_t length_bytes = is_long ? sizeof(uint64_t) : sizeof(uint32_t);
        for (size_t i = 0; i < length_bytes; i++)
                head[HEAD_BYTES + i] = (uint8_t)((uint64_t)size_bytes >> (8 * i));
        coffer_status status = gather(self, (coffer_cursor){head, HEAD_BYTES + length_bytes}, error);
        if (status != COFFER_OK) {
                pycoffer_borrowed_free(text);
                return status;
        }
        status = refer(self, text, error);
        return status == COFFER_OK ? gather(self, (coffer_cursor){end, sizeof(end)}, error) : status;
}

/* False, with or without an exception set, when a pickler has to do it. */
static bool write_text(sink_object *self, PyObject *object)
{
        if (!PyUnicode_CheckExact(object) || PyUnicode_GET_LENGTH(object) < PYCOFFER_LARGE_BYTES)
                return false;
        pycoffer_borrowed *text = pycoffer_borrow_text(self->state, object);
        if (!text) {
                PyErr_Clear(); /* lone surrogates, or no memory */
                return false;
        }
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self->state);
        coffer_status status = append_text(self, text, &call.error);
        return pycoffer_call_end(&call, status);
}

static bool is_small_atom(PyObject *object)
{
        if (PyUnicode_CheckExact(object))
                return PyUnicode_GET_LENGTH(object) < SMALL_BYTES;
        if (PyBytes_CheckExact(object))
                return PyBytes_GET_SIZE(object) < SMALL_BYTES;
        return object == Py_None || PyBool_Check(object) || PyLong_CheckExact(object) || PyFloat_CheckExact(object);
}

/* A few atoms at most: setting up a sink would take longer than pickling them. */
static bool is_small(PyObject *object)
{
        PyObject *key, *value;
        Py_ssize_t at = 0;
        if (PyDict_CheckExact(object) && PyDict_GET_SIZE(object) <= SMALL_COUNT) {
                while (PyDict_Next(object, &at, &key, &value))
                        if (!is_small_atom(key) || !is_small_atom(value))
                                return false;
                return true;
        }
        if ((!PyList_CheckExact(object) && !PyTuple_CheckExact(object)) ||
            PySequence_Fast_GET_SIZE(object) > SMALL_COUNT)
                return is_small_atom(object);
        for (at = 0; at < PySequence_Fast_GET_SIZE(object); at++)
                if (!is_small_atom(PySequence_Fast_GET_ITEM(object, at)))
                        return false;
        return true;
}

coffer_bytes *pycoffer_pickle(pycoffer_state *state, PyObject *object)
{
        if (is_small(object))
                return pickle_plainly(state, object);
        sink_object *sink = find_pickler(state) ? make_sink(state) : NULL;
        coffer_bytes *bytes = NULL;
        bool is_written = sink && (write_text(sink, object) || (!PyErr_Occurred() && run_pickler(sink, object)));
        if (is_written)
                bytes = pycoffer_loans_hold(&sink->loans) ? take_bytes(sink) : pickle_plainly(state, object);
        Py_XDECREF(sink);
        return bytes;
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

static PyMethodDef sink_methods[] = {
        {"write", sink_write, METH_O, NULL},
        {"reduce", sink_reduce, METH_O, NULL},
        {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(sink_doc, "What a pickler writes an artifact to; only pickle_artifact makes one.");

static PyType_Slot sink_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)sink_doc},
        {Py_tp_dealloc, sink_dealloc},
        {Py_tp_methods, sink_methods},
        {0, NULL},
};

static PyType_Spec sink_spec = {
        .name = "coffer._coffer.Sink",
        .basicsize = sizeof(sink_object),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = sink_slots,
};

static PyMethodDef functions[] = {
        {"pickle_artifact", pickle_artifact, METH_O, pickle_artifact_doc},
        {NULL, NULL, 0, NULL},
};

bool pycoffer_sink_add_type(PyObject *module, pycoffer_state *state)
{
        PyObject *copyreg = PyImport_ImportModule("copyreg");
        state->dispatch_table = copyreg ? PyObject_GetAttrString(copyreg, "dispatch_table") : NULL;
        Py_XDECREF(copyreg);
        state->sink_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &sink_spec, NULL);
        return state->dispatch_table && state->sink_type && PyModule_AddFunctions(module, functions) == 0;
}
