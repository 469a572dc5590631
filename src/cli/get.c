/* SPDX-License-Identifier: Apache-2.0 */
/* coffer get: an artifact becomes a file. */
#include <string.h>

#include "form.h"
#include "large.h"
#include "progress.h"
#include "sink.h"
#include "slice.h"
#include "store.h"
#include "text.h"
#include "typed.h"

typedef struct get_options {
        const char *output;
        const char *as;
        cli_number attempt;
        bool raw;
        bool wire;
        const char *slice;
} get_options;

static const cli_option options_table[] = {
        {"output", 'o', CLI_TEXT, offsetof(get_options, output), "FILE", "write to FILE (default -, standard output)",
         0, 0},
        {"as", 'a', CLI_TEXT, offsetof(get_options, as), "KIND", "write as " CLI_FORM_NAMES, 0, 0},
        CLI_ATTEMPT_OPTION(get_options, "of attempt N (default: the latest)"),
        {"raw", 0, CLI_FLAG, offsetof(get_options, raw), NULL,
         "the serialized bytes as they are, whatever their encoding", 0, 0},
        {"wire", 0, CLI_FLAG, offsetof(get_options, wire), NULL, "of a typed artifact, its wire form", 0, 0},
        CLI_SLICE_OPTION(get_options),
        CLI_END_OF_OPTIONS,
};

enum { COPY_STEP_BYTES = 1 << 18 };

/* ---- bytes as they are stored, in little memory ---- */

static coffer_status copy_stream(coffer_stream *stream, cli_sink *sink, uint64_t total_bytes, coffer_error *error)
{
        void *buffer _cleanup_free_ = cli_need(coffer_alloc(COPY_STEP_BYTES));
        uint64_t done_bytes = 0;
        for (;;) {
                size_t got_bytes = 0;
                COFFER_TRY(stream->read(stream, buffer, COPY_STEP_BYTES, &got_bytes, error));
                if (got_bytes == 0)
                        return COFFER_OK;
                COFFER_TRY(cli_sink_write(sink, coffer_cursor_of(buffer, got_bytes), error));
                done_bytes += got_bytes;
                if (!cli_progress_update(NULL, done_bytes, total_bytes))
                        return coffer_error_set(error, COFFER_WOULD_BLOCK, "interrupted");
        }
}

static int write_stored(const cli_context *context, coffer_task *task, const coffer_artifact_info *info,
                        const char *output)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_stream *stream = NULL;
        cli_sink sink = {NULL, -1, NULL};
        coffer_status status = coffer_task_open_stream(task, info->name, &stream, &error);
        if (status != COFFER_OK)
                return cli_fail(&error);
        int code = cli_sink_open(output, true, &sink);
        if (!code) {
                cli_progress_begin("reading", context->common.quiet);
                status = copy_stream(stream, &sink, info->size_bytes, &error);
                cli_progress_end();
                if (status == COFFER_OK)
                        status = cli_sink_commit(&sink, &error);
                if (status != COFFER_OK)
                        code = cli_interrupted() ? CLI_INTERRUPTED : cli_fail(&error);
        }
        cli_sink_done(&sink);
        stream->close(stream);
        return code;
}

/* ---- values in one of the forms ---- */

typedef struct rendering {
        coffer_cursor text; /* borrowed from the object or from `owned` */
        char *owned;
        coffer_bytes *bytes; /* or this */
        bool add_newline;
} rendering;

static coffer_status refuse_kind(const coffer_object *object, const char *form, const char *wanted, coffer_error *error)
{
        char *type _cleanup_free_ = NULL;
        COFFER_TRY(coffer_object_type_text(object, &type, error));
        return coffer_error_set(error, COFFER_UNSUPPORTED,
                                "it is a %s, not %s, and cannot be written as %s; --as chooses another form", type,
                                wanted, form);
}

static bool is_one_of(const coffer_object *object, coffer_kind kind, coffer_kind other, coffer_cursor *out)
{
        coffer_document *document;
        const coffer_value *value;
        if (coffer_object_view_value(object, &document, &value, NULL) != COFFER_OK)
                return false;
        if (coffer_value_kind(value) != kind && coffer_value_kind(value) != other)
                return false;
        *out = coffer_value_data(value);
        return true;
}

static coffer_status render_text(const coffer_object *object, rendering *out, coffer_error *error)
{
        if (!is_one_of(object, COFFER_KIND_STR, COFFER_KIND_STR, &out->text))
                return refuse_kind(object, "text", "a str", error);
        if (!cli_text_is_utf8(out->text))
                return coffer_error_set(error, COFFER_UNSUPPORTED,
                                        "the str holds lone surrogates, which UTF-8 text cannot; use --as pickle");
        return COFFER_OK;
}

static coffer_status render_bytes(const coffer_object *object, rendering *out, coffer_error *error)
{
        if (is_one_of(object, COFFER_KIND_BYTES, COFFER_KIND_BYTEARRAY, &out->text))
                return COFFER_OK;
        return refuse_kind(object, "bytes", "bytes", error);
}

static coffer_status json_of_value(const coffer_object *object, char **out, coffer_error *error)
{
        coffer_document *document;
        const coffer_value *value;
        COFFER_TRY(coffer_object_view_value(object, &document, &value, error));
        return coffer_value_to_json(document, value, false, NULL, out, error);
}

static coffer_status render_json(const coffer_object *object, rendering *out, coffer_error *error)
{
        coffer_document *view _cleanup_(coffer_document_unrefp) = NULL;
        coffer_status status = coffer_iotype_view(object, UINT64_MAX, &view, error);
        if (status == COFFER_OK)
                status = coffer_value_to_json(view, coffer_document_root(view), false, NULL, &out->owned, error);
        else if (status == COFFER_DECLINED)
                status = json_of_value(object, &out->owned, error);
        COFFER_TRY(status);
        out->text = coffer_cursor_text(out->owned);
        out->add_newline = true;
        return COFFER_OK;
}

static coffer_status render_npy(const coffer_object *object, rendering *out, coffer_error *error)
{
        coffer_tensor tensor;
        coffer_document *document = NULL;
        const coffer_value *value;
        coffer_status status = coffer_object_view_tensor(object, &tensor, error);
        if (status == COFFER_DECLINED)
                return refuse_kind(object, "npy", "an array", error);
        COFFER_TRY(status);
        if (coffer_object_view_value(object, &document, &value, NULL) != COFFER_OK)
                document = NULL;
        return coffer_tensor_to_npy(&tensor, document, &out->bytes, error);
}

static coffer_status render_pickle(const coffer_object *object, rendering *out, coffer_error *error)
{
        coffer_document *document;
        const coffer_value *value;
        COFFER_TRY(coffer_object_view_value(object, &document, &value, error));
        return coffer_pickle_write(document, value, NULL, &out->bytes, error);
}

static coffer_status render_wire(const coffer_object *object, rendering *out, coffer_error *error)
{
        COFFER_TRY(cli_typed_wire(object, &out->owned, error));
        out->text = coffer_cursor_text(out->owned);
        return COFFER_OK;
}

static coffer_status render(const coffer_object *object, cli_form form, rendering *out, coffer_error *error)
{
        static coffer_status (*const renderers[CLI_FORM_COUNT])(const coffer_object *, rendering *, coffer_error *) = {
                [CLI_FORM_JSON] = render_json,     [CLI_FORM_NPY] = render_npy,     [CLI_FORM_TEXT] = render_text,
                [CLI_FORM_PICKLE] = render_pickle, [CLI_FORM_BYTES] = render_bytes,
        };
        return renderers[form](object, out, error);
}

/* What suits the value when neither --as nor a suffix says anything: the first form that can hold it. */
static coffer_status render_by_type(const coffer_object *object, cli_form *form, rendering *out, coffer_error *error)
{
        static const cli_form order[] = {CLI_FORM_TEXT, CLI_FORM_BYTES, CLI_FORM_NPY, CLI_FORM_JSON, CLI_FORM_PICKLE};
        coffer_status status = COFFER_UNSUPPORTED;
        for (size_t i = 0; status == COFFER_UNSUPPORTED && i < ARRAY_COUNT(order); i++) {
                *form = order[i];
                status = render(object, order[i], out, error);
        }
        return status;
}

static coffer_status write_rendering(const rendering *from, cli_sink *sink, coffer_error *error)
{
        for (size_t i = 0; from->bytes && i < coffer_bytes_segment_count(from->bytes); i++)
                COFFER_TRY(cli_sink_write(sink, coffer_bytes_segment(from->bytes, i), error));
        COFFER_TRY(cli_sink_write(sink, from->text, error));
        if (from->add_newline)
                COFFER_TRY(cli_sink_write(sink, coffer_cursor_text("\n"), error));
        return cli_sink_commit(sink, error);
}

static coffer_status load(coffer_task *task, const char *name, const cli_slices *slices, coffer_object *out,
                          coffer_error *error)
{
        return slices->count > 0 ? coffer_task_load_slice(task, name, slices->at, slices->count, out, error)
                                 : coffer_task_load(task, name, out, error);
}

static int write_value(const cli_context *context, coffer_task *task, const coffer_artifact_info *info, cli_form form,
                       bool wire, const cli_slices *slices, const char *output)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_object object = {NULL, NULL};
        rendering rendered = {{NULL, 0}, NULL, NULL, false};
        cli_sink sink = {NULL, -1, NULL};
        coffer_status status = load(task, info->name, slices, &object, &error);
        if (status != COFFER_OK)
                return cli_fail_hint(&error, status == COFFER_DECLINED ? "--raw writes its bytes" : NULL);
        bool chosen = wire || form != CLI_FORM_AUTO;
        if (wire)
                status = render_wire(&object, &rendered, &error);
        else
                status = chosen ? render(&object, form, &rendered, &error)
                                : render_by_type(&object, &form, &rendered, &error);
        int code = status == COFFER_OK ? CLI_OK : cli_fail_about(info->name, &error);
        if (!code) {
                if (!chosen && form == CLI_FORM_PICKLE)
                        cli_note(context, "%s is a %s, which only a pickle holds: written as one", info->name,
                                 info->type);
                bool binary = rendered.bytes || !cli_text_is_plain(rendered.text);
                code = cli_sink_open(output, binary, &sink);
        }
        if (!code && write_rendering(&rendered, &sink, &error) != COFFER_OK)
                code = cli_fail(&error);
        cli_sink_done(&sink);
        coffer_bytes_unref(rendered.bytes);
        coffer_free(rendered.owned);
        coffer_object_unref(&object);
        return code;
}

static bool is_stored_as_pickle(coffer_registry *registry, coffer_task *task, const coffer_artifact_info *info)
{
        coffer_metadata *metadata _cleanup_(coffer_metadata_freep) = NULL;
        return coffer_task_metadata(task, info->name, &metadata, NULL) == COFFER_OK &&
               cli_reads_pickle(registry, metadata, info->name);
}

static int get(const cli_context *context, const get_options *options, coffer_task *task,
               const coffer_artifact_info *info)
{
        const char *output = options->output ? options->output : "-";
        cli_form form;
        cli_slices slices;
        int code = cli_form_parse(options->as, &form);
        if (!code)
                code = cli_slices_parse(options->slice, &slices);
        if (code)
                return code;
        if (form == CLI_FORM_AUTO)
                form = cli_form_of_file(output);
        bool is_pickle = !options->raw && !options->wire && !options->slice &&
                         is_stored_as_pickle(context->registry, task, info);
        if (options->raw || (form == CLI_FORM_PICKLE && is_pickle))
                return write_stored(context, task, info, output);
        if (is_pickle && info->size_bytes > CLI_LARGE_BYTES) {
                bool done = false;
                code = cli_large_write(context, task, info, form, output, &done);
                if (code || done)
                        return code;
        }
        return write_value(context, task, info, form, options->wire, &slices, output);
}

static int run(cli_context *context, const void *options, int count, char **arguments)
{
        const get_options *given = options;
        coffer_task *task _cleanup_(coffer_task_freep) = NULL;
        coffer_artifact_info info;
        cli_path path;
        (void)count;
        if (given->raw + (given->as != NULL) + given->wire > 1)
                return cli_error(COFFER_INVALID, "--raw, --as and --wire exclude each other");
        if (given->slice && (given->raw || given->wire))
                return cli_error(COFFER_INVALID, "--slice takes a part of a value, not of its bytes or its wire form");
        int code = cli_path_parse(arguments[0], CLI_LEVELS, CLI_LEVELS, &path);
        if (code)
                return code;
        cli_catch_interrupts();
        code = cli_open_task(context, &path, &given->attempt, false, &task);
        if (!code)
                code = cli_find_artifact(task, path.parts[CLI_ARTIFACT], &info);
        if (!code)
                code = get(context, given, task, &info);
        cli_path_done(&path);
        return code;
}

static const char details[] =
        "The form is --as KIND, else what FILE's suffix says, else what suits the value: text for\n"
        "str, bytes for bytes and Tables, npy for arrays, json for what JSON has, pickle for all else.\n"
        "  json    one JSON document; a value that JSON does not have is an error that names it\n"
        "  npy     NumPy's file format, for arrays\n"
        "  text    the characters of a str, as UTF-8\n"
        "  bytes   the contents of a bytes or bytearray\n"
        "  pickle  as stored, byte for byte, when it is stored as a pickle\n"
        "--wire writes the text that a typed artifact has for command lines and messages, as it is.\n"
        "Nothing that the artifact holds is run. Contents are checked while they are read.\n"
        "\n"
        "FILE appears only when it is whole, and replaces what was there; missing directories are\n"
        "made. Binary data is not written to a terminal.\n";

static const char examples[] = "  coffer get Demo/1/start/1/readings -o readings.npy\n"
                               "  coffer get --slice 1000:2000 Demo/1/start/1/readings -o part.npy\n"
                               "  coffer get Demo/1/start/1/config | jq .\n"
                               "  coffer get Demo/1/start/1/model --as pickle -o model.bin\n";

const cli_command cli_get_command = {
        .name = "get",
        .arguments = "FLOW/RUN/STEP/TASK/NAME",
        .summary = "Write an artifact to a file or to standard output",
        .details = details,
        .examples = examples,
        .options = options_table,
        .options_bytes = sizeof(get_options),
        .min_arguments = 1,
        .max_arguments = 1,
        .run = run,
};
