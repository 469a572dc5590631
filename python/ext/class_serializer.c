/* SPDX-License-Identifier: Apache-2.0 */
#include "class_serializer.h"

#include <math.h>

#include "bytes.h"
#include "call.h"
#include "metadata.h"
#include "object.h"
#include "raise.h"
#include "text.h"

static pycoffer_class_serializer *class_of(const coffer_serializer *self)
{
        return self->user;
}

/* ---- calling the class ---- */

static coffer_status interpreter_gone(coffer_error *error)
{
        return coffer_error_set(error, COFFER_STATE, "the Python interpreter is going away");
}

/* An exception of a class that was only asked is for the account, not for the caller; but nothing holds back an
 * interrupt. */
static coffer_status note_exception(pycoffer_state *state, coffer_error *error)
{
        if (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError))
                return pycoffer_keep_exception(state, COFFER_SERIALIZER, error);
        PyObject *exception = pycoffer_take_exception();
        pycoffer_error_from_exception(exception, COFFER_SERIALIZER, error);
        Py_DECREF(exception);
        return COFFER_SERIALIZER;
}

static coffer_status take_answer(pycoffer_state *state, PyObject *answer, bool *out, coffer_error *error)
{
        int truth = answer ? PyObject_IsTrue(answer) : -1;
        Py_XDECREF(answer);
        if (truth < 0)
                return note_exception(state, error);
        *out = truth;
        return COFFER_OK;
}

static coffer_status class_can_serialize(const coffer_serializer *self, const coffer_object *object, bool *out,
                                         coffer_error *error)
{
        pycoffer_class_serializer *serializer = class_of(self);
        PyObject *python = pycoffer_object_borrow(object);
        pycoffer_gil gil;
        if (!python)
                return COFFER_DECLINED;
        if (!pycoffer_gil_take(&gil, serializer->state))
                return interpreter_gone(error);
        PyObject *method = PyObject_GetAttrString(serializer->class, "can_serialize");
        PyObject *answer = method ? PyObject_CallOneArg(method, python) : NULL;
        Py_XDECREF(method);
        coffer_status status = take_answer(serializer->state, answer, out, error);
        pycoffer_gil_give(&gil);
        return status;
}

static coffer_status class_can_deserialize(const coffer_serializer *self, const coffer_metadata *metadata, bool *out,
                                           coffer_error *error)
{
        pycoffer_class_serializer *serializer = class_of(self);
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, serializer->state))
                return interpreter_gone(error);
        PyObject *fields = pycoffer_metadata_to_tuple(serializer->state, metadata);
        PyObject *answer =
                fields ? PyObject_CallMethod(serializer->glue, "can_deserialize", "OO", serializer->class, fields)
                       : NULL;
        Py_XDECREF(fields);
        coffer_status status = take_answer(serializer->state, answer, out, error);
        pycoffer_gil_give(&gil);
        return status;
}

/* ---- serialize ---- */

static coffer_status add_bytes(pycoffer_state *state, coffer_blob_list *blobs, PyObject *value, coffer_error *error)
{
        coffer_bytes *bytes = pycoffer_bytes_from(state, value);
        if (!bytes)
                return pycoffer_keep_exception(state, COFFER_SERIALIZER, error);
        pycoffer_call_offer_bytes(state, value);
        coffer_status status = coffer_blob_list_add_bytes(blobs, bytes, error);
        coffer_bytes_unref(bytes);
        return status;
}

static coffer_status add_reference(pycoffer_state *state, coffer_blob_list *blobs, PyObject *value, coffer_error *error)
{
        const char *uri = pycoffer_utf8(value, "a reference");
        if (!uri)
                return pycoffer_keep_exception(state, COFFER_SERIALIZER, error);
        coffer_blob *blob = NULL;
        coffer_status status = coffer_blob_new_reference(uri, &blob, error);
        if (status == COFFER_OK)
                status = coffer_blob_list_add(blobs, blob, error);
        coffer_blob_unref(blob);
        return status;
}

/* `made` is what the glue returns: a list of bytes and str, and the fields of the metadata. */
static coffer_status take_made(pycoffer_state *state, PyObject *made, coffer_blob_list *blobs,
                               coffer_metadata *metadata, coffer_error *error)
{
        PyObject *values, *fields;
        if (!made || !PyArg_ParseTuple(made, "O!O!", &PyList_Type, &values, &PyTuple_Type, &fields) ||
            !pycoffer_metadata_fill(state, metadata, fields))
                return pycoffer_keep_exception(state, COFFER_SERIALIZER, error);
        coffer_status status = COFFER_OK;
        for (Py_ssize_t i = 0; status == COFFER_OK && i < PyList_GET_SIZE(values); i++) {
                PyObject *value = PyList_GET_ITEM(values, i);
                status = PyUnicode_Check(value) ? add_reference(state, blobs, value, error)
                                                : add_bytes(state, blobs, value, error);
        }
        return status;
}

static coffer_status take_wire(pycoffer_state *state, PyObject *made, char **wire, coffer_error *error)
{
        const char *text = made ? pycoffer_utf8(made, "a wire format") : NULL;
        if (!text)
                return pycoffer_keep_exception(state, COFFER_SERIALIZER, error);
        *wire = coffer_strdup(text);
        return *wire ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a wire format");
}

static coffer_status class_serialize(const coffer_serializer *self, const coffer_object *object, coffer_format format,
                                     coffer_blob_list *blobs, coffer_metadata *metadata, char **wire,
                                     coffer_error *error)
{
        pycoffer_class_serializer *serializer = class_of(self);
        PyObject *python = pycoffer_object_borrow(object);
        pycoffer_gil gil;
        if (!python)
                return COFFER_DECLINED;
        if (!pycoffer_gil_take(&gil, serializer->state))
                return interpreter_gone(error);
        bool is_storage = format == COFFER_STORAGE;
        PyObject *made = PyObject_CallMethod(serializer->glue, is_storage ? "serialize" : "serialize_wire", "OO",
                                             serializer->class, python);
        coffer_status status = is_storage ? take_made(serializer->state, made, blobs, metadata, error)
                                          : take_wire(serializer->state, made, wire, error);
        Py_XDECREF(made);
        pycoffer_gil_give(&gil);
        return status;
}

/* ---- deserialize ---- */

static PyObject *list_blobs(const coffer_blob_list *blobs)
{
        size_t count = coffer_blob_list_count(blobs);
        PyObject *list = PyList_New((Py_ssize_t)count);
        for (size_t i = 0; list && i < count; i++) {
                PyObject *copy = pycoffer_bytes_copy(coffer_blob_bytes(coffer_blob_list_at(blobs, i)));
                if (!copy)
                        Py_CLEAR(list);
                else
                        PyList_SET_ITEM(list, (Py_ssize_t)i, copy);
        }
        return list;
}

static PyObject *from_blobs(const pycoffer_class_serializer *serializer, const coffer_blob_list *blobs,
                            const coffer_metadata *metadata)
{
        PyObject *list = list_blobs(blobs);
        PyObject *fields = list ? pycoffer_metadata_to_tuple(serializer->state, metadata) : NULL;
        PyObject *object =
                fields ? PyObject_CallMethod(serializer->glue, "deserialize", "OOO", serializer->class, list, fields)
                       : NULL;
        Py_XDECREF(fields);
        Py_XDECREF(list);
        return object;
}

static coffer_status class_deserialize(const coffer_serializer *self, coffer_format format,
                                       const coffer_blob_list *blobs, const coffer_metadata *metadata, const char *wire,
                                       coffer_object *out, coffer_error *error)
{
        pycoffer_class_serializer *serializer = class_of(self);
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, serializer->state))
                return interpreter_gone(error);
        PyObject *object = format == COFFER_STORAGE ? from_blobs(serializer, blobs, metadata)
                                                    : PyObject_CallMethod(serializer->glue, "deserialize_wire", "Os",
                                                                          serializer->class, wire);
        bool done = object && pycoffer_object_wrap(serializer->state, object, out);
        Py_XDECREF(object);
        coffer_status status = done ? COFFER_OK : pycoffer_keep_exception(serializer->state, COFFER_SERIALIZER, error);
        pycoffer_gil_give(&gil);
        return status;
}

/* ---- making one ---- */

PyObject *pycoffer_class_of(const coffer_serializer *serializer)
{
        return serializer->can_serialize == class_can_serialize ? class_of(serializer)->class : NULL;
}

PyObject *pycoffer_class_type(PyObject *class)
{
        PyObject *type = PyObject_GetAttrString(class, "TYPE");
        PyObject *text = NULL;
        if (type) /* a str of a class of its own, an enum's say, may print as something else than it is */
                text = PyUnicode_Check(type) ? PyUnicode_FromObject(type) : PyObject_Str(type);
        Py_XDECREF(type);
        return text;
}

/* An int as it is, a float rounded down. NULL with an exception set. */
static PyObject *whole_number(PyObject *number)
{
        if (!PyFloat_Check(number))
                return PyNumber_Index(number);
        return PyLong_FromDouble(floor(PyFloat_AS_DOUBLE(number)));
}

bool pycoffer_class_priority(PyObject *class, int32_t *out)
{
        PyObject *priority = PyObject_GetAttrString(class, "PRIORITY");
        PyObject *integer = priority ? whole_number(priority) : NULL;
        Py_XDECREF(priority);
        if (!integer)
                return false;
        int overflow;
        long long value = PyLong_AsLongLongAndOverflow(integer, &overflow);
        Py_DECREF(integer);
        if (overflow)
                value = overflow < 0 ? INT32_MIN : INT32_MAX;
        *out = (int32_t)(value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : value);
        return true;
}

/* A class without a name of its own (anything may stand in a descriptor) is called by its type. */
static PyObject *class_name(PyObject *class)
{
        PyObject *name = PyObject_GetAttrString(class, "__name__");
        if (name && PyUnicode_Check(name))
                return name;
        PyErr_Clear();
        Py_XDECREF(name);
        return PyUnicode_FromString(Py_TYPE(class)->tp_name);
}

static bool fill_table(pycoffer_class_serializer *self)
{
        const char *type = self->type ? pycoffer_utf8(self->type, "TYPE") : NULL;
        const char *name = type && self->name ? pycoffer_utf8(self->name, "the name of a class") : NULL;
        int32_t priority;
        if (!name || !pycoffer_class_priority(self->class, &priority))
                return false;
        self->table = (coffer_serializer){
                .abi = COFFER_SERIALIZER_ABI,
                .struct_bytes = sizeof(coffer_serializer),
                .type = type,
                .priority = priority,
                .name = name,
                .user = self,
                .can_serialize = class_can_serialize,
                .can_deserialize = class_can_deserialize,
                .serialize = class_serialize,
                .deserialize = class_deserialize,
        };
        return true;
}

pycoffer_class_serializer *pycoffer_class_serializer_new(pycoffer_state *state, PyObject *glue, PyObject *class)
{
        PyTypeObject *type = state->class_serializer_type;
        pycoffer_class_serializer *self = (pycoffer_class_serializer *)type->tp_alloc(type, 0);
        if (!self)
                return NULL;
        self->state = state;
        self->class = Py_NewRef(class);
        self->glue = Py_NewRef(glue);
        self->type = pycoffer_class_type(class);
        self->name = self->type ? class_name(class) : NULL;
        if (!fill_table(self))
                Py_CLEAR(self);
        return self;
}

static int class_serializer_traverse(PyObject *object, visitproc visit, void *arg)
{
        pycoffer_class_serializer *self = (pycoffer_class_serializer *)object;
        Py_VISIT(Py_TYPE(object));
        Py_VISIT(self->class);
        Py_VISIT(self->glue);
        return 0;
}

static int class_serializer_clear(PyObject *object)
{
        pycoffer_class_serializer *self = (pycoffer_class_serializer *)object;
        Py_CLEAR(self->class);
        Py_CLEAR(self->glue);
        return 0;
}

static void class_serializer_dealloc(PyObject *object)
{
        pycoffer_class_serializer *self = (pycoffer_class_serializer *)object;
        PyTypeObject *type = Py_TYPE(object);
        PyObject_GC_UnTrack(object);
        class_serializer_clear(object);
        Py_XDECREF(self->type);
        Py_XDECREF(self->name);
        type->tp_free(object);
        Py_DECREF(type);
}

static PyType_Slot class_serializer_slots[] = {
        {Py_tp_dealloc, class_serializer_dealloc},
        {Py_tp_traverse, class_serializer_traverse},
        {Py_tp_clear, class_serializer_clear},
        {0, NULL},
};

static PyType_Spec class_serializer_spec = {
        .name = "coffer._coffer.ClassSerializer",
        .basicsize = sizeof(pycoffer_class_serializer),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
        .slots = class_serializer_slots,
};

bool pycoffer_class_serializer_add_type(PyObject *module, pycoffer_state *state)
{
        state->class_serializer_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &class_serializer_spec, NULL);
        return state->class_serializer_type != NULL;
}
