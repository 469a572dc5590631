/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "value_fixture.h"

/* Sets both as keys of one dict of `others` other keys first, and tells whether they are one key. */
static bool are_one_key(coffer_document *document, const coffer_value *left, const coffer_value *right, int64_t others)
{
        coffer_value *dict = make_container(document, COFFER_KIND_DICT);
        for (int64_t i = 0; i < others; i++)
                set_item(document, dict, make_int(document, 1000000 + i), left);
        size_t before = coffer_value_count(dict);
        set_item(document, dict, left, left);
        set_item(document, dict, right, right);
        size_t added = coffer_value_count(dict) - before;
        assert_true(added == 1 || added == 2);
        if (added == 1) {
                assert_ptr_equal(coffer_value_key(dict, before), left); /* the first key stays, with the last value */
                assert_ptr_equal(coffer_value_item(dict, before), right);
        }
        return added == 1;
}

static void check_keys(coffer_document *document, const coffer_value *left, const coffer_value *right, bool equal)
{
        assert_int_equal(are_one_key(document, left, right, 0), equal);
        assert_int_equal(are_one_key(document, left, right, 20), equal);
        assert_int_equal(are_one_key(document, right, left, 20), equal);
}

static void test_numbers_are_equal_by_value(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *complex_one = NULL, *complex_other = NULL, *complex_same = NULL;
        assert_int_equal(coffer_value_complex(document, 1.0, 0.0, &complex_one, NULL), COFFER_OK);
        assert_int_equal(coffer_value_complex(document, 0.0, 2.0, &complex_other, NULL), COFFER_OK);
        assert_int_equal(coffer_value_complex(document, -0.0, 2.0, &complex_same, NULL), COFFER_OK);
        check_keys(document, make_int(document, 1), make_float(document, 1.0), true);
        check_keys(document, make_int(document, 1), make_bool(document, true), true);
        check_keys(document, make_float(document, 0.0), make_bool(document, false), true);
        check_keys(document, make_float(document, -0.0), make_float(document, 0.0), true);
        check_keys(document, complex_one, make_int(document, 1), true);
        check_keys(document, complex_other, complex_same, true);
        check_keys(document, complex_one, complex_other, false);
        check_keys(document, make_int(document, 1), make_float(document, 1.5), false);
        check_keys(document, make_int(document, 1), make_str(document, "1"), false);
        check_keys(document, make_int(document, 0), make_none(document), false);
        check_keys(document, make_float(document, INFINITY), make_float(document, INFINITY), true);
        check_keys(document, make_float(document, INFINITY), make_float(document, -INFINITY), false);
}

static void test_big_numbers_are_equal_by_value(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        const char *two_63 = "9223372036854775808", *minus_two_70 = "-1180591620717411303424";
        check_keys(document, make_big(document, two_63), make_big(document, two_63), true);
        check_keys(document, make_big(document, two_63), make_float(document, 0x1p63), true);
        check_keys(document, make_big(document, "-9223372036854775808"), make_float(document, -0x1p63), true);
        check_keys(document, make_big(document, minus_two_70), make_float(document, -0x1p70), true);
        check_keys(document, make_big(document, "1180591620717411303425"), make_float(document, 0x1p70), false);
        /* 2 ** 53 + 1 has no float of its own: the nearest one is another number. */
        check_keys(document, make_int(document, 9007199254740993), make_float(document, 9007199254740992.0), false);
        coffer_value *largest = make_float(document, 0x1.fffffffffffffp1023);
        check_keys(document, largest, make_float(document, 0x1.fffffffffffffp1023), true);
        check_keys(document, largest, make_float(document, 0x1.ffffffffffffep1023), false);
}

static void test_nan_is_only_itself(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *nan = make_float(document, NAN);
        check_keys(document, nan, nan, true);
        check_keys(document, nan, make_float(document, NAN), false);
}

static void test_text_is_equal_by_contents_and_kind(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        check_keys(document, make_str(document, "ab"), make_str(document, "ab"), true);
        check_keys(document, make_str(document, ""), make_str(document, ""), true);
        check_keys(document, make_str(document, "ab"), make_bytes(document, "ab", 2), false);
        check_keys(document, make_bytes(document, "ab", 2), make_bytes(document, "ab", 2), true);
        check_keys(document, make_global(document, "m", "f"), make_global(document, "m", "f"), true);
        check_keys(document, make_global(document, "m", "f"), make_global(document, "m", "g"), false);
        coffer_value *head = coffer_node_text_head(document, COFFER_KIND_STR, coffer_cursor_text("ab"), 100);
        coffer_value *other = coffer_node_text_head(document, COFFER_KIND_STR, coffer_cursor_text("ab"), 100);
        check_keys(document, head, head, true);
        check_keys(document, head, other, false);
}

static void test_tuples_are_equal_by_contents(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *one = make_int(document, 1), *also_one = make_float(document, 1.0);
        coffer_value *text = make_str(document, "x"), *same_text = make_str(document, "x");
        check_keys(document, TUPLE(document, 2, one, text), TUPLE(document, 2, also_one, same_text), true);
        check_keys(document, TUPLE(document, 2, one, text), TUPLE(document, 2, text, one), false);
        check_keys(document, make_container(document, COFFER_KIND_TUPLE), make_container(document, COFFER_KIND_TUPLE),
                   true);
        check_keys(document, TUPLE(document, 1, TUPLE(document, 1, one)),
                   TUPLE(document, 1, TUPLE(document, 1, also_one)), true);
        check_keys(document, TUPLE(document, 1, one), one, false);
        check_keys(document, TUPLE(document, 1, LIST(document, 1, one)), TUPLE(document, 1, LIST(document, 1, one)),
                   false);
}

static void test_frozensets_are_equal_in_any_order(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *one = make_int(document, 1), *two = make_int(document, 2), *three = make_int(document, 3);
        check_keys(document, make_items(document, COFFER_KIND_FROZENSET, 2, one, two),
                   make_items(document, COFFER_KIND_FROZENSET, 2, two, one), true);
        check_keys(document, make_items(document, COFFER_KIND_FROZENSET, 2, one, two),
                   make_items(document, COFFER_KIND_FROZENSET, 2, one, three), false);
        check_keys(document, make_items(document, COFFER_KIND_FROZENSET, 2, one, two), TUPLE(document, 2, one, two),
                   false);
}

static void test_unhashable_and_objects_count_by_identity(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *list = make_container(document, COFFER_KIND_LIST);
        coffer_value *callable = make_global(document, "m", "C");
        coffer_value *args = make_container(document, COFFER_KIND_TUPLE);
        check_keys(document, list, list, true);
        check_keys(document, list, make_container(document, COFFER_KIND_LIST), false);
        check_keys(document, make_object(document, COFFER_NEW, callable, args),
                   make_object(document, COFFER_NEW, callable, args), false);
}

static void test_key_can_no_longer_grow(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *tuple = TUPLE(document, 1, make_int(document, 1));
        coffer_value *set = make_container(document, COFFER_KIND_FROZENSET);
        append(document, set, tuple);
        append(document, set, make_container(document, COFFER_KIND_TUPLE));
        assert_int_equal(coffer_value_append(document, tuple, tuple, NULL), COFFER_STATE);
        append(document, set, make_int(document, 2));
}

static void test_dict_keeps_insertion_order(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *dict = make_container(document, COFFER_KIND_DICT);
        enum { COUNT = 5000 };
        for (int64_t round = 0; round < 2; round++) {
                for (int64_t i = 0; i < COUNT; i++) {
                        char name[16];
                        snprintf(name, sizeof(name), "key%d", (int)(i * 7919 % COUNT));
                        set_item(document, dict, make_str(document, name), make_int(document, i + round));
                }
        }
        assert_int_equal(coffer_value_count(dict), COUNT);
        for (int64_t i = 0; i < COUNT; i++) {
                char name[16];
                snprintf(name, sizeof(name), "key%d", (int)(i * 7919 % COUNT));
                assert_true(coffer_cursor_is(coffer_value_data(coffer_value_key(dict, (size_t)i)), name));
                assert_int_equal(int_of(coffer_value_lookup(dict, name)), i + 1);
        }
        assert_null(coffer_value_lookup(dict, "absent"));
}

static void test_pairs_of_one_batch_are_merged(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *dict = make_container(document, COFFER_KIND_DICT);
        coffer_value *key = make_str(document, "k"), *other = make_str(document, "l");
        const coffer_value *pairs[] = {key,
                                       make_int(document, 1),
                                       other,
                                       make_int(document, 2),
                                       make_str(document, "k"),
                                       make_int(document, 3)};
        assert_int_equal(coffer_node_update(document, dict, pairs, 3, NULL), COFFER_OK);
        assert_int_equal(coffer_value_count(dict), 2);
        assert_int_equal(int_of(coffer_value_lookup(dict, "k")), 3);
        for (int i = 0; i < 40; i++)
                set_item(document, dict, make_int(document, i), key);
        assert_int_equal(coffer_value_count(dict), 42);
        assert_int_equal(int_of(coffer_value_lookup(dict, "l")), 2);
}

static void test_set_drops_what_it_has(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *set = make_container(document, COFFER_KIND_SET);
        for (int i = 0; i < 3000; i++)
                append(document, set, make_int(document, 10000 + i % 1000));
        assert_int_equal(coffer_value_count(set), 1000);
        for (size_t i = 0; i < 1000; i++)
                assert_int_equal(int_of(coffer_value_item(set, i)), 10000 + i);
}

static void test_million_keys_with_equal_python_hashes_stay_fast(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *dict = make_container(document, COFFER_KIND_DICT);
        coffer_value *none = make_none(document);
        /* Multiples of 2 ** 61 - 1, all of which hash to 0 in CPython: 9 bytes each, little-endian. */
        for (uint64_t i = 1; i <= 1000000; i++) {
                __uint128_t number = ((__uint128_t)1 << 61) * i - i;
                uint8_t digits[16];
                memcpy(digits, &number, sizeof(digits));
                coffer_value *key = NULL;
                assert_int_equal(coffer_value_int_bytes(document, coffer_cursor_of(digits, 16), &key, NULL), COFFER_OK);
                assert_int_equal(coffer_value_set_item(document, dict, key, none, NULL), COFFER_OK);
        }
        assert_int_equal(coffer_value_count(dict), 1000000);
}

/* Tuples in tuples, `depth` deep around an int. */
static coffer_value *deep_tuple(coffer_document *document, size_t depth, size_t width)
{
        coffer_value *value = make_int(document, 5);
        for (size_t i = 0; i < depth; i++) {
                coffer_value *outer = make_container(document, COFFER_KIND_TUPLE);
                for (size_t j = 0; j < width; j++)
                        append(document, outer, value);
                value = outer;
        }
        return value;
}

static void test_deep_keys_do_not_recurse(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        check_keys(document, deep_tuple(document, 100000, 1), deep_tuple(document, 100000, 1), true);
        check_keys(document, deep_tuple(document, 100000, 1), deep_tuple(document, 99999, 1), false);
}

static void test_keys_of_parts_shared_many_times_do_not_hang(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        check_keys(document, deep_tuple(document, 2000, 2), deep_tuple(document, 2000, 2), true);
        check_keys(document, deep_tuple(document, 2000, 2), deep_tuple(document, 2001, 2), false);
}

static void test_key_that_contains_itself(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *left = make_container(document, COFFER_KIND_TUPLE);
        append(document, left, left);
        coffer_value *right = TUPLE(document, 2, left, make_int(document, 1));
        append(document, right, right);
        check_keys(document, left, left, true);
        check_keys(document, left, right, false);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_numbers_are_equal_by_value),
                leak_checked(test_big_numbers_are_equal_by_value),
                leak_checked(test_nan_is_only_itself),
                leak_checked(test_text_is_equal_by_contents_and_kind),
                leak_checked(test_tuples_are_equal_by_contents),
                leak_checked(test_frozensets_are_equal_in_any_order),
                leak_checked(test_unhashable_and_objects_count_by_identity),
                leak_checked(test_key_can_no_longer_grow),
                leak_checked(test_dict_keeps_insertion_order),
                leak_checked(test_pairs_of_one_batch_are_merged),
                leak_checked(test_set_drops_what_it_has),
                leak_checked(test_million_keys_with_equal_python_hashes_stay_fast),
                leak_checked(test_deep_keys_do_not_recurse),
                leak_checked(test_keys_of_parts_shared_many_times_do_not_hang),
                leak_checked(test_key_that_contains_itself),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
