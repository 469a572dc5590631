/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include "call.h"
#include "document.h"
#include "object.h"

typedef struct {
        pycoffer_state *state;
        coffer_document *document;
} maker;

static coffer_status make(maker *self, PyObject *object, coffer_value **out, coffer_error *error);

/* The present exception is what the caller of the method gets. */
static coffer_status raised(maker *self)
{
        pycoffer_keep_exception_as_is(self->state);
        return COFFER_INVALID;
}

static bool is_bytes(PyObject *object)
{
        return PyBytes_Check(object) || PyByteArray_Check(object) || PyMemoryView_Check(object);
}

static bool is_container(PyObject *object)
{
        return PyList_Check(object) || PyTuple_Check(object) || PyDict_Check(object);
}

static bool is_plain(PyObject *object)
{
        return object == Py_None || PyBool_Check(object) || PyLong_Check(object) || PyFloat_Check(object) ||
               PyUnicode_Check(object) || PyBytes_Check(object) || is_container(object);
}

/* ---- scalars ---- */

static coffer_status make_large_int(maker *self, PyObject *number, coffer_value **out, coffer_error *error)
{
        PyObject *class = (PyObject *)&PyLong_Type; /* a subclass may do what it likes in methods of its own */
        PyObject *bits = PyObject_CallMethod(class, "bit_length", "O", number);
        size_t count = bits ? PyLong_AsSize_t(bits) : 0;
        Py_XDECREF(bits);
        PyObject *to_bytes = PyErr_Occurred() ? NULL : PyObject_GetAttrString(class, "to_bytes");
        PyObject *arguments = to_bytes ? Py_BuildValue("Ons", number, (Py_ssize_t)(count / 8 + 1), "little") : NULL;
        PyObject *keywords = arguments ? Py_BuildValue("{sO}", "signed", Py_True) : NULL;
        PyObject *digits = keywords ? PyObject_Call(to_bytes, arguments, keywords) : NULL;
        Py_XDECREF(to_bytes);
        Py_XDECREF(arguments);
        Py_XDECREF(keywords);
        if (!digits)
                return raised(self);
        coffer_cursor data = {(const uint8_t *)PyBytes_AS_STRING(digits), (size_t)PyBytes_GET_SIZE(digits)};
        coffer_status status = coffer_value_int_bytes(self->document, data, out, error);
        Py_DECREF(digits);
        return status;
}

static coffer_status make_int(maker *self, PyObject *object, coffer_value **out, coffer_error *error)
{
        int overflow = 0;
        long long small = PyLong_AsLongLongAndOverflow(object, &overflow);
        return overflow ? make_large_int(self, object, out, error)
                        : coffer_value_int(self->document, small, out, error);
}

static coffer_status make_text(maker *self, PyObject *text, coffer_value **out, coffer_error *error)
{
        Py_ssize_t size_bytes;
        const char *utf8 = PyUnicode_AsUTF8AndSize(text, &size_bytes);
        if (!utf8)
                return raised(self);
        coffer_cursor data = {(const uint8_t *)utf8, (size_t)size_bytes};
        return coffer_value_str(self->document, data, false, out, error);
}

/* ---- containers ---- */

static coffer_status append(maker *self, coffer_value *list, PyObject *object, coffer_error *error)
{
        coffer_value *item = NULL;
        coffer_status status = make(self, object, &item, error);
        return status == COFFER_OK ? coffer_value_append(self->document, list, item, error) : status;
}

static coffer_status make_list(maker *self, PyObject *sequence, coffer_value **out, coffer_error *error)
{
        coffer_value *list = NULL;
        coffer_status status = coffer_value_container(self->document, COFFER_KIND_LIST, &list, error);
        for (Py_ssize_t i = 0; status == COFFER_OK && i < PySequence_Fast_GET_SIZE(sequence); i++) {
                PyObject *item = Py_NewRef(PySequence_Fast_GET_ITEM(sequence, i));
                status = append(self, list, item, error);
                Py_DECREF(item);
        }
        *out = list;
        return status;
}

static coffer_status set_item(maker *self, coffer_value *dict, PyObject *key, PyObject *object, coffer_error *error)
{
        coffer_value *name = NULL, *item = NULL;
        coffer_status status = make(self, key, &name, error);
        if (status == COFFER_OK)
                status = make(self, object, &item, error);
        return status == COFFER_OK ? coffer_value_set_item(self->document, dict, name, item, error) : status;
}

static coffer_status make_dict(maker *self, PyObject *mapping, coffer_value **out, coffer_error *error)
{
        coffer_value *dict = NULL;
        coffer_status status = coffer_value_container(self->document, COFFER_KIND_DICT, &dict, error);
        PyObject *key, *item;
        Py_ssize_t position = 0;
        while (status == COFFER_OK && PyDict_Next(mapping, &position, &key, &item)) {
                Py_INCREF(key);
                Py_INCREF(item);
                status = set_item(self, dict, key, item, error);
                Py_DECREF(key);
                Py_DECREF(item);
        }
        *out = dict;
        return status;
}

static coffer_status make_nested(maker *self, PyObject *object, coffer_value **out, coffer_error *error)
{
        if (Py_EnterRecursiveCall(" in a value for an artifact"))
                return raised(self);
        coffer_status status =
                PyDict_Check(object) ? make_dict(self, object, out, error) : make_list(self, object, out, error);
        Py_LeaveRecursiveCall();
        return status;
}

/* ---- arrays and other memory ---- */

static void release_object(void *owner)
{
        coffer_object *object = owner;
        coffer_object_unref(object);
        coffer_free(object);
}

/* Makes the document keep the object, whose memory a value borrows. */
static coffer_status keep(maker *self, const coffer_object *object, coffer_cursor any, coffer_error *error)
{
        coffer_bytes *bytes = NULL;
        if (any.size_bytes == 0)
                return COFFER_OK;
        coffer_object *owner = coffer_alloc(sizeof(*owner));
        if (!owner)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for an array");
        *owner = *object;
        coffer_object_ref(owner);
        coffer_status status = coffer_bytes_new(&bytes, error);
        if (status == COFFER_OK)
                status = coffer_bytes_append_borrow(bytes, any, release_object, owner, error);
        if (status != COFFER_OK)
                release_object(owner);
        if (status == COFFER_OK)
                status = coffer_document_keep(self->document, bytes, error);
        coffer_bytes_unref(bytes);
        return status;
}

static coffer_status make_tensor(maker *self, const coffer_object *object, coffer_value **out, coffer_error *error)
{
        coffer_tensor tensor;
        coffer_status status = coffer_object_view_tensor(object, &tensor, error);
        if (status == COFFER_OK)
                status = keep(self, object, (coffer_cursor){tensor.data, (size_t)tensor.available_bytes}, error);
        return status == COFFER_OK ? coffer_value_tensor(self->document, &tensor, out, error) : status;
}

static coffer_status make_bytes(maker *self, const coffer_object *object, coffer_value **out, coffer_error *error)
{
        coffer_cursor data;
        coffer_status status = coffer_object_view_bytes(object, &data, error);
        if (status == COFFER_OK)
                status = keep(self, object, data, error);
        return status == COFFER_OK ? coffer_value_bytes(self->document, data, true, out, error) : status;
}

static coffer_status make_from_memory(maker *self, PyObject *object, coffer_value **out, coffer_error *error)
{
        coffer_object wrapped;
        if (!pycoffer_object_wrap(self->state, object, &wrapped))
                return raised(self);
        coffer_status status = is_bytes(object) ? make_bytes(self, &wrapped, out, error) : COFFER_DECLINED;
        if (status == COFFER_DECLINED) /* a memoryview of numbers as well */
                status = make_tensor(self, &wrapped, out, error);
        coffer_object_unref(&wrapped);
        if (status != COFFER_DECLINED)
                return status;
        return coffer_error_set(error, COFFER_MALFORMED, "an object of class %s is no plain value",
                                Py_TYPE(object)->tp_name);
}

/* ---- one object ---- */

static coffer_status make(maker *self, PyObject *object, coffer_value **out, coffer_error *error)
{
        if (object == Py_None)
                return coffer_value_none(self->document, out, error);
        if (PyBool_Check(object))
                return coffer_value_bool(self->document, object == Py_True, out, error);
        if (PyLong_Check(object))
                return make_int(self, object, out, error);
        if (PyFloat_Check(object))
                return coffer_value_float(self->document, PyFloat_AS_DOUBLE(object), out, error);
        if (PyUnicode_Check(object))
                return make_text(self, object, out, error);
        return is_container(object) ? make_nested(self, object, out, error)
                                    : make_from_memory(self, object, out, error);
}

bool pycoffer_value_object(pycoffer_state *state, PyObject *object, coffer_object *out)
{
        if (!is_plain(object))
                return pycoffer_object_wrap(state, object, out);
        maker self = {state, NULL};
        coffer_value *root = NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_status status = coffer_document_new(&self.document, &call.error);
        if (status == COFFER_OK)
                status = make(&self, object, &root, &call.error);
        bool made = pycoffer_call_end(&call, status);
        if (made) {
                coffer_document_set_root(self.document, root);
                *out = coffer_object_from_document(self.document);
        }
        pycoffer_document_unref(state, self.document);
        return made;
}
