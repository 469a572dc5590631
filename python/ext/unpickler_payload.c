/* SPDX-License-Identifier: Apache-2.0 */
#include "unpickler_payload.h"

#include <sys/mman.h>
#include <unistd.h>

#include "util/pages.h"

/* So much of a text is decoded at once. */
enum { PIECE_BYTES = 1 << 20 };

/* A kind of object that keeps its payload in one piece of memory. */
typedef struct payload_kind {
        PyObject *(*make)(Py_ssize_t size_bytes);
        char *(*memory)(PyObject *object);
        int (*resize)(PyObject **object, Py_ssize_t size_bytes); /* after failure *object may be NULL */
} payload_kind;

static PyObject *read_payload(pycoffer_input *input, size_t size_bytes, const payload_kind *kind)
{
        size_t allowed_bytes, done_bytes = 0;
        if (!pycoffer_input_foresee(input, size_bytes, &allowed_bytes))
                return NULL;
        PyObject *object = kind->make((Py_ssize_t)allowed_bytes);
        while (object && done_bytes < size_bytes) {
                char *memory = kind->memory(object);
                coffer_pages_expect_fill(memory, allowed_bytes);
                if (!pycoffer_input_read(input, memory + done_bytes, allowed_bytes - done_bytes)) {
                        Py_CLEAR(object);
                        break;
                }
                done_bytes = allowed_bytes;
                allowed_bytes = allowed_bytes > size_bytes / 2 ? size_bytes : 2 * allowed_bytes;
                if (done_bytes < size_bytes && kind->resize(&object, (Py_ssize_t)allowed_bytes) < 0)
                        Py_CLEAR(object);
        }
        return object;
}

/* ---- bytes ---- */

static PyObject *make_bytes(Py_ssize_t size_bytes)
{
        return PyBytes_FromStringAndSize(NULL, size_bytes);
}

static char *bytes_memory(PyObject *bytes)
{
        return PyBytes_AS_STRING(bytes);
}

PyObject *pycoffer_payload_bytes(pycoffer_input *input, size_t size_bytes)
{
        static const payload_kind kind = {make_bytes, bytes_memory, _PyBytes_Resize};
        return read_payload(input, size_bytes, &kind);
}

static PyObject *make_bytearray(Py_ssize_t size_bytes)
{
        return PyByteArray_FromStringAndSize(NULL, size_bytes);
}

static char *bytearray_memory(PyObject *bytearray)
{
        return PyByteArray_AS_STRING(bytearray);
}

static int resize_bytearray(PyObject **bytearray, Py_ssize_t size_bytes)
{
        return PyByteArray_Resize(*bytearray, size_bytes);
}

PyObject *pycoffer_payload_bytearray(pycoffer_input *input, size_t size_bytes)
{
        static const payload_kind kind = {make_bytearray, bytearray_memory, resize_bytearray};
        return read_payload(input, size_bytes, &kind);
}

/* ---- text ---- */

static PyObject *make_ascii(Py_ssize_t size_bytes)
{
        return PyUnicode_New(size_bytes, 0x7f);
}

static char *text_memory(PyObject *text)
{
        return PyUnicode_DATA(text);
}

static bool is_ascii(const uint8_t *bytes, size_t size_bytes)
{
        uint64_t word, all = 0;
        size_t i = 0;
        for (; size_bytes - i >= sizeof(word); i += sizeof(word)) {
                memcpy(&word, bytes + i, sizeof(word));
                all |= word;
        }
        for (; i < size_bytes; i++)
                all |= bytes[i];
        return (all & UINT64_C(0x8080808080808080)) == 0;
}

/* How many characters there are if it is UTF-8, and the highest that there may be of those with as wide a place. */
static void measure_utf8(const uint8_t *utf8, size_t size_bytes, size_t *count, Py_UCS4 *highest)
{
        uint8_t highest_byte = 0;
        *count = 0;
        for (size_t i = 0; i < size_bytes; i++) {
                *count += (utf8[i] & 0xc0) != 0x80;
                highest_byte = Py_MAX(highest_byte, utf8[i]);
        }
        *highest = highest_byte < 0xc4 ? 0xff : highest_byte < 0xf0 ? 0xffff : 0x10ffff;
}

/* As many bytes as make whole characters, `limit` at most where it is one. */
static size_t piece_length(const uint8_t *utf8, size_t size_bytes, size_t limit)
{
        size_t length = Py_MIN(size_bytes, limit);
        while (length < size_bytes && length > 0 && (utf8[length] & 0xc0) == 0x80)
                length--;
        return length > 0 ? length : size_bytes;
}

/* Gives whole pages back that are not needed any more. */
static void forget(uint8_t *memory, size_t size_bytes)
{
        uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)memory;
        uintptr_t skipped_bytes = -start % page_bytes;
        if (size_bytes > skipped_bytes)
                madvise(memory + skipped_bytes, (size_bytes - skipped_bytes) / page_bytes * page_bytes, MADV_DONTNEED);
}

static bool decode_piece(const uint8_t *utf8, size_t size_bytes, PyObject *text, size_t *done)
{
        PyObject *piece = PyUnicode_DecodeUTF8((const char *)utf8, (Py_ssize_t)size_bytes, "surrogatepass");
        Py_ssize_t count = piece ? PyUnicode_GET_LENGTH(piece) : 0;
        bool fits = piece && PyUnicode_CopyCharacters(text, (Py_ssize_t)*done, piece, 0, count) == count;
        Py_XDECREF(piece);
        *done += (size_t)count;
        return fits;
}

/* The text of UTF-8, whose memory is given back as it is decoded. */
static PyObject *decode_in_pieces(uint8_t *utf8, size_t size_bytes)
{
        size_t count, done = 0;
        Py_UCS4 highest;
        measure_utf8(utf8, size_bytes, &count, &highest);
        PyObject *text = PyUnicode_New((Py_ssize_t)count, highest);
        if (text)
                coffer_pages_expect_fill(PyUnicode_DATA(text), count * PyUnicode_KIND(text));
        while (text && size_bytes > 0) {
                size_t length = piece_length(utf8, size_bytes, PIECE_BYTES);
                if (!decode_piece(utf8, length, text, &done))
                        Py_CLEAR(text);
                forget(utf8, length);
                utf8 += length;
                size_bytes -= length;
        }
        return text;
}

PyObject *pycoffer_payload_text(pycoffer_input *input, size_t size_bytes)
{
        static const payload_kind kind = {make_ascii, text_memory, PyUnicode_Resize};
        PyObject *text = read_payload(input, size_bytes, &kind);
        if (!text || is_ascii(PyUnicode_DATA(text), size_bytes))
                return text;
        PyObject *decoded = decode_in_pieces(PyUnicode_DATA(text), size_bytes);
        Py_DECREF(text);
        return decoded;
}
