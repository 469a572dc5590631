/* SPDX-License-Identifier: Apache-2.0 */
/* Symbolic execution of the opcodes. Whatever an unpickler would refuse is noted and the walk goes on as well as it
 * can, since unpicklers differ in what they refuse. */
#include "pickle/scan_machine.h"

#include "pickle/opcodes.h"
#include "util/cursor.h"
#include "util/number.h"

/* Each look for the next pickle behind damage may cost a walk over all that is left. */
enum { MAX_DAMAGED_PICKLES = 256 };

static coffer_status report_use(coffer_scanner *scan, uint64_t name, coffer_scan_use use)
{
        return coffer_report_use(scan->report, (uint32_t)name, use, scan->offset, scan->error);
}

/* ---- texts and globals ---- */

static coffer_status push_global(coffer_scanner *scan, coffer_cursor module, coffer_cursor qualname)
{
        uint32_t name;
        COFFER_TRY(coffer_report_name(scan->report, module, qualname, &name, scan->error));
        COFFER_TRY(report_use(scan, name, COFFER_USE_IMPORT));
        return coffer_scan_push(scan, coffer_scan_item_of(COFFER_ITEM_GLOBAL, name));
}

static coffer_status run_text(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        (void)operand;
        return coffer_scan_push(scan, coffer_scan_item_of(COFFER_ITEM_TEXT, scan->offset));
}

static coffer_status run_global(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        return push_global(scan, operand->first, operand->second);
}

static coffer_status run_stack_global(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        coffer_scan_item module, qualname;
        coffer_cursor module_text, qualname_text;
        (void)operand;
        COFFER_TRY(coffer_scan_pop(scan, &qualname));
        COFFER_TRY(coffer_scan_pop(scan, &module));
        if (coffer_scan_text(scan, module, &module_text) && coffer_scan_text(scan, qualname, &qualname_text))
                return push_global(scan, module_text, qualname_text);
        COFFER_TRY(coffer_scan_odd(scan, COFFER_ODD_UNKNOWN_NAME));
        return coffer_scan_push_unknown(scan);
}

static coffer_status run_extension(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        (void)operand;
        COFFER_TRY(coffer_scan_odd(scan, COFFER_ODD_EXTENSION));
        return coffer_scan_push_unknown(scan);
}

/* ---- calls and state ---- */

static coffer_status push_call_of(coffer_scanner *scan, coffer_scan_item callable)
{
        uint64_t name = coffer_scan_payload(callable);
        if (callable.kind == COFFER_ITEM_GLOBAL) {
                COFFER_TRY(report_use(scan, name, COFFER_USE_CALL));
        } else if (callable.kind == COFFER_ITEM_RESULT) {
                COFFER_TRY(report_use(scan, name, COFFER_USE_CALL_RESULT));
        } else {
                COFFER_TRY(coffer_scan_odd(scan, COFFER_ODD_UNKNOWN_CALL));
                return coffer_scan_push_unknown(scan);
        }
        return coffer_scan_push(scan, coffer_scan_item_of(COFFER_ITEM_RESULT, name));
}

/* REDUCE, NEWOBJ and NEWOBJ_EX: the arguments lie above what is called. */
static coffer_status call_below(coffer_scanner *scan, int argument_count)
{
        coffer_scan_item item;
        for (int i = 0; i < argument_count; i++)
                COFFER_TRY(coffer_scan_pop(scan, &item));
        COFFER_TRY(coffer_scan_pop(scan, &item));
        return push_call_of(scan, item);
}

static coffer_status run_call(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        (void)operand;
        return call_below(scan, 1);
}

static coffer_status run_call_with_keywords(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        (void)operand;
        return call_below(scan, 2);
}

static coffer_status run_obj(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        coffer_scan_item callable;
        (void)operand;
        COFFER_TRY(coffer_scan_pop_to_mark(scan, &callable));
        return push_call_of(scan, callable);
}

static coffer_status run_inst(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        coffer_scan_item argument, callable;
        COFFER_TRY(coffer_scan_pop_to_mark(scan, &argument));
        COFFER_TRY(push_global(scan, operand->first, operand->second));
        COFFER_TRY(coffer_scan_pop(scan, &callable));
        return push_call_of(scan, callable);
}

static coffer_status run_build(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        coffer_scan_item state, target;
        (void)operand;
        COFFER_TRY(coffer_scan_pop(scan, &state));
        COFFER_TRY(coffer_scan_peek(scan, &target));
        if (target.kind == COFFER_ITEM_RESULT)
                return report_use(scan, coffer_scan_payload(target), COFFER_USE_BUILD);
        if (target.kind == COFFER_ITEM_GLOBAL)
                return report_use(scan, coffer_scan_payload(target), COFFER_USE_CHANGE_GLOBAL);
        return coffer_scan_odd(scan, COFFER_ODD_UNKNOWN_BUILD);
}

/* Items for the value on top, taken already. */
static coffer_status add_items(coffer_scanner *scan)
{
        coffer_scan_item target;
        COFFER_TRY(coffer_scan_peek(scan, &target));
        if (target.kind == COFFER_ITEM_GLOBAL)
                return report_use(scan, coffer_scan_payload(target), COFFER_USE_CHANGE_GLOBAL);
        return COFFER_OK;
}

static coffer_status run_append(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        coffer_scan_item item;
        (void)operand;
        COFFER_TRY(coffer_scan_pop(scan, &item));
        return add_items(scan);
}

static coffer_status run_setitem(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        coffer_scan_item value;
        COFFER_TRY(coffer_scan_pop(scan, &value));
        return run_append(scan, operand);
}

static coffer_status run_batch(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        coffer_scan_item item;
        (void)operand;
        COFFER_TRY(coffer_scan_pop_to_mark(scan, &item));
        return add_items(scan);
}

static coffer_status run_persistent(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        coffer_scan_item id;
        if (!operand->first.data)
                COFFER_TRY(coffer_scan_pop(scan, &id)); /* BINPERSID has it on the stack, PERSID on its line */
        COFFER_TRY(coffer_scan_odd(scan, COFFER_ODD_PERSISTENT));
        return coffer_scan_push_unknown(scan);
}

/* ---- memo ---- */

static coffer_status run_put(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        return coffer_scan_put(scan, operand->number);
}

static coffer_status run_memoize(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        (void)operand;
        return coffer_scan_put(scan, scan->memo_filled);
}

static coffer_status run_get(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        return coffer_scan_get(scan, operand->number);
}

/* Unpicklers take more forms of a number than plain digits: what is not that plain may mean any slot. */
static coffer_status run_put_text(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        int64_t index;
        if (coffer_int_parse(operand->first, &index) && index >= 0)
                return coffer_scan_put(scan, (uint64_t)index);
        scan->memo_lost = true;
        return coffer_scan_odd(scan, COFFER_ODD_ODD_SLOT);
}

static coffer_status run_get_text(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        int64_t index;
        if (coffer_int_parse(operand->first, &index) && index >= 0)
                return coffer_scan_get(scan, (uint64_t)index);
        COFFER_TRY(coffer_scan_odd(scan, COFFER_ODD_ODD_SLOT));
        return coffer_scan_push_unknown(scan);
}

/* ---- stack and stream ---- */

static coffer_status run_mark(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        (void)operand;
        return coffer_scan_push(scan, coffer_scan_item_of(COFFER_ITEM_MARK, 0));
}

static coffer_status run_pop(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        coffer_scan_item item;
        (void)operand;
        return coffer_scan_pop_mark(scan) ? COFFER_OK : coffer_scan_pop(scan, &item);
}

static coffer_status run_dup(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        coffer_scan_item item;
        (void)operand;
        COFFER_TRY(coffer_scan_peek(scan, &item));
        return coffer_scan_push(scan, item);
}

static coffer_status run_stop(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        coffer_scan_item result;
        (void)operand;
        scan->stopped = true;
        COFFER_TRY(coffer_scan_pop(scan, &result));
        if (scan->stack.count > 0)
                COFFER_TRY(coffer_scan_odd(scan, COFFER_ODD_LEFT_VALUES));
        if (scan->frame_end > scan->offset + 1)
                COFFER_TRY(coffer_scan_odd(scan, COFFER_ODD_STOP_IN_FRAME));
        return COFFER_OK;
}

static coffer_status run_proto(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        if (operand->number > COFFER_PICKLE_MAX_PROTOCOL)
                COFFER_TRY(coffer_scan_odd(scan, COFFER_ODD_FUTURE_PROTOCOL));
        if (scan->offset != scan->start)
                COFFER_TRY(coffer_scan_odd(scan, COFFER_ODD_CHANGED_PROTOCOL));
        return COFFER_OK;
}

static coffer_status run_frame(coffer_scanner *scan, const coffer_opcode_operand *operand)
{
        size_t position = scan->input.size_bytes - scan->rest.size_bytes;
        if (scan->frame_end > position)
                COFFER_TRY(coffer_scan_odd(scan, COFFER_ODD_NESTED_FRAME));
        if (operand->number > scan->rest.size_bytes) {
                scan->frame_end = 0;
                return coffer_scan_odd(scan, COFFER_ODD_LONG_FRAME);
        }
        scan->frame_end = position + operand->number;
        return COFFER_OK;
}

/* What is known of the other opcodes is how many values they take and give. */
static coffer_status run_other(coffer_scanner *scan, const coffer_opcode *opcode)
{
        coffer_scan_item item;
        if (opcode->to_mark)
                COFFER_TRY(coffer_scan_pop_to_mark(scan, &item));
        for (int i = 0; i < opcode->pops; i++)
                COFFER_TRY(coffer_scan_pop(scan, &item));
        for (int i = 0; i < opcode->pushes; i++)
                COFFER_TRY(coffer_scan_push(scan, coffer_scan_item_of(COFFER_ITEM_DATA, 0)));
        return COFFER_OK;
}

typedef coffer_status (*handler)(coffer_scanner *scan, const coffer_opcode_operand *operand);

static const handler handlers[256] = {
        [COFFER_OP_MARK] = run_mark,
        [COFFER_OP_STOP] = run_stop,
        [COFFER_OP_POP] = run_pop,
        [COFFER_OP_DUP] = run_dup,
        [COFFER_OP_PROTO] = run_proto,
        [COFFER_OP_FRAME] = run_frame,
        [COFFER_OP_STRING] = run_text,
        [COFFER_OP_BINSTRING] = run_text,
        [COFFER_OP_SHORT_BINSTRING] = run_text,
        [COFFER_OP_UNICODE] = run_text,
        [COFFER_OP_BINUNICODE] = run_text,
        [COFFER_OP_SHORT_BINUNICODE] = run_text,
        [COFFER_OP_BINUNICODE8] = run_text,
        [COFFER_OP_GLOBAL] = run_global,
        [COFFER_OP_STACK_GLOBAL] = run_stack_global,
        [COFFER_OP_EXT1] = run_extension,
        [COFFER_OP_EXT2] = run_extension,
        [COFFER_OP_EXT4] = run_extension,
        [COFFER_OP_REDUCE] = run_call,
        [COFFER_OP_NEWOBJ] = run_call,
        [COFFER_OP_NEWOBJ_EX] = run_call_with_keywords,
        [COFFER_OP_OBJ] = run_obj,
        [COFFER_OP_INST] = run_inst,
        [COFFER_OP_BUILD] = run_build,
        [COFFER_OP_APPEND] = run_append,
        [COFFER_OP_APPENDS] = run_batch,
        [COFFER_OP_SETITEM] = run_setitem,
        [COFFER_OP_SETITEMS] = run_batch,
        [COFFER_OP_ADDITEMS] = run_batch,
        [COFFER_OP_PERSID] = run_persistent,
        [COFFER_OP_BINPERSID] = run_persistent,
        [COFFER_OP_PUT] = run_put_text,
        [COFFER_OP_BINPUT] = run_put,
        [COFFER_OP_LONG_BINPUT] = run_put,
        [COFFER_OP_MEMOIZE] = run_memoize,
        [COFFER_OP_GET] = run_get_text,
        [COFFER_OP_BINGET] = run_get,
        [COFFER_OP_LONG_BINGET] = run_get,
};

/* ---- the walk ---- */

/* Goes to where the next pickle seems to begin, if any does: behind damage nothing else can be followed. */
static coffer_status resynchronise(coffer_scanner *scan, coffer_scan_oddity damage)
{
        coffer_cursor skipped;

        COFFER_TRY(coffer_scan_odd(scan, damage));
        if (++scan->damaged > MAX_DAMAGED_PICKLES) {
                coffer_scan_end(scan);
                return coffer_scan_odd(scan, COFFER_ODD_MANY_DAMAGED);
        }
        scan->stopped = true;
        scan->rest = coffer_cursor_of(scan->input.data + scan->offset + 1, scan->input.size_bytes - scan->offset - 1);
        while (coffer_cursor_until(&scan->rest, COFFER_OP_PROTO, &skipped)) {
                if (scan->rest.size_bytes == 0 || scan->rest.data[0] > COFFER_PICKLE_MAX_PROTOCOL)
                        continue;
                scan->rest = coffer_cursor_of(scan->rest.data - 1, scan->rest.size_bytes + 1);
                return COFFER_OK;
        }
        coffer_scan_end(scan);
        return COFFER_OK;
}

static coffer_status check_frame(coffer_scanner *scan)
{
        if (scan->frame_end == 0 || scan->frame_end > scan->offset)
                return COFFER_OK;
        bool straddled = scan->frame_end < scan->offset;
        scan->frame_end = 0;
        return straddled ? coffer_scan_odd(scan, COFFER_ODD_STRADDLED_FRAME) : COFFER_OK;
}

static coffer_status run_one(coffer_scanner *scan)
{
        uint8_t code;
        coffer_opcode_operand operand;

        scan->offset = scan->input.size_bytes - scan->rest.size_bytes;
        COFFER_TRY(check_frame(scan));
        if (!coffer_cursor_u8(&scan->rest, &code)) {
                scan->stopped = true;
                return coffer_scan_odd(scan, COFFER_ODD_TRUNCATED);
        }
        const coffer_opcode *opcode = coffer_opcode_find(code);
        if (!opcode)
                return resynchronise(scan, COFFER_ODD_BAD_OPCODE);
        if (coffer_opcode_take_operand(opcode->argument, &scan->rest, &operand) != COFFER_OPERAND_OK)
                return resynchronise(scan, COFFER_ODD_BAD_OPERAND);
        return handlers[code] ? handlers[code](scan, &operand) : run_other(scan, opcode);
}

static coffer_status run_pickles(coffer_scanner *scan)
{
        do {
                coffer_scan_begin(scan);
                while (!scan->stopped)
                        COFFER_TRY(run_one(scan));
        } while (scan->rest.size_bytes > 0);
        return COFFER_OK;
}

coffer_status coffer_pickle_scan(coffer_bytes *bytes, coffer_pickle_report **out, coffer_error *error)
{
        coffer_pickle_report *report _cleanup_report_ = NULL;
        coffer_scanner scan = {.error = error};

        COFFER_TRY(coffer_bytes_contiguous(bytes, &scan.input, error));
        COFFER_TRY(coffer_report_new(&report, error));
        scan.report = report;
        scan.rest = scan.input;
        coffer_status status = run_pickles(&scan);
        coffer_scan_done(&scan);
        if (status == COFFER_OK)
                *out = TAKE_PTR(report);
        return status;
}
