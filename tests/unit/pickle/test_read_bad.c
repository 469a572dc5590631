/* SPDX-License-Identifier: Apache-2.0 */
/* Pickles that are wrong, and what is said about them. */
#include "test.h"
#include "pickle_asm.h"
#include "pickle_reading.h"

static void test_unknown_opcode(void **state)
{
        (void)state;
        assert_malformed(P_NONE "\xff" P_STOP, "byte 0xff at offset 1: there is no such opcode");
        assert_malformed("\x00", "byte 0x00 at offset 0: there is no such opcode");
}

static void test_end_before_stop(void **state)
{
        (void)state;
        assert_malformed("", "the input ends at offset 0, before STOP");
        assert_malformed(P_NONE, "the input ends at offset 1, before STOP");
}

static void test_trailing_bytes(void **state)
{
        (void)state;
        assert_malformed(P_NONE P_STOP "x", "STOP at offset 1: more bytes follow the end of the pickle");
        assert_malformed(P_NONE P_STOP P_NONE P_STOP, "STOP at offset 1: more bytes follow the end of the pickle");
}

static void test_proto_too_high_or_not_first(void **state)
{
        (void)state;
        assert_unsupported(P_PROTO "\x06" P_NONE P_STOP, "PROTO at offset 0: protocol 6; 0 to 5 are known");
        assert_malformed(P_NONE P_PROTO "\x04" P_STOP, "PROTO at offset 1: it is not the first opcode");
}

static void test_missing_operands(void **state)
{
        (void)state;
        assert_malformed(P_STOP, "STOP at offset 0: 1 value needed on the stack, 0 there");
        assert_malformed(P_POP, "POP at offset 0: 1 value needed on the stack, 0 there");
        assert_malformed(P_MARK P_DUP, "DUP at offset 1: 1 value needed on the stack, 0 there above the mark");
        assert_malformed(P_NONE P_MARK P_MEMOIZE,
                         "MEMOIZE at offset 2: 1 value needed on the stack, 0 there above the mark");
        assert_malformed(P_PUT "0\n", "PUT at offset 0: 1 value needed on the stack, 0 there");
        assert_malformed(P_BINPUT "\x00", "BINPUT at offset 0: 1 value needed on the stack, 0 there");
        assert_malformed(P_LONG_BINPUT "\0\0\0\0", "LONG_BINPUT at offset 0: 1 value needed on the stack, 0 there");
        assert_malformed(P_EMPTY_LIST P_APPEND, "APPEND at offset 1: 2 values needed on the stack, 1 there");
        assert_malformed(P_EMPTY_LIST P_MARK P_NONE P_APPEND,
                         "APPEND at offset 3: 2 values needed on the stack, 1 there above the mark");
        assert_malformed(P_EMPTY_DICT P_NONE P_SETITEM, "SETITEM at offset 2: 3 values needed on the stack, 2 there");
        assert_malformed(P_TUPLE1, "TUPLE1 at offset 0: 1 value needed on the stack, 0 there");
        assert_malformed(P_NONE P_TUPLE2, "TUPLE2 at offset 1: 2 values needed on the stack, 1 there");
        assert_malformed(P_NONE P_NONE P_TUPLE3, "TUPLE3 at offset 2: 3 values needed on the stack, 2 there");
        assert_malformed(P_NONE P_REDUCE, "REDUCE at offset 1: 2 values needed on the stack, 1 there");
        assert_malformed(P_NONE P_NEWOBJ, "NEWOBJ at offset 1: 2 values needed on the stack, 1 there");
        assert_malformed(P_NONE P_NEWOBJ_EX, "NEWOBJ_EX at offset 1: 3 values needed on the stack, 1 there");
        assert_malformed(P_NONE P_BUILD, "BUILD at offset 1: 2 values needed on the stack, 1 there");
        assert_malformed(P_NONE P_STACK_GLOBAL, "STACK_GLOBAL at offset 1: 2 values needed on the stack, 1 there");
        assert_malformed(P_BINPERSID, "BINPERSID at offset 0: 1 value needed on the stack, 0 there");
        assert_malformed(P_READONLY_BUFFER, "READONLY_BUFFER at offset 0: 1 value needed on the stack, 0 there");
}

static void test_missing_marks(void **state)
{
        (void)state;
        assert_malformed(P_APPENDS, "APPENDS at offset 0: no mark on the stack");
        assert_malformed(P_SETITEMS, "SETITEMS at offset 0: no mark on the stack");
        assert_malformed(P_ADDITEMS, "ADDITEMS at offset 0: no mark on the stack");
        assert_malformed(P_LIST, "LIST at offset 0: no mark on the stack");
        assert_malformed(P_TUPLE, "TUPLE at offset 0: no mark on the stack");
        assert_malformed(P_DICT, "DICT at offset 0: no mark on the stack");
        assert_malformed(P_FROZENSET, "FROZENSET at offset 0: no mark on the stack");
        assert_malformed(P_POP_MARK, "POP_MARK at offset 0: no mark on the stack");
        assert_malformed(P_INST "m\nn\n", "INST at offset 0: no mark on the stack");
        assert_malformed(P_OBJ, "OBJ at offset 0: no mark on the stack");
        assert_malformed(P_MARK P_OBJ, "OBJ at offset 1: no class above the mark");
}

static void test_nothing_below_the_mark(void **state)
{
        (void)state;
        assert_malformed(P_MARK P_NONE P_APPENDS, "APPENDS at offset 2: no value below the mark");
        assert_malformed(P_MARK P_SETITEMS, "SETITEMS at offset 1: no value below the mark");
        assert_malformed(P_EMPTY_SET P_MARK P_MARK P_ADDITEMS, "ADDITEMS at offset 3: no value below the mark");
}

static void test_values_left_at_stop(void **state)
{
        (void)state;
        assert_malformed(P_NONE P_NONE P_STOP, "STOP at offset 2: 1 value is left on the stack below the result");
        assert_malformed(P_NONE P_NONE P_NONE P_STOP,
                         "STOP at offset 3: 2 values are left on the stack below the result");
        assert_malformed(P_MARK P_NONE P_STOP, "STOP at offset 2: a mark is left on the stack");
}

static void test_adding_to_something_else(void **state)
{
        (void)state;
        assert_malformed(P_NONE P_NONE P_APPEND, "APPEND at offset 2: it adds to None");
        assert_malformed(P_EMPTY_TUPLE P_MARK P_APPENDS, "APPENDS at offset 2: it adds to a tuple");
        assert_malformed(P_EMPTY_LIST P_MARK P_SETITEMS, "SETITEMS at offset 2: it adds to a list");
        assert_malformed(P_EMPTY_DICT P_MARK P_ADDITEMS, "ADDITEMS at offset 2: it adds to a dict");
        assert_malformed(P_GLOBAL "m\nn\n" P_MARK P_NONE P_APPENDS, "APPENDS at offset 7: it adds to a global");
}

static void test_keys(void **state)
{
        (void)state;
        assert_malformed(P_EMPTY_DICT P_MARK P_NONE P_SETITEMS, "SETITEMS at offset 3: the last key has no value");
        assert_malformed(P_MARK P_NONE P_DICT, "DICT at offset 2: the last key has no value");
        assert_malformed(P_EMPTY_DICT P_EMPTY_LIST P_NONE P_SETITEM, "SETITEM at offset 3: a list can't be a key");
        assert_malformed(P_EMPTY_DICT P_EMPTY_LIST P_TUPLE1 P_TUPLE1 P_NONE P_SETITEM,
                         "SETITEM at offset 5: a tuple with an unhashable part can't be a key");
        assert_malformed(P_MARK P_EMPTY_SET P_FROZENSET, "FROZENSET at offset 2: a set can't be a key");
        assert_malformed(P_EMPTY_SET P_MARK P_NONE P_EMPTY_DICT P_ADDITEMS,
                         "ADDITEMS at offset 4: a dict can't be a key");
}

static void test_memo_slots(void **state)
{
        (void)state;
        assert_malformed(P_GET "0\n", "GET at offset 0: nothing in memo slot 0");
        assert_malformed(P_NONE P_MEMOIZE P_BINGET "\x01", "BINGET at offset 2: nothing in memo slot 1");
        assert_malformed(P_LONG_BINGET "\xff\xff\xff\xff", "LONG_BINGET at offset 0: nothing in memo slot 4294967295");
        assert_malformed(P_NONE P_PUT "-1\n", "PUT at offset 1: the memo slot is not a decimal number");
        assert_malformed(P_NONE P_PUT "\n", "PUT at offset 1: the memo slot is not a decimal number");
        assert_malformed(P_NONE P_PUT "1x\n", "PUT at offset 1: the memo slot is not a decimal number");
        assert_malformed(P_GET "99999999999999999999\n", "GET at offset 0: the memo slot is not a decimal number");
        assert_over_limit(P_NONE P_LONG_BINPUT "\xff\xff\xff\xff",
                          "LONG_BINPUT at offset 1: memo slot 4294967295 is over the allowed 134217728");
        assert_over_limit(P_NONE P_LONG_BINPUT "\x02\0\0\0",
                          "LONG_BINPUT at offset 1: memo slot 2 so early in the pickle");
}

static void test_numbers(void **state)
{
        (void)state;
        static const char *const bad_ints[] = {
                P_INT "\n",   P_INT "x\n",  P_INT "+1\n", P_INT "-0\n",  P_INT "010\n", P_INT "0x1\n",  P_INT "1_0\n",
                P_INT " 1\n", P_INT "1 \n", P_INT "1L\n", P_INT "1\r\n", P_LONG "L\n",  P_LONG "1LL\n", P_LONG "01L\n"};
        for (size_t i = 0; i < sizeof(bad_ints) / sizeof(bad_ints[0]); i++)
                test_fails_with(coffer_cursor_text(bad_ints[i]), NULL, COFFER_MALFORMED,
                                bad_ints[i][0] == 'I' ? "INT at offset 0: not an int in decimal notation"
                                                      : "LONG at offset 0: not an int in decimal notation");
        assert_malformed(P_FLOAT "\n", "FLOAT at offset 0: not a float in decimal notation");
        assert_malformed(P_FLOAT "1.5 \n", "FLOAT at offset 0: not a float in decimal notation");
        assert_malformed(P_FLOAT "0x1p3\n", "FLOAT at offset 0: not a float in decimal notation");
        assert_malformed(P_FLOAT "1e999\n", "FLOAT at offset 0: a float that is too large");
        assert_malformed(P_LONG4 "\xff\xff\xff\xff", "LONG4 at offset 0: a negative length");
        assert_malformed(P_EXT1 "\x00", "EXT1 at offset 0: the extension code 0 is not positive");
        assert_malformed(P_EXT4 "\xff\xff\xff\xff", "EXT4 at offset 0: the extension code -1 is not positive");
}

static void test_text(void **state)
{
        (void)state;
        assert_malformed(P_SHORT_BINUNICODE "\x01\x80" P_STOP, "SHORT_BINUNICODE at offset 0: text is not valid UTF-8");
        assert_malformed(P_SHORT_BINUNICODE "\x02\xc0\x80" P_STOP,
                         "SHORT_BINUNICODE at offset 0: text is not valid UTF-8");
        assert_malformed(P_BINUNICODE "\x02\0\0\0\xe2\x82" P_STOP, "BINUNICODE at offset 0: text is not valid UTF-8");
        assert_malformed(P_BINSTRING "\xff\xff\xff\xff", "BINSTRING at offset 0: a negative length");
        assert_malformed(P_STRING "abc\n", "STRING at offset 0: the string is not in quotes");
        assert_malformed(P_STRING "'abc\n", "STRING at offset 0: the string is not in quotes");
        assert_malformed(P_STRING "'abc\"\n", "STRING at offset 0: the string is not in quotes");
        assert_malformed(P_STRING "'\n", "STRING at offset 0: the string is not in quotes");
        assert_malformed(P_STRING "'a' \n", "STRING at offset 0: the string is not in quotes");
        assert_malformed(P_STRING "'\\x4'\n", "STRING at offset 0: a broken escape in the string");
        assert_malformed(P_STRING "'\\400'\n", "STRING at offset 0: a broken escape in the string");
        assert_malformed(P_STRING "'\\'\n", "STRING at offset 0: a broken escape in the string");
        assert_malformed(P_UNICODE "\\u12\n", "UNICODE at offset 0: a broken escape in the text");
        assert_malformed(P_UNICODE "\\u12g4\n", "UNICODE at offset 0: a broken escape in the text");
        assert_malformed(P_UNICODE "\\U00110000\n", "UNICODE at offset 0: a broken escape in the text");
}

static void test_lengths(void **state)
{
        (void)state;
        assert_malformed(P_BINBYTES8 "\0\0\0\0\0\0\0\x80z",
                         "BINBYTES8 at offset 0: 9223372036854775808 bytes are announced, but 1 follow");
        assert_malformed(P_BINUNICODE8 "\xff\xff\xff\xff\xff\xff\xff\xff",
                         "BINUNICODE8 at offset 0: 18446744073709551615 bytes are announced, but 0 follow");
        assert_malformed(P_BYTEARRAY8 "\0\0\0\0\x01\0\0\0",
                         "BYTEARRAY8 at offset 0: 4294967296 bytes are announced, but 0 follow");
        assert_malformed(P_LONG4 "\xff\xff\xff\x7f\x01", "LONG4 at offset 0: the input ends inside its argument");
        assert_malformed(P_SHORT_BINUNICODE "\x05"
                                            "abc",
                         "SHORT_BINUNICODE at offset 0: 5 bytes are announced, but 3 follow");
        assert_malformed(P_BINFLOAT "1234567", "BINFLOAT at offset 0: the input ends inside its argument");
        assert_malformed(P_GLOBAL "m\nn", "GLOBAL at offset 0: the input ends inside its argument");
        assert_malformed(P_BINSTRING "\x02\0\0\0z", "BINSTRING at offset 0: 2 bytes are announced, but 1 follow");
}

#define FRAME_OF(size) P_FRAME size "\0\0\0\0\0\0\0"

static void test_frames(void **state)
{
        (void)state;
        assert_malformed(FRAME_OF("\x00") P_NONE P_STOP, "FRAME at offset 0: a frame of no bytes");
        assert_malformed(P_FRAME "\xff\xff\xff\xff\xff\xff\xff\xff" P_NONE P_STOP,
                         "FRAME at offset 0: a frame of 18446744073709551615 bytes");
        assert_malformed(FRAME_OF("\x0b") P_NONE FRAME_OF("\x01") P_STOP,
                         "FRAME at offset 10: it lies inside the frame that ends at offset 20");
        assert_malformed(FRAME_OF("\x02") P_BININT2 "\x01\x02" P_STOP,
                         "BININT2 at offset 9: its argument crosses the end of the frame at offset 11");
        assert_malformed(FRAME_OF("\x01") P_BININT1 "\x01" P_STOP,
                         "BININT1 at offset 9: its argument crosses the end of the frame at offset 10");
        assert_malformed(FRAME_OF("\x03") P_SHORT_BINBYTES "\x02zz" P_STOP,
                         "SHORT_BINBYTES at offset 9: its 2 bytes cross the end of the frame at offset 12");
        assert_malformed(FRAME_OF("\x02") P_INT "1\n" P_STOP,
                         "INT at offset 9: its argument crosses the end of the frame at offset 11");
}

static void test_frame_longer_than_the_pickle(void **state)
{
        (void)state;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        options.allow_trailing = true;
        test_fails_with(PICKLE(FRAME_OF("\x03") P_NONE P_STOP P_NONE), &options, COFFER_MALFORMED,
                        "STOP at offset 10: the frame goes on to offset 12, behind the end of the pickle");
        coffer_document *document = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        assert_status(test_pickle_read(PICKLE(FRAME_OF("\x03") P_NONE P_STOP), 0, NULL, &document, &error),
                      COFFER_MALFORMED);
        assert_string_equal(error.message, "FRAME at offset 0: 3 bytes are announced, but 2 follow");
        assert_status(test_pickle_read(PICKLE(FRAME_OF("\x03") P_NONE P_STOP), 1, NULL, &document, &error),
                      COFFER_MALFORMED);
        assert_string_equal(error.message,
                            "STOP at offset 10: the frame goes on to offset 12, behind the end of the pickle");
}

static void test_names(void **state)
{
        (void)state;
        assert_malformed(P_GLOBAL "\nn\n", "GLOBAL at offset 0: an empty name of a module or of something in it");
        assert_malformed(P_GLOBAL "m\n\n", "GLOBAL at offset 0: an empty name of a module or of something in it");
        assert_malformed(P_GLOBAL "m\xff\nn\n", "GLOBAL at offset 0: a name that is not valid UTF-8");
        assert_malformed(P_NONE P_SHORT_BINUNICODE "\x01n" P_STACK_GLOBAL,
                         "STACK_GLOBAL at offset 4: the names are None and a str, not two strs");
        assert_malformed(P_SHORT_BINUNICODE "\x01m" P_SHORT_BINBYTES "\x01n" P_STACK_GLOBAL,
                         "STACK_GLOBAL at offset 6: the names are a str and bytes, not two strs");
        assert_malformed(P_PERSID "\xe9\n", "PERSID at offset 0: the persistent id is not ASCII");
}

static void test_options(void **state)
{
        (void)state;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        coffer_document *document = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        options.version = 3;
        assert_status(test_pickle_read(PICKLE(P_NONE P_STOP), 0, &options, &document, &error), COFFER_INVALID);
        assert_status(test_pickle_read(PICKLE(P_NONE P_STOP), 1, &options, &document, &error), COFFER_INVALID);
        options.version = 1;
        options.buffer_count = 1;
        assert_status(test_pickle_read(PICKLE(P_NONE P_STOP), 0, &options, &document, &error), COFFER_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_unknown_opcode),
                leak_checked(test_end_before_stop),
                leak_checked(test_trailing_bytes),
                leak_checked(test_proto_too_high_or_not_first),
                leak_checked(test_missing_operands),
                leak_checked(test_missing_marks),
                leak_checked(test_nothing_below_the_mark),
                leak_checked(test_values_left_at_stop),
                leak_checked(test_adding_to_something_else),
                leak_checked(test_keys),
                leak_checked(test_memo_slots),
                leak_checked(test_numbers),
                leak_checked(test_text),
                leak_checked(test_lengths),
                leak_checked(test_frames),
                leak_checked(test_frame_longer_than_the_pickle),
                leak_checked(test_names),
                leak_checked(test_options),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
