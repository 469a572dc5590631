/* SPDX-License-Identifier: Apache-2.0 */
/* coffer serializers: what could save and load, and what keeps it from it. */
#include "listing.h"
#include "store.h"

typedef struct serializers_options {
        bool json;
        bool with_long;
} serializers_options;

static const cli_option options_table[] = {
        {"long", 'l', CLI_FLAG, offsetof(serializers_options, with_long), NULL, "more columns", 0, 0},
        CLI_JSON_OPTION(serializers_options, "print JSON: an array of objects"),
        CLI_END_OF_OPTIONS,
};

static const cli_column columns[] = {
        {"NAME", "name", CLI_CELL_NAME, false},
        {"STATE", "state", CLI_CELL_STATE, false},
        {">PRIORITY", "priority", CLI_CELL_NUMBER, false},
        {"SOURCE", "source", CLI_CELL_TEXT, false},
        {"TYPE", "type", CLI_CELL_TEXT, true},
        {"TRIGGER", "import_trigger", CLI_CELL_TEXT, true},
        {">ERRORS", "dispatch_error_count", CLI_CELL_NUMBER, true},
        {"CODE", "class_path", CLI_CELL_TEXT, true},
        {"WAITS FOR", "awaiting_modules", CLI_CELL_LIST, false},
        {"LAST ERROR", "last_error", CLI_CELL_TEXT, false},
        {NULL, NULL, CLI_CELL_TEXT, false},
};

static json_t *record_json(const coffer_record_status *record)
{
        json_t *json = cli_json_object(), *awaiting = cli_json_array();
        for (size_t i = 0; record->awaiting_modules && record->awaiting_modules[i]; i++)
                cli_json_append(awaiting, cli_json_text(record->awaiting_modules[i]));
        cli_json_set(json, "name", cli_json_text(record->name));
        cli_json_set(json, "state", cli_json_text(coffer_record_state_name(record->state)));
        cli_json_set(json, "class_path", cli_json_text(record->class_path));
        cli_json_set(json, "awaiting_modules", awaiting);
        cli_json_set(json, "last_error", cli_json_text(record->last_error));
        cli_json_set(json, "priority", record->priority ? json_integer(*record->priority) : json_null());
        cli_json_set(json, "type", cli_json_text(record->type));
        cli_json_set(json, "import_trigger", cli_json_text(record->import_trigger));
        cli_json_set(json, "dispatch_error_count", cli_json_number(record->dispatch_error_count));
        cli_json_set(json, "source", cli_json_text(record->source));
        return json;
}

static int run(cli_context *context, const void *options, int count, char **arguments)
{
        const serializers_options *given = options;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_record_status *records = NULL;
        coffer_registry *registry;
        size_t record_count = 0;
        (void)count;
        (void)arguments;
        int code = cli_registry(context, &registry);
        if (code)
                return code;
        if (coffer_registry_status(registry, &records, &record_count, &error) != COFFER_OK)
                return cli_fail(&error);
        json_t *list = cli_json_array();
        for (size_t i = 0; i < record_count; i++)
                cli_json_append(list, record_json(&records[i]));
        coffer_registry_status_free(records, record_count);
        cli_print_list(list, columns, given->json, given->with_long);
        return CLI_OK;
}

static const char details[] =
        "One line for each declared serializer, in the order of declaration. States:\n"
        "  known               declared; its code is loaded when a type or an encoding of it comes\n"
        "  active              is asked on save and load, in the order of priority (lower first)\n"
        "  pending_on_imports  waits for the library that WAITS FOR names\n"
        "  broken              will not work; LAST ERROR says why\n"
        "  disabled            switched off, by its descriptor or by a toggle\n"
        "COFFER_SERIALIZERS switches: \"-name\" off, \"+name\" on, names without a sign make an allow list.\n"
        "COFFER_EXTENSION_PATH names directories with descriptors of more. --json prints all ten\n"
        "fields.\n";

static const char examples[] = "  coffer serializers\n"
                               "  COFFER_SERIALIZERS=+npy coffer serializers --json\n";

const cli_command cli_serializers_command = {
        .name = "serializers",
        .arguments = "",
        .summary = "List the serializers, their states, and what keeps them from working",
        .details = details,
        .examples = examples,
        .options = options_table,
        .options_bytes = sizeof(serializers_options),
        .min_arguments = 0,
        .max_arguments = 0,
        .run = run,
};
