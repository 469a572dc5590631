/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner's machine: a stack and a memo that hold what is known of each value, which is no more than whether it is
 * a text, a global or what a call returned. */
#ifndef COFFER_PICKLE_SCAN_MACHINE_H
#define COFFER_PICKLE_SCAN_MACHINE_H

#include "pickle/scan_report.h"

typedef enum coffer_scan_kind {
        COFFER_ITEM_EMPTY,   /* of the memo alone */
        COFFER_ITEM_UNKNOWN, /* anything */
        COFFER_ITEM_DATA,    /* a value that an unpickler makes by itself, but for a text */
        COFFER_ITEM_MARK,
        COFFER_ITEM_TEXT,   /* payload: where its opcode stands */
        COFFER_ITEM_GLOBAL, /* payload: the report's number of the name */
        COFFER_ITEM_RESULT  /* payload: the name whose call returned it */
} coffer_scan_kind;

/* Eight bytes, since big pickles have millions. */
typedef struct coffer_scan_item {
        uint32_t kind : 4;
        uint32_t payload_high : 28;
        uint32_t payload_low;
} coffer_scan_item;

static inline coffer_scan_item coffer_scan_item_of(coffer_scan_kind kind, uint64_t payload)
{
        return (coffer_scan_item){(uint32_t)kind & 0xf, (uint32_t)(payload >> 32) & 0xfffffff, (uint32_t)payload};
}

static inline uint64_t coffer_scan_payload(coffer_scan_item item)
{
        return (uint64_t)item.payload_high << 32 | item.payload_low;
}

typedef struct coffer_scan_items {
        coffer_scan_item *items;
        size_t count;
        size_t capacity;
} coffer_scan_items;

typedef struct coffer_scanner {
        coffer_pickle_report *report;
        coffer_cursor input;
        coffer_cursor rest; /* of the input, behind the present opcode */
        size_t offset;      /* of the present opcode */
        size_t start;       /* of the present pickle */
        size_t frame_end;   /* 0: outside of frames */
        size_t damaged;     /* pickles that could not be followed to their end */
        coffer_scan_items stack;
        coffer_scan_items memo; /* count: up to the highest filled slot that is followed */
        uint64_t memo_filled;   /* as an unpickler counts */
        bool memo_lost;         /* a slot was filled that is not followed: any slot may hold anything */
        bool stopped;           /* the pickle ended */
        coffer_error *error;
} coffer_scanner;

/* Makes ready for a pickle that begins at the rest. */
void coffer_scan_begin(coffer_scanner *scan);
/* Ends the pickle, and the scan with it. */
void coffer_scan_end(coffer_scanner *scan);
void coffer_scan_done(coffer_scanner *scan);

/* Reports something odd at the present opcode. */
COFFER_MUST_CHECK
coffer_status coffer_scan_odd(coffer_scanner *scan, coffer_scan_oddity odd);

/* Operands that are not there are noted and taken as unknown. */
COFFER_MUST_CHECK
coffer_status coffer_scan_push(coffer_scanner *scan, coffer_scan_item item);
COFFER_MUST_CHECK
coffer_status coffer_scan_push_unknown(coffer_scanner *scan);
COFFER_MUST_CHECK
coffer_status coffer_scan_pop(coffer_scanner *scan, coffer_scan_item *out);
/* The value on top, which stays. */
COFFER_MUST_CHECK
coffer_status coffer_scan_peek(coffer_scanner *scan, coffer_scan_item *out);
/* Takes everything down to the topmost mark and the mark; `first` is the value right above it. */
COFFER_MUST_CHECK
coffer_status coffer_scan_pop_to_mark(coffer_scanner *scan, coffer_scan_item *first);
/* Takes a mark that is on top. */
bool coffer_scan_pop_mark(coffer_scanner *scan);

/* The value on top goes into a slot; a slot's value onto the stack. */
COFFER_MUST_CHECK
coffer_status coffer_scan_put(coffer_scanner *scan, uint64_t slot);
COFFER_MUST_CHECK
coffer_status coffer_scan_get(coffer_scanner *scan, uint64_t slot);

/* The text behind an item; false when it is none, is written with escapes, or is too long for a name. */
bool coffer_scan_text(const coffer_scanner *scan, coffer_scan_item item, coffer_cursor *out);

#endif
