/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_saver.h"

#include "bytes.h"
#include "call.h"

typedef struct {
        PyObject_HEAD pycoffer_state *state;
        PyObject *owner;
        coffer_cas_saver *saver;
        bool is_busy; /* a thread is in a call without the GIL */
} saver_object;

PyObject *pycoffer_blob_saver_new(pycoffer_state *state, PyObject *owner, coffer_cas *cas, bool raw)
{
        saver_object *self = (saver_object *)state->blob_saver_type->tp_alloc(state->blob_saver_type, 0);
        if (!self)
                return NULL;
        self->state = state;
        self->owner = Py_NewRef(owner);
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_status status = coffer_cas_saver_new(cas, raw, &self->saver, &call.error);
        if (!pycoffer_call_end(&call, status))
                Py_CLEAR(self);
        return (PyObject *)self;
}

static void saver_dealloc(PyObject *object)
{
        saver_object *self = (saver_object *)object;
        PyTypeObject *type = Py_TYPE(object);
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self->state);
        coffer_cas_saver_free(self->saver);
        pycoffer_call_end_quiet(&call);
        Py_XDECREF(self->owner);
        type->tp_free(object);
        Py_DECREF(type);
}

static bool enter(saver_object *self, pycoffer_call *call)
{
        if (self->is_busy) {
                PyErr_SetString(self->state->errors[COFFER_STATE], "this BlobSaver is in use by another call");
                return false;
        }
        self->is_busy = true;
        pycoffer_call_begin(call, self->state);
        return true;
}

static PyObject *leave(saver_object *self, pycoffer_call *call, coffer_status status)
{
        bool is_done = pycoffer_call_end(call, status);
        self->is_busy = false;
        return is_done ? Py_NewRef(Py_None) : NULL;
}

PyDoc_STRVAR(
        saver_add_doc,
        "add($self, data, /)\n--\n\n"
        "Adds one. A large one is stored when this returns, small ones wait for others; memory that may be written "
        "to is not looked at again. An error may be that of one that was added before: see `failed`.");

static PyObject *saver_add(PyObject *object, PyObject *data)
{
        saver_object *self = (saver_object *)object;
        coffer_bytes *bytes = pycoffer_bytes_from(self->state, data);
        pycoffer_call call;
        PyObject *result = NULL;
        if (!bytes)
                return NULL;
        if (enter(self, &call))
                result = leave(self, &call, coffer_cas_saver_add(self->saver, bytes, &call.error));
        pycoffer_bytes_unref(self->state, bytes);
        return result;
}

PyDoc_STRVAR(saver_flush_doc, "flush($self, /)\n--\n\n"
                              "Returns when all that were added are stored.");

static PyObject *saver_flush(PyObject *object, PyObject *unused)
{
        saver_object *self = (saver_object *)object;
        pycoffer_call call;
        (void)unused;
        return enter(self, &call) ? leave(self, &call, coffer_cas_saver_flush(self->saver, &call.error)) : NULL;
}

PyDoc_STRVAR(saver_keys_doc, "keys($self, /)\n--\n\n"
                             "The keys of all that were added, in order, once they are stored: call flush first.");

static PyObject *saver_keys(PyObject *object, PyObject *unused)
{
        saver_object *self = (saver_object *)object;
        Py_ssize_t count = (Py_ssize_t)coffer_cas_saver_count(self->saver);
        PyObject *keys = PyList_New(count);
        (void)unused;
        for (Py_ssize_t i = 0; keys && i < count; i++) {
                PyObject *key = PyUnicode_FromString(coffer_cas_saver_key(self->saver, (size_t)i)->text);
                if (key)
                        PyList_SET_ITEM(keys, i, key);
                else
                        Py_CLEAR(keys);
        }
        return keys;
}

static PyObject *saver_failed(PyObject *object, void *unused)
{
        const coffer_cas_saver *saver = ((saver_object *)object)->saver;
        (void)unused;
        return coffer_cas_saver_has_failed(saver) ? PyLong_FromSize_t(coffer_cas_saver_failed(saver))
                                                  : Py_NewRef(Py_None);
}

static PyMethodDef saver_methods[] = {
        {"add", saver_add, METH_O, saver_add_doc},
        {"flush", saver_flush, METH_NOARGS, saver_flush_doc},
        {"keys", saver_keys, METH_NOARGS, saver_keys_doc},
        {NULL, NULL, 0, NULL},
};

static PyGetSetDef saver_fields[] = {
        {"failed", saver_failed, NULL, PyDoc_STR("After an error: which one it was of, counted from 0; else None."),
         NULL},
        {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(saver_doc, "Blobs that are saved one after the other; only Blobs.saver makes one. One thread at a time "
                        "uses it.");

static PyType_Slot saver_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)saver_doc},
        {Py_tp_dealloc, saver_dealloc},
        {Py_tp_methods, saver_methods},
        {Py_tp_getset, saver_fields},
        {0, NULL},
};

static PyType_Spec saver_spec = {
        .name = "coffer._coffer.BlobSaver",
        .basicsize = sizeof(saver_object),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = saver_slots,
};

bool pycoffer_blob_saver_add_type(PyObject *module, pycoffer_state *state)
{
        state->blob_saver_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &saver_spec, NULL);
        return state->blob_saver_type && PyModule_AddType(module, state->blob_saver_type) == 0;
}
