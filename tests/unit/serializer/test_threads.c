/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads dispatch while one adds, declares, replaces and lets things appear. */
#include "fakes.h"

#include <sched.h>

#include "serializer/metadata.h"

enum { DISPATCHERS = 6, ROUNDS = 150, LAZY = 8 };

/* Everything that the threads share. */
static struct scene {
        coffer_registry *registry;
        fake_host host;
        atomic_bool is_over;
        atomic_int failures;
        warnings noted;
} scene;

/* A host whose answers may change while it is asked. */
static atomic_bool heavy_is_present;

static bool atomic_is_present(const coffer_host *base, const char *missing)
{
        (void)base;
        return strcmp(missing, "heavy") == 0 && atomic_load(&heavy_is_present);
}

static fake_code *code_at(const coffer_host *base, const char *location)
{
        fake_code *code = ((fake_host *)base->user)->codes;
        while (strcmp(code->location, location) != 0)
                code++;
        return code;
}

static coffer_step atomic_load_code(const coffer_host *base, const char *location, void **loaded,
                                    const coffer_serializer **serializer, coffer_step_report *report)
{
        fake_code *code = code_at(base, location);
        (void)report;
        atomic_fetch_add(&code->loads, 1);
        sched_yield();
        *loaded = code;
        *serializer = &code->serializer->base;
        return COFFER_STEP_DONE;
}

static coffer_step atomic_setup(const coffer_host *base, void *loaded, const coffer_serializer *serializer,
                                coffer_step_report *report)
{
        const fake_code *code = loaded;
        (void)base;
        (void)serializer;
        if (!code->setup_needs || atomic_load(&heavy_is_present))
                return COFFER_STEP_DONE;
        return fake_missing(code, "heavy", 5, report);
}

static void no_watch(const coffer_host *base, const char *missing)
{
        (void)base;
        (void)missing;
}

#define HOST(codes_)                                                                                                   \
        ((fake_host){.base = {.version = COFFER_HOST_VERSION,                                                          \
                              .name = "fake",                                                                          \
                              .missing_error = "ImportError",                                                          \
                              .user = &scene.host,                                                                     \
                              .load = atomic_load_code,                                                                \
                              .setup = atomic_setup,                                                                   \
                              .is_present = atomic_is_present,                                                         \
                              .generation = fake_generation,                                                           \
                              .watch = no_watch,                                                                       \
                              .unload = fake_unload},                                                                  \
                     .codes = codes_})

static void check(bool holds)
{
        if (!holds)
                atomic_fetch_add(&scene.failures, 1);
}

static void save_and_load_once(coffer_object object)
{
        _cleanup_blob_ coffer_blob *blob = NULL;
        _cleanup_metadata_ coffer_metadata *metadata = NULL;
        coffer_object loaded;
        check(coffer_registry_serialize(scene.registry, &object, "thing", &blob, &metadata, NULL) == COFFER_OK);
        check(coffer_registry_deserialize(scene.registry, blob, metadata, "thing", &loaded, NULL) == COFFER_OK);
        coffer_object_unref(&loaded);
}

static void *dispatch(void *unused)
{
        coffer_record_status *records;
        coffer_choice *order;
        size_t count;
        (void)unused;
        while (!atomic_load(&scene.is_over)) {
                save_and_load_once(FAKE_OBJECT("toys", "Plain"));
                save_and_load_once(FAKE_OBJECT("toys", "Lazy"));
                check(coffer_registry_status(scene.registry, &records, &count, NULL) == COFFER_OK);
                coffer_registry_status_free(records, count);
                check(coffer_registry_order(scene.registry, &order, &count, NULL) == COFFER_OK);
                coffer_free(order);
                sched_yield();
        }
        return NULL;
}

static void start(pthread_t threads[DISPATCHERS])
{
        for (int i = 0; i < DISPATCHERS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, dispatch, NULL), 0);
}

static void finish(pthread_t threads[DISPATCHERS])
{
        atomic_store(&scene.is_over, true);
        for (int i = 0; i < DISPATCHERS; i++)
                pthread_join(threads[i], NULL);
        assert_int_equal(scene.failures, 0);
        coffer_registry_unref(scene.registry);
}

static void set_scene(fake_code *codes)
{
        memset(&scene, 0, sizeof(scene));
        scene.host = HOST(codes);
        scene.registry = new_registry(NULL, &scene.noted);
        atomic_store(&heavy_is_present, false);
}

static void dispatch_goes_on_while_entries_come_go_and_activate(void **state)
{
        pthread_t threads[DISPATCHERS];
        fake_serializer fallback =
                                FAKE_SERIALIZER("pickle", .base.priority = 9999, .made = FAKE_OBJECT("toys", "Plain")),
                        lazy = FAKE_SERIALIZER("lazy", .takes = "Lazy", .made = FAKE_OBJECT("toys", "Lazy")),
                        waits = FAKE_SERIALIZER("waits", .takes = "Nothing"),
                        added = FAKE_SERIALIZER("added", .takes = "Nothing", .base.priority = 1),
                        bad = FAKE_SERIALIZER("bad", .asked_status = COFFER_INTERNAL);
        fake_code codes[] = {{.location = "lazy", .serializer = &lazy},
                             {.location = "waits", .serializer = &waits, .setup_needs = "heavy"},
                             {.location = NULL}};
        (void)state;
        set_scene(codes);
        assert_ok(coffer_registry_add(scene.registry, &fallback.base, NULL, false, NULL));
        assert_ok(coffer_registry_add(scene.registry, &bad.base, NULL, false, NULL));
        start(threads);
        for (int i = 0; i < ROUNDS; i++) {
                atomic_store(&heavy_is_present, false);
                assert_ok(declare(scene.registry, &scene.host, "waits", "waits", NULL, NULL));
                assert_ok(declare(scene.registry, &scene.host, "lazy", "lazy", LIST("toys.Lazy"), LIST("lazy-v1")));
                assert_ok(coffer_registry_add(scene.registry, &added.base, "a-package", true, NULL));
                sched_yield();
                atomic_store(&heavy_is_present, true);
                atomic_fetch_add(&scene.host.generation, 1);
                if (i % 2)
                        coffer_registry_appeared(scene.registry, "heavy");
                else
                        coffer_registry_poll(scene.registry);
                sched_yield();
        }
        coffer_registry_poll(scene.registry);
        assert_state(scene.registry, "waits", "active");
        finish(threads);
}

/* What a type calls for is there for the first object of it, whichever thread has it: no object goes to the fallback
 * because another thread is just loading. */
static struct race {
        pthread_barrier_t start;
        atomic_int won_by_lazy;
} race;

static void *find_lazy(void *unused)
{
        coffer_object object = FAKE_OBJECT("toys", "Lazy");
        coffer_choice choice;
        (void)unused;
        pthread_barrier_wait(&race.start);
        check(coffer_registry_find_serializer(scene.registry, &object, "thing", &choice, NULL) == COFFER_OK);
        if (strncmp(choice.serializer->type, "lazy", 4) == 0)
                atomic_fetch_add(&race.won_by_lazy, 1);
        return NULL;
}

static void all_threads_wait_for_the_one_that_loads(void **state)
{
        pthread_t threads[DISPATCHERS];
        fake_serializer fallback = FAKE_SERIALIZER("pickle", .base.priority = 9999),
                        lazy = FAKE_SERIALIZER("lazy", .takes = "Lazy");
        fake_code codes[] = {{.location = "lazy", .serializer = &lazy}, {.location = NULL}};
        (void)state;
        for (int i = 0; i < LAZY; i++) {
                set_scene(codes);
                memset(&race, 0, sizeof(race));
                pthread_barrier_init(&race.start, NULL, DISPATCHERS);
                assert_ok(coffer_registry_add(scene.registry, &fallback.base, NULL, false, NULL));
                assert_ok(declare(scene.registry, &scene.host, "lazy", "lazy", LIST("toys.Lazy"), NULL));
                atomic_store(&codes[0].loads, 0);
                for (int j = 0; j < DISPATCHERS; j++)
                        assert_int_equal(pthread_create(&threads[j], NULL, find_lazy, NULL), 0);
                finish(threads);
                assert_int_equal(race.won_by_lazy, DISPATCHERS);
                assert_int_equal(codes[0].loads, 1);
                pthread_barrier_destroy(&race.start);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(dispatch_goes_on_while_entries_come_go_and_activate),
                cmocka_unit_test(all_threads_wait_for_the_one_that_loads),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
