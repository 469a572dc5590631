/* SPDX-License-Identifier: Apache-2.0 */
/* Errors and notes on standard error, one line each. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "progress.h"
#include "text.h"

static int exit_code(const coffer_error *error)
{
        switch (error->error_class) {
        case COFFER_CLASS_MISS:
                return CLI_MISS;
        case COFFER_CLASS_USAGE:
                return CLI_USAGE;
        case COFFER_CLASS_DATA:
                return CLI_DATA;
        case COFFER_CLASS_EXTENSION:
                return CLI_EXTENSION;
        case COFFER_CLASS_NONE:
        case COFFER_CLASS_SYSTEM:
                break;
        }
        return CLI_SYSTEM;
}

static void print_line(const char *subject, const char *message, const char *hint)
{
        cli_progress_clear();
        fflush(stdout);
        fputs("coffer: ", stderr);
        if (subject) {
                cli_put_safe(stderr, coffer_cursor_text(subject), false);
                fputs(": ", stderr);
        }
        size_t length = strlen(message);
        if (hint && length > 0 && message[length - 1] == '.')
                length--;
        cli_put_safe(stderr, coffer_cursor_of(message, length), false);
        if (hint)
                fprintf(stderr, "; %s", hint);
        fputc('\n', stderr);
}

static int fail(const char *subject, const coffer_error *error, const char *hint)
{
        print_line(subject, error->message[0] ? error->message : coffer_status_text(error->status), hint);
        return exit_code(error);
}

int cli_fail_about(const char *subject, const coffer_error *error)
{
        return fail(subject, error, NULL);
}

int cli_fail_hint(const coffer_error *error, const char *hint)
{
        return fail(NULL, error, hint);
}

int cli_fail(const coffer_error *error)
{
        return fail(NULL, error, NULL);
}

int cli_error(coffer_status status, const char *format, ...)
{
        char message[COFFER_ERROR_MESSAGE_BYTES];
        coffer_error error = COFFER_ERROR_INIT;
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        (void)coffer_error_set(&error, status, "%s", message);
        return cli_fail(&error);
}

void cli_note(const cli_context *context, const char *format, ...)
{
        if (context->common.quiet)
                return;
        char message[COFFER_ERROR_MESSAGE_BYTES];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        print_line(NULL, message, NULL);
}

void *cli_need(void *memory)
{
        if (memory)
                return memory;
        fputs("coffer: out of memory\n", stderr);
        exit(CLI_SYSTEM);
}

char *cli_text(const char *format, ...)
{
        va_list arguments, again;
        va_start(arguments, format);
        va_copy(again, arguments);
        int length = vsnprintf(NULL, 0, format, arguments);
        va_end(arguments);
        char *text = cli_need(length < 0 ? NULL : coffer_alloc((size_t)length + 1));
        vsnprintf(text, (size_t)length + 1, format, again);
        va_end(again);
        return text;
}

static const char *name_at(const void *list, size_t index)
{
        return ((const char *const *)list)[index];
}

const char *cli_nearest(const char *name, const char *const *names, size_t count)
{
        return coffer_name_nearest(name, name_at, count, names);
}
