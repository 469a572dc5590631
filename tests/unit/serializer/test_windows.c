/* SPDX-License-Identifier: Apache-2.0 */
/* The registry's state as fronts see and change it. */
#include "fakes.h"

#include <coffer/sys/registry.h>

/* A list of names, joined with spaces; NULL is "-". */
static void assert_names(const char *const *names, const char *expected)
{
        char joined[300] = "";
        for (size_t i = 0; names && names[i]; i++) {
                strcat(joined, i ? " " : "");
                strcat(joined, names[i]);
        }
        assert_string_equal(names ? joined : "-", expected);
}

static void assert_keys(coffer_registry *registry, coffer_registry_map map, const char *expected)
{
        const char *const *keys = NULL;
        assert_ok(coffer_registry_keys(registry, map, &keys, NULL));
        assert_names(keys, expected);
        coffer_free((void *)(uintptr_t)keys);
}

static void assert_pending(coffer_registry *registry, const char *missing, const char *expected)
{
        const char *const *names = NULL;
        assert_ok(coffer_registry_pending(registry, missing, &names, NULL));
        assert_names(names, expected);
        coffer_free((void *)(uintptr_t)names);
}

/* Places as types, those that are not loaded in brackets; gives the serial number. */
static uint64_t assert_places(coffer_registry *registry, const char *expected)
{
        coffer_place *places = NULL;
        size_t count = 0;
        uint64_t serial = 0;
        char joined[300] = "";
        assert_ok(coffer_registry_places(registry, &places, &count, &serial, NULL));
        for (size_t i = 0; i < count; i++) {
                char place[60];
                coffer_record_status *record = NULL;
                if (places[i].record)
                        assert_ok(coffer_registry_record_read(registry, places[i].record, &record, NULL));
                if (places[i].serializer)
                        snprintf(place, sizeof(place), "%s%s", i ? " " : "", places[i].serializer->type);
                else
                        snprintf(place, sizeof(place), "%s[%s]", i ? " " : "", record->name);
                strcat(joined, place);
                coffer_registry_status_free(record, 1);
        }
        coffer_free(places);
        assert_string_equal(joined, expected);
        return serial;
}

static coffer_record *new_record(const fake_host *host, const char *name, const char *location)
{
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        coffer_record *record = NULL;
        descriptor.name = name;
        descriptor.location = location;
        assert_ok(coffer_record_new(&descriptor, &host->base, &record, NULL));
        return record;
}

/* ---- records ---- */

static void a_record_goes_in_and_out_by_name(void **state)
{
        fake_host host = FAKE_HOST(host, NULL);
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_record *one = new_record(&host, "one", "a.One"), *two = new_record(&host, "two", "a.Two");
        (void)state;
        assert_ok(coffer_registry_record_put(registry, "one", one, NULL));
        assert_ok(coffer_registry_record_put(registry, "two", two, NULL));
        assert_keys(registry, COFFER_MAP_RECORDS, "one two");
        assert_ok(coffer_registry_record_put(registry, "one", two, NULL));
        assert_keys(registry, COFFER_MAP_RECORDS, "one two");
        coffer_record *found = coffer_registry_record(registry, "one");
        assert_ptr_equal(found, two);
        coffer_record_unref(found);
        assert_null(coffer_registry_record(registry, "three"));
        assert_true(coffer_registry_has(registry, COFFER_MAP_RECORDS, "one"));
        assert_true(coffer_registry_remove(registry, COFFER_MAP_RECORDS, "one"));
        assert_false(coffer_registry_remove(registry, COFFER_MAP_RECORDS, "one"));
        assert_int_equal(coffer_registry_count(registry, COFFER_MAP_RECORDS), 1);
        assert_ok(coffer_registry_record_put(registry, "again", one, NULL)); /* kept once, however often it enters */
        coffer_registry_clear(registry, COFFER_MAP_RECORDS);
        assert_keys(registry, COFFER_MAP_RECORDS, "");
        coffer_record_unref(one);
        coffer_record_unref(two);
        coffer_registry_unref(registry);
}

static void a_record_that_was_never_entered_goes_with_its_last_reference(void **state)
{
        fake_host host = FAKE_HOST(host, NULL);
        (void)state;
        coffer_record *record = new_record(&host, "one", "a.One");
        coffer_record_unref(coffer_record_ref(record));
        coffer_record_unref(record);
        coffer_record_unref(NULL);
}

static void a_record_needs_a_whole_host_and_a_name(void **state)
{
        fake_host host = FAKE_HOST(host, NULL);
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        coffer_record *record = NULL;
        (void)state;
        assert_status(coffer_record_new(&descriptor, &host.base, &record, NULL), COFFER_INVALID);
        descriptor.name = descriptor.location = "x";
        assert_status(coffer_record_new(&descriptor, NULL, &record, NULL), COFFER_INVALID);
        assert_null(record);
}

static void every_field_can_be_read_and_set(void **state)
{
        fake_host host = FAKE_HOST(host, NULL);
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_record *record = new_record(&host, "toy", "a.Toy");
        coffer_record_status *now = NULL;
        const int32_t priority = -7;
        (void)state;
        for (int i = 0; i < COFFER_RECORD_TEXT_FIELD_COUNT; i++)
                assert_ok(
                        coffer_registry_record_set_text(registry, record, (coffer_record_text_field)i, "a text", NULL));
        assert_ok(coffer_registry_record_set_names(registry, record, COFFER_RECORD_AWAITING_MODULES,
                                                   LIST("b", "a", "b"), NULL));
        assert_ok(coffer_registry_record_read(registry, record, &now, NULL));
        assert_null(now->previously_awaited);
        coffer_registry_status_free(now, 1);
        assert_ok(
                coffer_registry_record_set_names(registry, record, COFFER_RECORD_PREVIOUSLY_AWAITED, LIST("c"), NULL));
        coffer_registry_record_set_state(registry, record, COFFER_RECORD_BROKEN);
        coffer_registry_record_set_priority(registry, record, &priority);
        coffer_registry_record_set_dispatch_errors(registry, record, 5);
        assert_ok(coffer_registry_record_read(registry, record, &now, NULL));
        assert_string_equal(now->name, "a text");
        assert_string_equal(now->class_path, "a text");
        assert_string_equal(now->last_error, "a text");
        assert_string_equal(now->type, "a text");
        assert_string_equal(now->import_trigger, "a text");
        assert_string_equal(now->source, "a text");
        assert_names(now->awaiting_modules, "b a");
        assert_names(now->previously_awaited, "c");
        assert_int_equal(now->state, COFFER_RECORD_BROKEN);
        assert_int_equal(*now->priority, -7);
        assert_int_equal(now->dispatch_error_count, 5);
        coffer_registry_status_free(now, 1);
        coffer_record_unref(record);
        coffer_registry_unref(registry);
}

static void fields_can_be_unset_but_for_names_and_lists(void **state)
{
        fake_host host = FAKE_HOST(host, NULL);
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_record *record = new_record(&host, "toy", "a.Toy");
        coffer_record_status *now = NULL;
        (void)state;
        for (int i = 0; i < COFFER_RECORD_TEXT_FIELD_COUNT; i++) {
                bool is_needed = i == COFFER_RECORD_NAME || i == COFFER_RECORD_CLASS_PATH;
                assert_status(
                        coffer_registry_record_set_text(registry, record, (coffer_record_text_field)i, NULL, NULL),
                        is_needed ? COFFER_INVALID : COFFER_OK);
        }
        assert_status(coffer_registry_record_set_text(registry, record, COFFER_RECORD_TEXT_FIELD_COUNT, "x", NULL),
                      COFFER_INVALID);
        assert_status(coffer_registry_record_set_names(registry, record, COFFER_RECORD_AWAITING_MODULES, NULL, NULL),
                      COFFER_INVALID);
        assert_ok(coffer_registry_record_set_names(registry, record, COFFER_RECORD_PREVIOUSLY_AWAITED, NULL, NULL));
        coffer_registry_record_set_priority(registry, record, NULL);
        assert_ok(coffer_registry_record_read(registry, record, &now, NULL));
        assert_string_equal(now->name, "toy");
        assert_null(now->last_error);
        assert_null(now->priority);
        assert_null(now->source);
        coffer_registry_status_free(now, 1);
        coffer_record_unref(record);
        coffer_registry_unref(registry);
}

/* ---- the other containers ---- */

static void classes_are_found_by_type(void **state)
{
        fake_serializer one = FAKE_SERIALIZER("one"), bad = FAKE_SERIALIZER("bad", .base.abi = 99);
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        assert_ok(coffer_registry_class_put(registry, "one", &one.base, NULL));
        assert_ok(coffer_registry_class_put(registry, "", &one.base, NULL));
        assert_status(coffer_registry_class_put(registry, "bad", &bad.base, NULL), COFFER_ABI);
        assert_ptr_equal(coffer_registry_class(registry, ""), &one.base);
        assert_null(coffer_registry_class(registry, "bad"));
        assert_keys(registry, COFFER_MAP_CLASSES, "one ");
        assert_true(coffer_registry_remove(registry, COFFER_MAP_CLASSES, ""));
        coffer_registry_clear(registry, COFFER_MAP_CLASSES);
        assert_null(coffer_registry_class(registry, "one"));
        coffer_registry_unref(registry);
}

static void who_waits_can_be_said(void **state)
{
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        assert_pending(registry, "heavy", "-");
        assert_ok(coffer_registry_pending_put(registry, "heavy", LIST("two", "one"), NULL));
        assert_ok(coffer_registry_pending_put(registry, "light", LIST(NULL), NULL));
        assert_pending(registry, "heavy", "two one");
        assert_pending(registry, "light", "");
        assert_ok(coffer_registry_pending_put(registry, "heavy", LIST("three"), NULL));
        assert_pending(registry, "heavy", "three");
        assert_keys(registry, COFFER_MAP_PENDING, "heavy light");
        assert_true(coffer_registry_remove(registry, COFFER_MAP_PENDING, "heavy"));
        coffer_registry_clear(registry, COFFER_MAP_PENDING);
        assert_keys(registry, COFFER_MAP_PENDING, "");
        coffer_registry_unref(registry);
}

static void the_pool_keeps_its_order(void **state)
{
        fake_serializer one = FAKE_SERIALIZER("one"), two = FAKE_SERIALIZER("two");
        coffer_registry *registry = new_registry(NULL, NULL);
        const coffer_serializer **pool = NULL;
        size_t count = 9;
        (void)state;
        assert_ok(coffer_registry_activate(registry, &two.base, NULL));
        assert_ok(coffer_registry_activate(registry, &one.base, NULL));
        assert_ok(coffer_registry_activate(registry, &two.base, NULL));
        assert_ok(coffer_registry_active(registry, &pool, &count, NULL));
        assert_int_equal(count, 2);
        assert_ptr_equal(pool[0], &two.base);
        coffer_free(pool);
        assert_true(coffer_registry_is_active(registry, &one.base));
        coffer_registry_deactivate(registry, &one.base);
        coffer_registry_deactivate(registry, &one.base);
        assert_false(coffer_registry_is_active(registry, &one.base));
        coffer_registry_deactivate(registry, &two.base);
        assert_ok(coffer_registry_active(registry, &pool, &count, NULL));
        assert_int_equal(count, 0);
        coffer_free(pool);
        coffer_registry_unref(registry);
}

/* ---- the order ---- */

static void an_order_stands_until_something_changes(void **state)
{
        fake_serializer one = FAKE_SERIALIZER("one"), two = FAKE_SERIALIZER("two");
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        assert_int_equal(coffer_registry_order_serial(registry), 0);
        assert_ok(coffer_registry_activate(registry, &one.base, NULL));
        uint64_t first = assert_places(registry, "one");
        assert_int_equal(assert_places(registry, "one"), first);
        assert_int_equal(coffer_registry_order_serial(registry), first);
        coffer_registry_order_invalidate(registry);
        assert_int_equal(coffer_registry_order_serial(registry), 0);
        assert_true(assert_places(registry, "one") > first);
        assert_ok(coffer_registry_activate(registry, &two.base, NULL));
        assert_places(registry, "two one");
        coffer_registry_set_priority(registry, &one.base, 5);
        assert_places(registry, "one two");
        coffer_registry_unref(registry);
}

static void an_order_can_be_imposed(void **state)
{
        fake_serializer one = FAKE_SERIALIZER("one"), two = FAKE_SERIALIZER("two"),
                        bad = FAKE_SERIALIZER("bad", .base.abi = 9);
        coffer_registry *registry = new_registry(NULL, NULL);
        const coffer_serializer *order[] = {&one.base, &two.base, &bad.base};
        coffer_object object = FAKE_OBJECT("toys", "Toy");
        coffer_choice choice;
        uint64_t serial = 0;
        (void)state;
        assert_ok(coffer_registry_activate(registry, &two.base, NULL));
        assert_status(coffer_registry_order_set(registry, order, 3, &serial, NULL), COFFER_ABI);
        assert_ok(coffer_registry_order_set(registry, order, 2, &serial, NULL));
        assert_int_equal(assert_places(registry, "one two"), serial);
        assert_ok(coffer_registry_find_serializer(registry, &object, "thing", &choice, NULL));
        assert_ptr_equal(choice.serializer, &one.base);
        coffer_registry_order_invalidate(registry);
        assert_places(registry, "two");
        coffer_registry_unref(registry);
}

static void the_class_of_a_type_stands_for_its_record(void **state)
{
        fake_serializer first = FAKE_SERIALIZER("toy"), second = FAKE_SERIALIZER("toy", .base.priority = 5),
                        other = FAKE_SERIALIZER("other");
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        assert_ok(coffer_registry_add(registry, &first.base, "a-package", false, NULL));
        assert_ok(coffer_registry_add(registry, &other.base, NULL, false, NULL));
        assert_places(registry, "other toy");
        assert_ok(coffer_registry_class_put(registry, "toy", &second.base, NULL));
        assert_places(registry, "toy other"); /* the first one, as a member of the pool without a place of its own */
        assert_ok(coffer_registry_activate(registry, &second.base, NULL));
        assert_places(registry, "toy toy other");
        assert_string_equal(coffer_registry_source(registry, "toy"), "a-package");
        assert_null(coffer_registry_source(registry, "nobody"));
        coffer_registry_unref(registry);
}

static void what_is_not_loaded_has_its_place(void **state)
{
        fake_serializer lazy = FAKE_SERIALIZER("lazy"), one = FAKE_SERIALIZER("one"), two = FAKE_SERIALIZER("two");
        fake_code codes[] = {{.location = "l", .serializer = &lazy}, {.location = NULL}};
        fake_host host = FAKE_HOST(host, codes);
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_object object = FAKE_OBJECT("toys", "Toy"), stranger = FAKE_OBJECT("toys", "Stranger");
        coffer_choice *order = NULL;
        size_t count = 0;
        (void)state;
        assert_ok(coffer_registry_add(registry, &one.base, NULL, false, NULL));
        assert_ok(declare(registry, &host, "lazy", "l", LIST("toys.Toy"), LIST("lazy-v1")));
        assert_ok(coffer_registry_add(registry, &two.base, NULL, false, NULL));
        assert_places(registry, "two [lazy] one");
        assert_ok(coffer_registry_order(registry, &order, &count, NULL));
        assert_int_equal(count, 2);
        coffer_free(order);
        coffer_record *record = coffer_registry_record(registry, "lazy");
        assert_true(coffer_record_claims_object(record, &object));
        assert_false(coffer_record_claims_object(record, &stranger));
        assert_true(coffer_record_claims_encoding(record, "lazy-v1"));
        assert_false(coffer_record_claims_encoding(record, "other-v1"));
        coffer_registry_call_for(registry, record, "type");
        assert_places(registry, "two lazy one");
        assert_state(registry, "lazy", "active");
        coffer_record_unref(record);
        coffer_registry_unref(registry);
}

/* ---- the lifecycle ---- */

static void a_front_can_park_and_retry(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy");
        fake_code codes[] = {{.location = "t", .serializer = &toy}, {.location = NULL}};
        fake_host host = FAKE_HOST(host, codes);
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_record *record = new_record(&host, "toy", "t");
        (void)state;
        assert_ok(coffer_registry_record_put(registry, "toy", record, NULL));
        coffer_registry_park(registry, record, "heavy", "ModuleNotFoundError", "No module named 'heavy'");
        assert_state(registry, "toy", "pending_on_imports");
        assert_last_error(registry, "toy", "ModuleNotFoundError: No module named 'heavy'");
        assert_pending(registry, "heavy", "toy");
        assert_string_equal(host.watched, "heavy");
        coffer_record *taken = coffer_registry_take_waiting(registry, "heavy");
        assert_ptr_equal(taken, record);
        coffer_record_unref(taken);
        assert_null(coffer_registry_take_waiting(registry, "heavy"));
        assert_pending(registry, "heavy", "-");
        coffer_registry_retry(registry, record);
        assert_state(registry, "toy", "active");
        coffer_registry_park(registry, record, "heavy", "ImportError", "gone again");
        assert_state(registry, "toy", "broken");
        assert_last_error(registry, "toy", "repeated ImportError on 'heavy': gone again");
        coffer_registry_park(registry, record, NULL, "ImportError", "what");
        assert_last_error(registry, "toy", "ImportError with no module name: what");
        coffer_record_unref(record);
        coffer_registry_unref(registry);
}

static void a_retry_can_crash(void **state)
{
        fake_host host = FAKE_HOST(host, NULL);
        warnings noted = {0};
        coffer_registry *registry = new_registry(NULL, &noted);
        coffer_record *record = new_record(&host, "toy", "t");
        (void)state;
        host.base.is_quiet = true;
        assert_ok(coffer_registry_record_put(registry, "toy", record, NULL));
        coffer_registry_crashed(registry, record, "RuntimeError: boom");
        assert_state(registry, "toy", "broken");
        assert_last_error(registry, "toy", "retry crashed: RuntimeError: boom");
        assert_int_equal(noted.count, 0);
        coffer_record_unref(record);
        coffer_registry_unref(registry);
}

static void names_that_stand_for_nobody_who_waits_are_dropped(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy");
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        assert_ok(coffer_registry_add(registry, &toy.base, NULL, false, NULL));
        assert_ok(coffer_registry_pending_put(registry, "heavy", LIST("nobody", "toy"), NULL));
        assert_null(coffer_registry_take_waiting(registry, "heavy"));
        assert_pending(registry, "heavy", "-");
        assert_state(registry, "toy", "active");
        coffer_registry_unref(registry);
}

static void a_quiet_host_warns_only_of_what_was_called_for(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy");
        fake_code codes[] = {{.location = "t", .serializer = &toy, .load_fails = "no luck"}, {.location = NULL}};
        fake_host host = FAKE_HOST(host, codes);
        warnings noted = {0};
        coffer_registry *registry = new_registry(NULL, &noted);
        (void)state;
        host.base.is_quiet = true;
        assert_ok(declare(registry, &host, "eager", "t", NULL, NULL));
        assert_int_equal(noted.count, 0);
        assert_ok(declare(registry, &host, "lazy", "t", LIST("toys.Toy"), NULL));
        coffer_record *record = coffer_registry_record(registry, "lazy");
        coffer_registry_call_for(registry, record, "type");
        assert_int_equal(noted.count, 1);
        coffer_record_unref(record);
        coffer_registry_unref(registry);
}

/* ---- dispatch and toggles ---- */

static void errors_can_be_accounted(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy");
        coffer_registry *registry = new_registry(NULL, NULL);
        (void)state;
        assert_ok(coffer_registry_add(registry, &toy.base, NULL, false, NULL));
        assert_int_equal(coffer_registry_account(registry, "toy", "ValueError: no luck"), 1);
        assert_int_equal(coffer_registry_account(registry, "toy", "ValueError: no luck"), 2);
        assert_int_equal(coffer_registry_account(registry, "nobody", "x"), 1);
        assert_last_error(registry, "toy", "dispatch: ValueError: no luck");
        coffer_registry_unref(registry);
}

static void a_reader_that_can_not_be_used_is_explained(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy");
        fake_code codes[] = {{.location = "t", .serializer = &toy, .load_needs = "heavy", .kind = "ImportError"},
                             {.location = NULL}};
        fake_host host = FAKE_HOST(host, codes);
        coffer_registry *registry = new_registry(NULL, NULL);
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        char *line = NULL;
        (void)state;
        descriptor.name = "toy";
        descriptor.location = "t";
        descriptor.encodings = LIST("toy-v1");
        descriptor.needs = LIST("heavy-package", "another");
        assert_ok(coffer_registry_declare(registry, &descriptor, &host.base, NULL));
        coffer_record *record = coffer_registry_record(registry, "toy");
        coffer_registry_call_for(registry, record, "encoding");
        coffer_record_unref(record);
        assert_ok(coffer_registry_explain(registry, "toy-v1", &line, NULL));
        assert_string_equal(line,
                            "Serializer 'toy' reads this encoding but is pending_on_imports: ImportError: No module "
                            "named 'heavy'. It needs 'heavy-package', 'another': install them.");
        coffer_free(line);
        assert_status(coffer_registry_explain(registry, "other-v1", &line, NULL), COFFER_NOT_FOUND);
        coffer_registry_unref(registry);
}

static void toggles_can_be_replaced(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy");
        coffer_registry *registry = new_registry("-toy", NULL);
        (void)state;
        assert_false(coffer_registry_allows(registry, "toy", false));
        assert_ok(coffer_registry_set_toggles(registry, "+shy", NULL));
        assert_true(coffer_registry_allows(registry, "toy", false));
        assert_true(coffer_registry_allows(registry, "shy", true));
        assert_false(coffer_registry_allows(registry, "other", true));
        assert_ok(coffer_registry_add(registry, &toy.base, NULL, false, NULL));
        assert_state(registry, "toy", "active");
        coffer_registry_unref(registry);
}

static void what_is_off_is_off_whatever_the_toggles_say(void **state)
{
        fake_host host = FAKE_HOST(host, NULL);
        coffer_registry *registry = new_registry("+toy", NULL);
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        (void)state;
        descriptor.name = descriptor.location = "toy";
        descriptor.is_off = true;
        assert_ok(coffer_registry_declare(registry, &descriptor, &host.base, NULL));
        assert_state(registry, "toy", "disabled");
        coffer_registry_unref(registry);
}

/* ---- memory ---- */

static coffer_status use_windows(void *user, coffer_error *error)
{
        fake_host *host = user;
        _cleanup_registry_ coffer_registry *registry = NULL;
        _cleanup_record_ coffer_record *record = NULL;
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        options.toggles = "";
        descriptor.name = descriptor.location = "toy";
        COFFER_TRY(coffer_registry_create(&options, &registry, error));
        COFFER_TRY(coffer_record_new(&descriptor, &host->base, &record, error));
        COFFER_TRY(coffer_registry_record_put(registry, "toy", record, error));
        COFFER_TRY(coffer_registry_record_set_text(registry, record, COFFER_RECORD_SOURCE, "a-package", error));
        COFFER_TRY(coffer_registry_record_set_names(registry, record, COFFER_RECORD_AWAITING_MODULES, LIST("a", "b"),
                                                    error));
        COFFER_TRY(coffer_registry_pending_put(registry, "heavy", LIST("toy"), error));
        COFFER_TRY(coffer_registry_class_put(registry, "toy", &host->codes->serializer->base, error));
        COFFER_TRY(coffer_registry_activate(registry, &host->codes->serializer->base, error));
        _cleanup_free_ coffer_place *places = NULL;
        size_t count;
        uint64_t serial;
        COFFER_TRY(coffer_registry_places(registry, &places, &count, &serial, error));
        const coffer_serializer *order[] = {&host->codes->serializer->base};
        COFFER_TRY(coffer_registry_order_set(registry, order, 1, &serial, error));
        coffer_record *taken = coffer_registry_take_waiting(registry, "heavy");
        assert_ptr_equal(taken, record);
        coffer_record_unref(taken);
        COFFER_TRY(coffer_registry_set_toggles(registry, "-a,+b", error));
        coffer_record_status *now = NULL;
        COFFER_TRY(coffer_registry_record_read(registry, record, &now, error));
        coffer_registry_status_free(now, 1);
        return COFFER_OK;
}

static void want_of_memory_is_an_error_like_others(void **state)
{
        fake_serializer toy = FAKE_SERIALIZER("toy");
        fake_code codes[] = {{.location = "toy", .serializer = &toy}, {.location = NULL}};
        fake_host host = FAKE_HOST(host, codes);
        (void)state;
        test_alloc_fail_each(use_windows, &host);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(a_record_goes_in_and_out_by_name),
                leak_checked(a_record_that_was_never_entered_goes_with_its_last_reference),
                leak_checked(a_record_needs_a_whole_host_and_a_name),
                leak_checked(every_field_can_be_read_and_set),
                leak_checked(fields_can_be_unset_but_for_names_and_lists),
                leak_checked(classes_are_found_by_type),
                leak_checked(who_waits_can_be_said),
                leak_checked(the_pool_keeps_its_order),
                leak_checked(an_order_stands_until_something_changes),
                leak_checked(an_order_can_be_imposed),
                leak_checked(the_class_of_a_type_stands_for_its_record),
                leak_checked(what_is_not_loaded_has_its_place),
                leak_checked(a_front_can_park_and_retry),
                leak_checked(a_retry_can_crash),
                leak_checked(names_that_stand_for_nobody_who_waits_are_dropped),
                leak_checked(a_quiet_host_warns_only_of_what_was_called_for),
                leak_checked(errors_can_be_accounted),
                leak_checked(a_reader_that_can_not_be_used_is_explained),
                leak_checked(toggles_can_be_replaced),
                leak_checked(what_is_off_is_off_whatever_the_toggles_say),
                leak_checked(want_of_memory_is_an_error_like_others),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
