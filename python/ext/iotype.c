/* SPDX-License-Identifier: Apache-2.0 */
#include "iotype.h"

#include "bytes.h"
#include "call.h"
#include "object.h"
#include "registry.h"
#include "text.h"
#include "value.h"

typedef struct {
        PyObject_HEAD pycoffer_state *state;
        PyObject *registry; /* the type is not to be used after it is gone */
        coffer_iotype *type;
} iotype_object;

static iotype_object *self_of(PyObject *object)
{
        return (iotype_object *)object;
}

/* ---- life ---- */

static PyObject *iotype_new(PyTypeObject *class, PyObject *args, PyObject *kwargs)
{
        static const char *const names[] = {"", "", NULL};
        PyObject *owner;
        const char *name;
        Py_ssize_t size_bytes;
        if (!PyArg_ParseTupleAndKeywords(args, kwargs, "Os#", PYCOFFER_KEYWORDS(names), &owner, &name, &size_bytes))
                return NULL;
        pycoffer_state *state = pycoffer_state_of_type(class);
        coffer_registry *registry = state ? pycoffer_registry_of(state, owner) : NULL;
        iotype_object *self = registry ? (iotype_object *)class->tp_alloc(class, 0) : NULL;
        if (!self)
                return NULL;
        self->state = state;
        self->registry = Py_NewRef(owner);
        coffer_cursor text = {(const uint8_t *)name, (size_t)size_bytes};
        pycoffer_call call;
        pycoffer_call_begin(&call, state);
        coffer_status status = coffer_iotype_find(registry, text, &self->type, &call.error);
        if (!pycoffer_call_end(&call, status))
                Py_CLEAR(self);
        return (PyObject *)self;
}

static int iotype_traverse(PyObject *object, visitproc visit, void *arg)
{
        Py_VISIT(Py_TYPE(object));
        Py_VISIT(self_of(object)->registry);
        return 0;
}

static void iotype_dealloc(PyObject *object)
{
        PyTypeObject *class = Py_TYPE(object);
        PyObject_GC_UnTrack(object);
        coffer_iotype_unref(self_of(object)->type);
        Py_XDECREF(self_of(object)->registry);
        class->tp_free(object);
        Py_DECREF(class);
}

/* ---- to and from bytes and text ---- */

typedef struct {
        coffer_blob_list *blobs; /* STORAGE */
        char *wire;              /* WIRE */
} forms;

static void free_forms(pycoffer_state *state, forms *made)
{
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_blob_list_free(made->blobs);
        coffer_free(made->wire);
        pycoffer_call_end_quiet(&call);
}

/* Without the GIL. */
static bool run_serialize(iotype_object *self, const coffer_object *value, coffer_format format, forms *out)
{
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = format == COFFER_STORAGE ? coffer_blob_list_new(&out->blobs, &call.error) : COFFER_OK;
        if (status == COFFER_OK)
                status = coffer_iotype_serialize(self->type, value, format, out->blobs, NULL,
                                                 format == COFFER_WIRE ? &out->wire : NULL, &call.error);
        return pycoffer_call_end(&call, status);
}

static PyObject *serialize(PyObject *object, PyObject *what, coffer_format format)
{
        iotype_object *self = self_of(object);
        forms made = {NULL, NULL};
        coffer_object value;
        if (!pycoffer_value_object(self->state, what, &value))
                return NULL;
        PyObject *result = NULL;
        if (run_serialize(self, &value, format, &made))
                result = made.wire ? PyUnicode_FromString(made.wire)
                                   : pycoffer_bytes_wrap(self->state,
                                                         coffer_blob_bytes(coffer_blob_list_at(made.blobs, 0)));
        free_forms(self->state, &made);
        pycoffer_object_unref(self->state, &value);
        return result;
}

static PyObject *deserialize(iotype_object *self, coffer_format format, const coffer_blob_list *blobs, const char *wire)
{
        coffer_object made = {NULL, NULL};
        PyObject *result = NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = coffer_iotype_deserialize(self->type, format, blobs, NULL, wire, &made, &call.error);
        if (pycoffer_call_end(&call, status))
                result = pycoffer_object_to_python(self->state, &made);
        pycoffer_object_unref(self->state, &made);
        return result;
}

static bool list_blob(pycoffer_state *state, coffer_bytes *bytes, coffer_blob_list **out)
{
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_status status = coffer_blob_list_new(out, &call.error);
        if (status == COFFER_OK)
                status = coffer_blob_list_add_bytes(*out, bytes, &call.error);
        return pycoffer_call_end(&call, status);
}

/* ---- methods ---- */

PyDoc_STRVAR(to_storage_doc, "to_storage($self, value, /)\n--\n\n"
                             "The blob (Bytes) of a value, which may borrow the memory of an array.");

static PyObject *iotype_to_storage(PyObject *object, PyObject *value)
{
        return serialize(object, value, COFFER_STORAGE);
}

PyDoc_STRVAR(to_wire_doc, "to_wire($self, value, /)\n--\n\nThe text form of a value.");

static PyObject *iotype_to_wire(PyObject *object, PyObject *value)
{
        return serialize(object, value, COFFER_WIRE);
}

PyDoc_STRVAR(from_storage_doc, "from_storage($self, data, /)\n--\n\n"
                               "The value of a blob (bytes-like), which an array keeps and does not copy.");

static PyObject *iotype_from_storage(PyObject *object, PyObject *data)
{
        iotype_object *self = self_of(object);
        forms given = {NULL, NULL};
        coffer_bytes *bytes = pycoffer_bytes_from(self->state, data);
        PyObject *result = NULL;
        if (bytes && list_blob(self->state, bytes, &given.blobs))
                result = deserialize(self, COFFER_STORAGE, given.blobs, NULL);
        free_forms(self->state, &given);
        pycoffer_bytes_unref(self->state, bytes);
        return result;
}

PyDoc_STRVAR(from_wire_doc, "from_wire($self, text, /)\n--\n\nThe value of a text form.");

static PyObject *iotype_from_wire(PyObject *object, PyObject *text)
{
        const char *wire = pycoffer_utf8(text, "a wire form");
        return wire ? deserialize(self_of(object), COFFER_WIRE, NULL, wire) : NULL;
}

PyDoc_STRVAR(to_spec_doc, "to_spec($self, /)\n--\n\nThe JSON schema of its values, as text.");

static PyObject *iotype_to_spec(PyObject *object, PyObject *unused)
{
        (void)unused;
        char *json = NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self_of(object)->state);
        coffer_status status = coffer_iotype_to_spec(self_of(object)->type, &json, &call.error);
        PyObject *text = pycoffer_call_end(&call, status) ? PyUnicode_FromString(json) : NULL;
        coffer_free(json);
        return text;
}

static PyObject *iotype_get_name(PyObject *object, void *unused)
{
        (void)unused;
        return PyUnicode_FromString(coffer_iotype_name(self_of(object)->type));
}

static PyMethodDef iotype_methods[] = {
        {"to_storage", iotype_to_storage, METH_O, to_storage_doc},
        {"to_wire", iotype_to_wire, METH_O, to_wire_doc},
        {"from_storage", iotype_from_storage, METH_O, from_storage_doc},
        {"from_wire", iotype_from_wire, METH_O, from_wire_doc},
        {"to_spec", iotype_to_spec, METH_NOARGS, to_spec_doc},
        {NULL, NULL, 0, NULL},
};

static PyGetSetDef iotype_attributes[] = {
        {"name", iotype_get_name, NULL, PyDoc_STR("With its parameters."), NULL},
        {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(iotype_doc,
             "IOType(registry, name, /)\n--\n\nA type of artifacts of a registry, \"List[Int32]\" for instance.");

static PyType_Slot iotype_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)iotype_doc},
        {Py_tp_new, iotype_new},
        {Py_tp_dealloc, iotype_dealloc},
        {Py_tp_traverse, iotype_traverse},
        {Py_tp_methods, iotype_methods},
        {Py_tp_getset, iotype_attributes},
        {0, NULL},
};

static PyType_Spec iotype_spec = {
        .name = "coffer._coffer.IOType",
        .basicsize = sizeof(iotype_object),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = iotype_slots,
};

bool pycoffer_iotype_add_type(PyObject *module, pycoffer_state *state)
{
        PyTypeObject *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &iotype_spec, NULL);
        bool added = type && PyModule_AddType(module, type) == 0;
        Py_XDECREF(type);
        (void)state;
        return added;
}
