/* SPDX-License-Identifier: Apache-2.0 */
#include "pickle/opcodes.h"

#include "util/cursor.h"

const coffer_opcode coffer_opcode_table[256] = {
#define COFFER_OPCODE_ENTRY(name, code, argument, protocol, to_mark, pops, pushes)                                     \
        [code] = {#name, COFFER_ARGUMENT_##argument, protocol, to_mark, pops, pushes},
        COFFER_OPCODES(COFFER_OPCODE_ENTRY)
#undef COFFER_OPCODE_ENTRY
};

/* Little-endian, `width` up to 8 bytes. */
static bool take_number(coffer_cursor *input, size_t width, uint64_t *out)
{
        coffer_cursor part;
        if (!coffer_cursor_take(input, width, &part))
                return false;
        *out = 0;
        for (size_t i = 0; i < width; i++)
                *out |= (uint64_t)part.data[i] << (8 * i);
        return true;
}

static bool take_signed(coffer_cursor *input, uint64_t *out)
{
        if (!take_number(input, 4, out))
                return false;
        *out = (uint64_t)(int64_t)(int32_t)(uint32_t)*out;
        return true;
}

static bool take_float_bits(coffer_cursor *input, uint64_t *out)
{
        if (!take_number(input, 8, out))
                return false;
        *out = __builtin_bswap64(*out);
        return true;
}

/* What stands in front of counted bytes, or all there is. */
static bool take_fixed(coffer_opcode_argument argument, coffer_cursor *input, coffer_opcode_operand *out)
{
        switch (argument) {
        case COFFER_ARGUMENT_NONE:
                return true;
        case COFFER_ARGUMENT_LINE:
                return coffer_cursor_until(input, '\n', &out->first);
        case COFFER_ARGUMENT_TWO_LINES:
                return coffer_cursor_until(input, '\n', &out->first) && coffer_cursor_until(input, '\n', &out->second);
        case COFFER_ARGUMENT_U8:
        case COFFER_ARGUMENT_BYTES_U8:
                return take_number(input, 1, &out->number);
        case COFFER_ARGUMENT_U16:
                return take_number(input, 2, &out->number);
        case COFFER_ARGUMENT_U32:
        case COFFER_ARGUMENT_BYTES_U32:
                return take_number(input, 4, &out->number);
        case COFFER_ARGUMENT_I32:
        case COFFER_ARGUMENT_BYTES_I32:
                return take_signed(input, &out->number);
        case COFFER_ARGUMENT_U64:
        case COFFER_ARGUMENT_BYTES_U64:
                return take_number(input, 8, &out->number);
        case COFFER_ARGUMENT_F64:
                return take_float_bits(input, &out->number);
        }
        return false;
}

coffer_operand_result coffer_opcode_take_operand(coffer_opcode_argument argument, coffer_cursor *input,
                                                 coffer_opcode_operand *out)
{
        coffer_cursor rest = *input;
        coffer_opcode_operand operand = {{NULL, 0}, {NULL, 0}, 0};
        if (!take_fixed(argument, &rest, &operand))
                return COFFER_OPERAND_TRUNCATED;
        if (argument >= COFFER_ARGUMENT_BYTES_U8) {
                if (argument == COFFER_ARGUMENT_BYTES_I32 && (int64_t)operand.number < 0)
                        return COFFER_OPERAND_NEGATIVE_LENGTH;
                if (!coffer_cursor_take(&rest, operand.number, &operand.first))
                        return COFFER_OPERAND_TRUNCATED;
        }
        *input = rest;
        *out = operand;
        return COFFER_OPERAND_OK;
}
