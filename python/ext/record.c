/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include "call.h"
#include "names.h"
#include "object.h"
#include "text.h"

typedef struct {
        PyObject_HEAD pycoffer_class_registry *registry;
        coffer_record *record;
} record_object;

static record_object *self_of(PyObject *object)
{
        return (record_object *)object;
}

static coffer_registry *registry_of(PyObject *object)
{
        return self_of(object)->registry->base.registry;
}

static pycoffer_state *state_of(PyObject *object)
{
        return self_of(object)->registry->base.state;
}

/* ---- making one ---- */

PyObject *pycoffer_record_wrap(PyTypeObject *type, pycoffer_class_registry *registry, coffer_record *record)
{
        record_object *self = (record_object *)type->tp_alloc(type, 0);
        if (!self)
                return NULL;
        self->registry = (pycoffer_class_registry *)Py_NewRef(registry);
        self->record = coffer_record_ref(record);
        return (PyObject *)self;
}

coffer_record *pycoffer_record_of(pycoffer_class_registry *registry, PyObject *object)
{
        if (!PyObject_TypeCheck(object, registry->base.state->record_type)) {
                PyErr_Format(PyExc_TypeError, "a SerializerRecord is needed, not %s", Py_TYPE(object)->tp_name);
                return NULL;
        }
        if (self_of(object)->registry == registry)
                return self_of(object)->record;
        PyErr_SetString(PyExc_ValueError, "the record belongs to another registry");
        return NULL;
}

static PyObject *record_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
        (void)kwargs; /* of a subclass's __init__ */
        pycoffer_state *state = pycoffer_state_of_type(type);
        PyObject *registry;
        if (!state || !PyArg_ParseTuple(args, "O!", state->class_registry_type, &registry))
                return NULL;
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        descriptor.name = descriptor.location = "";
        coffer_record *record = NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_status status =
                coffer_record_new(&descriptor, &((pycoffer_class_registry *)registry)->host, &record, &call.error);
        if (!pycoffer_call_end(&call, status))
                return NULL;
        PyObject *self = pycoffer_record_wrap(type, (pycoffer_class_registry *)registry, record);
        coffer_record_unref(record);
        return self;
}

static int record_traverse(PyObject *object, visitproc visit, void *arg)
{
        Py_VISIT(Py_TYPE(object));
        Py_VISIT(self_of(object)->registry);
        return 0;
}

static int record_clear(PyObject *object)
{
        (void)object; /* its methods need the registry; the cycle is broken elsewhere */
        return 0;
}

static void record_dealloc(PyObject *object)
{
        PyTypeObject *type = Py_TYPE(object);
        PyObject_GC_UnTrack(object);
        coffer_record_unref(self_of(object)->record);
        Py_XDECREF(self_of(object)->registry);
        type->tp_free(object);
        Py_DECREF(type);
}

/* ---- reading fields ---- */

enum field {
        FIELD_STATE = COFFER_RECORD_TEXT_FIELD_COUNT,
        FIELD_PRIORITY,
        FIELD_DISPATCH_ERRORS,
        FIELD_AWAITING,
        FIELD_AWAITED,
        FIELD_DECLARED_PRIORITY,
        FIELD_NEEDS,
};

static PyObject *field_value(const coffer_record_status *status, int field)
{
        switch (field) {
        case COFFER_RECORD_NAME:
                return Py_BuildValue("z", status->name);
        case COFFER_RECORD_CLASS_PATH:
                return Py_BuildValue("z", status->class_path);
        case COFFER_RECORD_LAST_ERROR:
                return Py_BuildValue("z", status->last_error);
        case COFFER_RECORD_TYPE:
                return Py_BuildValue("z", status->type);
        case COFFER_RECORD_IMPORT_TRIGGER:
                return Py_BuildValue("z", status->import_trigger);
        case COFFER_RECORD_SOURCE:
                return Py_BuildValue("z", status->source);
        case FIELD_STATE:
                return PyUnicode_FromString(coffer_record_state_name(status->state));
        case FIELD_PRIORITY:
                return status->priority ? PyLong_FromLong(*status->priority) : Py_NewRef(Py_None);
        case FIELD_DISPATCH_ERRORS:
                return PyLong_FromUnsignedLongLong(status->dispatch_error_count);
        case FIELD_AWAITING:
                return pycoffer_names_to_list(status->awaiting_modules);
        case FIELD_AWAITED:
                return status->previously_awaited ? pycoffer_names_to_list(status->previously_awaited)
                                                  : Py_NewRef(Py_None);
        case FIELD_DECLARED_PRIORITY:
                return PyLong_FromLong(status->declared_priority);
        default:
                return pycoffer_names_to_list(status->needs);
        }
}

static PyObject *record_get(PyObject *object, void *field)
{
        coffer_record_status *snapshot = NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state_of(object));
        coffer_status status =
                coffer_registry_record_read(registry_of(object), self_of(object)->record, &snapshot, &call.error);
        if (!pycoffer_call_end(&call, status))
                return NULL;
        PyObject *value = field_value(snapshot, (int)(intptr_t)field);
        coffer_registry_status_free(snapshot, 1);
        return value;
}

/* ---- writing fields ---- */

static int refuse_deletion(PyObject *value)
{
        if (!value)
                PyErr_SetString(PyExc_AttributeError, "a field of a record can't be deleted");
        return value ? 0 : -1;
}

static int record_set_text(PyObject *object, PyObject *value, void *field)
{
        if (refuse_deletion(value) < 0)
                return -1;
        const char *text = value == Py_None ? NULL : pycoffer_utf8(value, "a text of a record");
        if (!text && value != Py_None)
                return -1;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state_of(object));
        coffer_status status =
                coffer_registry_record_set_text(registry_of(object), self_of(object)->record,
                                                (coffer_record_text_field)(intptr_t)field, text, &call.error);
        return pycoffer_call_end(&call, status) ? 0 : -1;
}

static int record_set_state(PyObject *object, PyObject *value, void *unused)
{
        (void)unused;
        const char *text = refuse_deletion(value) < 0 ? NULL : pycoffer_utf8(value, "a state");
        if (!text)
                return -1;
        for (int i = 0; i < COFFER_RECORD_STATE_COUNT; i++) {
                if (strcmp(text, coffer_record_state_name((coffer_record_state)i)) != 0)
                        continue;
                coffer_registry_record_set_state(registry_of(object), self_of(object)->record, (coffer_record_state)i);
                return 0;
        }
        PyErr_Format(PyExc_ValueError, "'%s' is no state of a record", text);
        return -1;
}

static int record_set_priority(PyObject *object, PyObject *value, void *unused)
{
        (void)unused;
        if (refuse_deletion(value) < 0)
                return -1;
        long priority = value == Py_None ? 0 : PyLong_AsLong(value);
        if (!PyErr_Occurred() && (priority < INT32_MIN || priority > INT32_MAX))
                PyErr_SetString(PyExc_OverflowError, "a priority has 32 bits");
        if (PyErr_Occurred())
                return -1;
        int32_t narrow = (int32_t)priority;
        coffer_registry_record_set_priority(registry_of(object), self_of(object)->record,
                                            value == Py_None ? NULL : &narrow);
        return 0;
}

static int record_set_dispatch_errors(PyObject *object, PyObject *value, void *unused)
{
        (void)unused;
        unsigned long long count = refuse_deletion(value) < 0 ? 0 : PyLong_AsUnsignedLongLong(value);
        if (PyErr_Occurred())
                return -1;
        coffer_registry_record_set_dispatch_errors(registry_of(object), self_of(object)->record, count);
        return 0;
}

static int record_set_names(PyObject *object, PyObject *value, void *field)
{
        pycoffer_names names = {NULL, NULL};
        if (refuse_deletion(value) < 0 || (value != Py_None && !pycoffer_names_take(&names, value)))
                return -1;
        coffer_record_names_field which =
                (intptr_t)field == FIELD_AWAITED ? COFFER_RECORD_PREVIOUSLY_AWAITED : COFFER_RECORD_AWAITING_MODULES;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state_of(object));
        coffer_status status = coffer_registry_record_set_names(registry_of(object), self_of(object)->record, which,
                                                                names.texts, &call.error);
        pycoffer_names_done(&names);
        return pycoffer_call_end(&call, status) ? 0 : -1;
}

/* ---- what it claims ---- */

PyDoc_STRVAR(record_claims_object_doc, "claims_object($self, object, /)\n--\n\n"
                                       "Does its declaration name the object's type, or an ancestor of it?");

static PyObject *record_claims_object(PyObject *object, PyObject *what)
{
        coffer_object wrapped;
        if (!pycoffer_object_wrap(state_of(object), what, &wrapped))
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state_of(object));
        bool claims = coffer_record_claims_object(self_of(object)->record, &wrapped);
        coffer_object_unref(&wrapped);
        return pycoffer_call_end(&call, COFFER_OK) ? PyBool_FromLong(claims) : NULL;
}

PyDoc_STRVAR(record_claims_encoding_doc, "claims_encoding($self, encoding, /)\n--\n\nDoes its declaration name it?");

static PyObject *record_claims_encoding(PyObject *object, PyObject *encoding)
{
        const char *text = pycoffer_utf8(encoding, "an encoding");
        return text ? PyBool_FromLong(coffer_record_claims_encoding(self_of(object)->record, text)) : NULL;
}

static PyMethodDef record_methods[] = {
        {"claims_object", record_claims_object, METH_O, record_claims_object_doc},
        {"claims_encoding", record_claims_encoding, METH_O, record_claims_encoding_doc},
        {NULL, NULL, 0, NULL},
};

#define TEXT(name, field)                                                                                              \
        {                                                                                                              \
                name, record_get, record_set_text, NULL, (void *)(intptr_t)(field)                                     \
        }
static PyGetSetDef record_fields[] = {
        TEXT("name", COFFER_RECORD_NAME),
        TEXT("class_path", COFFER_RECORD_CLASS_PATH),
        TEXT("last_error", COFFER_RECORD_LAST_ERROR),
        TEXT("type", COFFER_RECORD_TYPE),
        TEXT("import_trigger", COFFER_RECORD_IMPORT_TRIGGER),
        TEXT("source", COFFER_RECORD_SOURCE),
        {"state_text", record_get, record_set_state, NULL, (void *)(intptr_t)FIELD_STATE},
        {"priority", record_get, record_set_priority, NULL, (void *)(intptr_t)FIELD_PRIORITY},
        {"dispatch_error_count", record_get, record_set_dispatch_errors, NULL, (void *)(intptr_t)FIELD_DISPATCH_ERRORS},
        {"awaiting_names", record_get, record_set_names, NULL, (void *)(intptr_t)FIELD_AWAITING},
        {"awaited_names", record_get, record_set_names, NULL, (void *)(intptr_t)FIELD_AWAITED},
        {"declared_priority", record_get, NULL, NULL, (void *)(intptr_t)FIELD_DECLARED_PRIORITY},
        {"needs", record_get, NULL, NULL, (void *)(intptr_t)FIELD_NEEDS},
        {NULL, NULL, NULL, NULL, NULL},
};
#undef TEXT

PyDoc_STRVAR(record_doc, "Record(registry, /)\n--\n\nAn entry of a ClassRegistry, to be named and entered.");

static PyType_Slot record_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)record_doc},
        {Py_tp_new, record_new},
        {Py_tp_dealloc, record_dealloc},
        {Py_tp_traverse, record_traverse},
        {Py_tp_clear, record_clear},
        {Py_tp_methods, record_methods},
        {Py_tp_getset, record_fields},
        {0, NULL},
};

static PyType_Spec record_spec = {
        .name = "coffer._coffer.Record",
        .basicsize = sizeof(record_object),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = record_slots,
};

bool pycoffer_record_add_type(PyObject *module, pycoffer_state *state)
{
        state->record_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &record_spec, NULL);
        return state->record_type && PyModule_AddType(module, state->record_type) == 0;
}
