/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_loader.h"

#include "bytes.h"
#include "call.h"
#include "text.h"
#include "unpickler.h"

/* Up to here a copy as bytes costs less than what stands in for it. */
enum { SMALL_BYTES = 64 << 10 };

typedef struct {
        PyObject_HEAD pycoffer_state *state;
        PyObject *owner;
        pycoffer_texts keys;
        PyObject *names; /* of each key a tuple, of objects that its pickle is made into; NULL: contents are wanted */
        coffer_cas_loader *loader;
        size_t count;        /* keys that have had their turn */
        coffer_bytes *bytes; /* contents of the last one, while it has more names */
        Py_ssize_t named;    /* its names that have been given out */
        bool is_busy;        /* a thread is in a call without the GIL */
} loader_object;

/* ---- making one ---- */

static bool start(loader_object *self, coffer_cas *cas)
{
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self->state);
        coffer_status status =
                coffer_cas_loader_new(cas, self->keys.texts, self->keys.count, &self->loader, &call.error);
        return pycoffer_call_end(&call, status);
}

static loader_object *make(pycoffer_state *state, PyObject *owner)
{
        loader_object *self = (loader_object *)state->blob_loader_type->tp_alloc(state->blob_loader_type, 0);
        if (self) {
                self->state = state;
                self->owner = Py_NewRef(owner);
        }
        return self;
}

PyObject *pycoffer_blob_loader_new(pycoffer_state *state, PyObject *owner, coffer_cas *cas, PyObject *keys)
{
        loader_object *self = make(state, owner);
        if (self && !(pycoffer_texts_take(keys, "a key", &self->keys) && start(self, cas)))
                Py_CLEAR(self);
        return (PyObject *)self;
}

static bool take_names(loader_object *self, PyObject *names_of_key)
{
        PyObject *lists = PyDict_Values(names_of_key); /* in the order of the keys */
        self->names = lists ? PyTuple_New(PyList_GET_SIZE(lists)) : NULL;
        bool is_right = self->names != NULL;
        for (Py_ssize_t i = 0; is_right && i < PyList_GET_SIZE(lists); i++) {
                PyObject *names = PySequence_Tuple(PyList_GET_ITEM(lists, i));
                is_right = names && PyTuple_GET_SIZE(names) > 0;
                if (names && !is_right)
                        PyErr_SetString(PyExc_ValueError, "a key has no names");
                if (names)
                        PyTuple_SET_ITEM(self->names, i, names);
        }
        Py_XDECREF(lists);
        return is_right;
}

PyObject *pycoffer_pickle_loader_new(pycoffer_state *state, PyObject *owner, coffer_cas *cas, PyObject *names_of_key)
{
        loader_object *self = make(state, owner);
        if (self && !(pycoffer_texts_take(names_of_key, "a key", &self->keys) && take_names(self, names_of_key) &&
                      start(self, cas)))
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
        coffer_bytes_unref(self->bytes);
        pycoffer_call_end_quiet(&call);
        pycoffer_texts_done(&self->keys);
        Py_XDECREF(self->names);
        Py_XDECREF(self->owner);
        type->tp_free(object);
        Py_DECREF(type);
}

/* ---- what it gives ---- */

static PyObject *give_contents(loader_object *self, coffer_bytes *bytes)
{
        return coffer_bytes_size(bytes) <= SMALL_BYTES ? pycoffer_bytes_copy(bytes)
                                                       : pycoffer_bytes_wrap(self->state, bytes);
}

/* An object for the next name of the key whose turn it is. The contents are kept for names that are left. */
static PyObject *give_object(loader_object *self, coffer_bytes *bytes)
{
        PyObject *names = PyTuple_GET_ITEM(self->names, (Py_ssize_t)self->count - 1);
        PyObject *name = PyTuple_GET_ITEM(names, self->named++);
        if (self->named < PyTuple_GET_SIZE(names))
                self->bytes = coffer_bytes_ref(bytes);
        PyObject *object = pycoffer_unpickle_loaded(self->state, bytes, NULL);
        PyObject *pair = object ? PyTuple_Pack(2, name, object) : NULL;
        Py_XDECREF(object);
        return pair;
}

/* Contents of the next key; NULL at the end, or with an exception set. */
static coffer_bytes *take_next(loader_object *self)
{
        coffer_bytes *bytes = NULL;
        pycoffer_call call;
        if (self->count == self->keys.count)
                return NULL;
        self->is_busy = true;
        self->count++;
        self->named = 0;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = coffer_cas_loader_next(self->loader, &bytes, &call.error);
        bool is_there = pycoffer_call_end(&call, status);
        self->is_busy = false;
        return is_there ? bytes : NULL;
}

static PyObject *loader_next(PyObject *object)
{
        loader_object *self = (loader_object *)object;
        if (self->is_busy) {
                PyErr_SetString(self->state->errors[COFFER_STATE], "this BlobLoader is in use by another call");
                return NULL;
        }
        coffer_bytes *bytes = self->bytes ? self->bytes : take_next(self);
        self->bytes = NULL;
        if (!bytes)
                return NULL;
        PyObject *given = self->names ? give_object(self, bytes) : give_contents(self, bytes);
        pycoffer_bytes_unref(self->state, bytes);
        return given;
}

static PyObject *loader_count(PyObject *object, void *unused)
{
        (void)unused;
        return PyLong_FromSize_t(((loader_object *)object)->count);
}

static PyGetSetDef loader_fields[] = {
        {"count", loader_count, NULL,
         PyDoc_STR("How many of the keys have had their turn; errors are of the last one."), NULL},
        {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(loader_doc,
             "An iterator over the contents of blobs, checked, in the order of their keys: bytes or, of "
             "large ones, Bytes. Only Blobs.load_many makes one, and Blobs.load_pickles, of pairs of name and "
             "object. After an error, next() goes on with the next key. One thread at a time uses it.");

static PyType_Slot loader_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)loader_doc},
        {Py_tp_dealloc, loader_dealloc},
        {Py_tp_iter, PyObject_SelfIter},
        {Py_tp_iternext, loader_next},
        {Py_tp_getset, loader_fields},
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
