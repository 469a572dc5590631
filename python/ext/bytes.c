/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include "call.h"

typedef struct {
        PyObject_HEAD coffer_bytes *bytes;
} bytes_object;

/* Who keeps the memory that a segment borrows. */
typedef struct {
        pycoffer_state *state;
        PyObject *module; /* keeps the state */
        Py_buffer view;
} borrowed;

static void release_borrowed(void *owner)
{
        borrowed *memory = owner;
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, memory->state))
                return; /* the process ends: leaking is all that is safe */
        PyBuffer_Release(&memory->view);
        Py_DECREF(memory->module);
        PyMem_Free(memory);
        pycoffer_gil_give(&gil);
}

static borrowed *borrow(pycoffer_state *state, PyObject *object)
{
        borrowed *memory = PyMem_Malloc(sizeof(*memory));
        if (!memory) {
                PyErr_NoMemory();
                return NULL;
        }
        if (PyObject_GetBuffer(object, &memory->view, PyBUF_SIMPLE) < 0) {
                PyMem_Free(memory);
                return NULL;
        }
        memory->state = state;
        memory->module = Py_NewRef(state->module);
        return memory;
}

/* Gives `memory` to the bytes, or releases it. */
static coffer_status append_borrowed(coffer_bytes *bytes, borrowed *memory, coffer_error *error)
{
        coffer_cursor segment = {memory->view.buf, (size_t)memory->view.len};
        coffer_status status = coffer_bytes_append_borrow(bytes, segment, release_borrowed, memory, error);
        if (status != COFFER_OK)
                release_borrowed(memory);
        return status;
}

coffer_bytes *pycoffer_bytes_from(pycoffer_state *state, PyObject *object)
{
        if (Py_IS_TYPE(object, state->bytes_type))
                return coffer_bytes_ref(((bytes_object *)object)->bytes);
        borrowed *memory = borrow(state, object);
        if (!memory)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_bytes *bytes = NULL;
        coffer_status status = coffer_bytes_new(&bytes, &call.error);
        if (status == COFFER_OK)
                status = append_borrowed(bytes, memory, &call.error);
        else
                release_borrowed(memory);
        if (!pycoffer_call_end(&call, status)) {
                pycoffer_bytes_unref(state, bytes);
                return NULL;
        }
        return bytes;
}

void pycoffer_bytes_unref(pycoffer_state *state, coffer_bytes *bytes)
{
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

static PyObject *bytes_repr(PyObject *object)
{
        return PyUnicode_FromFormat("<coffer.Bytes of %zd bytes>", bytes_length(object));
}

PyDoc_STRVAR(bytes_doc, "Immutable bytes that the library holds: use bytes(), memoryview() or any function that takes "
                        "a bytes-like object.");

static PyType_Slot bytes_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)bytes_doc},
        {Py_tp_dealloc, bytes_dealloc},
        {Py_tp_repr, bytes_repr},
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
