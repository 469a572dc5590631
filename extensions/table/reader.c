/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <errno.h>
#include <string.h>

#include "check.h"
#include "guard.h"

enum { ALIGNMENT_BYTES = 8, PREFIX_BYTES = 8, FOOTER_SIZE_BYTES = 4 };

static const char magic[] = "ARROW1";
enum { MAGIC_BYTES = sizeof(magic) - 1, FILE_HEAD_BYTES = 8 };

coffer_status table_result(ArrowErrorCode code, const struct ArrowError *from, coffer_error *error)
{
        const char *message = from ? from->message : "what it says is not possible";
        switch (code) {
        case NANOARROW_OK:
                return COFFER_OK;
        case ENOMEM:
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a table");
        case ENOTSUP:
                return coffer_error_set(error, COFFER_UNSUPPORTED, "%s", message);
        default:
                return coffer_error_set(error, COFFER_MALFORMED, "%s", message);
        }
}

/* ---- messages ---- */

typedef struct ipc_message {
        table_message_kind kind;
        coffer_cursor whole; /* with the prefix */
        coffer_cursor head, body;
} ipc_message;

static coffer_cursor take(coffer_cursor *from, size_t size_bytes)
{
        coffer_cursor taken = {from->data, size_bytes};
        from->data += size_bytes;
        from->size_bytes -= size_bytes;
        return taken;
}

static uint32_t load_u32(const uint8_t *at)
{
        return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static coffer_status refuse_end(coffer_error *error)
{
        return coffer_error_set(error, COFFER_MALFORMED, "the table ends in the middle of a message");
}

/* After the mark of the end a stream has nothing, and a file its footer, which says again what was read. */
static coffer_status check_end(table_reader *reader, coffer_error *error)
{
        size_t tail_bytes = FOOTER_SIZE_BYTES + MAGIC_BYTES;
        coffer_cursor left = reader->left;
        reader->is_done = true;
        if (!reader->is_file && left.size_bytes == 0)
                return COFFER_OK;
        if (!reader->is_file || left.size_bytes < tail_bytes)
                return coffer_error_set(error, COFFER_MALFORMED, "%zu bytes follow the end of the table",
                                        left.size_bytes);
        if (load_u32(left.data + left.size_bytes - tail_bytes) != left.size_bytes - tail_bytes)
                return coffer_error_set(error, COFFER_MALFORMED, "the footer of the file is not where it should be");
        return COFFER_OK;
}

/* Sets is_done at the end. */
static coffer_status take_head(table_reader *reader, ipc_message *out, coffer_error *error)
{
        coffer_cursor *left = &reader->left;
        if (left->size_bytes == 0 && !reader->is_file) {
                reader->is_done = true; /* the mark of the end may be absent */
                return COFFER_OK;
        }
        if (left->size_bytes < PREFIX_BYTES)
                return refuse_end(error);
        uint32_t head_bytes = load_u32(left->data + 4);
        if (load_u32(left->data) != UINT32_MAX || head_bytes % ALIGNMENT_BYTES != 0 || head_bytes > INT32_MAX / 2)
                return coffer_error_set(error, COFFER_MALFORMED, "what should be a message of Arrow is none");
        if (head_bytes > left->size_bytes - PREFIX_BYTES)
                return refuse_end(error);
        out->whole = take(left, PREFIX_BYTES + head_bytes);
        out->head = (coffer_cursor){out->whole.data + PREFIX_BYTES, head_bytes};
        return head_bytes == 0 ? check_end(reader, error) : COFFER_OK;
}

static struct ArrowBufferView view_of(coffer_cursor bytes)
{
        return (struct ArrowBufferView){{bytes.data}, (int64_t)bytes.size_bytes};
}

static coffer_status verify_head(table_reader *reader, ipc_message *out, coffer_error *error)
{
        struct ArrowError problem;
        TABLE_TRY(table_weigh(out->head, &out->kind, error));
        TABLE_TRY(table_result(ArrowIpcDecoderVerifyHeader(&reader->decoder, view_of(out->whole), &problem), &problem,
                               error));
        int64_t body_bytes = reader->decoder.body_size_bytes;
        if (body_bytes < 0 || body_bytes % ALIGNMENT_BYTES != 0 || (uint64_t)body_bytes > reader->left.size_bytes)
                return refuse_end(error);
        out->body = take(&reader->left, (size_t)body_bytes);
        TABLE_TRY(table_guard(out->head, out->kind, out->body, error));
        return table_result(ArrowIpcDecoderDecodeHeader(&reader->decoder, view_of(out->whole), &problem), &problem,
                            error);
}

static coffer_status next_message(table_reader *reader, ipc_message *out, coffer_error *error)
{
        TABLE_TRY(take_head(reader, out, error));
        return reader->is_done ? COFFER_OK : verify_head(reader, out, error);
}

/* ---- what they say ---- */

static coffer_status read_schema(table_reader *reader, coffer_error *error)
{
        struct ArrowError problem;
        ipc_message first;
        TABLE_TRY(next_message(reader, &first, error));
        if (reader->is_done || first.kind != TABLE_SCHEMA)
                return coffer_error_set(error, COFFER_MALFORMED, "the table does not begin with a schema");
        TABLE_TRY(table_result(ArrowIpcDecoderDecodeSchemaWithDictionaries(&reader->decoder, &reader->schema,
                                                                           &reader->encodings, &problem),
                               &problem, error));
        TABLE_TRY(table_guard_encodings(&reader->encodings, error));
        TABLE_TRY(table_result(ArrowIpcDecoderSetSchemaWithDictionaries(&reader->decoder, &reader->schema,
                                                                        &reader->encodings, &problem),
                               &problem, error));
        return table_result(ArrowIpcDictionariesInit(&reader->dictionaries, &reader->encodings, &problem), &problem,
                            error);
}

static coffer_status read_dictionary(table_reader *reader, const ipc_message *message, coffer_error *error)
{
        struct ArrowError problem;
        const struct ArrowIpcDictionaryEncoding *encoding =
                ArrowIpcDictionaryEncodingsFindById(&reader->encodings, reader->decoder.dictionary->id);
        if (!encoding)
                return coffer_error_set(error, COFFER_MALFORMED, "a dictionary belongs to no column");
        TABLE_TRY(table_guard_dictionary(message->head, encoding->schema->dictionary, error));
        return table_result(ArrowIpcDecoderDecodeDictionary(&reader->decoder, view_of(message->body),
                                                            NANOARROW_VALIDATION_LEVEL_FULL, &reader->dictionaries,
                                                            &problem),
                            &problem, error);
}

static coffer_status read_batch(table_reader *reader, const ipc_message *message, const struct ArrowArrayView **out,
                                coffer_error *error)
{
        struct ArrowArrayView *view = NULL;
        struct ArrowError problem;
        TABLE_TRY(
                table_result(ArrowIpcDecoderDecodeArrayViewWithDictionaries(&reader->decoder, view_of(message->body),
                                                                            -1, &reader->dictionaries, &view, &problem),
                             &problem, error));
        TABLE_TRY(
                table_result(ArrowArrayViewValidate(view, NANOARROW_VALIDATION_LEVEL_FULL, &problem), &problem, error));
        TABLE_TRY(table_check(&reader->schema, view, error));
        *out = view;
        return COFFER_OK;
}

coffer_status table_reader_next(table_reader *reader, const struct ArrowArrayView **out, coffer_error *error)
{
        ipc_message message;
        *out = NULL;
        while (!reader->is_done) {
                TABLE_TRY(next_message(reader, &message, error));
                if (reader->is_done)
                        break;
                if (message.kind == TABLE_BATCH)
                        return read_batch(reader, &message, out, error);
                if (message.kind != TABLE_DICTIONARY)
                        return coffer_error_set(error, COFFER_MALFORMED, "the table has a second schema");
                TABLE_TRY(read_dictionary(reader, &message, error));
        }
        return COFFER_OK;
}

/* ---- life ---- */

static coffer_status align(table_reader *reader, coffer_cursor table, coffer_error *error)
{
        reader->left = table;
        if ((uintptr_t)table.data % ALIGNMENT_BYTES == 0)
                return COFFER_OK;
        reader->copy = coffer_alloc(table.size_bytes);
        if (!reader->copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a table");
        memcpy(reader->copy, table.data, table.size_bytes);
        reader->left.data = reader->copy;
        return COFFER_OK;
}

static coffer_status skip_file_head(table_reader *reader, coffer_error *error)
{
        coffer_cursor all = reader->left;
        reader->is_file = all.size_bytes >= MAGIC_BYTES && memcmp(all.data, magic, MAGIC_BYTES) == 0;
        if (!reader->is_file)
                return COFFER_OK;
        if (all.size_bytes < FILE_HEAD_BYTES + MAGIC_BYTES ||
            memcmp(all.data + all.size_bytes - MAGIC_BYTES, magic, MAGIC_BYTES) != 0)
                return coffer_error_set(error, COFFER_MALFORMED, "the file does not end as an Arrow IPC file does");
        (void)take(&reader->left, FILE_HEAD_BYTES);
        return COFFER_OK;
}

coffer_status table_reader_open(table_reader *reader, coffer_cursor table, coffer_error *error)
{
        memset(reader, 0, sizeof(*reader));
        ArrowIpcDictionaryEncodingsInit(&reader->encodings);
        TABLE_TRY(align(reader, table, error));
        TABLE_TRY(skip_file_head(reader, error));
        TABLE_TRY(table_result(ArrowIpcDecoderInit(&reader->decoder), NULL, error));
        return read_schema(reader, error);
}

void table_reader_close(table_reader *reader)
{
        if (reader->dictionaries.private_data)
                ArrowIpcDictionariesReset(&reader->dictionaries);
        ArrowIpcDictionaryEncodingsReset(&reader->encodings);
        if (reader->decoder.private_data)
                ArrowIpcDecoderReset(&reader->decoder);
        if (reader->schema.release)
                ArrowSchemaRelease(&reader->schema);
        coffer_free(reader->copy);
}
