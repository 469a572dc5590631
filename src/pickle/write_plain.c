/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are written at once: numbers, texts, globals. */
#include <inttypes.h>

#include "pickle/opcodes.h"
#include "pickle/python2_names.h"
#include "pickle/writer.h"

enum { MAX_HEAD_BYTES = 9, MAX_SHOWN_BYTES = 200 };

/* An opcode and a little-endian number of `width` bytes. */
static size_t make_head(uint8_t head[MAX_HEAD_BYTES], uint8_t opcode, uint64_t number, size_t width)
{
        head[0] = opcode;
        for (size_t i = 0; i < width; i++)
                head[1 + i] = (uint8_t)(number >> 8 * i);
        return 1 + width;
}

static coffer_status write_number(coffer_pickle_writer *writer, uint8_t opcode, uint64_t number, size_t width)
{
        uint8_t head[MAX_HEAD_BYTES];
        return coffer_output_write(&writer->output, head, make_head(head, opcode, number, width));
}

/* ---- memo ---- */

coffer_status coffer_writer_put(coffer_pickle_writer *writer, coffer_memo_key key)
{
        uint32_t slot = writer->slots;
        if (slot == UINT32_MAX)
                return coffer_error_set(writer->error, COFFER_LIMIT, "more values than a pickle's memo can hold");
        COFFER_TRY(coffer_memo_add(&writer->memo, key, slot, writer->error));
        writer->slots++;
        if (writer->protocol >= 4)
                return coffer_output_byte(&writer->output, COFFER_OP_MEMOIZE);
        return slot <= UINT8_MAX ? write_number(writer, COFFER_OP_BINPUT, slot, 1)
                                 : write_number(writer, COFFER_OP_LONG_BINPUT, slot, 4);
}

coffer_status coffer_writer_get(coffer_pickle_writer *writer, uint32_t slot)
{
        return slot <= UINT8_MAX ? write_number(writer, COFFER_OP_BINGET, slot, 1)
                                 : write_number(writer, COFFER_OP_LONG_BINGET, slot, 4);
}

/* ---- numbers ---- */

static coffer_status write_small_int(coffer_pickle_writer *writer, int64_t number)
{
        if (number >= 0 && number <= UINT8_MAX)
                return write_number(writer, COFFER_OP_BININT1, (uint64_t)number, 1);
        if (number >= 0 && number <= UINT16_MAX)
                return write_number(writer, COFFER_OP_BININT2, (uint64_t)number, 2);
        return write_number(writer, COFFER_OP_BININT, (uint64_t)number, 4);
}

coffer_status coffer_writer_int(coffer_pickle_writer *writer, const coffer_value *value)
{
        int64_t number;
        uint8_t scratch[8];
        if (coffer_value_get_int(value, &number) && number >= INT32_MIN && number <= INT32_MAX)
                return write_small_int(writer, number);
        coffer_cursor digits = coffer_value_int_digits(value, scratch);
        if (digits.size_bytes > INT32_MAX)
                return coffer_error_set(writer->error, COFFER_UNSUPPORTED, "an int of %zu bytes can't be pickled",
                                        digits.size_bytes);
        if (digits.size_bytes <= UINT8_MAX)
                COFFER_TRY(write_number(writer, COFFER_OP_LONG1, digits.size_bytes, 1));
        else
                COFFER_TRY(write_number(writer, COFFER_OP_LONG4, digits.size_bytes, 4));
        return coffer_output_write(&writer->output, digits.data, digits.size_bytes);
}

coffer_status coffer_writer_float(coffer_pickle_writer *writer, const coffer_value *value)
{
        uint64_t bits;
        memcpy(&bits, &value->real, sizeof(bits));
        return write_number(writer, COFFER_OP_BINFLOAT, __builtin_bswap64(bits), 8);
}

/* ---- texts ---- */

/* The opcodes for lengths of 1, 4 and 8 bytes; 0: the protocol has none. */
typedef struct text_opcodes {
        uint8_t of_1, of_4, of_8;
} text_opcodes;

static text_opcodes opcodes_of(const coffer_pickle_writer *writer, coffer_kind kind)
{
        if (kind != COFFER_KIND_STR)
                return (text_opcodes){COFFER_OP_SHORT_BINBYTES, COFFER_OP_BINBYTES, COFFER_OP_BINBYTES8};
        if (writer->protocol < 4)
                return (text_opcodes){0, COFFER_OP_BINUNICODE, 0};
        return (text_opcodes){COFFER_OP_SHORT_BINUNICODE, COFFER_OP_BINUNICODE, COFFER_OP_BINUNICODE8};
}

static coffer_status write_text(coffer_pickle_writer *writer, coffer_kind kind, coffer_cursor text)
{
        uint8_t head[MAX_HEAD_BYTES];
        text_opcodes opcodes = opcodes_of(writer, kind);
        size_t head_bytes;

        if (opcodes.of_1 && text.size_bytes <= UINT8_MAX)
                head_bytes = make_head(head, opcodes.of_1, text.size_bytes, 1);
        else if (text.size_bytes <= UINT32_MAX)
                head_bytes = make_head(head, opcodes.of_4, text.size_bytes, 4);
        else if (opcodes.of_8)
                head_bytes = make_head(head, opcodes.of_8, text.size_bytes, 8);
        else
                return coffer_error_set(writer->error, COFFER_UNSUPPORTED, "a str of %zu bytes needs pickle protocol 4",
                                        text.size_bytes);
        return coffer_output_write_data(&writer->output, head, head_bytes, text);
}

coffer_status coffer_writer_whole_text(const coffer_pickle_writer *writer, const coffer_value *value,
                                       coffer_cursor *out)
{
        *out = coffer_value_data(value);
        uint64_t full_bytes = coffer_value_full_size(value);
        if (out->size_bytes == full_bytes)
                return COFFER_OK;
        return coffer_error_set(writer->error, COFFER_UNSUPPORTED,
                                "only the first %zu of %" PRIu64 " bytes of a value are in memory", out->size_bytes,
                                full_bytes);
}

coffer_status coffer_writer_text(coffer_pickle_writer *writer, const coffer_value *value)
{
        coffer_cursor text;
        COFFER_TRY(coffer_writer_whole_text(writer, value, &text));
        COFFER_TRY(write_text(writer, (coffer_kind)value->kind, text));
        return coffer_writer_put(writer, coffer_memo_key_of(value));
}

/* ---- globals ---- */

/* A str that a global's name is. */
static coffer_status save_name(coffer_pickle_writer *writer, coffer_cursor name)
{
        uint32_t slot;
        coffer_memo_key key = coffer_memo_key_of_text(name);
        COFFER_TRY(coffer_output_boundary(&writer->output));
        if (coffer_memo_find(&writer->memo, key, &slot))
                return coffer_writer_get(writer, slot);
        COFFER_TRY(write_text(writer, COFFER_KIND_STR, name));
        return coffer_writer_put(writer, key);
}

static bool is_name(coffer_cursor name)
{
        return name.size_bytes > 0 && !memchr(name.data, '\n', name.size_bytes) &&
               !memchr(name.data, '\0', name.size_bytes);
}

/* Module, newline, qualified name. */
static coffer_status name_text(const coffer_pickle_writer *writer, const coffer_value *value, char **out)
{
        coffer_cursor module = coffer_value_module(value);
        coffer_cursor qualname = coffer_value_qualname(value);
        coffer_buf buf _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        if (!is_name(module) || !is_name(qualname))
                return coffer_error_set(writer->error, COFFER_UNSUPPORTED,
                                        "a global whose name is empty or has a NUL or a newline can't be pickled");
        COFFER_TRY(coffer_buf_append_cursor(&buf, module, writer->error));
        COFFER_TRY(coffer_buf_append_byte(&buf, '\n', writer->error));
        COFFER_TRY(coffer_buf_append_cursor(&buf, qualname, writer->error));
        return coffer_buf_take_text(&buf, out, writer->error);
}

/* Python's classes of one module share the str that is its name. A global that was read says itself which str that is,
 * unless the str was first written for a global that was made here. */
static coffer_status find_module_text(coffer_pickle_writer *writer, const coffer_value *value, coffer_cursor *out)
{
        uint32_t slot;
        char *name _cleanup_free_ = NULL;
        bool by_str = value->flags & COFFER_NODE_NAMED_BY_STRS;
        *out = coffer_value_module(value);
        if (by_str && coffer_memo_find(&writer->memo, coffer_memo_key_of_text(*out), &slot))
                return COFFER_OK;
        name = coffer_strndup((const char *)out->data, out->size_bytes);
        if (!name)
                return coffer_error_set(writer->error, COFFER_NO_MEMORY, "out of memory");
        const coffer_value *known = (const coffer_value *)coffer_map_get(writer->modules, name);
        if (!known)
                return coffer_map_set(writer->modules, name, (void *)value, writer->error);
        if (!by_str || !(known->flags & COFFER_NODE_NAMED_BY_STRS))
                *out = coffer_value_module(known);
        return COFFER_OK;
}

static int shown_bytes(coffer_cursor name)
{
        return name.size_bytes < MAX_SHOWN_BYTES ? (int)name.size_bytes : MAX_SHOWN_BYTES;
}

/* The name at protocol 2. A module of Python 3 that has the name of one that Python 2 had would be taken for that. */
static coffer_status find_old_name(const coffer_pickle_writer *writer, coffer_cursor *module, coffer_cursor *qualname)
{
        coffer_cursor old_module = *module, old_qualname = *qualname;
        coffer_python2_old_name(module, qualname);
        if (module->data != old_module.data)
                return COFFER_OK;
        coffer_python2_name(&old_module, &old_qualname);
        if (module->data == old_module.data)
                return COFFER_OK;
        return coffer_error_set(writer->error, COFFER_UNSUPPORTED, "%.*s.%.*s needs pickle protocol 4",
                                shown_bytes(*module), (const char *)module->data, shown_bytes(*qualname),
                                (const char *)qualname->data);
}

static coffer_status write_global(coffer_pickle_writer *writer, const coffer_value *value)
{
        coffer_cursor module = coffer_value_module(value);
        coffer_cursor qualname = coffer_value_qualname(value);
        if (writer->protocol >= 4) {
                COFFER_TRY(find_module_text(writer, value, &module));
                COFFER_TRY(save_name(writer, module));
                COFFER_TRY(save_name(writer, qualname));
                return coffer_output_byte(&writer->output, COFFER_OP_STACK_GLOBAL);
        }
        COFFER_TRY(find_old_name(writer, &module, &qualname));
        COFFER_TRY(coffer_output_byte(&writer->output, COFFER_OP_GLOBAL));
        COFFER_TRY(coffer_output_write(&writer->output, module.data, module.size_bytes));
        COFFER_TRY(coffer_output_byte(&writer->output, '\n'));
        COFFER_TRY(coffer_output_write(&writer->output, qualname.data, qualname.size_bytes));
        return coffer_output_byte(&writer->output, '\n');
}

/* Globals are the same object when their names are. */
coffer_status coffer_writer_global(coffer_pickle_writer *writer, const coffer_value *value)
{
        char *name _cleanup_free_ = NULL;
        COFFER_TRY(name_text(writer, value, &name));
        uintptr_t known = (uintptr_t)coffer_map_get(writer->globals, name);
        if (known > 0)
                return coffer_writer_get(writer, (uint32_t)(known - 1));
        COFFER_TRY(write_global(writer, value));
        COFFER_TRY(coffer_map_set(writer->globals, name, (void *)(uintptr_t)(writer->slots + 1), writer->error));
        return coffer_writer_put(writer, coffer_memo_key_of(value));
}

coffer_status coffer_writer_extension(coffer_pickle_writer *writer, const coffer_value *value)
{
        uint32_t code = coffer_value_extension_code(value);
        if (code <= UINT8_MAX)
                return write_number(writer, COFFER_OP_EXT1, code, 1);
        if (code <= UINT16_MAX)
                return write_number(writer, COFFER_OP_EXT2, code, 2);
        return write_number(writer, COFFER_OP_EXT4, code, 4);
}
