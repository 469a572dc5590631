/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "peek.h"
#include "text.h"
#include "typed.h"

static coffer_status read_pickle(coffer_task *task, const char *name, uint64_t keep_bytes, cli_peek *peek)
{
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        coffer_stream *stream;
        options.keep_bytes = keep_bytes;
        COFFER_TRY(coffer_task_open_stream(task, name, &stream, &peek->error));
        coffer_status status = coffer_pickle_read_stream(stream, &options, &peek->document, &peek->error);
        stream->close(stream);
        if (status == COFFER_OK)
                peek->value = coffer_document_root(peek->document);
        return status;
}

static coffer_status scan_pickle(coffer_task *task, const char *name, cli_peek *peek)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        COFFER_TRY(coffer_task_load_bytes(task, name, &bytes, &peek->error));
        return coffer_pickle_scan(bytes, &peek->scan, &peek->error);
}

/* An object that shows a tensor and nothing else becomes a document of that tensor. */
static coffer_status document_of_tensor(const coffer_object *object, coffer_document **out, coffer_error *error)
{
        coffer_document *document _cleanup_(coffer_document_unrefp) = NULL;
        coffer_tensor tensor;
        coffer_value *root;
        COFFER_TRY(coffer_object_view_tensor(object, &tensor, error));
        COFFER_TRY(coffer_document_new(&document, error));
        COFFER_TRY(coffer_value_tensor(document, &tensor, &root, error));
        coffer_document_set_root(document, root);
        *out = TAKE_PTR(document);
        return COFFER_OK;
}

/* What its type shows of a typed object, else its value. */
static coffer_status view(uint64_t max_items, cli_peek *peek)
{
        coffer_document *document;
        coffer_status status = coffer_iotype_view(&peek->object, max_items, &peek->document, &peek->error);
        if (status == COFFER_OK)
                peek->value = coffer_document_root(peek->document);
        if (status != COFFER_DECLINED)
                return status;
        COFFER_TRY(coffer_object_view_value(&peek->object, &document, &peek->value, &peek->error));
        peek->document = coffer_document_ref(document);
        return COFFER_OK;
}

static coffer_status load(coffer_task *task, const coffer_artifact_info *info, const cli_peek_options *options,
                          cli_peek *peek)
{
        coffer_error *error = &peek->error;
        char size[CLI_SIZE_TEXT_BYTES];
        cli_size_text(options->max_load_bytes, size);
        if (info->size_bytes > options->max_load_bytes)
                return coffer_error_set(error, COFFER_LIMIT,
                                        "values of encoding %s are not shown above %s; coffer get writes them",
                                        info->encoding, size);
        COFFER_TRY(coffer_task_load(task, info->name, &peek->object, error));
        coffer_status status = view(options->max_items, peek);
        if (status != COFFER_DECLINED)
                return status;
        COFFER_TRY(document_of_tensor(&peek->object, &peek->document, error));
        peek->value = coffer_document_root(peek->document);
        return COFFER_OK;
}

static coffer_status load_slice(coffer_task *task, const char *name, const cli_slices *slices, cli_peek *peek)
{
        COFFER_TRY(coffer_task_load_slice(task, name, slices->at, slices->count, &peek->object, &peek->error));
        COFFER_TRY(document_of_tensor(&peek->object, &peek->document, &peek->error));
        peek->value = coffer_document_root(peek->document);
        return COFFER_OK;
}

static coffer_status peek_open(coffer_registry *registry, coffer_task *task, const coffer_artifact_info *info,
                               const cli_peek_options *options, cli_peek *peek)
{
        coffer_metadata *metadata _cleanup_(coffer_metadata_freep) = NULL;
        coffer_choice choice;
        COFFER_TRY(coffer_task_metadata(task, info->name, &metadata, &peek->error));
        COFFER_TRY(coffer_registry_find_deserializer(registry, metadata, info->name, &choice, &peek->error));
        peek->reader = choice.serializer->type;
        peek->is_pickle = strcmp(peek->reader, "pickle") == 0;
        if (strcmp(peek->reader, "iotype") == 0)
                COFFER_TRY(cli_typed_spec(registry, info, &peek->spec, &peek->error));
        if (peek->is_pickle && info->size_bytes <= options->max_scan_bytes)
                COFFER_TRY(scan_pickle(task, info->name, peek));
        if (options->without_value)
                return COFFER_OK;
        if (options->slices && options->slices->count > 0)
                return load_slice(task, info->name, options->slices, peek);
        return peek->is_pickle ? read_pickle(task, info->name, options->keep_bytes, peek)
                               : load(task, info, options, peek);
}

void cli_peek_open(coffer_registry *registry, coffer_task *task, const coffer_artifact_info *info,
                   const cli_peek_options *options, cli_peek *out)
{
        *out = (cli_peek){.error = COFFER_ERROR_INIT};
        (void)peek_open(registry, task, info, options, out);
}

void cli_peek_done(cli_peek *peek)
{
        coffer_free(peek->spec);
        coffer_document_unref(peek->document);
        coffer_object_unref(&peek->object);
        coffer_pickle_report_free(peek->scan);
}
