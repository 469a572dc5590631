/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "test.h"

#include "pickle/scan_names.h"
#include "pickle/scan_report.h"
#include "pickle_asm.h"
#include "util/buf.h"

#define OS_SYSTEM "\x8c\x02os\x8c\x06system" P_STACK_GLOBAL
#define DATE      P_GLOBAL "datetime\ndate\n"

static coffer_pickle_report *scan(coffer_cursor pickle)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_pickle_report *report = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_copy(bytes, pickle, NULL));
        assert_ok(coffer_pickle_scan(bytes, &report, NULL));
        return report;
}

static void expect_verdict(coffer_cursor pickle, coffer_verdict verdict)
{
        coffer_pickle_report *report _cleanup_report_ = scan(pickle);
        assert_int_equal(coffer_pickle_report_verdict(report), verdict);
}

static const coffer_pickle_finding *find(const coffer_pickle_report *report, coffer_pickle_action action,
                                         const char *module, const char *qualname)
{
        for (size_t i = 0; i < coffer_pickle_report_count(report); i++) {
                const coffer_pickle_finding *finding = coffer_pickle_report_finding(report, i);
                if (finding->action == action && strcmp(finding->module, module) == 0 &&
                    strcmp(finding->qualname, qualname) == 0)
                        return finding;
        }
        return NULL;
}

/* The pickle's verdict is that of one finding at `offset`. */
static void expect_finding(coffer_cursor pickle, coffer_verdict verdict, coffer_pickle_action action,
                           const char *module, const char *qualname, uint64_t offset)
{
        coffer_pickle_report *report _cleanup_report_ = scan(pickle);
        const coffer_pickle_finding *finding = find(report, action, module, qualname);
        assert_non_null(finding);
        assert_int_equal(finding->verdict, verdict);
        assert_int_equal(finding->offset, offset);
        assert_int_equal(coffer_pickle_report_verdict(report), verdict);
}

/* Something odd at `offset` about the stream itself. */
static void expect_odd(coffer_cursor pickle, const char *reason_part, uint64_t offset)
{
        coffer_pickle_report *report _cleanup_report_ = scan(pickle);
        for (size_t i = 0; i < coffer_pickle_report_count(report); i++) {
                const coffer_pickle_finding *finding = coffer_pickle_report_finding(report, i);
                if (finding->action != COFFER_ACTION_STREAM || !strstr(finding->reason, reason_part))
                        continue;
                assert_int_equal(finding->offset, offset);
                assert_int_equal(finding->verdict, COFFER_SUSPICIOUS);
                return;
        }
        fail_msg("nothing found that %s", reason_part);
}

/* ---- what is plain ---- */

static void test_plain_values_have_no_findings(void **state)
{
        (void)state;
        coffer_pickle_report *report _cleanup_report_ =
                scan(PICKLE(P_PROTO "\x04" P_FRAME "\x0a\0\0\0\0\0\0\0" P_EMPTY_DICT P_MEMOIZE "\x8c\x01"
                                    "a" P_MEMOIZE P_BININT1 "\x01" P_SETITEM P_STOP));
        assert_int_equal(coffer_pickle_report_count(report), 0);
        assert_int_equal(coffer_pickle_report_verdict(report), COFFER_ONLY_ALLOWLISTED);
}

static void test_allowlisted_class_is_listed_with_each_use_once(void **state)
{
        (void)state;
        coffer_pickle_report *report _cleanup_report_ =
                scan(PICKLE(P_PROTO "\x02" P_MARK DATE P_BINPUT "\0" P_NONE P_TUPLE1 P_REDUCE P_BINGET
                                    "\0" P_NONE P_TUPLE1 P_REDUCE P_NONE P_BUILD P_TUPLE P_STOP));
        assert_int_equal(coffer_pickle_report_count(report), 3);
        assert_int_equal(coffer_pickle_report_verdict(report), COFFER_ONLY_ALLOWLISTED);
        const coffer_pickle_finding *call = find(report, COFFER_ACTION_CALL, "datetime", "date");
        assert_non_null(call);
        assert_int_equal(call->count, 2);
        assert_int_equal(call->offset, 22);
        assert_non_null(find(report, COFFER_ACTION_IMPORT, "datetime", "date"));
        assert_non_null(find(report, COFFER_ACTION_BUILD, "datetime", "date"));
        assert_null(coffer_pickle_report_finding(report, 3));
}

static void test_names_of_python_2_are_judged_as_what_they_are_now(void **state)
{
        (void)state;
        expect_verdict(PICKLE(P_GLOBAL "__builtin__\nset\n" P_STOP), COFFER_ONLY_ALLOWLISTED);
        expect_verdict(PICKLE(P_GLOBAL "copy_reg\n_reconstructor\n" P_STOP), COFFER_ONLY_ALLOWLISTED);
        expect_verdict(PICKLE(P_GLOBAL "__builtin__\nexecfile\n" P_STOP), COFFER_DANGEROUS);
        expect_verdict(PICKLE(P_GLOBAL "commands\ngetoutput\n" P_STOP), COFFER_DANGEROUS);
        expect_verdict(PICKLE(P_GLOBAL "itertools\nimap\n" P_STOP), COFFER_DANGEROUS);
}

static void test_several_plain_pickles_are_plain(void **state)
{
        (void)state;
        expect_verdict(PICKLE(P_NONE P_STOP P_PROTO "\x04" P_NONE P_STOP), COFFER_ONLY_ALLOWLISTED);
}

/* ---- wrong operands ---- */

static void test_stack_global_by_texts(void **state)
{
        (void)state;
        expect_finding(PICKLE(P_PROTO "\x04" OS_SYSTEM P_STOP), COFFER_DANGEROUS, COFFER_ACTION_IMPORT, "os", "system",
                       14);
        expect_finding(PICKLE(P_PROTO "\x04"
                                      "X\x02\0\0\0os"
                                      "\x8d\x06\0\0\0\0\0\0\0system" P_STACK_GLOBAL P_STOP),
                       COFFER_DANGEROUS, COFFER_ACTION_IMPORT, "os", "system", 24);
        expect_finding(PICKLE(P_UNICODE "os\n" P_STRING "'system'\n" P_STACK_GLOBAL P_STOP), COFFER_DANGEROUS,
                       COFFER_ACTION_IMPORT, "os", "system", 14);
        expect_finding(PICKLE(P_SHORT_BINSTRING "\x02os" P_BINSTRING "\x06\0\0\0system" P_STACK_GLOBAL P_STOP),
                       COFFER_DANGEROUS, COFFER_ACTION_IMPORT, "os", "system", 15);
}

static void test_stack_global_by_memo(void **state)
{
        (void)state;
        expect_verdict(PICKLE("\x8c\x06system" P_MEMOIZE "\x8c\x02os" P_BINPUT "\x01" P_BINGET "\x01" P_BINGET
                              "\0" P_STACK_GLOBAL P_STOP),
                       COFFER_DANGEROUS);
        expect_finding(PICKLE("\x8c\x06system" P_PUT "7\n" P_POP "\x8c\x02os" P_GET "7\n" P_STACK_GLOBAL P_STOP),
                       COFFER_DANGEROUS, COFFER_ACTION_IMPORT, "os", "system", 19);
}

static void test_stack_global_by_overwritten_slot(void **state)
{
        (void)state;
        expect_verdict(PICKLE("\x8c\x08"
                              "datetime" P_BINPUT "\0" P_POP "\x8c\x02os" P_BINPUT "\0"
                              "\x8c\x06system" P_STACK_GLOBAL P_POP P_BINGET "\0"
                              "\x8c\x06system" P_STACK_GLOBAL P_STOP),
                       COFFER_DANGEROUS);
}

static void test_memoize_counts_filled_slots(void **state)
{
        (void)state;
        /* slot 1 is filled, so MEMOIZE overwrites it: what an unpickler gets from there is "os" */
        expect_verdict(PICKLE("\x8c\x08"
                              "datetime" P_BINPUT "\x01" P_POP "\x8c\x02os" P_MEMOIZE P_POP P_BINGET "\x01"
                              "\x8c\x06system" P_STACK_GLOBAL P_STOP),
                       COFFER_DANGEROUS);
}

static void test_stack_global_by_dup(void **state)
{
        (void)state;
        expect_finding(PICKLE("\x8c\x08"
                              "datetime" P_DUP P_STACK_GLOBAL P_STOP),
                       COFFER_ONLY_ALLOWLISTED, COFFER_ACTION_IMPORT, "datetime", "datetime", 11);
        expect_finding(PICKLE("\x8c\x03pip" P_DUP P_STACK_GLOBAL P_STOP), COFFER_DANGEROUS, COFFER_ACTION_IMPORT, "pip",
                       "pip", 6);
}

static void test_stack_global_that_cannot_be_followed_is_suspicious(void **state)
{
        (void)state;
        expect_finding(PICKLE(P_NONE "\x8c\x01x" P_STACK_GLOBAL P_STOP), COFFER_SUSPICIOUS, COFFER_ACTION_IMPORT, "",
                       "", 4);
        expect_verdict(PICKLE(P_BINGET "\x09"
                                       "\x8c\x01x" P_STACK_GLOBAL P_STOP),
                       COFFER_SUSPICIOUS);
        expect_verdict(PICKLE(P_UNICODE "o\\u0073\n"
                                        "\x8c\x06system" P_STACK_GLOBAL P_STOP),
                       COFFER_SUSPICIOUS);
        expect_verdict(PICKLE(P_STACK_GLOBAL P_STOP), COFFER_SUSPICIOUS);
        expect_verdict(PICKLE(P_PERSID "1\n"
                                       "\x8c\x01x" P_STACK_GLOBAL P_STOP),
                       COFFER_SUSPICIOUS);
}

static void test_dotted_names_are_walks(void **state)
{
        (void)state;
        expect_verdict(PICKLE("\x8c\x08"
                              "datetime"
                              "\x8c\x0c"
                              "date.resolve" P_STACK_GLOBAL P_STOP),
                       COFFER_SUSPICIOUS);
        expect_verdict(PICKLE("\x8c\x05numpy"
                              "\x8c\x12"
                              "testing.os.system." P_STACK_GLOBAL P_STOP),
                       COFFER_DANGEROUS);
        expect_verdict(PICKLE("\x8c\x06"
                              "pandas"
                              "\x8c\x0d"
                              "io.common._os" P_STACK_GLOBAL P_STOP),
                       COFFER_DANGEROUS);
        expect_verdict(PICKLE("\x8c\x08"
                              "datetime"
                              "\x8c\x0d"
                              "sys.modules.x" P_STACK_GLOBAL P_STOP),
                       COFFER_DANGEROUS);
        expect_verdict(PICKLE("\x8c\x08"
                              "datetime"
                              "\x8c\x0e"
                              "date.__class__" P_STACK_GLOBAL P_STOP),
                       COFFER_DANGEROUS);
        expect_verdict(PICKLE("\x8c\x07"
                              "asyncio"
                              "\x8c\x14"
                              "subprocess.any.thing" P_STACK_GLOBAL P_STOP),
                       COFFER_DANGEROUS);
        expect_verdict(PICKLE("\x8c\x08"
                              "zoneinfo"
                              "\x8c\x12"
                              "ZoneInfo._unpickle" P_STACK_GLOBAL P_STOP),
                       COFFER_ONLY_ALLOWLISTED);
}

static void test_odd_lines_of_global_are_not_allowlisted(void **state)
{
        (void)state;
        expect_verdict(PICKLE(P_GLOBAL "datetime\r\ndate\n" P_STOP), COFFER_SUSPICIOUS);
        expect_verdict(PICKLE(P_GLOBAL " datetime\ndate\n" P_STOP), COFFER_SUSPICIOUS);
        expect_verdict(PICKLE(P_GLOBAL "datetime\ndate time\n" P_STOP), COFFER_SUSPICIOUS);
        expect_verdict(PICKLE(P_GLOBAL "\n\n" P_STOP), COFFER_SUSPICIOUS);
        expect_verdict(PICKLE(P_GLOBAL "date\0time\ndate\n" P_STOP), COFFER_SUSPICIOUS);
        expect_finding(PICKLE(P_GLOBAL "d\xc3\xa4te\nx\\y\n" P_STOP), COFFER_SUSPICIOUS, COFFER_ACTION_IMPORT,
                       "d\\xc3\\xa4te", "x\\x5cy", 0);
}

/* ---- allowed module, evil attribute ---- */

static void test_dunder_of_an_allowed_module_is_dangerous(void **state)
{
        (void)state;
        expect_verdict(PICKLE("\x8c\x05numpy"
                              "\x8c\x0c"
                              "__builtins__" P_STACK_GLOBAL P_EMPTY_DICT P_BUILD P_STOP),
                       COFFER_DANGEROUS);
        expect_verdict(PICKLE(P_GLOBAL "collections\n__loader__\n" P_STOP), COFFER_DANGEROUS);
}

static void test_build_of_a_global_is_dangerous(void **state)
{
        (void)state;
        coffer_pickle_report *report _cleanup_report_ = scan(PICKLE(DATE P_EMPTY_DICT P_BUILD P_STOP));
        const coffer_pickle_finding *build = find(report, COFFER_ACTION_BUILD, "datetime", "date");
        assert_non_null(build);
        assert_int_equal(build->verdict, COFFER_DANGEROUS);
        assert_int_equal(build->offset, 16);
}

static void test_items_for_a_global_are_dangerous(void **state)
{
        (void)state;
        expect_verdict(PICKLE(DATE P_NONE P_NONE P_SETITEM P_STOP), COFFER_DANGEROUS);
        expect_verdict(PICKLE(DATE P_NONE P_APPEND P_STOP), COFFER_DANGEROUS);
        expect_verdict(PICKLE(DATE P_MARK P_NONE P_APPENDS P_STOP), COFFER_DANGEROUS);
        expect_verdict(PICKLE(DATE P_MARK P_NONE P_NONE P_SETITEMS P_STOP), COFFER_DANGEROUS);
        expect_verdict(PICKLE(DATE P_MARK P_NONE P_ADDITEMS P_STOP), COFFER_DANGEROUS);
}

static void test_build_of_plain_data_is_suspicious(void **state)
{
        (void)state;
        expect_finding(PICKLE(P_EMPTY_DICT P_EMPTY_DICT P_BUILD P_STOP), COFFER_SUSPICIOUS, COFFER_ACTION_BUILD, "", "",
                       2);
}

/* ---- universal resolvers and the like ---- */

static void test_known_harm_is_dangerous(void **state)
{
        (void)state;
        static const char *const names[][2] = {
                {"posix", "system"},
                {"nt", "system"},
                {"os.path", "join"},
                {"subprocess", "Popen"},
                {"builtins", "eval"},
                {"builtins", "exec"},
                {"builtins", "getattr"},
                {"builtins", "map"},
                {"__builtin__", "apply"},
                {"importlib", "import_module"},
                {"pkgutil", "resolve_name"},
                {"operator", "attrgetter"},
                {"operator", "methodcaller"},
                {"_operator", "itemgetter"},
                {"functools", "partial"},
                {"_functools", "partial"},
                {"marshal", "loads"},
                {"types", "FunctionType"},
                {"types", "CodeType"},
                {"cloudpickle.cloudpickle", "_builtin_type"},
                {"pip", "main"},
                {"pip._internal", "main"},
                {"torch", "load"},
                {"torch.storage", "_load_from_bytes"},
                {"torch.jit._serialization", "load"},
                {"torch.utils.bottleneck.__main__", "run_cprofile"},
                {"numpy.testing._private.utils", "runstring"},
                {"numpy.f2py.crackfortran", "myeval"},
                {"pydoc", "locate"},
                {"pydoc", "pipepager"},
                {"_io", "FileIO"},
                {"asyncio.unix_events", "_UnixSubprocessTransport._start"},
                {"asyncio", "create_subprocess_shell"},
                {"logging.config", "_resolve"},
                {"timeit", "timeit"},
                {"profile", "run"},
                {"cProfile", "runctx"},
                {"bdb", "Bdb"},
                {"doctest", "debug_script"},
                {"ensurepip", "_run_pip"},
                {"idlelib.run", "Executive"},
                {"lib2to3.pgen2.grammar", "Grammar"},
                {"runpy", "run_path"},
                {"code", "InteractiveInterpreter"},
                {"scipy.stats._distn_infrastructure", "rv_continuous"},
        };
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                coffer_judgement judgement =
                        coffer_scan_judge(coffer_cursor_text(names[i][0]), coffer_cursor_text(names[i][1]));
                if (judgement.verdict != COFFER_DANGEROUS)
                        fail_msg("%s.%s is not dangerous: %s", names[i][0], names[i][1], judgement.reason);
        }
}

static void test_unknown_names_are_suspicious(void **state)
{
        (void)state;
        static const char *const names[][2] = {
                {"__main__", "Thing"}, {"builtins", "type"}, {"datetime", "nothing"}, {"oss", "system"}, {"", ""},
        };
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                assert_int_equal(
                        coffer_scan_judge(coffer_cursor_text(names[i][0]), coffer_cursor_text(names[i][1])).verdict,
                        COFFER_SUSPICIOUS);
}

static void expect_sorted(const coffer_scan_list *list)
{
        for (size_t i = 1; i < list->count; i++)
                assert_true(strcmp(list->rows[i - 1].module, list->rows[i].module) <= 0);
}

static void test_lists_are_sorted_as_the_search_needs(void **state)
{
        (void)state;
        expect_sorted(&coffer_scan_allowed);
        expect_sorted(&coffer_scan_allowed_models);
        expect_sorted(&coffer_scan_denied);
}

static void test_long_names_are_judged_whole_and_shown_cut(void **state)
{
        (void)state;
        coffer_buf buf _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        assert_ok(coffer_buf_append_text(&buf, "cdatetime\n", NULL));
        for (int i = 0; i < 1000; i++)
                assert_ok(coffer_buf_append_text(&buf, "x.", NULL));
        assert_ok(coffer_buf_append_text(&buf, "os.system\n.", NULL));
        coffer_pickle_report *report _cleanup_report_ = scan(coffer_buf_cursor(&buf));
        const coffer_pickle_finding *finding = coffer_pickle_report_finding(report, 0);
        assert_int_equal(finding->verdict, COFFER_DANGEROUS);
        assert_true(strlen(finding->qualname) < 500);
        assert_string_equal(finding->qualname + strlen(finding->qualname) - 3, "...");
}

/* ---- vanishing calls ---- */

static void test_calls_whose_result_is_dropped_are_reported(void **state)
{
        (void)state;
        expect_verdict(PICKLE(P_NONE P_MARK P_GLOBAL "os\nsystem\n"
                                                     "\x8c\x02id" P_OBJ P_POP P_STOP),
                       COFFER_DANGEROUS);
        expect_verdict(PICKLE(P_NONE P_MARK OS_SYSTEM "\x8c\x02id" P_TUPLE1 P_REDUCE P_POP_MARK P_STOP),
                       COFFER_DANGEROUS);
        expect_finding(PICKLE(P_MARK "\x8c\x02id" P_INST "os\nsystem\n" P_POP P_NONE P_STOP), COFFER_DANGEROUS,
                       COFFER_ACTION_CALL, "os", "system", 5);
        expect_finding(PICKLE(OS_SYSTEM P_EMPTY_TUPLE P_EMPTY_DICT P_NEWOBJ_EX P_STOP), COFFER_DANGEROUS,
                       COFFER_ACTION_CALL, "os", "system", 15);
        expect_finding(PICKLE(P_EMPTY_DICT OS_SYSTEM P_EMPTY_TUPLE P_NEWOBJ P_NONE P_SETITEM P_STOP), COFFER_DANGEROUS,
                       COFFER_ACTION_CALL, "os", "system", 15);
        expect_finding(PICKLE(OS_SYSTEM P_EMPTY_TUPLE P_REDUCE P_MEMOIZE P_POP P_NONE P_STOP), COFFER_DANGEROUS,
                       COFFER_ACTION_CALL, "os", "system", 14);
}

static void test_call_of_a_result_is_suspicious(void **state)
{
        (void)state;
        coffer_pickle_report *report _cleanup_report_ =
                scan(PICKLE(DATE P_EMPTY_TUPLE P_REDUCE P_EMPTY_TUPLE P_REDUCE P_STOP));
        assert_int_equal(coffer_pickle_report_verdict(report), COFFER_SUSPICIOUS);
        assert_int_equal(coffer_pickle_report_finding(report, 2)->action, COFFER_ACTION_CALL);
        assert_int_equal(coffer_pickle_report_finding(report, 2)->verdict, COFFER_SUSPICIOUS);
        assert_int_equal(coffer_pickle_report_finding(report, 2)->offset, 18);
}

static void test_call_of_plain_data_is_suspicious(void **state)
{
        (void)state;
        expect_finding(PICKLE(P_NONE P_EMPTY_TUPLE P_REDUCE P_STOP), COFFER_SUSPICIOUS, COFFER_ACTION_CALL, "", "", 2);
}

static void test_persistent_ids_and_extension_codes_are_suspicious(void **state)
{
        (void)state;
        expect_finding(PICKLE(P_PERSID "x\n" P_STOP), COFFER_SUSPICIOUS, COFFER_ACTION_PERSISTENT, "", "", 0);
        expect_finding(PICKLE(P_NONE P_BINPERSID P_STOP), COFFER_SUSPICIOUS, COFFER_ACTION_PERSISTENT, "", "", 1);
        expect_finding(PICKLE(P_EXT1 "\x01" P_STOP), COFFER_SUSPICIOUS, COFFER_ACTION_EXTENSION, "", "", 0);
        expect_finding(PICKLE(P_EXT2 "\x01\0" P_STOP), COFFER_SUSPICIOUS, COFFER_ACTION_EXTENSION, "", "", 0);
        expect_finding(PICKLE(P_EXT4 "\x01\0\0\0" P_STOP), COFFER_SUSPICIOUS, COFFER_ACTION_EXTENSION, "", "", 0);
}

/* ---- frames ---- */

static void test_odd_frames_are_found(void **state)
{
        (void)state;
        expect_odd(PICKLE(P_FRAME "\x03\0\0\0\0\0\0\0" P_NONE P_STOP), "longer than what follows", 0);
        expect_odd(PICKLE(P_FRAME "\x0b\0\0\0\0\0\0\0" P_FRAME "\x02\0\0\0\0\0\0\0" P_NONE P_STOP),
                   "inside another one", 9);
        expect_odd(PICKLE(P_FRAME "\x02\0\0\0\0\0\0\0" P_BININT "\x01\0\0\0" P_STOP), "across the end", 14);
        expect_odd(PICKLE(P_FRAME "\x03\0\0\0\0\0\0\0" P_NONE P_STOP P_NONE P_STOP), "before its frame", 10);
        expect_verdict(PICKLE(P_FRAME "\0\0\0\0\0\0\0\0" P_NONE P_STOP), COFFER_ONLY_ALLOWLISTED);
        expect_verdict(PICKLE(P_FRAME "\xff\xff\xff\xff\xff\xff\xff\xff" OS_SYSTEM P_STOP), COFFER_DANGEROUS);
}

static void test_data_behind_stop_is_scanned_too(void **state)
{
        (void)state;
        expect_finding(PICKLE(P_NONE P_STOP OS_SYSTEM P_STOP), COFFER_DANGEROUS, COFFER_ACTION_IMPORT, "os", "system",
                       14);
        expect_odd(PICKLE(P_NONE P_STOP "\0\0\0"), "no opcode", 2);
}

/* ---- differences between unpicklers, gaps ---- */

static void test_what_unpicklers_differ_in_is_found(void **state)
{
        (void)state;
        expect_odd(PICKLE(P_NONE P_NONE P_STOP), "leaves values", 2);
        expect_odd(PICKLE(P_NONE P_PUT "-1\n" P_STOP), "odd number", 1);
        expect_odd(PICKLE(P_NONE P_GET "1_0\n" P_STOP), "odd number", 1);
        expect_odd(PICKLE(P_NONE P_LONG_BINPUT "\xff\xff\xff\xff" P_STOP), "far away", 1);
        expect_odd(PICKLE(P_LONG4 "\xff\xff\xff\xff" P_STOP), "negative length", 0);
        expect_odd(PICKLE(P_PROTO "\x06" P_NONE P_STOP), "protocol that there is not", 0);
        expect_odd(PICKLE(P_NONE P_PROTO "\x02" P_STOP), "changes its protocol", 1);
        expect_odd(PICKLE(P_BINGET "\x05" P_STOP), "empty memo slot", 0);
}

static void test_plain_forms_that_some_refuse_are_plain(void **state)
{
        (void)state;
        expect_verdict(
                PICKLE(P_MARK P_INT "+0\n" P_INT "01\n" P_LONG "7L\n" P_FLOAT "1e3\n" P_LONG1 "\0" P_TUPLE P_STOP),
                COFFER_ONLY_ALLOWLISTED);
        expect_verdict(PICKLE(P_EMPTY_LIST P_MARK P_APPENDS P_STOP), COFFER_ONLY_ALLOWLISTED);
        expect_verdict(PICKLE(P_EMPTY_DICT P_MARK P_SETITEMS P_STOP), COFFER_ONLY_ALLOWLISTED);
        expect_verdict(PICKLE(P_BYTEARRAY8 "\x01\0\0\0\0\0\0\0x" P_STOP), COFFER_ONLY_ALLOWLISTED);
        expect_verdict(PICKLE(P_NEXT_BUFFER P_READONLY_BUFFER P_STOP), COFFER_ONLY_ALLOWLISTED);
}

static void test_memo_that_cannot_be_followed_makes_names_unknown(void **state)
{
        (void)state;
        /* "1_0" is slot 10 to some: what was there may have been replaced */
        expect_verdict(PICKLE("\x8c\x08"
                              "datetime" P_BINPUT "\x0a" P_POP "\x8c\x02os" P_PUT "1_0\n" P_POP P_BINGET "\x0a"
                              "\x8c\x04"
                              "date" P_STACK_GLOBAL P_STOP),
                       COFFER_SUSPICIOUS);
}

static void test_unknown_opcode_fails_closed_and_the_next_pickle_is_found(void **state)
{
        (void)state;
        expect_odd(PICKLE(P_NONE "\xfe" P_STOP), "no opcode", 1);
        expect_finding(PICKLE("garbage\xff" P_PROTO "\x04" OS_SYSTEM P_STOP), COFFER_DANGEROUS, COFFER_ACTION_IMPORT,
                       "os", "system", 22);
}

/* ---- broken ---- */

static void test_payload_before_a_truncation_is_reported(void **state)
{
        (void)state;
        expect_finding(PICKLE(OS_SYSTEM "\x8c\x02id" P_TUPLE1 P_REDUCE P_BININT "\x01"), COFFER_DANGEROUS,
                       COFFER_ACTION_CALL, "os", "system", 18);
        expect_odd(PICKLE(P_NONE), "too early", 1);
        expect_odd(PICKLE(""), "too early", 0);
        expect_odd(PICKLE(P_BINUNICODE8 "\xff\xff\xff\xff\xff\xff\xff\x7fx"), "cut off", 0);
}

/* Every opcode with nothing on the stack, bare and with room for its operand. */
static void test_every_opcode_without_operands_is_survived(void **state)
{
        (void)state;
        for (unsigned code = 0; code < 256; code++) {
                uint8_t bare[1] = {(uint8_t)code};
                uint8_t padded[24] = {(uint8_t)code};
                memset(padded + 1, '\n', sizeof(padded) - 2);
                padded[sizeof(padded) - 1] = '.';
                coffer_pickle_report *report _cleanup_report_ = scan(coffer_cursor_of(bare, sizeof(bare)));
                assert_true(coffer_pickle_report_count(report) > 0);
                assert_int_equal(coffer_pickle_report_verdict(report), COFFER_SUSPICIOUS);
                expect_verdict(coffer_cursor_of(padded, sizeof(padded)), COFFER_SUSPICIOUS);
        }
}

/* ---- bounds ---- */

static void test_deep_nesting_needs_no_recursion(void **state)
{
        (void)state;
        enum { DEPTH = 100000 };
        uint8_t *pickle = malloc(2 * DEPTH + 1);
        assert_non_null(pickle);
        memset(pickle, '(', DEPTH);
        memset(pickle + DEPTH, 'l', DEPTH);
        pickle[2 * DEPTH] = '.';
        expect_verdict(coffer_cursor_of(pickle, 2 * DEPTH + 1), COFFER_ONLY_ALLOWLISTED);
        free(pickle);
}

static void test_stack_is_bounded(void **state)
{
        (void)state;
        enum { COUNT = (1 << 24) + 5 };
        uint8_t *pickle = malloc(COUNT);
        assert_non_null(pickle);
        memset(pickle, 'N', COUNT);
        expect_odd(coffer_cursor_of(pickle, COUNT), "more values on the stack", 1 << 24);
        free(pickle);
}

static void test_names_are_bounded_and_the_worst_is_kept(void **state)
{
        (void)state;
        coffer_buf buf _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        for (int i = 0; i < COFFER_SCAN_MAX_NAMES + 10; i++)
                assert_ok(coffer_buf_printf(&buf, NULL, "cmodule%d\nname\n0", i));
        assert_ok(coffer_buf_append_text(&buf, "cos\nsystem\n.", NULL));
        coffer_pickle_report *report _cleanup_report_ = scan(coffer_buf_cursor(&buf));
        assert_int_equal(coffer_pickle_report_count(report), COFFER_SCAN_MAX_NAMES + 2);
        const coffer_pickle_finding *more = coffer_pickle_report_finding(report, COFFER_SCAN_MAX_NAMES);
        assert_int_equal(more->count, 10);
        assert_int_equal(more->verdict, COFFER_SUSPICIOUS);
        assert_non_null(strstr(more->reason, "more names"));
        assert_non_null(find(report, COFFER_ACTION_IMPORT, "os", "system"));
        assert_int_equal(coffer_pickle_report_verdict(report), COFFER_DANGEROUS);
}

static void test_damaged_pickles_in_a_row_are_bounded(void **state)
{
        (void)state;
        coffer_buf buf _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        for (int i = 0; i < 1000; i++)
                assert_ok(coffer_buf_append(&buf, "\x80\x04\xff", 3, NULL));
        expect_odd(coffer_buf_cursor(&buf), "more damaged pickles", 256 * 3 + 2);
}

static coffer_status scan_once(void *user, coffer_error *error)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_pickle_report *report _cleanup_report_ = NULL;
        (void)user;
        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_bytes_append_copy(
                bytes, PICKLE(OS_SYSTEM P_MEMOIZE "\x8c\x02id" P_TUPLE1 P_REDUCE P_STOP DATE), error));
        return coffer_pickle_scan(bytes, &report, error);
}

static void test_each_failing_allocation_is_reported(void **state)
{
        (void)state;
        test_alloc_fail_each(scan_once, NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_plain_values_have_no_findings),
                leak_checked(test_allowlisted_class_is_listed_with_each_use_once),
                leak_checked(test_names_of_python_2_are_judged_as_what_they_are_now),
                leak_checked(test_several_plain_pickles_are_plain),
                leak_checked(test_stack_global_by_texts),
                leak_checked(test_stack_global_by_memo),
                leak_checked(test_stack_global_by_overwritten_slot),
                leak_checked(test_memoize_counts_filled_slots),
                leak_checked(test_stack_global_by_dup),
                leak_checked(test_stack_global_that_cannot_be_followed_is_suspicious),
                leak_checked(test_dotted_names_are_walks),
                leak_checked(test_odd_lines_of_global_are_not_allowlisted),
                leak_checked(test_dunder_of_an_allowed_module_is_dangerous),
                leak_checked(test_build_of_a_global_is_dangerous),
                leak_checked(test_items_for_a_global_are_dangerous),
                leak_checked(test_build_of_plain_data_is_suspicious),
                leak_checked(test_known_harm_is_dangerous),
                leak_checked(test_unknown_names_are_suspicious),
                leak_checked(test_lists_are_sorted_as_the_search_needs),
                leak_checked(test_long_names_are_judged_whole_and_shown_cut),
                leak_checked(test_calls_whose_result_is_dropped_are_reported),
                leak_checked(test_call_of_a_result_is_suspicious),
                leak_checked(test_call_of_plain_data_is_suspicious),
                leak_checked(test_persistent_ids_and_extension_codes_are_suspicious),
                leak_checked(test_odd_frames_are_found),
                leak_checked(test_data_behind_stop_is_scanned_too),
                leak_checked(test_what_unpicklers_differ_in_is_found),
                leak_checked(test_plain_forms_that_some_refuse_are_plain),
                leak_checked(test_memo_that_cannot_be_followed_makes_names_unknown),
                leak_checked(test_unknown_opcode_fails_closed_and_the_next_pickle_is_found),
                leak_checked(test_payload_before_a_truncation_is_reported),
                leak_checked(test_every_opcode_without_operands_is_survived),
                leak_checked(test_deep_nesting_needs_no_recursion),
                leak_checked(test_stack_is_bounded),
                leak_checked(test_names_are_bounded_and_the_worst_is_kept),
                leak_checked(test_damaged_pickles_in_a_row_are_bounded),
                leak_checked(test_each_failing_allocation_is_reported),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
