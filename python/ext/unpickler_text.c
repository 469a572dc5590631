/* SPDX-License-Identifier: Apache-2.0 */
/* Text and bytes. */
#include "unpickler_machine.h"
#include "unpickler_payload.h"

static const char surrogates[] = "surrogatepass";

/* The length of a payload; false with OverflowError when none can be so long. */
static bool read_length(pycoffer_unpickler *self, size_t length_bytes, const char *opcode, size_t *size_bytes)
{
        uint64_t number;
        if (!pycoffer_input_number(&self->input, length_bytes, &number))
                return false;
        if (number > PY_SSIZE_T_MAX) {
                PyErr_Format(PyExc_OverflowError, "%s exceeds system's maximum size of %zd bytes", opcode,
                             (Py_ssize_t)PY_SSIZE_T_MAX);
                return false;
        }
        *size_bytes = (size_t)number;
        return true;
}

/* ---- bytes ---- */

static bool push_bytes(pycoffer_unpickler *self, size_t length_bytes)
{
        size_t size_bytes;
        if (!read_length(self, length_bytes, "BINBYTES", &size_bytes))
                return false;
        if (size_bytes > PYCOFFER_PAYLOAD_LARGE)
                return pycoffer_unpickler_push(self, pycoffer_payload_bytes(&self->input, size_bytes));
        const uint8_t *bytes = pycoffer_input_take(&self->input, size_bytes);
        return bytes &&
               pycoffer_unpickler_push(self, PyBytes_FromStringAndSize((const char *)bytes, (Py_ssize_t)size_bytes));
}

bool pycoffer_unpickle_SHORT_BINBYTES(pycoffer_unpickler *self)
{
        return push_bytes(self, 1);
}

bool pycoffer_unpickle_BINBYTES(pycoffer_unpickler *self)
{
        return push_bytes(self, 4);
}

bool pycoffer_unpickle_BINBYTES8(pycoffer_unpickler *self)
{
        return push_bytes(self, 8);
}

bool pycoffer_unpickle_BYTEARRAY8(pycoffer_unpickler *self)
{
        size_t size_bytes;
        return read_length(self, 8, "BYTEARRAY8", &size_bytes) &&
               pycoffer_unpickler_push(self, pycoffer_payload_bytearray(&self->input, size_bytes));
}

/* ---- text ---- */

static bool push_text(pycoffer_unpickler *self, size_t length_bytes)
{
        size_t size_bytes;
        if (!read_length(self, length_bytes, "BINUNICODE", &size_bytes))
                return false;
        if (size_bytes > PYCOFFER_PAYLOAD_LARGE && self->input.stream)
                return pycoffer_unpickler_push(self, pycoffer_payload_text(&self->input, size_bytes));
        const uint8_t *utf8 = pycoffer_input_take(&self->input, size_bytes);
        return utf8 && pycoffer_unpickler_push(
                               self, PyUnicode_DecodeUTF8((const char *)utf8, (Py_ssize_t)size_bytes, surrogates));
}

bool pycoffer_unpickle_SHORT_BINUNICODE(pycoffer_unpickler *self)
{
        return push_text(self, 1);
}

bool pycoffer_unpickle_BINUNICODE(pycoffer_unpickler *self)
{
        return push_text(self, 4);
}

bool pycoffer_unpickle_BINUNICODE8(pycoffer_unpickler *self)
{
        return push_text(self, 8);
}

bool pycoffer_unpickle_UNICODE(pycoffer_unpickler *self)
{
        coffer_cursor line;
        return pycoffer_input_line(&self->input, &line) &&
               pycoffer_unpickler_push(self, PyUnicode_DecodeRawUnicodeEscape((const char *)line.data,
                                                                              (Py_ssize_t)line.size_bytes - 1, NULL));
}

/* ---- strings of Python 2: text in ASCII ---- */

static bool push_string(pycoffer_unpickler *self, size_t length_bytes)
{
        uint64_t size_bytes;
        if (!pycoffer_input_number(&self->input, length_bytes, &size_bytes))
                return false;
        const uint8_t *ascii = pycoffer_input_take(&self->input, (size_t)size_bytes);
        return ascii && pycoffer_unpickler_push(
                                self, PyUnicode_DecodeASCII((const char *)ascii, (Py_ssize_t)size_bytes, "strict"));
}

bool pycoffer_unpickle_SHORT_BINSTRING(pycoffer_unpickler *self)
{
        return push_string(self, 1);
}

bool pycoffer_unpickle_BINSTRING(pycoffer_unpickler *self)
{
        return push_string(self, 4);
}

static bool is_quoted(coffer_cursor text)
{
        if (text.size_bytes < 2)
                return false;
        uint8_t first = text.data[0], last = text.data[text.size_bytes - 1];
        return first == last && (first == '\'' || first == '"');
}

bool pycoffer_unpickle_STRING(pycoffer_unpickler *self)
{
        coffer_cursor line;
        if (!pycoffer_input_line(&self->input, &line))
                return false;
        line.size_bytes--;
        if (!is_quoted(line))
                return pycoffer_unpickler_refuse(self, "the STRING opcode argument must be quoted");
        PyObject *bytes =
                PyBytes_DecodeEscape((const char *)line.data + 1, (Py_ssize_t)line.size_bytes - 2, NULL, 0, NULL);
        PyObject *text =
                bytes ? PyUnicode_DecodeASCII(PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes), "strict") : NULL;
        Py_XDECREF(bytes);
        return pycoffer_unpickler_push(self, text);
}
