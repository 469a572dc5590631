/* SPDX-License-Identifier: Apache-2.0 */
/* A record's way through its states, told by a host that does as it is told. */
#include "fakes.h"

/* Declares the code at "code" as `name` and asserts what becomes of it. */
#define CASE(...)                                                                                                      \
        fake_serializer serializer = FAKE_SERIALIZER("toy", .takes = "Toy");                                           \
        fake_code codes[] = {{.location = "code", .serializer = &serializer, __VA_ARGS__}, {.location = NULL}};        \
        fake_host host = FAKE_HOST(host, codes);                                                                       \
        warnings noted = {0};                                                                                          \
        coffer_registry *registry = new_registry(NULL, &noted);                                                        \
        (void)state;                                                                                                   \
        codes[0].registry = registry

static coffer_object toy(void)
{
        static const char *const lineage[] = {"toys", "Toy", "builtins", "object", NULL};
        static fake_object object = {lineage, 0};
        return (coffer_object){&fake_object_type, &object};
}

/* A dispatch: true when "toy" takes the object. */
static bool toy_is_found(coffer_registry *registry)
{
        coffer_object object = toy();
        coffer_choice choice;
        coffer_status status = coffer_registry_find_serializer(registry, &object, "x", &choice, NULL);
        assert_true(status == COFFER_OK || status == COFFER_DECLINED);
        return status == COFFER_OK;
}

static void an_entry_without_types_and_encodings_is_loaded_at_once(void **state)
{
        CASE(.loads = 0);
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_int_equal(codes[0].state_at_load, COFFER_RECORD_IMPORTING);
        assert_int_equal(codes[0].state_at_setup, COFFER_RECORD_IMPORTING_DEPS);
        assert_false(codes[0].was_retry);

        coffer_record_status *records;
        size_t count;
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_int_equal(count, 1);
        assert_string_equal(records[0].name, "toy");
        assert_string_equal(records[0].class_path, "code");
        assert_int_equal(records[0].state, COFFER_RECORD_ACTIVE);
        assert_null(records[0].awaiting_modules[0]);
        assert_null(records[0].last_error);
        assert_int_equal(*records[0].priority, 100);
        assert_string_equal(records[0].type, "toy");
        assert_string_equal(records[0].import_trigger, "eager");
        assert_int_equal(records[0].dispatch_error_count, 0);
        assert_string_equal(records[0].source, "a-package");
        coffer_registry_status_free(records, count);

        assert_true(toy_is_found(registry));
        coffer_registry_unref(registry);
        assert_int_equal(host.unloads, 1);
        assert_int_equal(noted.count, 0);
}

static void code_that_is_missing_parks_the_record(void **state)
{
        CASE(.load_needs = "heavy", .kind = "ModuleNotFoundError");
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_state(registry, "toy", "pending_on_imports");
        assert_last_error(registry, "toy", "ModuleNotFoundError: No module named 'heavy'");
        assert_string_equal(host.watched, "heavy");
        assert_false(toy_is_found(registry));

        coffer_record_status *records;
        size_t count;
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_string_equal(records[0].awaiting_modules[0], "heavy");
        assert_null(records[0].awaiting_modules[1]);
        assert_null(records[0].type);
        assert_null(records[0].priority);
        assert_null(records[0].import_trigger);
        coffer_registry_status_free(records, count);
        coffer_registry_unref(registry);
}

static void set_up_that_misses_something_parks_the_record(void **state)
{
        CASE(.setup_needs = "heavy");
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_state(registry, "toy", "pending_on_imports");
        assert_last_error(registry, "toy", "No module named 'heavy'");

        coffer_record_status *records;
        size_t count;
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_string_equal(records[0].type, "toy");
        assert_int_equal(*records[0].priority, 100);
        coffer_registry_status_free(records, count);
        coffer_registry_unref(registry);
}

static void what_appears_makes_it_active_at_the_next_dispatch(void **state)
{
        CASE(.setup_needs = "heavy");
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_false(toy_is_found(registry));
        fake_appear(&host, "heavy");
        assert_true(toy_is_found(registry));
        assert_true(codes[0].was_retry);
        assert_int_equal(codes[0].state_at_load, COFFER_RECORD_PENDING_ON_IMPORTS);
        assert_int_equal(codes[0].state_at_setup, COFFER_RECORD_CLASS_LOADED);
        assert_state(registry, "toy", "active");
        assert_last_error(registry, "toy", NULL);

        coffer_record_status *records;
        size_t count;
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        assert_string_equal(records[0].import_trigger, "hook");
        assert_null(records[0].awaiting_modules[0]);
        coffer_registry_status_free(records, count);
        assert_int_equal(codes[0].loads, 2);
        assert_int_equal(host.unloads, 1); /* of the first load; the second's goes with the registry */
        coffer_registry_unref(registry);
        assert_int_equal(host.unloads, 2);
}

static void a_program_that_knows_may_say_so(void **state)
{
        CASE(.load_needs = "heavy");
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        host.present[0] = "heavy"; /* and the generation stays */
        coffer_registry_appeared(registry, "something else");
        assert_state(registry, "toy", "pending_on_imports");
        coffer_registry_appeared(registry, "heavy");
        assert_state(registry, "toy", "active");
        coffer_registry_unref(registry);
}

static void missing_one_thing_after_the_other_waits_for_each(void **state)
{
        CASE(.load_needs = "code itself", .setup_needs = "first,second");
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        fake_appear(&host, "code itself");
        coffer_registry_poll(registry);
        assert_last_error(registry, "toy", "No module named 'first'");
        fake_appear(&host, "first");
        coffer_registry_poll(registry);
        assert_last_error(registry, "toy", "No module named 'second'");
        assert_state(registry, "toy", "pending_on_imports");
        fake_appear(&host, "second");
        coffer_registry_poll(registry);
        assert_state(registry, "toy", "active");
        coffer_registry_unref(registry);
}

static void the_same_name_missing_again_is_a_loop(void **state)
{
        CASE(.setup_needs = "heavy", .is_never_satisfied = true, .kind = "ModuleNotFoundError");
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_state(registry, "toy", "pending_on_imports");
        coffer_registry_appeared(registry, "heavy");
        assert_state(registry, "toy", "broken");
        assert_last_error(registry, "toy", "repeated ImportError on 'heavy': No module named 'heavy'");
        assert_string_equal(noted.last, "Serializer 'toy' (code) is broken: "
                                        "repeated ImportError on 'heavy': No module named 'heavy'");
        coffer_registry_appeared(registry, "heavy");
        assert_int_equal(codes[0].setups, 2);
        coffer_registry_unref(registry);
}

static void missing_something_without_a_name_breaks(void **state)
{
        CASE(.load_needs = "heavy", .is_nameless = true);
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_state(registry, "toy", "broken");
        assert_last_error(registry, "toy", "ImportError with no module name: No module named 'heavy'");
        coffer_registry_unref(registry);
}

static void a_load_that_fails_breaks_with_the_hosts_words(void **state)
{
        CASE(.load_fails = "class 'Toy' not found in module 'toys'");
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_state(registry, "toy", "broken");
        assert_last_error(registry, "toy", "class 'Toy' not found in module 'toys'");
        assert_int_equal(codes[0].setups, 0);
        coffer_registry_unref(registry);
}

static void a_set_up_that_fails_breaks_with_kind_and_message(void **state)
{
        CASE(.setup_fails = "bad value", .kind = "ValueError");
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_state(registry, "toy", "broken");
        assert_last_error(registry, "toy", "ValueError: bad value");
        assert_false(toy_is_found(registry));
        assert_int_equal(noted.count, 1);
        coffer_registry_unref(registry);
}

static void code_of_another_type_than_declared_breaks(void **state)
{
        CASE(.loads = 0);
        assert_ok(declare(registry, &host, "puppet", "code", NULL, NULL));
        assert_state(registry, "puppet", "broken");
        assert_last_error(registry, "puppet", "tuple name 'puppet' != class.TYPE 'toy'");
        assert_int_equal(codes[0].setups, 0);
        coffer_registry_unref(registry);
}

static void code_of_another_priority_than_declared_breaks(void **state)
{
        CASE(.loads = 0);
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        const int32_t declared = 50;
        descriptor.name = "toy";
        descriptor.location = "code";
        descriptor.priority = &declared;
        assert_ok(coffer_registry_declare(registry, &descriptor, &host.base, NULL));
        assert_last_error(registry, "toy", "declared priority 50 != class.PRIORITY 100");
        serializer.base.priority = declared;
        assert_ok(coffer_registry_declare(registry, &descriptor, &host.base, NULL));
        assert_state(registry, "toy", "active");
        coffer_registry_unref(registry);
}

static void a_table_of_another_abi_breaks(void **state)
{
        CASE(.loads = 0);
        serializer.base.abi = 7;
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_last_error(registry, "toy", "built for serializer ABI 7, this library speaks 1");
        serializer.base.abi = COFFER_SERIALIZER_ABI;
        serializer.base.struct_bytes = 16;
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_state(registry, "toy", "broken");
        serializer.base.struct_bytes = sizeof(coffer_serializer);
        serializer.base.deserialize = NULL;
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_last_error(registry, "toy", "serializer 'toy' lacks one of its four functions");
        coffer_registry_unref(registry);
}

static void one_records_failure_strands_no_other(void **state)
{
        fake_serializer first = FAKE_SERIALIZER("first"), second = FAKE_SERIALIZER("second"),
                        third = FAKE_SERIALIZER("third");
        fake_code codes[] = {{.location = "1", .serializer = &first, .setup_needs = "heavy"},
                             {.location = "2", .serializer = &second, .setup_needs = "heavy"},
                             {.location = "3", .serializer = &third, .setup_needs = "heavy"},
                             {.location = NULL}};
        fake_host host = FAKE_HOST(host, codes);
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        assert_ok(declare(registry, &host, "first", "1", NULL, NULL));
        assert_ok(declare(registry, &host, "second", "2", NULL, NULL));
        assert_ok(declare(registry, &host, "third", "3", NULL, NULL));
        codes[0].setup_fails = "no luck";
        codes[1].load_fails = "retry crashed: SyntaxError: invalid syntax";
        fake_appear(&host, "heavy");
        coffer_registry_poll(registry);
        assert_state(registry, "first", "broken");
        assert_last_error(registry, "second", "retry crashed: SyntaxError: invalid syntax");
        assert_state(registry, "third", "active");
        coffer_registry_unref(registry);
}

static void nothing_is_looked_at_while_nothing_waits_or_nothing_changed(void **state)
{
        CASE(.setup_needs = "heavy");
        coffer_registry_poll(registry);
        assert_int_equal(host.generations, 0);
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        coffer_registry_poll(registry); /* the first look: it may have appeared meanwhile */
        assert_int_equal(host.looks, 1);
        for (int i = 0; i < 10; i++)
                coffer_registry_poll(registry);
        assert_int_equal(host.looks, 1);
        assert_int_equal(host.generations, 11);
        fake_appear(&host, "something else");
        coffer_registry_poll(registry);
        assert_int_equal(host.looks, 2);
        assert_int_equal(codes[0].loads, 1);
        fake_appear(&host, "heavy");
        coffer_registry_poll(registry);
        assert_state(registry, "toy", "active");
        for (int i = 0; i < 10; i++)
                coffer_registry_poll(registry);
        assert_int_equal(host.looks, 3);
        assert_int_equal(host.generations, 13);
        coffer_registry_unref(registry);
}

static void a_record_that_is_replaced_while_it_waits_is_not_driven_by_its_name(void **state)
{
        CASE(.setup_needs = "heavy");
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_ok(declare(registry, &host, "toy", "code", LIST("toys.Toy"), NULL));
        fake_appear(&host, "heavy");
        coffer_registry_appeared(registry, "heavy");
        coffer_registry_poll(registry);
        assert_state(registry, "toy", "known");
        assert_int_equal(codes[0].loads, 1);
        coffer_registry_unref(registry);
        assert_int_equal(host.unloads, 1);
}

/* A host that drives its record on from inside: the thing appears while the step that misses it is still running. */
static coffer_registry *reentered;

static void appear_while_watched(const coffer_host *base, const char *missing)
{
        fake_appear(base->user, "heavy");
        coffer_registry_appeared(reentered, missing);
}

static void what_appears_while_the_record_is_being_parked_is_not_lost(void **state)
{
        CASE(.setup_needs = "heavy");
        reentered = registry;
        host.base.watch = appear_while_watched;
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_state(registry, "toy", "active");
        coffer_registry_unref(registry);
}

static coffer_step dispatch_while_loading(const coffer_host *base, const char *location, void **loaded,
                                          const coffer_serializer **serializer, coffer_step_report *report)
{
        assert_false(toy_is_found(reentered));
        return fake_load(base, location, loaded, serializer, report);
}

static void a_load_that_dispatches_objects_of_its_own_type_does_not_wait_for_itself(void **state)
{
        CASE(.loads = 0);
        reentered = registry;
        host.base.load = dispatch_while_loading;
        assert_ok(declare(registry, &host, "toy", "code", LIST("toys.Toy"), NULL));
        assert_true(toy_is_found(registry));
        coffer_registry_unref(registry);
}

static coffer_step replace_while_setting_up(const coffer_host *base, void *loaded, const coffer_serializer *serializer,
                                            coffer_step_report *report)
{
        (void)base;
        (void)loaded;
        (void)report;
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        descriptor.name = serializer->type;
        descriptor.location = "elsewhere";
        descriptor.types = LIST("toys.Other");
        assert_ok(coffer_registry_declare(reentered, &descriptor, base, NULL));
        return COFFER_STEP_DONE;
}

static void a_record_that_is_replaced_while_it_is_set_up_never_dispatches(void **state)
{
        CASE(.loads = 0);
        reentered = registry;
        host.base.setup = replace_while_setting_up;
        assert_ok(declare(registry, &host, "toy", "code", NULL, NULL));
        assert_state(registry, "toy", "known");
        assert_false(toy_is_found(registry));
        coffer_registry_unref(registry);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(an_entry_without_types_and_encodings_is_loaded_at_once),
                leak_checked(code_that_is_missing_parks_the_record),
                leak_checked(set_up_that_misses_something_parks_the_record),
                leak_checked(what_appears_makes_it_active_at_the_next_dispatch),
                leak_checked(a_program_that_knows_may_say_so),
                leak_checked(missing_one_thing_after_the_other_waits_for_each),
                leak_checked(the_same_name_missing_again_is_a_loop),
                leak_checked(missing_something_without_a_name_breaks),
                leak_checked(a_load_that_fails_breaks_with_the_hosts_words),
                leak_checked(a_set_up_that_fails_breaks_with_kind_and_message),
                leak_checked(code_of_another_type_than_declared_breaks),
                leak_checked(code_of_another_priority_than_declared_breaks),
                leak_checked(a_table_of_another_abi_breaks),
                leak_checked(one_records_failure_strands_no_other),
                leak_checked(nothing_is_looked_at_while_nothing_waits_or_nothing_changed),
                leak_checked(a_record_that_is_replaced_while_it_waits_is_not_driven_by_its_name),
                leak_checked(what_appears_while_the_record_is_being_parked_is_not_lost),
                leak_checked(a_load_that_dispatches_objects_of_its_own_type_does_not_wait_for_itself),
                leak_checked(a_record_that_is_replaced_while_it_is_set_up_never_dispatches),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
