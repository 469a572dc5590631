/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pickle/opcodes.h"
#include "pickle_asm.h"

static void test_table_has_every_opcode_once(void **state)
{
        (void)state;
        size_t count = 0;
        for (size_t code = 0; code < 256; code++)
                count += coffer_opcode_find((uint8_t)code) != NULL;
        assert_int_equal(count, 68);
}

static void test_literals_of_the_assembler_agree(void **state)
{
        (void)state;
        static const struct {
                const char *name;
                const char *literal;
        } literals[] = {
#define OPCODE_LITERAL(name, code, argument, protocol, to_mark, pops, pushes) {#name, P_##name},
                COFFER_OPCODES(OPCODE_LITERAL)
#undef OPCODE_LITERAL
        };
        for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
                const coffer_opcode *opcode = coffer_opcode_find((uint8_t)literals[i].literal[0]);
                assert_non_null(opcode);
                assert_string_equal(opcode->name, literals[i].name);
        }
}

static void test_absent_entry_is_not_found(void **state)
{
        (void)state;
        assert_null(coffer_opcode_find(0x00));
        assert_null(coffer_opcode_find(0x99));
        assert_null(coffer_opcode_find(0xff));
}

static void test_operands_are_cut_out(void **state)
{
        (void)state;
        coffer_cursor input = coffer_cursor_of("one\ntwo\nrest", 12);
        coffer_opcode_operand operand;
        assert_int_equal(coffer_opcode_take_operand(COFFER_ARGUMENT_TWO_LINES, &input, &operand), COFFER_OPERAND_OK);
        assert_true(coffer_cursor_is(operand.first, "one"));
        assert_true(coffer_cursor_is(operand.second, "two"));
        assert_true(coffer_cursor_is(input, "rest"));

        input = coffer_cursor_of("\x03\0\0\0abcd", 8);
        assert_int_equal(coffer_opcode_take_operand(COFFER_ARGUMENT_BYTES_U32, &input, &operand), COFFER_OPERAND_OK);
        assert_true(coffer_cursor_is(operand.first, "abc"));
        assert_int_equal(operand.number, 3);

        input = coffer_cursor_of("\xfe\xff\xff\xff", 4);
        assert_int_equal(coffer_opcode_take_operand(COFFER_ARGUMENT_I32, &input, &operand), COFFER_OPERAND_OK);
        assert_true((int64_t)operand.number == -2);

        input = coffer_cursor_of("\x3f\xf0\0\0\0\0\0\0", 8);
        assert_int_equal(coffer_opcode_take_operand(COFFER_ARGUMENT_F64, &input, &operand), COFFER_OPERAND_OK);
        assert_true(operand.number == UINT64_C(0x3ff0000000000000));
}

static void test_failed_take_leaves_input(void **state)
{
        (void)state;
        static const struct {
                coffer_opcode_argument argument;
                const char *bytes;
                size_t size_bytes;
                coffer_operand_result result;
        } cases[] = {
                {COFFER_ARGUMENT_LINE, "no end", 6, COFFER_OPERAND_TRUNCATED},
                {COFFER_ARGUMENT_TWO_LINES, "one\ntwo", 7, COFFER_OPERAND_TRUNCATED},
                {COFFER_ARGUMENT_U8, "", 0, COFFER_OPERAND_TRUNCATED},
                {COFFER_ARGUMENT_U16, "a", 1, COFFER_OPERAND_TRUNCATED},
                {COFFER_ARGUMENT_U32, "abc", 3, COFFER_OPERAND_TRUNCATED},
                {COFFER_ARGUMENT_U64, "abcdefg", 7, COFFER_OPERAND_TRUNCATED},
                {COFFER_ARGUMENT_F64, "abcdefg", 7, COFFER_OPERAND_TRUNCATED},
                {COFFER_ARGUMENT_BYTES_U8,
                 "\x02"
                 "a",
                 2, COFFER_OPERAND_TRUNCATED},
                {COFFER_ARGUMENT_BYTES_U64,
                 "\xff\xff\xff\xff\xff\xff\xff\xff"
                 "a",
                 9, COFFER_OPERAND_TRUNCATED},
                {COFFER_ARGUMENT_BYTES_I32,
                 "\xff\xff\xff\xff"
                 "a",
                 5, COFFER_OPERAND_NEGATIVE_LENGTH},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                coffer_cursor input = coffer_cursor_of(cases[i].bytes, cases[i].size_bytes);
                coffer_opcode_operand operand;
                assert_int_equal(coffer_opcode_take_operand(cases[i].argument, &input, &operand), cases[i].result);
                assert_ptr_equal(input.data, cases[i].bytes);
                assert_int_equal(input.size_bytes, cases[i].size_bytes);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_literals_of_the_assembler_agree),
                cmocka_unit_test(test_table_has_every_opcode_once),
                cmocka_unit_test(test_absent_entry_is_not_found),
                cmocka_unit_test(test_operands_are_cut_out),
                cmocka_unit_test(test_failed_take_leaves_input),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
