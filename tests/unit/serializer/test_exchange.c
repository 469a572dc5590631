/* SPDX-License-Identifier: Apache-2.0 */
/* From object to blob and back, and what is not let through on the way. */
#include "fakes.h"

/* Saves one object as artifact "thing" with the given serializer, from "a-package". */
static coffer_status save(fake_serializer *serializer, coffer_blob **blob, coffer_metadata **metadata,
                          coffer_error *error)
{
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_object object = FAKE_OBJECT("toys", "Toy");
        assert_ok(coffer_registry_add(registry, &serializer->base, "a-package", false, NULL));
        coffer_status status = coffer_registry_serialize(registry, &object, "thing", blob, metadata, error);
        coffer_registry_unref(registry);
        return status;
}

static void assert_saved(fake_serializer *serializer, const char *expected_info)
{
        coffer_blob *blob = NULL;
        coffer_metadata *metadata = NULL;
        char *info = NULL;
        assert_ok(save(serializer, &blob, &metadata, NULL));
        assert_cursor(coffer_bytes_segment(coffer_blob_bytes(blob), 0), "some bytes");
        assert_string_equal(coffer_metadata_encoding(metadata), "toy-v1");
        assert_int_equal(coffer_metadata_size(metadata), 10);
        assert_string_equal(coffer_metadata_object_type(metadata), "<class 'toys.Toy'>");
        assert_ok(coffer_metadata_info_json(metadata, &info, NULL));
        assert_string_equal(info, expected_info);
        coffer_free(info);
        coffer_blob_unref(blob);
        coffer_metadata_free(metadata);
}

static void assert_refused(fake_serializer *serializer, coffer_status expected, const char *message)
{
        coffer_blob *blob = NULL;
        coffer_metadata *metadata = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        assert_status(save(serializer, &blob, &metadata, &error), expected);
        assert_int_equal(error.status, expected);
        assert_string_equal(error.message, message);
        assert_null(blob);
        assert_null(metadata);
}

static void one_blob_of_bytes_is_taken_and_the_source_filled_in(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy");
        (void)state;
        assert_saved(&toy, "{\"source\": \"a-package\"}");
}

static void a_source_that_the_serializer_sets_stays(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .info_source = "mine");
        (void)state;
        assert_saved(&toy, "{\"source\": \"mine\"}");
}

static void a_size_that_is_left_out_is_filled_in(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .is_silent_on_size = true);
        (void)state;
        assert_saved(&toy, "{\"source\": \"a-package\"}");
}

static void no_blobs_are_refused(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .blobs = 0);
        (void)state;
        assert_refused(&toy, COFFER_SERIALIZER, "Serializer toy returned no blobs for artifact 'thing'");
}

static void several_blobs_are_refused(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .blobs = 3);
        (void)state;
        assert_refused(
                &toy, COFFER_SERIALIZER,
                "Serializer toy returned 3 blobs for artifact 'thing'; only single-blob serializers are supported "
                "at this time");
}

static void a_reference_is_refused(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .makes_reference = true, .text = "s3://x");
        (void)state;
        assert_refused(&toy, COFFER_SERIALIZER,
                       "Serializer toy returned the reference 's3://x' for artifact 'thing'; only blobs of bytes are "
                       "supported at this time");
}

static void a_missing_encoding_is_refused(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .encoding = "");
        (void)state;
        assert_refused(&toy, COFFER_SERIALIZER, "Serializer toy named no encoding for artifact 'thing'");
        toy.encoding = NULL;
        assert_refused(&toy, COFFER_SERIALIZER, "Serializer toy named no encoding for artifact 'thing'");
}

static void the_historical_prefix_is_refused(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .encoding = "gzip+toy");
        (void)state;
        assert_refused(&toy, COFFER_SERIALIZER,
                       "Serializer toy named the encoding 'gzip+toy' for artifact 'thing'; \"gzip+\" is kept for what "
                       "Metaflow wrote of old");
}

static void a_size_that_is_a_lie_is_refused(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .claimed_bytes = 11);
        (void)state;
        assert_refused(&toy, COFFER_SERIALIZER,
                       "Serializer toy says that artifact 'thing' has 11 bytes, but returned 10");
}

static void a_failure_names_serializer_and_artifact(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .base.name = "toys.ToySerializer", .work_status = COFFER_INVALID);
        (void)state;
        assert_refused(&toy, COFFER_SERIALIZER, "Serializer toys.ToySerializer failed on artifact 'thing': no luck");
        toy.work_status = COFFER_UNSUPPORTED; /* the object's fault */
        assert_refused(&toy, COFFER_UNSUPPORTED, "Serializer toys.ToySerializer failed on artifact 'thing': no luck");
        toy.work_status = COFFER_NO_MEMORY;
        assert_refused(&toy, COFFER_NO_MEMORY, "Serializer toys.ToySerializer failed on artifact 'thing': no luck");
}

static coffer_status fail_silently(const coffer_serializer *self, const coffer_object *object, coffer_format format,
                                   coffer_blob_list *blobs, coffer_metadata *metadata, char **wire, coffer_error *error)
{
        (void)self;
        (void)object;
        (void)format;
        (void)blobs;
        (void)metadata;
        (void)wire;
        (void)error;
        return COFFER_IO;
}

static void a_failure_without_a_message_gets_one(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .base.serialize = fail_silently);
        (void)state;
        assert_refused(&toy, COFFER_SERIALIZER,
                       "Serializer toy failed on artifact 'thing': the operating system refused");
}

static void an_object_that_nobody_takes_leaves_outputs_alone(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .takes = "Other");
        coffer_blob *blob = NULL;
        coffer_metadata *metadata = NULL;
        (void)state;
        assert_status(save(&toy, &blob, &metadata, NULL), COFFER_DECLINED);
        assert_null(blob);
        assert_int_equal(toy.worked, 0);
}

/* ---- load ---- */

static coffer_status load(fake_serializer *serializer, coffer_blob *blob, coffer_object *out, coffer_error *error)
{
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_metadata *metadata = NULL;
        assert_ok(coffer_metadata_new(&metadata, NULL));
        assert_ok(coffer_metadata_set_encoding(metadata, "toy-v1", NULL));
        assert_ok(coffer_registry_add(registry, &serializer->base, NULL, false, NULL));
        coffer_status status = coffer_registry_deserialize(registry, blob, metadata, "thing", out, error);
        coffer_metadata_free(metadata);
        coffer_registry_unref(registry);
        return status;
}

static coffer_blob *blob_of_nothing(void)
{
        coffer_bytes *bytes = NULL;
        coffer_blob *blob = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_blob_new(bytes, &blob, NULL));
        coffer_bytes_unref(bytes);
        return blob;
}

static void an_object_comes_back(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .made = FAKE_OBJECT("toys", "Toy"));
        coffer_blob *blob = blob_of_nothing();
        coffer_object object = {NULL, NULL};
        (void)state;
        assert_ok(load(&toy, blob, &object, NULL));
        assert_ptr_equal(object.pointer, toy.made.pointer);
        assert_int_equal(((fake_object *)object.pointer)->references, 1);
        coffer_object_unref(&object);
        assert_null(object.type);
        assert_int_equal(((fake_object *)toy.made.pointer)->references, 0);
        coffer_object_unref(&object);
        coffer_blob_unref(blob);
}

static void a_failed_load_names_serializer_and_artifact(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .work_status = COFFER_MALFORMED);
        coffer_blob *blob = blob_of_nothing();
        coffer_object object = {NULL, NULL};
        coffer_error error = COFFER_ERROR_INIT;
        (void)state;
        assert_status(load(&toy, blob, &object, &error), COFFER_MALFORMED);
        assert_string_equal(error.message, "Serializer toy failed on artifact 'thing': no luck");
        toy.work_status = COFFER_STATE;
        assert_status(load(&toy, blob, &object, &error), COFFER_SERIALIZER);
        toy.work_status = COFFER_OK;
        assert_status(load(&toy, blob, &object, &error), COFFER_SERIALIZER);
        assert_string_equal(error.message, "Serializer toy failed on artifact 'thing': it made no object");
        assert_null(object.type);
        coffer_blob_unref(blob);
}

static void a_reference_is_not_loaded(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .made = FAKE_OBJECT("toys", "Toy"));
        coffer_blob *blob = NULL;
        coffer_object object = {NULL, NULL};
        coffer_error error = COFFER_ERROR_INIT;
        (void)state;
        assert_ok(coffer_blob_new_reference("s3://x", &blob, NULL));
        assert_status(load(&toy, blob, &object, &error), COFFER_UNSUPPORTED);
        assert_string_equal(error.message, "artifact 'thing' is a reference to 's3://x'");
        assert_int_equal(toy.worked, 0);
        coffer_blob_unref(blob);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(one_blob_of_bytes_is_taken_and_the_source_filled_in),
                leak_checked(a_source_that_the_serializer_sets_stays),
                leak_checked(a_size_that_is_left_out_is_filled_in),
                leak_checked(no_blobs_are_refused),
                leak_checked(several_blobs_are_refused),
                leak_checked(a_reference_is_refused),
                leak_checked(a_missing_encoding_is_refused),
                leak_checked(the_historical_prefix_is_refused),
                leak_checked(a_size_that_is_a_lie_is_refused),
                leak_checked(a_failure_names_serializer_and_artifact),
                leak_checked(a_failure_without_a_message_gets_one),
                leak_checked(an_object_that_nobody_takes_leaves_outputs_alone),
                leak_checked(an_object_comes_back),
                leak_checked(a_failed_load_names_serializer_and_artifact),
                leak_checked(a_reference_is_not_loaded),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
