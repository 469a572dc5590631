/* SPDX-License-Identifier: Apache-2.0 */
#include "value_fixture.h"

static void test_simple_type_is_read_from_its_text(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_dtype dtype;
        assert_int_equal(coffer_dtype_parse(document, coffer_cursor_text("'<M8[25s]'"), &dtype, NULL), COFFER_OK);
        assert_int_equal(dtype.kind, 'M');
        assert_int_equal(dtype.item_size_bytes, 8);
        assert_string_equal(dtype.datetime_unit, "25s");
}

static void test_fields_are_read_from_a_list(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_dtype dtype;
        assert_int_equal(
                coffer_dtype_parse(document, coffer_cursor_text("[('a', '<i4'), ('b', '>f8', (2,))]"), &dtype, NULL),
                COFFER_OK);
        assert_int_equal(dtype.field_count, 2);
        assert_string_equal(dtype.fields[1].name, "b");
        assert_int_equal(dtype.fields[1].offset_bytes, 4);
        assert_int_equal(dtype.item_size_bytes, 20);
}

static void test_what_describes_no_type_is_malformed(void **state)
{
        (void)state;
        static const char *const texts[] = {"", "'<q8'", "<f8", "[('a',)]", "{'a': 1}", "open('x')"};
        for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
                coffer_document *document _cleanup_document_ = make_document();
                coffer_dtype dtype;
                assert_int_equal(coffer_dtype_parse(document, coffer_cursor_text(texts[i]), &dtype, NULL),
                                 COFFER_MALFORMED);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_simple_type_is_read_from_its_text),
                leak_checked(test_fields_are_read_from_a_list),
                leak_checked(test_what_describes_no_type_is_malformed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
