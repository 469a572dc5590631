/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include <coffer/alloc.h>
#include <coffer/bytes.h>

#include "util/cleanup.h"
#include "util/cursor.h"

static void count_release(void *owner)
{
        (*(int *)owner)++;
}

static coffer_bytes *bytes_of(const char *first, const char *second)
{
        coffer_bytes *bytes = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_copy(bytes, coffer_cursor_text(first), NULL));
        assert_ok(coffer_bytes_append_copy(bytes, coffer_cursor_text(second), NULL));
        return bytes;
}

static void test_new_is_empty(void **state)
{
        (void)state;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        coffer_cursor all;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_int_equal(coffer_bytes_size(bytes), 0);
        assert_int_equal(coffer_bytes_segment_count(bytes), 0);
        assert_cursor(coffer_bytes_segment(bytes, 0), "");
        assert_ok(coffer_bytes_contiguous(bytes, &all, NULL));
        assert_cursor(all, "");
}

static void test_segments_keep_their_order(void **state)
{
        (void)state;
        _cleanup_bytes_ coffer_bytes *bytes = bytes_of("head", "body");
        assert_ok(coffer_bytes_append_borrow(bytes, coffer_cursor_text("tail"), NULL, NULL, NULL));
        assert_int_equal(coffer_bytes_size(bytes), 12);
        assert_int_equal(coffer_bytes_segment_count(bytes), 3);
        assert_cursor(coffer_bytes_segment(bytes, 0), "head");
        assert_cursor(coffer_bytes_segment(bytes, 2), "tail");
        assert_cursor(coffer_bytes_segment(bytes, 3), "");
}

static void test_copy_does_not_depend_on_its_source(void **state)
{
        (void)state;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        char source[] = "data";
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_copy(bytes, coffer_cursor_text(source), NULL));
        memset(source, 'x', sizeof(source));
        assert_cursor(coffer_bytes_segment(bytes, 0), "data");
}

static void test_take_owns_the_memory(void **state)
{
        (void)state;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        char *memory = coffer_strdup("mine");
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_take(bytes, memory, 4, NULL));
        assert_ptr_equal(coffer_bytes_segment(bytes, 0).data, memory);
}

static void test_borrow_releases_once_at_the_end(void **state)
{
        (void)state;
        int released = 0;
        coffer_bytes *bytes = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_borrow(bytes, coffer_cursor_text("x"), count_release, &released, NULL));
        coffer_bytes *second = coffer_bytes_ref(bytes);
        coffer_bytes_unref(bytes);
        assert_int_equal(released, 0);
        coffer_bytes_unref(second);
        assert_int_equal(released, 1);
}

static void test_empty_segments_are_released_and_left_out(void **state)
{
        (void)state;
        int released = 0;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_borrow(bytes, coffer_cursor_text(""), count_release, &released, NULL));
        assert_ok(coffer_bytes_append_take(bytes, coffer_alloc(1), 0, NULL));
        assert_ok(coffer_bytes_append_copy(bytes, (coffer_cursor){NULL, 0}, NULL));
        assert_int_equal(released, 1);
        assert_int_equal(coffer_bytes_segment_count(bytes), 0);
}

static void test_share_refers_to_the_other_and_keeps_it(void **state)
{
        (void)state;
        coffer_bytes *inner = bytes_of("ab", "cd");
        _cleanup_bytes_ coffer_bytes *outer = bytes_of("1", "2");
        const uint8_t *memory = coffer_bytes_segment(inner, 1).data;
        assert_ok(coffer_bytes_append_share(outer, inner, NULL));
        coffer_bytes_unref(inner);
        assert_int_equal(coffer_bytes_segment_count(outer), 4);
        assert_int_equal(coffer_bytes_size(outer), 6);
        assert_ptr_equal(coffer_bytes_segment(outer, 3).data, memory);
        assert_cursor(coffer_bytes_segment(outer, 3), "cd");
}

static void test_share_of_itself_is_refused(void **state)
{
        (void)state;
        _cleanup_bytes_ coffer_bytes *bytes = bytes_of("a", "b");
        assert_status(coffer_bytes_append_share(bytes, bytes, NULL), COFFER_INVALID);
}

static void test_shared_sequence_cannot_grow(void **state)
{
        (void)state;
        int released = 0;
        coffer_error error = COFFER_ERROR_INIT;
        _cleanup_bytes_ coffer_bytes *bytes = bytes_of("a", "b");
        _cleanup_bytes_ coffer_bytes *second = coffer_bytes_ref(bytes);
        assert_ptr_equal(second, bytes);
        assert_status(coffer_bytes_append_copy(bytes, coffer_cursor_text("c"), &error), COFFER_STATE);
        assert_status(coffer_bytes_append_borrow(bytes, coffer_cursor_text("c"), count_release, &released, &error),
                      COFFER_STATE);
        assert_int_equal(released, 0);
        assert_int_equal(coffer_bytes_size(bytes), 2);
}

static void test_contiguous_of_one_segment_copies_nothing(void **state)
{
        (void)state;
        _cleanup_bytes_ coffer_bytes *bytes = bytes_of("all", "");
        coffer_cursor all;
        test_alloc_fail_at(1);
        assert_ok(coffer_bytes_contiguous(bytes, &all, NULL));
        assert_ptr_equal(all.data, coffer_bytes_segment(bytes, 0).data);
}

static void test_contiguous_joins_once(void **state)
{
        (void)state;
        _cleanup_bytes_ coffer_bytes *bytes = bytes_of("one", "two");
        coffer_cursor first, second;
        assert_ok(coffer_bytes_contiguous(bytes, &first, NULL));
        assert_cursor(first, "onetwo");
        assert_ok(coffer_bytes_contiguous(bytes, &second, NULL));
        assert_ptr_equal(first.data, second.data);
        assert_status(coffer_bytes_append_copy(bytes, coffer_cursor_text("c"), NULL), COFFER_STATE);
}

static void test_size_over_the_address_space_is_refused(void **state)
{
        (void)state;
        _cleanup_bytes_ coffer_bytes *bytes = bytes_of("a", "b");
        coffer_cursor huge = coffer_cursor_of("x", SIZE_MAX);
        assert_status(coffer_bytes_append_borrow(bytes, huge, NULL, NULL, NULL), COFFER_LIMIT);
        assert_int_equal(coffer_bytes_size(bytes), 2);
}

static void test_null_has_no_references(void **state)
{
        (void)state;
        assert_null(coffer_bytes_ref(NULL));
        coffer_bytes_unref(NULL);
}

static void test_stream_crosses_segments(void **state)
{
        (void)state;
        coffer_bytes *bytes = bytes_of("abc", "defg");
        _cleanup_stream_ coffer_stream *stream = NULL;
        char buffer[8];
        size_t got;
        assert_ok(coffer_bytes_open_stream(bytes, &stream, NULL));
        coffer_bytes_unref(bytes); /* the stream keeps it */
        assert_ok(stream->read(stream, buffer, 2, &got, NULL));
        assert_cursor(coffer_cursor_of(buffer, got), "ab");
        assert_ok(stream->read(stream, buffer, 4, &got, NULL));
        assert_cursor(coffer_cursor_of(buffer, got), "cdef");
        assert_ok(stream->read(stream, buffer, sizeof(buffer), &got, NULL));
        assert_cursor(coffer_cursor_of(buffer, got), "g");
        assert_ok(stream->read(stream, buffer, sizeof(buffer), &got, NULL));
        assert_int_equal(got, 0);
}

static coffer_status build_and_join(void *user, coffer_error *error)
{
        (void)user;
        _cleanup_bytes_ coffer_bytes *inner = NULL;
        _cleanup_bytes_ coffer_bytes *outer = NULL;
        _cleanup_stream_ coffer_stream *stream = NULL;
        coffer_cursor all;
        COFFER_TRY(coffer_bytes_new(&inner, error));
        COFFER_TRY(coffer_bytes_append_copy(inner, coffer_cursor_text("ab"), error));
        COFFER_TRY(coffer_bytes_append_copy(inner, coffer_cursor_text("cd"), error));
        COFFER_TRY(coffer_bytes_new(&outer, error));
        COFFER_TRY(coffer_bytes_append_share(outer, inner, error));
        COFFER_TRY(coffer_bytes_contiguous(outer, &all, error));
        COFFER_TRY(coffer_bytes_open_stream(outer, &stream, error));
        assert_cursor(all, "abcd");
        return COFFER_OK;
}

static void test_every_allocation_may_fail(void **state)
{
        (void)state;
        test_alloc_fail_each(build_and_join, NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_new_is_empty),
                leak_checked(test_segments_keep_their_order),
                leak_checked(test_copy_does_not_depend_on_its_source),
                leak_checked(test_take_owns_the_memory),
                leak_checked(test_borrow_releases_once_at_the_end),
                leak_checked(test_empty_segments_are_released_and_left_out),
                leak_checked(test_share_refers_to_the_other_and_keeps_it),
                leak_checked(test_share_of_itself_is_refused),
                leak_checked(test_shared_sequence_cannot_grow),
                leak_checked(test_contiguous_of_one_segment_copies_nothing),
                leak_checked(test_contiguous_joins_once),
                leak_checked(test_size_over_the_address_space_is_refused),
                leak_checked(test_null_has_no_references),
                leak_checked(test_stream_crosses_segments),
                leak_checked(test_every_allocation_may_fail),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
