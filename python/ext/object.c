/* SPDX-License-Identifier: Apache-2.0 */
#include "object.h"

#include "call.h"
#include "document.h"

static pycoffer_handle *handle_of(const coffer_object *object)
{
        return object->pointer;
}

/* ---- reference counts ---- */

static void free_handle(pycoffer_handle *handle)
{
        if (handle->buffer.obj)
                PyBuffer_Release(&handle->buffer);
        pycoffer_dlpack_free(handle->dlpack);
        coffer_document_unref(handle->dtype_document);
        PyMem_Free(handle->tensor);
        Py_DECREF(handle->object);
        Py_DECREF(handle->module);
        PyMem_Free(handle);
}

static void object_ref(const coffer_object *object)
{
        atomic_fetch_add_explicit(&handle_of(object)->references, 1, memory_order_relaxed);
}

static void object_unref(const coffer_object *object)
{
        pycoffer_handle *handle = handle_of(object);
        if (atomic_fetch_sub_explicit(&handle->references, 1, memory_order_acq_rel) != 1)
                return;
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, handle->state))
                return; /* the process ends */
        free_handle(handle);
        pycoffer_gil_give(&gil);
}

bool pycoffer_object_wrap(pycoffer_state *state, PyObject *object, coffer_object *out)
{
        pycoffer_handle *handle = PyMem_Calloc(1, sizeof(*handle));
        if (!handle) {
                PyErr_NoMemory();
                return false;
        }
        handle->state = state;
        handle->module = Py_NewRef(state->module);
        handle->object = Py_NewRef(object);
        atomic_init(&handle->references, 1);
        *out = (coffer_object){&pycoffer_object_type, handle};
        return true;
}

void pycoffer_object_unref(pycoffer_state *state, coffer_object *object)
{
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_object_unref(object);
        pycoffer_call_end_quiet(&call);
}

PyObject *pycoffer_object_borrow(const coffer_object *object)
{
        return object->type == &pycoffer_object_type ? handle_of(object)->object : NULL;
}

PyObject *pycoffer_object_to_python(pycoffer_state *state, const coffer_object *object)
{
        PyObject *own = pycoffer_object_borrow(object);
        if (own)
                return Py_NewRef(own);
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_document *document = NULL;
        const coffer_value *value = NULL;
        coffer_status status = coffer_object_view_value(object, &document, &value, &call.error);
        if (!pycoffer_call_end(&call, status))
                return NULL;
        return pycoffer_document_to_python(state, document, PYCOFFER_AS_OBJECTS);
}

/* ---- what the library may ask ---- */

/* The name of a class's attribute, or NULL when it is no str that UTF-8 can hold. */
static const char *class_text(PyObject *class, const char *attribute, PyObject **keep)
{
        *keep = PyObject_GetAttrString(class, attribute);
        const char *text = *keep && PyUnicode_Check(*keep) ? PyUnicode_AsUTF8(*keep) : NULL;
        PyErr_Clear();
        return text;
}

static bool visit_class(PyObject *class, bool (*visit)(void *user, const char *module, const char *qualname),
                        void *user)
{
        PyObject *keep_module, *keep_qualname;
        const char *module = class_text(class, "__module__", &keep_module);
        const char *qualname = class_text(class, "__qualname__", &keep_qualname);
        bool goes_on = !module || !qualname || visit(user, module, qualname);
        Py_XDECREF(keep_module);
        Py_XDECREF(keep_qualname);
        return goes_on;
}

static void object_ancestors(const coffer_object *object,
                             bool (*visit)(void *user, const char *module, const char *qualname), void *user)
{
        pycoffer_handle *handle = handle_of(object);
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, handle->state))
                return;
        PyObject *mro = Py_XNewRef(Py_TYPE(handle->object)->tp_mro);
        Py_ssize_t count = mro ? PyTuple_GET_SIZE(mro) : 0;
        for (Py_ssize_t i = 0; i < count; i++)
                if (!visit_class(PyTuple_GET_ITEM(mro, i), visit, user))
                        break;
        Py_XDECREF(mro);
        pycoffer_gil_give(&gil);
}

static coffer_status find_bytes(pycoffer_handle *handle, coffer_cursor *out)
{
        if (!handle->buffer.obj && (!PyObject_CheckBuffer(handle->object) ||
                                    PyObject_GetBuffer(handle->object, &handle->buffer, PyBUF_FULL_RO) < 0)) {
                PyErr_Clear();
                return COFFER_DECLINED;
        }
        const Py_buffer *buffer = &handle->buffer;
        bool is_bytes = buffer->itemsize == 1 && buffer->ndim <= 1 &&
                        (!buffer->format || strchr("Bbc", buffer->format[0])) && PyBuffer_IsContiguous(buffer, 'C');
        if (!is_bytes)
                return COFFER_DECLINED;
        *out = (coffer_cursor){buffer->buf, (size_t)buffer->len};
        return COFFER_OK;
}

static coffer_status object_view_bytes(const coffer_object *object, coffer_cursor *out, coffer_error *error)
{
        (void)error;
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, handle_of(object)->state))
                return COFFER_DECLINED;
        coffer_status status = find_bytes(handle_of(object), out);
        pycoffer_gil_give(&gil);
        return status;
}

static coffer_status object_view_tensor(const coffer_object *object, coffer_tensor *out, coffer_error *error)
{
        pycoffer_handle *handle = handle_of(object);
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, handle->state))
                return COFFER_DECLINED;
        coffer_status status = handle->tensor ? COFFER_OK : pycoffer_handle_find_tensor(handle, error);
        if (status == COFFER_OK)
                *out = *handle->tensor;
        pycoffer_gil_give(&gil);
        return status;
}

static coffer_status copy_type_text(pycoffer_handle *handle, char **out, coffer_error *error)
{
        PyObject *text = PyObject_Str((PyObject *)Py_TYPE(handle->object));
        const char *utf8 = text ? PyUnicode_AsUTF8(text) : NULL;
        char *copy = utf8 ? coffer_strdup(utf8) : NULL;
        Py_XDECREF(text);
        if (!utf8)
                return pycoffer_keep_exception(handle->state, COFFER_SERIALIZER, error);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the name of a type");
        *out = copy;
        return COFFER_OK;
}

static coffer_status object_type_text(const coffer_object *object, char **out, coffer_error *error)
{
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, handle_of(object)->state))
                return coffer_error_set(error, COFFER_STATE, "the Python interpreter is going away");
        coffer_status status = copy_type_text(handle_of(object), out, error);
        pycoffer_gil_give(&gil);
        return status;
}

const coffer_object_type pycoffer_object_type = {
        .version = COFFER_OBJECT_TYPE_VERSION,
        .host = "python",
        .ref = object_ref,
        .unref = object_unref,
        .ancestors = object_ancestors,
        .view_bytes = object_view_bytes,
        .view_tensor = object_view_tensor,
        .type_text = object_type_text,
};
