/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the opcodes of a pickle. */
#include <inttypes.h>

#include "pickle/reader.h"

/* The size of an argument is a constant in each place of the big switch, and the code shall be made for that size. */
#define FOR_EACH_SIZE static inline __attribute__((always_inline))

/* ---- arguments ---- */

FOR_EACH_SIZE coffer_status need_bytes(coffer_reader *reader, size_t size_bytes)
{
        if (coffer_source_ready(&reader->source) < size_bytes)
                return coffer_source_need(&reader->source, size_bytes, reader->error);
        return COFFER_OK;
}

/* A little-endian number of `size_bytes`. */
FOR_EACH_SIZE coffer_status take_number(coffer_reader *reader, size_t size_bytes, uint64_t *out)
{
        COFFER_TRY(need_bytes(reader, size_bytes));
        uint64_t number = 0;
        for (size_t i = 0; i < size_bytes; i++)
                number |= (uint64_t)reader->source.next[i] << (8 * i);
        reader->source.next += size_bytes;
        *out = number;
        return COFFER_OK;
}

/* ---- frequent opcodes ---- */

FOR_EACH_SIZE coffer_status do_int(coffer_reader *reader, size_t size_bytes)
{
        uint64_t number;
        COFFER_TRY(take_number(reader, size_bytes, &number));
        int64_t value = size_bytes == 4 ? (int32_t)(uint32_t)number : (int64_t)number;
        return coffer_reader_push(reader, coffer_node_int(reader->document, value));
}

static inline coffer_status do_float(coffer_reader *reader)
{
        uint64_t bits;
        COFFER_TRY(take_number(reader, 8, &bits));
        bits = __builtin_bswap64(bits);
        double value;
        memcpy(&value, &bits, sizeof(value));
        return coffer_reader_push(reader, coffer_node_float(reader->document, value));
}

FOR_EACH_SIZE coffer_status do_text(coffer_reader *reader, size_t length_bytes, coffer_kind kind)
{
        uint64_t size_bytes;
        COFFER_TRY(take_number(reader, length_bytes, &size_bytes));
        return coffer_reader_text(reader, kind, size_bytes);
}

static coffer_status do_python2_text(coffer_reader *reader, size_t length_bytes)
{
        uint64_t size_bytes;
        COFFER_TRY(take_number(reader, length_bytes, &size_bytes));
        if (size_bytes > INT32_MAX)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "a negative length");
        return coffer_reader_python2_text(reader, size_bytes);
}

FOR_EACH_SIZE coffer_status do_container(coffer_reader *reader, coffer_kind kind)
{
        return coffer_reader_push(reader, coffer_node_container(reader->document, kind));
}

FOR_EACH_SIZE coffer_status do_get(coffer_reader *reader, size_t size_bytes)
{
        uint64_t index;
        COFFER_TRY(take_number(reader, size_bytes, &index));
        return coffer_reader_get(reader, index);
}

FOR_EACH_SIZE coffer_status do_put(coffer_reader *reader, size_t size_bytes)
{
        uint64_t index;
        COFFER_TRY(take_number(reader, size_bytes, &index));
        return coffer_reader_memo_put(reader, index);
}

static inline coffer_status do_memoize(coffer_reader *reader)
{
        size_t index = reader->memo.count;
        if (reader->stack.count == reader->floor || index >= reader->memo.capacity || reader->memo.values[index] ||
            index >= reader->options->max_memo)
                return coffer_reader_memo_put(reader, index);
        reader->memo.values[index] = *coffer_reader_top(reader);
        reader->memo.count++;
        return COFFER_OK;
}

FOR_EACH_SIZE coffer_status do_short_tuple(coffer_reader *reader, size_t count)
{
        COFFER_TRY(coffer_reader_need(reader, count));
        return coffer_reader_collect(reader, COFFER_KIND_TUPLE, reader->stack.count - count);
}

static coffer_status do_tuple(coffer_reader *reader)
{
        size_t first;
        COFFER_TRY(coffer_reader_pop_mark(reader, &first));
        return coffer_reader_collect(reader, COFFER_KIND_TUPLE, first);
}

/* Adds all above the mark to what lies below it. */
static coffer_status do_add_all(coffer_reader *reader, coffer_kind like)
{
        size_t first;
        COFFER_TRY(coffer_reader_pop_mark(reader, &first));
        if (first == reader->floor)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "no value below the mark");
        return coffer_reader_add(reader, like, first);
}

/* Adds the `count` topmost values to what lies below them. */
static coffer_status do_add(coffer_reader *reader, coffer_kind like, size_t count)
{
        COFFER_TRY(coffer_reader_need(reader, count + 1));
        return coffer_reader_add(reader, like, reader->stack.count - count);
}

static coffer_status do_frame(coffer_reader *reader)
{
        uint64_t size_bytes;
        COFFER_TRY(take_number(reader, 8, &size_bytes));
        return coffer_source_enter_frame(&reader->source, size_bytes, reader->error);
}

static coffer_status do_stop(coffer_reader *reader)
{
        if (reader->mark_count > 0)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "a mark is left on the stack");
        COFFER_TRY(coffer_reader_need(reader, 1));
        size_t left = reader->stack.count - 1;
        if (left > 0)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "%zu value%s left on the stack below the result",
                                          left, left == 1 ? " is" : "s are");
        reader->stopped = true;
        return coffer_reader_finish(reader, reader->stack.values[0]);
}

static inline coffer_status run_opcode(coffer_reader *reader, uint8_t code)
{
        switch (code) {
        case COFFER_OP_MARK:
                return coffer_reader_mark(reader);
        case COFFER_OP_STOP:
                return do_stop(reader);
        case COFFER_OP_FRAME:
                return do_frame(reader);
        case COFFER_OP_NONE:
                return coffer_reader_push(reader, coffer_node_none());
        case COFFER_OP_NEWTRUE:
                return coffer_reader_push(reader, coffer_node_bool(true));
        case COFFER_OP_NEWFALSE:
                return coffer_reader_push(reader, coffer_node_bool(false));
        case COFFER_OP_BININT1:
                return do_int(reader, 1);
        case COFFER_OP_BININT2:
                return do_int(reader, 2);
        case COFFER_OP_BININT:
                return do_int(reader, 4);
        case COFFER_OP_BINFLOAT:
                return do_float(reader);
        case COFFER_OP_SHORT_BINUNICODE:
                return do_text(reader, 1, COFFER_KIND_STR);
        case COFFER_OP_BINUNICODE:
                return do_text(reader, 4, COFFER_KIND_STR);
        case COFFER_OP_BINUNICODE8:
                return do_text(reader, 8, COFFER_KIND_STR);
        case COFFER_OP_SHORT_BINBYTES:
                return do_text(reader, 1, COFFER_KIND_BYTES);
        case COFFER_OP_BINBYTES:
                return do_text(reader, 4, COFFER_KIND_BYTES);
        case COFFER_OP_BINBYTES8:
                return do_text(reader, 8, COFFER_KIND_BYTES);
        case COFFER_OP_BYTEARRAY8:
                return do_text(reader, 8, COFFER_KIND_BYTEARRAY);
        case COFFER_OP_SHORT_BINSTRING:
                return do_python2_text(reader, 1);
        case COFFER_OP_BINSTRING:
                return do_python2_text(reader, 4);
        case COFFER_OP_MEMOIZE:
                return do_memoize(reader);
        case COFFER_OP_BINPUT:
                return do_put(reader, 1);
        case COFFER_OP_LONG_BINPUT:
                return do_put(reader, 4);
        case COFFER_OP_BINGET:
                return do_get(reader, 1);
        case COFFER_OP_LONG_BINGET:
                return do_get(reader, 4);
        case COFFER_OP_EMPTY_LIST:
                return do_container(reader, COFFER_KIND_LIST);
        case COFFER_OP_EMPTY_TUPLE:
                return do_container(reader, COFFER_KIND_TUPLE);
        case COFFER_OP_EMPTY_DICT:
                return do_container(reader, COFFER_KIND_DICT);
        case COFFER_OP_EMPTY_SET:
                return do_container(reader, COFFER_KIND_SET);
        case COFFER_OP_TUPLE1:
                return do_short_tuple(reader, 1);
        case COFFER_OP_TUPLE2:
                return do_short_tuple(reader, 2);
        case COFFER_OP_TUPLE3:
                return do_short_tuple(reader, 3);
        case COFFER_OP_TUPLE:
                return do_tuple(reader);
        case COFFER_OP_APPEND:
                return do_add(reader, COFFER_KIND_LIST, 1);
        case COFFER_OP_APPENDS:
                return do_add_all(reader, COFFER_KIND_LIST);
        case COFFER_OP_SETITEM:
                return do_add(reader, COFFER_KIND_DICT, 2);
        case COFFER_OP_SETITEMS:
                return do_add_all(reader, COFFER_KIND_DICT);
        case COFFER_OP_ADDITEMS:
                return do_add_all(reader, COFFER_KIND_SET);
        default:
                return coffer_reader_rare(reader, code);
        }
}

/* ---- a whole pickle ---- */

/* Puts the opcode and its offset in front of the reason. Errors of memory or of the stream say nothing about an opcode.
 */
static coffer_status name_opcode(coffer_reader *reader, uint8_t code, coffer_status status)
{
        if (reader->source.failed || coffer_status_class(status) != COFFER_CLASS_DATA)
                return status;
        char reason[COFFER_ERROR_MESSAGE_BYTES];
        memcpy(reason, reader->error->message, sizeof(reason));
        const coffer_opcode *opcode = coffer_opcode_find(code);
        if (!opcode)
                return coffer_error_set_at(reader->error, status, (int64_t)reader->opcode_offset,
                                           "byte 0x%02x at offset %" PRIu64 ": %s", code, reader->opcode_offset,
                                           reason);
        return coffer_error_set_at(reader->error, status, (int64_t)reader->opcode_offset,
                                   "%s at offset %" PRIu64 ": %s", opcode->name, reader->opcode_offset, reason);
}

static coffer_status run(coffer_reader *reader)
{
        coffer_source *source = &reader->source;
        while (!reader->stopped) {
                if (source->next == source->limit)
                        COFFER_TRY(coffer_source_next_opcode(source, reader->error));
                reader->opcode_offset = coffer_source_offset(source);
                uint8_t code = *source->next++;
                coffer_status status = run_opcode(reader, code);
                if (status != COFFER_OK)
                        return name_opcode(reader, code, status);
        }
        coffer_status status = coffer_source_finish(source, reader->options->allow_trailing, reader->error);
        return status == COFFER_OK ? COFFER_OK : name_opcode(reader, COFFER_OP_STOP, status);
}

static void reader_done(coffer_reader *reader)
{
        coffer_source_done(&reader->source);
        coffer_document_unref(reader->document);
        coffer_free(reader->stack.values);
        coffer_free(reader->marks);
        coffer_free(reader->memo.values);
        coffer_free(reader->calls.values);
        coffer_buf_done(&reader->scratch);
}

static const coffer_pickle_read_options default_options = COFFER_PICKLE_READ_OPTIONS_INIT;

static coffer_status check_options(const coffer_pickle_read_options **options, coffer_error *error)
{
        if (!*options)
                *options = &default_options;
        if ((*options)->version < 1 || (*options)->version > 2)
                return coffer_error_set(error, COFFER_INVALID, "pickle reader: options of unknown version %" PRIu32,
                                        (*options)->version);
        if ((*options)->buffer_count > 0 && !(*options)->buffers)
                return coffer_error_set(error, COFFER_INVALID, "pickle reader: %zu buffers announced, none given",
                                        (*options)->buffer_count);
        return COFFER_OK;
}

/* Reads from the reader's source; hands the document out. */
static coffer_status read_document(coffer_reader *reader, coffer_bytes *kept, coffer_document **out)
{
        COFFER_TRY(coffer_document_new(&reader->document, reader->error));
        if (kept)
                COFFER_TRY(coffer_document_keep(reader->document, kept, reader->error));
        uint64_t max_bytes = reader->options->max_bytes;
        coffer_document_set_limit(reader->document, max_bytes < SIZE_MAX ? (size_t)max_bytes : SIZE_MAX);
        COFFER_TRY(run(reader));
        coffer_document_set_limit(reader->document, SIZE_MAX);
        *out = TAKE_PTR(reader->document);
        return COFFER_OK;
}

static void reader_init(coffer_reader *reader, const coffer_pickle_read_options *options, coffer_error *error)
{
        reader->options = options;
        reader->error = error;
        reader->values_left = options->max_values;
        reader->scratch =
                (coffer_buf)COFFER_BUF_INIT(options->max_bytes < SIZE_MAX ? (size_t)options->max_bytes : SIZE_MAX);
}

coffer_status coffer_pickle_read(coffer_bytes *bytes, const coffer_pickle_read_options *options, coffer_document **out,
                                 uint64_t *end_offset, coffer_error *error)
{
        coffer_error own_error = COFFER_ERROR_INIT;
        coffer_cursor all;
        COFFER_TRY(check_options(&options, error));
        COFFER_TRY(coffer_bytes_contiguous(bytes, &all, error));
        coffer_reader reader _cleanup_(reader_done) = {0};
        reader_init(&reader, options, error ? error : &own_error);
        coffer_source_init_memory(&reader.source, all);
        COFFER_TRY(read_document(&reader, bytes, out));
        if (end_offset)
                *end_offset = coffer_source_offset(&reader.source);
        return COFFER_OK;
}

/* ---- from what can be read at any place ---- */

typedef struct ranges_stream {
        coffer_stream base;
        coffer_ranges *ranges;
        uint64_t position;
} ranges_stream;

static coffer_status ranges_stream_read(coffer_stream *stream, void *buffer, size_t capacity_bytes, size_t *got_bytes,
                                        coffer_error *error)
{
        ranges_stream *self = (ranges_stream *)stream;
        COFFER_TRY(self->ranges->read(self->ranges, self->position, buffer, capacity_bytes, got_bytes, error));
        self->position += *got_bytes;
        return COFFER_OK;
}

static void ranges_stream_skip(coffer_stream *stream, uint64_t size_bytes)
{
        ranges_stream *self = (ranges_stream *)stream;
        if (!coffer_add_u64(self->position, size_bytes, &self->position))
                self->position = UINT64_MAX; /* where nothing is */
}

static coffer_status read_source(coffer_stream *stream, void (*skip)(coffer_stream *, uint64_t),
                                 const coffer_pickle_read_options *options, coffer_document **out, coffer_error *error)
{
        coffer_error own_error = COFFER_ERROR_INIT;
        COFFER_TRY(check_options(&options, error));
        coffer_reader reader _cleanup_(reader_done) = {0};
        reader_init(&reader, options, error ? error : &own_error);
        COFFER_TRY(coffer_source_init_stream(&reader.source, stream, reader.error));
        reader.source.skip = skip;
        return read_document(&reader, NULL, out);
}

coffer_status coffer_pickle_read_ranges(coffer_ranges *ranges, const coffer_pickle_read_options *options,
                                        coffer_document **out, coffer_error *error)
{
        ranges_stream stream = {{ranges_stream_read, NULL}, ranges, 0};
        return read_source(&stream.base, ranges_stream_skip, options, out, error);
}

coffer_status coffer_pickle_read_stream(coffer_stream *stream, const coffer_pickle_read_options *options,
                                        coffer_document **out, coffer_error *error)
{
        return read_source(stream, NULL, options, out, error);
}
