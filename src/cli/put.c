/* SPDX-License-Identifier: Apache-2.0 */
/* coffer put: files become artifacts of a task. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "artifacts.h"
#include "input.h"
#include "progress.h"
#include "store.h"

typedef struct put_options {
        cli_number attempt;
        const char *as;
        cli_texts tags;
        bool json;
} put_options;

static const cli_option options_table[] = {
        {"as", 'a', CLI_TEXT, offsetof(put_options, as), "KIND", "read every FILE as " CLI_FORM_NAMES, 0, 0},
        CLI_ATTEMPT_OPTION(put_options, "the attempt to write, 0 to 5 (default 0)"),
        {"tag", 't', CLI_TEXTS, offsetof(put_options, tags), "TAG", "tag the run, if this makes it; may be repeated", 0,
         0},
        CLI_JSON_OPTION(put_options, "print what was stored as JSON"),
        CLI_END_OF_OPTIONS,
};

/* A mapped input that somebody cuts short ends here. */
static void on_bus_error(int number)
{
        static const char line[] = "coffer: an input was cut short while it was read; the attempt is not done\n";
        (void)number;
        (void)!write(STDERR_FILENO, line, sizeof line - 1);
        _exit(CLI_DATA);
}

static int check_once(const cli_input *inputs, size_t count)
{
        size_t from_stdin = 0;
        for (size_t i = 0; i < count; i++) {
                from_stdin += inputs[i].file && strcmp(inputs[i].file, "-") == 0;
                for (size_t j = 0; j < i; j++) {
                        if (strcmp(inputs[i].name, inputs[j].name) == 0)
                                return cli_error(COFFER_INVALID, "artifact \"%s\" is given twice", inputs[i].name);
                }
        }
        if (from_stdin > 1)
                return cli_error(COFFER_INVALID, "standard input (-) can be read for one artifact only");
        return CLI_OK;
}

static int read_inputs(cli_context *context, const put_options *options, int count, char **arguments, cli_input *inputs)
{
        coffer_registry *registry;
        cli_form form;
        int code = cli_form_parse(options->as, &form);
        for (int i = 0; !code && i < count; i++)
                code = cli_input_parse(arguments[i], form, &inputs[i]);
        if (!code)
                code = check_once(inputs, (size_t)count);
        if (!code)
                code = cli_registry(context, &registry);
        for (int i = 0; !code && i < count; i++) {
                code = cli_input_read(context, registry, &inputs[i]);
                if (!code && cli_interrupted())
                        code = CLI_INTERRUPTED;
        }
        return code;
}

static const char another_attempt[] = "use another --attempt or another task";

/* Of all inputs together. */
typedef struct storing {
        uint64_t before_bytes, total_bytes;
} storing;

static bool tell(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
        const storing *all = user;
        (void)total_bytes;
        return cli_progress_update(NULL, all->before_bytes + done_bytes, all->total_bytes);
}

static coffer_status store_inputs(coffer_task *task, cli_input *inputs, size_t count, coffer_error *error)
{
        storing all = {0, 0};
        coffer_status status = coffer_task_init(task, error);
        for (size_t i = 0; i < count; i++)
                all.total_bytes += coffer_bytes_size(coffer_blob_bytes(inputs[i].blob));
        coffer_task_set_progress(task, tell, &all);
        for (size_t i = 0; status == COFFER_OK && !cli_interrupted() && i < count; i++) {
                coffer_bytes *bytes = coffer_blob_bytes(inputs[i].blob);
                status = coffer_task_save_blob(task, inputs[i].name, bytes, inputs[i].metadata, error);
                all.before_bytes += coffer_bytes_size(bytes);
        }
        coffer_task_set_progress(task, NULL, NULL);
        return status;
}

static int save_inputs(cli_context *context, coffer_task *task, cli_input *inputs, size_t count)
{
        coffer_error error = COFFER_ERROR_INIT;
        cli_progress_begin("storing", context->common.quiet);
        coffer_status status = store_inputs(task, inputs, count, &error);
        cli_progress_end();
        if (cli_interrupted())
                return CLI_INTERRUPTED;
        if (status != COFFER_OK)
                return cli_fail_hint(&error, status == COFFER_STATE ? another_attempt : NULL);
        for (size_t i = 0; i < count; i++) {
                int code = cli_input_check_unchanged(&inputs[i]);
                if (code)
                        return code;
        }
        status = coffer_task_set_outcome(task, true, &error);
        if (status == COFFER_OK)
                status = coffer_task_done(task, &error);
        return status == COFFER_OK ? CLI_OK : cli_fail(&error);
}

static void print_stored(coffer_store *store, const coffer_task *task, const cli_input *inputs, size_t count,
                         bool as_json)
{
        json_t *artifacts = cli_json_array();
        coffer_artifact_info info;
        for (size_t i = 0; i < count; i++) {
                if (coffer_task_info(task, inputs[i].name, &info, NULL) == COFFER_OK)
                        cli_json_append(artifacts, cli_artifact_json(task, &info));
        }
        if (!as_json) {
                cli_print_list(artifacts, cli_artifact_columns, false, false);
                return;
        }
        json_t *stored = cli_json_object();
        cli_json_set(stored, "store", cli_json_text(coffer_store_root(store)));
        cli_json_set(stored, "path", cli_json_text(coffer_task_pathspec(task)));
        cli_json_set(stored, "attempt", cli_json_number((uint64_t)coffer_task_attempt(task)));
        cli_json_set(stored, "artifacts", artifacts);
        cli_json_print(stored);
}

static int put_into(cli_context *context, const put_options *options, const cli_path *path, cli_input *inputs,
                    size_t count)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task_options task_options = COFFER_TASK_OPTIONS_INIT;
        coffer_task *task _cleanup_(coffer_task_freep) = NULL;
        coffer_store *store;
        int code = cli_open_store(context, true, &store);
        if (code)
                return code;
        task_options.mode = COFFER_WRITE;
        task_options.attempt = (int)options->attempt.value;
        task_options.tags = options->tags.items;
        coffer_status status =
                coffer_task_open(store, path->parts[CLI_FLOW], path->parts[CLI_RUN], path->parts[CLI_STEP],
                                 path->parts[CLI_TASK], &task_options, &task, &error);
        if (status != COFFER_OK)
                return cli_fail_hint(&error, status == COFFER_STATE ? another_attempt : NULL);
        code = save_inputs(context, task, inputs, count);
        if (!code && (options->json || !context->common.quiet))
                print_stored(store, task, inputs, count, options->json);
        return code;
}

/* Before anything is read or a store is made. */
static int check_path(const cli_path *path)
{
        static const coffer_name_kind kinds[] = {COFFER_NAME_FLOW, COFFER_NAME_RUN, COFFER_NAME_STEP, COFFER_NAME_TASK};
        coffer_error error = COFFER_ERROR_INIT;
        for (size_t i = 0; i < path->count; i++) {
                if (coffer_name_check(kinds[i], path->parts[i], &error) != COFFER_OK)
                        return cli_fail(&error);
        }
        return CLI_OK;
}

static int run(cli_context *context, const void *options, int count, char **arguments)
{
        const put_options *given = options;
        cli_path path;
        int code = cli_path_parse(arguments[0], CLI_ARTIFACT, CLI_ARTIFACT, &path);
        if (code)
                return code;
        size_t input_count = (size_t)count - 1;
        cli_input *inputs = cli_need(coffer_alloc_zeroed(input_count, sizeof *inputs));
        cli_catch_interrupts();
        signal(SIGBUS, on_bus_error);
        code = check_path(&path);
        if (!code)
                code = read_inputs(context, given, count - 1, arguments + 1, inputs);
        if (!code)
                code = put_into(context, given, &path, inputs, input_count);
        for (size_t i = 0; i < input_count; i++)
                cli_input_done(&inputs[i]);
        coffer_free(inputs);
        cli_path_done(&path);
        return code;
}

static const char details[] =
        "Each FILE becomes the artifact NAME. Its suffix says what it is:\n"
        "  .json         a JSON document becomes dict, list, str, int, float, bool or None;\n"
        "                a number that cannot be held exactly is an error, never rounded\n"
        "  .npy          a NumPy array\n"
        "  .txt          a str (must be UTF-8)\n"
        "  .pkl .pickle  a pickle: checked without running it, stored byte for byte\n"
        "  other         bytes\n"
        "--as says it for all files, NAME:KIND=FILE for one; KIND is json|npy|text|pickle|bytes.\n"
        "FILE - is standard input. Use ./- for a file of that name.\n"
        "\n"
        "NAME:Type=TEXT makes a typed artifact, as in n:Int32=5 or cfg:Json='{\"a\": 1}': TEXT is its\n"
        "wire form, checked against the type. @FILE reads what the type stores from FILE; @@ stands for\n"
        "one @ at the beginning. Types are Bool, Int32, Int64, Float32, Float64, Text, Bytes, Json,\n"
        "Struct, Enum[a,b], List[T], Map[K,V] and Tensor.\n"
        "\n"
        "All files are read and checked before anything is written; then the attempt is started,\n"
        "filled and marked done, as a success. An attempt that is done takes no more artifacts: use\n"
        "another --attempt or another task. Several processes may put into one store at once.\n"
        "\n"
        "When there is no datastore, one is made: DIR/.metaflow for --store DIR, else .metaflow in the\n"
        "working directory. Prints name, size, type, encoding and key, unless --quiet.\n";

static const char examples[] = "  coffer put Demo/1/start/1 readings=readings.npy config=config.json\n"
                               "  seq 10 | coffer put Demo/1/start/2 numbers:text=-\n"
                               "  coffer put Demo/1/start/3 n:Int32=5 x:Tensor=@readings.npy\n"
                               "  coffer put --store /srv/flows --attempt 1 Demo/1/start/1 model=model.pkl\n";

const cli_command cli_put_command = {
        .name = "put",
        .arguments = "FLOW/RUN/STEP/TASK NAME[:KIND]=FILE|NAME:Type=TEXT...",
        .summary = "Save files as artifacts of a task",
        .details = details,
        .examples = examples,
        .options = options_table,
        .options_bytes = sizeof(put_options),
        .min_arguments = 2,
        .max_arguments = -1,
        .run = run,
};
