/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "progress.h"
#include "typed.h"

/* What a pickle is stored as: what Metaflow writes. Unpicklers find out the protocol by themselves. */
static const char pickle_encoding[] = "pickle-v4";

static int check_name(const char *name)
{
        coffer_error error = COFFER_ERROR_INIT;
        return coffer_name_check(COFFER_NAME_ARTIFACT, name, &error) == COFFER_OK ? CLI_OK : cli_fail(&error);
}

/* What follows NAME:KIND= or NAME=. */
static int parse_file(const char *file, cli_form form, cli_input *input)
{
        if (!*file)
                return cli_error(COFFER_INVALID, "artifact \"%s\" has no file", input->name);
        input->file = file;
        input->form = form != CLI_FORM_AUTO ? form : cli_form_of_file(file);
        if (input->form == CLI_FORM_AUTO)
                input->form = CLI_FORM_BYTES;
        return CLI_OK;
}

/* What follows NAME:Type= is the wire form; @FILE is a file, and @@ begins a wire form that begins with @. */
static void parse_typed(coffer_cursor type, const char *text, cli_input *input)
{
        input->type = cli_text("%.*s", (int)type.size_bytes, (const char *)type.data);
        if (text[0] == '@' && text[1] != '@')
                input->file = text + 1;
        else
                input->wire = text + (text[0] == '@');
}

static int parse_kind(coffer_cursor word, const char *text, cli_input *input)
{
        cli_form form;
        if (cli_is_type_name(word)) {
                parse_typed(word, text, input);
                return CLI_OK;
        }
        char *kind _cleanup_free_ = cli_text("%.*s", (int)word.size_bytes, (const char *)word.data);
        int code = cli_form_parse(kind, &form);
        return code ? code : parse_file(text, form, input);
}

int cli_input_parse(const char *argument, cli_form form, cli_input *out)
{
        const char *equals = strchr(argument, '=');
        const char *colon = equals ? memchr(argument, ':', (size_t)(equals - argument)) : NULL;
        if (!equals || (!colon && !equals[1]))
                return cli_error(COFFER_INVALID, "\"%s\" is not NAME=FILE", argument);
        cli_input input = {.file = NULL};
        input.name = cli_text("%.*s", (int)((colon ? colon : equals) - argument), argument);
        int code = check_name(input.name);
        if (!code && colon)
                code = parse_kind(coffer_cursor_of(colon + 1, (size_t)(equals - colon - 1)), equals + 1, &input);
        else if (!code)
                code = parse_file(equals + 1, form, &input);
        if (code) {
                cli_input_done(&input);
                return code;
        }
        *out = input;
        return CLI_OK;
}

static bool is_stdin(const cli_input *input)
{
        return input->file && strcmp(input->file, "-") == 0;
}

/* Pipes and devices are read to their end; large inputs of either kind are mapped. */
static coffer_status read_file(cli_input *input, coffer_bytes **out, coffer_error *error)
{
        if (is_stdin(input))
                return coffer_fs_spool(STDIN_FILENO, "standard input", cli_progress_update, NULL, out, error);
        if (stat(input->file, &input->seen) != 0 || S_ISREG(input->seen.st_mode))
                return coffer_fs_read_changing(input->file, out, error);
        int descriptor = open(input->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (descriptor < 0)
                return coffer_error_set(error, COFFER_IO, "cannot read %s: %s", input->file, strerror(errno));
        coffer_status status = coffer_fs_spool(descriptor, input->file, cli_progress_update, NULL, out, error);
        close(descriptor);
        return status;
}

static coffer_status document_from_bytes(coffer_bytes *bytes, coffer_document **out, coffer_error *error)
{
        coffer_document *document _cleanup_(coffer_document_unrefp) = NULL;
        coffer_cursor data;
        coffer_value *root;
        COFFER_TRY(coffer_bytes_contiguous(bytes, &data, error));
        COFFER_TRY(coffer_document_new(&document, error));
        COFFER_TRY(coffer_document_keep(document, bytes, error));
        COFFER_TRY(coffer_value_bytes(document, data, true, &root, error));
        coffer_document_set_root(document, root);
        *out = TAKE_PTR(document);
        return COFFER_OK;
}

static coffer_status document_from_input(cli_form form, coffer_bytes *bytes, coffer_document **out, coffer_error *error)
{
        coffer_cursor text;
        switch (form) {
        case CLI_FORM_JSON:
                COFFER_TRY(coffer_bytes_contiguous(bytes, &text, error));
                return coffer_document_from_json(text, out, error);
        case CLI_FORM_NPY:
                return coffer_document_from_npy(bytes, out, error);
        case CLI_FORM_TEXT:
                return coffer_document_from_text(bytes, out, error);
        default:
                return document_from_bytes(bytes, out, error);
        }
}

/* A pickle is read strictly to be sure that it is one, and stored byte for byte. */
static coffer_status take_pickle(coffer_registry *registry, cli_input *input, coffer_bytes *bytes, coffer_error *error)
{
        coffer_document *document _cleanup_(coffer_document_unrefp) = NULL;
        coffer_metadata *metadata _cleanup_(coffer_metadata_freep) = NULL;
        char *type _cleanup_free_ = NULL;
        coffer_choice choice;
        COFFER_TRY(coffer_pickle_read(bytes, NULL, &document, NULL, error));
        COFFER_TRY(coffer_value_type_text(coffer_document_root(document), &type, error));
        COFFER_TRY(coffer_metadata_new(&metadata, error));
        COFFER_TRY(coffer_metadata_set_object_type(metadata, type, error));
        COFFER_TRY(coffer_metadata_set_encoding(metadata, pickle_encoding, error));
        coffer_metadata_set_size(metadata, coffer_bytes_size(bytes));
        COFFER_TRY(coffer_registry_find_deserializer(registry, metadata, input->name, &choice, error));
        if (choice.source)
                COFFER_TRY(coffer_metadata_set_info(metadata, "source", choice.source, error));
        COFFER_TRY(coffer_blob_new(bytes, &input->blob, error));
        input->metadata = TAKE_PTR(metadata);
        return COFFER_OK;
}

static coffer_status take_value(coffer_registry *registry, cli_input *input, coffer_bytes *bytes, coffer_error *error)
{
        coffer_document *document _cleanup_(coffer_document_unrefp) = NULL;
        coffer_object object = {NULL, NULL};
        if (input->type) {
                COFFER_TRY(cli_typed_object(registry, input->type, input->wire, bytes, &object, error));
        } else {
                COFFER_TRY(document_from_input(input->form, bytes, &document, error));
                object = coffer_object_from_document(document);
        }
        coffer_status status =
                coffer_registry_serialize(registry, &object, input->name, &input->blob, &input->metadata, error);
        coffer_object_unref(&object);
        return status;
}

/* `*out` is NULL when there is no file. */
static int read_whole(cli_context *context, cli_input *input, coffer_bytes **out)
{
        coffer_error error = COFFER_ERROR_INIT;
        *out = NULL;
        if (!input->file)
                return CLI_OK;
        cli_progress_begin("reading", context->common.quiet);
        coffer_status status = read_file(input, out, &error);
        cli_progress_end();
        if (status == COFFER_OK)
                return CLI_OK;
        return cli_interrupted() ? CLI_INTERRUPTED : cli_fail(&error);
}

int cli_input_read(cli_context *context, coffer_registry *registry, cli_input *input)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        int code = read_whole(context, input, &bytes);
        if (code)
                return code;
        coffer_status status = input->form == CLI_FORM_PICKLE ? take_pickle(registry, input, bytes, &error)
                                                              : take_value(registry, input, bytes, &error);
        if (status == COFFER_OK) {
                if (bytes) /* others may write to the file: it is read once more, piece by piece, when it is saved */
                        coffer_bytes_set_unstable(coffer_blob_bytes(input->blob));
                return CLI_OK;
        }
        const char *where = is_stdin(input) ? "standard input" : input->file ? input->file : input->name;
        char *subject _cleanup_free_ =
                cli_text("%s (as %s)", where, input->type ? input->type : cli_form_name(input->form));
        return cli_fail_about(subject, &error);
}

int cli_input_check_unchanged(const cli_input *input)
{
        struct stat now;
        if (!S_ISREG(input->seen.st_mode))
                return CLI_OK;
        if (stat(input->file, &now) == 0 && now.st_size == input->seen.st_size && now.st_ino == input->seen.st_ino &&
            now.st_mtim.tv_sec == input->seen.st_mtim.tv_sec && now.st_mtim.tv_nsec == input->seen.st_mtim.tv_nsec)
                return CLI_OK;
        return cli_error(COFFER_CORRUPT, "%s was changed while it was read; the attempt is not done, put it again",
                         input->file);
}

void cli_input_done(cli_input *input)
{
        coffer_free(input->name);
        coffer_free(input->type);
        coffer_blob_unref(input->blob);
        coffer_metadata_free(input->metadata);
}
