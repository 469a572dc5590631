/* SPDX-License-Identifier: Apache-2.0 */
/* Each opcode as it is meant to be used. */
#include "test.h"
#include "pickle_asm.h"
#include "pickle_reading.h"
#include "util/cleanup.h"

static void test_constants(void **state)
{
        (void)state;
        assert_reads(P_NONE P_STOP, "None");
        assert_reads(P_NEWTRUE P_STOP, "True");
        assert_reads(P_NEWFALSE P_STOP, "False");
        assert_reads(P_EMPTY_LIST P_STOP, "[]");
        assert_reads(P_EMPTY_TUPLE P_STOP, "()");
        assert_reads(P_EMPTY_DICT P_STOP, "{}");
        assert_reads(P_EMPTY_SET P_STOP, "set{}");
}

static void test_proto_is_taken_from_0_to_5(void **state)
{
        (void)state;
        assert_reads(P_PROTO "\x00" P_NONE P_STOP, "None");
        assert_reads(P_PROTO "\x05" P_NONE P_STOP, "None");
}

static void test_ints_of_binary_protocols(void **state)
{
        (void)state;
        assert_reads(P_BININT1 "\xff" P_STOP, "255");
        assert_reads(P_BININT2 "\x00\x01" P_STOP, "256");
        assert_reads(P_BININT "\xff\xff\xff\x7f" P_STOP, "2147483647");
        assert_reads(P_BININT "\x00\x00\x00\x80" P_STOP, "-2147483648");
        assert_reads(P_BININT "\xff\xff\xff\xff" P_STOP, "-1");
        assert_reads(P_LONG1 "\x00" P_STOP, "0");
        assert_reads(P_LONG1 "\x01\xff" P_STOP, "-1");
        assert_reads(P_LONG1 "\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01" P_STOP, "18446744073709551616");
        assert_reads(P_LONG1 "\x02\x00\x80" P_STOP, "-32768");
        assert_reads(P_LONG1 "\x03\x05\x00\x00" P_STOP, "5");
        assert_reads(P_LONG4 "\x02\x00\x00\x00\x00\x01" P_STOP, "256");
        assert_reads(P_LONG4 "\x00\x00\x00\x00" P_STOP, "0");
}

static void test_ints_of_protocol_0(void **state)
{
        (void)state;
        assert_reads(P_INT "0\n" P_STOP, "0");
        assert_reads(P_INT "-1\n" P_STOP, "-1");
        assert_reads(P_INT "00\n" P_STOP, "False");
        assert_reads(P_INT "01\n" P_STOP, "True");
        assert_reads(P_INT "99999999999999999999\n" P_STOP, "99999999999999999999");
        assert_reads(P_LONG "0L\n" P_STOP, "0");
        assert_reads(P_LONG "-123L\n" P_STOP, "-123");
        assert_reads(P_LONG "123\n" P_STOP, "123");
        assert_reads(P_LONG "340282366920938463463374607431768211456L\n" P_STOP,
                     "340282366920938463463374607431768211456");
}

static void test_floats(void **state)
{
        (void)state;
        assert_reads(P_BINFLOAT "\x3f\xf8\x00\x00\x00\x00\x00\x00" P_STOP, "1.5");
        assert_reads(P_BINFLOAT "\x7f\xf0\x00\x00\x00\x00\x00\x00" P_STOP, "inf");
        assert_reads(P_BINFLOAT "\x80\x00\x00\x00\x00\x00\x00\x00" P_STOP, "-0");
        assert_reads(P_FLOAT "1.5\n" P_STOP, "1.5");
        assert_reads(P_FLOAT "-1e-07\n" P_STOP, "-9.9999999999999995e-08");
        assert_reads(P_FLOAT "3\n" P_STOP, "3");
        assert_reads(P_FLOAT "inf\n" P_STOP, "inf");
        assert_reads(P_FLOAT "-inf\n" P_STOP, "-inf");
        assert_reads(P_FLOAT "nan\n" P_STOP, "nan");
}

static void test_text_with_lengths(void **state)
{
        (void)state;
        assert_reads(P_SHORT_BINUNICODE "\x02hi" P_STOP, "'hi'");
        assert_reads(P_SHORT_BINUNICODE "\x00" P_STOP, "''");
        assert_reads(P_BINUNICODE "\x02\x00\x00\x00\xc3\xa9" P_STOP, "'\\xc3\\xa9'");
        assert_reads(P_BINUNICODE8 "\x03\x00\x00\x00\x00\x00\x00\x00\xed\xa0\x80" P_STOP, "'\\xed\\xa0\\x80'");
        assert_reads(P_SHORT_BINBYTES "\x02\x00\xff" P_STOP, "b'\\x00\\xff'");
        assert_reads(P_BINBYTES "\x01\x00\x00\x00z" P_STOP, "b'z'");
        assert_reads(P_BINBYTES8 "\x01\x00\x00\x00\x00\x00\x00\x00z" P_STOP, "b'z'");
        assert_reads(P_BYTEARRAY8 "\x01\x00\x00\x00\x00\x00\x00\x00z" P_STOP, "B'z'");
}

static void test_python2_strings_are_str_when_ascii_else_bytes(void **state)
{
        (void)state;
        assert_reads(P_SHORT_BINSTRING "\x02hi" P_STOP, "'hi'");
        assert_reads(P_SHORT_BINSTRING "\x02h\xff" P_STOP, "b'h\\xff'");
        assert_reads(P_BINSTRING "\x02\x00\x00\x00hi" P_STOP, "'hi'");
        assert_reads(P_BINSTRING "\x09\x00\x00\x00"
                                 "12345678\x80" P_STOP,
                     "b'12345678\\x80'");
        assert_reads(P_STRING "'hi'\n" P_STOP, "'hi'");
        assert_reads(P_STRING "'h\\xe9'\n" P_STOP, "b'h\\xe9'");
}

static void test_string_quotes_and_escapes(void **state)
{
        (void)state;
        assert_reads(P_STRING "\"it's\"\n" P_STOP, "'it's'");
        assert_reads(P_STRING "'a\\'b\\\"c\\\\d'\n" P_STOP, "'a'b\"c\\d'");
        assert_reads(P_STRING "'\\a\\b\\f\\n\\r\\t\\v'\n" P_STOP, "'\\x07\\x08\\x0c\\x0a\\x0d\\x09\\x0b'");
        assert_reads(P_STRING "'\\0\\101\\1012\\x41'\n" P_STOP, "'\\x00AA2A'");
        assert_reads(P_STRING "'\\377'\n" P_STOP, "b'\\xff'");
        assert_reads(P_STRING "'\\q'\n" P_STOP, "'\\q'");
        assert_reads(P_STRING "''\n" P_STOP, "''");
}

static void test_unicode_line(void **state)
{
        (void)state;
        assert_reads(P_UNICODE "abc\n" P_STOP, "'abc'");
        assert_reads(P_UNICODE "\n" P_STOP, "''");
        assert_reads(P_UNICODE "\\u000a\\u005c\n" P_STOP, "'\\x0a\\'");
        assert_reads(P_UNICODE "\xe9\\u20AC\\U0001f600\n" P_STOP, "'\\xc3\\xa9\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80'");
        assert_reads(P_UNICODE "\\ud800\n" P_STOP, "'\\xed\\xa0\\x80'");
        assert_reads(P_UNICODE "\\\\u0041\\n\\\n" P_STOP, "'\\\\u0041\\n\\'");
}

static void test_sequences(void **state)
{
        (void)state;
        assert_reads(P_MARK P_LIST P_STOP, "[]");
        assert_reads(P_MARK P_NONE P_NEWTRUE P_LIST P_STOP, "[None, True]");
        assert_reads(P_EMPTY_LIST P_NONE P_APPEND P_NEWTRUE P_APPEND P_STOP, "[None, True]");
        assert_reads(P_EMPTY_LIST P_MARK P_NONE P_NEWTRUE P_APPENDS P_MARK P_APPENDS P_STOP, "[None, True]");
        assert_reads(P_MARK P_TUPLE P_STOP, "()");
        assert_reads(P_MARK P_NONE P_MARK P_TUPLE P_TUPLE P_STOP, "(None, ())");
        assert_reads(P_NONE P_TUPLE1 P_STOP, "(None,)");
        assert_reads(P_NONE P_NEWTRUE P_TUPLE2 P_STOP, "(None, True)");
        assert_reads(P_NONE P_NEWTRUE P_NEWFALSE P_TUPLE3 P_STOP, "(None, True, False)");
}

static void test_dicts_and_sets(void **state)
{
        (void)state;
        assert_reads(P_MARK P_DICT P_STOP, "{}");
        assert_reads(P_MARK P_BININT1 "\x01" P_NONE P_DICT P_STOP, "{1: None}");
        assert_reads(P_EMPTY_DICT P_BININT1 "\x01" P_NONE P_SETITEM P_STOP, "{1: None}");
        assert_reads(P_EMPTY_DICT P_MARK P_BININT1 "\x01" P_NONE P_NEWTRUE P_NEWFALSE P_SETITEMS P_STOP, "{1: False}");
        assert_reads(P_EMPTY_DICT P_MARK P_SETITEMS P_STOP, "{}");
        assert_reads(P_EMPTY_SET P_MARK P_BININT1 "\x01" P_NONE P_BININT1 "\x01" P_ADDITEMS P_STOP, "set{1, None}");
        assert_reads(P_MARK P_BININT1 "\x01" P_NEWTRUE P_FROZENSET P_STOP, "frozenset{1}");
        assert_reads(P_MARK P_FROZENSET P_STOP, "frozenset{}");
}

static void test_stack_opcodes(void **state)
{
        (void)state;
        assert_reads(P_NONE P_NEWTRUE P_POP P_STOP, "None");
        assert_reads(P_NONE P_MARK P_POP P_STOP, "None");
        assert_reads(P_NONE P_MARK P_NEWTRUE P_NEWFALSE P_POP_MARK P_STOP, "None");
        assert_reads(P_EMPTY_LIST P_DUP P_TUPLE2 P_STOP, "([], [])");
}

static void test_memo(void **state)
{
        (void)state;
        assert_reads(P_PROTO "\x04" P_EMPTY_LIST P_MEMOIZE P_NONE P_MEMOIZE P_APPEND P_BINGET "\x01" P_TUPLE2 P_STOP,
                     "([None], None)");
        assert_reads(P_NONE P_PUT "0\n" P_GET "0\n" P_TUPLE2 P_STOP, "(None, None)");
        assert_reads(P_NONE P_BINPUT "\x01" P_BINGET "\x01" P_TUPLE2 P_STOP, "(None, None)");
        assert_reads(P_PROTO "\x02" P_NONE P_LONG_BINPUT "\x03\x00\x00\x00" P_LONG_BINGET
                             "\x03\x00\x00\x00" P_TUPLE2 P_STOP,
                     "(None, None)");
        assert_reads(P_NONE P_PUT "0\n" P_NEWTRUE P_PUT "0\n" P_GET "0\n" P_TUPLE3 P_STOP, "(None, True, True)");
}

static void test_memoize_takes_the_number_of_slots_in_use(void **state)
{
        (void)state;
        assert_reads(P_NONE P_PUT "0\n" P_NEWTRUE P_MEMOIZE P_BINGET "\x01" P_TUPLE3 P_STOP, "(None, True, True)");
        /* Slot 1 was taken before its turn, so that the next MEMOIZE writes over it, as CPython's does. */
        assert_reads(P_NONE P_PUT "1\n" P_NEWTRUE P_MEMOIZE P_BINGET "\x01" P_TUPLE3 P_STOP, "(None, True, True)");
}

static void test_cycles(void **state)
{
        (void)state;
        assert_reads(P_EMPTY_LIST P_BINPUT "\x00" P_BINGET "\x00" P_APPEND P_STOP, "[^1]");
        assert_reads(P_EMPTY_DICT P_BINPUT "\x00" P_NONE P_BINGET "\x00" P_SETITEM P_STOP, "{None: ^1}");
        /* t = ([t],), as CPython writes it: the inner t is complete first, the outer one is dropped. */
        assert_reads(P_EMPTY_LIST P_BINPUT "\x00" P_BINGET "\x00" P_TUPLE1 P_BINPUT "\x01" P_APPEND P_POP P_BINGET
                                           "\x01" P_STOP,
                     "([^2],)");
}

static void test_frames(void **state)
{
        (void)state;
        assert_reads(P_PROTO "\x04" P_FRAME "\x02\0\0\0\0\0\0\0" P_NONE P_STOP, "None");
        assert_reads(P_PROTO "\x04" P_FRAME "\x01\0\0\0\0\0\0\0" P_NONE P_STOP, "None");
        assert_reads(P_FRAME "\x01\0\0\0\0\0\0\0" P_EMPTY_LIST P_FRAME "\x03\0\0\0\0\0\0\0" P_NONE P_APPEND P_STOP,
                     "[None]");
        /* Large bytes lie between two frames. */
        assert_reads(P_FRAME "\x01\0\0\0\0\0\0\0" P_EMPTY_LIST P_SHORT_BINBYTES "\x01z" P_FRAME
                             "\x02\0\0\0\0\0\0\0" P_APPEND P_STOP,
                     "[b'z']");
}

static void test_bytes_after_stop_only_when_allowed(void **state)
{
        (void)state;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        options.allow_trailing = true;
        test_reads_as(PICKLE(P_NONE P_STOP "rest"), &options, "None");
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_document *document = NULL;
        uint64_t end_offset = 0;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_copy(bytes, PICKLE(P_NONE), NULL));
        assert_ok(coffer_bytes_append_copy(bytes, PICKLE(P_STOP "rest"), NULL));
        assert_ok(coffer_pickle_read(bytes, &options, &document, &end_offset, NULL));
        assert_int_equal(end_offset, 2);
        coffer_document_unref(document);
}

/* Opcodes of each group, with arguments of every kind. */
static const char sample[] =
        P_PROTO "\x04" P_FRAME "\x47\0\0\0\0\0\0\0" P_EMPTY_LIST P_MEMOIZE P_MARK P_BININT1 "\x01" P_BININT2
                "\x01\x02" P_BININT "\x01\x02\x03\x04" P_BINFLOAT "\x3f\xf8\0\0\0\0\0\0" P_SHORT_BINUNICODE
                "\x02hi" P_MEMOIZE P_BINUNICODE "\x02\0\0\0hi" P_SHORT_BINBYTES "\x03"
                "abc" P_LONG1 "\x09\0\0\0\0\0\0\0\0\x01" P_BINGET "\x01" P_NONE P_TUPLE2 P_EMPTY_DICT P_MARK P_INT
                "7\n" P_FLOAT "1.5\n" P_SETITEMS P_APPENDS P_GLOBAL "m\nn\n" P_APPEND P_STOP;

static void test_every_truncation_is_an_error(void **state)
{
        (void)state;
        assert_int_equal(sample[3], 0x47);
        test_reads_as(coffer_cursor_of(sample, sizeof(sample) - 1), NULL,
                      "[1, 513, 67305985, 1.5, 'hi', 'hi', b'abc', 18446744073709551616, ('hi', None), {7: 1.5}, m:n]");
        static const size_t steps_bytes[] = {0, 1, SIZE_MAX};
        for (size_t size_bytes = 0; size_bytes < sizeof(sample) - 1; size_bytes++) {
                for (size_t i = 0; i < ARRAY_COUNT(steps_bytes); i++) {
                        coffer_document *document = NULL;
                        coffer_error error = COFFER_ERROR_INIT;
                        assert_status(test_pickle_read(coffer_cursor_of(sample, size_bytes), steps_bytes[i], NULL,
                                                       &document, &error),
                                      COFFER_MALFORMED);
                        assert_true(error.offset >= 0 && (size_t)error.offset <= size_bytes);
                }
        }
}

typedef struct one_read {
        coffer_cursor pickle;
        size_t step_bytes;
} one_read;

static coffer_status read_and_drop(void *user, coffer_error *error)
{
        const one_read *one = (const one_read *)user;
        coffer_document *document = NULL;
        COFFER_TRY(test_pickle_read(one->pickle, one->step_bytes, NULL, &document, error));
        coffer_document_unref(document);
        return COFFER_OK;
}

static void test_every_failed_allocation_is_an_error(void **state)
{
        (void)state;
        one_read from_memory = {coffer_cursor_of(sample, sizeof(sample) - 1), 0};
        one_read from_stream = {coffer_cursor_of(sample, sizeof(sample) - 1), 16};
        test_alloc_fail_each(read_and_drop, &from_memory);
        test_alloc_fail_each(read_and_drop, &from_stream);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_constants),
                leak_checked(test_proto_is_taken_from_0_to_5),
                leak_checked(test_ints_of_binary_protocols),
                leak_checked(test_ints_of_protocol_0),
                leak_checked(test_floats),
                leak_checked(test_text_with_lengths),
                leak_checked(test_python2_strings_are_str_when_ascii_else_bytes),
                leak_checked(test_string_quotes_and_escapes),
                leak_checked(test_unicode_line),
                leak_checked(test_sequences),
                leak_checked(test_dicts_and_sets),
                leak_checked(test_stack_opcodes),
                leak_checked(test_memo),
                leak_checked(test_memoize_takes_the_number_of_slots_in_use),
                leak_checked(test_cycles),
                leak_checked(test_frames),
                leak_checked(test_bytes_after_stop_only_when_allowed),
                leak_checked(test_every_truncation_is_an_error),
                leak_checked(test_every_failed_allocation_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
