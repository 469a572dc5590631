/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"
#include "text.h"

enum { FIRST_DRAW_MS = 200, DRAW_EVERY_MS = 100, BAR_COLUMNS = 30 };

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

static void draw(uint64_t done, uint64_t total, int64_t elapsed_ms)
{
        char done_text[CLI_SIZE_TEXT_BYTES], total_text[CLI_SIZE_TEXT_BYTES], rate_text[CLI_SIZE_TEXT_BYTES];
        cli_size_text(done, done_text);
        cli_size_text(total, total_text);
        cli_size_text((uint64_t)((double)done * 1000 / (double)(elapsed_ms > 0 ? elapsed_ms : 1)), rate_text);
        cli_progress_clear();
        if (total > 0 && cli_terminal_columns(stderr) >= 80) {
                double part = done < total ? (double)done / (double)total : 1;
                int filled = (int)(part * BAR_COLUMNS);
                char full[BAR_COLUMNS + 1];
                memset(full, '#', BAR_COLUMNS);
                full[filled] = '\0';
                fprintf(stderr, "%s [%-*s] %3d%%  %s of %s, %s/s", bar.label, BAR_COLUMNS, full, (int)(part * 100),
                        done_text, total_text, rate_text);
        } else {
                fprintf(stderr, "%s %s, %s/s", bar.label, done_text, rate_text);
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
