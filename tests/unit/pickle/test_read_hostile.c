/* SPDX-License-Identifier: Apache-2.0 */
/* Pickles made to exhaust a reader: an error or the right values, in bounded memory, and never deep recursion. */
#include "test.h"
#include "pickle_asm.h"
#include "pickle_reading.h"
#include "util/buf.h"

#include <string.h>

enum { DEEP = 100000 };

/* Puts a piece into the pickle so many times. */
static void repeat(coffer_buf *pickle, coffer_cursor piece, size_t times)
{
        for (size_t i = 0; i < times; i++)
                assert_ok(coffer_buf_append_cursor(pickle, piece, NULL));
}

/* head, then `middle` DEEP times, then tail. */
static coffer_buf build(coffer_cursor head, coffer_cursor middle, coffer_cursor tail)
{
        coffer_buf pickle = COFFER_BUF_INIT(1 << 26);
        repeat(&pickle, head, 1);
        repeat(&pickle, middle, DEEP);
        repeat(&pickle, tail, 1);
        return pickle;
}

static void expect_limit(coffer_buf *pickle, const coffer_pickle_read_options *options, const char *end_of_message)
{
        coffer_document *document = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        assert_status(test_pickle_read(coffer_buf_cursor(pickle), 0, options, &document, &error), COFFER_LIMIT);
        assert_non_null(strstr(error.message, end_of_message));
        assert_true(error.offset >= 0);
        assert_status(test_pickle_read(coffer_buf_cursor(pickle), 4096, options, &document, NULL), COFFER_LIMIT);
        coffer_buf_done(pickle);
}

#define TOO_DEEP ": values are nested more than 10000 deep"

static void test_deep_by_marks(void **state)
{
        (void)state;
        coffer_buf pickle = COFFER_BUF_INIT(1 << 26);
        repeat(&pickle, PICKLE(P_MARK), DEEP);
        repeat(&pickle, PICKLE(P_LIST), DEEP);
        repeat(&pickle, PICKLE(P_STOP), 1);
        expect_limit(&pickle, NULL, "MARK at offset 10000: more than 10000 marks on the stack");
}

static void test_deep_by_tuples(void **state)
{
        (void)state;
        coffer_buf pickle = build(PICKLE(P_NONE), PICKLE(P_TUPLE1), PICKLE(P_STOP));
        expect_limit(&pickle, NULL, "STOP at offset 100001" TOO_DEEP);
}

static void test_deep_by_dicts(void **state)
{
        (void)state;
        coffer_buf pickle = COFFER_BUF_INIT(1 << 26);
        repeat(&pickle, PICKLE(P_EMPTY_DICT P_NONE), DEEP);
        repeat(&pickle, PICKLE(P_NONE), 1);
        repeat(&pickle, PICKLE(P_SETITEM), DEEP);
        repeat(&pickle, PICKLE(P_STOP), 1);
        expect_limit(&pickle, NULL, TOO_DEEP);
}

static void test_deep_by_objects_and_persistent_ids(void **state)
{
        (void)state;
        coffer_buf pickle = build(PICKLE(P_NONE), PICKLE(P_BINPERSID), PICKLE(P_STOP));
        expect_limit(&pickle, NULL, TOO_DEEP);
        pickle = build(PICKLE(P_EXT1 "\x01"), PICKLE(P_EMPTY_TUPLE P_REDUCE), PICKLE(P_STOP));
        expect_limit(&pickle, NULL, TOO_DEEP);
        pickle = build(PICKLE(P_NONE),
                       PICKLE(P_PUT "0\n" P_POP P_EXT1 "\x01" P_EMPTY_TUPLE P_NEWOBJ P_GET "0\n" P_BUILD),
                       PICKLE(P_STOP));
        expect_limit(&pickle, NULL, TOO_DEEP);
}

static void test_deep_by_filling_what_is_in_place_already(void **state)
{
        (void)state;
        /* Each list goes into the one before it while still empty. */
        coffer_buf pickle =
                build(PICKLE(P_EMPTY_LIST P_PUT "1\n"), PICKLE(P_EMPTY_LIST P_PUT "0\n" P_APPEND P_POP P_GET "0\n"),
                      PICKLE(P_POP P_GET "1\n" P_STOP));
        expect_limit(&pickle, NULL, TOO_DEEP);
}

static void test_deep_keys(void **state)
{
        (void)state;
        coffer_buf pickle = build(PICKLE(P_EMPTY_DICT P_NONE), PICKLE(P_TUPLE1), PICKLE(P_NONE P_SETITEM P_STOP));
        expect_limit(&pickle, NULL, TOO_DEEP);
}

static void test_depth_at_the_limit_is_read(void **state)
{
        (void)state;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        options.max_depth = 2;
        test_reads_as(PICKLE(P_MARK P_MARK P_NONE P_LIST P_LIST P_STOP), &options, "[[None]]");
        test_fails_with(PICKLE(P_EMPTY_TUPLE P_TUPLE1 P_TUPLE1 P_STOP), &options, COFFER_LIMIT,
                        "STOP at offset 3: values are nested more than 2 deep");
        test_fails_with(PICKLE(P_MARK P_MARK P_MARK), &options, COFFER_LIMIT,
                        "MARK at offset 2: more than 2 marks on the stack");
}

static void test_bombs_by_sharing_cost_no_memory(void **state)
{
        (void)state;
        coffer_buf pickle = COFFER_BUF_INIT(1 << 20);
        coffer_document *document = NULL;
        repeat(&pickle, PICKLE(P_NONE), 1);
        repeat(&pickle, PICKLE(P_DUP P_TUPLE2), 5000);
        repeat(&pickle, PICKLE(P_STOP), 1);
        assert_ok(test_pickle_read(coffer_buf_cursor(&pickle), 0, NULL, &document, NULL));
        coffer_document_unref(document);
        /* The same as a key: its hash and its equality must not follow every way through it. */
        pickle.size_bytes = 0;
        repeat(&pickle, PICKLE(P_EMPTY_DICT P_NONE), 1);
        repeat(&pickle, PICKLE(P_DUP P_TUPLE2), 5000);
        repeat(&pickle, PICKLE(P_NEWTRUE P_SETITEM P_NONE), 1);
        repeat(&pickle, PICKLE(P_DUP P_TUPLE2), 5000);
        repeat(&pickle, PICKLE(P_NEWFALSE P_SETITEM P_STOP), 1);
        assert_ok(test_pickle_read(coffer_buf_cursor(&pickle), 0, NULL, &document, NULL));
        assert_int_equal(coffer_value_count(coffer_document_root(document)), 1);
        coffer_document_unref(document);
        coffer_buf_done(&pickle);
}

static void test_limits_of_values_memo_and_bytes(void **state)
{
        (void)state;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        options.max_values = 2;
        test_reads_as(PICKLE(P_NONE P_DUP P_TUPLE2 P_STOP), &options, "(None, None)");
        test_fails_with(PICKLE(P_NONE P_NONE P_TUPLE2 P_STOP), &options, COFFER_LIMIT,
                        "TUPLE2 at offset 2: more than 2 values");
        options.max_values = 100;
        options.max_memo = 1;
        test_fails_with(PICKLE(P_NONE P_MEMOIZE P_MEMOIZE), &options, COFFER_LIMIT,
                        "MEMOIZE at offset 2: memo slot 1 is over the allowed 1");
        options.max_memo = 0;
        test_fails_with(PICKLE(P_NONE P_MEMOIZE), &options, COFFER_LIMIT,
                        "MEMOIZE at offset 1: memo slot 0 is over the allowed 0");
}

static void test_memory_is_bounded_by_max_bytes(void **state)
{
        (void)state;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        options.max_bytes = 1 << 16;
        coffer_buf pickle = build(PICKLE(P_EMPTY_LIST P_MARK), PICKLE(P_NONE), PICKLE(P_APPENDS P_STOP));
        expect_limit(&pickle, &options, "the values need more than the allowed 65536 bytes of memory");
        pickle = build(PICKLE(P_NONE), PICKLE(P_MEMOIZE), PICKLE(P_STOP));
        expect_limit(&pickle, &options, "the values need more than the allowed 65536 bytes of memory");
        pickle = build(PICKLE(""), PICKLE(P_MARK P_POP_MARK P_EMPTY_LIST P_POP), PICKLE(P_NONE P_STOP));
        expect_limit(&pickle, &options, "bytes of memory");
        pickle = build(PICKLE(P_UNICODE), PICKLE("\xe9"), PICKLE("\n" P_STOP));
        expect_limit(&pickle, &options, "");
}

static void test_huge_lengths_from_a_stream_allocate_nothing_huge(void **state)
{
        (void)state;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        options.max_bytes = 1 << 24;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_document *document = NULL;
        static const coffer_cursor pickles[] = {
                {(const uint8_t *)(P_BINBYTES8 "\xff\xff\xff\xff\xff\xff\xff\x7f.."), 11},
                {(const uint8_t *)(P_BINUNICODE8 "\0\0\0\0\0\0\0\x80.."), 11},
                {(const uint8_t *)(P_BYTEARRAY8 "\0\0\0\0\0\1\0\0.."), 11},
                {(const uint8_t *)(P_BINBYTES "\xff\xff\xff\xff.."), 7},
                {(const uint8_t *)(P_LONG4 "\xff\xff\xff\x7f.."), 7},
        };
        for (size_t i = 0; i < sizeof(pickles) / sizeof(pickles[0]); i++) {
                assert_status(test_pickle_read(pickles[i], 1, &options, &document, &error), COFFER_MALFORMED);
                assert_non_null(strstr(error.message, "at offset 0: the input ends inside its argument"));
        }
}

static void test_long_decimals_are_refused(void **state)
{
        (void)state;
        coffer_buf pickle = build(PICKLE(P_LONG "1"), PICKLE("0"), PICKLE("L\n" P_STOP));
        expect_limit(&pickle, NULL, "LONG at offset 0: an int of more than 65536 digits");
}

static void test_many_equal_keys(void **state)
{
        (void)state;
        coffer_buf pickle = build(PICKLE(P_EMPTY_DICT P_MARK), PICKLE(P_INT "1\n" P_NONE), PICKLE(P_SETITEMS P_STOP));
        coffer_document *document = NULL;
        assert_ok(test_pickle_read(coffer_buf_cursor(&pickle), 0, NULL, &document, NULL));
        assert_int_equal(coffer_value_count(coffer_document_root(document)), 1);
        coffer_document_unref(document);
        coffer_buf_done(&pickle);
}

static void test_cycles_through_keys(void **state)
{
        (void)state;
        /* An object whose state is a dict with the object, in a tuple, as a key. */
        assert_reads(P_EXT1 "\x01" P_EMPTY_TUPLE P_NEWOBJ P_PUT "0\n" P_EMPTY_DICT P_GET
                            "0\n" P_TUPLE1 P_NONE P_SETITEM P_BUILD P_STOP,
                     "new(ext(1), ()).state={(^3,): None}");
        assert_reads(P_EXT1 "\x01" P_EMPTY_TUPLE P_NEWOBJ P_PUT "0\n" P_MARK P_GET
                            "0\n" P_TUPLE1 P_FROZENSET P_BUILD P_STOP,
                     "new(ext(1), ()).state=frozenset{(^3,)}");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_deep_by_marks),
                leak_checked(test_deep_by_tuples),
                leak_checked(test_deep_by_dicts),
                leak_checked(test_deep_by_objects_and_persistent_ids),
                leak_checked(test_deep_by_filling_what_is_in_place_already),
                leak_checked(test_deep_keys),
                leak_checked(test_depth_at_the_limit_is_read),
                leak_checked(test_bombs_by_sharing_cost_no_memory),
                leak_checked(test_limits_of_values_memo_and_bytes),
                leak_checked(test_memory_is_bounded_by_max_bytes),
                leak_checked(test_huge_lengths_from_a_stream_allocate_nothing_huge),
                leak_checked(test_long_decimals_are_refused),
                leak_checked(test_many_equal_keys),
                leak_checked(test_cycles_through_keys),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
