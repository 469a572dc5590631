/* SPDX-License-Identifier: Apache-2.0 */
/* What the scanner has found: bounded, each finding once. */
#ifndef COFFER_PICKLE_SCAN_REPORT_H
#define COFFER_PICKLE_SCAN_REPORT_H

#include <coffer/pickle.h>
#include "util/cleanup.h"

/* Distinct names kept; what comes beyond is counted with the others of its verdict, in one finding. */
enum { COFFER_SCAN_MAX_NAMES = 4096 };

/* What can be done with a name. */
typedef enum coffer_scan_use {
        COFFER_USE_IMPORT,
        COFFER_USE_CALL,
        COFFER_USE_BUILD,         /* state for what calling it returned */
        COFFER_USE_CALL_RESULT,   /* a call of what calling it returned */
        COFFER_USE_CHANGE_GLOBAL, /* state or items for itself */
        COFFER_USE_COUNT
} coffer_scan_use;

/* X(name, action, reason): what is reported without a name, all of it suspicious. */
#define COFFER_SCAN_ODDITIES(X)                                                                                        \
        X(UNKNOWN_NAME, IMPORT, "imports something whose name can't be followed")                                      \
        X(UNKNOWN_CALL, CALL, "calls something that can't be followed")                                                \
        X(UNKNOWN_BUILD, BUILD, "gives state to something that can't be followed")                                     \
        X(PERSISTENT, PERSISTENT, "lets the loading program find an object by an id")                                  \
        X(EXTENSION, EXTENSION, "imports what the loading program registered under a number")                          \
        X(NO_VALUE, STREAM, "takes more values than there are; an unpickler stops there")                              \
        X(NO_MARK, STREAM, "takes the values above a mark where there is no mark; an unpickler stops there")           \
        X(DEEP_STACK, STREAM, "puts more values on the stack than are followed; the rest was not scanned")             \
        X(FAR_SLOT, STREAM, "fills a memo slot far away from the others")                                              \
        X(ODD_SLOT, STREAM, "names a memo slot by an odd number")                                                      \
        X(EMPTY_SLOT, STREAM, "takes from an empty memo slot; an unpickler stops there")                               \
        X(LEFT_VALUES, STREAM, "leaves values on the stack at its end")                                                \
        X(STOP_IN_FRAME, STREAM, "ends before its frame does")                                                         \
        X(NESTED_FRAME, STREAM, "begins a frame inside another one")                                                   \
        X(LONG_FRAME, STREAM, "has a frame that is longer than what follows")                                          \
        X(STRADDLED_FRAME, STREAM, "has an opcode across the end of a frame")                                          \
        X(FUTURE_PROTOCOL, STREAM, "says it is of a protocol that there is not")                                       \
        X(CHANGED_PROTOCOL, STREAM, "changes its protocol on the way")                                                 \
        X(TRUNCATED, STREAM, "ends too early")                                                                         \
        X(BAD_OPCODE, STREAM, "holds something that is no opcode; an unpickler stops there")                           \
        X(BAD_OPERAND, STREAM, "has an opcode that is cut off or has a negative length; an unpickler stops there")     \
        X(MANY_DAMAGED, STREAM, "more damaged pickles follow than are walked; the rest was not scanned")

typedef enum coffer_scan_oddity {
#define COFFER_SCAN_ODDITY(name, action, reason) COFFER_ODD_##name,
        COFFER_SCAN_ODDITIES(COFFER_SCAN_ODDITY)
#undef COFFER_SCAN_ODDITY
                COFFER_ODD_COUNT
} coffer_scan_oddity;

COFFER_MUST_CHECK
coffer_status coffer_report_new(coffer_pickle_report **out, coffer_error *error);

/* The number under which the report knows a name: for coffer_report_use. */
COFFER_MUST_CHECK
coffer_status coffer_report_name(coffer_pickle_report *report, coffer_cursor module, coffer_cursor qualname,
                                 uint32_t *out, coffer_error *error);

/* Reports a use of a name. */
COFFER_MUST_CHECK
coffer_status coffer_report_use(coffer_pickle_report *report, uint32_t name, coffer_scan_use use, uint64_t offset,
                                coffer_error *error);

/* Reports something without a name. */
COFFER_MUST_CHECK
coffer_status coffer_report_odd(coffer_pickle_report *report, coffer_scan_oddity odd, uint64_t offset,
                                coffer_error *error);

COFFER_DEFINE_CLEANUP(coffer_pickle_report *, coffer_pickle_report_free);
#define _cleanup_report_ _cleanup_(coffer_pickle_report_freep)

#endif
