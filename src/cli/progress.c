/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"
#include "text.h"

enum {
        FIRST_DRAW_MS = 200,
        DRAW_EVERY_MS = 100,
        BAR_COLUMNS = 30,
        MIN_BAR_COLUMNS = 5,
        FRAME_COLUMNS = 11, /* " [] 100%  ", and one that stays free at the end */
        TIME_TEXT_BYTES = 32,
        FACTS_BYTES = 3 * CLI_SIZE_TEXT_BYTES + TIME_TEXT_BYTES + 32,
};

static volatile sig_atomic_t interrupted;

/* The bar: there is one standard error. */
static struct {
        const char *label;
        bool active, drawn;
        int64_t begun_ms, next_ms;
} bar;

static void on_signal(int number)
{
        (void)number;
        interrupted = 1;
}

void cli_catch_interrupts(void)
{
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
}

bool cli_interrupted(void)
{
        return interrupted != 0;
}

static int64_t now_ms(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void cli_progress_begin(const char *label, bool quiet)
{
        bar.label = label;
        bar.active = !quiet && isatty(STDERR_FILENO) == 1;
        bar.drawn = false;
        bar.begun_ms = now_ms();
        bar.next_ms = bar.begun_ms + FIRST_DRAW_MS;
}

/* "1:02:03" or "2:03" */
static void time_text(uint64_t seconds, char out[TIME_TEXT_BYTES])
{
        unsigned long long hours = seconds / 3600;
        unsigned minutes = (unsigned)(seconds / 60 % 60), rest = (unsigned)(seconds % 60);
        if (hours > 0)
                snprintf(out, TIME_TEXT_BYTES, "%llu:%02u:%02u", hours, minutes, rest);
        else
                snprintf(out, TIME_TEXT_BYTES, "%u:%02u", minutes, rest);
}

/* What stands behind the bar. */
static void facts_text(uint64_t done, uint64_t total, int64_t elapsed_ms, char out[FACTS_BYTES])
{
        char done_text[CLI_SIZE_TEXT_BYTES], total_text[CLI_SIZE_TEXT_BYTES], rate_text[CLI_SIZE_TEXT_BYTES];
        char left_text[TIME_TEXT_BYTES];
        double rate = (double)done * 1000 / (double)(elapsed_ms > 0 ? elapsed_ms : 1);
        cli_size_text(done, done_text);
        cli_size_text(total, total_text);
        cli_size_text((uint64_t)rate, rate_text);
        if (total == 0) {
                snprintf(out, FACTS_BYTES, "%s, %s/s", done_text, rate_text);
        } else if (done == 0 || done > total) {
                snprintf(out, FACTS_BYTES, "%s of %s, %s/s", done_text, total_text, rate_text);
        } else {
                time_text((uint64_t)((double)(total - done) / rate + 0.5), left_text);
                snprintf(out, FACTS_BYTES, "%s of %s, %s/s, %s left", done_text, total_text, rate_text, left_text);
        }
}

static void draw(uint64_t done, uint64_t total, int64_t elapsed_ms)
{
        static const char full[] = "##############################";
        char facts[FACTS_BYTES];
        facts_text(done, total, elapsed_ms, facts);
        int columns = (int)cli_terminal_columns(stderr);
        int bar_columns = columns - (int)strlen(bar.label) - (int)strlen(facts) - FRAME_COLUMNS;
        if (bar_columns > BAR_COLUMNS)
                bar_columns = BAR_COLUMNS;
        cli_progress_clear();
        if (total > 0 && bar_columns >= MIN_BAR_COLUMNS) {
                double part = done < total ? (double)done / (double)total : 1;
                fprintf(stderr, "%s [%-*.*s] %3d%%  %s", bar.label, bar_columns, (int)(part * bar_columns), full,
                        (int)(part * 100), facts);
        } else {
                fprintf(stderr, "%s %s", bar.label, facts);
        }
        fflush(stderr);
        bar.drawn = true;
}

bool cli_progress_update(void *user, uint64_t done, uint64_t total)
{
        (void)user;
        int64_t now = bar.active ? now_ms() : 0;
        if (bar.active && now >= bar.next_ms) {
                draw(done, total, now - bar.begun_ms);
                bar.next_ms = now + DRAW_EVERY_MS;
        }
        return !interrupted;
}

void cli_progress_clear(void)
{
        if (bar.drawn)
                fputs("\r\033[K", stderr);
        bar.drawn = false;
}

void cli_progress_end(void)
{
        cli_progress_clear();
        bar.active = false;
}
