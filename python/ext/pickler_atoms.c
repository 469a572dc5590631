/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and byte strings. */
#include <string.h>

#include "pickler.h"

enum { HEAD_BYTES = 2, BIG_HEAD_BYTES = 5, FLOAT_BYTES = 9, LARGE_BYTEARRAY_BYTES = 1 << 20 };

/* The low bytes of `value`, lowest first. Returns where they end. */
static uint8_t *put_number(uint8_t *to, uint64_t value, size_t size_bytes)
{
        for (size_t i = 0; i < size_bytes; i++)
                to[i] = (uint8_t)(value >> (8 * i));
        return to + size_bytes;
}

/* ---- int and float ---- */

/* How many bytes tell all of `value`, its sign included. */
static size_t least_bytes(int64_t value)
{
        size_t size_bytes = 1;
        while (size_bytes < sizeof(value) && value >> (8 * size_bytes - 1) != 0 && value >> (8 * size_bytes - 1) != -1)
                size_bytes++;
        return size_bytes;
}

static uint8_t *put_int(uint8_t *to, int64_t value)
{
        bool is_short = value >= 0 && value <= UINT16_MAX;
        if (value < INT32_MIN || value > INT32_MAX) {
                *to++ = COFFER_OP_LONG1;
                *to++ = (uint8_t)least_bytes(value);
                return put_number(to, (uint64_t)value, to[-1]);
        }
        *to++ = !is_short ? COFFER_OP_BININT : value <= UINT8_MAX ? COFFER_OP_BININT1 : COFFER_OP_BININT2;
        return put_number(to, (uint64_t)value, !is_short ? sizeof(int32_t) : value <= UINT8_MAX ? 1 : 2);
}

/* The bytes of an int of more than 64 bits, lowest first, as a bytes object. */
static PyObject *bytes_of_int(PyObject *object)
{
        PyObject *length = PyObject_CallMethod(object, "bit_length", NULL), *bytes = NULL;
        size_t size_bytes = length ? PyLong_AsSize_t(length) / 8 + 1 : 0;
        PyObject *method = length && !PyErr_Occurred() ? PyObject_GetAttrString(object, "to_bytes") : NULL;
        PyObject *arguments = method ? Py_BuildValue("(ns)", (Py_ssize_t)size_bytes, "little") : NULL;
        PyObject *keywords = arguments ? Py_BuildValue("{sO}", "signed", Py_True) : NULL;
        if (keywords)
                bytes = PyObject_Call(method, arguments, keywords);
        Py_XDECREF(keywords);
        Py_XDECREF(arguments);
        Py_XDECREF(method);
        Py_XDECREF(length);
        return bytes;
}

static bool save_big_int(pycoffer_pickler *self, PyObject *object)
{
        PyObject *bytes = bytes_of_int(object);
        if (!bytes)
                return false;
        const uint8_t *data = (const uint8_t *)PyBytes_AS_STRING(bytes);
        size_t size_bytes = (size_t)PyBytes_GET_SIZE(bytes);
        if (data[size_bytes - 1] == 0xff && data[size_bytes - 2] & 0x80)
                size_bytes--; /* the sign of a negative one is in the byte before */
        bool is_short = size_bytes <= UINT8_MAX;
        uint8_t *to = size_bytes <= INT32_MAX ? pycoffer_pickle_room(&self->out, BIG_HEAD_BYTES) : NULL;
        if (to) {
                *to++ = is_short ? COFFER_OP_LONG1 : COFFER_OP_LONG4;
                self->out.next = put_number(to, size_bytes, is_short ? sizeof(uint8_t) : sizeof(uint32_t));
        }
        bool is_written = to && pycoffer_pickle_copy(&self->out, data, size_bytes);
        Py_DECREF(bytes);
        return is_written;
}

bool pycoffer_pickler_save_int(pycoffer_pickler *self, PyObject *object)
{
        int overflow;
        long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
        if (overflow)
                return save_big_int(self, object);
        uint8_t *to = pycoffer_pickle_room(&self->out, HEAD_BYTES + sizeof(value));
        if (to)
                self->out.next = put_int(to, value); /* the rest of the room is for what comes next */
        return to != NULL;
}

bool pycoffer_pickler_save_float(pycoffer_pickler *self, PyObject *object)
{
        double value = PyFloat_AS_DOUBLE(object);
        uint64_t bits;
        memcpy(&bits, &value, sizeof(bits));
        uint8_t *to = pycoffer_pickle_room(&self->out, FLOAT_BYTES);
        if (!to)
                return false;
        *to++ = COFFER_OP_BINFLOAT;
        for (int shift = 56; shift >= 0; shift -= 8)
                *to++ = (uint8_t)(bits >> shift);
        return true;
}

/* ---- bytes ---- */

static uint8_t *put_bytes_head(uint8_t *to, size_t size_bytes)
{
        bool is_short = size_bytes <= UINT8_MAX, is_long = size_bytes > UINT32_MAX;
        *to++ = is_short ? COFFER_OP_SHORT_BINBYTES : is_long ? COFFER_OP_BINBYTES8 : COFFER_OP_BINBYTES;
        return put_number(to, size_bytes, is_short ? 1 : is_long ? sizeof(uint64_t) : sizeof(uint32_t));
}

bool pycoffer_pickler_refer_bytes(pycoffer_pickler *self, pycoffer_borrowed *memory)
{
        pycoffer_pickle_close_frame(&self->out);
        uint8_t *to = pycoffer_pickle_room_outside(&self->out, PYCOFFER_FRAME_HEAD_BYTES);
        if (!to) {
                pycoffer_borrowed_free(memory);
                return false;
        }
        self->out.next = put_bytes_head(to, pycoffer_borrowed_cursor(memory).size_bytes);
        return pycoffer_pickle_refer(&self->out, memory);
}

bool pycoffer_pickler_save_bytes(pycoffer_pickler *self, PyObject *object)
{
        size_t size_bytes = (size_t)PyBytes_GET_SIZE(object);
        if (size_bytes >= PYCOFFER_LARGE_BYTES) {
                pycoffer_borrowed *memory = pycoffer_borrow(self->state, object, PyBUF_SIMPLE);
                return memory && pycoffer_pickler_refer_bytes(self, memory) && pycoffer_pickler_memoize(self, object);
        }
        uint8_t *to = pycoffer_pickle_room(&self->out, PYCOFFER_FRAME_HEAD_BYTES + size_bytes);
        if (!to)
                return false;
        to = put_bytes_head(to, size_bytes);
        memcpy(to, PyBytes_AS_STRING(object), size_bytes);
        self->out.next = to + size_bytes;
        return pycoffer_pickler_memoize(self, object);
}

/* What a large bytearray reduces to, bytearray(bytes), without a copy as bytes. */
static bool refer_bytearray(pycoffer_pickler *self, PyObject *object)
{
        pycoffer_borrowed *memory = pycoffer_borrow(self->state, object, PyBUF_SIMPLE);
        if (!memory || !pycoffer_pickler_save(self, (PyObject *)&PyByteArray_Type)) {
                pycoffer_borrowed_free(memory);
                return false;
        }
        coffer_cursor contents = pycoffer_borrowed_cursor(memory);
        return pycoffer_pickler_refer_bytes(self, memory) && pycoffer_watch_add(&self->watch, contents) &&
               pycoffer_pickler_memoize(self, NULL) && pycoffer_pickler_op(self, COFFER_OP_TUPLE1) &&
               pycoffer_pickler_memoize(self, NULL) && pycoffer_pickler_op(self, COFFER_OP_REDUCE) &&
               pycoffer_pickler_memoize(self, object);
}

bool pycoffer_pickler_save_bytearray(pycoffer_pickler *self, PyObject *object)
{
        Py_ssize_t size_bytes = PyByteArray_GET_SIZE(object);
        if (size_bytes >= LARGE_BYTEARRAY_BYTES)
                return refer_bytearray(self, object);
        PyObject *bytes = size_bytes > 0 ? PyBytes_FromObject(object) : NULL;
        PyObject *reduction = NULL;
        if (bytes)
                reduction = Py_BuildValue("(O(N))", &PyByteArray_Type, bytes);
        else if (!PyErr_Occurred())
                reduction = Py_BuildValue("(O())", &PyByteArray_Type);
        bool is_written = reduction && pycoffer_pickler_write_reduction(self, object, reduction);
        Py_XDECREF(reduction);
        return is_written;
}
