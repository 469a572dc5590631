/* SPDX-License-Identifier: Apache-2.0 */
/* The pickle is read twice: to see what it is, keeping only heads, and to write the one large text in it. */
#include <string.h>

#include "large.h"
#include "progress.h"
#include "sink.h"
#include "text.h"

enum { KEEP_BYTES = 1 << 16, FIRST_OF_SURROGATE = 0xed, SECOND_OF_SURROGATE = 0xa0 };

/* What of the pickle's texts was too long to be kept. */
typedef struct survey {
        size_t count;
        uint64_t size_bytes; /* of the last one */
        uint8_t last_byte;
        bool has_surrogates; /* if it is a str: UTF-8 files can't have them */
        uint64_t total_bytes;
} survey;

typedef struct copy {
        cli_sink *sink;
        uint64_t total_bytes;
} copy;

static coffer_status tell_progress(uint64_t done_bytes, uint64_t total_bytes, coffer_error *error)
{
        if (cli_progress_update(NULL, done_bytes, total_bytes))
                return COFFER_OK;
        return coffer_error_set(error, COFFER_WOULD_BLOCK, "interrupted");
}

/* Whether a surrogate's first two bytes are in the piece, or the first ended the one before. */
static bool has_surrogate(uint8_t last_byte, coffer_cursor piece)
{
        if (last_byte == FIRST_OF_SURROGATE && piece.data[0] >= SECOND_OF_SURROGATE)
                return true;
        for (size_t i = 0; i + 1 < piece.size_bytes; i++) {
                const uint8_t *found = memchr(piece.data + i, FIRST_OF_SURROGATE, piece.size_bytes - 1 - i);
                if (!found)
                        return false;
                i = (size_t)(found - piece.data);
                if (piece.data[i + 1] >= SECOND_OF_SURROGATE)
                        return true;
        }
        return false;
}

static coffer_status survey_piece(void *user, uint64_t size_bytes, uint64_t offset, coffer_cursor piece,
                                  coffer_error *error)
{
        survey *seen = user;
        if (offset == 0) {
                seen->count++;
                seen->size_bytes = size_bytes;
                seen->last_byte = 0;
        }
        if (piece.size_bytes > 0) {
                seen->has_surrogates |= has_surrogate(seen->last_byte, piece);
                seen->last_byte = piece.data[piece.size_bytes - 1];
        }
        return tell_progress(offset + piece.size_bytes, seen->total_bytes, error);
}

static coffer_status copy_piece(void *user, uint64_t size_bytes, uint64_t offset, coffer_cursor piece,
                                coffer_error *error)
{
        const copy *to = user;
        (void)size_bytes;
        COFFER_TRY(cli_sink_write(to->sink, piece, error));
        return tell_progress(offset + piece.size_bytes, to->total_bytes, error);
}

static coffer_status read_through(coffer_task *task, const char *name,
                                  coffer_status (*piece)(void *, uint64_t, uint64_t, coffer_cursor, coffer_error *),
                                  void *user, coffer_document **out, coffer_error *error)
{
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        coffer_stream *stream;
        options.keep_bytes = KEEP_BYTES;
        options.piece = piece;
        options.piece_user = user;
        COFFER_TRY(coffer_task_open_stream(task, name, &stream, error));
        coffer_status status = coffer_pickle_read_stream(stream, &options, out, error);
        stream->close(stream);
        return status;
}

/* Whether the root is an array whose data is the one long text; the beginning of its file. */
static bool is_array(coffer_document *document, const survey *seen, coffer_bytes **header)
{
        coffer_object object = coffer_object_from_document(document);
        coffer_tensor tensor;
        uint64_t data_bytes;
        bool is = coffer_object_view_tensor(&object, &tensor, NULL) == COFFER_OK &&
                  coffer_tensor_npy_header(&tensor, header, &data_bytes, NULL) == COFFER_OK &&
                  data_bytes == seen->size_bytes && tensor.available_bytes < data_bytes;
        coffer_object_unref(&object);
        return is;
}

/* Whether the one long text is what is to be written, behind `*header` (NULL: nothing). */
static bool suits(coffer_document *document, const survey *seen, cli_form form, coffer_bytes **header)
{
        const coffer_value *root = coffer_document_root(document);
        coffer_kind kind = coffer_value_kind(root);
        if (seen->count != 1)
                return false;
        if (kind != COFFER_KIND_STR && kind != COFFER_KIND_BYTES && kind != COFFER_KIND_BYTEARRAY)
                return (form == CLI_FORM_AUTO || form == CLI_FORM_NPY) && is_array(document, seen, header);
        if (coffer_value_full_size(root) != seen->size_bytes || coffer_value_data(root).size_bytes == seen->size_bytes)
                return false;
        if (kind == COFFER_KIND_STR)
                return (form == CLI_FORM_AUTO || form == CLI_FORM_TEXT) && !seen->has_surrogates;
        return form == CLI_FORM_AUTO || form == CLI_FORM_BYTES;
}

static coffer_status copy_value(coffer_task *task, const char *name, const coffer_bytes *header, const copy *to,
                                coffer_error *error)
{
        coffer_document *document = NULL;
        for (size_t i = 0; header && i < coffer_bytes_segment_count(header); i++)
                COFFER_TRY(cli_sink_write(to->sink, coffer_bytes_segment(header, i), error));
        COFFER_TRY(read_through(task, name, copy_piece, (void *)(uintptr_t)to, &document, error));
        coffer_document_unref(document);
        return cli_sink_commit(to->sink, error);
}

static int write_value(coffer_task *task, const char *name, const coffer_bytes *header, const char *output,
                       uint64_t total_bytes)
{
        coffer_error error = COFFER_ERROR_INIT;
        cli_sink sink = {NULL, -1, NULL};
        copy to = {&sink, total_bytes};
        int code = cli_sink_open(output, true, &sink);
        if (!code && copy_value(task, name, header, &to, &error) != COFFER_OK)
                code = cli_interrupted() ? CLI_INTERRUPTED : cli_fail(&error);
        cli_sink_done(&sink);
        return code;
}

int cli_large_write(const cli_context *context, coffer_task *task, const coffer_artifact_info *info, cli_form form,
                    const char *output, bool *done)
{
        coffer_document *document _cleanup_(coffer_document_unrefp) = NULL;
        coffer_bytes *header _cleanup_bytes_ = NULL;
        survey seen = {.total_bytes = info->size_bytes};
        int code = CLI_OK;
        if (strcmp(output, "-") == 0 && cli_stdout_is_terminal())
                return CLI_OK; /* it is for the whole text to say whether a terminal can take it */
        cli_progress_begin("checking", context->common.quiet);
        coffer_status status = read_through(task, info->name, survey_piece, &seen, &document, NULL);
        cli_progress_end();
        if (cli_interrupted())
                return CLI_INTERRUPTED;
        *done = status == COFFER_OK && suits(document, &seen, form, &header);
        if (*done) {
                cli_progress_begin("reading", context->common.quiet);
                code = write_value(task, info->name, header, output, seen.size_bytes);
                cli_progress_end();
        }
        return code;
}
