/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands of `coffer` share: the table of subcommands, options, exit codes and how errors are told. */
#ifndef COFFER_CLI_H
#define COFFER_CLI_H

#include <coffer/coffer.h>

#include "util/cleanup.h"
#include "util/cursor.h"

COFFER_DEFINE_CLEANUP(coffer_document *, coffer_document_unref);
COFFER_DEFINE_CLEANUP(coffer_metadata *, coffer_metadata_free);
COFFER_DEFINE_CLEANUP(coffer_blob *, coffer_blob_unref);
COFFER_DEFINE_CLEANUP(coffer_registry *, coffer_registry_unref);
COFFER_DEFINE_CLEANUP(coffer_store *, coffer_store_unref);
COFFER_DEFINE_CLEANUP(coffer_task *, coffer_task_free);
COFFER_DEFINE_CLEANUP(coffer_file_writer *, coffer_file_writer_abort);
COFFER_DEFINE_CLEANUP(coffer_pickle_report *, coffer_pickle_report_free);

/* Exit codes: part of the interface, see coffer(1). */
enum {
        CLI_OK = 0,
        CLI_MISS = 1,      /* no such thing; or what was looked for (damage, imports) was found */
        CLI_USAGE = 2,     /* the command line, or an attempt in the wrong state */
        CLI_DATA = 3,      /* input or stored data is at fault */
        CLI_SYSTEM = 4,    /* memory, disk, permissions */
        CLI_EXTENSION = 5, /* a serializer or a shared library is at fault */
        CLI_INTERRUPTED = 130
};

/* ---- options ---- */

typedef enum cli_option_type { CLI_FLAG, CLI_TEXT, CLI_TEXTS, CLI_NUMBER } cli_option_type;

typedef struct cli_texts {
        const char **items; /* ends with NULL; NULL when there are none */
        size_t count;
} cli_texts;

typedef struct cli_number {
        bool given;
        int64_t value;
} cli_number;

/* One option: its value is stored at `offset` of the struct that the parser fills: bool, const char *, cli_texts or
 * cli_number. Letter 0: long form only. */
typedef struct cli_option {
        const char *name;
        char letter;
        cli_option_type type;
        size_t offset;
        const char *argument; /* its name in the help */
        const char *help;
        int64_t min, max; /* of a number */
} cli_option;

/* Rows that several tables have; `type` has a member of that name. */
#define CLI_ATTEMPT_OPTION(type, help)                                                                                 \
        {                                                                                                              \
                "attempt", 'n', CLI_NUMBER, offsetof(type, attempt), "N", help, 0, COFFER_MAX_ATTEMPTS - 1             \
        }
#define CLI_JSON_OPTION(type, help)                                                                                    \
        {                                                                                                              \
                "json", 0, CLI_FLAG, offsetof(type, json), NULL, help, 0, 0                                            \
        }
#define CLI_END_OF_OPTIONS                                                                                             \
        {                                                                                                              \
                NULL, 0, CLI_FLAG, 0, NULL, NULL, 0, 0                                                                 \
        }

/* Options of all subcommands. */
typedef struct cli_common {
        const char *store;
        bool quiet;
        bool help;
} cli_common;

typedef struct cli_context {
        cli_common common;
        coffer_registry *registry; /* made when first asked for, see cli_registry */
        coffer_store *store;       /* opened when first asked for, see cli_open_store */
} cli_context;

typedef struct cli_command {
        const char *name;
        const char *arguments; /* as in the usage line */
        const char *summary;
        const char *details;              /* of the help: paragraphs */
        const char *examples;             /* lines */
        const cli_option *options;        /* ends with a name of NULL */
        size_t options_bytes;             /* of the struct that `run` gets, zeroed and filled */
        int min_arguments, max_arguments; /* max -1: no limit */
        int (*run)(cli_context *context, const void *options, int count, char **arguments); /* gives the exit code */
} cli_command;

extern const cli_command cli_get_command;
extern const cli_command cli_ls_command;
extern const cli_command cli_put_command;
extern const cli_command cli_serializers_command;
extern const cli_command cli_show_command;
extern const cli_command cli_spec_command;
extern const cli_command cli_verify_command;

/* Parses options of `options` into `target` and of the common ones into `common`, permuting `arguments` (arguments[0]
 * is the command's name) so that *first is the first operand; with `stop_at_operand` options end there. Exit code. */
int cli_parse(const cli_option *options, void *target, cli_common *common, bool stop_at_operand, int count,
              char **arguments, int *first);
/* Frees what cli_parse allocated in `target`. */
void cli_options_done(const cli_option *options, void *target);
/* Prints the list of options, the common ones last. */
void cli_print_options(const cli_option *options);

/* ---- errors: one line on standard error, "coffer: ..." ---- */

/* Prints the error and gives the exit code of its class. */
int cli_fail(const coffer_error *error);
/* The same with what it is about in front: "coffer: SUBJECT: ...". */
int cli_fail_about(const char *subject, const coffer_error *error);
/* The same with the way out behind it; `hint` NULL: none. */
int cli_fail_hint(const coffer_error *error, const char *hint);
/* The same for an error of the command's own. */
int cli_error(coffer_status status, const char *format, ...) COFFER_PRINTF(2, 3);
/* A note or warning, unless --quiet. */
void cli_note(const cli_context *context, const char *format, ...) COFFER_PRINTF(2, 3);

/* Text from the heap; without memory the process ends with CLI_SYSTEM. Free with coffer_free. */
char *cli_text(const char *format, ...) COFFER_PRINTF(1, 2);
/* `memory` or the end of the process. */
void *cli_need(void *memory);

/* The name among `names` that `name` was probably meant to be, or NULL. */
const char *cli_nearest(const char *name, const char *const *names, size_t count);

#endif
