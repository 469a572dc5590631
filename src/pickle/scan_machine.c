/* SPDX-License-Identifier: Apache-2.0 */
#include "pickle/scan_machine.h"

#include "pickle/opcodes.h"
#include "util/cursor.h"

enum {
        MAX_STACK_ITEMS = 1 << 24,
        MAX_MEMO_ITEMS = 1 << 25,
        MAX_SPARSE_STEP = 1 << 10, /* how far a PUT may leave the memo's filled part behind */
        MAX_TEXT_BYTES = 1 << 12,  /* of an opcode whose text is a name; bounds the work of each use */
        FIRST_ITEMS = 64
};

static coffer_scan_item unknown(void)
{
        return coffer_scan_item_of(COFFER_ITEM_UNKNOWN, 0);
}

void coffer_scan_begin(coffer_scanner *scan)
{
        scan->start = scan->input.size_bytes - scan->rest.size_bytes;
        scan->frame_end = 0;
        scan->stack.count = 0;
        scan->memo.count = 0;
        scan->memo_filled = 0;
        scan->memo_lost = false;
        scan->stopped = false;
}

void coffer_scan_end(coffer_scanner *scan)
{
        scan->stopped = true;
        scan->rest.size_bytes = 0;
}

void coffer_scan_done(coffer_scanner *scan)
{
        coffer_free(scan->stack.items);
        coffer_free(scan->memo.items);
}

coffer_status coffer_scan_odd(coffer_scanner *scan, coffer_scan_oddity odd)
{
        return coffer_report_odd(scan->report, odd, scan->offset, scan->error);
}

/* Room for `count` items. */
static coffer_status reserve(coffer_scanner *scan, coffer_scan_items *array, size_t count)
{
        size_t capacity = array->capacity ? array->capacity : FIRST_ITEMS;
        if (count <= array->capacity)
                return COFFER_OK;
        while (capacity < count)
                capacity *= 2;
        coffer_scan_item *grown = coffer_realloc_array(array->items, capacity, sizeof(*grown));
        if (!grown)
                return coffer_error_set(scan->error, COFFER_NO_MEMORY, "no memory to scan a pickle");
        array->items = grown;
        array->capacity = capacity;
        return COFFER_OK;
}

/* ---- stack ---- */

coffer_status coffer_scan_push(coffer_scanner *scan, coffer_scan_item item)
{
        if (scan->stack.count == MAX_STACK_ITEMS) {
                coffer_scan_end(scan);
                return coffer_scan_odd(scan, COFFER_ODD_DEEP_STACK);
        }
        COFFER_TRY(reserve(scan, &scan->stack, scan->stack.count + 1));
        scan->stack.items[scan->stack.count++] = item;
        return COFFER_OK;
}

coffer_status coffer_scan_push_unknown(coffer_scanner *scan)
{
        return coffer_scan_push(scan, unknown());
}

static bool has_value(const coffer_scanner *scan)
{
        return scan->stack.count > 0 && scan->stack.items[scan->stack.count - 1].kind != COFFER_ITEM_MARK;
}

coffer_status coffer_scan_pop(coffer_scanner *scan, coffer_scan_item *out)
{
        *out = unknown();
        if (!has_value(scan))
                return coffer_scan_odd(scan, COFFER_ODD_NO_VALUE);
        *out = scan->stack.items[--scan->stack.count];
        return COFFER_OK;
}

coffer_status coffer_scan_peek(coffer_scanner *scan, coffer_scan_item *out)
{
        COFFER_TRY(coffer_scan_pop(scan, out));
        return coffer_scan_push(scan, *out);
}

coffer_status coffer_scan_pop_to_mark(coffer_scanner *scan, coffer_scan_item *first)
{
        *first = unknown();
        while (has_value(scan))
                *first = scan->stack.items[--scan->stack.count];
        if (coffer_scan_pop_mark(scan))
                return COFFER_OK;
        *first = unknown();
        return coffer_scan_odd(scan, COFFER_ODD_NO_MARK);
}

bool coffer_scan_pop_mark(coffer_scanner *scan)
{
        if (scan->stack.count == 0 || has_value(scan))
                return false;
        scan->stack.count--;
        return true;
}

/* ---- memo ---- */

coffer_status coffer_scan_put(coffer_scanner *scan, uint64_t slot)
{
        coffer_scan_item value;
        coffer_scan_items *memo = &scan->memo;
        COFFER_TRY(coffer_scan_peek(scan, &value));
        if (slot >= MAX_MEMO_ITEMS && slot == scan->memo_filled) {
                scan->memo_filled++; /* a big pickle: what is got from there counts as unknown */
                return COFFER_OK;
        }
        if (slot >= MAX_MEMO_ITEMS || slot > scan->memo_filled + MAX_SPARSE_STEP) {
                scan->memo_lost = true;
                return coffer_scan_odd(scan, COFFER_ODD_FAR_SLOT);
        }
        if (slot >= memo->count) {
                COFFER_TRY(reserve(scan, memo, slot + 1));
                memset(memo->items + memo->count, 0, (slot + 1 - memo->count) * sizeof(*memo->items));
                memo->count = slot + 1;
        }
        if (memo->items[slot].kind == COFFER_ITEM_EMPTY)
                scan->memo_filled++;
        memo->items[slot] = value;
        return COFFER_OK;
}

coffer_status coffer_scan_get(coffer_scanner *scan, uint64_t slot)
{
        if (scan->memo_lost || slot >= MAX_MEMO_ITEMS)
                return coffer_scan_push_unknown(scan);
        if (slot < scan->memo.count && scan->memo.items[slot].kind != COFFER_ITEM_EMPTY)
                return coffer_scan_push(scan, scan->memo.items[slot]);
        COFFER_TRY(coffer_scan_odd(scan, COFFER_ODD_EMPTY_SLOT));
        return coffer_scan_push_unknown(scan);
}

/* ---- texts ---- */

bool coffer_scan_text(const coffer_scanner *scan, coffer_scan_item item, coffer_cursor *out)
{
        coffer_cursor rest = scan->input, opcode;
        coffer_opcode_operand operand;
        uint8_t code;

        if (item.kind != COFFER_ITEM_TEXT || !coffer_cursor_take(&rest, coffer_scan_payload(item), &opcode) ||
            !coffer_cursor_u8(&rest, &code))
                return false;
        if (rest.size_bytes > MAX_TEXT_BYTES)
                rest.size_bytes = MAX_TEXT_BYTES;
        if (coffer_opcode_take_operand(coffer_opcode_table[code].argument, &rest, &operand) != COFFER_OPERAND_OK)
                return false;
        *out = operand.first;
        if (code != COFFER_OP_STRING && code != COFFER_OP_UNICODE)
                return true;
        if (out->size_bytes > 0 && memchr(out->data, '\\', out->size_bytes))
                return false;
        if (code == COFFER_OP_STRING) {
                if (out->size_bytes < 2)
                        return false;
                *out = coffer_cursor_of(out->data + 1, out->size_bytes - 2); /* without the quotes */
        }
        return true;
}
