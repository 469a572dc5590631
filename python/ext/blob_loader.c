/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_loader.h"

#include "bytes.h"
#include "call.h"
#include "text.h"

/* Up to here a copy as bytes costs less than what stands in for it. */
enum { SMALL_BYTES = 64 << 10 };

typedef struct {
        PyObject_HEAD pycoffer_state *state;
        PyObject *owner;
        pycoffer_texts keys;
        coffer_cas_loader *loader;
        bool is_busy; /* a thread is in a call without the GIL */
} loader_object;

static bool start(loader_object *self, coffer_cas *cas)
{
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self->state);
        coffer_status status =
                coffer_cas_loader_new(cas, self->keys.texts, self->keys.count, &self->loader, &call.error);
        return pycoffer_call_end(&call, status);
}

PyObject *pycoffer_blob_loader_new(pycoffer_state *state, PyObject *owner, coffer_cas *cas, PyObject *keys)
{
        loader_object *self = (loader_object *)state->blob_loader_type->tp_alloc(state->blob_loader_type, 0);
        if (!self)
                return NULL;
        self->state = state;
        self->owner = Py_NewRef(owner);
        if (!pycoffer_texts_take(keys, "a key", &self->keys) || !start(self, cas))
                Py_CLEAR(self);
        return (PyObject *)self;
}

static void loader_dealloc(PyObject *object)
{
        loader_object *self = (loader_object *)object;
        PyTypeObject *type = Py_TYPE(object);
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self->state);
        coffer_cas_loader_free(self->loader);
        pycoffer_call_end_quiet(&call);
        pycoffer_texts_done(&self->keys);
        Py_XDECREF(self->owner);
        type->tp_free(object);
        Py_DECREF(type);
}

static PyObject *loader_next(PyObject *object)
{
        loader_object *self = (loader_object *)object;
        coffer_bytes *bytes = NULL;
        pycoffer_call call;
        if (self->is_busy) {
                PyErr_SetString(self->state->errors[COFFER_STATE], "this BlobLoader is in use by another call");
                return NULL;
        }
        self->is_busy = true;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = coffer_cas_loader_next(self->loader, &bytes, &call.error);
        bool is_there = pycoffer_call_end(&call, status) && bytes;
        self->is_busy = false;
        if (!is_there)
                return NULL;
        bool is_small = coffer_bytes_size(bytes) <= SMALL_BYTES;
        PyObject *contents = is_small ? pycoffer_bytes_copy(bytes) : pycoffer_bytes_wrap(self->state, bytes);
        pycoffer_bytes_unref(self->state, bytes);
        return contents;
}

PyDoc_STRVAR(loader_doc, "An iterator over the contents of blobs, checked, in the order of their keys: bytes or, of "
                         "large ones, Bytes. Only Blobs.load_many makes one. After an error, next() goes on with the "
                         "next key. One thread at a time uses it.");

static PyType_Slot loader_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)loader_doc},
        {Py_tp_dealloc, loader_dealloc},
        {Py_tp_iter, PyObject_SelfIter},
        {Py_tp_iternext, loader_next},
        {0, NULL},
};

static PyType_Spec loader_spec = {
        .name = "coffer._coffer.BlobLoader",
        .basicsize = sizeof(loader_object),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = loader_slots,
};

bool pycoffer_blob_loader_add_type(PyObject *module, pycoffer_state *state)
{
        state->blob_loader_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &loader_spec, NULL);
        return state->blob_loader_type && PyModule_AddType(module, state->blob_loader_type) == 0;
}
