/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include <coffer/alloc.h>

static void test_nothing_is_still_memory(void **state)
{
        (void)state;
        void *memory = coffer_alloc(0);
        assert_non_null(memory);
        memory = coffer_realloc(memory, 0);
        assert_non_null(memory);
        coffer_free(memory);
        coffer_free(NULL);
}

static void test_zeroed_memory_is_zero(void **state)
{
        (void)state;
        static const char zeros[24];
        char *memory = coffer_alloc_zeroed(3, 8);
        assert_memory_equal(memory, zeros, sizeof(zeros));
        coffer_free(memory);
}

static void test_overflowing_product_gives_no_memory(void **state)
{
        (void)state;
        assert_null(coffer_alloc_zeroed(SIZE_MAX / 2, 3));
        char *memory = coffer_strdup("kept");
        assert_null(coffer_realloc_array(memory, SIZE_MAX / 4, 8));
        assert_string_equal(memory, "kept");
        coffer_free(memory);
}

static void test_realloc_array_keeps_contents(void **state)
{
        (void)state;
        uint32_t *numbers = coffer_realloc_array(NULL, 2, sizeof(*numbers));
        numbers[0] = 7;
        numbers[1] = 8;
        numbers = coffer_realloc_array(numbers, 1000, sizeof(*numbers));
        assert_int_equal(numbers[0], 7);
        assert_int_equal(numbers[1], 8);
        coffer_free(numbers);
}

static void test_strings_are_copied(void **state)
{
        (void)state;
        const char unterminated[] = {'a', 'b', 'c'};
        char *whole = coffer_strdup("artifact");
        char *longer = coffer_strndup("artifact", 100);
        char *cut = coffer_strndup(unterminated, 2);
        assert_string_equal(whole, "artifact");
        assert_string_equal(longer, "artifact");
        assert_string_equal(cut, "ab");
        coffer_free(whole);
        coffer_free(longer);
        coffer_free(cut);
}

static void test_failing_allocator_gives_null(void **state)
{
        (void)state;
        test_alloc_fail_at(1);
        assert_null(coffer_strdup("text"));
        test_alloc_fail_at(2);
        char *text = coffer_strdup("text");
        assert_null(coffer_realloc(text, 100));
        assert_int_equal(test_alloc_count(), 2);
        assert_string_equal(text, "text");
        coffer_free(text);
}

static void *allocate_and_note(void *user, size_t size_bytes)
{
        *(size_t *)user += size_bytes;
        return malloc(size_bytes);
}

static void *resize_and_note(void *user, void *memory, size_t size_bytes)
{
        *(size_t *)user += size_bytes;
        return realloc(memory, size_bytes);
}

static void release_and_note(void *user, void *memory)
{
        *(size_t *)user += 1000000;
        free(memory);
}

static void test_installed_allocator_gets_every_call(void **state)
{
        (void)state;
        size_t sum = 0;
        coffer_allocator allocator = {allocate_and_note, resize_and_note, release_and_note, &sum};
        coffer_set_allocator(&allocator);
        memset(&allocator, 0, sizeof(allocator)); /* it was copied */
        coffer_free(coffer_realloc(coffer_alloc(10), 100));
        coffer_set_allocator(NULL);
        coffer_free(coffer_alloc(10));
        assert_int_equal(sum, 1000110);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_nothing_is_still_memory),
                leak_checked(test_zeroed_memory_is_zero),
                leak_checked(test_overflowing_product_gives_no_memory),
                leak_checked(test_realloc_array_keeps_contents),
                leak_checked(test_strings_are_copied),
                leak_checked(test_failing_allocator_gives_null),
                leak_checked(test_installed_allocator_gets_every_call),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
