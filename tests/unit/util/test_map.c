/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>

#include "util/cursor.h"
#include "util/hash.h"
#include "util/map.h"

static char one[] = "one", two[] = "two", three[] = "three";

static int freed;

static void count_free(void *value)
{
        (void)value;
        freed++;
}

static coffer_map *new_map(void (*free_value)(void *))
{
        coffer_map *map = NULL;
        freed = 0;
        assert_ok(coffer_map_new(free_value, &map, NULL));
        return map;
}

static void test_empty_map_has_nothing(void **state)
{
        (void)state;
        _cleanup_map_ coffer_map *map = new_map(NULL);
        assert_int_equal(coffer_map_count(map), 0);
        assert_false(coffer_map_has(map, "a"));
        assert_null(coffer_map_get(map, "a"));
        assert_false(coffer_map_remove(map, "a"));
        assert_null(coffer_map_key_at(map, 0));
        assert_null(coffer_map_value_at(map, 0));
        coffer_map_clear(map);
        coffer_map_free(NULL);
}

static void test_order_is_that_of_insertion(void **state)
{
        (void)state;
        _cleanup_map_ coffer_map *map = new_map(NULL);
        assert_ok(coffer_map_set(map, "z", one, NULL));
        assert_ok(coffer_map_set(map, "a", two, NULL));
        assert_ok(coffer_map_set(map, "z", three, NULL));
        assert_int_equal(coffer_map_count(map), 2);
        assert_string_equal(coffer_map_key_at(map, 0), "z");
        assert_ptr_equal(coffer_map_value_at(map, 0), three);
        assert_string_equal(coffer_map_key_at(map, 1), "a");
        assert_ptr_equal(coffer_map_get(map, "a"), two);
}

static void test_null_values_make_a_set(void **state)
{
        (void)state;
        _cleanup_map_ coffer_map *map = new_map(count_free);
        assert_ok(coffer_map_set(map, "member", NULL, NULL));
        assert_true(coffer_map_has(map, "member"));
        assert_null(coffer_map_get(map, "member"));
        assert_true(coffer_map_remove(map, "member"));
        assert_int_equal(freed, 0);
}

static void test_keys_are_copied(void **state)
{
        (void)state;
        _cleanup_map_ coffer_map *map = new_map(NULL);
        char key[] = "key";
        assert_ok(coffer_map_set(map, key, one, NULL));
        key[0] = 'x';
        assert_true(coffer_map_has(map, "key"));
        assert_false(coffer_map_has(map, "xey"));
        assert_string_equal(coffer_map_key(map, "key"), "key");
        assert_null(coffer_map_key(map, "xey"));
}

static void test_values_are_freed_once(void **state)
{
        (void)state;
        coffer_map *map = new_map(count_free);
        assert_ok(coffer_map_set(map, "a", one, NULL));
        assert_ok(coffer_map_set(map, "a", one, NULL)); /* the same one: still needed */
        assert_int_equal(freed, 0);
        assert_ok(coffer_map_set(map, "a", two, NULL));
        assert_int_equal(freed, 1);
        assert_ok(coffer_map_set(map, "b", one, NULL));
        assert_true(coffer_map_remove(map, "b"));
        assert_int_equal(freed, 2);
        coffer_map_free(map);
        assert_int_equal(freed, 3);
}

static void test_remove_moves_later_entries_up(void **state)
{
        (void)state;
        _cleanup_map_ coffer_map *map = new_map(NULL);
        assert_ok(coffer_map_set(map, "a", one, NULL));
        assert_ok(coffer_map_set(map, "b", two, NULL));
        assert_ok(coffer_map_set(map, "c", three, NULL));
        assert_true(coffer_map_remove(map, "a"));
        assert_false(coffer_map_has(map, "a"));
        assert_string_equal(coffer_map_key_at(map, 0), "b");
        assert_ptr_equal(coffer_map_get(map, "c"), three);
        assert_ok(coffer_map_set(map, "a", one, NULL));
        assert_string_equal(coffer_map_key_at(map, 2), "a");
}

static void test_clear_leaves_a_usable_map(void **state)
{
        (void)state;
        _cleanup_map_ coffer_map *map = new_map(count_free);
        assert_ok(coffer_map_set(map, "a", one, NULL));
        coffer_map_clear(map);
        assert_int_equal(freed, 1);
        assert_int_equal(coffer_map_count(map), 0);
        assert_false(coffer_map_has(map, "a"));
        assert_ok(coffer_map_set(map, "a", two, NULL));
        assert_ptr_equal(coffer_map_get(map, "a"), two);
}

static void test_many_keys_are_found(void **state)
{
        (void)state;
        _cleanup_map_ coffer_map *map = new_map(NULL);
        enum { COUNT = 5000 };
        char key[32];
        for (int i = 0; i < COUNT; i++) {
                snprintf(key, sizeof(key), "key-%d", i);
                assert_ok(coffer_map_set(map, key, one + i % 2, NULL));
        }
        for (int i = 0; i < COUNT; i += 500) {
                snprintf(key, sizeof(key), "key-%d", i);
                assert_true(coffer_map_remove(map, key));
        }
        assert_int_equal(coffer_map_count(map), COUNT - 10);
        for (int i = 0; i < COUNT; i++) {
                snprintf(key, sizeof(key), "key-%d", i);
                assert_ptr_equal(coffer_map_get(map, key), i % 500 == 0 ? NULL : one + i % 2);
        }
        assert_string_equal(coffer_map_key_at(map, 0), "key-1");
}

static coffer_status fill(void *user, coffer_error *error)
{
        (void)user;
        _cleanup_map_ coffer_map *map = NULL;
        COFFER_TRY(coffer_map_new(NULL, &map, error));
        char key[] = "a";
        for (; key[0] < 'a' + 20; key[0]++) {
                coffer_status status = coffer_map_set(map, key, one, error);
                assert_int_equal(coffer_map_has(map, key), status == COFFER_OK);
                assert_int_equal(coffer_map_count(map), (size_t)(key[0] - 'a') + (status == COFFER_OK));
                COFFER_TRY(status);
        }
        return COFFER_OK;
}

static void test_every_allocation_may_fail(void **state)
{
        (void)state;
        test_alloc_fail_each(fill, NULL);
}

/* CPython hashes bytes with SipHash-1-3 too; under PYTHONHASHSEED=0 its key is zero. */
static void test_hash_is_siphash(void **state)
{
        (void)state;
        uint8_t counting[63];
        for (size_t i = 0; i < sizeof(counting); i++)
                counting[i] = (uint8_t)i;
        assert_true(coffer_hash_keyed(coffer_cursor_text("a"), 0, 0) == UINT64_C(0x407448d2b89b1813));
        assert_true(coffer_hash_keyed(coffer_cursor_text("1234567"), 0, 0) == UINT64_C(0xa33d651594fdae81));
        assert_true(coffer_hash_keyed(coffer_cursor_text("12345678"), 0, 0) == UINT64_C(0x3489982430560a87));
        assert_true(coffer_hash_keyed(coffer_cursor_text("123456789"), 0, 0) == UINT64_C(0x0fbc0f0007965fcf));
        assert_true(coffer_hash_keyed(coffer_cursor_of(counting, 63), 0, 0) == UINT64_C(0x385d3e39e5f37359));
}

static void test_hash_depends_on_key_and_data(void **state)
{
        (void)state;
        coffer_cursor text = coffer_cursor_text("text");
        assert_true(coffer_hash_keyed(text, 1, 0) != coffer_hash_keyed(text, 0, 0));
        assert_true(coffer_hash_keyed(text, 0, 1) != coffer_hash_keyed(text, 0, 0));
        assert_true(coffer_hash(text) == coffer_hash(text));
        assert_true(coffer_hash(text) != coffer_hash_keyed(text, 0, 0));
        assert_true(coffer_hash(text) != coffer_hash(coffer_cursor_of("text", 5)));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_empty_map_has_nothing),        leak_checked(test_order_is_that_of_insertion),
                leak_checked(test_null_values_make_a_set),       leak_checked(test_keys_are_copied),
                leak_checked(test_values_are_freed_once),        leak_checked(test_remove_moves_later_entries_up),
                leak_checked(test_clear_leaves_a_usable_map),    leak_checked(test_many_keys_are_found),
                leak_checked(test_every_allocation_may_fail),    leak_checked(test_hash_is_siphash),
                leak_checked(test_hash_depends_on_key_and_data),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
