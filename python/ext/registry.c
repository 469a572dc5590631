/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

#include "bytes.h"
#include "call.h"
#include "metadata.h"
#include "object.h"

typedef pycoffer_registry registry_object;

coffer_registry *pycoffer_registry_of(pycoffer_state *state, PyObject *object)
{
        if (PyObject_TypeCheck(object, state->registry_type))
                return ((registry_object *)object)->registry;
        PyErr_Format(PyExc_TypeError, "a Registry is needed, not %s", Py_TYPE(object)->tp_name);
        return NULL;
}

/* ---- making one ---- */

void pycoffer_registry_warn(void *user, const char *message)
{
        pycoffer_state *state = user;
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, state))
                return;
        if (PyErr_WarnEx(PyExc_RuntimeWarning, message, 1) < 0)
                pycoffer_keep_exception_as_is(state);
        pycoffer_gil_give(&gil);
}

static coffer_status make_registry(const coffer_registry_options *options, pycoffer_state *state, coffer_registry **out,
                                   coffer_error *error)
{
        coffer_status status = coffer_registry_new(options, out, error);
        if (status != COFFER_OK || options->without_builtins)
                return status;
        status = coffer_registry_add(*out, &state->pickle, "metaflow", true, error);
        return status == COFFER_OK ? coffer_registry_add(*out, &state->iotype, "coffer", true, error) : status;
}

static PyObject *registry_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
        static const char *const names[] = {"builtins", "extensions", "extension_path", "toggles", NULL};
        int builtins = 1, extensions = 1;
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$ppzz", PYCOFFER_KEYWORDS(names), &builtins, &extensions,
                                         &options.extension_path, &options.toggles))
                return NULL;
        pycoffer_state *state = pycoffer_state_of_type(type);
        registry_object *self = state ? (registry_object *)type->tp_alloc(type, 0) : NULL;
        if (!self)
                return NULL;
        self->state = state;
        options.without_builtins = !builtins;
        options.without_extensions = !extensions;
        options.warn = pycoffer_registry_warn;
        options.warn_user = state;
        pycoffer_call call;
        pycoffer_call_begin(&call, state);
        coffer_status status = make_registry(&options, state, &self->registry, &call.error);
        if (!pycoffer_call_end(&call, status))
                Py_CLEAR(self);
        return (PyObject *)self;
}

static int registry_traverse(PyObject *object, visitproc visit, void *arg)
{
        Py_VISIT(Py_TYPE(object));
        return 0;
}

static void registry_dealloc(PyObject *object)
{
        registry_object *self = (registry_object *)object;
        PyTypeObject *type = Py_TYPE(object);
        PyObject_GC_UnTrack(object);
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self->state);
        coffer_registry_unref(self->registry);
        pycoffer_call_end_quiet(&call);
        type->tp_free(object);
        Py_DECREF(type);
}

/* ---- dispatch ---- */

/* The bytes of a blob as a bytes object: `made` when they are what the serializer made, else a copy. */
static PyObject *take_bytes(coffer_blob *blob, PyObject *made)
{
        coffer_bytes *bytes = coffer_blob_bytes(blob);
        coffer_cursor first = coffer_bytes_segment(bytes, 0);
        if (made && coffer_bytes_segment_count(bytes) == 1 && first.data == (const uint8_t *)PyBytes_AS_STRING(made) &&
            first.size_bytes == (size_t)PyBytes_GET_SIZE(made))
                return Py_NewRef(made);
        return pycoffer_bytes_copy(bytes);
}

PyDoc_STRVAR(
        registry_serialize_doc,
        "serialize($self, object, name, /)\n--\n\n"
        "The blobs (a list of bytes) and the metadata (type, size, encoding, serializer_info as JSON) of an object.\n\n"
        "`name` is for messages. Raises coffer.Declined, coffer.SerializerFailed.");

static PyObject *registry_serialize(PyObject *object, PyObject *args)
{
        registry_object *self = (registry_object *)object;
        PyObject *what;
        const char *name;
        coffer_object wrapped;
        if (!PyArg_ParseTuple(args, "Os", &what, &name) || !pycoffer_object_wrap(self->state, what, &wrapped))
                return NULL;
        PyObject *made = NULL;
        coffer_blob *blob = NULL;
        coffer_metadata *metadata = NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        call.made = &made;
        coffer_status status = coffer_registry_serialize(self->registry, &wrapped, name, &blob, &metadata, &call.error);
        PyObject *result = NULL;
        if (pycoffer_call_end(&call, status))
                result = Py_BuildValue("([N]N)", take_bytes(blob, made),
                                       pycoffer_metadata_to_tuple(self->state, metadata));
        pycoffer_call_begin_held(&call, self->state);
        coffer_blob_unref(blob);
        coffer_metadata_free(metadata);
        coffer_object_unref(&wrapped);
        pycoffer_call_end_quiet(&call);
        Py_XDECREF(made);
        return result;
}

static coffer_status deserialize(registry_object *self, coffer_bytes *bytes, const coffer_metadata *metadata,
                                 const char *name, coffer_object *out, coffer_error *error)
{
        coffer_blob *blob = NULL;
        coffer_status status = coffer_blob_new(bytes, &blob, error);
        if (status == COFFER_OK)
                status = coffer_registry_deserialize(self->registry, blob, metadata, name, out, error);
        coffer_blob_unref(blob);
        return status;
}

PyDoc_STRVAR(registry_deserialize_doc,
             "deserialize($self, data, metadata, name, /)\n--\n\n"
             "The object of a blob (bytes-like), by its metadata (type, size, encoding, pairs of serializer_info).\n\n"
             "`name` is for messages. Raises coffer.Declined, coffer.SerializerFailed, coffer.DataError.");

static PyObject *registry_deserialize(PyObject *object, PyObject *args)
{
        registry_object *self = (registry_object *)object;
        PyObject *data, *tuple;
        const char *name;
        if (!PyArg_ParseTuple(args, "OO!s", &data, &PyTuple_Type, &tuple, &name))
                return NULL;
        coffer_metadata *metadata = pycoffer_metadata_from_tuple(self->state, tuple);
        coffer_bytes *bytes = metadata ? pycoffer_bytes_from(self->state, data) : NULL;
        PyObject *result = NULL;
        coffer_object made = {NULL, NULL};
        if (bytes) {
                pycoffer_call call;
                pycoffer_call_begin(&call, self->state);
                coffer_status status = deserialize(self, bytes, metadata, name, &made, &call.error);
                if (pycoffer_call_end(&call, status))
                        result = pycoffer_object_to_python(self->state, &made);
        }
        pycoffer_object_unref(self->state, &made);
        pycoffer_bytes_unref(self->state, bytes);
        coffer_metadata_free(metadata);
        return result;
}

/* ---- declaring and diagnostics ---- */

PyDoc_STRVAR(registry_load_directory_doc, "load_directory($self, path, /)\n--\n\n"
                                          "Declares what every descriptor file (*.json) of a directory says.");

static PyObject *registry_load_directory(PyObject *object, PyObject *path)
{
        registry_object *self = (registry_object *)object;
        PyObject *encoded;
        if (!PyUnicode_FSConverter(path, &encoded))
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = coffer_registry_load_directory(self->registry, PyBytes_AS_STRING(encoded), &call.error);
        bool done = pycoffer_call_end(&call, status);
        Py_DECREF(encoded);
        return done ? Py_NewRef(Py_None) : NULL;
}

PyObject *pycoffer_names_to_list(const char *const *names)
{
        PyObject *list = PyList_New(0);
        for (; list && names && *names; names++) {
                PyObject *name = PyUnicode_FromString(*names);
                if (!name || PyList_Append(list, name) < 0)
                        Py_CLEAR(list);
                Py_XDECREF(name);
        }
        return list;
}

/* The fields of coffer.SerializerStatus. */
static PyObject *make_status(const coffer_record_status *record)
{
        PyObject *priority = record->priority ? PyLong_FromLong(*record->priority) : Py_NewRef(Py_None);
        return Py_BuildValue("(zzsNzNzzKz)", record->name, record->class_path, coffer_record_state_name(record->state),
                             pycoffer_names_to_list(record->awaiting_modules), record->last_error, priority,
                             record->type, record->import_trigger, (unsigned long long)record->dispatch_error_count,
                             record->source);
}

PyDoc_STRVAR(registry_status_doc, "status($self, /)\n--\n\nWhat is known of each serializer: a list of tuples.");

static PyObject *registry_status(PyObject *object, PyObject *unused)
{
        (void)unused;
        registry_object *self = (registry_object *)object;
        coffer_record_status *records = NULL;
        size_t count = 0;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = coffer_registry_status(self->registry, &records, &count, &call.error);
        PyObject *list = pycoffer_call_end(&call, status) ? PyList_New((Py_ssize_t)count) : NULL;
        for (size_t i = 0; list && i < count; i++) {
                PyObject *record = make_status(&records[i]);
                if (record)
                        PyList_SET_ITEM(list, (Py_ssize_t)i, record);
                else
                        Py_CLEAR(list);
        }
        coffer_registry_status_free(records, count);
        return list;
}

static PyMethodDef registry_methods[] = {
        {"serialize", registry_serialize, METH_VARARGS, registry_serialize_doc},
        {"deserialize", registry_deserialize, METH_VARARGS, registry_deserialize_doc},
        {"load_directory", registry_load_directory, METH_O, registry_load_directory_doc},
        {"status", registry_status, METH_NOARGS, registry_status_doc},
        {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(
        registry_doc,
        "Registry(*, builtins=True, extensions=True, extension_path=None, toggles=None)\n--\n\n"
        "Serializers, their states and their order. `builtins` and `extensions` say whether those inside the library "
        "and "
        "those with descriptor files are in it; `extension_path` (directories with ':' between them) and `toggles` "
        "(\"-name\", \"+name\", \"name\") come before the environment.");

static PyType_Slot registry_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)registry_doc},
        {Py_tp_new, registry_new},
        {Py_tp_dealloc, registry_dealloc},
        {Py_tp_traverse, registry_traverse},
        {Py_tp_methods, registry_methods},
        {0, NULL},
};

static PyType_Spec registry_spec = {
        .name = "coffer._coffer.Registry",
        .basicsize = sizeof(registry_object),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = registry_slots,
};

bool pycoffer_registry_add_type(PyObject *module, pycoffer_state *state)
{
        state->registry_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &registry_spec, NULL);
        return state->registry_type && PyModule_AddType(module, state->registry_type) == 0;
}
