/* SPDX-License-Identifier: Apache-2.0 */
/* coffer verify: every blob hashed, every reference followed. */
#include <string.h>

#include "json.h"
#include "progress.h"
#include "store.h"
#include "text.h"

typedef struct verify_options {
        bool json;
        bool repair;
} verify_options;

static const cli_option options_table[] = {
        {"repair", 'r', CLI_FLAG, offsetof(verify_options, repair), NULL,
         "mend what can be mended without loss; set damaged blobs aside", 0, 0},
        CLI_JSON_OPTION(verify_options, "print JSON: findings and a summary"),
        CLI_END_OF_OPTIONS,
};

static const char *const problem_names[COFFER_PROBLEM_COUNT] = {
        [COFFER_PROBLEM_SIDECAR] = "sidecar",   [COFFER_PROBLEM_DAMAGED] = "damaged",
        [COFFER_PROBLEM_MISSING] = "missing",   [COFFER_PROBLEM_METADATA] = "metadata",
        [COFFER_PROBLEM_LEFTOVER] = "leftover", [COFFER_PROBLEM_RECORDS] = "records",
};

typedef struct findings {
        json_t *list;    /* for --json, else NULL */
        uint64_t damage; /* what is wrong and not mended; leftovers harm nothing */
} findings;

static void put_problem(const coffer_finding *finding)
{
        bool mended = finding->repaired && !finding->moved_to;
        cli_put_styled(mended                                        ? CLI_GREEN
                       : finding->problem == COFFER_PROBLEM_LEFTOVER ? CLI_YELLOW
                                                                     : CLI_RED,
                       problem_names[finding->problem]);
}

/* `before` and the text, or nothing when there is none. */
static void put_part(const char *before, const char *text)
{
        if (!text)
                return;
        fputs(before, stdout);
        cli_put_safe(stdout, coffer_cursor_text(text), false);
}

/* What was done about it, or NULL. */
static const char *outcome(const coffer_finding *finding)
{
        if (finding->moved_to)
                return "set aside as ";
        if (finding->repaired)
                return finding->problem == COFFER_PROBLEM_LEFTOVER ? "removed" : "mended";
        return NULL;
}

static void print_line(const coffer_finding *finding)
{
        const char *const cells[] = {finding->path, finding->pathspec, finding->artifact, finding->reason};
        put_problem(finding);
        for (size_t i = 0; i < ARRAY_COUNT(cells); i++)
                put_part("\t", cells[i] ? cells[i] : "");
        put_part("\t", outcome(finding) ? outcome(finding) : "");
        put_part("", finding->moved_to);
        putchar('\n');
}

/* On a terminal a finding is a small paragraph, so that long paths and reasons can be read. */
static void print_paragraph(const coffer_finding *finding)
{
        cli_progress_clear();
        put_problem(finding);
        put_part("  ", finding->path);
        put_part("\n          of ", finding->pathspec);
        put_part("/", finding->artifact);
        put_part("\n          ", finding->reason);
        put_part("\n          ", outcome(finding));
        put_part("", finding->moved_to);
        putchar('\n');
}

static json_t *finding_json(const coffer_finding *finding)
{
        json_t *json = cli_json_object();
        cli_json_set(json, "problem", cli_json_text(problem_names[finding->problem]));
        cli_json_set(json, "flow", cli_json_text(finding->flow));
        cli_json_set(json, "path", cli_json_text(finding->path));
        cli_json_set(json, "key", cli_json_text(finding->key));
        cli_json_set(json, "pathspec", cli_json_text(finding->pathspec));
        cli_json_set(json, "artifact", cli_json_text(finding->artifact));
        cli_json_set(json, "reason", cli_json_text(finding->reason));
        cli_json_set(json, "repaired", cli_json_bool(finding->repaired));
        cli_json_set(json, "moved_to", cli_json_text(finding->moved_to));
        return json;
}

static coffer_status on_finding(void *user, const coffer_finding *finding, coffer_error *error)
{
        findings *found = user;
        (void)error;
        bool lossless = finding->repaired && !finding->moved_to;
        if (!lossless && finding->problem != COFFER_PROBLEM_LEFTOVER)
                found->damage++;
        if (found->list)
                cli_json_append(found->list, finding_json(finding));
        else if (cli_stdout_is_terminal())
                print_paragraph(finding);
        else
                print_line(finding);
        return COFFER_OK;
}

static json_t *summary_json(const coffer_verify_summary *summary, const findings *found)
{
        json_t *json = cli_json_object(), *problems = cli_json_object();
        for (size_t i = 0; i < COFFER_PROBLEM_COUNT; i++)
                cli_json_set(problems, problem_names[i], cli_json_number(summary->problems[i]));
        cli_json_set(json, "flows", cli_json_number(summary->flows));
        cli_json_set(json, "attempts", cli_json_number(summary->attempts));
        cli_json_set(json, "artifacts", cli_json_number(summary->artifacts));
        cli_json_set(json, "blobs", cli_json_number(summary->blobs));
        cli_json_set(json, "blob_bytes", cli_json_number(summary->blob_bytes));
        cli_json_set(json, "problems", problems);
        cli_json_set(json, "repaired", cli_json_number(summary->repaired));
        cli_json_set(json, "sound", cli_json_bool(found->damage == 0));
        return json;
}

static void print_summary(const coffer_verify_summary *summary)
{
        char size[CLI_SIZE_TEXT_BYTES], blobs[CLI_SIZE_TEXT_BYTES], artifacts[CLI_SIZE_TEXT_BYTES];
        cli_size_text(summary->blob_bytes, size);
        cli_grouped_text(summary->blobs, blobs);
        cli_grouped_text(summary->artifacts, artifacts);
        printf("%llu flow%s, %llu attempt%s, %s artifact%s, %s blob%s (%s): ", (unsigned long long)summary->flows,
               summary->flows == 1 ? "" : "s", (unsigned long long)summary->attempts, summary->attempts == 1 ? "" : "s",
               artifacts, summary->artifacts == 1 ? "" : "s", blobs, summary->blobs == 1 ? "" : "s", size);
        const char *separator = "";
        for (size_t i = 0; i < COFFER_PROBLEM_COUNT; i++) {
                if (summary->problems[i])
                        printf("%s%llu %s", separator, (unsigned long long)summary->problems[i], problem_names[i]);
                separator = summary->problems[i] ? ", " : separator;
        }
        if (!*separator)
                cli_put_styled(CLI_GREEN, "sound");
        if (summary->repaired)
                printf("; dealt with %llu of them", (unsigned long long)summary->repaired);
        putchar('\n');
}

static int verify(cli_context *context, const verify_options *options, coffer_store *store, const char *flow,
                  findings *found)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_verify_options settings = COFFER_VERIFY_OPTIONS_INIT;
        coffer_verify_summary summary = {0};
        settings.flow = flow;
        settings.repair = options->repair;
        settings.progress = cli_progress_update;
        settings.finding = on_finding;
        settings.finding_user = found;
        cli_progress_begin("verifying", context->common.quiet);
        coffer_status status = coffer_store_verify(store, &settings, &summary, &error);
        cli_progress_end();
        if (cli_interrupted())
                return CLI_INTERRUPTED;
        if (status != COFFER_OK)
                return cli_fail(&error);
        if (options->json) {
                json_t *json = cli_json_object();
                cli_json_set(json, "findings", json_incref(found->list));
                cli_json_set(json, "summary", summary_json(&summary, found));
                cli_json_print(json);
        } else if (!context->common.quiet) {
                print_summary(&summary);
        }
        return found->damage ? CLI_MISS : CLI_OK;
}

static int run(cli_context *context, const void *options, int count, char **arguments)
{
        const verify_options *given = options;
        findings found = {NULL, 0};
        coffer_store *store;
        cli_path path = {NULL, {NULL}, 0};
        int code = count ? cli_path_parse(arguments[0], 1, 1, &path) : CLI_OK;
        if (!code)
                code = cli_open_store(context, false, &store);
        if (!code && path.count)
                code = cli_path_explain(store, &path, NULL);
        if (!code) {
                cli_catch_interrupts();
                found.list = given->json ? cli_json_array() : NULL;
                code = verify(context, given, store, path.parts[CLI_FLOW], &found);
                json_decref(found.list);
        }
        cli_path_done(&path);
        return code;
}

static const char details[] =
        "Reads and hashes every blob of FLOW (default: of all flows) and follows every reference of\n"
        "every attempt that is done. What may be found:\n"
        "  damaged   a blob whose contents do not match its key\n"
        "  missing   a blob that an attempt refers to and that is not there\n"
        "  metadata  a done attempt whose data.json is missing or unreadable\n"
        "  sidecar   a blob whose sidecar is lost or wrong; its contents are right\n"
        "  leftover  a temporary file of a writer that crashed; harms nothing\n"
        "With --repair sidecars are written anew, leftovers removed, and damaged blobs moved aside,\n"
        "never deleted, so that saving the same contents again heals what refers to them. The exit\n"
        "code is 1 when damage remains; leftovers do not count.\n"
        "\n"
        "On a terminal a bar shows progress. Elsewhere each finding is one line: problem, path, task,\n"
        "artifact, reason, what was done; the last line sums up.\n";

static const char examples[] = "  coffer verify\n"
                               "  coffer verify --repair Demo\n"
                               "  coffer verify --json | jq .summary\n";

const cli_command cli_verify_command = {
        .name = "verify",
        .arguments = "[FLOW]",
        .summary = "Check that everything stored is whole",
        .details = details,
        .examples = examples,
        .options = options_table,
        .options_bytes = sizeof(verify_options),
        .min_arguments = 0,
        .max_arguments = 1,
        .run = run,
};
