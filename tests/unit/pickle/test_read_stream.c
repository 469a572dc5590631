/* SPDX-License-Identifier: Apache-2.0 */
/* Reading from a stream, and keeping only heads of texts. */
#include "test.h"
#include "pickle_asm.h"
#include "pickle_reading.h"
#include "util/buf.h"

#include <string.h>

static coffer_pickle_read_options keeping(uint64_t keep_bytes)
{
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        options.keep_bytes = keep_bytes;
        return options;
}

static void test_head_is_kept_and_full_size_told(void **state)
{
        (void)state;
        coffer_pickle_read_options options = keeping(3);
        test_reads_as(PICKLE(P_SHORT_BINUNICODE "\x03"
                                                "abc" P_STOP),
                      &options, "'abc'");
        test_reads_as(PICKLE(P_SHORT_BINUNICODE "\x04"
                                                "abcd" P_STOP),
                      &options, "'abc'~4");
        test_reads_as(PICKLE(P_SHORT_BINBYTES "\x05\1\2\3\4\5" P_STOP), &options, "b'\\x01\\x02\\x03'~5");
        test_reads_as(PICKLE(P_BYTEARRAY8 "\x05\0\0\0\0\0\0\0"
                                          "abcde" P_STOP),
                      &options, "B'abc'~5");
        test_reads_as(PICKLE(P_SHORT_BINSTRING "\x04"
                                               "abcd" P_STOP),
                      &options, "'abc'~4");
        test_reads_as(PICKLE(P_SHORT_BINSTRING "\x04"
                                               "abc\xff" P_STOP),
                      &options, "b'abc'~4");
        test_reads_as(PICKLE(P_UNICODE "abcd\n" P_STOP), &options, "'abc'~4");
        test_reads_as(PICKLE(P_STRING "'abcd'\n" P_STOP), &options, "'abc'~4");
}

static void test_head_of_a_str_is_whole_characters(void **state)
{
        (void)state;
        coffer_pickle_read_options options = keeping(3);
        test_reads_as(PICKLE(P_SHORT_BINUNICODE "\x06\xc3\xa9\xc3\xa9\xc3\xa9" P_STOP), &options, "'\\xc3\\xa9'~6");
        test_reads_as(PICKLE(P_SHORT_BINUNICODE "\x05\xf0\x9f\x98\x80z" P_STOP), &options, "''~5");
}

static void test_dropped_tail_is_checked(void **state)
{
        (void)state;
        coffer_pickle_read_options options = keeping(1);
        test_fails_with(PICKLE(P_SHORT_BINUNICODE "\x04"
                                                  "abc\xff" P_STOP),
                        &options, COFFER_MALFORMED, "SHORT_BINUNICODE at offset 0: text is not valid UTF-8");
        test_fails_with(PICKLE(P_SHORT_BINUNICODE "\x04"
                                                  "ab\xe2\x82" P_STOP),
                        &options, COFFER_MALFORMED, "SHORT_BINUNICODE at offset 0: text is not valid UTF-8");
}

static void test_names_must_be_whole(void **state)
{
        (void)state;
        coffer_pickle_read_options options = keeping(1);
        test_fails_with(PICKLE(P_SHORT_BINUNICODE "\x02mm" P_SHORT_BINUNICODE "\x01n" P_STACK_GLOBAL P_STOP), &options,
                        COFFER_LIMIT, "STACK_GLOBAL at offset 7: a name is longer than the 1 bytes to be kept");
}

static void test_old_bytes_keep_their_size_when_cut(void **state)
{
        (void)state;
        coffer_pickle_read_options options = keeping(6);
        test_reads_as(PICKLE(P_GLOBAL "_codecs\nencode\n" P_BINUNICODE "\x09\0\0\0"
                                      "ab\xc3\xa9\xc3\xbf"
                                      "123" P_UNICODE "latin1\n" P_TUPLE2 P_REDUCE P_STOP),
                      &options, "b'ab\\xe9\\xff'~7");
        test_reads_as(PICKLE(P_GLOBAL "_codecs\nencode\n" P_BINUNICODE "\x08\0\0\0"
                                      "abcdef\xc4\x80" P_UNICODE "latin1\n" P_TUPLE2 P_REDUCE P_STOP),
                      &options, "call(_codecs:encode, ('abcdef'~8, 'latin1'))");
}

static void test_cut_keys_stay_apart(void **state)
{
        (void)state;
        coffer_pickle_read_options options = keeping(2);
        test_reads_as(PICKLE(P_EMPTY_DICT P_MARK P_UNICODE "abc\n" P_NONE P_UNICODE "abd\n" P_NONE P_SETITEMS P_STOP),
                      &options, "{'ab'~3: None, 'ab'~3: None}");
}

/* A stream that makes `size_bytes` of a large pickle as it goes: the head, then 'x', then STOP. */
typedef struct long_stream {
        coffer_stream base;
        coffer_cursor head;
        uint64_t body_left_bytes;
        bool stopped;
} long_stream;

static coffer_status long_read(coffer_stream *base, void *buffer, size_t capacity_bytes, size_t *got_bytes,
                               coffer_error *error)
{
        (void)error;
        long_stream *stream = (long_stream *)base;
        coffer_cursor part = {NULL, 0};
        if (stream->head.size_bytes > 0) {
                *got_bytes = stream->head.size_bytes;
                assert_true(coffer_cursor_take(&stream->head, stream->head.size_bytes, &part));
                memcpy(buffer, part.data, part.size_bytes);
        } else if (stream->body_left_bytes > 0) {
                *got_bytes =
                        stream->body_left_bytes < capacity_bytes ? (size_t)stream->body_left_bytes : capacity_bytes;
                memset(buffer, 'x', *got_bytes);
                stream->body_left_bytes -= *got_bytes;
        } else {
                *got_bytes = stream->stopped ? 0 : 1;
                *(char *)buffer = '.';
                stream->stopped = true;
        }
        return COFFER_OK;
}

enum { BODY_BYTES = 100 << 20 };

static coffer_status read_long(coffer_cursor head, const coffer_pickle_read_options *options, coffer_document **out)
{
        long_stream stream = {{long_read, NULL}, head, BODY_BYTES, false};
        coffer_error error = COFFER_ERROR_INIT;
        coffer_status status = coffer_pickle_read_stream(&stream.base, options, out, &error);
        if (status == COFFER_OK)
                assert_true(stream.stopped && stream.body_left_bytes == 0);
        return status;
}

static void test_long_text_is_read_in_little_memory(void **state)
{
        (void)state;
        coffer_pickle_read_options options = keeping(1000);
        options.max_bytes = 1 << 16;
        static const coffer_cursor heads[] = {
                {(const uint8_t *)(P_BINBYTES8 "\0\0\x40\x06\0\0\0\0"), 9},
                {(const uint8_t *)(P_BINUNICODE "\0\0\x40\x06"), 5},
                {(const uint8_t *)(P_BINSTRING "\0\0\x40\x06"), 5},
        };
        for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
                coffer_document *document = NULL;
                assert_ok(read_long(heads[i], &options, &document));
                const coffer_value *root = coffer_document_root(document);
                assert_int_equal(coffer_value_data(root).size_bytes, 1000);
                assert_int_equal(coffer_value_full_size(root), BODY_BYTES);
                coffer_document_unref(document);
        }
}

/* What came of texts that are cut. */
typedef struct pieces {
        size_t texts;
        uint64_t size_bytes, come_bytes;
        coffer_status answer;
} pieces;

static coffer_status take_piece(void *user, uint64_t size_bytes, uint64_t offset, coffer_cursor piece,
                                coffer_error *error)
{
        pieces *come = user;
        if (come->answer != COFFER_OK)
                return coffer_error_set(error, come->answer, "told to fail");
        if (offset == 0)
                *come = (pieces){come->texts + 1, size_bytes, 0, COFFER_OK};
        assert_int_equal(size_bytes, come->size_bytes);
        assert_int_equal(offset, come->come_bytes);
        for (size_t i = 0; i < piece.size_bytes; i++)
                assert_true(piece.data[i] == 'x');
        come->come_bytes += piece.size_bytes;
        return COFFER_OK;
}

static coffer_pickle_read_options taking(pieces *come, uint64_t keep_bytes)
{
        coffer_pickle_read_options options = keeping(keep_bytes);
        options.piece = take_piece;
        options.piece_user = come;
        return options;
}

static void test_all_of_a_cut_text_comes_in_pieces(void **state)
{
        (void)state;
        static const coffer_cursor head = {
                (const uint8_t *)(P_SHORT_BINBYTES "\x02zz" P_POP P_BINBYTES8 "\0\0\x40\x06\0\0\0\0"), 14};
        pieces come = {0};
        coffer_pickle_read_options options = taking(&come, 1000);
        coffer_document *document = NULL;
        assert_ok(read_long(head, &options, &document));
        coffer_document_unref(document);
        assert_int_equal(come.texts, 1);
        assert_int_equal(come.size_bytes, BODY_BYTES);
        assert_int_equal(come.come_bytes, BODY_BYTES);
}

static void test_cut_text_in_memory_comes_too(void **state)
{
        (void)state;
        pieces come = {0};
        coffer_pickle_read_options options = taking(&come, 3);
        test_reads_as(PICKLE(P_SHORT_BINUNICODE "\x03"
                                                "abc" P_POP P_SHORT_BINUNICODE "\x04"
                                                "xxxx" P_POP P_SHORT_BINBYTES "\x05"
                                                "xxxxx" P_STOP),
                      &options, "b'xxx'~5");
        assert_true(come.texts > 0 && come.texts % 2 == 0); /* it is read in several ways */
        assert_int_equal(come.size_bytes, 5);
        assert_int_equal(come.come_bytes, 5);
}

static void test_failure_of_who_takes_pieces_is_passed_on(void **state)
{
        (void)state;
        static const coffer_cursor head = {(const uint8_t *)(P_BINBYTES8 "\0\0\x40\x06\0\0\0\0"), 9};
        pieces come = {.answer = COFFER_WOULD_BLOCK};
        coffer_pickle_read_options options = taking(&come, 1000);
        coffer_document *document = NULL;
        assert_status(read_long(head, &options, &document), COFFER_WOULD_BLOCK);
        options.version = 1;
        assert_ok(read_long(head, &options, &document));
        coffer_document_unref(document);
}

static void test_long_text_that_is_kept_counts(void **state)
{
        (void)state;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        static const coffer_cursor head = {(const uint8_t *)(P_BINBYTES8 "\0\0\x40\x06\0\0\0\0"), 9};
        coffer_document *document = NULL;
        options.max_bytes = 50 << 20;
        assert_status(read_long(head, &options, &document), COFFER_LIMIT);
        options.max_bytes = 150 << 20;
        assert_ok(read_long(head, &options, &document));
        coffer_cursor data = coffer_value_data(coffer_document_root(document));
        assert_int_equal(data.size_bytes, BODY_BYTES);
        assert_true(data.data[0] == 'x' && data.data[BODY_BYTES - 1] == 'x');
        coffer_document_unref(document);
}

static void test_a_long_line_is_refused(void **state)
{
        (void)state;
        coffer_document *document = NULL;
        assert_status(read_long(PICKLE(P_UNICODE), NULL, &document), COFFER_LIMIT);
}

static void test_error_of_the_stream_is_passed_on(void **state)
{
        (void)state;
        static const coffer_status statuses[] = {COFFER_IO, COFFER_CORRUPT, COFFER_MALFORMED};
        static const coffer_cursor pickles[] = {
                {(const uint8_t *)P_NONE, 1},          /* where the next opcode should be */
                {(const uint8_t *)P_BININT "\1\2", 3}, /* inside an argument */
                {(const uint8_t *)P_INT "12", 3},      {(const uint8_t *)P_SHORT_BINBYTES "\x05z", 3},
                {(const uint8_t *)P_NONE P_STOP, 2}, /* only at the end */
        };
        for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
                for (size_t k = 0; k < sizeof(pickles) / sizeof(pickles[0]); k++) {
                        coffer_document *document = NULL;
                        coffer_error error = COFFER_ERROR_INIT;
                        coffer_stream *stream = test_stream_new(pickles[k], 1, statuses[i]);
                        assert_status(coffer_pickle_read_stream(stream, NULL, &document, &error), statuses[i]);
                        assert_string_equal(error.message, "the stream broke");
                        stream->close(stream);
                }
        }
}

static void test_stream_is_read_to_its_end(void **state)
{
        (void)state;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        options.allow_trailing = true;
        coffer_document *document = NULL;
        coffer_stream *stream = test_stream_new(PICKLE(P_NONE P_STOP "trailing"), 3, COFFER_CORRUPT);
        assert_status(coffer_pickle_read_stream(stream, &options, &document, NULL), COFFER_CORRUPT);
        stream->close(stream);
}

static coffer_status read_kept(void *user, coffer_error *error)
{
        coffer_pickle_read_options options = keeping(100000);
        coffer_document *document = NULL;
        COFFER_TRY(test_pickle_read(coffer_buf_cursor((const coffer_buf *)user), 1000, &options, &document, error));
        coffer_document_unref(document);
        return COFFER_OK;
}

static void test_every_failed_allocation_is_an_error(void **state)
{
        (void)state;
        coffer_buf pickle = COFFER_BUF_INIT(1 << 20);
        assert_ok(coffer_buf_append_cursor(&pickle, PICKLE(P_BINBYTES "\xa0\x86\x01\0"), NULL));
        for (int i = 0; i < 100000; i++)
                assert_ok(coffer_buf_append_byte(&pickle, 'z', NULL));
        assert_ok(coffer_buf_append_cursor(&pickle, PICKLE(P_BINUNICODE "\x40\x0d\x03\0"), NULL));
        for (int i = 0; i < 200000; i++)
                assert_ok(coffer_buf_append_byte(&pickle, 'z', NULL));
        assert_ok(coffer_buf_append_cursor(&pickle, PICKLE(P_TUPLE2 P_STOP), NULL));
        test_alloc_fail_each(read_kept, &pickle);
        coffer_buf_done(&pickle);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_head_is_kept_and_full_size_told),
                leak_checked(test_head_of_a_str_is_whole_characters),
                leak_checked(test_dropped_tail_is_checked),
                leak_checked(test_names_must_be_whole),
                leak_checked(test_old_bytes_keep_their_size_when_cut),
                leak_checked(test_cut_keys_stay_apart),
                leak_checked(test_long_text_is_read_in_little_memory),
                leak_checked(test_long_text_that_is_kept_counts),
                leak_checked(test_all_of_a_cut_text_comes_in_pieces),
                leak_checked(test_cut_text_in_memory_comes_too),
                leak_checked(test_failure_of_who_takes_pieces_is_passed_on),
                leak_checked(test_a_long_line_is_refused),
                leak_checked(test_error_of_the_stream_is_passed_on),
                leak_checked(test_stream_is_read_to_its_end),
                leak_checked(test_every_failed_allocation_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
