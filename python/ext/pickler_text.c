/* SPDX-License-Identifier: Apache-2.0 */
/* Texts, as UTF-8. Python would keep the UTF-8 of each text beside the text for as long as that lives; here it goes
 * straight into the pickle. */
#include <string.h>

#include "pickler.h"

enum { PIECE_CHARACTERS = 16 << 10, MOST_BYTES_A_CHARACTER = 4 };

typedef struct {
        int kind;
        const void *data;
        Py_ssize_t length;
} characters;

static size_t utf8_bytes(const characters *text)
{
        size_t size_bytes = 0;
        for (Py_ssize_t i = 0; i < text->length; i++) {
                Py_UCS4 character = PyUnicode_READ(text->kind, text->data, i);
                size_bytes += 1u + (character >= 0x80) + (character >= 0x800) + (character >= 0x10000);
        }
        return size_bytes;
}

/* Lone surrogates are written like any other character. Returns where it ends. */
static uint8_t *encode(uint8_t *to, const characters *text, Py_ssize_t begin, Py_ssize_t end)
{
        for (Py_ssize_t i = begin; i < end; i++) {
                Py_UCS4 character = PyUnicode_READ(text->kind, text->data, i);
                if (character < 0x80) {
                        *to++ = (uint8_t)character;
                        continue;
                }
                if (character < 0x800) {
                        *to++ = (uint8_t)(0xc0 | character >> 6);
                } else if (character < 0x10000) {
                        *to++ = (uint8_t)(0xe0 | character >> 12);
                        *to++ = (uint8_t)(0x80 | (character >> 6 & 0x3f));
                } else {
                        *to++ = (uint8_t)(0xf0 | character >> 18);
                        *to++ = (uint8_t)(0x80 | (character >> 12 & 0x3f));
                        *to++ = (uint8_t)(0x80 | (character >> 6 & 0x3f));
                }
                *to++ = (uint8_t)(0x80 | (character & 0x3f));
        }
        return to;
}

static uint8_t *put_head(uint8_t *to, size_t size_bytes)
{
        bool is_short = size_bytes <= UINT8_MAX, is_long = size_bytes > UINT32_MAX;
        size_t length_bytes = is_short ? 1 : is_long ? sizeof(uint64_t) : sizeof(uint32_t);
        *to++ = is_short ? COFFER_OP_SHORT_BINUNICODE : is_long ? COFFER_OP_BINUNICODE8 : COFFER_OP_BINUNICODE;
        for (size_t i = 0; i < length_bytes; i++)
                *to++ = (uint8_t)((uint64_t)size_bytes >> (8 * i));
        return to;
}

/* Outside of frames: its own memory, or piece by piece where that is not UTF-8. */
static bool save_large(pycoffer_pickler *self, PyObject *object, const characters *text, size_t size_bytes)
{
        pycoffer_pickle_close_frame(&self->out);
        uint8_t *to = pycoffer_pickle_room_outside(&self->out, PYCOFFER_FRAME_HEAD_BYTES);
        if (!to)
                return false;
        self->out.next = put_head(to, size_bytes);
        if (PyUnicode_IS_ASCII(object)) {
                pycoffer_borrowed *memory = pycoffer_borrow_text(self->state, object);
                return memory && pycoffer_pickle_refer(&self->out, memory);
        }
        for (Py_ssize_t begin = 0, end; begin < text->length; begin = end) {
                end = text->length - begin < PIECE_CHARACTERS ? text->length : begin + PIECE_CHARACTERS;
                size_t most_bytes = (size_t)(end - begin) * MOST_BYTES_A_CHARACTER;
                to = pycoffer_pickle_room_outside(&self->out, most_bytes);
                if (!to)
                        return false;
                self->out.next = encode(to, text, begin, end);
        }
        return true;
}

bool pycoffer_pickler_save_text(pycoffer_pickler *self, PyObject *object)
{
#if PY_VERSION_HEX < 0x030C0000
        if (PyUnicode_READY(object) < 0)
                return false;
#endif
        characters text = {PyUnicode_KIND(object), PyUnicode_DATA(object), PyUnicode_GET_LENGTH(object)};
        bool is_ascii = PyUnicode_IS_ASCII(object);
        size_t size_bytes = is_ascii ? (size_t)text.length : utf8_bytes(&text);
        if (size_bytes >= PYCOFFER_LARGE_BYTES)
                return save_large(self, object, &text, size_bytes) && pycoffer_pickler_memoize(self, object);
        uint8_t *to = pycoffer_pickle_room(&self->out, PYCOFFER_FRAME_HEAD_BYTES + size_bytes);
        if (!to)
                return false;
        to = put_head(to, size_bytes);
        if (is_ascii)
                memcpy(to, text.data, size_bytes);
        else
                encode(to, &text, 0, text.length);
        self->out.next = to + size_bytes;
        return pycoffer_pickler_memoize(self, object);
}
