/* SPDX-License-Identifier: Apache-2.0 */
/* Objects, serializers and a host that count how they are called and fail when told to. */
#ifndef COFFER_TESTS_FAKES_H
#define COFFER_TESTS_FAKES_H

#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <coffer/alloc.h>

#include "serializer/registry_internal.h"
#include "util/cursor.h"

/* ---- objects ---- */

/* Module and qualified name of the type and of its ancestors, most derived first; ends with NULL. */
typedef struct fake_object {
        const char *const *lineage;
        atomic_int references;
} fake_object;

static inline void fake_object_ref(const coffer_object *object)
{
        atomic_fetch_add(&((fake_object *)object->pointer)->references, 1);
}

static inline void fake_object_unref(const coffer_object *object)
{
        atomic_fetch_sub(&((fake_object *)object->pointer)->references, 1);
}

static inline void fake_object_ancestors(const coffer_object *object,
                                         bool (*visit)(void *user, const char *module, const char *qualname),
                                         void *user)
{
        const fake_object *fake = object->pointer;
        for (size_t i = 0; fake->lineage[i] && visit(user, fake->lineage[i], fake->lineage[i + 1]); i += 2)
                ;
}

static inline coffer_status fake_object_type_text(const coffer_object *object, char **out, coffer_error *error)
{
        const fake_object *fake = object->pointer;
        char text[200];
        snprintf(text, sizeof(text), "<class '%s.%s'>", fake->lineage[0], fake->lineage[1]);
        *out = coffer_strdup(text);
        return *out ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a type");
}

static const coffer_object_type fake_object_type = {
        .version = COFFER_OBJECT_TYPE_VERSION,
        .host = "fake",
        .ref = fake_object_ref,
        .unref = fake_object_unref,
        .ancestors = fake_object_ancestors,
        .type_text = fake_object_type_text,
};

#define FAKE_OBJECT(...)                                                                                               \
        (coffer_object)                                                                                                \
        {                                                                                                              \
                &fake_object_type, &(fake_object)                                                                      \
                {                                                                                                      \
                        (const char *const[]){__VA_ARGS__, "builtins", "object", NULL}, 0                              \
                }                                                                                                      \
        }

/* ---- serializers ---- */

typedef struct fake_serializer {
        coffer_serializer base;
        const char *takes;    /* qualified name of a type; "*": everything */
        const char *encoding; /* that it writes and reads */
        const char *text;     /* what its blobs hold */
        int blobs;            /* how many it makes */
        bool makes_reference;
        uint64_t claimed_bytes; /* 0: says the truth */
        bool is_silent_on_size;
        const char *info_source;    /* that it sets itself, or NULL */
        coffer_status asked_status; /* of can_serialize and can_deserialize */
        coffer_status work_status;  /* of serialize and deserialize */
        const char *complaint;
        atomic_int asked, worked;
        coffer_object made; /* by deserialize */
} fake_serializer;

static inline fake_serializer *fake_of(const coffer_serializer *self)
{
        return (fake_serializer *)(void *)self;
}

static inline coffer_status fake_complain(const fake_serializer *fake, coffer_status status, coffer_error *error)
{
        return status == COFFER_OK ? COFFER_OK : coffer_error_set(error, status, "%s", fake->complaint);
}

static inline coffer_status fake_can_serialize(const coffer_serializer *self, const coffer_object *object, bool *out,
                                               coffer_error *error)
{
        fake_serializer *fake = fake_of(self);
        const fake_object *fake_it = object->pointer;
        atomic_fetch_add(&fake->asked, 1);
        *out = strcmp(fake->takes, "*") == 0 || strcmp(fake->takes, fake_it->lineage[1]) == 0;
        return fake_complain(fake, fake->asked_status, error);
}

static inline coffer_status fake_can_deserialize(const coffer_serializer *self, const coffer_metadata *metadata,
                                                 bool *out, coffer_error *error)
{
        fake_serializer *fake = fake_of(self);
        atomic_fetch_add(&fake->asked, 1);
        *out = strcmp(fake->encoding, coffer_metadata_encoding(metadata)) == 0;
        return fake_complain(fake, fake->asked_status, error);
}

static inline coffer_status fake_add_blob(const fake_serializer *fake, coffer_blob_list *blobs, coffer_error *error)
{
        coffer_bytes *bytes = NULL;
        coffer_blob *reference = NULL;
        coffer_status status;
        if (fake->makes_reference) {
                status = coffer_blob_new_reference(fake->text, &reference, error);
                if (status == COFFER_OK)
                        status = coffer_blob_list_add(blobs, reference, error);
                coffer_blob_unref(reference);
                return status;
        }
        status = coffer_bytes_new(&bytes, error);
        if (status == COFFER_OK)
                status = coffer_bytes_append_copy(bytes, coffer_cursor_text(fake->text), error);
        if (status == COFFER_OK)
                status = coffer_blob_list_add_bytes(blobs, bytes, error);
        coffer_bytes_unref(bytes);
        return status;
}

static inline coffer_status fake_serialize(const coffer_serializer *self, const coffer_object *object,
                                           coffer_format format, coffer_blob_list *blobs, coffer_metadata *metadata,
                                           char **wire, coffer_error *error)
{
        fake_serializer *fake = fake_of(self);
        (void)object;
        (void)format;
        (void)wire;
        atomic_fetch_add(&fake->worked, 1);
        for (int i = 0; i < fake->blobs; i++)
                COFFER_TRY(fake_add_blob(fake, blobs, error));
        COFFER_TRY(coffer_metadata_set_encoding(metadata, fake->encoding, error));
        if (!fake->is_silent_on_size)
                coffer_metadata_set_size(metadata, fake->claimed_bytes ? fake->claimed_bytes : strlen(fake->text));
        if (fake->info_source)
                COFFER_TRY(coffer_metadata_set_info(metadata, "source", fake->info_source, error));
        return fake_complain(fake, fake->work_status, error);
}

static inline coffer_status fake_deserialize(const coffer_serializer *self, coffer_format format,
                                             const coffer_blob_list *blobs, const coffer_metadata *metadata,
                                             const char *wire, coffer_object *out, coffer_error *error)
{
        fake_serializer *fake = fake_of(self);
        (void)format;
        (void)metadata;
        (void)wire;
        atomic_fetch_add(&fake->worked, 1);
        if (coffer_blob_list_count(blobs) != 1)
                return coffer_error_set(error, COFFER_INVALID, "not one blob");
        COFFER_TRY(fake_complain(fake, fake->work_status, error));
        if (fake->made.type)
                coffer_object_ref(&fake->made);
        *out = fake->made;
        return COFFER_OK;
}

/* A case names what differs from the usual. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define FAKE_SERIALIZER(type_, ...)                                                                                    \
        {                                                                                                              \
                .base = {.abi = COFFER_SERIALIZER_ABI,                                                                 \
                         .struct_bytes = sizeof(coffer_serializer),                                                    \
                         .type = type_,                                                                                \
                         .priority = COFFER_DEFAULT_PRIORITY,                                                          \
                         .can_serialize = fake_can_serialize,                                                          \
                         .can_deserialize = fake_can_deserialize,                                                      \
                         .serialize = fake_serialize,                                                                  \
                         .deserialize = fake_deserialize},                                                             \
                .takes = "*", .encoding = type_ "-v1", .text = "some bytes", .blobs = 1, .complaint = "no luck",       \
                __VA_ARGS__                                                                                            \
        }

/* ---- a host ---- */

/* Code at a location: what it is and what stands in its way. */
typedef struct fake_code {
        const char *location;
        fake_serializer *serializer;
        const char *load_needs;  /* missing until it is made present */
        const char *setup_needs; /* the same; "a,b": first a, then b */
        const char *load_fails;  /* text, or NULL */
        const char *setup_fails;
        const char *kind;          /* of every report */
        bool is_nameless;          /* what is missing is not told by name */
        bool is_never_satisfied;   /* says that it is missing though it is present */
        coffer_registry *registry; /* to note the state in which its steps run */
        atomic_int loads, setups;
        coffer_record_state state_at_load, state_at_setup;
        bool was_retry;
} fake_code;

typedef struct fake_host {
        coffer_host base;
        fake_code *codes; /* ends with one without a location */
        const char *present[8];
        atomic_int looks, generations, watches, unloads;
        atomic_ulong generation;
        char watched[64];
} fake_host;

static inline bool fake_has(const fake_host *host, const char *name)
{
        for (size_t i = 0; i < 8; i++)
                if (host->present[i] && strcmp(host->present[i], name) == 0)
                        return true;
        return false;
}

static inline coffer_record_state fake_state(coffer_registry *registry, const char *name)
{
        coffer_record_status *records;
        size_t count;
        coffer_record_state state = COFFER_RECORD_STATE_COUNT;
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        for (size_t i = 0; i < count; i++)
                if (strcmp(records[i].name, name) == 0)
                        state = records[i].state;
        coffer_registry_status_free(records, count);
        return state;
}

static inline coffer_step fake_missing(const fake_code *code, const char *name, size_t length,
                                       coffer_step_report *report)
{
        if (!code->is_nameless)
                snprintf(report->missing, sizeof(report->missing), "%.*s", (int)length, name);
        snprintf(report->kind, sizeof(report->kind), "%s", code->kind ? code->kind : "");
        (void)coffer_error_set(&report->error, COFFER_MISSING, "No module named '%.*s'", (int)length, name);
        return COFFER_STEP_MISSING;
}

static inline coffer_step fake_failed(const fake_code *code, const char *text, coffer_step_report *report)
{
        snprintf(report->kind, sizeof(report->kind), "%s", code->kind ? code->kind : "");
        (void)coffer_error_set(&report->error, COFFER_SERIALIZER, "%s", text);
        return COFFER_STEP_FAILED;
}

/* The first of the names that is not there, else done. */
static inline coffer_step fake_check(const fake_host *host, const fake_code *code, const char *names,
                                     coffer_step_report *report)
{
        for (size_t length; names && *names; names += length + (names[length] == ',')) {
                char name[64];
                length = strcspn(names, ",");
                snprintf(name, sizeof(name), "%.*s", (int)length, names);
                if (code->is_never_satisfied || !fake_has(host, name))
                        return fake_missing(code, names, length, report);
        }
        return COFFER_STEP_DONE;
}

static inline coffer_step fake_load(const coffer_host *base, const char *location, void **loaded,
                                    const coffer_serializer **serializer, coffer_step_report *report)
{
        fake_host *host = base->user;
        fake_code *code = host->codes;
        while (code->location && strcmp(code->location, location) != 0)
                code++;
        assert_non_null(code->location);
        atomic_fetch_add(&code->loads, 1);
        code->was_retry = report->retry;
        if (code->registry)
                code->state_at_load = fake_state(code->registry, code->serializer->base.type);
        if (code->load_fails)
                return fake_failed(code, code->load_fails, report);
        coffer_step step = fake_check(host, code, code->load_needs, report);
        if (step == COFFER_STEP_DONE) {
                *serializer = &code->serializer->base;
                *loaded = code;
        }
        return step;
}

static inline coffer_step fake_setup(const coffer_host *base, void *loaded, const coffer_serializer *serializer,
                                     coffer_step_report *report)
{
        fake_code *code = loaded;
        atomic_fetch_add(&code->setups, 1);
        if (code->registry)
                code->state_at_setup = fake_state(code->registry, serializer->type);
        if (code->setup_fails)
                return fake_failed(code, code->setup_fails, report);
        return fake_check(base->user, code, code->setup_needs, report);
}

static inline bool fake_is_present(const coffer_host *base, const char *missing)
{
        fake_host *host = base->user;
        atomic_fetch_add(&host->looks, 1);
        return fake_has(host, missing);
}

static inline uint64_t fake_generation(const coffer_host *base)
{
        fake_host *host = base->user;
        atomic_fetch_add(&host->generations, 1);
        return atomic_load(&host->generation);
}

static inline void fake_watch(const coffer_host *base, const char *missing)
{
        fake_host *host = base->user;
        atomic_fetch_add(&host->watches, 1);
        snprintf(host->watched, sizeof(host->watched), "%s", missing);
}

static inline void fake_unload(const coffer_host *base, void *loaded)
{
        fake_host *host = base->user;
        assert_non_null(loaded);
        atomic_fetch_add(&host->unloads, 1);
}

#define FAKE_HOST(variable, codes_)                                                                                    \
        {                                                                                                              \
                .base = {.version = COFFER_HOST_VERSION,                                                               \
                         .name = "fake",                                                                               \
                         .missing_error = "ImportError",                                                               \
                         .user = &(variable),                                                                          \
                         .load = fake_load,                                                                            \
                         .setup = fake_setup,                                                                          \
                         .is_present = fake_is_present,                                                                \
                         .generation = fake_generation,                                                                \
                         .watch = fake_watch,                                                                          \
                         .unload = fake_unload},                                                                       \
                .codes = codes_                                                                                        \
        }

/* What a program that loads something does: it is there, and the host's count says that something changed. */
static inline void fake_appear(fake_host *host, const char *name)
{
        for (size_t i = 0; i < 8; i++)
                if (!host->present[i]) {
                        host->present[i] = name;
                        break;
                }
        atomic_fetch_add(&host->generation, 1);
}

/* ---- a registry ---- */

typedef struct warnings {
        atomic_int count;
        char last[1100];
} warnings;

static inline void note_warning(void *user, const char *message)
{
        static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
        warnings *noted = user;
        atomic_fetch_add(&noted->count, 1);
        pthread_mutex_lock(&lock);
        snprintf(noted->last, sizeof(noted->last), "%s", message);
        pthread_mutex_unlock(&lock);
}

static inline coffer_registry *new_registry(const char *toggles, warnings *noted)
{
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        coffer_registry *registry = NULL;
        options.toggles = toggles ? toggles : "";
        options.warn = noted ? note_warning : NULL;
        options.warn_user = noted;
        assert_ok(coffer_registry_create(&options, &registry, NULL));
        return registry;
}

static inline coffer_status declare(coffer_registry *registry, const fake_host *host, const char *name,
                                    const char *location, const char *const *types, const char *const *encodings)
{
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        descriptor.name = name;
        descriptor.location = location;
        descriptor.source = "a-package";
        descriptor.types = types;
        descriptor.encodings = encodings;
        return coffer_registry_declare(registry, &descriptor, &host->base, NULL);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The record of this name, in `out`; texts are valid until the records are freed. */
static inline coffer_record_status find_status(const coffer_record_status *records, size_t count, const char *name)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(records[i].name, name) == 0)
                        return records[i];
        fail_msg("no record %s", name);
        return records[0];
}

#define assert_state(registry, name, expected)                                                                         \
        assert_string_equal(coffer_record_state_name(fake_state((registry), (name))), (expected))

static inline void assert_last_error(coffer_registry *registry, const char *name, const char *expected)
{
        coffer_record_status *records;
        size_t count;
        assert_ok(coffer_registry_status(registry, &records, &count, NULL));
        coffer_record_status status = find_status(records, count, name);
        if (expected) {
                assert_non_null(status.last_error);
                assert_string_equal(status.last_error, expected);
        } else {
                assert_null(status.last_error);
        }
        coffer_registry_status_free(records, count);
}

#endif
