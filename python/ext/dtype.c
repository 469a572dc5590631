/* SPDX-License-Identifier: Apache-2.0 */
/* Element types in the two languages that Python has for them: NumPy's descriptions and the buffer protocol's formats.
 */
#include "tensor.h"

/* ---- NumPy's ---- */

static PyObject *describe_simple(const coffer_dtype *dtype)
{
        unsigned long long size = dtype->item_size_bytes;
        if (dtype->kind == 'U')
                size /= 4; /* characters */
        if (dtype->datetime_unit && strcmp(dtype->datetime_unit, "generic") != 0)
                return PyUnicode_FromFormat("%c%c%llu[%s]", dtype->byte_order, dtype->kind, size, dtype->datetime_unit);
        return PyUnicode_FromFormat("%c%c%llu", dtype->byte_order, dtype->kind, size);
}

static PyObject *describe_subarray(const coffer_dtype *dtype)
{
        PyObject *shape = PyTuple_New((Py_ssize_t)dtype->subshape_dims);
        for (size_t i = 0; shape && i < dtype->subshape_dims; i++) {
                PyObject *length = PyLong_FromUnsignedLongLong(dtype->subshape[i]);
                if (length)
                        PyTuple_SET_ITEM(shape, (Py_ssize_t)i, length);
                else
                        Py_CLEAR(shape);
        }
        PyObject *element = shape ? pycoffer_dtype_describe(dtype->base) : NULL;
        PyObject *description = element ? PyTuple_Pack(2, element, shape) : NULL;
        Py_XDECREF(element);
        Py_XDECREF(shape);
        return description;
}

static PyObject *field_name(const coffer_dtype_field *field)
{
        return PyUnicode_FromString(field->name);
}

static PyObject *field_format(const coffer_dtype_field *field)
{
        return pycoffer_dtype_describe(field->dtype);
}

static PyObject *field_offset(const coffer_dtype_field *field)
{
        return PyLong_FromUnsignedLongLong(field->offset_bytes);
}

static PyObject *field_title(const coffer_dtype_field *field)
{
        return field->title ? PyUnicode_FromString(field->title) : Py_NewRef(Py_None);
}

static const struct {
        const char *key;
        PyObject *(*of)(const coffer_dtype_field *field);
} field_parts[] = {
        {"names", field_name},
        {"formats", field_format},
        {"offsets", field_offset},
        {"titles", field_title},
};

static PyObject *list_fields(const coffer_dtype *dtype, PyObject *(*of)(const coffer_dtype_field *field))
{
        PyObject *list = PyList_New((Py_ssize_t)dtype->field_count);
        for (size_t i = 0; list && i < dtype->field_count; i++) {
                PyObject *part = of(&dtype->fields[i]);
                if (part)
                        PyList_SET_ITEM(list, (Py_ssize_t)i, part);
                else
                        Py_CLEAR(list);
        }
        return list;
}

static PyObject *describe_fields(const coffer_dtype *dtype)
{
        PyObject *description = Py_BuildValue("{sKsO}", "itemsize", (unsigned long long)dtype->item_size_bytes,
                                              "aligned", dtype->aligned ? Py_True : Py_False);
        for (size_t i = 0; description && i < sizeof(field_parts) / sizeof(field_parts[0]); i++) {
                PyObject *list = list_fields(dtype, field_parts[i].of);
                if (!list || PyDict_SetItemString(description, field_parts[i].key, list) < 0)
                        Py_CLEAR(description);
                Py_XDECREF(list);
        }
        return description;
}

PyObject *pycoffer_dtype_describe(const coffer_dtype *dtype)
{
        if (Py_EnterRecursiveCall(" while describing an element type"))
                return NULL;
        PyObject *description = dtype->base          ? describe_subarray(dtype)
                                : dtype->field_count ? describe_fields(dtype)
                                                     : describe_simple(dtype);
        Py_LeaveRecursiveCall();
        return description;
}

/* ---- the buffer protocol's ---- */

static const struct {
        char kind;
        uint64_t item_size_bytes;
        const char *code;
} codes[] = {
        {'b', 1, "?"}, {'i', 1, "b"}, {'i', 2, "h"}, {'i', 4, "i"}, {'i', 8, "q"}, {'u', 1, "B"},  {'u', 2, "H"},
        {'u', 4, "I"}, {'u', 8, "Q"}, {'f', 2, "e"}, {'f', 4, "f"}, {'f', 8, "d"}, {'c', 8, "Zf"}, {'c', 16, "Zd"},
};

static const char *code_of(const coffer_dtype *dtype)
{
        for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
                if (codes[i].kind == dtype->kind && codes[i].item_size_bytes == dtype->item_size_bytes)
                        return codes[i].code;
        return NULL;
}

char *pycoffer_dtype_format(const coffer_dtype *dtype)
{
        enum { FORMAT_BYTES = 32 };
        char *format = PyMem_Malloc(FORMAT_BYTES);
        if (!format) {
                PyErr_NoMemory();
                return NULL;
        }
        /* Without a sign for the byte order it is this machine's, which memoryview can index. */
        const char *order = dtype->byte_order == (PY_LITTLE_ENDIAN ? '>' : '<') ? (PY_LITTLE_ENDIAN ? ">" : "<") : "";
        const char *code = code_of(dtype);
        if (code)
                PyOS_snprintf(format, FORMAT_BYTES, "%s%s", order, code);
        else if (dtype->kind == 'S')
                PyOS_snprintf(format, FORMAT_BYTES, "%llus", (unsigned long long)dtype->item_size_bytes);
        else if (dtype->kind == 'U')
                PyOS_snprintf(format, FORMAT_BYTES, "%s%lluw", order, (unsigned long long)dtype->item_size_bytes / 4);
        else {
                PyMem_Free(format);
                PyErr_Format(PyExc_BufferError, "elements of kind '%c' have no format in the buffer protocol",
                             dtype->kind);
                return NULL;
        }
        return format;
}
