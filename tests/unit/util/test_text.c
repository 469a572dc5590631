/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <coffer/alloc.h>
#include "util/text.h"

static void test_text_of_any_length_is_formatted(void **state)
{
        (void)state;
        char *text = NULL;
        assert_ok(coffer_text_format(&text, NULL, "%s/%d.%s", "Flow", 3, "data.json"));
        assert_string_equal(text, "Flow/3.data.json");
        coffer_free(text);
        assert_ok(coffer_text_format(&text, NULL, "%*s", 5000, "end"));
        assert_string_equal(text + 4997, "end");
        coffer_free(text);
}

static coffer_status format_text(void *user, coffer_error *error)
{
        char *text;
        (void)user;
        coffer_status status = coffer_text_format(&text, error, "%d", 1);
        if (status == COFFER_OK)
                coffer_free(text);
        return status;
}

static void test_no_memory_is_an_error(void **state)
{
        (void)state;
        test_alloc_fail_each(format_text, NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_text_of_any_length_is_formatted),
                leak_checked(test_no_memory_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
