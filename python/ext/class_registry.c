/* SPDX-License-Identifier: Apache-2.0 */
#include "class_registry.h"

#include "call.h"
#include "class_serializer.h"
#include "host.h"
#include "native.h"
#include "record.h"

/* ---- classes and tables ---- */

static PyObject *class_key(PyObject *class)
{
        PyObject *type = pycoffer_class_type(class);
        PyObject *key = type ? PyTuple_Pack(2, class, type) : NULL;
        Py_XDECREF(type);
        return key;
}

/* A wrapper of a serializer in C says which one it wraps. */
static const coffer_serializer *wrapped_table(pycoffer_class_registry *self, PyObject *class)
{
        PyObject *native = PyObject_GetAttrString(class, "_native");
        const coffer_serializer *table = native ? pycoffer_native_table(self, native) : NULL;
        PyErr_Clear();
        Py_XDECREF(native);
        return table;
}

static PyObject *new_class(pycoffer_class_registry *self, PyObject *key, PyObject *class)
{
        PyObject *made = (PyObject *)pycoffer_class_serializer_new(self->base.state, self->glue, class);
        if (made && PyDict_SetItem(self->classes, key, made) < 0)
                Py_CLEAR(made);
        Py_XDECREF(made); /* the dict has it */
        return made;
}

const coffer_serializer *pycoffer_class_registry_table(pycoffer_class_registry *self, PyObject *class)
{
        const coffer_serializer *wrapped = wrapped_table(self, class);
        if (wrapped)
                return wrapped;
        PyObject *key = class_key(class);
        PyObject *known = key ? PyDict_GetItemWithError(self->classes, key) : NULL;
        if (key && !known && !PyErr_Occurred())
                known = new_class(self, key, class);
        Py_XDECREF(key);
        return known ? &((pycoffer_class_serializer *)known)->table : NULL;
}

static PyObject *new_wrapper(pycoffer_class_registry *self, PyObject *address, const coffer_serializer *serializer)
{
        PyObject *native = pycoffer_native_new(self, serializer);
        PyObject *class = native ? PyObject_CallMethod(self->glue, "wrap_native", "O", native) : NULL;
        Py_XDECREF(native);
        if (class && PyDict_SetItem(self->natives, address, class) < 0)
                Py_CLEAR(class);
        return class;
}

PyObject *pycoffer_class_registry_class(pycoffer_class_registry *self, const coffer_serializer *serializer)
{
        PyObject *class = pycoffer_class_of(serializer);
        if (class)
                return Py_NewRef(class);
        PyObject *address = PyLong_FromVoidPtr((void *)(uintptr_t)serializer);
        class = address ? PyDict_GetItemWithError(self->natives, address) : NULL;
        if (class)
                Py_INCREF(class);
        else if (address && !PyErr_Occurred())
                class = new_wrapper(self, address, serializer);
        Py_XDECREF(address);
        return class;
}

/* ---- records ---- */

static PyObject *new_record(pycoffer_class_registry *self, PyObject *address, coffer_record *record)
{
        PyObject *type = PyObject_GetAttrString(self->glue, "record_type");
        PyObject *made = NULL;
        if (type && PyType_Check(type) && PyType_IsSubtype((PyTypeObject *)type, self->base.state->record_type))
                made = pycoffer_record_wrap((PyTypeObject *)type, self, record);
        else if (type)
                PyErr_SetString(PyExc_TypeError, "record_type must be a class derived from Record");
        Py_XDECREF(type);
        if (made && PyDict_SetItem(self->records, address, made) < 0)
                Py_CLEAR(made);
        return made;
}

PyObject *pycoffer_class_registry_record(pycoffer_class_registry *self, coffer_record *record)
{
        if (!record)
                Py_RETURN_NONE;
        PyObject *address = PyLong_FromVoidPtr(record);
        PyObject *known = address ? PyDict_GetItemWithError(self->records, address) : NULL;
        if (known)
                Py_INCREF(known);
        else if (address && !PyErr_Occurred())
                known = new_record(self, address, record);
        Py_XDECREF(address);
        coffer_record_unref(record);
        return known;
}

/* ---- the type ---- */

static bool fill(pycoffer_class_registry *self, pycoffer_state *state)
{
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        self->base.state = state;
        self->glue = Py_NewRef(Py_None);
        self->classes = PyDict_New();
        self->natives = self->classes ? PyDict_New() : NULL;
        self->records = self->natives ? PyDict_New() : NULL;
        if (!self->records)
                return false;
        pycoffer_host_init(self);
        options.without_builtins = options.without_extensions = true;
        options.toggles = "";
        options.warn = pycoffer_registry_warn;
        options.warn_user = state;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_status status = coffer_registry_new(&options, &self->base.registry, &call.error);
        return pycoffer_call_end(&call, status);
}

static PyObject *class_registry_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
        static const char *const names[] = {NULL};
        if (!PyArg_ParseTupleAndKeywords(args, kwargs, "", PYCOFFER_KEYWORDS(names)))
                return NULL;
        pycoffer_state *state = pycoffer_state_of_type(type);
        pycoffer_class_registry *self = state ? (pycoffer_class_registry *)type->tp_alloc(type, 0) : NULL;
        if (self && !fill(self, state))
                Py_CLEAR(self);
        return (PyObject *)self;
}

static int class_registry_traverse(PyObject *object, visitproc visit, void *arg)
{
        pycoffer_class_registry *self = (pycoffer_class_registry *)object;
        Py_VISIT(Py_TYPE(object));
        Py_VISIT(self->glue);
        Py_VISIT(self->classes);
        Py_VISIT(self->natives);
        Py_VISIT(self->records);
        return 0;
}

/* The tables must outlive the registry: they go with it. */
static int class_registry_clear(PyObject *object)
{
        pycoffer_class_registry *self = (pycoffer_class_registry *)object;
        Py_CLEAR(self->glue);
        Py_CLEAR(self->records);
        return 0;
}

static void class_registry_dealloc(PyObject *object)
{
        pycoffer_class_registry *self = (pycoffer_class_registry *)object;
        PyTypeObject *type = Py_TYPE(object);
        PyObject_GC_UnTrack(object);
        if (self->base.registry) {
                pycoffer_call call;
                pycoffer_call_begin_held(&call, self->base.state);
                coffer_registry_unref(self->base.registry);
                pycoffer_call_end_quiet(&call);
        }
        class_registry_clear(object);
        Py_XDECREF(self->classes);
        Py_XDECREF(self->natives);
        type->tp_free(object);
        Py_DECREF(type);
}

static PyObject *get_glue(PyObject *object, void *unused)
{
        (void)unused;
        return Py_NewRef(((pycoffer_class_registry *)object)->glue);
}

static int set_glue(PyObject *object, PyObject *value, void *unused)
{
        (void)unused;
        pycoffer_class_registry *self = (pycoffer_class_registry *)object;
        Py_XSETREF(self->glue, Py_NewRef(value ? value : Py_None));
        return 0;
}

static PyGetSetDef class_registry_attributes[] = {
        {"glue", get_glue, set_glue, PyDoc_STR("What turns plain arguments into those of classes, and back."), NULL},
        {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(windows_doc, "What a ClassRegistry shows of its state.");

static PyType_Slot windows_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)windows_doc}, {Py_tp_new, class_registry_new},
        {Py_tp_dealloc, class_registry_dealloc},     {Py_tp_traverse, class_registry_traverse},
        {Py_tp_clear, class_registry_clear},         {Py_tp_methods, pycoffer_window_methods},
        {Py_tp_getset, class_registry_attributes},   {0, NULL},
};

static PyType_Spec windows_spec = {
        .name = "coffer._coffer.RegistryWindows",
        .basicsize = sizeof(pycoffer_class_registry),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = windows_slots,
};

PyDoc_STRVAR(class_registry_doc, "ClassRegistry()\n--\n\nA registry whose entries may be Python classes; empty.");

static PyType_Slot class_registry_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)class_registry_doc},
        {Py_tp_methods, pycoffer_drive_methods},
        {0, NULL},
};

static PyType_Spec class_registry_spec = {
        .name = "coffer._coffer.ClassRegistry",
        .basicsize = sizeof(pycoffer_class_registry),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = class_registry_slots,
};

bool pycoffer_class_registry_add_type(PyObject *module, pycoffer_state *state)
{
        PyObject *windows = PyType_FromModuleAndSpec(module, &windows_spec, (PyObject *)state->registry_type);
        if (windows)
                state->class_registry_type =
                        (PyTypeObject *)PyType_FromModuleAndSpec(module, &class_registry_spec, windows);
        Py_XDECREF(windows);
        return state->class_registry_type && PyModule_AddType(module, state->class_registry_type) == 0;
}
