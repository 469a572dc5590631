/* SPDX-License-Identifier: Apache-2.0 */
/* The whole way, with every allocation failing in turn. */
#include "fakes.h"

#include "serializer/metadata.h"

/* Where the code comes from, and what it waits for. */
struct scene {
        fake_host *host;
        bool appears;
};

static coffer_status declare_three(coffer_registry *registry, const fake_host *host, coffer_error *error)
{
        static const char *const types[] = {"toys.Toy", "=toys.Toy", "toys.*", NULL};
        static const char *const encodings[] = {"lazy-v1", NULL};
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        descriptor.source = "a-package";
        descriptor.name = descriptor.location = "eager";
        COFFER_TRY(coffer_registry_declare(registry, &descriptor, &host->base, error));
        descriptor.name = descriptor.location = "waits";
        COFFER_TRY(coffer_registry_declare(registry, &descriptor, &host->base, error));
        descriptor.name = descriptor.location = "lazy";
        descriptor.types = types;
        descriptor.encodings = encodings;
        return coffer_registry_declare(registry, &descriptor, &host->base, error);
}

static coffer_status read_status(coffer_registry *registry, coffer_error *error)
{
        coffer_record_status *records;
        coffer_choice *order;
        size_t count;
        COFFER_TRY(coffer_registry_status(registry, &records, &count, error));
        coffer_registry_status_free(records, count);
        COFFER_TRY(coffer_registry_order(registry, &order, &count, error));
        coffer_free(order);
        return COFFER_OK;
}

static coffer_status save_and_load(void *user, coffer_error *error)
{
        struct scene *scene = user;
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        _cleanup_registry_ coffer_registry *registry = NULL;
        _cleanup_blob_ coffer_blob *blob = NULL;
        _cleanup_metadata_ coffer_metadata *metadata = NULL;
        coffer_object object = FAKE_OBJECT("toys", "Toy"), loaded;
        memset(scene->host->present, 0, sizeof(scene->host->present));
        options.toggles = "-other";
        COFFER_TRY(coffer_registry_create(&options, &registry, error));
        COFFER_TRY(declare_three(registry, scene->host, error));
        if (scene->appears)
                fake_appear(scene->host, "heavy");
        COFFER_TRY(coffer_registry_serialize(registry, &object, "thing", &blob, &metadata, error));
        COFFER_TRY(coffer_registry_deserialize(registry, blob, metadata, "thing", &loaded, error));
        coffer_object_unref(&loaded);
        return read_status(registry, error);
}

static void run(bool appears)
{
        fake_serializer eager = FAKE_SERIALIZER("eager", .made = FAKE_OBJECT("toys", "Toy")),
                        waits = FAKE_SERIALIZER("waits", .made = FAKE_OBJECT("toys", "Toy")),
                        lazy = FAKE_SERIALIZER("lazy", .made = FAKE_OBJECT("toys", "Toy"), .info_source = "mine");
        fake_code codes[] = {{.location = "eager", .serializer = &eager},
                             {.location = "waits", .serializer = &waits, .setup_needs = "heavy"},
                             {.location = "lazy", .serializer = &lazy},
                             {.location = NULL}};
        fake_host host = FAKE_HOST(host, codes);
        struct scene scene = {&host, appears};
        test_alloc_fail_each(save_and_load, &scene);
        assert_true(lazy.worked > 0);
        assert_int_equal(((fake_object *)lazy.made.pointer)->references, 0);
}

static void declaring_saving_and_loading_live_with_want_of_memory(void **state)
{
        (void)state;
        run(false);
}

static void so_does_what_appears_meanwhile(void **state)
{
        (void)state;
        run(true);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(declaring_saving_and_loading_live_with_want_of_memory),
                leak_checked(so_does_what_appears_meanwhile),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
