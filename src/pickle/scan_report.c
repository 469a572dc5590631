/* SPDX-License-Identifier: Apache-2.0 */
#include "pickle/scan_report.h"

#include "pickle/scan_names.h"
#include "util/buf.h"
#include "util/cursor.h"
#include "util/map.h"

enum {
        MAX_NAME_BYTES = 400, /* of a module or qualified name as it is shown */
        VERDICT_COUNT = COFFER_DANGEROUS + 1
};

/* A name, how it is judged, and for each use the finding's number plus one. */
typedef struct scan_name {
        char *module;
        char *qualname;
        coffer_judgement judgement;
        size_t findings[COFFER_USE_COUNT];
} scan_name;

struct coffer_pickle_report {
        coffer_pickle_finding *findings;
        size_t count;
        size_t capacity;
        scan_name *names;
        uint32_t name_count;
        uint32_t name_capacity;
        coffer_map *index;                 /* verdict, module and qualified name to the name's number plus one */
        uint32_t overflow[VERDICT_COUNT];  /* the name that stands for those left out, plus one */
        size_t oddities[COFFER_ODD_COUNT]; /* the finding's number plus one */
        coffer_verdict verdict;
};

static const char *const reason_left_out = "more names like this one were found than are listed";

/* What a use means: with a floor, that is its verdict and reason at least. */
static const struct {
        coffer_pickle_action action;
        coffer_verdict floor;
        const char *reason;
} uses[COFFER_USE_COUNT] = {
        [COFFER_USE_IMPORT] = {COFFER_ACTION_IMPORT, COFFER_ONLY_ALLOWLISTED, NULL},
        [COFFER_USE_CALL] = {COFFER_ACTION_CALL, COFFER_ONLY_ALLOWLISTED, NULL},
        [COFFER_USE_BUILD] = {COFFER_ACTION_BUILD, COFFER_ONLY_ALLOWLISTED, NULL},
        [COFFER_USE_CALL_RESULT] = {COFFER_ACTION_CALL, COFFER_SUSPICIOUS, "calls what an earlier call returned"},
        [COFFER_USE_CHANGE_GLOBAL] = {COFFER_ACTION_BUILD, COFFER_DANGEROUS, "changes an imported object itself"},
};

static const struct {
        coffer_pickle_action action;
        const char *reason;
} oddities[COFFER_ODD_COUNT] = {
#define ODDITY(name, action, reason) [COFFER_ODD_##name] = {COFFER_ACTION_##action, reason},
        COFFER_SCAN_ODDITIES(ODDITY)
#undef ODDITY
};

coffer_status coffer_report_new(coffer_pickle_report **out, coffer_error *error)
{
        coffer_pickle_report *report _cleanup_report_ = coffer_alloc_zeroed(1, sizeof(*report));
        if (!report)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory for a scan report");
        COFFER_TRY(coffer_map_new(NULL, &report->index, error));
        *out = TAKE_PTR(report);
        return COFFER_OK;
}

void coffer_pickle_report_free(coffer_pickle_report *report)
{
        if (!report)
                return;
        for (uint32_t i = 0; i < report->name_count; i++) {
                coffer_free(report->names[i].module);
                coffer_free(report->names[i].qualname);
        }
        coffer_free(report->names);
        coffer_free(report->findings);
        coffer_map_free(report->index);
        coffer_free(report);
}

/* ---- findings ---- */

static coffer_status add_finding(coffer_pickle_report *report, const coffer_pickle_finding *finding,
                                 coffer_error *error)
{
        if (report->count == report->capacity) {
                size_t capacity = report->capacity ? report->capacity * 2 : 16;
                void *grown = coffer_realloc_array(report->findings, capacity, sizeof(*report->findings));
                if (!grown)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "no memory for what a pickle's scan found");
                report->findings = grown;
                report->capacity = capacity;
        }
        report->findings[report->count++] = *finding;
        if (finding->verdict > report->verdict)
                report->verdict = finding->verdict;
        return COFFER_OK;
}

/* Counts a finding that is known (`*number` is its number plus one), or adds it. */
static coffer_status count_finding(coffer_pickle_report *report, size_t *number, const coffer_pickle_finding *finding,
                                   coffer_error *error)
{
        if (*number > 0) {
                report->findings[*number - 1].count++;
                return COFFER_OK;
        }
        COFFER_TRY(add_finding(report, finding, error));
        *number = report->count;
        return COFFER_OK;
}

coffer_status coffer_report_odd(coffer_pickle_report *report, coffer_scan_oddity odd, uint64_t offset,
                                coffer_error *error)
{
        coffer_pickle_finding finding = {
                .offset = offset,
                .count = 1,
                .action = oddities[odd].action,
                .verdict = COFFER_SUSPICIOUS,
                .module = "",
                .qualname = "",
                .reason = oddities[odd].reason,
        };
        return count_finding(report, &report->oddities[odd], &finding, error);
}

coffer_status coffer_report_use(coffer_pickle_report *report, uint32_t name_number, coffer_scan_use use,
                                uint64_t offset, coffer_error *error)
{
        scan_name *name = &report->names[name_number];
        bool floor = uses[use].floor > name->judgement.verdict;
        coffer_pickle_finding finding = {
                .offset = offset,
                .count = 1,
                .action = uses[use].action,
                .verdict = floor ? uses[use].floor : name->judgement.verdict,
                .module = name->module,
                .qualname = name->qualname,
                .reason = floor ? uses[use].reason : name->judgement.reason,
        };
        return count_finding(report, &name->findings[use], &finding, error);
}

coffer_verdict coffer_pickle_report_verdict(const coffer_pickle_report *report)
{
        return report->verdict;
}

size_t coffer_pickle_report_count(const coffer_pickle_report *report)
{
        return report->count;
}

const coffer_pickle_finding *coffer_pickle_report_finding(const coffer_pickle_report *report, size_t index)
{
        return index < report->count ? &report->findings[index] : NULL;
}

/* ---- names ---- */

/* `raw` such that it can be shown anywhere; a backslash too is escaped, so that nothing else looks like an escape. */
static coffer_status printable(coffer_cursor raw, char **out, coffer_error *error)
{
        coffer_buf buf _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        for (size_t i = 0; i < raw.size_bytes; i++) {
                uint8_t byte = raw.data[i];
                if (buf.size_bytes >= MAX_NAME_BYTES) {
                        COFFER_TRY(coffer_buf_append_text(&buf, "...", error));
                        break;
                }
                if (byte >= 0x20 && byte < 0x7f && byte != '\\')
                        COFFER_TRY(coffer_buf_append_byte(&buf, byte, error));
                else
                        COFFER_TRY(coffer_buf_printf(&buf, error, "\\x%02x", byte));
        }
        return coffer_buf_take_text(&buf, out, error);
}

static coffer_status reserve_name(coffer_pickle_report *report, coffer_error *error)
{
        if (report->name_count < report->name_capacity)
                return COFFER_OK;
        uint32_t capacity = report->name_capacity ? report->name_capacity * 2 : 16;
        void *grown = coffer_realloc_array(report->names, capacity, sizeof(*report->names));
        if (!grown)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory for the names in a pickle");
        report->names = grown;
        report->name_capacity = capacity;
        return COFFER_OK;
}

/* Takes both texts. */
static void push_name(coffer_pickle_report *report, char *module, char *qualname, coffer_judgement judgement)
{
        scan_name *name = &report->names[report->name_count++];
        *name = (scan_name){.module = module, .qualname = qualname, .judgement = judgement};
}

/* The name of `judgement`'s verdict that stands for all that are left out: the first of them. */
static coffer_status overflow_name(coffer_pickle_report *report, char **module, char **qualname,
                                   coffer_judgement judgement, uint32_t *out, coffer_error *error)
{
        uint32_t *number = &report->overflow[judgement.verdict];
        if (*number == 0) {
                COFFER_TRY(reserve_name(report, error));
                push_name(report, TAKE_PTR(*module), TAKE_PTR(*qualname),
                          (coffer_judgement){judgement.verdict, reason_left_out});
                *number = report->name_count;
        }
        *out = *number - 1;
        return COFFER_OK;
}

coffer_status coffer_report_name(coffer_pickle_report *report, coffer_cursor module, coffer_cursor qualname,
                                 uint32_t *out, coffer_error *error)
{
        coffer_judgement judgement = coffer_scan_judge(module, qualname);
        char *module_text _cleanup_free_ = NULL;
        char *qualname_text _cleanup_free_ = NULL;
        char *key _cleanup_free_ = NULL;
        coffer_buf key_buf _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);

        COFFER_TRY(printable(module, &module_text, error));
        COFFER_TRY(printable(qualname, &qualname_text, error));
        COFFER_TRY(
                coffer_buf_printf(&key_buf, error, "%d\n%s\n%s", (int)judgement.verdict, module_text, qualname_text));
        COFFER_TRY(coffer_buf_take_text(&key_buf, &key, error));
        uintptr_t known = (uintptr_t)coffer_map_get(report->index, key);
        if (known > 0) {
                *out = (uint32_t)(known - 1);
                return COFFER_OK;
        }
        if (report->name_count >= COFFER_SCAN_MAX_NAMES)
                return overflow_name(report, &module_text, &qualname_text, judgement, out, error);
        COFFER_TRY(reserve_name(report, error));
        COFFER_TRY(coffer_map_set(report->index, key, (void *)(uintptr_t)(report->name_count + 1), error));
        *out = report->name_count;
        push_name(report, TAKE_PTR(module_text), TAKE_PTR(qualname_text), judgement);
        return COFFER_OK;
}
