/* SPDX-License-Identifier: Apache-2.0 */
/* Constants and numbers, and what a pickle says of itself. */
#include <errno.h>

#include "unpickler_machine.h"

/* ---- of itself ---- */

bool pycoffer_unpickle_PROTO(pycoffer_unpickler *self)
{
        uint64_t protocol;
        if (!pycoffer_input_number(&self->input, 1, &protocol))
                return false;
        if (protocol > COFFER_PICKLE_MAX_PROTOCOL) {
                PyErr_Format(PyExc_ValueError, "unsupported pickle protocol: %d", (int)protocol);
                return false;
        }
        self->protocol = (int)protocol;
        return true;
}

bool pycoffer_unpickle_FRAME(pycoffer_unpickler *self)
{
        uint64_t size_bytes;
        if (!pycoffer_input_number(&self->input, 8, &size_bytes))
                return false;
        if (size_bytes > PY_SSIZE_T_MAX) {
                PyErr_Format(PyExc_OverflowError, "FRAME length exceeds system's maximum of %zd bytes",
                             (Py_ssize_t)PY_SSIZE_T_MAX);
                return false;
        }
        return pycoffer_input_begin_frame(&self->input, size_bytes);
}

/* ---- constants ---- */

bool pycoffer_unpickle_NONE(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_push(self, Py_NewRef(Py_None));
}

bool pycoffer_unpickle_NEWTRUE(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_push(self, Py_NewRef(Py_True));
}

bool pycoffer_unpickle_NEWFALSE(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_push(self, Py_NewRef(Py_False));
}

/* ---- numbers as bytes ---- */

static bool push_unsigned(pycoffer_unpickler *self, size_t size_bytes)
{
        uint64_t number;
        return pycoffer_input_number(&self->input, size_bytes, &number) &&
               pycoffer_unpickler_push(self, PyLong_FromLong((long)number));
}

bool pycoffer_unpickle_BININT1(pycoffer_unpickler *self)
{
        return push_unsigned(self, 1);
}

bool pycoffer_unpickle_BININT2(pycoffer_unpickler *self)
{
        return push_unsigned(self, 2);
}

bool pycoffer_unpickle_BININT(pycoffer_unpickler *self)
{
        uint64_t number;
        return pycoffer_input_number(&self->input, 4, &number) &&
               pycoffer_unpickler_push(self, PyLong_FromLong((int32_t)(uint32_t)number));
}

static PyObject *long_from_bytes(const uint8_t *bytes, size_t size_bytes)
{
#if PY_VERSION_HEX >= 0x030D0000
        return PyLong_FromNativeBytes(bytes, size_bytes, Py_ASNATIVEBYTES_LITTLE_ENDIAN);
#else
        return _PyLong_FromByteArray(bytes, size_bytes, 1, 1);
#endif
}

static bool push_long(pycoffer_unpickler *self, size_t size_bytes)
{
        const uint8_t *bytes = pycoffer_input_take(&self->input, size_bytes);
        return bytes &&
               pycoffer_unpickler_push(self, size_bytes ? long_from_bytes(bytes, size_bytes) : PyLong_FromLong(0));
}

bool pycoffer_unpickle_LONG1(pycoffer_unpickler *self)
{
        uint64_t size_bytes;
        return pycoffer_input_number(&self->input, 1, &size_bytes) && push_long(self, (size_t)size_bytes);
}

bool pycoffer_unpickle_LONG4(pycoffer_unpickler *self)
{
        uint64_t size_bytes;
        if (!pycoffer_input_number(&self->input, 4, &size_bytes))
                return false;
        if (size_bytes > INT32_MAX)
                return pycoffer_unpickler_refuse(self, "LONG pickle has negative byte count");
        return push_long(self, (size_t)size_bytes);
}

bool pycoffer_unpickle_BINFLOAT(pycoffer_unpickler *self)
{
        const uint8_t *bytes = pycoffer_input_take(&self->input, 8);
        uint64_t bits = 0;
        double number;
        if (!bytes)
                return false;
        for (int i = 0; i < 8; i++)
                bits = bits << 8 | bytes[i];
        memcpy(&number, &bits, sizeof(number));
        return pycoffer_unpickler_push(self, PyFloat_FromDouble(number));
}

/* ---- numbers as text ---- */

char *pycoffer_unpickler_line(pycoffer_unpickler *self, size_t least_bytes, size_t *length)
{
        coffer_cursor line;
        if (!pycoffer_input_line(&self->input, &line))
                return NULL;
        if (line.size_bytes < least_bytes) {
                pycoffer_input_truncated(&self->input);
                return NULL;
        }
        char *text = PyMem_Malloc(line.size_bytes + 1);
        if (!text)
                return (char *)PyErr_NoMemory();
        memcpy(text, line.data, line.size_bytes);
        text[line.size_bytes] = '\0';
        *length = line.size_bytes;
        return text;
}

/* The two numbers with two digits that begin with a zero are the truth values of protocol 1. */
static PyObject *int_from_line(const char *line, size_t length)
{
        char *end;
        errno = 0;
        long number = strtol(line, &end, 0);
        if (errno == 0 && (*end == '\n' || *end == '\0')) {
                bool is_truth_value = length == 3 && (number == 0 || number == 1);
                return is_truth_value ? PyBool_FromLong(number) : PyLong_FromLong(number);
        }
        PyObject *large = PyLong_FromString(line, NULL, 0);
        if (!large)
                PyErr_SetString(PyExc_ValueError, "could not convert string to int");
        return large;
}

bool pycoffer_unpickle_INT(pycoffer_unpickler *self)
{
        size_t length;
        char *line = pycoffer_unpickler_line(self, 2, &length);
        bool done = line && pycoffer_unpickler_push(self, int_from_line(line, length));
        PyMem_Free(line);
        return done;
}

bool pycoffer_unpickle_LONG(pycoffer_unpickler *self)
{
        size_t length;
        char *line = pycoffer_unpickler_line(self, 2, &length);
        if (!line)
                return false;
        if (line[length - 2] == 'L')
                line[length - 2] = '\0';
        bool done = pycoffer_unpickler_push(self, PyLong_FromString(line, NULL, 0));
        PyMem_Free(line);
        return done;
}

bool pycoffer_unpickle_FLOAT(pycoffer_unpickler *self)
{
        size_t length;
        char *line = pycoffer_unpickler_line(self, 2, &length), *end = NULL;
        double number = line ? PyOS_string_to_double(line, &end, PyExc_OverflowError) : 0;
        bool is_number = line && !(number == -1.0 && PyErr_Occurred());
        if (is_number && *end != '\n' && *end != '\0') {
                PyErr_SetString(PyExc_ValueError, "could not convert string to float");
                is_number = false;
        }
        PyMem_Free(line);
        return is_number && pycoffer_unpickler_push(self, PyFloat_FromDouble(number));
}
