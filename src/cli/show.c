/* SPDX-License-Identifier: Apache-2.0 */
/* coffer show: what an artifact holds, bounded, and with nothing of it run. */
#include "show.h"

enum { MAX_DEPTH = 1000, MAX_ITEMS = 1000000 };

static const cli_option options_table[] = {
        {"all", 'a', CLI_FLAG, offsetof(cli_show_options, all), NULL,
         "of a task, names that begin with an underscore, too", 0, 0},
        CLI_ATTEMPT_OPTION(cli_show_options, "of attempt N (default: the latest)"),
        {"depth", 'd', CLI_NUMBER, offsetof(cli_show_options, depth), "N",
         "nested containers down to N levels (default 6)", 1, MAX_DEPTH},
        {"items", 'i', CLI_NUMBER, offsetof(cli_show_options, items), "N",
         "N items of a container or array (default 50)", 1, MAX_ITEMS},
        CLI_SLICE_OPTION(cli_show_options),
        {"scan", 0, CLI_FLAG, offsetof(cli_show_options, scan), NULL,
         "list what an unpickler would import, not the value", 0, 0},
        CLI_JSON_OPTION(cli_show_options, "print JSON; values in tagged form"),
        CLI_END_OF_OPTIONS,
};

static int run(cli_context *context, const void *options, int count, char **arguments)
{
        const cli_show_options *given = options;
        coffer_task *task _cleanup_(coffer_task_freep) = NULL;
        coffer_artifact_info info;
        cli_path path;
        (void)count;
        int code = cli_path_parse(arguments[0], CLI_ARTIFACT, CLI_LEVELS, &path);
        if (code)
                return code;
        bool whole_task = path.count == CLI_ARTIFACT;
        if (whole_task && (given->scan || given->slice))
                code = cli_error(COFFER_INVALID, "--%s needs the path of an artifact", given->scan ? "scan" : "slice");
        if (!code)
                code = cli_open_task(context, &path, &given->attempt, whole_task, &task);
        if (!code && !whole_task)
                code = cli_find_artifact(task, path.parts[CLI_ARTIFACT], &info);
        if (!code)
                code = whole_task ? cli_show_task(context, task, given)
                                  : cli_show_artifact(context, task, &info, given);
        cli_path_done(&path);
        return code;
}

static const char details[] =
        "For an artifact: where it comes from (type, size, encoding, key), then its value, in Python's\n"
        "notation where there is one, with shapes and dtypes of arrays and their first elements. What\n"
        "is left out is always said. Memory stays small however large the artifact is; with --slice,\n"
        "little more of an array is read than the part that is shown. For a task: its artifacts\n"
        "with a short form of each value; those whose names begin with an underscore are Metaflow's\n"
        "own, which only --all and --json show.\n"
        "\n"
        "Nothing that the artifact holds is imported or run. A pickle that would make an unpickler\n"
        "import anything not on the list of harmless names is said to be suspicious or dangerous;\n"
        "--scan lists such imports and exits with 1 when there are any. A value whose encoding no\n"
        "active serializer reads is described, and its first bytes are shown.\n";

static const char examples[] = "  coffer show Demo/1/start/1\n"
                               "  coffer show --items 5 Demo/1/start/1/readings\n"
                               "  coffer show --slice 1000:1010,0 Demo/1/start/1/readings\n"
                               "  coffer show --json Demo/1/start/1/config | jq .value\n"
                               "  coffer show --scan Demo/1/start/1/model\n";

const cli_command cli_show_command = {
        .name = "show",
        .arguments = "FLOW/RUN/STEP/TASK[/NAME]",
        .summary = "Print an artifact, or the artifacts of a task, in a readable form",
        .details = details,
        .examples = examples,
        .options = options_table,
        .options_bytes = sizeof(cli_show_options),
        .min_arguments = 1,
        .max_arguments = 1,
        .run = run,
};
