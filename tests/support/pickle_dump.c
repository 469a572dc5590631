/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: reads pickles and prints all there is to know of their values. Standard input holds records of a length
 * (eight bytes, little-endian) and a pickle, with the number of its out-of-band buffers and those, each in the same
 * way. Each is answered with one line of JSON, or with "error: " and the message.
 *
 * A value with an identity of its own gets an "id", from 0, where it is first met; from then on it is {"ref": id}.
 * Text, data and the bits of floats are in hexadecimal. */
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coffer/coffer.h>

typedef struct identity {
        const coffer_value *value;
        size_t id;
} identity;

static void *identities; /* a tree of the values met so far */
static size_t identity_count;

static int compare(const void *left, const void *right)
{
        uintptr_t a = (uintptr_t)((const identity *)left)->value;
        uintptr_t b = (uintptr_t)((const identity *)right)->value;
        return (a > b) - (a < b);
}

static void put_value(const coffer_value *value);

static void put_digits(coffer_cursor data)
{
        for (size_t i = 0; i < data.size_bytes; i++)
                printf("%02x", data.data[i]);
}

static void put_hex(const char *name, coffer_cursor data)
{
        printf("{\"%s\": \"", name);
        put_digits(data);
        putchar('"');
}

static void put_bits(double value)
{
        uint64_t bits;
        memcpy(&bits, &value, sizeof(bits));
        printf("\"%016" PRIx64 "\"", bits);
}

static void put_int(const coffer_value *value)
{
        char *digits = NULL;
        if (coffer_value_int_format(value, 0, &digits, NULL) != COFFER_OK)
                abort();
        printf("{\"int\": \"%s\"}", digits);
        coffer_free(digits);
}

static void put_global(const coffer_value *value)
{
        put_hex("global", coffer_value_module(value));
        printf(", \"name\": \"");
        put_digits(coffer_value_qualname(value));
        printf("\"}");
}

static void put_leaf(const coffer_value *value)
{
        switch (coffer_value_kind(value)) {
        case COFFER_KIND_NONE:
                printf("null");
                break;
        case COFFER_KIND_BOOL:
                printf(coffer_value_get_bool(value) ? "true" : "false");
                break;
        case COFFER_KIND_INT:
                put_int(value);
                break;
        case COFFER_KIND_FLOAT:
                printf("{\"float\": ");
                put_bits(coffer_value_get_float(value));
                putchar('}');
                break;
        case COFFER_KIND_COMPLEX:
                printf("{\"complex\": [");
                put_bits(coffer_value_get_float(value));
                printf(", ");
                put_bits(coffer_value_get_imaginary(value));
                printf("]}");
                break;
        case COFFER_KIND_STR:
                put_hex("str", coffer_value_data(value));
                putchar('}');
                break;
        case COFFER_KIND_BYTES:
                put_hex("bytes", coffer_value_data(value));
                putchar('}');
                break;
        case COFFER_KIND_GLOBAL:
                put_global(value);
                break;
        case COFFER_KIND_EXTENSION:
                printf("{\"extension\": %" PRIu32 "}", coffer_value_extension_code(value));
                break;
        default:
                printf("{\"unexpected\": %d}", (int)coffer_value_kind(value));
        }
}

static void put_list(const char *name, const coffer_value *value)
{
        printf("\"%s\": [", name);
        for (size_t i = 0; i < coffer_value_count(value); i++) {
                printf(i ? ", " : "");
                put_value(coffer_value_item(value, i));
        }
        putchar(']');
}

static void put_pairs(const char *name, const coffer_value *dict)
{
        printf("\"%s\": [", name);
        for (size_t i = 0; i < coffer_value_count(dict); i++) {
                printf(i ? ", [" : "[");
                put_value(coffer_value_key(dict, i));
                printf(", ");
                put_value(coffer_value_item(dict, i));
                putchar(']');
        }
        putchar(']');
}

static void put_part(const char *name, const coffer_value *part)
{
        if (part) {
                printf(", \"%s\": ", name);
                put_value(part);
        }
}

static void put_object(const coffer_value *value)
{
        static const char *const constructions[] = {"call", "new", "new_ex"};
        printf("\"object\": \"%s\"", constructions[coffer_value_construction(value)]);
        put_part("callable", coffer_value_callable(value));
        put_part("args", coffer_value_args(value));
        put_part("kwargs", coffer_value_kwargs(value));
        if (coffer_value_count(value) > 0) {
                printf(", ");
                put_list("items", value);
        }
        if (coffer_value_object_pairs(value)) {
                printf(", ");
                put_pairs("pairs", coffer_value_object_pairs(value));
        }
        put_part("state", coffer_value_state(value));
        put_part("setter", coffer_value_state_setter(value));
}

static void put_with_id(const coffer_value *value, size_t id)
{
        static const char *const names[COFFER_KIND_COUNT] = {[COFFER_KIND_LIST] = "list",
                                                             [COFFER_KIND_TUPLE] = "tuple",
                                                             [COFFER_KIND_SET] = "set",
                                                             [COFFER_KIND_FROZENSET] = "frozenset"};
        coffer_kind kind = coffer_value_kind(value);
        if (kind == COFFER_KIND_BYTEARRAY) {
                put_hex("bytearray", coffer_value_data(value));
        } else if (kind == COFFER_KIND_BUFFER) {
                put_hex(coffer_value_buffer_is_read_only(value) ? "readonly" : "buffer", coffer_value_data(value));
        } else {
                putchar('{');
                if (kind == COFFER_KIND_DICT)
                        put_pairs("dict", value);
                else if (kind == COFFER_KIND_OBJECT)
                        put_object(value);
                else if (kind == COFFER_KIND_PERSISTENT)
                        printf("\"persistent\": true");
                else
                        put_list(names[kind], value);
                put_part("of", coffer_value_persistent_id(value));
        }
        printf(", \"id\": %zu}", id);
}

static bool has_identity(const coffer_value *value)
{
        coffer_kind kind = coffer_value_kind(value);
        return (kind >= COFFER_KIND_BYTEARRAY && kind <= COFFER_KIND_FROZENSET &&
                !(kind == COFFER_KIND_TUPLE && coffer_value_count(value) == 0)) ||
               kind == COFFER_KIND_OBJECT || kind == COFFER_KIND_PERSISTENT || kind == COFFER_KIND_BUFFER;
}

static void put_value(const coffer_value *value)
{
        if (coffer_value_kind(value) == COFFER_KIND_TUPLE && coffer_value_count(value) == 0) {
                printf("{\"tuple\": []}");
        } else if (!has_identity(value)) {
                put_leaf(value);
        } else {
                identity *met = (identity *)malloc(sizeof(*met));
                if (!met)
                        abort();
                *met = (identity){value, identity_count};
                identity *found = *(identity **)tsearch(met, &identities, compare);
                if (found != met) {
                        free(met);
                        printf("{\"ref\": %zu}", found->id);
                } else {
                        put_with_id(value, identity_count++);
                }
        }
}

static void put_document(const coffer_document *document)
{
        identities = NULL;
        identity_count = 0;
        const coffer_value *unused = coffer_document_unused(document);
        printf("{\"root\": ");
        put_value(coffer_document_root(document));
        printf(", \"unused\": %zu}\n", unused ? coffer_value_count(unused) : 0);
        while (identities) {
                identity *any = *(identity **)identities;
                tdelete(any, &identities, compare);
                free(any);
        }
}

/* The form of docs/json-form.md, whole. */
static void put_tagged(coffer_document *document)
{
        coffer_print_options options = COFFER_PRINT_OPTIONS_INIT;
        coffer_error error = COFFER_ERROR_INIT;
        char *text = NULL;
        options.max_depth = options.max_items = options.max_text_bytes = UINT32_MAX;
        options.max_output_bytes = UINT64_C(1) << 30;
        options.width = 0;
        if (coffer_value_to_json(document, coffer_document_root(document), true, &options, &text, &error) == COFFER_OK)
                puts(text);
        else
                printf("error: %s\n", error.message);
        coffer_free(text);
}

static bool get_number(uint64_t *out)
{
        uint8_t bytes[8];
        *out = 0;
        if (fread(bytes, sizeof(bytes), 1, stdin) != 1)
                return false;
        for (int i = 0; i < 8; i++)
                *out |= (uint64_t)bytes[i] << 8 * i;
        return true;
}

static coffer_bytes *get_bytes(void)
{
        uint64_t size_bytes;
        coffer_bytes *bytes = NULL;
        if (!get_number(&size_bytes))
                return NULL;
        uint8_t *data = (uint8_t *)malloc(size_bytes + 1);
        if (!data || fread(data, 1, size_bytes, stdin) != size_bytes || coffer_bytes_new(&bytes, NULL) != COFFER_OK ||
            coffer_bytes_append_borrow(bytes, (coffer_cursor){data, size_bytes}, free, data, NULL) != COFFER_OK)
                abort();
        return bytes;
}

enum { MAX_BUFFERS = 16 };

static void answer(coffer_bytes *pickle, coffer_bytes *const *buffers, size_t buffer_count, bool tagged)
{
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_document *document = NULL;
        options.buffers = buffers;
        options.buffer_count = buffer_count;
        if (coffer_pickle_read(pickle, &options, &document, NULL, &error) != COFFER_OK)
                printf("error: %s\n", error.message);
        else if (tagged)
                put_tagged(document);
        else
                put_document(document);
        coffer_document_unref(document);
}

int main(int argc, char **argv)
{
        bool tagged = argc == 2 && strcmp(argv[1], "--tagged") == 0;
        for (coffer_bytes *pickle; (pickle = get_bytes());) {
                coffer_bytes *buffers[MAX_BUFFERS];
                uint64_t buffer_count;
                if (!get_number(&buffer_count) || buffer_count > MAX_BUFFERS)
                        return 1;
                for (size_t i = 0; i < buffer_count; i++)
                        buffers[i] = get_bytes();
                answer(pickle, buffers, (size_t)buffer_count, tagged);
                for (size_t i = 0; i < buffer_count; i++)
                        coffer_bytes_unref(buffers[i]);
                coffer_bytes_unref(pickle);
        }
        return fflush(stdout) == 0 ? 0 : 1;
}
