/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const cli_option common_options[] = {
        {"store", 's', CLI_TEXT, offsetof(cli_common, store), "DIR",
         "the datastore: a .metaflow directory, or the directory that holds it", 0, 0},
        {"quiet", 'q', CLI_FLAG, offsetof(cli_common, quiet), NULL, "no notes, warnings or progress on standard error",
         0, 0},
        {"help", 'h', CLI_FLAG, offsetof(cli_common, help), NULL, "print this help and exit", 0, 0},
        CLI_END_OF_OPTIONS,
};

enum { MAX_OPTIONS = 32, LONG_BASE = 256 };

/* What getopt_long wants, made from the two tables. */
typedef struct option_set {
        const cli_option *entries[MAX_OPTIONS];
        void *targets[MAX_OPTIONS];
        struct option longs[MAX_OPTIONS + 1];
        char shorts[2 + 2 * MAX_OPTIONS + 1];
        size_t count;
} option_set;

static void add_options(option_set *set, const cli_option *options, void *target)
{
        for (; options && options->name && set->count < MAX_OPTIONS; options++) {
                size_t index = set->count++;
                set->entries[index] = options;
                set->targets[index] = target;
                set->longs[index] =
                        (struct option){options->name, options->type == CLI_FLAG ? no_argument : required_argument,
                                        NULL, LONG_BASE + (int)index};
                if (options->letter) {
                        char letter[3] = {options->letter, options->type == CLI_FLAG ? '\0' : ':', '\0'};
                        strcat(set->shorts, letter);
                }
        }
}

static const cli_option *find_entry(const option_set *set, int code, void **target)
{
        for (size_t i = 0; i < set->count; i++) {
                if (code == LONG_BASE + (int)i || (code < LONG_BASE && code == set->entries[i]->letter)) {
                        *target = set->targets[i];
                        return set->entries[i];
                }
        }
        return NULL;
}

static int parse_number(const cli_option *option, const char *text, cli_number *out)
{
        char *end = NULL;
        errno = 0;
        long long value = strtoll(text, &end, 10);
        if (errno || end == text || *end || value < option->min || value > option->max)
                return cli_error(COFFER_INVALID, "--%s takes a number from %lld to %lld, not \"%s\"", option->name,
                                 (long long)option->min, (long long)option->max, text);
        *out = (cli_number){true, value};
        return CLI_OK;
}

static void add_text(cli_texts *texts, const char *text)
{
        texts->items = cli_need(coffer_realloc_array(texts->items, texts->count + 2, sizeof *texts->items));
        texts->items[texts->count++] = text;
        texts->items[texts->count] = NULL;
}

static int store_option(const cli_option *option, void *target, const char *argument)
{
        void *place = (char *)target + option->offset;
        switch (option->type) {
        case CLI_FLAG:
                *(bool *)place = true;
                return CLI_OK;
        case CLI_TEXT:
                *(const char **)place = argument;
                return CLI_OK;
        case CLI_TEXTS:
                add_text(place, argument);
                return CLI_OK;
        case CLI_NUMBER:
                return parse_number(option, argument, place);
        }
        return CLI_OK;
}

/* getopt returned '?' or ':': says why. */
static int refuse_option(const option_set *set, int code, const char *word)
{
        void *target;
        const cli_option *option = optopt ? find_entry(set, optopt, &target) : NULL;
        if (code == ':')
                return cli_error(COFFER_INVALID, "option \"%s\" needs a value: %s", word,
                                 option ? option->argument : "");
        if (option)
                return cli_error(COFFER_INVALID, "option \"--%s\" takes no value", option->name);
        if (optopt)
                return cli_error(COFFER_INVALID, "unknown option \"-%c\"; --help lists the options", optopt);
        const char *names[MAX_OPTIONS];
        for (size_t i = 0; i < set->count; i++)
                names[i] = set->entries[i]->name;
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
        const char *nearest = cli_nearest(name, names, set->count);
        if (nearest)
                return cli_error(COFFER_INVALID, "unknown option \"--%s\"; did you mean \"--%s\"?", name, nearest);
        return cli_error(COFFER_INVALID, "unknown option \"--%s\"; --help lists the options", name);
}

int cli_parse(const cli_option *options, void *target, cli_common *common, bool stop_at_operand, int count,
              char **arguments, int *first)
{
        option_set set = {.shorts = ""};
        strcpy(set.shorts, stop_at_operand ? "+:" : ":");
        add_options(&set, options, target);
        add_options(&set, common_options, common);

        optind = 0; /* glibc: start anew */
        opterr = 0;
        for (;;) {
                int code = getopt_long(count, arguments, set.shorts, set.longs, NULL);
                if (code == -1)
                        break;
                if (code == '?' || code == ':')
                        return refuse_option(&set, code, arguments[optind - 1]);
                void *place = NULL;
                const cli_option *option = find_entry(&set, code, &place);
                int failed = option ? store_option(option, place, optarg) : CLI_USAGE;
                if (failed)
                        return failed;
        }
        *first = optind;
        return CLI_OK;
}

void cli_options_done(const cli_option *options, void *target)
{
        for (; options && options->name; options++) {
                if (options->type == CLI_TEXTS)
                        coffer_free(((cli_texts *)(void *)((char *)target + options->offset))->items);
        }
}

static void print_table(const cli_option *options)
{
        for (; options && options->name; options++) {
                char form[64];
                snprintf(form, sizeof form, "--%s%s%s", options->name, options->argument ? " " : "",
                         options->argument ? options->argument : "");
                if (options->letter)
                        printf("  -%c, %-19s %s\n", options->letter, form, options->help);
                else
                        printf("      %-19s %s\n", form, options->help);
        }
}

void cli_print_options(const cli_option *options)
{
        print_table(options);
        print_table(common_options);
}
