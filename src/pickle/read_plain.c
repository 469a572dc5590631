/* SPDX-License-Identifier: Apache-2.0 */
/* Calls by which picklers write plain values that their protocol has no opcode for: complex numbers always, sets before
 * protocol 4, bytes before 3, bytearrays before 5. Exactly these are read as the values they make. */
#include "pickle/reader.h"
#include "util/utf8.h"

typedef struct plain_call {
        const char *module;
        const char *name;
        coffer_status (*make)(coffer_reader *reader, const coffer_value *args, coffer_value **out);
} plain_call;

static bool is_kind(const coffer_value *args, size_t index, coffer_kind kind)
{
        return index < args->count && args->items[index]->kind == kind;
}

static coffer_status deliver(coffer_reader *reader, coffer_value *node, coffer_value **out)
{
        *out = node;
        return node ? COFFER_OK : coffer_document_failure(reader->document, reader->error);
}

static coffer_status make_complex(coffer_reader *reader, const coffer_value *args, coffer_value **out)
{
        if (args->count != 2 || !is_kind(args, 0, COFFER_KIND_FLOAT) || !is_kind(args, 1, COFFER_KIND_FLOAT))
                return COFFER_OK;
        return coffer_value_complex(reader->document, args->items[0]->real, args->items[1]->real, out, reader->error);
}

/* ---- sets: set([...]) ---- */

static coffer_status make_from_list(coffer_reader *reader, const coffer_value *args, coffer_kind kind,
                                    coffer_value **out)
{
        if (args->count != 1 || !is_kind(args, 0, COFFER_KIND_LIST))
                return COFFER_OK;
        const coffer_value *list = args->items[0];
        COFFER_TRY(coffer_reader_check_keys(reader, list->items, list->count, 1));
        COFFER_TRY(deliver(reader, coffer_node_container(reader->document, kind), out));
        coffer_reader_note_parts(*out, list->items, list->count);
        return coffer_node_add(reader->document, *out, list->items, list->count, reader->error);
}

static coffer_status make_set(coffer_reader *reader, const coffer_value *args, coffer_value **out)
{
        return make_from_list(reader, args, COFFER_KIND_SET, out);
}

static coffer_status make_frozenset(coffer_reader *reader, const coffer_value *args, coffer_value **out)
{
        return make_from_list(reader, args, COFFER_KIND_FROZENSET, out);
}

/* ---- bytes: a str whose characters are the bytes ---- */

static coffer_status make_empty(coffer_reader *reader, coffer_kind kind, coffer_value **out)
{
        return deliver(reader, coffer_node_text(reader->document, kind, coffer_cursor_text("")), out);
}

/* How long the text would be in Latin-1: what was kept of it, and all of it. False when it has characters that Latin-1
 * does not have. */
static bool latin1_sizes(const coffer_value *str, size_t *head_bytes, uint64_t *full_bytes)
{
        coffer_cursor text = coffer_value_data(str);
        uint8_t highest = 0;
        size_t characters = 0;
        for (size_t i = 0; i < text.size_bytes; i++) {
                characters += (text.data[i] & 0xc0) != 0x80;
                highest = text.data[i] > highest ? text.data[i] : highest;
        }
        bool whole = text.size_bytes == coffer_value_full_size(str);
        *head_bytes = characters;
        *full_bytes = whole ? characters : str->extended->latin1_size_bytes;
        return highest < 0xc4 && (whole || str->extended->is_latin1);
}

/* Of UTF-8 without other characters. */
static void to_latin1(coffer_cursor text, uint8_t *out)
{
        uint8_t high, low;
        while (coffer_cursor_u8(&text, &high)) {
                if (high >= 0x80 && coffer_cursor_u8(&text, &low))
                        high = (uint8_t)(high << 6 | (low & 0x3f));
                *out++ = high;
        }
}

static coffer_status make_latin1(coffer_reader *reader, const coffer_value *args, coffer_kind kind, coffer_value **out)
{
        coffer_cursor encoding = coffer_value_data(args->items[1]);
        size_t head_bytes;
        uint64_t full_bytes;
        if (!(coffer_cursor_is(encoding, "latin1") || coffer_cursor_is(encoding, "latin-1")) ||
            !latin1_sizes(args->items[0], &head_bytes, &full_bytes))
                return COFFER_OK;
        uint8_t *data = (uint8_t *)coffer_document_alloc(reader->document, head_bytes + 1);
        if (!data)
                return coffer_document_failure(reader->document, reader->error);
        to_latin1(coffer_value_data(args->items[0]), data);
        coffer_cursor head = {data, head_bytes};
        return deliver(reader,
                       full_bytes == head_bytes ? coffer_node_text(reader->document, kind, head)
                                                : coffer_node_text_head(reader->document, kind, head, full_bytes),
                       out);
}

static bool is_text_and_encoding(const coffer_value *args)
{
        return args->count == 2 && is_kind(args, 0, COFFER_KIND_STR) && is_kind(args, 1, COFFER_KIND_STR);
}

static coffer_status make_encoded(coffer_reader *reader, const coffer_value *args, coffer_value **out)
{
        return is_text_and_encoding(args) ? make_latin1(reader, args, COFFER_KIND_BYTES, out) : COFFER_OK;
}

static coffer_status make_bytes(coffer_reader *reader, const coffer_value *args, coffer_value **out)
{
        return args->count == 0 ? make_empty(reader, COFFER_KIND_BYTES, out) : COFFER_OK;
}

static coffer_status make_bytearray(coffer_reader *reader, const coffer_value *args, coffer_value **out)
{
        if (args->count == 0)
                return make_empty(reader, COFFER_KIND_BYTEARRAY, out);
        if (is_text_and_encoding(args))
                return make_latin1(reader, args, COFFER_KIND_BYTEARRAY, out);
        if (args->count != 1 || !is_kind(args, 0, COFFER_KIND_BYTES))
                return COFFER_OK;
        const coffer_value *bytes = args->items[0];
        coffer_value *node = coffer_node_of_kind(reader->document, COFFER_KIND_BYTEARRAY, sizeof(*node));
        if (node) {
                node->flags = bytes->flags & COFFER_NODE_EXTENDED;
                node->count = bytes->count;
                node->data = bytes->data;
        }
        return deliver(reader, node, out);
}

static const plain_call plain_calls[] = {
        {"builtins", "complex", make_complex},     {"builtins", "set", make_set},
        {"builtins", "frozenset", make_frozenset}, {"builtins", "bytes", make_bytes},
        {"_codecs", "encode", make_encoded},       {"builtins", "bytearray", make_bytearray},
};

coffer_status coffer_reader_plain_call(coffer_reader *reader, const coffer_value *callable, const coffer_value *args,
                                       coffer_value **out)
{
        if (callable->kind != COFFER_KIND_GLOBAL || args->kind != COFFER_KIND_TUPLE)
                return COFFER_OK;
        for (size_t i = 0; i < ARRAY_COUNT(plain_calls); i++)
                if (coffer_value_is_global(callable, plain_calls[i].module, plain_calls[i].name))
                        return plain_calls[i].make(reader, args, out);
        return COFFER_OK;
}
