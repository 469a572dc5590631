/* SPDX-License-Identifier: Apache-2.0 */
/* The opcodes of pickle protocols 0 to 5 (source: CPython's Lib/pickletools.py): one table for reader, scanner and
 * tests. */
#ifndef COFFER_PICKLE_OPCODES_H
#define COFFER_PICKLE_OPCODES_H

#include <coffer/bytes.h>

/* What follows the opcode's byte. Integers are little-endian unless noted. */
typedef enum coffer_opcode_argument {
        COFFER_ARGUMENT_NONE,
        COFFER_ARGUMENT_LINE, /* text up to a newline, which belongs to the argument */
        COFFER_ARGUMENT_TWO_LINES,
        COFFER_ARGUMENT_U8,
        COFFER_ARGUMENT_U16,
        COFFER_ARGUMENT_U32,
        COFFER_ARGUMENT_I32,
        COFFER_ARGUMENT_U64,
        COFFER_ARGUMENT_F64,      /* big-endian binary64 */
        COFFER_ARGUMENT_BYTES_U8, /* a length of that kind, then as many bytes */
        COFFER_ARGUMENT_BYTES_U32,
        COFFER_ARGUMENT_BYTES_I32, /* a negative length is an error */
        COFFER_ARGUMENT_BYTES_U64
} coffer_opcode_argument;

/* X(name, code, argument, protocol, to_mark, pops, pushes). An opcode with to_mark takes everything down to the topmost
 * mark, the mark, and then `pops` values below it; the others take `pops` values above the topmost mark. POP also
 * takes a mark that is on top. */
#define COFFER_OPCODES(X)                                                                                              \
        X(MARK, 0x28, NONE, 0, 0, 0, 0)                                                                                \
        X(STOP, 0x2e, NONE, 0, 0, 1, 0)                                                                                \
        X(POP, 0x30, NONE, 0, 0, 1, 0)                                                                                 \
        X(DUP, 0x32, NONE, 0, 0, 1, 2)                                                                                 \
        X(FLOAT, 0x46, LINE, 0, 0, 0, 1)                                                                               \
        X(INT, 0x49, LINE, 0, 0, 0, 1)                                                                                 \
        X(LONG, 0x4c, LINE, 0, 0, 0, 1)                                                                                \
        X(NONE, 0x4e, NONE, 0, 0, 0, 1)                                                                                \
        X(PERSID, 0x50, LINE, 0, 0, 0, 1)                                                                              \
        X(REDUCE, 0x52, NONE, 0, 0, 2, 1)                                                                              \
        X(STRING, 0x53, LINE, 0, 0, 0, 1)                                                                              \
        X(UNICODE, 0x56, LINE, 0, 0, 0, 1)                                                                             \
        X(APPEND, 0x61, NONE, 0, 0, 2, 1)                                                                              \
        X(BUILD, 0x62, NONE, 0, 0, 2, 1)                                                                               \
        X(GLOBAL, 0x63, TWO_LINES, 0, 0, 0, 1)                                                                         \
        X(DICT, 0x64, NONE, 0, 1, 0, 1)                                                                                \
        X(GET, 0x67, LINE, 0, 0, 0, 1)                                                                                 \
        X(INST, 0x69, TWO_LINES, 0, 1, 0, 1)                                                                           \
        X(LIST, 0x6c, NONE, 0, 1, 0, 1)                                                                                \
        X(PUT, 0x70, LINE, 0, 0, 1, 1)                                                                                 \
        X(SETITEM, 0x73, NONE, 0, 0, 3, 1)                                                                             \
        X(TUPLE, 0x74, NONE, 0, 1, 0, 1)                                                                               \
        X(EMPTY_TUPLE, 0x29, NONE, 1, 0, 0, 1)                                                                         \
        X(POP_MARK, 0x31, NONE, 1, 1, 0, 0)                                                                            \
        X(BINFLOAT, 0x47, F64, 1, 0, 0, 1)                                                                             \
        X(BININT, 0x4a, I32, 1, 0, 0, 1)                                                                               \
        X(BININT1, 0x4b, U8, 1, 0, 0, 1)                                                                               \
        X(BININT2, 0x4d, U16, 1, 0, 0, 1)                                                                              \
        X(BINPERSID, 0x51, NONE, 1, 0, 1, 1)                                                                           \
        X(BINSTRING, 0x54, BYTES_I32, 1, 0, 0, 1)                                                                      \
        X(SHORT_BINSTRING, 0x55, BYTES_U8, 1, 0, 0, 1)                                                                 \
        X(BINUNICODE, 0x58, BYTES_U32, 1, 0, 0, 1)                                                                     \
        X(EMPTY_LIST, 0x5d, NONE, 1, 0, 0, 1)                                                                          \
        X(APPENDS, 0x65, NONE, 1, 1, 1, 1)                                                                             \
        X(BINGET, 0x68, U8, 1, 0, 0, 1)                                                                                \
        X(LONG_BINGET, 0x6a, U32, 1, 0, 0, 1)                                                                          \
        X(OBJ, 0x6f, NONE, 1, 1, 0, 1)                                                                                 \
        X(BINPUT, 0x71, U8, 1, 0, 1, 1)                                                                                \
        X(LONG_BINPUT, 0x72, U32, 1, 0, 1, 1)                                                                          \
        X(SETITEMS, 0x75, NONE, 1, 1, 1, 1)                                                                            \
        X(EMPTY_DICT, 0x7d, NONE, 1, 0, 0, 1)                                                                          \
        X(PROTO, 0x80, U8, 2, 0, 0, 0)                                                                                 \
        X(NEWOBJ, 0x81, NONE, 2, 0, 2, 1)                                                                              \
        X(EXT1, 0x82, U8, 2, 0, 0, 1)                                                                                  \
        X(EXT2, 0x83, U16, 2, 0, 0, 1)                                                                                 \
        X(EXT4, 0x84, I32, 2, 0, 0, 1)                                                                                 \
        X(TUPLE1, 0x85, NONE, 2, 0, 1, 1)                                                                              \
        X(TUPLE2, 0x86, NONE, 2, 0, 2, 1)                                                                              \
        X(TUPLE3, 0x87, NONE, 2, 0, 3, 1)                                                                              \
        X(NEWTRUE, 0x88, NONE, 2, 0, 0, 1)                                                                             \
        X(NEWFALSE, 0x89, NONE, 2, 0, 0, 1)                                                                            \
        X(LONG1, 0x8a, BYTES_U8, 2, 0, 0, 1)                                                                           \
        X(LONG4, 0x8b, BYTES_I32, 2, 0, 0, 1)                                                                          \
        X(BINBYTES, 0x42, BYTES_U32, 3, 0, 0, 1)                                                                       \
        X(SHORT_BINBYTES, 0x43, BYTES_U8, 3, 0, 0, 1)                                                                  \
        X(SHORT_BINUNICODE, 0x8c, BYTES_U8, 4, 0, 0, 1)                                                                \
        X(BINUNICODE8, 0x8d, BYTES_U64, 4, 0, 0, 1)                                                                    \
        X(BINBYTES8, 0x8e, BYTES_U64, 4, 0, 0, 1)                                                                      \
        X(EMPTY_SET, 0x8f, NONE, 4, 0, 0, 1)                                                                           \
        X(ADDITEMS, 0x90, NONE, 4, 1, 1, 1)                                                                            \
        X(FROZENSET, 0x91, NONE, 4, 1, 0, 1)                                                                           \
        X(NEWOBJ_EX, 0x92, NONE, 4, 0, 3, 1)                                                                           \
        X(STACK_GLOBAL, 0x93, NONE, 4, 0, 2, 1)                                                                        \
        X(MEMOIZE, 0x94, NONE, 4, 0, 1, 1)                                                                             \
        X(FRAME, 0x95, U64, 4, 0, 0, 0)                                                                                \
        X(BYTEARRAY8, 0x96, BYTES_U64, 5, 0, 0, 1)                                                                     \
        X(NEXT_BUFFER, 0x97, NONE, 5, 0, 0, 1)                                                                         \
        X(READONLY_BUFFER, 0x98, NONE, 5, 0, 1, 1)

enum {
#define COFFER_OPCODE_CODE(name, code, argument, protocol, to_mark, pops, pushes) COFFER_OP_##name = (code),
        COFFER_OPCODES(COFFER_OPCODE_CODE)
#undef COFFER_OPCODE_CODE
                COFFER_PICKLE_MAX_PROTOCOL = 5
};

typedef struct coffer_opcode {
        const char *name; /* NULL: there is no such opcode */
        coffer_opcode_argument argument;
        uint8_t protocol; /* the first that has it */
        bool to_mark;
        uint8_t pops;
        uint8_t pushes;
} coffer_opcode;

/* Indexed by the opcode's byte; absent entries have no name. */
extern const coffer_opcode coffer_opcode_table[256];

/* The entry of `code`, or NULL. */
static inline const coffer_opcode *coffer_opcode_find(uint8_t code)
{
        return coffer_opcode_table[code].name ? &coffer_opcode_table[code] : NULL;
}

/* An opcode's argument, cut out of the input and not yet interpreted. */
typedef struct coffer_opcode_operand {
        coffer_cursor first;  /* the counted bytes, or the line without its newline */
        coffer_cursor second; /* the second of two lines */
        uint64_t number;      /* integers and lengths; I32 sign-extended; the bits of F64 */
} coffer_opcode_operand;

typedef enum coffer_operand_result {
        COFFER_OPERAND_OK,
        COFFER_OPERAND_TRUNCATED, /* the input ends inside the argument */
        COFFER_OPERAND_NEGATIVE_LENGTH
} coffer_operand_result;

/* Takes the argument of kind `argument` from the front of `input`. When it fails, `input` is as it was. */
COFFER_MUST_CHECK
coffer_operand_result coffer_opcode_take_operand(coffer_opcode_argument argument, coffer_cursor *input,
                                                 coffer_opcode_operand *out);

#endif
