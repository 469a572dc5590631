/* SPDX-License-Identifier: Apache-2.0 */
/* What a Python object offers as a tensor: NumPy's array interface, the buffer protocol, or DLPack. */
#include "object.h"

#include "call.h"

/* ---- element types, from text ---- */

/* `literal` as in .npy headers. */
static bool parse_dtype(pycoffer_handle *handle, const char *literal, coffer_dtype *out)
{
        coffer_cursor text = {(const uint8_t *)literal, strlen(literal)};
        return coffer_document_new(&handle->dtype_document, NULL) == COFFER_OK &&
               coffer_dtype_parse(handle->dtype_document, text, out, NULL) == COFFER_OK;
}

/* "<V2" in the type string: an element type that NumPy does not know itself and tells as bytes. Taken as bytes it would
 * come back as another type. */
static bool is_disguised(const char *typestr)
{
        return typestr[0] != '|' && typestr[0] != '\0' && typestr[1] == 'V';
}

/* ---- NumPy's array interface (https://numpy.org/doc/stable/reference/arrays.interface.html) ---- */

static bool read_interface_dtype(pycoffer_handle *handle, PyObject *interface, coffer_dtype *out)
{
        PyObject *typestr = PyDict_GetItemString(interface, "typestr");
        const char *simple = typestr && PyUnicode_Check(typestr) ? PyUnicode_AsUTF8(typestr) : NULL;
        if (!simple || is_disguised(simple) || strchr(simple, 'O'))
                return false;
        PyObject *description = strchr(simple, 'V') ? PyDict_GetItemString(interface, "descr") : NULL;
        bool has_fields = description && PyList_Check(description) && PyList_GET_SIZE(description) > 1;
        PyObject *literal = PyObject_Repr(has_fields ? description : typestr);
        const char *text = literal ? PyUnicode_AsUTF8(literal) : NULL;
        bool done = text && parse_dtype(handle, text, out);
        Py_XDECREF(literal);
        return done;
}

static bool read_sizes(PyObject *tuple, size_t count, int64_t *out)
{
        if (!PyTuple_Check(tuple) || (size_t)PyTuple_GET_SIZE(tuple) != count)
                return false;
        for (size_t i = 0; i < count; i++) {
                out[i] = PyLong_AsLongLong(PyTuple_GET_ITEM(tuple, (Py_ssize_t)i));
                if (out[i] == -1 && PyErr_Occurred())
                        return false;
        }
        return true;
}

/* C order when no strides are given. False on overflow. */
static bool fill_strides(coffer_tensor *tensor)
{
        int64_t stride = (int64_t)tensor->dtype.item_size_bytes;
        for (size_t i = tensor->dims; i-- > 0;) {
                tensor->strides_bytes[i] = stride;
                if (__builtin_mul_overflow(stride, (int64_t)(tensor->shape[i] ? tensor->shape[i] : 1), &stride))
                        return false;
        }
        return true;
}

static bool read_interface_shape(PyObject *interface, coffer_tensor *tensor)
{
        PyObject *shape = PyDict_GetItemString(interface, "shape");
        PyObject *strides = PyDict_GetItemString(interface, "strides");
        if (!shape || !PyTuple_Check(shape) || PyTuple_GET_SIZE(shape) > COFFER_TENSOR_MAX_DIMS)
                return false;
        int64_t lengths[COFFER_TENSOR_MAX_DIMS];
        tensor->dims = (size_t)PyTuple_GET_SIZE(shape);
        if (!read_sizes(shape, tensor->dims, lengths))
                return false;
        for (size_t i = 0; i < tensor->dims; i++) {
                if (lengths[i] < 0)
                        return false;
                tensor->shape[i] = (uint64_t)lengths[i];
        }
        if (strides && strides != Py_None)
                return read_sizes(strides, tensor->dims, tensor->strides_bytes);
        return fill_strides(tensor);
}

static bool read_interface_data(PyObject *interface, coffer_tensor *tensor)
{
        PyObject *data = PyDict_GetItemString(interface, "data");
        if (!data || !PyTuple_Check(data) || PyTuple_GET_SIZE(data) != 2)
                return false; /* memory of another object, which the interface alone would keep */
        void *address = PyLong_AsVoidPtr(PyTuple_GET_ITEM(data, 0));
        if (PyErr_Occurred())
                return false;
        tensor->data = address;
        tensor->read_only = PyObject_IsTrue(PyTuple_GET_ITEM(data, 1)) == 1;
        return true;
}

static bool take_interface(pycoffer_handle *handle, coffer_tensor *tensor)
{
        if (!PyObject_HasAttrString((PyObject *)Py_TYPE(handle->object), "__array_interface__"))
                return false;
        PyObject *interface = PyObject_GetAttrString(handle->object, "__array_interface__");
        bool is_taken = interface && PyDict_Check(interface) &&
                        read_interface_dtype(handle, interface, &tensor->dtype) &&
                        read_interface_shape(interface, tensor) && read_interface_data(interface, tensor);
        Py_XDECREF(interface);
        return is_taken;
}

/* ---- the buffer protocol ---- */

static char kind_of_code(const char *code)
{
        static const struct {
                const char *codes;
                char kind;
        } kinds[] = {{"?", 'b'}, {"bhilqn", 'i'}, {"BHILQN", 'u'}, {"efdg", 'f'}, {"c", 'S'}};
        if (code[0] == 'Z' && code[1] != '\0' && code[2] == '\0')
                return 'c';
        if (code[0] == '\0' || code[1] != '\0')
                return '\0';
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                if (strchr(kinds[i].codes, code[0]))
                        return kinds[i].kind;
        return '\0';
}

static bool read_format(const Py_buffer *buffer, coffer_dtype *out)
{
        const char *code = buffer->format ? buffer->format : "B";
        char order = PY_LITTLE_ENDIAN ? '<' : '>';
        if (strchr("@=<>!", code[0]) && code[0] != '\0') {
                order = code[0] == '<' ? '<' : code[0] == '>' || code[0] == '!' ? '>' : order;
                code++;
        }
        char kind = kind_of_code(code);
        if (!kind)
                return false;
        *out = (coffer_dtype){.kind = kind,
                              .byte_order = buffer->itemsize == 1 ? '|' : order,
                              .item_size_bytes = (uint64_t)buffer->itemsize};
        return true;
}

static bool take_buffer(pycoffer_handle *handle, coffer_tensor *tensor)
{
        if (!handle->buffer.obj && (!PyObject_CheckBuffer(handle->object) ||
                                    PyObject_GetBuffer(handle->object, &handle->buffer, PyBUF_FULL_RO) < 0))
                return false;
        const Py_buffer *buffer = &handle->buffer;
        if (buffer->suboffsets || buffer->ndim > COFFER_TENSOR_MAX_DIMS || !read_format(buffer, &tensor->dtype))
                return false;
        tensor->dims = (size_t)buffer->ndim;
        tensor->data = buffer->buf;
        tensor->read_only = buffer->readonly;
        if (tensor->dims > 0 && !buffer->shape)
                return false;
        for (size_t i = 0; i < tensor->dims; i++)
                tensor->shape[i] = (uint64_t)buffer->shape[i];
        if (!buffer->strides) /* ctypes gives none even when asked to */
                return fill_strides(tensor);
        for (size_t i = 0; i < tensor->dims; i++)
                tensor->strides_bytes[i] = buffer->strides[i];
        return true;
}

/* ---- any of them ---- */

static bool set_available(coffer_tensor *tensor)
{
        uint64_t count;
        return coffer_tensor_count(tensor, &count) && (tensor->data || count == 0) &&
               !__builtin_mul_overflow(count, tensor->dtype.item_size_bytes, &tensor->available_bytes);
}

/* What an object does not offer may have raised, which is nobody's business. */
static bool passes(bool is_taken)
{
        PyErr_Clear();
        return is_taken;
}

coffer_status pycoffer_handle_find_tensor(pycoffer_handle *handle, coffer_error *error)
{
        coffer_tensor *tensor = PyMem_Calloc(1, sizeof(*tensor));
        if (!tensor)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the view of an array");
        bool is_found = passes(take_interface(handle, tensor)) || passes(take_buffer(handle, tensor)) ||
                        passes(pycoffer_dlpack_take(handle->object, &handle->dlpack, tensor) == COFFER_OK);
        if (!is_found || !set_available(tensor)) {
                PyMem_Free(tensor);
                return COFFER_DECLINED;
        }
        handle->tensor = tensor;
        return COFFER_OK;
}
