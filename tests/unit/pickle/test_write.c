/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <sys/mman.h>

#include "test.h"

#include <coffer/pickle.h>

#include "pickle_asm.h"
#include "util/buf.h"
#include "util/digest.h"
#include "../value/value_fixture.h"

/* ---- helpers ---- */

static coffer_document *from_json(const char *text)
{
        coffer_document *document = NULL;
        assert_ok(coffer_document_from_json(coffer_cursor_text(text), &document, NULL));
        return document;
}

static coffer_bytes *write_at(coffer_document *document, const coffer_value *value, uint32_t protocol)
{
        coffer_pickle_write_options options = COFFER_PICKLE_WRITE_OPTIONS_INIT;
        coffer_bytes *pickle = NULL;
        options.protocol = protocol;
        assert_ok(coffer_pickle_write(document, value, &options, &pickle, NULL));
        return pickle;
}

static void expect_bytes(coffer_document *document, const coffer_value *value, uint32_t protocol, coffer_cursor wanted)
{
        coffer_bytes *pickle _cleanup_bytes_ = write_at(document, value, protocol);
        coffer_cursor got;
        assert_ok(coffer_bytes_contiguous(pickle, &got, NULL));
        assert_int_equal(got.size_bytes, wanted.size_bytes);
        assert_memory_equal(got.data, wanted.data, wanted.size_bytes);
}

/* The JSON text, read and written at protocol 4 or 2. */
#define assert_pickled(json, protocol, literal)                                                                        \
        do {                                                                                                           \
                coffer_document *document_ _cleanup_document_ = from_json(json);                                       \
                expect_bytes(document_, coffer_document_root(document_), protocol, PICKLE(literal));                   \
        } while (0)

/* What stands behind the head and the frame's head at protocol 4. */
static void expect_opcodes(coffer_document *document, const coffer_value *value, coffer_cursor wanted)
{
        enum { HEADS_BYTES = 11 };
        coffer_bytes *pickle _cleanup_bytes_ = write_at(document, value, 4);
        coffer_cursor got, heads;
        assert_ok(coffer_bytes_contiguous(pickle, &got, NULL));
        assert_true(coffer_cursor_take(&got, HEADS_BYTES, &heads));
        assert_memory_equal(heads.data, P_PROTO "\x04" P_FRAME, 3);
        assert_int_equal(got.size_bytes, wanted.size_bytes);
        assert_memory_equal(got.data, wanted.data, wanted.size_bytes);
}

/* ---- plain values ---- */

static void expect_vector(const char *json, coffer_cursor pickle, const char *key)
{
        char hex[COFFER_DIGEST_MAX_HEX];
        coffer_document *document _cleanup_document_ = from_json(json);
        coffer_bytes *written _cleanup_bytes_ = write_at(document, coffer_document_root(document), 4);
        expect_bytes(document, coffer_document_root(document), 4, pickle);
        assert_ok(coffer_digest_bytes(COFFER_SHA1, written, hex, NULL));
        assert_string_equal(hex, key);
}

static void test_values_have_the_bytes_and_keys_of_cpython(void **state)
{
        (void)state;
        expect_vector("null", PICKLE("\x80\x04\x4e\x2e"), "dbc1aaddc8b7343d6d33b34edcf608b8f8801918");
        expect_vector("true", PICKLE("\x80\x04\x88\x2e"), "868436778cb011a1c6230bc12534683ab0b7f1c3");
        expect_vector("1", PICKLE("\x80\x04\x4b\x01\x2e"), "4028827530eb6c63f2c9d431d7496a6614ea98d7");
        expect_vector("{\"a\": 1}", PICKLE("\x80\x04\x95\x0a\0\0\0\0\0\0\0\x7d\x94\x8c\x01\x61\x94\x4b\x01\x73\x2e"),
                      "e85bc4852782c9d784b1604b16b1440899266e17");
        expect_vector("[1, 2, 3]", PICKLE("\x80\x04\x95\x0b\0\0\0\0\0\0\0\x5d\x94\x28\x4b\x01\x4b\x02\x4b\x03\x65\x2e"),
                      "b68cc035a7f59d6d9285aaa4359c51872f204f8a");
        expect_vector("\"zz\"", PICKLE("\x80\x04\x95\x06\0\0\0\0\0\0\0\x8c\x02\x7a\x7a\x94\x2e"),
                      "351d0d933b0ee0306100d7b58b7f80b807af8981");
}

static void test_ints_take_the_shortest_opcode(void **state)
{
        (void)state;
        assert_pickled("255", 2, P_PROTO "\x02" P_BININT1 "\xff" P_STOP);
        assert_pickled("256", 2, P_PROTO "\x02" P_BININT2 "\0\x01" P_STOP);
        assert_pickled("65536", 2, P_PROTO "\x02" P_BININT "\0\0\x01\0" P_STOP);
        assert_pickled("-1", 2, P_PROTO "\x02" P_BININT "\xff\xff\xff\xff" P_STOP);
        assert_pickled("2147483648", 2, P_PROTO "\x02" P_LONG1 "\x05\0\0\0\x80\0" P_STOP);
        assert_pickled("-2147483649", 2, P_PROTO "\x02" P_LONG1 "\x05\xff\xff\xff\x7f\xff" P_STOP);
        assert_pickled("-9223372036854775808", 2, P_PROTO "\x02" P_LONG1 "\x08\0\0\0\0\0\0\0\x80" P_STOP);
        assert_pickled("9223372036854775808", 2, P_PROTO "\x02" P_LONG1 "\x09\0\0\0\0\0\0\0\x80\0" P_STOP);
}

static void test_floats_are_big_endian(void **state)
{
        (void)state;
        assert_pickled("-1.5", 2, P_PROTO "\x02" P_BINFLOAT "\xbf\xf8\0\0\0\0\0\0" P_STOP);
}

static void test_equal_keys_of_json_are_one_object_and_equal_strings_are_not(void **state)
{
        (void)state;
        assert_pickled("[{\"ab\": \"cd\"}, {\"ab\": \"cd\"}]", 2,
                       P_PROTO "\x02" P_EMPTY_LIST P_BINPUT "\0" P_MARK P_EMPTY_DICT P_BINPUT "\x01" P_BINUNICODE
                               "\x02\0\0\0ab" P_BINPUT "\x02" P_BINUNICODE "\x02\0\0\0cd" P_BINPUT
                               "\x03" P_SETITEM P_EMPTY_DICT P_BINPUT "\x04" P_BINGET "\x02" P_BINUNICODE
                               "\x02\0\0\0cd" P_BINPUT "\x05" P_SETITEM P_APPENDS P_STOP);
}

static void test_short_strings_are_one_object_as_in_cpython(void **state)
{
        (void)state;
        assert_pickled("[\"\", \"a\", \"\\u00e9\", \"\", \"a\", \"\\u00e9\"]", 2,
                       P_PROTO "\x02" P_EMPTY_LIST P_BINPUT "\0" P_MARK P_BINUNICODE "\0\0\0\0" P_BINPUT
                               "\x01" P_BINUNICODE "\x01\0\0\0"
                               "a" P_BINPUT "\x02" P_BINUNICODE "\x02\0\0\0\xc3\xa9" P_BINPUT "\x03" P_BINGET
                               "\x01" P_BINGET "\x02" P_BINGET "\x03" P_APPENDS P_STOP);
}

static void test_bytes_and_sets_at_protocol_2_are_calls(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *bytes = make_bytes(document, "b\xff", 2), *set = make_container(document, COFFER_KIND_SET);
        expect_bytes(document, bytes, 2,
                     PICKLE(P_PROTO "\x02" P_GLOBAL "_codecs\nencode\n" P_BINPUT "\0" P_BINUNICODE
                                    "\x03\0\0\0b\xc3\xbf" P_BINPUT "\x01" P_BINUNICODE "\x06\0\0\0latin1" P_BINPUT
                                    "\x02" P_TUPLE2 P_BINPUT "\x03" P_REDUCE P_BINPUT "\x04" P_STOP));
        append(document, set, make_int(document, 7));
        expect_bytes(document, set, 2,
                     PICKLE(P_PROTO "\x02" P_GLOBAL "__builtin__\nset\n" P_BINPUT "\0" P_EMPTY_LIST P_BINPUT
                                    "\x01" P_BININT1 "\x07" P_APPEND P_TUPLE1 P_BINPUT "\x02" P_REDUCE P_BINPUT
                                    "\x03" P_STOP));
}

static void test_complex_and_bytearray_are_calls(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *list = make_container(document, COFFER_KIND_LIST), *value = NULL;
        assert_ok(coffer_value_complex(document, 0, 1, &value, NULL));
        append(document, list, value);
        append(document, list, value);
        assert_ok(coffer_value_bytearray(document, PICKLE("x"), false, &value, NULL));
        append(document, list, value);
        expect_opcodes(document, list,
                       PICKLE(P_EMPTY_LIST P_MEMOIZE P_MARK P_SHORT_BINUNICODE
                              "\x08"
                              "builtins" P_MEMOIZE P_SHORT_BINUNICODE "\x07"
                              "complex" P_MEMOIZE P_STACK_GLOBAL P_MEMOIZE P_BINFLOAT "\0\0\0\0\0\0\0\0" P_BINFLOAT
                              "\x3f\xf0\0\0\0\0\0\0" P_TUPLE2 P_MEMOIZE P_REDUCE P_MEMOIZE P_BINGET "\x05" P_BINGET
                              "\x01" P_SHORT_BINUNICODE "\x09"
                              "bytearray" P_MEMOIZE P_STACK_GLOBAL P_MEMOIZE P_SHORT_BINBYTES
                              "\x01x" P_MEMOIZE P_TUPLE1 P_MEMOIZE P_REDUCE P_MEMOIZE P_APPENDS P_STOP));
}

/* ---- batches ---- */

static coffer_value *make_range(coffer_document *document, coffer_kind kind, int count)
{
        coffer_value *value = make_container(document, kind);
        for (int i = 0; i < count; i++) {
                if (kind == COFFER_KIND_DICT)
                        assert_ok(coffer_value_set_item(document, value, make_int(document, i), make_int(document, i),
                                                        NULL));
                else
                        append(document, value, make_int(document, i));
        }
        return value;
}

/* The last bytes of `count` small ints in a container. */
static void expect_end(coffer_kind kind, int count, coffer_cursor end)
{
        coffer_document *document _cleanup_document_ = make_document();
        coffer_bytes *pickle _cleanup_bytes_ = write_at(document, make_range(document, kind, count), 4);
        coffer_cursor got;
        assert_ok(coffer_bytes_contiguous(pickle, &got, NULL));
        assert_true(got.size_bytes > end.size_bytes);
        assert_memory_equal(got.data + got.size_bytes - end.size_bytes, end.data, end.size_bytes);
}

static void test_batches_of_a_thousand(void **state)
{
        (void)state;
        expect_end(COFFER_KIND_LIST, 1000, PICKLE(P_BININT2 "\xe7\x03" P_APPENDS P_STOP));
        expect_end(COFFER_KIND_LIST, 1001,
                   PICKLE(P_BININT2 "\xe7\x03" P_APPENDS P_MARK P_BININT2 "\xe8\x03" P_APPENDS P_STOP));
        expect_end(COFFER_KIND_DICT, 1000,
                   PICKLE(P_BININT2 "\xe7\x03" P_BININT2 "\xe7\x03" P_SETITEMS P_MARK P_SETITEMS P_STOP));
        expect_end(COFFER_KIND_SET, 1000, PICKLE(P_BININT2 "\xe7\x03" P_ADDITEMS P_MARK P_ADDITEMS P_STOP));
        expect_end(COFFER_KIND_FROZENSET, 1001, PICKLE(P_BININT2 "\xe8\x03" P_FROZENSET P_MEMOIZE P_STOP));
}

static void test_items_of_an_object_end_with_a_single_one(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *object = make_object(document, COFFER_CALL, make_global(document, "collections", "deque"),
                                           make_container(document, COFFER_KIND_TUPLE));
        for (int i = 0; i < 1001; i++)
                assert_ok(coffer_value_object_append(document, object, make_int(document, i), NULL));
        coffer_bytes *pickle _cleanup_bytes_ = write_at(document, object, 4);
        coffer_cursor got;
        assert_ok(coffer_bytes_contiguous(pickle, &got, NULL));
        coffer_cursor end = PICKLE(P_APPENDS P_BININT2 "\xe8\x03" P_APPEND P_STOP);
        assert_memory_equal(got.data + got.size_bytes - end.size_bytes, end.data, end.size_bytes);
}

/* ---- cycles ---- */

static void test_tuple_in_itself_is_taken_from_the_memo(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *tuple = make_container(document, COFFER_KIND_TUPLE),
                     *list = make_container(document, COFFER_KIND_LIST);
        append(document, tuple, list);
        append(document, list, tuple);
        expect_opcodes(
                document, tuple,
                PICKLE(P_EMPTY_LIST P_MEMOIZE P_BINGET "\0" P_TUPLE1 P_MEMOIZE P_APPEND P_POP P_BINGET "\x01" P_STOP));
}

static void test_long_tuple_and_frozenset_in_themselves(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *tuple = make_container(document, COFFER_KIND_TUPLE),
                     *list = make_container(document, COFFER_KIND_LIST);
        append(document, tuple, list);
        for (int i = 1; i < 4; i++)
                append(document, tuple, make_int(document, i));
        append(document, list, tuple);
        expect_opcodes(document, tuple,
                       PICKLE(P_MARK P_EMPTY_LIST P_MEMOIZE P_MARK P_BINGET
                              "\0" P_BININT1 "\x01" P_BININT1 "\x02" P_BININT1
                              "\x03" P_TUPLE P_MEMOIZE P_APPEND P_BININT1 "\x01" P_BININT1 "\x02" P_BININT1
                              "\x03" P_POP_MARK P_BINGET "\x01" P_STOP));
}

static void test_object_in_its_own_state(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *object = make_object(document, COFFER_NEW, make_global(document, "m", "C"),
                                           make_container(document, COFFER_KIND_TUPLE));
        assert_ok(coffer_value_object_set_state(document, object, object, NULL));
        expect_opcodes(document, object,
                       PICKLE(P_SHORT_BINUNICODE
                              "\x01m" P_MEMOIZE P_SHORT_BINUNICODE "\x01"
                              "C" P_MEMOIZE P_STACK_GLOBAL P_MEMOIZE P_EMPTY_TUPLE P_NEWOBJ P_MEMOIZE P_BINGET
                              "\x03" P_BUILD P_STOP));
}

static void expect_status(coffer_document *document, const coffer_value *value, coffer_status status)
{
        coffer_bytes *pickle = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        assert_status(coffer_pickle_write(document, value, NULL, &pickle, &error), status);
        assert_null(pickle);
        assert_true(error.message[0] != '\0');
}

static void test_tuple_right_in_itself_is_over_the_limit(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *tuple = make_container(document, COFFER_KIND_TUPLE);
        append(document, tuple, tuple);
        expect_status(document, tuple, COFFER_LIMIT);
}

/* Each list that the tuple holds makes it be visited once more inside itself, with all its items. */
static void test_tuple_that_many_of_its_lists_hold_is_over_the_limit(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *tuple = make_container(document, COFFER_KIND_TUPLE);
        for (int i = 0; i < 20000; i++) {
                coffer_value *list = make_container(document, COFFER_KIND_LIST);
                append(document, list, tuple);
                append(document, tuple, list);
        }
        expect_status(document, tuple, COFFER_LIMIT);
}

static void test_deep_nesting_needs_no_recursion(void **state)
{
        (void)state;
        enum { DEPTH = 300000 };
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *root = make_container(document, COFFER_KIND_LIST), *inner = root;
        for (int i = 1; i < DEPTH; i++) {
                coffer_value *list = make_container(document, COFFER_KIND_LIST);
                append(document, inner, list);
                inner = list;
        }
        coffer_bytes *pickle _cleanup_bytes_ = write_at(document, root, 2);
        /* an opcode each to make, to store (2 bytes to slot 255, then 5) and to append */
        assert_int_equal(coffer_bytes_size(pickle), 2 + DEPTH + 256 * 2 + (DEPTH - 256) * 5 + (DEPTH - 1) + 1);
}

/* ---- globals ---- */

static void test_globals_of_one_name_are_one_object(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *list = make_container(document, COFFER_KIND_LIST);
        append(document, list, make_global(document, "mod", "name"));
        append(document, list, make_global(document, "mod", "name"));
        append(document, list, make_global(document, "mod", "other"));
        expect_opcodes(document, list,
                       PICKLE(P_EMPTY_LIST P_MEMOIZE P_MARK P_SHORT_BINUNICODE
                              "\x03mod" P_MEMOIZE P_SHORT_BINUNICODE
                              "\x04name" P_MEMOIZE P_STACK_GLOBAL P_MEMOIZE P_BINGET "\x03" P_BINGET
                              "\x01" P_SHORT_BINUNICODE
                              "\x05other" P_MEMOIZE P_STACK_GLOBAL P_MEMOIZE P_APPENDS P_STOP));
}

static void test_names_at_protocol_2_are_those_of_python_2(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        static const char *const names[][3] = {
                {"builtins", "range", "c__builtin__\nxrange\n"},
                {"builtins", "ValueError", "cexceptions\nValueError\n"},
                {"builtins", "FileNotFoundError", "cexceptions\nOSError\n"},
                {"functools", "reduce", "c__builtin__\nreduce\n"},
                {"functools", "partial", "cfunctools\npartial\n"},
                {"copyreg", "_reconstructor", "ccopy_reg\n_reconstructor\n"},
                {"xmlrpc.server", "SimpleXMLRPCServer", "cSimpleXMLRPCServer\nSimpleXMLRPCServer\n"},
        };
        for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
                coffer_buf wanted _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                assert_ok(coffer_buf_append_text(&wanted, P_PROTO "\x02", NULL));
                assert_ok(coffer_buf_append_text(&wanted, names[i][2], NULL));
                assert_ok(coffer_buf_append(&wanted, P_BINPUT "\0" P_STOP, 3, NULL));
                expect_bytes(document, make_global(document, names[i][0], names[i][1]), 2, coffer_buf_cursor(&wanted));
        }
}

static void test_dotted_name_at_protocol_2_is_a_getattr(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        expect_bytes(document, make_global(document, "mod", "A.b"), 2,
                     PICKLE(P_PROTO "\x02" P_GLOBAL "__builtin__\ngetattr\n" P_BINPUT "\0" P_GLOBAL "mod\nA\n" P_BINPUT
                                    "\x01" P_BINUNICODE "\x01\0\0\0"
                                    "b" P_BINPUT "\x02" P_TUPLE2 P_BINPUT "\x03" P_REDUCE P_BINPUT "\x04" P_STOP));
}

static void test_names_that_no_unpickler_takes_are_refused(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *with_nul = NULL;
        assert_ok(coffer_value_global(document, PICKLE("a\0b"), PICKLE("c"), &with_nul, NULL));
        expect_status(document, with_nul, COFFER_UNSUPPORTED);
        expect_status(document, make_global(document, "a\nb", "c"), COFFER_UNSUPPORTED);
        expect_status(document, make_global(document, "", "c"), COFFER_UNSUPPORTED);
}

static void test_extension_codes_and_persistent_ids(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *list = make_container(document, COFFER_KIND_LIST), *value = NULL;
        static const uint32_t codes[] = {255, 256, 65536};
        for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
                assert_ok(coffer_value_extension(document, codes[i], &value, NULL));
                append(document, list, value);
        }
        assert_ok(coffer_value_persistent(document, make_int(document, 7), &value, NULL));
        append(document, list, value);
        expect_opcodes(document, list,
                       PICKLE(P_EMPTY_LIST P_MEMOIZE P_MARK P_EXT1 "\xff" P_EXT2 "\0\x01" P_EXT4 "\0\0\x01\0" P_BININT1
                                                                   "\x07" P_BINPERSID P_APPENDS P_STOP));
}

/* ---- frames and segments ---- */

/* A list of `count` ints that take 5 bytes each. */
static void expect_frames(int count, uint64_t first_frame_bytes)
{
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *list = make_container(document, COFFER_KIND_LIST);
        for (int i = 0; i < count; i++)
                append(document, list, make_int(document, 1000000));
        coffer_bytes *pickle _cleanup_bytes_ = write_at(document, list, 4);
        coffer_cursor got, head;
        uint64_t frame_bytes;
        assert_ok(coffer_bytes_contiguous(pickle, &got, NULL));
        assert_true(coffer_cursor_take(&got, 3, &head));
        assert_memory_equal(head.data, P_PROTO "\x04" P_FRAME, 3);
        assert_true(coffer_cursor_u64_le(&got, &frame_bytes));
        assert_int_equal(frame_bytes, first_frame_bytes);
}

static void test_frame_ends_at_the_first_value_behind_64_kib(void **state)
{
        (void)state;
        /* 2 bytes make the list, 2 stand around each batch; behind the last value comes STOP */
        expect_frames(13102, 2 + 13102 * 5 + 14 * 2 + 1);
        expect_frames(13103, 2 + 13102 * 5 + 13 * 2 + 1);
        expect_frames(14000, 2 + 13102 * 5 + 13 * 2 + 1);
}

static void test_big_data_stands_outside_of_frames_and_is_not_copied(void **state)
{
        (void)state;
        enum { BIG = 1 << 16 };
        uint8_t *data = calloc(1, BIG);
        coffer_document *document = make_document();
        coffer_value *list = make_container(document, COFFER_KIND_LIST), *value = NULL;
        assert_ok(coffer_value_bytes(document, coffer_cursor_of(data, BIG), true, &value, NULL));
        append(document, list, value);
        append(document, list, make_int(document, 1));
        coffer_bytes *pickle _cleanup_bytes_ = write_at(document, list, 4);
        coffer_document_unref(document);
        assert_int_equal(coffer_bytes_segment_count(pickle), 3);
        assert_cursor(coffer_bytes_segment(pickle, 0),
                      P_PROTO "\x04" P_EMPTY_LIST P_MEMOIZE P_MARK P_BINBYTES "\0\0\x01\0");
        assert_ptr_equal(coffer_bytes_segment(pickle, 1).data, data);
        assert_cursor(coffer_bytes_segment(pickle, 2),
                      P_FRAME "\x05\0\0\0\0\0\0\0" P_MEMOIZE P_BININT1 "\x01" P_APPENDS P_STOP);
        free(data);
}

static void test_bytes_over_4_gib(void **state)
{
        (void)state;
        const size_t size = ((size_t)1 << 32) + 1;
        void *memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        assert_true(memory != MAP_FAILED);
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *value = NULL;
        assert_ok(coffer_value_bytes(document, coffer_cursor_of(memory, size), true, &value, NULL));
        coffer_bytes *pickle = write_at(document, value, 4);
        assert_cursor(coffer_bytes_segment(pickle, 0), P_PROTO "\x04" P_BINBYTES8 "\x01\0\0\0\x01\0\0\0");
        assert_int_equal(coffer_bytes_size(pickle), 11 + size + 2);
        coffer_bytes_unref(pickle);
        munmap(memory, size);
}

static void test_value_whose_head_alone_was_read_is_refused(void **state)
{
        (void)state;
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_document *document _cleanup_document_ = NULL;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        options.keep_bytes = 1;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_copy(bytes, PICKLE(P_SHORT_BINBYTES "\x02xy" P_STOP), NULL));
        assert_ok(coffer_pickle_read(bytes, &options, &document, NULL, NULL));
        expect_status(document, coffer_document_root(document), COFFER_UNSUPPORTED);
}

static void test_other_protocols_are_refused(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = from_json("1");
        coffer_pickle_write_options options = {1, 3};
        coffer_bytes *pickle = NULL;
        assert_status(coffer_pickle_write(document, coffer_document_root(document), &options, &pickle, NULL),
                      COFFER_INVALID);
}

/* ---- tensors ---- */

/* The state of the array that the tensor is pickled as: version, shape, dtype, Fortran order, elements. `*read` is to
 * be freed. */
static const coffer_value *state_of_pickled(const coffer_tensor *tensor, uint32_t protocol, coffer_document **read)
{
        coffer_document *document = make_document();
        coffer_value *value = NULL;
        assert_ok(coffer_value_tensor(document, tensor, &value, NULL));
        coffer_bytes *pickle _cleanup_bytes_ = write_at(document, value, protocol);
        coffer_document_unref(document);
        assert_ok(coffer_pickle_read(pickle, NULL, read, NULL, NULL));
        const coffer_value *root = coffer_document_root(*read);
        assert_true(coffer_value_is_global(coffer_value_callable(root), "numpy.core.multiarray", "_reconstruct"));
        assert_true(coffer_value_is_global(coffer_value_item(coffer_value_args(root), 0), "numpy", "ndarray"));
        return coffer_value_state(root);
}

static void expect_pickled_tensor(const coffer_tensor *tensor, uint32_t protocol, coffer_cursor elements, bool fortran)
{
        coffer_document *read _cleanup_document_ = NULL;
        const coffer_value *state = state_of_pickled(tensor, protocol, &read);
        const coffer_value *shape = coffer_value_item(state, 1);
        assert_int_equal(coffer_value_count(shape), tensor->dims);
        for (size_t i = 0; i < tensor->dims; i++)
                assert_int_equal(int_of(coffer_value_item(shape, i)), tensor->shape[i]);
        assert_int_equal(coffer_value_get_bool(coffer_value_item(state, 3)), fortran);
        assert_true(coffer_cursor_equal(coffer_value_data(coffer_value_item(state, 4)), elements));
}

static void test_tensors_of_any_order_keep_their_elements(void **state)
{
        (void)state;
        static const uint8_t data[] = {1, 2, 3, 4, 5, 6};
        static const uint8_t reversed[] = {6, 5, 4, 3, 2, 1};
        static const uint8_t every_other[] = {1, 3, 5};
        static const uint8_t repeated[] = {1, 1, 1, 2, 2, 2};
        coffer_tensor tensor = {.dtype = {.kind = 'u', .byte_order = '|', .item_size_bytes = 1}, .dims = 2};
        tensor.data = data;
        tensor.available_bytes = sizeof(data);
        tensor.shape[0] = 2;
        tensor.shape[1] = 3;
        for (uint32_t protocol = 2; protocol <= 4; protocol += 2) {
                coffer_tensor c_order = tensor, f_order = tensor, backwards = tensor, sparse = tensor,
                              broadcast = tensor;
                c_order.strides_bytes[0] = 3;
                c_order.strides_bytes[1] = 1;
                expect_pickled_tensor(&c_order, protocol, PICKLE("\1\2\3\4\5\6"), false);
                f_order.strides_bytes[0] = 1;
                f_order.strides_bytes[1] = 2;
                expect_pickled_tensor(&f_order, protocol, PICKLE("\1\2\3\4\5\6"), true);
                backwards.data = data + 5;
                backwards.available_bytes = 1;
                backwards.strides_bytes[0] = -3;
                backwards.strides_bytes[1] = -1;
                expect_pickled_tensor(&backwards, protocol, coffer_cursor_of(reversed, 6), false);
                sparse.dims = 1;
                sparse.shape[0] = 3;
                sparse.strides_bytes[0] = 2;
                expect_pickled_tensor(&sparse, protocol, coffer_cursor_of(every_other, 3), false);
                broadcast.strides_bytes[0] = 1;
                broadcast.strides_bytes[1] = 0;
                expect_pickled_tensor(&broadcast, protocol, coffer_cursor_of(repeated, 6), false);
        }
}

static void test_big_tensor_is_not_copied(void **state)
{
        (void)state;
        enum { COUNT = 1 << 14 };
        double *data = calloc(COUNT, sizeof(*data));
        coffer_tensor tensor = {.dtype = {.kind = 'f', .byte_order = '<', .item_size_bytes = 8}, .dims = 1};
        tensor.shape[0] = COUNT;
        tensor.strides_bytes[0] = 8;
        tensor.data = (const uint8_t *)data;
        tensor.available_bytes = COUNT * sizeof(*data);
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *value = NULL;
        assert_ok(coffer_value_tensor(document, &tensor, &value, NULL));
        coffer_bytes *pickle = write_at(document, value, 4);
        assert_int_equal(coffer_bytes_segment_count(pickle), 3);
        assert_ptr_equal(coffer_bytes_segment(pickle, 1).data, data);
        coffer_bytes_unref(pickle);
        free(data);
}

static void test_array_of_objects(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        const coffer_value *objects[] = {make_int(document, 1), coffer_node_none()};
        coffer_tensor tensor = {.dtype = {.kind = 'O', .byte_order = '|', .item_size_bytes = 8}, .dims = 1};
        coffer_document *read _cleanup_document_ = NULL;
        tensor.shape[0] = 2;
        tensor.objects = objects;
        const coffer_value *list = coffer_value_item(state_of_pickled(&tensor, 4, &read), 4);
        assert_int_equal(coffer_value_kind(list), COFFER_KIND_LIST);
        assert_int_equal(int_of(coffer_value_item(list, 0)), 1);
        assert_int_equal(coffer_value_kind(coffer_value_item(list, 1)), COFFER_KIND_NONE);
}

/* ---- without memory ---- */

static coffer_status write_once(void *user, coffer_error *error)
{
        coffer_document *document = (coffer_document *)user;
        for (uint32_t protocol = 2; protocol <= 4; protocol += 2) {
                coffer_pickle_write_options options = {1, protocol};
                coffer_bytes *pickle = NULL;
                COFFER_TRY(coffer_pickle_write(document, coffer_document_root(document), &options, &pickle, error));
                coffer_bytes_unref(pickle);
        }
        return COFFER_OK;
}

static void test_each_failing_allocation_is_reported(void **state)
{
        (void)state;
        static uint8_t big[1 << 16];
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *list = make_container(document, COFFER_KIND_LIST), *value = NULL;
        coffer_tensor tensor = {
                .dtype = {.kind = 'M', .byte_order = '<', .item_size_bytes = 8, .datetime_unit = "25s"}};
        tensor.dims = 1;
        tensor.shape[0] = sizeof(big) / 16;
        tensor.strides_bytes[0] = 16;
        tensor.data = big;
        tensor.available_bytes = sizeof(big);
        assert_ok(coffer_value_tensor(document, &tensor, &value, NULL));
        append(document, list, value);
        assert_ok(coffer_value_complex(document, 1, 2, &value, NULL));
        append(document, list, value);
        assert_ok(coffer_value_bytes(document, coffer_cursor_of(big, sizeof(big)), true, &value, NULL));
        append(document, list, value);
        append(document, list, make_range(document, COFFER_KIND_SET, 3));
        append(document, list, make_global(document, "mod", "A.b"));
        coffer_document_set_root(document, list);
        test_alloc_fail_each(write_once, document);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_values_have_the_bytes_and_keys_of_cpython),
                leak_checked(test_ints_take_the_shortest_opcode),
                leak_checked(test_floats_are_big_endian),
                leak_checked(test_equal_keys_of_json_are_one_object_and_equal_strings_are_not),
                leak_checked(test_short_strings_are_one_object_as_in_cpython),
                leak_checked(test_bytes_and_sets_at_protocol_2_are_calls),
                leak_checked(test_complex_and_bytearray_are_calls),
                leak_checked(test_batches_of_a_thousand),
                leak_checked(test_items_of_an_object_end_with_a_single_one),
                leak_checked(test_tuple_in_itself_is_taken_from_the_memo),
                leak_checked(test_long_tuple_and_frozenset_in_themselves),
                leak_checked(test_object_in_its_own_state),
                leak_checked(test_tuple_right_in_itself_is_over_the_limit),
                leak_checked(test_tuple_that_many_of_its_lists_hold_is_over_the_limit),
                leak_checked(test_deep_nesting_needs_no_recursion),
                leak_checked(test_globals_of_one_name_are_one_object),
                leak_checked(test_names_at_protocol_2_are_those_of_python_2),
                leak_checked(test_dotted_name_at_protocol_2_is_a_getattr),
                leak_checked(test_names_that_no_unpickler_takes_are_refused),
                leak_checked(test_extension_codes_and_persistent_ids),
                leak_checked(test_frame_ends_at_the_first_value_behind_64_kib),
                leak_checked(test_big_data_stands_outside_of_frames_and_is_not_copied),
                leak_checked(test_bytes_over_4_gib),
                leak_checked(test_value_whose_head_alone_was_read_is_refused),
                leak_checked(test_other_protocols_are_refused),
                leak_checked(test_tensors_of_any_order_keep_their_elements),
                leak_checked(test_big_tensor_is_not_copied),
                leak_checked(test_array_of_objects),
                leak_checked(test_each_failing_allocation_is_reported),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
