/* SPDX-License-Identifier: Apache-2.0 */
#include "artifacts.h"
#include "show.h"
#include "text.h"

enum { SUMMARY_ITEMS = 6, SUMMARY_DEPTH = 3, SUMMARY_TEXT_BYTES = 60, SUMMARY_BYTES = 4096, KEEP_BYTES = 4096 };

/* Above this, one would wait for a line. */
static const uint64_t max_summary_bytes = UINT64_C(16) << 20;

static const cli_column columns[] = {
        {"NAME", "name", CLI_CELL_NAME, false},  {"TYPE", "type", CLI_CELL_TEXT, false},
        {">SIZE", "size", CLI_CELL_SIZE, false}, {"VALUE", "summary", CLI_CELL_TEXT, false},
        {NULL, NULL, CLI_CELL_TEXT, false},
};

static char *summary(coffer_registry *registry, coffer_task *task, const coffer_artifact_info *info)
{
        const cli_peek_options peek_options = {KEEP_BYTES, max_summary_bytes, 0, SUMMARY_ITEMS, false, NULL};
        coffer_print_options print_options = COFFER_PRINT_OPTIONS_INIT;
        cli_peek peek;
        char *printed _cleanup_free_ = NULL;
        if (info->size_bytes > max_summary_bytes)
                return cli_text("(large: coffer show %s/%s)", coffer_task_pathspec(task), info->name);
        print_options.max_depth = SUMMARY_DEPTH;
        print_options.max_items = SUMMARY_ITEMS;
        print_options.max_text_bytes = SUMMARY_TEXT_BYTES;
        print_options.max_output_bytes = SUMMARY_BYTES;
        print_options.width = 0;
        cli_peek_open(registry, task, info, &peek_options, &peek);
        char *text = NULL;
        if (peek.value &&
            coffer_value_print(peek.document, peek.value, &print_options, &printed, &peek.error) == COFFER_OK)
                text = cli_text("%s", printed);
        else
                text = cli_text("(not readable: %s)", peek.error.message);
        cli_peek_done(&peek);
        return text;
}

static json_t *summaries(coffer_registry *registry, coffer_task *task, bool all)
{
        json_t *list = cli_json_array();
        coffer_artifact_info info;
        for (size_t i = 0; i < coffer_task_count(task) && coffer_task_info_at(task, i, &info, NULL) == COFFER_OK; i++) {
                if (!all && !cli_is_public(&info))
                        continue;
                json_t *artifact = cli_artifact_json(task, &info);
                char *text = summary(registry, task, &info);
                cli_json_set(artifact, "summary", cli_json_text(text));
                coffer_free(text);
                cli_json_append(list, artifact);
        }
        return list;
}

int cli_show_task(cli_context *context, coffer_task *task, const cli_show_options *options)
{
        coffer_registry *registry;
        int code = cli_registry(context, &registry);
        if (code)
                return code;
        json_t *list = summaries(registry, task, options->all || options->json);
        const char *state = coffer_task_is_done(task) ? "done" : "started";
        if (options->json) {
                json_t *json = cli_json_object();
                cli_json_set(json, "path", cli_json_text(coffer_task_pathspec(task)));
                cli_json_set(json, "attempt", cli_json_number((uint64_t)coffer_task_attempt(task)));
                cli_json_set(json, "state", cli_json_text(state));
                cli_json_set(json, "artifacts", list);
                cli_json_print(json);
                return CLI_OK;
        }
        cli_put_styled(CLI_BOLD, coffer_task_pathspec(task));
        printf("  attempt %d, %s\n", coffer_task_attempt(task), state);
        cli_print_list(list, columns, false, false);
        return CLI_OK;
}
