/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include "call.h"

/* Up to here a copy costs less than keeping an object, and giving it back with the GIL. */
enum { SMALL_BYTES = 4 << 10 };

typedef struct {
        PyObject_HEAD coffer_bytes *bytes;
} bytes_object;

/* ---- memory of Python's in the library ---- */

struct pycoffer_borrowed {
        pycoffer_state *state;
        PyObject *module; /* keeps the state */
        Py_buffer view;
};

static void release_borrowed(void *owner)
{
        pycoffer_borrowed *memory = owner;
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, memory->state))
                return; /* the process ends: leaking is all that is safe */
        pycoffer_borrowed_free(memory);
        pycoffer_gil_give(&gil);
}

static pycoffer_borrowed *new_borrowed(pycoffer_state *state)
{
        pycoffer_borrowed *memory = PyMem_Calloc(1, sizeof(*memory));
        if (!memory) {
                PyErr_NoMemory();
                return NULL;
        }
        memory->state = state;
        memory->module = Py_NewRef(state->module);
        return memory;
}

pycoffer_borrowed *pycoffer_borrow(pycoffer_state *state, PyObject *object, int flags)
{
        pycoffer_borrowed *memory = new_borrowed(state);
        if (memory && PyObject_GetBuffer(object, &memory->view, flags) == 0)
                return memory;
        pycoffer_borrowed_free(memory);
        return NULL;
}

pycoffer_borrowed *pycoffer_borrow_text(pycoffer_state *state, PyObject *text)
{
        Py_ssize_t size_bytes;
        const char *utf8 = PyUnicode_AsUTF8AndSize(text, &size_bytes);
        pycoffer_borrowed *memory = utf8 ? new_borrowed(state) : NULL;
        void *start = (void *)(uintptr_t)utf8;
        if (memory && PyBuffer_FillInfo(&memory->view, text, start, size_bytes, 1, PyBUF_SIMPLE) == 0)
                return memory;
        pycoffer_borrowed_free(memory);
        return NULL;
}

coffer_cursor pycoffer_borrowed_cursor(const pycoffer_borrowed *memory)
{
        return (coffer_cursor){memory->view.buf, (size_t)memory->view.len};
}

void pycoffer_borrowed_free(pycoffer_borrowed *memory)
{
        if (!memory)
                return;
        PyBuffer_Release(&memory->view);
        Py_DECREF(memory->module);
        PyMem_Free(memory);
}

coffer_status pycoffer_bytes_append(coffer_bytes *bytes, pycoffer_borrowed *memory, coffer_error *error)
{
        bool is_immutable = PyBytes_CheckExact(memory->view.obj) || PyUnicode_CheckExact(memory->view.obj);
        coffer_status status =
                coffer_bytes_append_borrow(bytes, pycoffer_borrowed_cursor(memory), release_borrowed, memory, error);
        if (status != COFFER_OK)
                pycoffer_borrowed_free(memory);
        else if (!is_immutable)
                coffer_bytes_set_unstable(bytes);
        return status;
}

static coffer_bytes *copy_of(pycoffer_state *state, PyObject *object)
{
        coffer_cursor contents = {(const uint8_t *)PyBytes_AS_STRING(object), (size_t)PyBytes_GET_SIZE(object)};
        coffer_bytes *bytes = NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_status status = coffer_bytes_new(&bytes, &call.error);
        if (status == COFFER_OK)
                status = coffer_bytes_append_copy(bytes, contents, &call.error);
        if (pycoffer_call_end(&call, status))
                return bytes;
        pycoffer_bytes_unref(state, bytes);
        return NULL;
}

coffer_bytes *pycoffer_bytes_from(pycoffer_state *state, PyObject *object)
{
        if (Py_IS_TYPE(object, state->bytes_type))
                return coffer_bytes_ref(((bytes_object *)object)->bytes);
        if (PyBytes_CheckExact(object) && PyBytes_GET_SIZE(object) <= SMALL_BYTES)
                return copy_of(state, object);
        pycoffer_borrowed *memory = pycoffer_borrow(state, object, PyBUF_SIMPLE);
        if (!memory)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_bytes *bytes = NULL;
        coffer_status status = coffer_bytes_new(&bytes, &call.error);
        if (status == COFFER_OK)
                status = pycoffer_bytes_append(bytes, memory, &call.error);
        else
                pycoffer_borrowed_free(memory);
        if (!pycoffer_call_end(&call, status)) {
                pycoffer_bytes_unref(state, bytes);
                return NULL;
        }
        return bytes;
}

void pycoffer_bytes_unref(pycoffer_state *state, coffer_bytes *bytes)
{
        if (!bytes)
                return;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_bytes_unref(bytes);
        pycoffer_call_end_quiet(&call);
}

PyObject *pycoffer_bytes_wrap(pycoffer_state *state, coffer_bytes *bytes)
{
        bytes_object *self = (bytes_object *)state->bytes_type->tp_alloc(state->bytes_type, 0);
        if (self)
                self->bytes = coffer_bytes_ref(bytes);
        return (PyObject *)self;
}

static void bytes_dealloc(PyObject *object)
{
        PyTypeObject *type = Py_TYPE(object);
        pycoffer_bytes_unref(pycoffer_state_of_type(type), ((bytes_object *)object)->bytes);
        type->tp_free(object);
        Py_DECREF(type);
}

static Py_ssize_t bytes_length(PyObject *object)
{
        return (Py_ssize_t)coffer_bytes_size(((bytes_object *)object)->bytes);
}

static int bytes_get_buffer(PyObject *object, Py_buffer *view, int flags)
{
        coffer_bytes *bytes = ((bytes_object *)object)->bytes;
        coffer_cursor whole = {NULL, 0};
        pycoffer_call call;
        pycoffer_call_begin(&call, pycoffer_state_of_type(Py_TYPE(object)));
        coffer_status status = coffer_bytes_contiguous(bytes, &whole, &call.error);
        if (!pycoffer_call_end(&call, status)) {
                view->obj = NULL;
                return -1;
        }
        return PyBuffer_FillInfo(view, object, (void *)(uintptr_t)whole.data, (Py_ssize_t)whole.size_bytes, 1, flags);
}

PyObject *pycoffer_bytes_copy(const coffer_bytes *bytes)
{
        PyObject *copy = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)coffer_bytes_size(bytes));
        char *to = copy ? PyBytes_AS_STRING(copy) : NULL;
        for (size_t i = 0; copy && i < coffer_bytes_segment_count(bytes); i++) {
                coffer_cursor segment = coffer_bytes_segment(bytes, i);
                to = (char *)memcpy(to, segment.data, segment.size_bytes) + segment.size_bytes;
        }
        return copy;
}

PyDoc_STRVAR(bytes_bytes_doc, "__bytes__($self, /)\n--\n\nA copy, as bytes.");

static PyObject *bytes_bytes(PyObject *object, PyObject *unused)
{
        (void)unused;
        return pycoffer_bytes_copy(((bytes_object *)object)->bytes);
}

static void unref_owner(void *owner)
{
        coffer_bytes_unref(owner);
}

/* A `Bytes` of one segment, which keeps all of them. */
static PyObject *wrap_segment(pycoffer_state *state, coffer_bytes *whole, size_t index)
{
        coffer_bytes *part = NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_status status = coffer_bytes_new(&part, &call.error);
        if (status == COFFER_OK)
                status = coffer_bytes_append_borrow(part, coffer_bytes_segment(whole, index), unref_owner,
                                                    coffer_bytes_ref(whole), &call.error);
        if (part && status != COFFER_OK)
                coffer_bytes_unref(whole);
        PyObject *segment = pycoffer_call_end(&call, status) ? pycoffer_bytes_wrap(state, part) : NULL;
        pycoffer_bytes_unref(state, part);
        return segment;
}

PyDoc_STRVAR(bytes_segments_doc, "segments($self, /)\n--\n\n"
                                 "The pieces of memory that make them up, in order: a list of Bytes. None is copied.");

static PyObject *bytes_segments(PyObject *object, PyObject *unused)
{
        (void)unused;
        coffer_bytes *bytes = ((bytes_object *)object)->bytes;
        pycoffer_state *state = pycoffer_state_of_type(Py_TYPE(object));
        PyObject *list = PyList_New(0);
        for (size_t i = 0; list && i < coffer_bytes_segment_count(bytes); i++) {
                PyObject *segment = wrap_segment(state, bytes, i);
                if (!segment || PyList_Append(list, segment) < 0)
                        Py_CLEAR(list);
                Py_XDECREF(segment);
        }
        return list;
}

static PyObject *bytes_size(PyObject *object, void *unused)
{
        (void)unused;
        return PyLong_FromUnsignedLongLong(coffer_bytes_size(((bytes_object *)object)->bytes));
}

static PyObject *bytes_repr(PyObject *object)
{
        return PyUnicode_FromFormat("<coffer.Bytes of %zd bytes>", bytes_length(object));
}

PyDoc_STRVAR(bytes_doc,
             "Bytes that the library holds, perhaps in several pieces of memory: use bytes(), memoryview() or "
             "any function that takes a bytes-like object.");

static PyMethodDef bytes_methods[] = {
        {"__bytes__", bytes_bytes, METH_NOARGS, bytes_bytes_doc},
        {"segments", bytes_segments, METH_NOARGS, bytes_segments_doc},
        {NULL, NULL, 0, NULL},
};

static PyGetSetDef bytes_fields[] = {
        {"size", bytes_size, NULL, "Their number.", NULL},
        {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot bytes_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)bytes_doc},
        {Py_tp_dealloc, bytes_dealloc},
        {Py_tp_repr, bytes_repr},
        {Py_tp_methods, bytes_methods},
        {Py_tp_getset, bytes_fields},
        {Py_sq_length, bytes_length},
        {Py_bf_getbuffer, bytes_get_buffer},
        {0, NULL},
};

static PyType_Spec bytes_spec = {
        .name = "coffer.Bytes",
        .basicsize = sizeof(bytes_object),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = bytes_slots,
};

bool pycoffer_bytes_add_type(PyObject *module, pycoffer_state *state)
{
        state->bytes_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &bytes_spec, NULL);
        return state->bytes_type && PyModule_AddType(module, state->bytes_type) == 0;
}
