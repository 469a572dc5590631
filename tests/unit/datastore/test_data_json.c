/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "datastore/artifacts.h"
#include "util/cursor.h"
#include "util/text.h"

#define KEY_1 "e85bc4852782c9d784b1604b16b1440899266e17"
#define KEY_2 "b68cc035a7f59d6d9285aaa4359c51872f204f8a"

#define PYTHON_VERSION "3.11.2 (main, Apr 28 2025, 14:11:48) [GCC 12.2.0]"

/* As Metaflow wrote it. */
static const char metaflow_text[] =
        "{\"datastore\": \"local\", \"version\": \"1.0\", \"attempt\": 0, \"python_version\": \"" PYTHON_VERSION "\", "
        "\"objects\": {\"x\": \"" KEY_1 "\", \"dup2\": \"" KEY_2 "\", \"dup1\": \"" KEY_2 "\"}, \"info\": {\"x\": "
        "{\"size\": 21, \"type\": \"<class 'dict'>\", \"encoding\": \"pickle-v4\", \"serializer_info\": {\"source\": "
        "\"metaflow\"}}, \"dup2\": {\"size\": 22, \"type\": \"<class 'list'>\", \"encoding\": \"pickle-v4\", "
        "\"serializer_info\": {\"source\": \"metaflow\"}}, \"dup1\": {\"size\": 22, \"type\": \"<class 'list'>\", "
        "\"encoding\": \"pickle-v4\", \"serializer_info\": {\"source\": \"metaflow\"}}}}";

static coffer_map *read_text(const char *text)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_map *artifacts = NULL;
        if (coffer_data_json_read(coffer_cursor_text(text), "0.data.json", &artifacts, &error) != COFFER_OK)
                fail_msg("%s", error.message);
        return artifacts;
}

static void test_what_metaflow_writes_is_read_and_written_alike(void **state)
{
        (void)state;
        _cleanup_map_ coffer_map *artifacts = read_text(metaflow_text);
        _cleanup_free_ char *text = NULL;
        assert_int_equal(coffer_map_count(artifacts), 3);
        assert_string_equal(coffer_map_key_at(artifacts, 0), "x");
        const coffer_artifact_entry *entry = coffer_map_get(artifacts, "x");
        assert_string_equal(entry->key.text, KEY_1);
        assert_int_equal(coffer_metadata_size(entry->metadata), 21);
        assert_string_equal(coffer_metadata_object_type(entry->metadata), "<class 'dict'>");
        assert_string_equal(coffer_metadata_encoding(entry->metadata), "pickle-v4");
        assert_string_equal(coffer_metadata_info(entry->metadata, "source"), "metaflow");
        assert_ok(coffer_data_json_write(artifacts, "local", 0, PYTHON_VERSION, &text, NULL));
        assert_string_equal(text, metaflow_text);
}

static void test_absent_fields_have_defaults(void **state)
{
        (void)state;
        static const char *const texts[] = {
                "{\"objects\": {\"x\": \"" KEY_1 "\"}, \"info\": {\"x\": {}}}",
                "{\"objects\": {\"x\": \"" KEY_1 "\"}, \"info\": {\"y\": {}}}",
                "{\"objects\": {\"x\": \"" KEY_1 "\"}}",
                "{\"info\": {\"x\": {\"size\": null, \"type\": null, \"encoding\": null, \"serializer_info\": null}}, "
                "\"objects\": {\"x\": \"" KEY_1 "\"}}",
        };
        for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
                _cleanup_map_ coffer_map *artifacts = read_text(texts[i]);
                const coffer_artifact_entry *entry = coffer_map_get(artifacts, "x");
                assert_int_equal(coffer_metadata_size(entry->metadata), 0);
                assert_string_equal(coffer_metadata_object_type(entry->metadata), "object");
                assert_string_equal(coffer_metadata_encoding(entry->metadata), "gzip+pickle-v2");
                assert_string_equal(entry->serializer_info, "{}");
                assert_int_equal(coffer_artifacts_have_info(artifacts), entry->info != NULL);
        }
}

static void test_no_objects_is_no_artifacts(void **state)
{
        (void)state;
        static const char *const texts[] = {"{}", " {\"objects\": {}, \"info\": {}} \n"};
        for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
                _cleanup_map_ coffer_map *artifacts = read_text(texts[i]);
                assert_int_equal(coffer_map_count(artifacts), 0);
                assert_false(coffer_artifacts_have_info(artifacts));
        }
}

static void test_unknown_fields_are_kept(void **state)
{
        (void)state;
        static const char info[] = "{\"later\": [1, 2.5], \"size\": 3, \"serializer_info\": {\"a\": {\"b\": null}}}";
        _cleanup_free_ char *text = NULL;
        assert_ok(
                coffer_text_format(&text, NULL, "{\"objects\": {\"x\": \"" KEY_1 "\"}, \"info\": {\"x\": %s}}", info));
        _cleanup_map_ coffer_map *artifacts = read_text(text);
        assert_string_equal(((coffer_artifact_entry *)coffer_map_get(artifacts, "x"))->serializer_info,
                            "{\"a\": {\"b\": null}}");
        coffer_free(TAKE_PTR(text));
        assert_ok(coffer_data_json_write(artifacts, "local", 0, PYTHON_VERSION, &text, NULL));
        assert_non_null(strstr(text, info));
}

static void test_wrong_shapes_are_errors(void **state)
{
        (void)state;
        static const char *const texts[] = {
                "",
                "{",
                "[]",
                "null",
                "\"objects\"",
                "{\"objects\": []}",
                "{\"objects\": null}",
                "{\"objects\": {}, \"info\": 3}",
                "{\"objects\": {\"x\": null}}",
                "{\"objects\": {\"x\": \"\"}}",
                "{\"objects\": {\"x\": \"../../../../../etc/passwd\"}}",
                "{\"objects\": {\"x\": \"E85BC4852782C9D784B1604B16B1440899266E17\"}}",
                "{\"objects\": {\"x\": \"" KEY_1 "0\"}}",
                "{\"objects\": {\"x\": \"" KEY_1 "\\u0000\"}}",
                "{\"objects\": {\"\": \"" KEY_1 "\"}}",
                "{\"objects\": {\"x\": \"" KEY_1 "\", \"x\": \"" KEY_2 "\"}}",
                "{\"objects\": {\"x\": \"" KEY_1 "\"}, \"info\": {\"x\": []}}",
                "{\"objects\": {\"x\": \"" KEY_1 "\"}, \"info\": {\"x\": null}}",
                "{\"objects\": {\"x\": \"" KEY_1 "\"}, \"info\": {\"x\": {\"size\": -1}}}",
                "{\"objects\": {\"x\": \"" KEY_1 "\"}, \"info\": {\"x\": {\"size\": 1.5}}}",
                "{\"objects\": {\"x\": \"" KEY_1 "\"}, \"info\": {\"x\": {\"size\": \"1\"}}}",
                "{\"objects\": {\"x\": \"" KEY_1 "\"}, \"info\": {\"x\": {\"type\": 1}}}",
                "{\"objects\": {\"x\": \"" KEY_1 "\"}, \"info\": {\"x\": {\"encoding\": \"a\\u0000b\"}}}",
                "{\"objects\": {\"x\": \"" KEY_1 "\"}, \"info\": {\"x\": {\"serializer_info\": []}}}",
        };
        for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
                coffer_error error = COFFER_ERROR_INIT;
                coffer_map *artifacts = NULL;
                coffer_status status =
                        coffer_data_json_read(coffer_cursor_text(texts[i]), "0.data.json", &artifacts, &error);
                if (status != COFFER_MALFORMED)
                        fail_msg("%s gives %s", texts[i], coffer_status_name(status));
                assert_null(artifacts);
                assert_non_null(strstr(error.message, "0.data.json"));
        }
}

static void test_errors_name_the_artifact(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_map *artifacts = NULL;
        assert_status(coffer_data_json_read(coffer_cursor_text("{\"objects\": {\"model\": 1}}"), "F/1/s/2/0.data.json",
                                            &artifacts, &error),
                      COFFER_MALFORMED);
        assert_string_equal(error.message,
                            "F/1/s/2/0.data.json: the key of artifact 'model' is not 40 hexadecimal digits");
}

static coffer_artifact_entry *new_entry(const char *key, const char *type)
{
        coffer_key key_value;
        coffer_metadata *metadata = NULL;
        coffer_artifact_entry *entry = NULL;
        strcpy(key_value.text, key);
        assert_ok(coffer_metadata_new(&metadata, NULL));
        assert_ok(coffer_metadata_set_object_type(metadata, type, NULL));
        assert_ok(coffer_metadata_set_encoding(metadata, "enc-v1", NULL));
        assert_ok(coffer_artifact_entry_new(&key_value, metadata, 7, &entry, NULL));
        coffer_metadata_free(metadata);
        return entry;
}

static void test_entry_without_type_records_none(void **state)
{
        (void)state;
        _cleanup_map_ coffer_map *artifacts = NULL;
        _cleanup_free_ char *text = NULL;
        assert_ok(coffer_artifacts_new(&artifacts, NULL));
        assert_ok(coffer_map_set(artifacts, "x", new_entry(KEY_1, NULL), NULL));
        assert_ok(coffer_data_json_write(artifacts, "local", 2, PYTHON_VERSION, &text, NULL));
        assert_string_equal(text,
                            "{\"datastore\": \"local\", \"version\": \"1.0\", \"attempt\": 2, \"python_version\": "
                            "\"" PYTHON_VERSION "\", \"objects\": {\"x\": \"" KEY_1
                            "\"}, \"info\": {\"x\": {\"size\": 7, \"encoding\": \"enc-v1\"}}}");
}

static void test_commit_keeps_the_place_of_a_name(void **state)
{
        (void)state;
        _cleanup_map_ coffer_map *artifacts = NULL, *batch = NULL;
        assert_ok(coffer_artifacts_new(&artifacts, NULL));
        assert_ok(coffer_artifacts_new(&batch, NULL));
        assert_ok(coffer_map_set(artifacts, "a", new_entry(KEY_1, "first"), NULL));
        assert_ok(coffer_map_set(artifacts, "b", new_entry(KEY_1, "second"), NULL));
        assert_ok(coffer_map_set(batch, "c", new_entry(KEY_2, "third"), NULL));
        assert_ok(coffer_map_set(batch, "a", new_entry(KEY_2, "fourth"), NULL));
        assert_ok(coffer_artifacts_commit(artifacts, batch, NULL));
        assert_int_equal(coffer_map_count(batch), 0);
        assert_int_equal(coffer_map_count(artifacts), 3);
        assert_string_equal(coffer_map_key_at(artifacts, 0), "a");
        assert_string_equal(coffer_map_key_at(artifacts, 2), "c");
        const coffer_artifact_entry *entry = coffer_map_value_at(artifacts, 0);
        assert_string_equal(entry->key.text, KEY_2);
        assert_string_equal(coffer_metadata_object_type(entry->metadata), "fourth");
}

static void test_commit_without_memory_changes_nothing(void **state)
{
        (void)state;
        _cleanup_map_ coffer_map *artifacts = NULL, *batch = NULL;
        assert_ok(coffer_artifacts_new(&artifacts, NULL));
        assert_ok(coffer_artifacts_new(&batch, NULL));
        assert_ok(coffer_map_set(artifacts, "x", new_entry(KEY_1, "old"), NULL));
        assert_ok(coffer_map_set(batch, "x", new_entry(KEY_2, "new"), NULL));
        assert_ok(coffer_map_set(batch, "y", new_entry(KEY_2, "new"), NULL));
        assert_ok(coffer_map_set(batch, "z", new_entry(KEY_2, "new"), NULL));
        for (size_t nth = 1;; nth++) {
                test_alloc_fail_at(nth);
                coffer_status status = coffer_artifacts_commit(artifacts, batch, NULL);
                test_alloc_fail_at(0);
                if (status == COFFER_OK)
                        break;
                assert_int_equal(status, COFFER_NO_MEMORY);
                assert_int_equal(coffer_map_count(artifacts), 1);
                assert_int_equal(coffer_map_count(batch), 3);
                const coffer_artifact_entry *entry = coffer_map_get(artifacts, "x");
                assert_string_equal(entry->key.text, KEY_1);
        }
        assert_int_equal(coffer_map_count(artifacts), 3);
}

static coffer_status read_and_write(void *user, coffer_error *error)
{
        coffer_map *artifacts = NULL, *batch _cleanup_(coffer_map_freep) = NULL;
        char *text;
        (void)user;
        COFFER_TRY(coffer_data_json_read(coffer_cursor_text(metaflow_text), "0.data.json", &artifacts, error));
        coffer_status status = coffer_artifacts_new(&batch, error);
        for (size_t i = 0; i < coffer_map_count(artifacts) && status == COFFER_OK; i++) {
                coffer_artifact_entry *copy;
                status = coffer_artifact_entry_copy(coffer_map_value_at(artifacts, i), &copy, error);
                if (status == COFFER_OK &&
                    (status = coffer_map_set(batch, coffer_map_key_at(artifacts, i), copy, error)))
                        coffer_artifact_entry_free(copy);
        }
        coffer_map_free(artifacts);
        COFFER_TRY(status);
        COFFER_TRY(coffer_data_json_write(batch, "local", 0, PYTHON_VERSION, &text, error));
        assert_string_equal(text, metaflow_text);
        coffer_free(text);
        return COFFER_OK;
}

static void test_no_memory_is_an_error(void **state)
{
        (void)state;
        test_alloc_fail_each(read_and_write, NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_what_metaflow_writes_is_read_and_written_alike),
                leak_checked(test_absent_fields_have_defaults),
                leak_checked(test_no_objects_is_no_artifacts),
                leak_checked(test_unknown_fields_are_kept),
                leak_checked(test_wrong_shapes_are_errors),
                leak_checked(test_errors_name_the_artifact),
                leak_checked(test_entry_without_type_records_none),
                leak_checked(test_commit_keeps_the_place_of_a_name),
                leak_checked(test_commit_without_memory_changes_nothing),
                leak_checked(test_no_memory_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
