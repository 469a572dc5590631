/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "cli.h"
#include "text.h"

void cli_text_init(void)
{
        if (!setlocale(LC_CTYPE, "C.UTF-8"))
                setlocale(LC_CTYPE, "");
}

/* Direction marks and overrides: they can make a text read as another one. */
static bool is_bidirectional(wint_t c)
{
        return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
               (c >= 0x2066 && c <= 0x2069);
}

/* Takes one character from the front of `text`: its bytes, and the character, or WEOF when it has to be escaped. */
static size_t take_character(coffer_cursor text, wint_t *out)
{
        wchar_t c = 0;
        mbstate_t state = {0};
        size_t size = mbrtowc(&c, (const char *)text.data, text.size_bytes, &state);
        *out = WEOF;
        if (size == 0 || size > text.size_bytes)
                return 1;
        if (iswprint((wint_t)c) && !is_bidirectional((wint_t)c))
                *out = (wint_t)c;
        return size;
}

static void put_escape(FILE *file, coffer_cursor bytes)
{
        static const char *const names[] = {['\t'] = "\\t", ['\n'] = "\\n", ['\r'] = "\\r"};
        wchar_t c = 0;
        mbstate_t state = {0};
        uint8_t first = bytes.data[0];
        if (first < ARRAY_COUNT(names) && names[first])
                fputs(names[first], file);
        else if (bytes.size_bytes == 1 || mbrtowc(&c, (const char *)bytes.data, bytes.size_bytes, &state) > 4)
                fprintf(file, "\\x%02x", first);
        else if ((unsigned long)c < 0x100)
                fprintf(file, "\\x%02lx", (unsigned long)c);
        else if ((unsigned long)c < 0x10000)
                fprintf(file, "\\u%04lx", (unsigned long)c);
        else
                fprintf(file, "\\U%08lx", (unsigned long)c);
}

void cli_put_safe(FILE *file, coffer_cursor text, bool lines)
{
        while (text.size_bytes > 0) {
                wint_t c;
                coffer_cursor part;
                size_t size = take_character(text, &c);
                if (!coffer_cursor_take(&text, size, &part))
                        return;
                if (c != WEOF || (lines && part.data[0] == '\n'))
                        fwrite(part.data, 1, part.size_bytes, file);
                else
                        put_escape(file, part);
        }
}

char *cli_safe(const char *text)
{
        char *memory = NULL;
        size_t size_bytes = 0;
        FILE *file = cli_need(open_memstream(&memory, &size_bytes));
        cli_put_safe(file, coffer_cursor_text(text), false);
        fclose(file);
        char *copy = cli_need(coffer_strdup(cli_need(memory)));
        free(memory);
        return copy;
}

bool cli_text_is_plain(coffer_cursor text)
{
        while (text.size_bytes > 0) {
                wint_t c;
                coffer_cursor part;
                size_t size = take_character(text, &c);
                if (!coffer_cursor_take(&text, size, &part))
                        return false;
                if (c == WEOF && !strchr("\n\t\r", part.data[0]))
                        return false;
                if (c == WEOF && part.data[0] == '\0')
                        return false;
        }
        return true;
}

bool cli_text_is_utf8(coffer_cursor text)
{
        mbstate_t state = {0};
        while (text.size_bytes > 0) {
                coffer_cursor part;
                size_t size = mbrtowc(NULL, (const char *)text.data, text.size_bytes, &state);
                if (!coffer_cursor_take(&text, size > 0 ? size : 1, &part))
                        return false;
        }
        return true;
}

size_t cli_text_columns(const char *text)
{
        coffer_cursor rest = coffer_cursor_text(text), part;
        size_t columns = 0;
        wint_t c;
        while (rest.size_bytes > 0 && coffer_cursor_take(&rest, take_character(rest, &c), &part)) {
                int width = c == WEOF ? 1 : wcwidth((wchar_t)c);
                columns += width > 0 ? (size_t)width : 0;
        }
        return columns;
}

void cli_size_text(uint64_t size_bytes, char out[CLI_SIZE_TEXT_BYTES])
{
        static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        double value = (double)size_bytes;
        size_t unit = 0;
        while (value >= 1023.95 && unit + 1 < ARRAY_COUNT(units)) {
                value /= 1024;
                unit++;
        }
        snprintf(out, CLI_SIZE_TEXT_BYTES, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

void cli_grouped_text(uint64_t number, char out[CLI_SIZE_TEXT_BYTES])
{
        char digits[24];
        int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
        char *end = out;
        for (int i = 0; i < count; i++) {
                if (i > 0 && (count - i) % 3 == 0)
                        *end++ = ',';
                *end++ = digits[i];
        }
        *end = '\0';
}

void cli_time_text(int64_t epoch_ms, bool machine, char out[CLI_TIME_TEXT_BYTES])
{
        time_t seconds = (time_t)(epoch_ms / 1000);
        struct tm parts;
        out[0] = '\0';
        if (epoch_ms < 0 || !(machine ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)))
                return;
        size_t length = strftime(out, CLI_TIME_TEXT_BYTES, machine ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &parts);
        if (machine && length)
                snprintf(out + length, CLI_TIME_TEXT_BYTES - length, ".%03dZ", (int)(epoch_ms % 1000));
}

bool cli_stdout_is_terminal(void)
{
        static int known = -1;
        if (known < 0)
                known = isatty(STDOUT_FILENO) == 1;
        return known;
}

size_t cli_terminal_columns(FILE *file)
{
        struct winsize size = {0};
        return ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static bool has_colours(void)
{
        const char *no_colour = getenv("NO_COLOR");
        const char *terminal = getenv("TERM");
        return cli_stdout_is_terminal() && !(no_colour && *no_colour) && terminal && strcmp(terminal, "dumb") != 0;
}

void cli_set_style(cli_style style)
{
        static const char *const codes[] = {[CLI_PLAIN] = "0", [CLI_BOLD] = "1",   [CLI_DIM] = "2",
                                            [CLI_RED] = "31",  [CLI_GREEN] = "32", [CLI_YELLOW] = "33"};
        if (has_colours())
                printf("\033[%sm", codes[style]);
}

void cli_put_styled(cli_style style, const char *text)
{
        if (style != CLI_PLAIN)
                cli_set_style(style);
        cli_put_safe(stdout, coffer_cursor_text(text), false);
        if (style != CLI_PLAIN)
                cli_set_style(CLI_PLAIN);
}

int cli_finish_output(void)
{
        errno = 0;
        if (fflush(stdout) == 0 && !ferror(stdout))
                return CLI_OK;
        return cli_error(COFFER_IO, "cannot write standard output: %s", strerror(errno ? errno : EIO));
}
