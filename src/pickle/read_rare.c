/* SPDX-License-Identifier: Apache-2.0 */
/* The opcodes that need not be fast: a table of steps, and one way to cut out their arguments. */
#include "pickle/reader.h"

static coffer_status step_proto(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        if (reader->opcode_offset != 0)
                return coffer_reader_fail(reader, COFFER_MALFORMED, "it is not the first opcode");
        if (operand->number > COFFER_PICKLE_MAX_PROTOCOL)
                return coffer_reader_fail(reader, COFFER_UNSUPPORTED, "protocol %u; 0 to %d are known",
                                          (unsigned)operand->number, COFFER_PICKLE_MAX_PROTOCOL);
        reader->protocol = (uint32_t)operand->number;
        return COFFER_OK;
}

static coffer_status step_pop(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        size_t first;
        if (reader->mark_count > 0 && reader->floor == reader->stack.count)
                return coffer_reader_pop_mark(reader, &first);
        COFFER_TRY(coffer_reader_need(reader, 1));
        reader->stack.count--;
        return COFFER_OK;
}

static coffer_status step_pop_mark(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        size_t first;
        COFFER_TRY(coffer_reader_pop_mark(reader, &first));
        reader->stack.count = first;
        return COFFER_OK;
}

static coffer_status step_dup(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        COFFER_TRY(coffer_reader_need(reader, 1));
        return coffer_reader_push_again(reader, *coffer_reader_top(reader));
}

static coffer_status collect_above_mark(coffer_reader *reader, coffer_kind kind)
{
        size_t first;
        COFFER_TRY(coffer_reader_pop_mark(reader, &first));
        return coffer_reader_collect(reader, kind, first);
}

static coffer_status step_list(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        return collect_above_mark(reader, COFFER_KIND_LIST);
}

static coffer_status step_dict(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        return collect_above_mark(reader, COFFER_KIND_DICT);
}

static coffer_status step_frozenset(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        (void)operand;
        return collect_above_mark(reader, COFFER_KIND_FROZENSET);
}

static coffer_status step_long(coffer_reader *reader, const coffer_opcode_operand *operand)
{
        coffer_value *value;
        COFFER_TRY(coffer_value_int_bytes(reader->document, operand->first, &value, reader->error));
        return coffer_reader_push(reader, value);
}

/* An opcode without a step here is one of read.c's, or none at all. */
static coffer_reader_step *const steps[256] = {
        [COFFER_OP_PROTO] = step_proto,
        [COFFER_OP_POP] = step_pop,
        [COFFER_OP_POP_MARK] = step_pop_mark,
        [COFFER_OP_DUP] = step_dup,
        [COFFER_OP_LIST] = step_list,
        [COFFER_OP_DICT] = step_dict,
        [COFFER_OP_FROZENSET] = step_frozenset,
        [COFFER_OP_LONG1] = step_long,
        [COFFER_OP_LONG4] = step_long,
        [COFFER_OP_INT] = coffer_reader_int_line,
        [COFFER_OP_LONG] = coffer_reader_long_line,
        [COFFER_OP_FLOAT] = coffer_reader_float_line,
        [COFFER_OP_STRING] = coffer_reader_string_line,
        [COFFER_OP_UNICODE] = coffer_reader_unicode_line,
        [COFFER_OP_GET] = coffer_reader_get_line,
        [COFFER_OP_PUT] = coffer_reader_put_line,
        [COFFER_OP_GLOBAL] = coffer_reader_global,
        [COFFER_OP_STACK_GLOBAL] = coffer_reader_stack_global,
        [COFFER_OP_EXT1] = coffer_reader_extension,
        [COFFER_OP_EXT2] = coffer_reader_extension,
        [COFFER_OP_EXT4] = coffer_reader_extension,
        [COFFER_OP_REDUCE] = coffer_reader_reduce,
        [COFFER_OP_NEWOBJ] = coffer_reader_newobj,
        [COFFER_OP_NEWOBJ_EX] = coffer_reader_newobj_ex,
        [COFFER_OP_INST] = coffer_reader_inst,
        [COFFER_OP_OBJ] = coffer_reader_obj,
        [COFFER_OP_BUILD] = coffer_reader_build,
        [COFFER_OP_PERSID] = coffer_reader_persid,
        [COFFER_OP_BINPERSID] = coffer_reader_binpersid,
        [COFFER_OP_NEXT_BUFFER] = coffer_reader_next_buffer,
        [COFFER_OP_READONLY_BUFFER] = coffer_reader_read_only_buffer,
};

static coffer_status take_operand(coffer_reader *reader, coffer_opcode_argument argument,
                                  coffer_opcode_operand *operand)
{
        coffer_source *source = &reader->source;
        for (;;) {
                coffer_cursor ready = {source->next, coffer_source_ready(source)};
                switch (coffer_opcode_take_operand(argument, &ready, operand)) {
                case COFFER_OPERAND_OK:
                        source->next = source->limit - ready.size_bytes;
                        return COFFER_OK;
                case COFFER_OPERAND_NEGATIVE_LENGTH:
                        return coffer_reader_fail(reader, COFFER_MALFORMED, "a negative length");
                case COFFER_OPERAND_TRUNCATED:
                        COFFER_TRY(coffer_source_more(source, reader->error));
                }
        }
}

coffer_status coffer_reader_rare(coffer_reader *reader, uint8_t code)
{
        if (!steps[code])
                return coffer_reader_fail(reader, COFFER_MALFORMED, "there is no such opcode");
        coffer_opcode_operand operand;
        COFFER_TRY(take_operand(reader, coffer_opcode_table[code].argument, &operand));
        return steps[code](reader, &operand);
}
