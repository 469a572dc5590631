/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one descriptor. */
#include "test.h"

#include <string.h>

#include "serializer/descriptor.h"
#include "util/cursor.h"

/* Reads the first entry of `text`; the JSON has to outlive it. */
static coffer_descriptor_entry read_entry(const char *text, json_t **json)
{
        coffer_descriptor_entry entry;
        assert_ok(coffer_json_parse(coffer_cursor_text(text), "a test", json, NULL));
        assert_ok(coffer_descriptor_read(coffer_descriptor_at(*json, 0), "file-name", &entry, NULL));
        return entry;
}

static void assert_problem(const char *text, const char *expected)
{
        json_t *json;
        coffer_descriptor_entry entry = read_entry(text, &json);
        if (entry.problem.status == COFFER_OK || strcmp(entry.problem.message, expected) != 0)
                fail_msg("%s: '%s', not '%s'", text, entry.problem.message, expected);
        coffer_descriptor_entry_done(&entry);
        json_decref(json);
}

static void everything_that_can_be_said(void **state)
{
        json_t *json;
        (void)state;
        coffer_descriptor_entry entry = read_entry(
                "{\"name\": \"toy\", \"library\": \"sub/libtoy.so\", \"symbol\": \"toy_entry\", \"source\": "
                "\"a-package\", "
                "\"priority\": -7, \"types\": [\"toys.Toy\", \"=toys.Car\", \"wood.*\"], \"encodings\": [\"toy-v1\"], "
                "\"needs\": [\"libwood.so.1\", \"libpaint.so.2\"], \"enabled\": false}",
                &json);
        assert_int_equal(entry.problem.status, COFFER_OK);
        assert_int_equal(entry.remark.status, COFFER_OK);
        assert_string_equal(entry.descriptor.name, "toy");
        assert_string_equal(entry.descriptor.source, "a-package");
        assert_int_equal(*entry.descriptor.priority, -7);
        assert_string_equal(entry.descriptor.types[2], "wood.*");
        assert_null(entry.descriptor.types[3]);
        assert_string_equal(entry.descriptor.encodings[0], "toy-v1");
        assert_null(entry.descriptor.encodings[1]);
        assert_string_equal(entry.descriptor.needs[1], "libpaint.so.2");
        assert_true(entry.descriptor.off_by_default);
        assert_string_equal(entry.library, "sub/libtoy.so");
        assert_string_equal(entry.symbol, "toy_entry");
        coffer_descriptor_entry_done(&entry);
        json_decref(json);
}

static void the_least_that_must_be_said(void **state)
{
        json_t *json;
        (void)state;
        coffer_descriptor_entry entry = read_entry("{\"name\": \"toy\", \"library\": \"/abs/libtoy.so\"}", &json);
        assert_int_equal(entry.problem.status, COFFER_OK);
        assert_string_equal(entry.symbol, COFFER_SERIALIZER_SYMBOL);
        assert_null(entry.descriptor.source);
        assert_null(entry.descriptor.priority);
        assert_null(entry.descriptor.types);
        assert_null(entry.descriptor.encodings);
        assert_false(entry.descriptor.off_by_default);
        coffer_descriptor_entry_done(&entry);
        json_decref(json);
}

static void an_unknown_key_is_remarked_and_ignored(void **state)
{
        json_t *json;
        (void)state;
        coffer_descriptor_entry entry =
                read_entry("{\"name\": \"toy\", \"libary\": 1, \"library\": \"l.so\", \"zoo\": 2}", &json);
        assert_int_equal(entry.problem.status, COFFER_OK);
        assert_string_equal(entry.remark.message, "unknown key \"libary\" is ignored");
        coffer_descriptor_entry_done(&entry);
        json_decref(json);
}

static void what_is_wrong_is_said(void **state)
{
        static const struct {
                const char *text, *problem;
        } cases[] = {
                {"5", "must be a JSON object, or {\"serializers\": [objects]}"},
                {"{}", "it has no \"name\""},
                {"{\"name\": \"toy\"}", "it has no \"library\""},
                {"{\"name\": 5}", "\"name\" must be a text"},
                {"{\"name\": \"\"}", "\"name\" is empty"},
                {"{\"name\": \"a\\u0000b\"}", "\"name\" has a NUL inside"},
                {"{\"name\": \"a b\"}", "\"name\" must have no comma or space in it and no sign in front"},
                {"{\"name\": \"a,b\"}", "\"name\" must have no comma or space in it and no sign in front"},
                {"{\"name\": \"-a\"}", "\"name\" must have no comma or space in it and no sign in front"},
                {"{\"name\": \"a\", \"library\": []}", "\"library\" must be a text"},
                {"{\"name\": \"a\", \"library\": \"../l.so\"}",
                 "\"library\" has \"..\" in it: give a path below the descriptor's directory, or an absolute one"},
                {"{\"name\": \"a\", \"library\": \"x/../../l.so\"}",
                 "\"library\" has \"..\" in it: give a path below the descriptor's directory, or an absolute one"},
                {"{\"name\": \"a\", \"library\": \"/x/..\"}",
                 "\"library\" has \"..\" in it: give a path below the descriptor's directory, or an absolute one"},
                {"{\"name\": \"a\", \"library\": \"l.so\", \"symbol\": \"a:b\"}",
                 "\"symbol\" must have no colon in it"},
                {"{\"name\": \"a\", \"library\": \"l.so\", \"source\": null}", "\"source\" must be a text"},
                {"{\"name\": \"a\", \"library\": \"l.so\", \"priority\": 1.5}",
                 "\"priority\" must be an integer of 32 bits"},
                {"{\"name\": \"a\", \"library\": \"l.so\", \"priority\": 2147483648}",
                 "\"priority\" must be an integer of 32 bits"},
                {"{\"name\": \"a\", \"library\": \"l.so\", \"types\": \"x.Y\"}",
                 "\"types\" must be a list of at most 256 texts"},
                {"{\"name\": \"a\", \"library\": \"l.so\", \"types\": [1]}", "\"types\" must be a text"},
                {"{\"name\": \"a\", \"library\": \"l.so\", \"encodings\": [\"\"]}", "\"encodings\" is empty"},
                {"{\"name\": \"a\", \"library\": \"l.so\", \"needs\": {}}",
                 "\"needs\" must be a list of at most 256 texts"},
                {"{\"name\": \"a\", \"library\": \"l.so\", \"enabled\": 0}", "\"enabled\" must be true or false"},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
                assert_problem(cases[i].text, cases[i].problem);
}

static void types_are_claimed_in_three_ways_and_no_other(void **state)
{
        static const char *const right[] = {"a.B", "a.b.C.D", "=a.B", "a.*", "_x.é"};
        static const char *const wrong[] = {"a",    ".a",    "a.",   "=a",    "*",    "a.b.*",
                                            "=a.*", "a.*.b", "a*.b", "a b.C", "==a.B"};
        char text[200];
        json_t *json;
        (void)state;
        for (size_t i = 0; i < ARRAY_COUNT(right); i++) {
                snprintf(text, sizeof(text), "{\"name\": \"n\", \"library\": \"l\", \"types\": [\"%s\"]}", right[i]);
                coffer_descriptor_entry entry = read_entry(text, &json);
                if (entry.problem.status != COFFER_OK)
                        fail_msg("%s: %s", right[i], entry.problem.message);
                assert_string_equal(entry.descriptor.types[0], right[i]);
                coffer_descriptor_entry_done(&entry);
                json_decref(json);
        }
        for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
                char problem[200];
                snprintf(text, sizeof(text), "{\"name\": \"n\", \"library\": \"l\", \"types\": [\"%s\"]}", wrong[i]);
                snprintf(problem, sizeof(problem),
                         "\"types\" has '%s', which is none of \"module.Type\", \"=module.Type\", \"package.*\"",
                         wrong[i]);
                assert_problem(text, problem);
        }
}

static void what_is_too_long_or_too_much_is_said(void **state)
{
        static char text[70000], item[2000];
        (void)state;
        memset(item, 'x', sizeof(item) - 1);
        snprintf(text, sizeof(text), "{\"name\": \"%.128s\", \"library\": \"l.so\"}", item);
        assert_problem(text, "\"name\" is longer than 127 bytes");
        snprintf(text, sizeof(text), "{\"name\": \"a\", \"library\": \"l.so\", \"types\": [\"a.%.510s\"]}", item);
        assert_problem(text, "\"types\" is longer than 511 bytes");
        strcpy(text, "{\"name\": \"a\", \"library\": \"l.so\", \"encodings\": [\"x\"");
        for (int i = 0; i < 256; i++)
                strcat(text, ", \"x\"");
        strcat(text, "]}");
        assert_problem(text, "\"encodings\" must be a list of at most 256 texts");
}

static void an_entry_without_a_usable_name_has_that_of_its_file(void **state)
{
        json_t *json;
        (void)state;
        coffer_descriptor_entry entry =
                read_entry("{\"name\": [], \"library\": \"l.so\", \"types\": [\"a.B\"]}", &json);
        assert_string_equal(entry.descriptor.name, "file-name");
        assert_string_equal(entry.problem.message, "\"name\" must be a text");
        coffer_descriptor_entry_done(&entry);
        json_decref(json);
}

static void a_file_may_hold_a_list(void **state)
{
        json_t *json;
        (void)state;
        coffer_descriptor_entry entry =
                read_entry("{\"serializers\": [{\"name\": \"a\", \"library\": \"l\"}, {\"name\": \"b\"}]}", &json);
        assert_int_equal(coffer_descriptor_count(json), 2);
        assert_string_equal(entry.descriptor.name, "a");
        coffer_descriptor_entry_done(&entry);
        assert_ok(coffer_descriptor_read(coffer_descriptor_at(json, 1), "file-name", &entry, NULL));
        assert_string_equal(entry.descriptor.name, "b");
        coffer_descriptor_entry_done(&entry);
        json_decref(json);
        assert_problem("{\"serializers\": []}", "it has no \"name\"");
        assert_problem("{\"serializers\": [[]]}", "must be a JSON object, or {\"serializers\": [objects]}");
}

static coffer_status read_lists(void *user, coffer_error *error)
{
        coffer_descriptor_entry entry;
        COFFER_TRY(coffer_descriptor_read(user, "file-name", &entry, error));
        coffer_descriptor_entry_done(&entry);
        return COFFER_OK;
}

static void want_of_memory_is_an_error(void **state)
{
        json_t *json;
        (void)state;
        coffer_descriptor_entry entry = read_entry("{\"name\": \"a\", \"library\": \"l\", \"types\": [\"a.B\"], "
                                                   "\"encodings\": [\"e\"], \"needs\": [\"n\"]}",
                                                   &json);
        coffer_descriptor_entry_done(&entry);
        test_alloc_fail_each(read_lists, json);
        json_decref(json);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(everything_that_can_be_said),
                leak_checked(the_least_that_must_be_said),
                leak_checked(an_unknown_key_is_remarked_and_ignored),
                leak_checked(what_is_wrong_is_said),
                leak_checked(types_are_claimed_in_three_ways_and_no_other),
                leak_checked(what_is_too_long_or_too_much_is_said),
                leak_checked(an_entry_without_a_usable_name_has_that_of_its_file),
                leak_checked(a_file_may_hold_a_list),
                leak_checked(want_of_memory_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
