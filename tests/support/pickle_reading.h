/* SPDX-License-Identifier: Apache-2.0 */
/* Reading pickles in tests, from memory and from streams, and saying in one line what came out. */
#ifndef COFFER_TESTS_PICKLE_READING_H
#define COFFER_TESTS_PICKLE_READING_H

#include <coffer/pickle.h>

/* A stream over `data` that gives at most `step_bytes` at a time, and then, with a `final_status` that is not
 * COFFER_OK, fails with it instead of ending. */
coffer_stream *test_stream_new(coffer_cursor data, size_t step_bytes, coffer_status final_status);

/* Reads from memory (`step_bytes` 0) or from such a stream. */
coffer_status test_pickle_read(coffer_cursor pickle, size_t step_bytes, const coffer_pickle_read_options *options,
                               coffer_document **out, coffer_error *error);

/* A line that tells all of a value: 1, 'str', b'bytes', B'bytearray', [list], (tuple,), {dict: 1}, set{1},
 * frozenset{1}, module:global, ext(7), call(callable, (args)), new(...), new_ex(...) with .state=, .setter=, .items=,
 * .pairs= behind them, pid(x), buffer'x', readonly'x'; "^2" is the container two levels up, "~9" behind text the full
 * size of a cut one. Text of the library's allocator. */
char *test_value_text(const coffer_value *value);

/* Reads the pickle from memory and from streams; each time it must come to `text`. */
void test_reads_as(coffer_cursor pickle, const coffer_pickle_read_options *options, const char *text);

/* The same, but it must fail with `status` and exactly `message`. */
void test_fails_with(coffer_cursor pickle, const coffer_pickle_read_options *options, coffer_status status,
                     const char *message);

#define assert_reads(literal, text)          test_reads_as(PICKLE(literal), NULL, text)
#define assert_malformed(literal, message)   test_fails_with(PICKLE(literal), NULL, COFFER_MALFORMED, message)
#define assert_over_limit(literal, message)  test_fails_with(PICKLE(literal), NULL, COFFER_LIMIT, message)
#define assert_unsupported(literal, message) test_fails_with(PICKLE(literal), NULL, COFFER_UNSUPPORTED, message)

#endif
