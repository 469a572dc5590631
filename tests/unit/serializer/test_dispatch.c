/* SPDX-License-Identifier: Apache-2.0 */
/* Who is asked, who is loaded for it, and what becomes of errors while asking. */
#include "fakes.h"

static coffer_status find(coffer_registry *registry, coffer_object object, coffer_choice *out, coffer_error *error)
{
        return coffer_registry_find_serializer(registry, &object, "thing", out, error);
}

static coffer_status find_reader(coffer_registry *registry, const char *encoding, const char *info_source,
                                 coffer_choice *out, coffer_error *error)
{
        coffer_metadata *metadata = NULL;
        assert_ok(coffer_metadata_new(&metadata, NULL));
        assert_ok(coffer_metadata_set_encoding(metadata, encoding, NULL));
        if (info_source)
                assert_ok(coffer_metadata_set_info(metadata, "source", info_source, NULL));
        coffer_status status = coffer_registry_find_deserializer(registry, metadata, "thing", out, error);
        coffer_metadata_free(metadata);
        return status;
}

static void assert_trigger(coffer_registry *registry, const char *name, const char *expected)
{
        coffer_record_status *records;
        size_t count;
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_string_equal(find_status(records, count, name).import_trigger, expected);
        coffer_registry_status_free(records, count);
}

static void the_first_that_takes_the_object_is_chosen(void **state)
{
        fake_serializer fallback = FAKE_SERIALIZER("pickle", .base.priority = 9999),
                        toy = FAKE_SERIALIZER("toy", .takes = "Toy"),
                        never = FAKE_SERIALIZER("never", .takes = "Nothing", .base.priority = 1);
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_choice choice;
        (void)state;
        assert_ok(coffer_registry_add(registry, &fallback.base, "metaflow", false, NULL));
        assert_ok(coffer_registry_add(registry, &toy.base, NULL, false, NULL));
        assert_ok(coffer_registry_add(registry, &never.base, NULL, false, NULL));
        assert_ok(find(registry, FAKE_OBJECT("toys", "Toy"), &choice, NULL));
        assert_ptr_equal(choice.serializer, &toy.base);
        assert_null(choice.source);
        assert_int_equal(fallback.asked, 0);
        assert_int_equal(never.asked, 1);
        assert_ok(find(registry, FAKE_OBJECT("toys", "Other"), &choice, NULL));
        assert_ptr_equal(choice.serializer, &fallback.base);
        assert_string_equal(choice.source, "metaflow");
        assert_ok(find_reader(registry, "toy-v1", NULL, &choice, NULL));
        assert_ptr_equal(choice.serializer, &toy.base);
        coffer_registry_unref(registry);
}

static void an_object_that_nobody_takes_is_told(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .takes = "Toy");
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_choice choice = {NULL, NULL};
        coffer_error error = COFFER_ERROR_INIT;
        (void)state;
        assert_ok(coffer_registry_add(registry, &toy.base, NULL, false, NULL));
        assert_status(find(registry, FAKE_OBJECT("toys", "Other"), &choice, &error), COFFER_DECLINED);
        assert_string_equal(
                error.message,
                "No serializer claimed artifact 'thing' (type: <class 'toys.Other'>). The pickle serializer "
                "normally takes all objects: check that it is enabled.");
        assert_null(choice.serializer);
        assert_status(find(registry, (coffer_object){NULL, NULL}, &choice, &error), COFFER_INVALID);
        coffer_registry_unref(registry);
}

static void an_encoding_that_nobody_reads_is_told_with_its_source(void **state)
{
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_choice choice;
        coffer_error error = COFFER_ERROR_INIT;
        (void)state;
        assert_status(find_reader(registry, "x-v1", NULL, &choice, &error), COFFER_DECLINED);
        assert_string_equal(error.message,
                            "No deserializer claimed artifact 'thing' (encoding: x-v1, serializer_info: {}).");
        assert_status(find_reader(registry, "x-v1", "x-package", &choice, &error), COFFER_DECLINED);
        assert_string_equal(error.message,
                            "No deserializer claimed artifact 'thing' (encoding: x-v1, serializer_info: {\"source\": "
                            "\"x-package\"}). The artifact was written by 'x-package': the corresponding extension may "
                            "not be installed.");
        assert_status(find_reader(registry, NULL, NULL, &choice, &error), COFFER_INVALID);
        coffer_registry_unref(registry);
}

static void a_declared_reader_that_cannot_read_yet_is_told_too(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy");
        fake_code codes[] = {{.location = "1", .serializer = &toy, .setup_needs = "heavy"}, {.location = NULL}};
        fake_host host = FAKE_HOST(host, codes);
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_choice choice;
        coffer_error error = COFFER_ERROR_INIT;
        (void)state;
        assert_ok(declare(registry, &host, "toy", "1", NULL, LIST("toy-v1")));
        assert_status(find_reader(registry, "toy-v1", NULL, &choice, &error), COFFER_DECLINED);
        assert_string_equal(error.message,
                            "No deserializer claimed artifact 'thing' (encoding: toy-v1, serializer_info: "
                            "{}). Serializer 'toy' reads this encoding but is pending_on_imports: No "
                            "module named 'heavy'");
        fake_appear(&host, "heavy");
        assert_ok(find_reader(registry, "toy-v1", NULL, &choice, &error));
        assert_trigger(registry, "toy", "hook");
        coffer_registry_unref(registry);
}

/* ---- declared types and encodings ---- */

#define DECLARED(types, encodings)                                                                                     \
        fake_serializer toy = FAKE_SERIALIZER("toy");                                                                  \
        fake_code codes[] = {{.location = "1", .serializer = &toy}, {.location = NULL}};                               \
        fake_host host = FAKE_HOST(host, codes);                                                                       \
        coffer_registry *registry = new_registry(NULL, NULL);                                                          \
        coffer_choice choice;                                                                                          \
        (void)state;                                                                                                   \
        assert_ok(declare(registry, &host, "toy", "1", types, encodings));                                             \
        assert_state(registry, "toy", "known")

static void a_declared_type_loads_at_the_first_object_of_it(void **state)
{
        DECLARED(LIST("toys.wooden.Toy.Inner"), NULL);
        assert_status(find(registry, FAKE_OBJECT("toys.wooden", "Toy"), &choice, NULL), COFFER_DECLINED);
        assert_status(find(registry, FAKE_OBJECT("toys", "wooden"), &choice, NULL), COFFER_DECLINED);
        assert_status(find_reader(registry, "other", NULL, &choice, NULL), COFFER_DECLINED);
        assert_state(registry, "toy", "known");
        assert_int_equal(codes[0].loads, 0);
        assert_ok(find(registry, FAKE_OBJECT("toys.wooden", "Toy.Inner"), &choice, NULL));
        assert_ptr_equal(choice.serializer, &toy.base);
        assert_trigger(registry, "toy", "type");
        assert_ok(find(registry, FAKE_OBJECT("toys.wooden", "Toy.Inner"), &choice, NULL));
        assert_int_equal(codes[0].loads, 1);
        coffer_registry_unref(registry);
}

static void a_declared_type_stands_for_its_subclasses(void **state)
{
        DECLARED(LIST("toys.Toy"), NULL);
        assert_ok(find(registry, FAKE_OBJECT("mine", "Car", "toys", "Vehicle", "toys", "Toy"), &choice, NULL));
        assert_int_equal(codes[0].loads, 1);
        coffer_registry_unref(registry);
}

static void an_exact_type_does_not(void **state)
{
        DECLARED(LIST("=toys.Toy"), NULL);
        assert_status(find(registry, FAKE_OBJECT("mine", "Car", "toys", "Toy"), &choice, NULL), COFFER_DECLINED);
        assert_int_equal(codes[0].loads, 0);
        assert_ok(find(registry, FAKE_OBJECT("toys", "Toy"), &choice, NULL));
        coffer_registry_unref(registry);
}

static void a_package_stands_for_all_its_modules(void **state)
{
        DECLARED(LIST("toys.*"), NULL);
        assert_status(find(registry, FAKE_OBJECT("toystore", "Toy"), &choice, NULL), COFFER_DECLINED);
        assert_status(find(registry, FAKE_OBJECT("mine.toys", "Toy"), &choice, NULL), COFFER_DECLINED);
        assert_int_equal(codes[0].loads, 0);
        assert_ok(find(registry, FAKE_OBJECT("mine", "Car", "toys.wooden.old", "Toy"), &choice, NULL));
        coffer_registry_unref(registry);
}

static void a_declared_encoding_loads_at_the_first_artifact_of_it(void **state)
{
        DECLARED(NULL, LIST("toy-v0", "toy-v1"));
        assert_status(find(registry, FAKE_OBJECT("toys", "Toy"), &choice, NULL), COFFER_DECLINED);
        assert_int_equal(codes[0].loads, 0);
        assert_ok(find_reader(registry, "toy-v1", NULL, &choice, NULL));
        assert_trigger(registry, "toy", "encoding");
        coffer_registry_unref(registry);
}

static void what_the_code_then_declines_it_does_not_get(void **state)
{
        DECLARED(LIST("toys.*"), LIST("toy-v0"));
        toy.takes = "Toy";
        assert_status(find(registry, FAKE_OBJECT("toys", "Other"), &choice, NULL), COFFER_DECLINED);
        assert_state(registry, "toy", "active");
        assert_status(find_reader(registry, "toy-v0", NULL, &choice, NULL), COFFER_DECLINED);
        assert_ok(find(registry, FAKE_OBJECT("toys", "Toy"), &choice, NULL));
        coffer_registry_unref(registry);
}

static void names_that_nobody_can_claim_are_harmless(void **state)
{
        DECLARED(LIST("toys.Toy"), NULL);
        char longest[2000];
        memset(longest, 'x', sizeof(longest) - 1);
        longest[sizeof(longest) - 1] = '\0';
        assert_status(find(registry, FAKE_OBJECT(longest, "Toy"), &choice, NULL), COFFER_DECLINED);
        assert_status(find(registry, FAKE_OBJECT("toys", longest), &choice, NULL), COFFER_DECLINED);
        assert_status(find(registry, FAKE_OBJECT("", ""), &choice, NULL), COFFER_DECLINED);
        assert_int_equal(codes[0].loads, 0);
        coffer_registry_unref(registry);
}

static void all_that_claim_a_type_are_loaded_and_the_order_decides(void **state)
{
        enum { MANY = 40 };
        static char names[MANY][8];
        fake_serializer serializers[MANY];
        fake_code codes[MANY + 1] = {{0}};
        fake_host host = FAKE_HOST(host, codes);
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_choice choice;
        (void)state;
        for (int i = 0; i < MANY; i++) {
                snprintf(names[i], sizeof(names[i]), "toy%d", i);
                serializers[i] =
                        (fake_serializer)FAKE_SERIALIZER("toy", .base.type = names[i], .base.priority = 100 - i);
                codes[i] = (fake_code){.location = names[i], .serializer = &serializers[i]};
                assert_ok(declare(registry, &host, names[i], names[i], LIST("toys.Toy", "toys.*", "=toys.Toy"), NULL));
        }
        assert_ok(find(registry, FAKE_OBJECT("toys", "Toy"), &choice, NULL));
        assert_string_equal(choice.serializer->type, "toy39");
        for (int i = 0; i < MANY; i++)
                assert_int_equal(codes[i].loads, 1);
        coffer_registry_unref(registry);
}

/* ---- errors of those that are asked ---- */

static void one_that_fails_while_asked_is_skipped_and_counted(void **state)
{
        fake_serializer fallback = FAKE_SERIALIZER("pickle", .base.priority = 9999),
                        bad = FAKE_SERIALIZER("bad", .asked_status = COFFER_INTERNAL, .base.name = "BadSerializer");
        warnings noted = {0};
        coffer_registry *registry = new_registry(NULL, &noted);
        coffer_choice choice;
        coffer_record_status *records;
        size_t count;
        (void)state;
        assert_ok(coffer_registry_add(registry, &fallback.base, NULL, false, NULL));
        assert_ok(coffer_registry_add(registry, &bad.base, NULL, false, NULL));
        assert_ok(find(registry, FAKE_OBJECT("toys", "Toy"), &choice, NULL));
        assert_ptr_equal(choice.serializer, &fallback.base);
        assert_string_equal(noted.last, "Serializer BadSerializer failed during dispatch and was skipped: no luck");
        assert_ok(find_reader(registry, "pickle-v1", NULL, &choice, NULL));
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_int_equal(find_status(records, count, "bad").dispatch_error_count, 2);
        assert_string_equal(find_status(records, count, "bad").last_error, "dispatch: no luck");
        assert_int_equal(find_status(records, count, "bad").state, COFFER_RECORD_ACTIVE);
        assert_int_equal(find_status(records, count, "pickle").dispatch_error_count, 0);
        coffer_registry_status_free(records, count);
        coffer_registry_unref(registry);
}

static void one_that_always_fails_warns_a_few_times_only(void **state)
{
        fake_serializer fallback = FAKE_SERIALIZER("pickle", .base.priority = 9999),
                        bad = FAKE_SERIALIZER("bad", .asked_status = COFFER_INTERNAL);
        warnings noted = {0};
        coffer_registry *registry = new_registry(NULL, &noted);
        coffer_choice choice;
        coffer_record_status *records;
        size_t count;
        (void)state;
        assert_ok(coffer_registry_add(registry, &fallback.base, NULL, false, NULL));
        assert_ok(coffer_registry_add(registry, &bad.base, NULL, false, NULL));
        for (int i = 0; i < 100; i++)
                assert_ok(find(registry, FAKE_OBJECT("toys", "Toy"), &choice, NULL));
        assert_int_equal(noted.count, 3);
        assert_string_equal(noted.last,
                            "Serializer bad failed during dispatch and was skipped: no luck (further failures "
                            "of it are counted only)");
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_int_equal(find_status(records, count, "bad").dispatch_error_count, 100);
        coffer_registry_status_free(records, count);
        coffer_registry_unref(registry);
}

static void declining_by_status_is_no_error(void **state)
{
        fake_serializer shy = FAKE_SERIALIZER("shy", .asked_status = COFFER_DECLINED);
        warnings noted = {0};
        coffer_registry *registry = new_registry(NULL, &noted);
        coffer_choice choice;
        (void)state;
        assert_ok(coffer_registry_add(registry, &shy.base, NULL, false, NULL));
        assert_status(find(registry, FAKE_OBJECT("toys", "Toy"), &choice, NULL), COFFER_DECLINED);
        assert_int_equal(noted.count, 0);
        coffer_registry_unref(registry);
}

static void want_of_memory_while_asking_ends_the_search(void **state)
{
        fake_serializer fallback = FAKE_SERIALIZER("pickle", .base.priority = 9999),
                        poor = FAKE_SERIALIZER("poor", .asked_status = COFFER_NO_MEMORY);
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_choice choice;
        (void)state;
        assert_ok(coffer_registry_add(registry, &fallback.base, NULL, false, NULL));
        assert_ok(coffer_registry_add(registry, &poor.base, NULL, false, NULL));
        assert_status(find(registry, FAKE_OBJECT("toys", "Toy"), &choice, NULL), COFFER_NO_MEMORY);
        assert_int_equal(fallback.asked, 0);
        coffer_registry_unref(registry);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(the_first_that_takes_the_object_is_chosen),
                leak_checked(an_object_that_nobody_takes_is_told),
                leak_checked(an_encoding_that_nobody_reads_is_told_with_its_source),
                leak_checked(a_declared_reader_that_cannot_read_yet_is_told_too),
                leak_checked(a_declared_type_loads_at_the_first_object_of_it),
                leak_checked(a_declared_type_stands_for_its_subclasses),
                leak_checked(an_exact_type_does_not),
                leak_checked(a_package_stands_for_all_its_modules),
                leak_checked(a_declared_encoding_loads_at_the_first_artifact_of_it),
                leak_checked(what_the_code_then_declines_it_does_not_get),
                leak_checked(names_that_nobody_can_claim_are_harmless),
                leak_checked(all_that_claim_a_type_are_loaded_and_the_order_decides),
                leak_checked(one_that_fails_while_asked_is_skipped_and_counted),
                leak_checked(one_that_always_fails_warns_a_few_times_only),
                leak_checked(declining_by_status_is_no_error),
                leak_checked(want_of_memory_while_asking_ends_the_search),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
