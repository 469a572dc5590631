/* SPDX-License-Identifier: Apache-2.0 */
/* What an unpickler would import, call and change: told, not done. */
#include "test.h"
#include "pickle_asm.h"
#include "pickle_reading.h"
#include "util/cleanup.h"

#define CLASS P_GLOBAL "m\nC\n"

static void test_globals(void **state)
{
        (void)state;
        assert_reads(P_GLOBAL "os\nsystem\n" P_STOP, "os:system");
        assert_reads(P_PROTO "\x04" P_SHORT_BINUNICODE "\x01m" P_SHORT_BINUNICODE "\x03"
                             "A.B" P_STACK_GLOBAL P_STOP,
                     "m:A.B");
        assert_reads(P_GLOBAL "m\r\nn x\n" P_STOP, "m\r:n x");
}

static void test_stack_global_takes_names_from_wherever_they_come(void **state)
{
        (void)state;
        assert_reads(P_UNICODE "m\n" P_PUT "0\n" P_POP P_GET "0\n" P_DUP P_STACK_GLOBAL P_STOP, "m:m");
}

static void test_old_names_of_protocols_0_to_2(void **state)
{
        (void)state;
        assert_reads(P_GLOBAL "__builtin__\nxrange\n" P_STOP, "builtins:range");
        assert_reads(P_GLOBAL "__builtin__\nobject\n" P_STOP, "builtins:object");
        assert_reads(P_GLOBAL "copy_reg\n_reconstructor\n" P_STOP, "copyreg:_reconstructor");
        assert_reads(P_GLOBAL "urllib\nquote\n" P_STOP, "urllib.parse:quote");
        assert_reads(P_GLOBAL "urllib\nother\n" P_STOP, "urllib:other");
        assert_reads(P_GLOBAL "whichdb\nx\n" P_STOP, "dbm:x");
        assert_reads(P_PROTO "\x02" P_GLOBAL "exceptions\nStandardError\n" P_STOP, "builtins:Exception");
        assert_reads(P_PROTO "\x03" P_GLOBAL "__builtin__\nxrange\n" P_STOP, "__builtin__:xrange");
}

static void test_extension_codes(void **state)
{
        (void)state;
        assert_reads(P_EXT1 "\xff" P_STOP, "ext(255)");
        assert_reads(P_EXT2 "\x00\x01" P_STOP, "ext(256)");
        assert_reads(P_EXT4 "\xff\xff\xff\x7f" P_STOP, "ext(2147483647)");
}

static void test_calls(void **state)
{
        (void)state;
        assert_reads(CLASS P_NONE P_TUPLE1 P_REDUCE P_STOP, "call(m:C, (None,))");
        assert_reads(CLASS P_EMPTY_TUPLE P_NEWOBJ P_STOP, "new(m:C, ())");
        assert_reads(CLASS P_EMPTY_TUPLE P_MARK P_UNICODE "k\n" P_NONE P_DICT P_NEWOBJ_EX P_STOP,
                     "new_ex(m:C, (), {'k': None})");
        assert_reads(P_MARK P_NONE P_INST "m\nC\n" P_STOP, "call(m:C, (None,))");
        assert_reads(P_MARK CLASS P_NONE P_NEWTRUE P_OBJ P_STOP, "call(m:C, (None, True))");
        assert_reads(P_EXT1 "\x01" P_EMPTY_TUPLE P_REDUCE P_STOP, "call(ext(1), ())");
        assert_reads(CLASS P_EMPTY_TUPLE P_REDUCE CLASS P_EMPTY_TUPLE P_REDUCE P_REDUCE P_STOP,
                     "call(call(m:C, ()), call(m:C, ()))");
}

static void test_what_can_not_be_called(void **state)
{
        (void)state;
        assert_malformed(P_NONE P_EMPTY_TUPLE P_REDUCE, "REDUCE at offset 2: None can't be called");
        assert_malformed(P_UNICODE "f\n" P_EMPTY_TUPLE P_NEWOBJ, "NEWOBJ at offset 4: a str can't be called");
        assert_malformed(CLASS P_EMPTY_LIST P_REDUCE, "REDUCE at offset 6: the arguments are a list, not a tuple");
        assert_malformed(CLASS P_NONE P_EMPTY_DICT P_NEWOBJ_EX,
                         "NEWOBJ_EX at offset 7: the arguments are None, not a tuple");
        assert_malformed(CLASS P_EMPTY_TUPLE P_NONE P_NEWOBJ_EX,
                         "NEWOBJ_EX at offset 7: the keyword arguments are None, not a dict");
        assert_malformed(P_MARK P_NONE P_OBJ, "OBJ at offset 2: None can't be called");
}

static void test_state_and_items_of_objects(void **state)
{
        (void)state;
        assert_reads(CLASS P_EMPTY_TUPLE P_NEWOBJ P_EMPTY_DICT P_BUILD P_STOP, "new(m:C, ()).state={}");
        assert_reads(CLASS P_EMPTY_TUPLE P_REDUCE P_MARK P_NONE P_NEWTRUE P_APPENDS P_NEWFALSE P_APPEND P_STOP,
                     "call(m:C, ()).items=[None, True, False]");
        assert_reads(CLASS P_EMPTY_TUPLE P_REDUCE P_MARK P_NONE P_NEWTRUE P_SETITEMS P_NEWTRUE P_NONE P_SETITEM P_STOP,
                     "call(m:C, ()).pairs={None: True, True: None}");
        assert_reads(CLASS P_EMPTY_TUPLE P_REDUCE P_MARK P_NONE P_ADDITEMS P_STOP, "call(m:C, ()).items=[None]");
}

static void test_state_of_anything_else(void **state)
{
        (void)state;
        assert_malformed(P_EMPTY_LIST P_NONE P_BUILD,
                         "BUILD at offset 2: it would change a list, not an object that the pickle makes");
        assert_unsupported(CLASS P_EMPTY_DICT P_BUILD,
                           "BUILD at offset 6: it would change a global, not an object that the pickle makes");
}

static void test_objects_in_cycles(void **state)
{
        (void)state;
        assert_reads(CLASS P_EMPTY_TUPLE P_NEWOBJ P_BINPUT "\x00" P_EMPTY_DICT P_NONE P_BINGET
                                                           "\x00" P_SETITEM P_BUILD P_STOP,
                     "new(m:C, ()).state={None: ^2}");
        assert_reads(CLASS P_EMPTY_TUPLE P_NEWOBJ P_BINPUT "\x00" P_BINGET "\x00" P_BUILD P_STOP,
                     "new(m:C, ()).state=^1");
}

static void test_persistent_ids(void **state)
{
        (void)state;
        assert_reads(P_PERSID "abc\n" P_STOP, "pid('abc')");
        assert_reads(P_PERSID "\n" P_STOP, "pid('')");
        assert_reads(P_NONE P_TUPLE1 P_BINPERSID P_STOP, "pid((None,))");
}

static void test_plain_values_made_by_calls(void **state)
{
        (void)state;
        assert_reads(P_PROTO "\x03" P_GLOBAL "builtins\ncomplex\n" P_FLOAT "1\n" P_FLOAT
                             "-2\n" P_TUPLE2 P_REDUCE P_STOP,
                     "(1-2j)");
        assert_reads(P_GLOBAL "__builtin__\nset\n" P_MARK P_NONE P_NONE P_LIST P_TUPLE1 P_REDUCE P_STOP, "set{None}");
        assert_reads(P_GLOBAL "__builtin__\nfrozenset\n" P_EMPTY_LIST P_TUPLE1 P_REDUCE P_STOP, "frozenset{}");
        assert_reads(P_GLOBAL "_codecs\nencode\n" P_UNICODE "a\xe9\xff\n" P_UNICODE "latin1\n" P_TUPLE2 P_REDUCE P_STOP,
                     "b'a\\xe9\\xff'");
        assert_reads(P_GLOBAL "__builtin__\nbytes\n" P_EMPTY_TUPLE P_REDUCE P_STOP, "b''");
        assert_reads(P_GLOBAL "__builtin__\nbytearray\n" P_EMPTY_TUPLE P_REDUCE P_STOP, "B''");
        assert_reads(P_GLOBAL "__builtin__\nbytearray\n" P_SHORT_BINBYTES "\x01z" P_TUPLE1 P_REDUCE P_STOP, "B'z'");
        assert_reads(P_GLOBAL "__builtin__\nbytearray\n" P_UNICODE "\xff\n" P_UNICODE
                              "latin-1\n" P_TUPLE2 P_REDUCE P_STOP,
                     "B'\\xff'");
}

static void test_other_arguments_leave_the_call(void **state)
{
        (void)state;
        assert_reads(P_GLOBAL "__builtin__\nset\n" P_UNICODE "ab\n" P_TUPLE1 P_REDUCE P_STOP,
                     "call(builtins:set, ('ab',))");
        assert_reads(P_GLOBAL "__builtin__\ncomplex\n" P_INT "1\n" P_INT "2\n" P_TUPLE2 P_REDUCE P_STOP,
                     "call(builtins:complex, (1, 2))");
        assert_reads(P_GLOBAL "_codecs\nencode\n" P_UNICODE "\\u0100\n" P_UNICODE "latin1\n" P_TUPLE2 P_REDUCE P_STOP,
                     "call(_codecs:encode, ('\\xc4\\x80', 'latin1'))");
        assert_reads(P_GLOBAL "_codecs\nencode\n" P_UNICODE "a\n" P_UNICODE "rot13\n" P_TUPLE2 P_REDUCE P_STOP,
                     "call(_codecs:encode, ('a', 'rot13'))");
        assert_reads(P_GLOBAL "__builtin__\nbytes\n" P_INT "5\n" P_TUPLE1 P_REDUCE P_STOP,
                     "call(builtins:bytes, (5,))");
        assert_malformed(P_GLOBAL "__builtin__\nset\n" P_MARK P_EMPTY_LIST P_LIST P_TUPLE1 P_REDUCE P_STOP,
                         "REDUCE at offset 21: a list can't be a key");
}

/* Reads the pickle and checks its root and what the root does not hold. */
static void check_unused(coffer_cursor pickle, const char *root_text, const char *unused_text)
{
        coffer_document *document = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        if (test_pickle_read(pickle, 0, NULL, &document, &error) != COFFER_OK)
                fail_msg("%s", error.message);
        char *text = test_value_text(coffer_document_root(document));
        assert_string_equal(text, root_text);
        coffer_free(text);
        text = coffer_document_unused(document) ? test_value_text(coffer_document_unused(document)) : NULL;
        assert_string_equal(text ? text : "nothing", unused_text);
        coffer_free(text);
        coffer_document_unref(document);
}

static void test_dropped_calls_are_told(void **state)
{
        (void)state;
        check_unused(PICKLE(P_NONE CLASS P_EMPTY_TUPLE P_REDUCE P_POP P_STOP), "None", "[call(m:C, ())]");
        check_unused(PICKLE(P_NONE P_MARK P_MARK CLASS P_OBJ P_POP_MARK P_STOP), "None", "[call(m:C, ())]");
        check_unused(PICKLE(P_MARK P_INST "m\nC\n" P_PUT "0\n" P_POP P_NONE P_STOP), "None", "[call(m:C, ())]");
        check_unused(PICKLE(P_EMPTY_DICT P_MARK P_NONE CLASS P_EMPTY_TUPLE P_NEWOBJ P_NONE P_NEWTRUE P_SETITEMS P_STOP),
                     "{None: True}", "[new(m:C, ())]");
        check_unused(PICKLE(P_NONE P_PERSID "x\n" P_POP P_STOP), "None", "[pid('x')]");
}

static void test_a_call_within_a_dropped_one_is_told_once(void **state)
{
        (void)state;
        check_unused(PICKLE(P_NONE CLASS CLASS P_EMPTY_TUPLE P_REDUCE P_TUPLE1 P_REDUCE P_POP P_STOP), "None",
                     "[call(m:C, (call(m:C, ()),))]");
}

static void test_dropped_values_that_are_used_are_not_told(void **state)
{
        (void)state;
        check_unused(PICKLE(CLASS P_EMPTY_TUPLE P_REDUCE P_PUT "0\n" P_POP P_GET "0\n" P_STOP), "call(m:C, ())",
                     "nothing");
        check_unused(PICKLE(P_NONE P_EMPTY_LIST P_POP P_STOP), "None", "nothing");
        check_unused(PICKLE(P_NEWTRUE CLASS P_POP P_STOP), "True", "nothing");
}

static void test_state_set_by_a_function(void **state)
{
        (void)state;
        check_unused(PICKLE(CLASS P_EMPTY_TUPLE P_REDUCE P_PUT "0\n" P_GLOBAL "m\nset\n" P_GET
                                                               "0\n" P_NONE P_TUPLE2 P_REDUCE P_POP P_STOP),
                     "call(m:C, ()).state=None.setter=m:set", "nothing");
}

static void test_a_second_state_replaces_the_first_which_is_told(void **state)
{
        (void)state;
        check_unused(PICKLE(CLASS P_EMPTY_TUPLE P_NEWOBJ P_NONE P_BUILD P_NEWTRUE P_BUILD P_STOP),
                     "new(m:C, ()).state=True", "[None]");
        check_unused(PICKLE(CLASS P_EMPTY_TUPLE P_NEWOBJ P_NONE P_BUILD P_NONE P_BUILD P_STOP),
                     "new(m:C, ()).state=None", "nothing");
}

static coffer_bytes *bytes_of(const char *text)
{
        coffer_bytes *bytes = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_copy(bytes, coffer_cursor_text(text), NULL));
        return bytes;
}

static void test_buffers_out_of_band(void **state)
{
        (void)state;
        coffer_bytes *buffers[] = {bytes_of("one"), bytes_of("two")};
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        options.buffers = buffers;
        options.buffer_count = 2;
        test_reads_as(PICKLE(P_PROTO "\x05" P_NEXT_BUFFER P_NEXT_BUFFER P_READONLY_BUFFER P_TUPLE2 P_STOP), &options,
                      "(buffer'one', readonly'two')");
        test_fails_with(PICKLE(P_PROTO "\x05" P_NEXT_BUFFER P_NEXT_BUFFER P_NEXT_BUFFER P_STOP), &options,
                        COFFER_UNSUPPORTED,
                        "NEXT_BUFFER at offset 4: the pickle refers to buffers outside of it, and only 2 were given");
        coffer_bytes_unref(buffers[0]);
        coffer_bytes_unref(buffers[1]);
}

static void test_buffers_outlive_the_callers_reference(void **state)
{
        (void)state;
        coffer_bytes *buffer = bytes_of("one");
        coffer_document *document = NULL;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        options.buffers = &buffer;
        options.buffer_count = 1;
        assert_ok(test_pickle_read(PICKLE(P_NEXT_BUFFER P_STOP), 0, &options, &document, NULL));
        coffer_bytes_unref(buffer);
        assert_cursor(coffer_value_data(coffer_document_root(document)), "one");
        coffer_document_unref(document);
}

static void test_read_only_views(void **state)
{
        (void)state;
        assert_reads(P_SHORT_BINBYTES "\x01z" P_READONLY_BUFFER P_STOP, "b'z'");
        assert_reads(P_BYTEARRAY8 "\x01\0\0\0\0\0\0\0z" P_READONLY_BUFFER P_STOP, "readonly'z'");
        assert_malformed(P_NONE P_READONLY_BUFFER, "READONLY_BUFFER at offset 1: None is no buffer");
}

static coffer_status read_objects(void *user, coffer_error *error)
{
        static const char pickle[] = CLASS P_EMPTY_TUPLE P_NEWOBJ P_PUT
                "0\n" P_NONE P_BUILD P_NEWTRUE P_BUILD P_MARK P_NONE P_APPENDS P_MARK P_NONE P_NONE P_SETITEMS P_GLOBAL
                "__builtin__\nset\n" P_MARK P_INT "1\n" P_LIST P_TUPLE1 P_REDUCE P_GLOBAL "_codecs\nencode\n" P_UNICODE
                "\xff\n" P_UNICODE "latin1\n" P_TUPLE2 P_REDUCE P_GLOBAL "m\nset\n" P_GET
                "0\n" P_NONE P_TUPLE2 P_REDUCE P_POP P_PERSID "x\n" P_PERSID "y\n" P_POP P_TUPLE3 P_TUPLE2 P_STOP;
        coffer_document *document = NULL;
        COFFER_TRY(
                test_pickle_read(coffer_cursor_of(pickle, sizeof(pickle) - 1), user ? 1 : 0, NULL, &document, error));
        coffer_document_unref(document);
        return COFFER_OK;
}

static void test_every_failed_allocation_is_an_error(void **state)
{
        test_alloc_fail_each(read_objects, NULL);
        test_alloc_fail_each(read_objects, state);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_globals),
                leak_checked(test_stack_global_takes_names_from_wherever_they_come),
                leak_checked(test_old_names_of_protocols_0_to_2),
                leak_checked(test_extension_codes),
                leak_checked(test_calls),
                leak_checked(test_what_can_not_be_called),
                leak_checked(test_state_and_items_of_objects),
                leak_checked(test_state_of_anything_else),
                leak_checked(test_objects_in_cycles),
                leak_checked(test_persistent_ids),
                leak_checked(test_plain_values_made_by_calls),
                leak_checked(test_other_arguments_leave_the_call),
                leak_checked(test_dropped_calls_are_told),
                leak_checked(test_a_call_within_a_dropped_one_is_told_once),
                leak_checked(test_dropped_values_that_are_used_are_not_told),
                leak_checked(test_state_set_by_a_function),
                leak_checked(test_a_second_state_replaces_the_first_which_is_told),
                leak_checked(test_buffers_out_of_band),
                leak_checked(test_buffers_outlive_the_callers_reference),
                leak_checked(test_read_only_views),
                leak_checked(test_every_failed_allocation_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
