/* SPDX-License-Identifier: Apache-2.0 */
/* coffer ls: what there is, level by level. */
#include "artifacts.h"
#include "store.h"

typedef struct ls_options {
        cli_number attempt;
        bool json;
        bool with_long;
        bool all;
} ls_options;

static const cli_option options_table[] = {
        {"all", 'a', CLI_FLAG, offsetof(ls_options, all), NULL, "names that begin with an underscore, too", 0, 0},
        {"long", 'l', CLI_FLAG, offsetof(ls_options, with_long), NULL, "more columns", 0, 0},
        CLI_ATTEMPT_OPTION(ls_options, "artifacts of attempt N (default: the latest)"),
        CLI_JSON_OPTION(ls_options, "print JSON: an array of objects"),
        CLI_END_OF_OPTIONS,
};

static const cli_column flow_columns[] = {
        {"FLOW", "name", CLI_CELL_NAME, false},    {"CREATED", "created", CLI_CELL_TIME, false},
        {">RUNS", "runs", CLI_CELL_NUMBER, false}, {"LATEST", "latest", CLI_CELL_TEXT, true},
        {NULL, NULL, CLI_CELL_TEXT, false},
};
static const cli_column run_columns[] = {
        {"RUN", "name", CLI_CELL_NAME, false},  {"CREATED", "created", CLI_CELL_TIME, false},
        {"USER", "user", CLI_CELL_TEXT, false}, {">STEPS", "steps", CLI_CELL_NUMBER, true},
        {"TAGS", "tags", CLI_CELL_LIST, true},  {NULL, NULL, CLI_CELL_TEXT, false},
};
static const cli_column step_columns[] = {
        {"STEP", "name", CLI_CELL_NAME, false},
        {"CREATED", "created", CLI_CELL_TIME, false},
        {">TASKS", "tasks", CLI_CELL_NUMBER, false},
        {NULL, NULL, CLI_CELL_TEXT, false},
};
static const cli_column task_columns[] = {
        {"TASK", "name", CLI_CELL_NAME, false},          {"CREATED", "created", CLI_CELL_TIME, false},
        {">ATTEMPT", "attempt", CLI_CELL_NUMBER, false}, {"STATE", "state", CLI_CELL_STATE, false},
        {"ATTEMPTS", "attempts", CLI_CELL_LIST, true},   {NULL, NULL, CLI_CELL_TEXT, false},
};
static const cli_column *const level_columns[] = {flow_columns, run_columns, step_columns, task_columns};
static const char *const child_keys[] = {"runs", "steps", "tasks"};

/* Time, user and tags as the metadata provider's tree has them; a store without that tree has none. */
static void add_record(json_t *entry, coffer_store *store, const cli_path *path)
{
        char *text _cleanup_free_ = NULL;
        json_t *record = NULL;
        if (coffer_store_load_record(store, path->parts[CLI_FLOW], path->parts[CLI_RUN], path->parts[CLI_STEP],
                                     path->parts[CLI_TASK], &text, NULL) == COFFER_OK)
                record = cli_json_parsed(text);
        const json_t *created = json_object_get(record, "ts_epoch");
        cli_json_set(entry, "created",
                     cli_json_time(json_is_number(created) ? (int64_t)json_number_value(created) : -1));
        if (path->count > CLI_RUN) {
                cli_json_set(entry, "user", cli_json_text(json_string_value(json_object_get(record, "user_name"))));
                json_t *tags = json_object_get(record, "tags");
                cli_json_set(entry, "tags", json_is_array(tags) ? json_incref(tags) : cli_json_array());
        }
        json_decref(record);
}

static int add_children(json_t *entry, coffer_store *store, const cli_path *path)
{
        cli_texts names;
        int code = cli_list_names(store, path, path->count, &names);
        if (code)
                return code;
        cli_json_set(entry, child_keys[path->count - 1], cli_json_number(names.count));
        if (path->count == 1)
                cli_json_set(entry, "latest", cli_json_text(names.count ? names.items[names.count - 1] : NULL));
        cli_names_free(&names);
        return CLI_OK;
}

static int add_attempts(json_t *entry, coffer_store *store, const cli_path *path)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_attempt_state states[COFFER_MAX_ATTEMPTS];
        if (coffer_store_attempts(store, path->parts[CLI_FLOW], path->parts[CLI_RUN], path->parts[CLI_STEP],
                                  path->parts[CLI_TASK], states, &error) != COFFER_OK)
                return cli_fail(&error);
        json_t *attempts = cli_json_array();
        const char *state = "none";
        int latest = -1;
        for (int i = 0; i < COFFER_MAX_ATTEMPTS; i++) {
                if (!states[i].started)
                        continue;
                state = states[i].done ? "done" : "started";
                latest = i;
                char *text = cli_text("%d:%s", i, state);
                cli_json_append(attempts, cli_json_text(text));
                coffer_free(text);
        }
        cli_json_set(entry, "attempt", latest < 0 ? json_null() : cli_json_number((uint64_t)latest));
        cli_json_set(entry, "state", cli_json_text(state));
        cli_json_set(entry, "attempts", attempts);
        return CLI_OK;
}

static int add_entry(json_t *list, coffer_store *store, const cli_path *above, const char *name)
{
        cli_path path = *above;
        path.parts[path.count++] = name;
        json_t *entry = cli_json_object();
        char *text = cli_path_text(&path, path.count);
        cli_json_set(entry, "name", cli_json_text(name));
        cli_json_set(entry, "path", cli_json_text(text));
        coffer_free(text);
        add_record(entry, store, &path);
        int code = path.count == CLI_ARTIFACT ? add_attempts(entry, store, &path) : add_children(entry, store, &path);
        cli_json_append(list, entry);
        return code;
}

static int list_entries(const cli_context *context, coffer_store *store, const ls_options *options,
                        const cli_path *path)
{
        cli_texts names;
        int code = cli_list_names(store, path, path->count, &names);
        if (!code && names.count == 0) {
                code = cli_path_explain(store, path, NULL);
                if (!code)
                        cli_note(context, "no %ss in %s", cli_level_name(path->count),
                                 path->count ? path->parts[path->count - 1] : coffer_store_root(store));
        }
        json_t *list = cli_json_array();
        for (size_t i = 0; !code && i < names.count; i++)
                code = add_entry(list, store, path, names.items[i]);
        cli_names_free(&names);
        if (code)
                json_decref(list);
        else
                cli_print_list(list, level_columns[path->count], options->json, options->with_long);
        return code;
}

static int list_artifacts(cli_context *context, const ls_options *options, const cli_path *path)
{
        coffer_task *task _cleanup_(coffer_task_freep) = NULL;
        int code = cli_open_task(context, path, &options->attempt, true, &task);
        if (code)
                return code;
        if (!coffer_task_is_done(task))
                cli_note(context, "attempt %d of %s is not done: its artifacts are not readable yet",
                         coffer_task_attempt(task), coffer_task_pathspec(task));
        json_t *list = NULL;
        if (path->count == CLI_LEVELS) {
                coffer_artifact_info info;
                code = cli_find_artifact(task, path->parts[CLI_ARTIFACT], &info);
                if (code)
                        return code;
                list = cli_json_array();
                cli_json_append(list, cli_artifact_json(task, &info));
        } else {
                list = cli_artifacts_json(task, options->all || options->json);
        }
        cli_print_list(list, cli_artifact_columns, options->json, options->with_long);
        return CLI_OK;
}

static int run(cli_context *context, const void *options, int count, char **arguments)
{
        const ls_options *given = options;
        coffer_store *store;
        cli_path path;
        int code = cli_path_parse(count ? arguments[0] : "", 0, CLI_LEVELS, &path);
        if (code)
                return code;
        if (path.count >= CLI_ARTIFACT) {
                code = list_artifacts(context, given, &path);
        } else {
                code = cli_open_store(context, false, &store);
                if (!code)
                        code = list_entries(context, store, given, &path);
        }
        cli_path_done(&path);
        return code;
}

static const char details[] =
        "PATH says how deep to look:\n"
        "  (none)              the flows, with the number of their runs\n"
        "  FLOW                its runs, with time and user\n"
        "  FLOW/RUN            its steps, with the number of their tasks\n"
        "  FLOW/RUN/STEP       its tasks, with the latest attempt and its state\n"
        "  FLOW/RUN/STEP/TASK  the artifacts of the task, with size, type, encoding and key\n"
        "  .../NAME            that artifact\n"
        "\n"
        "Artifacts whose names begin with an underscore are Metaflow's own; only --all and --json show\n"
        "them. The state of an attempt is \"done\" or \"started\" (not done yet, or its writer is gone).\n"
        "On a terminal this is a table; elsewhere one line each, tab-separated, without titles, with\n"
        "sizes in bytes and times in UTC.\n";

static const char examples[] = "  coffer ls\n"
                               "  coffer ls -l Demo/1/start/1\n"
                               "  coffer ls --json Demo | jq -r '.[].path'\n";

const cli_command cli_ls_command = {
        .name = "ls",
        .arguments = "[PATH]",
        .summary = "List flows, runs, steps, tasks or artifacts",
        .details = details,
        .examples = examples,
        .options = options_table,
        .options_bytes = sizeof(ls_options),
        .min_arguments = 0,
        .max_arguments = 1,
        .run = run,
};
