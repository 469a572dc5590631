/* SPDX-License-Identifier: Apache-2.0 */
#include "native.h"

#include "bytes.h"
#include "call.h"
#include "metadata.h"
#include "object.h"

typedef struct {
        PyObject_HEAD pycoffer_class_registry *registry;
        const coffer_serializer *serializer; /* valid as long as the registry */
} native_object;

static native_object *self_of(PyObject *object)
{
        return (native_object *)object;
}

static pycoffer_state *state_of(PyObject *object)
{
        return self_of(object)->registry->base.state;
}

PyObject *pycoffer_native_new(pycoffer_class_registry *registry, const coffer_serializer *serializer)
{
        PyTypeObject *type = registry->base.state->native_serializer_type;
        native_object *self = (native_object *)type->tp_alloc(type, 0);
        if (!self)
                return NULL;
        self->registry = (pycoffer_class_registry *)Py_NewRef(registry);
        self->serializer = serializer;
        return (PyObject *)self;
}

const coffer_serializer *pycoffer_native_table(pycoffer_class_registry *registry, PyObject *object)
{
        bool is_one = Py_IS_TYPE(object, registry->base.state->native_serializer_type);
        return is_one && self_of(object)->registry == registry ? self_of(object)->serializer : NULL;
}

static int native_traverse(PyObject *object, visitproc visit, void *arg)
{
        Py_VISIT(Py_TYPE(object));
        Py_VISIT(self_of(object)->registry);
        return 0;
}

static void native_dealloc(PyObject *object)
{
        PyTypeObject *type = Py_TYPE(object);
        PyObject_GC_UnTrack(object);
        Py_XDECREF(self_of(object)->registry);
        type->tp_free(object);
        Py_DECREF(type);
}

/* ---- asking ---- */

PyDoc_STRVAR(native_can_serialize_doc, "can_serialize($self, object, /)\n--\n\nDoes it take the object?");

static PyObject *native_can_serialize(PyObject *object, PyObject *what)
{
        const coffer_serializer *serializer = self_of(object)->serializer;
        coffer_object wrapped;
        bool takes = false;
        if (!pycoffer_object_wrap(state_of(object), what, &wrapped))
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, state_of(object));
        coffer_status status = serializer->can_serialize(serializer, &wrapped, &takes, &call.error);
        coffer_object_unref(&wrapped);
        if (status == COFFER_DECLINED)
                status = COFFER_OK;
        return pycoffer_call_end(&call, status) ? PyBool_FromLong(takes) : NULL;
}

PyDoc_STRVAR(native_can_deserialize_doc,
             "can_deserialize($self, metadata, /)\n--\n\nDoes it read what this tuple describes?");

static PyObject *native_can_deserialize(PyObject *object, PyObject *tuple)
{
        const coffer_serializer *serializer = self_of(object)->serializer;
        coffer_metadata *metadata = PyTuple_Check(tuple) ? pycoffer_metadata_from_tuple(state_of(object), tuple) : NULL;
        bool takes = false;
        if (!metadata)
                return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "metadata must be a tuple");
        pycoffer_call call;
        pycoffer_call_begin(&call, state_of(object));
        coffer_status status = serializer->can_deserialize(serializer, metadata, &takes, &call.error);
        coffer_metadata_free(metadata);
        if (status == COFFER_DECLINED)
                status = COFFER_OK;
        return pycoffer_call_end(&call, status) ? PyBool_FromLong(takes) : NULL;
}

/* ---- working ---- */

PyDoc_STRVAR(native_serialize_doc,
             "serialize($self, object, name, /)\n--\n\n"
             "The blob (Bytes) and the metadata (type, size, encoding, serializer_info as JSON) of an object.");

static PyObject *native_serialize(PyObject *object, PyObject *args)
{
        coffer_choice choice = {self_of(object)->serializer, NULL};
        PyObject *what;
        const char *name;
        coffer_object wrapped;
        if (!PyArg_ParseTuple(args, "Os", &what, &name) || !pycoffer_object_wrap(state_of(object), what, &wrapped))
                return NULL;
        coffer_blob *blob = NULL;
        coffer_metadata *metadata = NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, state_of(object));
        coffer_status status = coffer_choice_serialize(&choice, &wrapped, name, &blob, &metadata, &call.error);
        PyObject *result = NULL;
        if (pycoffer_call_end(&call, status))
                result = Py_BuildValue("(NN)", pycoffer_bytes_wrap(state_of(object), coffer_blob_bytes(blob)),
                                       pycoffer_metadata_to_tuple(state_of(object), metadata));
        pycoffer_call_begin_held(&call, state_of(object));
        coffer_blob_unref(blob);
        coffer_metadata_free(metadata);
        coffer_object_unref(&wrapped);
        pycoffer_call_end_quiet(&call);
        return result;
}

static PyObject *run_deserialize(PyObject *object, coffer_bytes *bytes, const coffer_metadata *metadata,
                                 const char *name)
{
        coffer_choice choice = {self_of(object)->serializer, NULL};
        coffer_object made = {NULL, NULL};
        coffer_blob *blob = NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, state_of(object));
        coffer_status status = coffer_blob_new(bytes, &blob, &call.error);
        if (status == COFFER_OK)
                status = coffer_choice_deserialize(&choice, blob, metadata, name, &made, &call.error);
        coffer_blob_unref(blob);
        PyObject *result = NULL;
        if (pycoffer_call_end(&call, status))
                result = pycoffer_object_to_python(state_of(object), &made);
        pycoffer_object_unref(state_of(object), &made);
        return result;
}

PyDoc_STRVAR(native_deserialize_doc,
             "deserialize($self, data, metadata, name, /)\n--\n\n"
             "The object of a blob (bytes-like), which is kept as long as the object needs it.");

static PyObject *native_deserialize(PyObject *object, PyObject *args)
{
        PyObject *data, *tuple;
        const char *name;
        if (!PyArg_ParseTuple(args, "OO!s", &data, &PyTuple_Type, &tuple, &name))
                return NULL;
        coffer_metadata *metadata = pycoffer_metadata_from_tuple(state_of(object), tuple);
        coffer_bytes *bytes = metadata ? pycoffer_bytes_from(state_of(object), data) : NULL;
        PyObject *result = bytes ? run_deserialize(object, bytes, metadata, name) : NULL;
        pycoffer_bytes_unref(state_of(object), bytes);
        coffer_metadata_free(metadata);
        return result;
}

/* ---- the type ---- */

static PyObject *native_get_type(PyObject *object, void *unused)
{
        (void)unused;
        return PyUnicode_FromString(self_of(object)->serializer->type);
}

static PyObject *native_get_priority(PyObject *object, void *unused)
{
        (void)unused;
        return PyLong_FromLong(self_of(object)->serializer->priority);
}

static PyObject *native_get_name(PyObject *object, void *unused)
{
        (void)unused;
        const coffer_serializer *serializer = self_of(object)->serializer;
        return PyUnicode_FromString(serializer->name ? serializer->name : serializer->type);
}

static PyMethodDef native_methods[] = {
        {"can_serialize", native_can_serialize, METH_O, native_can_serialize_doc},
        {"can_deserialize", native_can_deserialize, METH_O, native_can_deserialize_doc},
        {"serialize", native_serialize, METH_VARARGS, native_serialize_doc},
        {"deserialize", native_deserialize, METH_VARARGS, native_deserialize_doc},
        {NULL, NULL, 0, NULL},
};

static PyGetSetDef native_attributes[] = {
        {"type", native_get_type, NULL, PyDoc_STR("Its TYPE."), NULL},
        {"priority", native_get_priority, NULL, PyDoc_STR("Lower is asked first."), NULL},
        {"name", native_get_name, NULL, PyDoc_STR("What messages call it."), NULL},
        {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(native_doc, "A serializer in C.");

static PyType_Slot native_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)native_doc}, {Py_tp_dealloc, native_dealloc},
        {Py_tp_traverse, native_traverse},          {Py_tp_methods, native_methods},
        {Py_tp_getset, native_attributes},          {0, NULL},
};

static PyType_Spec native_spec = {
        .name = "coffer._coffer.NativeSerializer",
        .basicsize = sizeof(native_object),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
        .slots = native_slots,
};

bool pycoffer_native_add_type(PyObject *module, pycoffer_state *state)
{
        state->native_serializer_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &native_spec, NULL);
        return state->native_serializer_type && PyModule_AddType(module, state->native_serializer_type) == 0;
}
