/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "artifacts.h"
#include "show.h"
#include "text.h"

enum { DEFAULT_DEPTH = 6, DEFAULT_ITEMS = 50, BYTES_AN_ITEM = 8, HEAD_BYTES = 128, HEX_ROW_BYTES = 16 };

static const uint64_t min_keep_bytes = UINT64_C(1) << 20;
static const uint64_t keep_bytes_an_item = 1024;
static const uint64_t max_load_bytes = UINT64_C(64) << 20;
static const uint64_t max_unasked_scan_bytes = UINT64_C(16) << 20;

static const char *const verdict_names[] = {[COFFER_ONLY_ALLOWLISTED] = "allowlisted",
                                            [COFFER_SUSPICIOUS] = "suspicious",
                                            [COFFER_DANGEROUS] = "dangerous"};

static cli_style verdict_style(coffer_verdict verdict)
{
        return verdict == COFFER_ONLY_ALLOWLISTED ? CLI_GREEN : verdict == COFFER_SUSPICIOUS ? CLI_YELLOW : CLI_RED;
}

/* ---- metadata ---- */

static void put_field(const char *name, const char *text)
{
        if (!text)
                return;
        printf("%-9s ", name);
        cli_put_safe(stdout, coffer_cursor_text(text), false);
        putchar('\n');
}

static void put_scan_line(const cli_peek *peek, bool unasked)
{
        if (peek->is_pickle && !peek->scan && peek->value)
                put_field("imports", "not looked at: it is large; --scan does");
        if (!peek->scan)
                return;
        coffer_verdict verdict = coffer_pickle_report_verdict(peek->scan);
        if (unasked && verdict == COFFER_ONLY_ALLOWLISTED)
                return;
        printf("%-9s ", "imports");
        cli_put_styled(verdict_style(verdict),
                       verdict == COFFER_ONLY_ALLOWLISTED ? "only allowlisted globals" : verdict_names[verdict]);
        puts(unasked ? "; --scan says why" : "");
}

/* Of an array, also of one whose printout is cut. */
static void put_shape(const cli_peek *peek)
{
        coffer_tensor tensor;
        if (!peek->value || coffer_value_as_tensor(peek->document, peek->value, &tensor, NULL) != COFFER_OK)
                return;
        printf("%-9s ", "shape");
        for (size_t i = 0; i < tensor.dims; i++)
                printf("%s%" PRIu64, i ? " x " : "", tensor.shape[i]);
        puts(tensor.dims ? "" : "scalar");
}

static void put_metadata(const coffer_task *task, const coffer_artifact_info *info, const cli_peek *peek, bool unasked)
{
        char grouped[CLI_SIZE_TEXT_BYTES];
        cli_grouped_text(info->size_bytes, grouped);
        char *size _cleanup_free_ = cli_text("%s bytes", grouped);
        char *attempt _cleanup_free_ = cli_text("%d", coffer_task_attempt(task));
        cli_put_styled(CLI_BOLD, coffer_task_pathspec(task));
        cli_put_styled(CLI_BOLD, "/");
        cli_put_styled(CLI_BOLD, info->name);
        putchar('\n');
        put_field("attempt", attempt);
        put_field("type", info->type);
        put_shape(peek);
        put_field("size", size);
        put_field("encoding", info->encoding);
        put_field("reader", peek->reader ? peek->reader : "none");
        put_field("source", info->source);
        put_field("key", info->key);
        put_field("spec", peek->spec);
        put_scan_line(peek, unasked);
}

/* ---- the value ---- */

static coffer_print_options print_options(const cli_show_options *options)
{
        coffer_print_options print = COFFER_PRINT_OPTIONS_INIT;
        print.max_depth = options->depth.given ? (uint32_t)options->depth.value : DEFAULT_DEPTH;
        print.max_items = options->items.given ? (uint32_t)options->items.value : DEFAULT_ITEMS;
        print.max_text_bytes = print.max_items * BYTES_AN_ITEM;
        if (options->items.given)
                print.max_output_bytes = UINT64_MAX;
        print.width = cli_stdout_is_terminal() ? (uint32_t)cli_terminal_columns(stdout) : 80;
        return print;
}

static int put_printed(cli_peek *peek, const coffer_value *value, const coffer_print_options *print)
{
        char *text _cleanup_free_ = NULL;
        if (coffer_value_print(peek->document, value, print, &text, &peek->error) != COFFER_OK)
                return cli_fail(&peek->error);
        cli_put_safe(stdout, coffer_cursor_text(text), true);
        putchar('\n');
        return CLI_OK;
}

static int put_value(cli_peek *peek, const cli_show_options *options)
{
        coffer_print_options print = print_options(options);
        const coffer_value *unused = coffer_document_unused(peek->document);
        putchar('\n');
        int code = put_printed(peek, peek->value, &print);
        if (code || !unused)
                return code;
        puts("\nMade on the way, and no part of the value:");
        return put_printed(peek, unused, &print);
}

static void put_hex_row(size_t offset, const uint8_t *data, size_t count)
{
        printf("%08zx ", offset);
        for (size_t i = 0; i < HEX_ROW_BYTES; i++) {
                if (i < count)
                        printf(" %02x", data[i]);
                else
                        fputs("   ", stdout);
        }
        fputs("  |", stdout);
        for (size_t i = 0; i < count; i++)
                putchar(data[i] < 0x80 && isprint(data[i]) ? data[i] : '.');
        puts("|");
}

/* The first bytes of what has no other form here. */
static void put_head(coffer_task *task, const coffer_artifact_info *info)
{
        uint8_t head[HEAD_BYTES];
        size_t size_bytes = 0, got_bytes = 0;
        coffer_stream *stream;
        if (coffer_task_open_stream(task, info->name, &stream, NULL) != COFFER_OK)
                return;
        while (size_bytes < sizeof head &&
               stream->read(stream, head + size_bytes, sizeof head - size_bytes, &got_bytes, NULL) == COFFER_OK &&
               got_bytes > 0)
                size_bytes += got_bytes;
        stream->close(stream);
        if (size_bytes > 0)
                printf("\nThe first %zu bytes:\n", size_bytes);
        for (size_t offset = 0; offset < size_bytes; offset += HEX_ROW_BYTES)
                put_hex_row(offset, head + offset,
                            size_bytes - offset < HEX_ROW_BYTES ? size_bytes - offset : HEX_ROW_BYTES);
}

/* ---- what an unpickler would import ---- */

static json_t *findings_json(const coffer_pickle_report *report)
{
        json_t *findings = cli_json_array();
        for (size_t i = 0; i < coffer_pickle_report_count(report); i++) {
                const coffer_pickle_finding *finding = coffer_pickle_report_finding(report, i);
                json_t *json = cli_json_object();
                cli_json_set(json, "offset", cli_json_number(finding->offset));
                cli_json_set(json, "verdict", cli_json_text(verdict_names[finding->verdict]));
                cli_json_set(json, "module", cli_json_text(finding->module));
                cli_json_set(json, "qualname", cli_json_text(finding->qualname));
                cli_json_set(json, "reason", cli_json_text(finding->reason));
                cli_json_append(findings, json);
        }
        return findings;
}

static json_t *scan_json(const coffer_pickle_report *report, bool with_findings)
{
        if (!report)
                return json_null();
        json_t *scan = cli_json_object();
        cli_json_set(scan, "verdict", cli_json_text(verdict_names[coffer_pickle_report_verdict(report)]));
        if (with_findings)
                cli_json_set(scan, "findings", findings_json(report));
        return scan;
}

static void put_findings(const coffer_pickle_report *report)
{
        static const cli_column columns[] = {
                {">OFFSET", "offset", CLI_CELL_NUMBER, false}, {"VERDICT", "verdict", CLI_CELL_STATE, false},
                {"MODULE", "module", CLI_CELL_TEXT, false},    {"NAME", "qualname", CLI_CELL_NAME, false},
                {"REASON", "reason", CLI_CELL_TEXT, false},    {NULL, NULL, CLI_CELL_TEXT, false},
        };
        if (coffer_pickle_report_count(report) > 0)
                putchar('\n');
        cli_print_list(findings_json(report), columns, false, false);
}

/* ---- both ---- */

/* Tagged JSON, or NULL when there is nothing or it cannot be written, as `peek` then says. */
static char *value_json(cli_peek *peek, const coffer_value *value, const coffer_print_options *print)
{
        char *text = NULL;
        if (!value || coffer_value_to_json(peek->document, value, true, print, &text, &peek->error) != COFFER_OK)
                return NULL;
        return text;
}

static int print_json(coffer_task *task, const coffer_artifact_info *info, cli_peek *peek,
                      const cli_show_options *options)
{
        coffer_print_options print = print_options(options);
        char *value _cleanup_free_ = value_json(peek, peek->value, &print);
        char *unused _cleanup_free_ = value_json(peek, value ? coffer_document_unused(peek->document) : NULL, &print);
        const cli_json_part parts[] = {{"spec", peek->spec}, {"value", value ? value : "null"}, {"unused", unused}};
        json_t *json = cli_artifact_json(task, info);
        cli_json_set(json, "attempt", cli_json_number((uint64_t)coffer_task_attempt(task)));
        cli_json_set(json, "reader", cli_json_text(peek->reader));
        cli_json_set(json, "scan", scan_json(peek->scan, options->scan));
        cli_json_set(json, "error", cli_json_text(peek->error.status == COFFER_OK ? NULL : peek->error.message));
        if (options->scan)
                cli_json_print(json);
        else
                cli_json_print_with(json, parts, ARRAY_COUNT(parts));
        return CLI_OK;
}

static int print_readable(coffer_task *task, const coffer_artifact_info *info, cli_peek *peek,
                          const cli_show_options *options)
{
        put_metadata(task, info, peek, !options->scan);
        if (options->scan && peek->scan)
                put_findings(peek->scan);
        else if (options->scan)
                put_field("imports", "not looked at: it is not stored as a pickle");
        if (peek->value)
                return put_value(peek, options);
        if (!options->scan)
                put_head(task, info);
        return CLI_OK;
}

/* A value that nobody here can read, or that is too large to be shown, is a property of the artifact, not a failure. */
static int exit_code(const cli_peek *peek, const cli_context *context, bool scan)
{
        coffer_status status = peek->error.status;
        if (status == COFFER_DECLINED || status == COFFER_LIMIT || (scan && !peek->is_pickle)) {
                if (status != COFFER_OK)
                        cli_note(context, "%s", peek->error.message);
                return CLI_OK;
        }
        if (status != COFFER_OK)
                return cli_fail(&peek->error);
        return scan && coffer_pickle_report_verdict(peek->scan) != COFFER_ONLY_ALLOWLISTED ? CLI_MISS : CLI_OK;
}

int cli_show_artifact(cli_context *context, coffer_task *task, const coffer_artifact_info *info,
                      const cli_show_options *options)
{
        coffer_registry *registry;
        cli_slices slices;
        int code = cli_slices_parse(options->slice, &slices);
        if (!code)
                code = cli_registry(context, &registry);
        if (code)
                return code;
        uint64_t keep_bytes = (options->items.given ? (uint64_t)options->items.value : 0) * keep_bytes_an_item;
        cli_peek_options peek_options = {keep_bytes > min_keep_bytes ? keep_bytes : min_keep_bytes,
                                         max_load_bytes,
                                         options->scan ? UINT64_MAX : max_unasked_scan_bytes,
                                         print_options(options).max_items,
                                         options->scan,
                                         &slices};
        cli_peek peek;
        cli_peek_open(registry, task, info, &peek_options, &peek);
        if (slices.count > 0 && peek.error.status != COFFER_OK)
                code = cli_fail(&peek.error);
        else
                code = options->json ? print_json(task, info, &peek, options)
                                     : print_readable(task, info, &peek, options);
        if (!code)
                code = exit_code(&peek, context, options->scan);
        cli_peek_done(&peek);
        return code;
}
