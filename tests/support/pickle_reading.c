/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"
#include "pickle_reading.h"

#include <inttypes.h>
#include <string.h>

#include "util/buf.h"
#include "util/cursor.h"

/* ---- streams ---- */

typedef struct test_stream {
        coffer_stream base;
        coffer_cursor left;
        size_t step_bytes;
        coffer_status final_status;
} test_stream;

static coffer_status stream_read(coffer_stream *base, void *buffer, size_t capacity_bytes, size_t *got_bytes,
                                 coffer_error *error)
{
        test_stream *stream = (test_stream *)base;
        coffer_cursor part = {NULL, 0};
        size_t size_bytes = stream->left.size_bytes < stream->step_bytes ? stream->left.size_bytes : stream->step_bytes;
        if (size_bytes > capacity_bytes)
                size_bytes = capacity_bytes;
        if (size_bytes == 0 && stream->final_status != COFFER_OK)
                return coffer_error_set(error, stream->final_status, "the stream broke");
        assert_true(coffer_cursor_take(&stream->left, size_bytes, &part));
        memcpy(buffer, part.data, size_bytes);
        *got_bytes = size_bytes;
        return COFFER_OK;
}

static void stream_close(coffer_stream *base)
{
        coffer_free(base);
}

coffer_stream *test_stream_new(coffer_cursor data, size_t step_bytes, coffer_status final_status)
{
        test_stream *stream = (test_stream *)coffer_alloc(sizeof(*stream));
        if (stream)
                *stream = (test_stream){{stream_read, stream_close}, data, step_bytes, final_status};
        return stream ? &stream->base : NULL;
}

coffer_status test_pickle_read(coffer_cursor pickle, size_t step_bytes, const coffer_pickle_read_options *options,
                               coffer_document **out, coffer_error *error)
{
        if (step_bytes == 0) {
                coffer_bytes *bytes _cleanup_bytes_ = NULL;
                COFFER_TRY(coffer_bytes_new(&bytes, error));
                COFFER_TRY(coffer_bytes_append_borrow(bytes, pickle, NULL, NULL, error));
                return coffer_pickle_read(bytes, options, out, NULL, error);
        }
        coffer_stream *stream = test_stream_new(pickle, step_bytes, COFFER_OK);
        if (!stream)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
        coffer_status status = coffer_pickle_read_stream(stream, options, out, error);
        stream->close(stream);
        return status;
}

/* ---- text ---- */

typedef struct value_path {
        const coffer_value *value;
        const struct value_path *up;
} value_path;

typedef struct value_writer {
        coffer_buf text;
        const value_path *path;
} value_writer;

static void write_value(value_writer *writer, const coffer_value *value);

static void put(value_writer *writer, const char *text)
{
        assert_ok(coffer_buf_append_text(&writer->text, text, NULL));
}

static void put_data(value_writer *writer, const coffer_value *value)
{
        coffer_cursor data = coffer_value_data(value);
        put(writer, "'");
        for (size_t i = 0; i < data.size_bytes; i++) {
                if (data.data[i] >= ' ' && data.data[i] < 0x7f)
                        assert_ok(coffer_buf_append_byte(&writer->text, data.data[i], NULL));
                else
                        assert_ok(coffer_buf_printf(&writer->text, NULL, "\\x%02x", data.data[i]));
        }
        put(writer, "'");
        if (coffer_value_full_size(value) != data.size_bytes)
                assert_ok(coffer_buf_printf(&writer->text, NULL, "~%" PRIu64, coffer_value_full_size(value)));
}

static void put_items(value_writer *writer, const char *open, const coffer_value *value, const char *close)
{
        put(writer, open);
        for (size_t i = 0; i < coffer_value_count(value); i++) {
                put(writer, i ? ", " : "");
                if (coffer_value_kind(value) == COFFER_KIND_DICT) {
                        write_value(writer, coffer_value_key(value, i));
                        put(writer, ": ");
                }
                write_value(writer, coffer_value_item(value, i));
        }
        put(writer, close);
}

static void put_part(value_writer *writer, const char *name, const coffer_value *part)
{
        if (part) {
                put(writer, name);
                write_value(writer, part);
        }
}

static void put_object(value_writer *writer, const coffer_value *value)
{
        static const char *const names[] = {"call(", "new(", "new_ex("};
        put_part(writer, names[coffer_value_construction(value)], coffer_value_callable(value));
        put_part(writer, ", ", coffer_value_args(value));
        put_part(writer, ", ", coffer_value_kwargs(value));
        put(writer, ")");
        put_part(writer, ".state=", coffer_value_state(value));
        put_part(writer, ".setter=", coffer_value_state_setter(value));
        if (coffer_value_count(value) > 0)
                put_items(writer, ".items=[", value, "]");
        put_part(writer, ".pairs=", coffer_value_object_pairs(value));
}

static void put_int(value_writer *writer, const coffer_value *value)
{
        char *digits = NULL;
        assert_ok(coffer_value_int_format(value, 0, &digits, NULL));
        put(writer, digits);
        coffer_free(digits);
}

static void put_global(value_writer *writer, const coffer_value *value)
{
        assert_ok(coffer_buf_append_cursor(&writer->text, coffer_value_module(value), NULL));
        put(writer, ":");
        assert_ok(coffer_buf_append_cursor(&writer->text, coffer_value_qualname(value), NULL));
}

static void put_leaf(value_writer *writer, const coffer_value *value)
{
        static const char *const prefixes[COFFER_KIND_COUNT] = {
                [COFFER_KIND_BYTES] = "b", [COFFER_KIND_BYTEARRAY] = "B"};
        switch (coffer_value_kind(value)) {
        case COFFER_KIND_NONE:
                put(writer, "None");
                break;
        case COFFER_KIND_BOOL:
                put(writer, coffer_value_get_bool(value) ? "True" : "False");
                break;
        case COFFER_KIND_INT:
                put_int(writer, value);
                break;
        case COFFER_KIND_FLOAT:
                assert_ok(coffer_buf_printf(&writer->text, NULL, "%.17g", coffer_value_get_float(value)));
                break;
        case COFFER_KIND_COMPLEX:
                assert_ok(coffer_buf_printf(&writer->text, NULL, "(%g%+gj)", coffer_value_get_float(value),
                                            coffer_value_get_imaginary(value)));
                break;
        case COFFER_KIND_GLOBAL:
                put_global(writer, value);
                break;
        case COFFER_KIND_EXTENSION:
                assert_ok(
                        coffer_buf_printf(&writer->text, NULL, "ext(%" PRIu32 ")", coffer_value_extension_code(value)));
                break;
        case COFFER_KIND_BUFFER:
                put(writer, coffer_value_buffer_is_read_only(value) ? "readonly" : "buffer");
                put_data(writer, value);
                break;
        default:
                put(writer, prefixes[coffer_value_kind(value)] ? prefixes[coffer_value_kind(value)] : "");
                put_data(writer, value);
        }
}

static void put_with_parts(value_writer *writer, const coffer_value *value)
{
        switch (coffer_value_kind(value)) {
        case COFFER_KIND_LIST:
                put_items(writer, "[", value, "]");
                break;
        case COFFER_KIND_TUPLE:
                put_items(writer, "(", value, coffer_value_count(value) == 1 ? ",)" : ")");
                break;
        case COFFER_KIND_DICT:
                put_items(writer, "{", value, "}");
                break;
        case COFFER_KIND_SET:
                put_items(writer, "set{", value, "}");
                break;
        case COFFER_KIND_FROZENSET:
                put_items(writer, "frozenset{", value, "}");
                break;
        case COFFER_KIND_PERSISTENT:
                put_part(writer, "pid(", coffer_value_persistent_id(value));
                put(writer, ")");
                break;
        default:
                put_object(writer, value);
        }
}

static bool has_parts(const coffer_value *value)
{
        coffer_kind kind = coffer_value_kind(value);
        return (kind >= COFFER_KIND_LIST && kind <= COFFER_KIND_FROZENSET) || kind == COFFER_KIND_OBJECT ||
               kind == COFFER_KIND_PERSISTENT;
}

static void write_value(value_writer *writer, const coffer_value *value)
{
        if (!has_parts(value)) {
                put_leaf(writer, value);
                return;
        }
        int levels = 1;
        for (const value_path *up = writer->path; up; up = up->up, levels++) {
                if (up->value == value) {
                        assert_ok(coffer_buf_printf(&writer->text, NULL, "^%d", levels));
                        return;
                }
        }
        value_path here = {value, writer->path};
        writer->path = &here;
        put_with_parts(writer, value);
        writer->path = here.up;
}

char *test_value_text(const coffer_value *value)
{
        value_writer writer = {COFFER_BUF_INIT(1 << 20), NULL};
        char *text = NULL;
        write_value(&writer, value);
        assert_ok(coffer_buf_take_text(&writer.text, &text, NULL));
        return text;
}

/* ---- assertions ---- */

static const size_t steps_bytes[] = {0, 1, 7, SIZE_MAX};

void test_reads_as(coffer_cursor pickle, const coffer_pickle_read_options *options, const char *text)
{
        for (size_t i = 0; i < ARRAY_COUNT(steps_bytes); i++) {
                coffer_document *document = NULL;
                coffer_error error = COFFER_ERROR_INIT;
                if (test_pickle_read(pickle, steps_bytes[i], options, &document, &error) != COFFER_OK)
                        fail_msg("%s, instead of %s", error.message, text);
                char *got = test_value_text(coffer_document_root(document));
                assert_string_equal(got, text);
                coffer_free(got);
                coffer_document_unref(document);
        }
}

void test_fails_with(coffer_cursor pickle, const coffer_pickle_read_options *options, coffer_status status,
                     const char *message)
{
        coffer_document *const untouched = (coffer_document *)&steps_bytes;
        coffer_document *document = untouched;
        coffer_error error = COFFER_ERROR_INIT;
        assert_status(test_pickle_read(pickle, 0, options, &document, &error), status);
        assert_string_equal(error.message, message);
        assert_true(error.offset >= 0 && (size_t)error.offset <= pickle.size_bytes);
        assert_ptr_equal(document, untouched);
        assert_status(test_pickle_read(pickle, 0, options, &document, NULL), status);
        for (size_t i = 1; i < ARRAY_COUNT(steps_bytes); i++)
                assert_status(test_pickle_read(pickle, steps_bytes[i], options, &document, NULL), status);
        assert_ptr_equal(document, untouched);
}
