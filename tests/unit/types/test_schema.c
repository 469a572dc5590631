/* SPDX-License-Identifier: Apache-2.0 */
/* Checking values against schemas. */
#include "types_fixture.h"

static coffer_status check(const char *schema, const char *json, coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        assert_ok(coffer_document_from_json(coffer_cursor_text(json), &document, NULL));
        return coffer_schema_check(coffer_cursor_text(schema), coffer_document_root(document), error);
}

static void assert_fits(const char *schema, const char *json)
{
        coffer_error error = COFFER_ERROR_INIT;
        if (check(schema, json, &error) != COFFER_OK)
                fail_msg("%s, %s: %s", schema, json, error.message);
}

static void assert_misfit(const char *schema, const char *json, const char *message)
{
        coffer_error error = COFFER_ERROR_INIT;
        assert_status(check(schema, json, &error), COFFER_MALFORMED);
        assert_string_equal(error.message, message);
}

static void types_of_values(void **state)
{
        (void)state;
        assert_fits("{\"type\":\"integer\"}", "5");
        assert_fits("{\"type\":\"integer\"}", "5.0");
        assert_fits("{\"type\":\"number\"}", "5.5");
        assert_fits("{\"type\":[\"string\",\"null\"]}", "null");
        assert_fits("{\"type\":\"boolean\"}", "true");
        assert_misfit("{\"type\":\"integer\"}", "5.5", "5.5 is not \"integer\"");
        assert_misfit("{\"type\":\"integer\"}", "true", "true is not \"integer\"");
        assert_misfit("{\"type\":[\"string\",\"null\"]}", "{}", "{} is not [\"string\",\"null\"]");
        assert_misfit("false", "1", "nothing is allowed here");
        assert_fits("true", "1");
}

static void bounds_keep_every_digit(void **state)
{
        (void)state;
        assert_fits("{\"minimum\":9223372036854775806}", "9223372036854775807");
        assert_misfit("{\"minimum\":9223372036854775807}", "9223372036854775806",
                      "9223372036854775806 is not at least 9223372036854775807");
        assert_misfit("{\"maximum\":0.5}", "1", "1 is not at most 0.5");
        assert_fits("{\"maximum\":0.5}", "\"text\"");
        assert_fits("{\"maximum\":5}", "-1e300");
}

static void numbers_of_any_size_are_compared(void **state)
{
        (void)state;
        assert_misfit("{\"maximum\":9223372036854775807}", "9223372036854775808",
                      "9223372036854775808 is not at most 9223372036854775807");
        assert_misfit("{\"minimum\":0}", "-9223372036854775809", "-9223372036854775809 is not at least 0");
        assert_fits("{\"minimum\":0}", "9223372036854775808");
}

static void mismatches_name_the_field(void **state)
{
        static const char schema[] = "{\"properties\":{\"a\":{\"items\":{\"type\":\"number\"},\"minItems\":1}},"
                                     "\"required\":[\"a\"],\"additionalProperties\":false}";
        (void)state;
        assert_fits(schema, "{\"a\":[1,2]}");
        assert_misfit(schema, "{\"a\":[1,\"2\"]}", ".a[1]: \"2\" is not \"number\"");
        assert_misfit(schema, "{\"a\":[]}", ".a: it has 0 items, not at least 1");
        assert_misfit(schema, "{}", ".a: it is required, but not there");
        assert_misfit(schema, "{\"a\":[1],\"b\":2}", ".b: nothing is allowed here");
}

static void prefix_items_come_before_items(void **state)
{
        static const char schema[] = "{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"number\"}}";
        (void)state;
        assert_fits(schema, "[\"a\",1,2]");
        assert_misfit(schema, "[\"a\",\"b\"]", "[1]: \"b\" is not \"number\"");
        assert_misfit(schema, "[1,1]", "[0]: 1 is not \"string\"");
}

static void choices(void **state)
{
        static const char any[] = "{\"anyOf\":[{\"type\":\"null\"},{\"const\":[1]}]}";
        (void)state;
        assert_fits(any, "null");
        assert_fits(any, "[1]");
        assert_misfit(any, "[2]", "[2] is not [1]");
        assert_misfit("{\"enum\":[1,\"a\"]}", "2", "2 is not [1,\"a\"]");
        assert_misfit("{\"propertyNames\":{\"enum\":[\"k\"]}}", "{\"l\":1}", ".l: \"l\" is not [\"k\"]");
}

static void what_is_not_known_is_an_error(void **state)
{
        static const char *const schemas[] = {"{\"$ref\":\"#\"}",
                                              "{\"pattern\":\".\"}",
                                              "{\"type\":5}",
                                              "{\"anyOf\":[]}",
                                              "{\"enum\":1}",
                                              "{\"required\":[1]}",
                                              "{\"prefixItems\":{}}",
                                              "{\"properties\":[]}",
                                              "{\"minItems\":\"one\"}",
                                              "5",
                                              "{\"maximum\":\"large\"}",
                                              "{\"additionalProperties\":7}",
                                              "{\"type\":\"whole\"}"};
        (void)state;
        for (size_t i = 0; i < ARRAY_COUNT(schemas); i++)
                assert_status(check(schemas[i], "{\"a\":1}", NULL), COFFER_UNSUPPORTED);
        assert_status(check("{", "1", NULL), COFFER_MALFORMED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(types_of_values),
                leak_checked(bounds_keep_every_digit),
                leak_checked(numbers_of_any_size_are_compared),
                leak_checked(mismatches_name_the_field),
                leak_checked(prefix_items_come_before_items),
                leak_checked(choices),
                leak_checked(what_is_not_known_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
