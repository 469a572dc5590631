/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata and blobs. */
#include "test.h"

#include <coffer/alloc.h>

#include "serializer/metadata.h"
#include "util/cursor.h"

static coffer_metadata *new_metadata(void)
{
        coffer_metadata *metadata = NULL;
        assert_ok(coffer_metadata_new(&metadata, NULL));
        return metadata;
}

static void assert_info(const coffer_metadata *metadata, const char *expected)
{
        char *text = NULL;
        assert_ok(coffer_metadata_info_json(metadata, &text, NULL));
        assert_string_equal(text, expected);
        coffer_free(text);
}

static void nothing_is_set_at_first(void **state)
{
        coffer_metadata *metadata = new_metadata();
        (void)state;
        assert_null(coffer_metadata_object_type(metadata));
        assert_null(coffer_metadata_encoding(metadata));
        assert_int_equal(coffer_metadata_size(metadata), 0);
        assert_false(coffer_metadata_has_size(metadata));
        assert_true(coffer_metadata_info_is_empty(metadata));
        assert_info(metadata, "{}");
        coffer_metadata_free(metadata);
        coffer_metadata_free(NULL);
}

static void texts_are_copied_replaced_and_unset(void **state)
{
        coffer_metadata *metadata = new_metadata();
        char text[] = "pickle-v4";
        (void)state;
        assert_ok(coffer_metadata_set_encoding(metadata, text, NULL));
        text[0] = 'X';
        assert_string_equal(coffer_metadata_encoding(metadata), "pickle-v4");
        assert_ok(coffer_metadata_set_encoding(metadata, "npy-v1", NULL));
        assert_string_equal(coffer_metadata_encoding(metadata), "npy-v1");
        assert_ok(coffer_metadata_set_encoding(metadata, NULL, NULL));
        assert_null(coffer_metadata_encoding(metadata));
        assert_ok(coffer_metadata_set_object_type(metadata, "<class 'dict'>", NULL));
        assert_string_equal(coffer_metadata_object_type(metadata), "<class 'dict'>");
        coffer_metadata_free(metadata);
}

static void a_size_of_nothing_is_a_size(void **state)
{
        coffer_metadata *metadata = new_metadata();
        (void)state;
        coffer_metadata_set_size(metadata, 0);
        assert_true(coffer_metadata_has_size(metadata));
        coffer_metadata_set_size(metadata, UINT64_MAX);
        assert_true(coffer_metadata_size(metadata) == UINT64_MAX);
        coffer_metadata_free(metadata);
}

static void what_is_not_utf8_is_refused_and_changes_nothing(void **state)
{
        coffer_metadata *metadata = new_metadata();
        coffer_error error = COFFER_ERROR_INIT;
        (void)state;
        assert_ok(coffer_metadata_set_encoding(metadata, "fine", NULL));
        assert_status(coffer_metadata_set_encoding(metadata, "\xff", &error), COFFER_INVALID);
        assert_string_equal(coffer_metadata_encoding(metadata), "fine");
        assert_status(coffer_metadata_set_object_type(metadata, "\xc3", NULL), COFFER_INVALID);
        assert_status(coffer_metadata_set_info(metadata, "key", "\xff", NULL), COFFER_INVALID);
        assert_status(coffer_metadata_set_info(metadata, "\xff", "text", NULL), COFFER_INVALID);
        assert_true(coffer_metadata_info_is_empty(metadata));
        coffer_metadata_free(metadata);
}

static void info_holds_texts_and_json(void **state)
{
        coffer_metadata *metadata = new_metadata();
        (void)state;
        assert_ok(coffer_metadata_set_info(metadata, "source", "a \"package\"", NULL));
        assert_ok(coffer_metadata_set_info_json(metadata, "shape", "[2, 3]", NULL));
        assert_ok(coffer_metadata_set_info_json(metadata, "nothing", "null", NULL));
        assert_info(metadata, "{\"source\": \"a \\\"package\\\"\", \"shape\": [2, 3], \"nothing\": null}");
        assert_string_equal(coffer_metadata_info(metadata, "source"), "a \"package\"");
        assert_null(coffer_metadata_info(metadata, "shape"));
        assert_null(coffer_metadata_info(metadata, "absent"));
        assert_true(coffer_metadata_has_info(metadata, "nothing"));
        assert_false(coffer_metadata_has_info(metadata, "absent"));
        assert_status(coffer_metadata_set_info_json(metadata, "bad", "[1,", NULL), COFFER_MALFORMED);
        assert_false(coffer_metadata_has_info(metadata, "bad"));
        coffer_metadata_free(metadata);
}

static void a_copy_is_equal_and_apart(void **state)
{
        coffer_metadata *metadata = new_metadata(), *copy = NULL;
        (void)state;
        assert_ok(coffer_metadata_set_encoding(metadata, "npy-v1", NULL));
        assert_ok(coffer_metadata_set_object_type(metadata, "<class 'list'>", NULL));
        assert_ok(coffer_metadata_set_info_json(metadata, "nested", "{\"a\": [1]}", NULL));
        coffer_metadata_set_size(metadata, 7);
        assert_ok(coffer_metadata_copy(metadata, &copy, NULL));
        assert_ok(coffer_metadata_set_info(metadata, "later", "x", NULL));
        coffer_metadata_free(metadata);
        assert_string_equal(coffer_metadata_encoding(copy), "npy-v1");
        assert_string_equal(coffer_metadata_object_type(copy), "<class 'list'>");
        assert_int_equal(coffer_metadata_size(copy), 7);
        assert_true(coffer_metadata_has_size(copy));
        assert_info(copy, "{\"nested\": {\"a\": [1]}}");
        coffer_metadata_free(copy);
}

static void a_blob_is_bytes_or_a_reference(void **state)
{
        coffer_bytes *bytes = NULL;
        coffer_blob *blob = NULL, *reference = NULL;
        (void)state;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_blob_new(bytes, &blob, NULL));
        coffer_bytes_unref(bytes);
        assert_ptr_equal(coffer_blob_bytes(blob), bytes);
        assert_null(coffer_blob_reference(blob));
        assert_ok(coffer_blob_new_reference("s3://somewhere", &reference, NULL));
        assert_null(coffer_blob_bytes(reference));
        assert_string_equal(coffer_blob_reference(reference), "s3://somewhere");
        assert_status(coffer_blob_new(NULL, &blob, NULL), COFFER_INVALID);
        assert_status(coffer_blob_new_reference("", &blob, NULL), COFFER_INVALID);
        coffer_blob_unref(coffer_blob_ref(blob));
        assert_ptr_equal(coffer_blob_bytes(blob), bytes);
        coffer_blob_unref(blob);
        coffer_blob_unref(reference);
        coffer_blob_unref(NULL);
}

static void a_list_keeps_its_blobs_in_order(void **state)
{
        coffer_blob_list *list = NULL;
        coffer_blob *blobs[5];
        coffer_bytes *bytes = NULL;
        char name[] = "blob 0";
        (void)state;
        assert_ok(coffer_blob_list_new(&list, NULL));
        for (size_t i = 0; i < 5; i++) {
                name[5] = (char)('0' + i);
                assert_ok(coffer_blob_new_reference(name, &blobs[i], NULL));
                assert_ok(coffer_blob_list_add(list, blobs[i], NULL));
                coffer_blob_unref(blobs[i]);
        }
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_blob_list_add_bytes(list, bytes, NULL));
        coffer_bytes_unref(bytes);
        assert_int_equal(coffer_blob_list_count(list), 6);
        for (size_t i = 0; i < 5; i++)
                assert_ptr_equal(coffer_blob_list_at(list, i), blobs[i]);
        assert_string_equal(coffer_blob_reference(coffer_blob_list_at(list, 4)), "blob 4");
        assert_ptr_equal(coffer_blob_bytes(coffer_blob_list_at(list, 5)), bytes);
        assert_null(coffer_blob_list_at(list, 6));
        coffer_blob_list_free(list);
        coffer_blob_list_free(NULL);
}

static coffer_status build_and_copy(void *user, coffer_error *error)
{
        _cleanup_metadata_ coffer_metadata *metadata = NULL, *copy = NULL;
        _cleanup_free_ char *text = NULL;
        (void)user;
        COFFER_TRY(coffer_metadata_new(&metadata, error));
        COFFER_TRY(coffer_metadata_set_encoding(metadata, "npy-v1", error));
        COFFER_TRY(coffer_metadata_set_object_type(metadata, "<class 'list'>", error));
        COFFER_TRY(coffer_metadata_set_info(metadata, "source", "a-package", error));
        COFFER_TRY(coffer_metadata_set_info_json(metadata, "shape", "[1, {\"a\": \"b\"}]", error));
        COFFER_TRY(coffer_metadata_copy(metadata, &copy, error));
        return coffer_metadata_info_json(copy, &text, error);
}

static void want_of_memory_is_an_error(void **state)
{
        (void)state;
        test_alloc_fail_each(build_and_copy, NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(nothing_is_set_at_first),
                leak_checked(texts_are_copied_replaced_and_unset),
                leak_checked(a_size_of_nothing_is_a_size),
                leak_checked(what_is_not_utf8_is_refused_and_changes_nothing),
                leak_checked(info_holds_texts_and_json),
                leak_checked(a_copy_is_equal_and_apart),
                leak_checked(a_blob_is_bytes_or_a_reference),
                leak_checked(a_list_keeps_its_blobs_in_order),
                leak_checked(want_of_memory_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
