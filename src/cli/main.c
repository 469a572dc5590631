/* SPDX-License-Identifier: Apache-2.0 */
/* The command `coffer`: global options, the table of subcommands, help. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "store.h"
#include "text.h"

static const cli_command *const commands[] = {
        &cli_put_command,  &cli_get_command,         &cli_ls_command,     &cli_show_command,
        &cli_spec_command, &cli_serializers_command, &cli_verify_command,
};

typedef struct global_options {
        bool version;
} global_options;

static const cli_option global_table[] = {
        {"version", 'V', CLI_FLAG, offsetof(global_options, version), NULL, "print the version and exit", 0, 0},
        CLI_END_OF_OPTIONS,
};

static const char exit_codes[] =
        "Exit codes:\n"
        "  0  done\n"
        "  1  not found; or verify found damage; or show --scan found imports not allowlisted\n"
        "  2  wrong use: arguments, or an attempt that is done already or not done yet\n"
        "  3  data at fault: malformed input, a damaged blob, a form that cannot hold the value\n"
        "  4  the system refused: disk, permissions, memory\n"
        "  5  a serializer or an extension failed\n";

static const char overview[] =
        "Usage: coffer [--store DIR] COMMAND ...\n\n"
        "Keeps the artifacts of Metaflow's tasks: saves, loads, lists, shows and verifies them, in the\n"
        "same files, without running any code that they hold.\n\nCommands:\n";

static const char where_and_examples[] =
        "\nWithout --store the datastore is $COFFER_STORE, else what Metaflow's own configuration says\n"
        "(METAFLOW_DATASTORE_SYSROOT_LOCAL), else the nearest .metaflow at or above the working\n"
        "directory; put alone makes one when there is none.\n\n"
        "Examples:\n"
        "  coffer put Demo/1/start/1 readings=readings.npy config=config.json\n"
        "  coffer ls Demo/1/start/1\n"
        "  coffer show Demo/1/start/1/readings\n"
        "  coffer get Demo/1/start/1/config -o config.json\n"
        "  coffer verify Demo\n\n";

static int print_general_help(void)
{
        fputs(overview, stdout);
        for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
                printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
        printf("  %-12s %s\n  %-12s %s\n\nOptions:\n", "help", "Explain a command: coffer help COMMAND", "version",
               "Print the version");
        cli_print_options(global_table);
        fputs(where_and_examples, stdout);
        fputs(exit_codes, stdout);
        return CLI_OK;
}

static int print_command_help(const cli_command *command)
{
        printf("Usage: coffer %s [OPTION]...%s%s\n\n%s.\n\n%s\nOptions:\n", command->name,
               command->arguments[0] ? " " : "", command->arguments, command->summary, command->details);
        cli_print_options(command->options);
        printf("\nExamples:\n%s\n%s", command->examples, exit_codes);
        return CLI_OK;
}

static int print_version(void)
{
        printf("coffer %s\n", COFFER_VERSION);
        return CLI_OK;
}

static int find_command(const char *name, const cli_command **out)
{
        const char *names[ARRAY_COUNT(commands) + 2] = {"help", "version"};
        for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
                names[i + 2] = commands[i]->name;
                if (strcmp(commands[i]->name, name) == 0) {
                        *out = commands[i];
                        return CLI_OK;
                }
        }
        const char *nearest = cli_nearest(name, names, ARRAY_COUNT(names));
        if (nearest)
                return cli_error(COFFER_INVALID, "unknown command \"%s\"; did you mean \"%s\"?", name, nearest);
        return cli_error(COFFER_INVALID, "unknown command \"%s\"; coffer --help lists the commands", name);
}

static int check_count(const cli_command *command, int count)
{
        const char *why = NULL;
        if (count < command->min_arguments)
                why = "too few";
        else if (command->max_arguments >= 0 && count > command->max_arguments)
                why = "too many";
        if (!why)
                return CLI_OK;
        return cli_error(COFFER_INVALID, "%s arguments; usage: coffer %s%s%s", why, command->name,
                         command->arguments[0] ? " " : "", command->arguments);
}

static int run_command(cli_context *context, const cli_command *command, int count, char **arguments)
{
        int first = 0;
        void *options _cleanup_free_ = cli_need(coffer_alloc_zeroed(1, command->options_bytes));
        int code = cli_parse(command->options, options, &context->common, false, count, arguments, &first);
        if (!code && context->common.help)
                code = print_command_help(command);
        else if (!code) {
                code = check_count(command, count - first);
                if (!code)
                        code = command->run(context, options, count - first, arguments + first);
        }
        cli_options_done(command->options, options);
        return code;
}

static int print_help(int count, char **arguments)
{
        const cli_command *command = NULL;
        if (count < 2)
                return print_general_help();
        int code = find_command(arguments[1], &command);
        return code ? code : print_command_help(command);
}

static int run(cli_context *context, int count, char **arguments)
{
        global_options global = {false};
        const cli_command *command = NULL;
        int first = 0;
        int code = cli_parse(global_table, &global, &context->common, true, count, arguments, &first);
        if (code)
                return code;
        count -= first;
        arguments += first;
        if (global.version || (count > 0 && strcmp(arguments[0], "version") == 0))
                return print_version();
        if (context->common.help)
                return print_help(count + 1, arguments - 1);
        if (count == 0)
                return cli_error(COFFER_INVALID, "no command given; coffer --help lists the commands");
        if (strcmp(arguments[0], "help") == 0)
                return print_help(count, arguments);
        code = find_command(arguments[0], &command);
        return code ? code : run_command(context, command, count, arguments);
}

/* A closed standard stream must not become the number of a file of the store: it is filled with what cannot be used. */
static void hold_standard_streams(void)
{
        for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
                if (fcntl(i, F_GETFD) == -1 && open("/dev/null", i == STDIN_FILENO ? O_WRONLY : O_RDONLY) != i)
                        _exit(CLI_SYSTEM);
        }
}

int main(int count, char **arguments)
{
        hold_standard_streams();
        cli_context context = {{NULL, false, false}, NULL, NULL};
        cli_text_init();
        int code = run(&context, count, arguments);
        if (code == CLI_INTERRUPTED)
                cli_note(&context, "interrupted");
        cli_context_done(&context);
        int finish = cli_finish_output();
        return code ? code : finish;
}
