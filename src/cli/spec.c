/* SPDX-License-Identifier: Apache-2.0 */
/* coffer spec: the contract of a typed artifact, and whether a value keeps one. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "store.h"
#include "typed.h"

typedef struct spec_options {
        const char *check;
        cli_number attempt;
} spec_options;

static const cli_option options_table[] = {
        {"check", 'c', CLI_TEXT, offsetof(spec_options, check), "FILE",
         "check the value against the JSON schema in FILE", 0, 0},
        CLI_ATTEMPT_OPTION(spec_options, "of attempt N (default: the latest)"),
        CLI_END_OF_OPTIONS,
};

static int print_spec(coffer_registry *registry, const coffer_artifact_info *info)
{
        coffer_error error = COFFER_ERROR_INIT;
        char *text _cleanup_free_ = NULL;
        coffer_status status = cli_typed_spec(registry, info, &text, &error);
        if (status == COFFER_DECLINED)
                return cli_error(COFFER_UNSUPPORTED, "%s", error.message);
        if (status != COFFER_OK)
                return cli_fail(&error);
        cli_json_print(cli_json_parsed(text));
        return CLI_OK;
}

/* What the schema speaks of: the JSON form of a typed value, any other value as it is. */
static coffer_status check_object(const coffer_object *object, coffer_cursor schema, coffer_error *error)
{
        coffer_document *json _cleanup_(coffer_document_unrefp) = NULL;
        coffer_document *document;
        const coffer_value *root;
        coffer_iotype *type;
        coffer_object value;
        coffer_status status = coffer_object_view_iotype(object, &type, &value, error);
        if (status == COFFER_OK) {
                COFFER_TRY(coffer_iotype_to_json(type, &value, &json, error));
                return coffer_schema_check(schema, coffer_document_root(json), error);
        }
        if (status != COFFER_DECLINED)
                return status;
        COFFER_TRY(coffer_object_view_value(object, &document, &root, error));
        return coffer_schema_check(schema, root, error);
}

static coffer_status check_artifact(coffer_task *task, const char *name, const char *file, coffer_error *error)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_object object = {NULL, NULL};
        coffer_cursor schema;
        COFFER_TRY(coffer_fs_read(file, &bytes, error));
        COFFER_TRY(coffer_bytes_contiguous(bytes, &schema, error));
        COFFER_TRY(coffer_task_load(task, name, &object, error));
        coffer_status status = check_object(&object, schema, error);
        coffer_object_unref(&object);
        return status;
}

/* "NAME.field: ...", as an expression would name it. */
static int tell_mismatch(const char *name, const coffer_error *error)
{
        bool has_place = error->message[0] == '.' || error->message[0] == '[';
        return cli_error(error->status, "%s%s%s", name, has_place ? "" : ": ", error->message);
}

static int run(cli_context *context, const void *options, int count, char **arguments)
{
        const spec_options *given = options;
        coffer_task *task _cleanup_(coffer_task_freep) = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_registry *registry;
        coffer_artifact_info info;
        cli_path path;
        (void)count;
        int code = cli_path_parse(arguments[0], CLI_LEVELS, CLI_LEVELS, &path);
        if (code)
                return code;
        code = cli_registry(context, &registry);
        if (!code)
                code = cli_open_task(context, &path, &given->attempt, false, &task);
        if (!code)
                code = cli_find_artifact(task, path.parts[CLI_ARTIFACT], &info);
        if (!code && !given->check)
                code = print_spec(registry, &info);
        else if (!code && check_artifact(task, info.name, given->check, &error) != COFFER_OK)
                code = error.status == COFFER_MALFORMED ? tell_mismatch(info.name, &error) : cli_fail(&error);
        cli_path_done(&path);
        return code;
}

static const char details[] =
        "Prints the JSON schema (draft 2020-12) of a typed artifact: what its type says of every\n"
        "value, or what was recorded when it was saved. Artifacts that are not typed have none.\n"
        "\n"
        "With --check the value of any artifact that JSON can hold is checked against the schema in\n"
        "FILE, and nothing is printed when it fits. Otherwise the message names the first field that\n"
        "does not, and the exit code is 3. Known are type, const, enum, anyOf, minimum, maximum, items,\n"
        "prefixItems, minItems, maxItems, properties, required, additionalProperties, propertyNames;\n"
        "annotations are passed over; any other keyword is an error.\n";

static const char examples[] = "  coffer spec Demo/1/start/1/config > config.schema.json\n"
                               "  coffer spec --check config.schema.json Demo/2/start/1/config\n";

const cli_command cli_spec_command = {
        .name = "spec",
        .arguments = "FLOW/RUN/STEP/TASK/NAME",
        .summary = "Print the JSON schema of a typed artifact, or check one against a schema",
        .details = details,
        .examples = examples,
        .options = options_table,
        .options_bytes = sizeof(spec_options),
        .min_arguments = 1,
        .max_arguments = 1,
        .run = run,
};
