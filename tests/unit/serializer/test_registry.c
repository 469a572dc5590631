/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a registry: adding, declaring, replacing, switching on and off, order. */
#include "fakes.h"

/* The types in dispatch order, joined with spaces. */
static void assert_order(coffer_registry *registry, const char *expected)
{
        coffer_choice *order = NULL;
        size_t count = 0;
        char joined[200] = "";
        assert_ok(coffer_registry_order(registry, &order, &count, NULL));
        for (size_t i = 0; i < count; i++) {
                strcat(joined, i ? " " : "");
                strcat(joined, order[i].serializer->type);
        }
        coffer_free(order);
        assert_string_equal(joined, expected);
}

static void an_added_serializer_is_active_at_once(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .base.name = "toys.ToySerializer");
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_record_status *records;
        size_t count;
        (void)state;
        assert_ok(coffer_registry_add(registry, &toy.base, "a-package", false, NULL));
        assert_order(registry, "toy");
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_int_equal(count, 1);
        assert_string_equal(records[0].name, "toy");
        assert_string_equal(records[0].class_path, "toys.ToySerializer");
        assert_int_equal(records[0].state, COFFER_RECORD_ACTIVE);
        assert_string_equal(records[0].import_trigger, "eager");
        assert_string_equal(records[0].source, "a-package");
        coffer_registry_status_free(records, count);
        coffer_registry_unref(registry);
}

static void of_one_priority_the_later_entry_comes_first(void **state)
{
        fake_serializer a = FAKE_SERIALIZER("a"), b = FAKE_SERIALIZER("b"), c = FAKE_SERIALIZER("c"),
                        early = FAKE_SERIALIZER("early", .base.priority = -5),
                        late = FAKE_SERIALIZER("late", .base.priority = 9999);
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        assert_order(registry, "");
        assert_ok(coffer_registry_add(registry, &late.base, NULL, false, NULL));
        assert_ok(coffer_registry_add(registry, &a.base, NULL, false, NULL));
        assert_ok(coffer_registry_add(registry, &b.base, NULL, false, NULL));
        assert_ok(coffer_registry_add(registry, &early.base, NULL, false, NULL));
        assert_order(registry, "early b a late");
        assert_ok(coffer_registry_add(registry, &c.base, NULL, false, NULL)); /* the cached order is not used */
        assert_order(registry, "early c b a late");
        coffer_registry_unref(registry);
}

static void a_record_that_is_active_late_keeps_the_place_of_its_declaration(void **state)
{
        fake_serializer waits = FAKE_SERIALIZER("waits"), second = FAKE_SERIALIZER("second");
        fake_code codes[] = {{.location = "1", .serializer = &waits, .setup_needs = "heavy"},
                             {.location = "2", .serializer = &second},
                             {.location = NULL}};
        fake_host host = FAKE_HOST(host, codes);
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        assert_ok(declare(registry, &host, "waits", "1", NULL, NULL));
        assert_ok(declare(registry, &host, "second", "2", NULL, NULL));
        assert_order(registry, "second");
        fake_appear(&host, "heavy");
        assert_order(registry, "second waits");
        coffer_registry_unref(registry);
}

static void members_of_the_pool_without_a_record_come_after_those_with_one(void **state)
{
        fake_serializer loose = FAKE_SERIALIZER("loose"), toy = FAKE_SERIALIZER("toy");
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        pthread_mutex_lock(&registry->lock);
        assert_ok(coffer_registry_pool_add(registry, &loose.base, NULL));
        pthread_mutex_unlock(&registry->lock);
        assert_ok(coffer_registry_add(registry, &toy.base, NULL, false, NULL));
        assert_order(registry, "loose toy"); /* the later position is asked first */
        pthread_mutex_lock(&registry->lock);
        coffer_registry_pool_discard(registry, &toy.base);
        pthread_mutex_unlock(&registry->lock);
        assert_order(registry, "loose");
        assert_state(registry, "toy", "active");
        coffer_registry_unref(registry);
}

static void one_type_has_one_serializer(void **state)
{
        fake_serializer first = FAKE_SERIALIZER("toy"), second = FAKE_SERIALIZER("toy", .base.priority = 1),
                        other = FAKE_SERIALIZER("other", .base.priority = 50);
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_error error = COFFER_ERROR_INIT;
        coffer_choice *order;
        size_t count;
        (void)state;
        assert_ok(coffer_registry_add(registry, &first.base, "one", false, NULL));
        assert_ok(coffer_registry_add(registry, &other.base, "one", false, NULL));
        assert_status(coffer_registry_add(registry, &second.base, "two", false, &error), COFFER_CONFLICT);
        assert_string_equal(error.message, "serializer 'toy' is there already (toy, active)");
        assert_order(registry, "other toy");
        assert_ok(coffer_registry_add(registry, &second.base, "two", true, NULL));
        assert_ok(coffer_registry_order(registry, &order, &count, NULL));
        assert_int_equal(count, 2);
        assert_ptr_equal(order[0].serializer, &second.base);
        assert_string_equal(order[0].source, "two");
        coffer_free(order);
        coffer_registry_unref(registry);
}

static void a_record_that_is_not_active_gives_way_to_an_added_one(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy");
        fake_code codes[] = {{.location = "1", .serializer = &toy, .load_fails = "no luck"}, {.location = NULL}};
        fake_host host = FAKE_HOST(host, codes);
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        assert_ok(declare(registry, &host, "toy", "1", NULL, NULL));
        assert_state(registry, "toy", "broken");
        assert_ok(coffer_registry_add(registry, &toy.base, NULL, false, NULL));
        assert_state(registry, "toy", "active");
        coffer_registry_unref(registry);
}

static void a_replaced_record_keeps_its_place(void **state)
{
        fake_serializer a = FAKE_SERIALIZER("a"), b = FAKE_SERIALIZER("b");
        fake_code codes[] = {
                {.location = "a", .serializer = &a}, {.location = "b", .serializer = &b}, {.location = NULL}};
        fake_host host = FAKE_HOST(host, codes);
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        assert_ok(declare(registry, &host, "a", "a", NULL, NULL));
        assert_ok(declare(registry, &host, "b", "b", NULL, NULL));
        assert_order(registry, "b a");
        assert_ok(declare(registry, &host, "a", "a", NULL, NULL));
        assert_order(registry, "b a");
        codes[0].load_fails = "no luck";
        assert_ok(declare(registry, &host, "a", "a", NULL, NULL));
        assert_order(registry, "b"); /* what is replaced is out, also when the new one is broken */
        coffer_registry_unref(registry);
}

static void a_table_that_cannot_be_called_is_refused(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy");
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        toy.base.abi = 2;
        assert_status(coffer_registry_add(registry, &toy.base, NULL, false, NULL), COFFER_ABI);
        toy.base.abi = COFFER_SERIALIZER_ABI;
        toy.base.type = NULL;
        assert_status(coffer_registry_add(registry, &toy.base, NULL, false, NULL), COFFER_INVALID);
        assert_status(coffer_registry_add(registry, NULL, NULL, false, NULL), COFFER_INVALID);
        coffer_registry_unref(registry);
}

static coffer_status missing_setup(const coffer_serializer *self, coffer_setup_context *context, coffer_error *error)
{
        (void)self;
        return coffer_setup_missing(context, "a library that nobody has", error);
}

static coffer_status nameless_setup(const coffer_serializer *self, coffer_setup_context *context, coffer_error *error)
{
        (void)self;
        (void)context;
        (void)error;
        return COFFER_MISSING;
}

static coffer_status failing_setup(const coffer_serializer *self, coffer_setup_context *context, coffer_error *error)
{
        (void)self;
        (void)context;
        return coffer_error_set(error, COFFER_INVALID, "no luck today");
}

static void an_added_serializer_is_set_up_as_any_other(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy", .base.setup = missing_setup);
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        assert_ok(coffer_registry_add(registry, &toy.base, NULL, false, NULL));
        assert_state(registry, "toy", "pending_on_imports");
        assert_last_error(registry, "toy", "'a library that nobody has' is not there");
        toy.base.setup = nameless_setup;
        assert_ok(coffer_registry_add(registry, &toy.base, NULL, false, NULL));
        assert_last_error(registry, "toy",
                          "dlopen failure with no module name: set-up failed: something that is needed "
                          "is not installed or not loaded");
        toy.base.setup = failing_setup;
        assert_ok(coffer_registry_add(registry, &toy.base, NULL, false, NULL));
        assert_state(registry, "toy", "broken");
        assert_last_error(registry, "toy", "no luck today");
        coffer_registry_unref(registry);
}

static void a_descriptor_without_name_or_location_is_refused(void **state)
{
        fake_code codes[] = {{.location = NULL}};
        fake_host host = FAKE_HOST(host, codes);
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        (void)state;
        descriptor.location = "somewhere";
        assert_status(coffer_registry_declare(registry, &descriptor, &host.base, NULL), COFFER_INVALID);
        descriptor.name = "toy";
        descriptor.location = NULL;
        assert_status(coffer_registry_declare(registry, &descriptor, &host.base, NULL), COFFER_INVALID);
        descriptor.location = "somewhere";
        descriptor.version = 2;
        assert_status(coffer_registry_declare(registry, &descriptor, &host.base, NULL), COFFER_INVALID);
        descriptor.version = 1;
        host.base.is_present = NULL;
        assert_status(coffer_registry_declare(registry, &descriptor, &host.base, NULL), COFFER_INVALID);
        coffer_registry_unref(registry);
}

static void options_of_an_unknown_version_are_refused(void **state)
{
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        coffer_registry *registry = NULL;
        (void)state;
        options.version = 2;
        assert_status(coffer_registry_create(&options, &registry, NULL), COFFER_INVALID);
        assert_null(registry);
}

/* ---- toggles ---- */

static void a_disabled_name_is_not_loaded(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy");
        fake_code codes[] = {{.location = "1", .serializer = &toy}, {.location = NULL}};
        fake_host host = FAKE_HOST(host, codes);
        warnings noted = {0};
        coffer_registry *registry = new_registry("-toy, -other", &noted);
        coffer_record_status *records;
        size_t count;
        (void)state;
        assert_ok(declare(registry, &host, "toy", "1", NULL, NULL));
        assert_int_equal(codes[0].loads, 0);
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_int_equal(records[0].state, COFFER_RECORD_DISABLED);
        assert_null(records[0].type);
        assert_null(records[0].last_error);
        assert_string_equal(records[0].source, "a-package");
        coffer_registry_status_free(records, count);
        coffer_registry_appeared(registry, "toy");
        assert_order(registry, "");
        assert_int_equal(noted.count, 0);
        coffer_registry_unref(registry);
}

static void an_added_serializer_obeys_the_toggles(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy");
        coffer_registry *registry = new_registry("-toy", NULL);
        (void)state;
        assert_ok(coffer_registry_add(registry, &toy.base, NULL, false, NULL));
        assert_state(registry, "toy", "disabled");
        assert_order(registry, "");
        coffer_registry_unref(registry);
}

static void what_is_off_by_default_is_switched_on_by_name(void **state)
{
        static const struct {
                const char *toggles, *expected;
        } cases[] = {{"", "disabled"},       {"+toy", "active"},        {"toy", "active"},      {"-toy", "disabled"},
                     {"+other", "disabled"}, {"+toy -toy", "disabled"}, {"-toy,+toy", "active"}};
        (void)state;
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                fake_serializer toy = FAKE_SERIALIZER("toy");
                fake_code codes[] = {{.location = "1", .serializer = &toy}, {.location = NULL}};
                fake_host host = FAKE_HOST(host, codes);
                coffer_registry *registry = new_registry(cases[i].toggles, NULL);
                coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
                descriptor.name = "toy";
                descriptor.location = "1";
                descriptor.off_by_default = true;
                assert_ok(coffer_registry_declare(registry, &descriptor, &host.base, NULL));
                assert_state(registry, "toy", cases[i].expected);
                coffer_registry_unref(registry);
        }
}

static void a_name_without_a_sign_makes_an_allow_list(void **state)
{
        fake_serializer a = FAKE_SERIALIZER("a"), b = FAKE_SERIALIZER("b"), c = FAKE_SERIALIZER("c"),
                        pickle = FAKE_SERIALIZER("pickle");
        coffer_registry *registry = new_registry("a, +b", NULL);
        (void)state;
        assert_ok(coffer_registry_add(registry, &pickle.base, NULL, false, NULL));
        assert_ok(coffer_registry_add(registry, &a.base, NULL, false, NULL));
        assert_ok(coffer_registry_add(registry, &b.base, NULL, false, NULL));
        assert_ok(coffer_registry_add(registry, &c.base, NULL, false, NULL));
        assert_order(registry, "b a");
        assert_state(registry, "c", "disabled");
        assert_state(registry, "pickle", "disabled");
        coffer_registry_unref(registry);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(an_added_serializer_is_active_at_once),
                leak_checked(of_one_priority_the_later_entry_comes_first),
                leak_checked(a_record_that_is_active_late_keeps_the_place_of_its_declaration),
                leak_checked(members_of_the_pool_without_a_record_come_after_those_with_one),
                leak_checked(one_type_has_one_serializer),
                leak_checked(a_record_that_is_not_active_gives_way_to_an_added_one),
                leak_checked(a_replaced_record_keeps_its_place),
                leak_checked(a_table_that_cannot_be_called_is_refused),
                leak_checked(an_added_serializer_is_set_up_as_any_other),
                leak_checked(a_descriptor_without_name_or_location_is_refused),
                leak_checked(options_of_an_unknown_version_are_refused),
                leak_checked(a_disabled_name_is_not_loaded),
                leak_checked(an_added_serializer_obeys_the_toggles),
                leak_checked(what_is_off_by_default_is_switched_on_by_name),
                leak_checked(a_name_without_a_sign_makes_an_allow_list),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
