/* SPDX-License-Identifier: Apache-2.0 */
#include "scalar.h"

#include "text.h"

static PyObject *make_int(const coffer_value *value)
{
        int64_t small;
        if (coffer_value_get_int(value, &small))
                return PyLong_FromLongLong(small);
        uint8_t scratch[8];
        coffer_cursor digits = coffer_value_int_digits(value, scratch);
#if PY_VERSION_HEX >= 0x030D0000
        return PyLong_FromNativeBytes(digits.data, digits.size_bytes, Py_ASNATIVEBYTES_LITTLE_ENDIAN);
#else
        return _PyLong_FromByteArray(digits.data, digits.size_bytes, 1, 1);
#endif
}

PyObject *pycoffer_scalar(const coffer_value *value)
{
        coffer_cursor data = coffer_value_data(value);
        switch (coffer_value_kind(value)) {
        case COFFER_KIND_NONE:
                return Py_NewRef(Py_None);
        case COFFER_KIND_BOOL:
                return PyBool_FromLong(coffer_value_get_bool(value));
        case COFFER_KIND_INT:
                return make_int(value);
        case COFFER_KIND_FLOAT:
                return PyFloat_FromDouble(coffer_value_get_float(value));
        case COFFER_KIND_COMPLEX:
                return PyComplex_FromDoubles(coffer_value_get_float(value), coffer_value_get_imaginary(value));
        case COFFER_KIND_STR:
                return pycoffer_text(data);
        case COFFER_KIND_BYTES:
                return PyBytes_FromStringAndSize((const char *)data.data, (Py_ssize_t)data.size_bytes);
        case COFFER_KIND_BYTEARRAY:
                return PyByteArray_FromStringAndSize((const char *)data.data, (Py_ssize_t)data.size_bytes);
        default:
                PyErr_SetString(PyExc_SystemError, "a value of a kind that this module does not know");
                return NULL;
        }
}

bool pycoffer_scalar_is_unshared(const coffer_value *value)
{
        switch (coffer_value_kind(value)) {
        case COFFER_KIND_NONE:
        case COFFER_KIND_BOOL:
        case COFFER_KIND_INT:
        case COFFER_KIND_FLOAT:
                return true;
        default:
                return false;
        }
}
