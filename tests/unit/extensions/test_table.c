/* SPDX-License-Identifier: Apache-2.0 */
/* The type Table: bytes that are made to do harm, and what is done with good ones. */
#include "arrays.h"

#include <coffer/file.h>
#include <coffer/iotype.h>

enum { MAX_FILE_BYTES = 1 << 14 };

/* ---- reading ---- */

static coffer_iotype *table_type(coffer_registry *registry)
{
        coffer_iotype *type = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        if (coffer_iotype_find(registry, (coffer_cursor){(const uint8_t *)"Table", 5}, &type, &error) != COFFER_OK)
                fail_msg("%s", error.message);
        return type;
}

static coffer_status load(const coffer_iotype *type, coffer_cursor data, coffer_object *out, coffer_error *error)
{
        coffer_blob_list *blobs = NULL;
        coffer_bytes *bytes = NULL;
        coffer_status status = coffer_bytes_new(&bytes, error);
        if (status == COFFER_OK)
                status = coffer_bytes_append_borrow(bytes, data, NULL, NULL, error);
        if (status == COFFER_OK)
                status = coffer_blob_list_new(&blobs, error);
        if (status == COFFER_OK)
                status = coffer_blob_list_add_bytes(blobs, bytes, error);
        if (status == COFFER_OK)
                status = coffer_iotype_deserialize(type, COFFER_STORAGE, blobs, NULL, NULL, out, error);
        coffer_blob_list_free(blobs);
        coffer_bytes_unref(bytes);
        return status;
}

/* Loads it, and looks at all of it. */
static coffer_status load_and_look(coffer_iotype *type, coffer_cursor data, coffer_error *error)
{
        coffer_object value = {NULL, NULL}, typed = {NULL, NULL};
        coffer_document *view = NULL;
        coffer_status status = load(type, data, &value, error);
        if (status == COFFER_OK)
                status = coffer_iotype_object(type, &value, &typed, error);
        if (status == COFFER_OK)
                status = coffer_iotype_view(&typed, UINT64_MAX, &view, error);
        coffer_document_unref(view);
        coffer_object_unref(&typed);
        coffer_object_unref(&value);
        return status;
}

/* A file of the fuzzer's seeds: nested columns, dictionaries, nulls. */
static size_t read_seed(const char *name, uint8_t *out)
{
        char path[4096];
        coffer_bytes *file = NULL;
        coffer_cursor data;
        snprintf(path, sizeof(path), "%s/%s", TABLE_SEEDS, name);
        assert_ok(coffer_fs_read(path, &file, NULL));
        assert_ok(coffer_bytes_contiguous(file, &data, NULL));
        assert_true(data.size_bytes <= MAX_FILE_BYTES);
        memcpy(out, data.data, data.size_bytes);
        size_t size_bytes = data.size_bytes;
        coffer_bytes_unref(file);
        return size_bytes;
}

static const char *const seeds[] = {"stream", "vectors_0", "vectors_3"};

static void assert_refused_or_fit(coffer_iotype *type, coffer_cursor data)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_status status = load_and_look(type, data, &error);
        if (status != COFFER_OK && coffer_status_class(status) != COFFER_CLASS_DATA)
                fail_msg("%s: %s", coffer_status_name(status), error.message);
}

/* ---- cases ---- */

static void tables_are_read_wherever_they_lie(void **state)
{
        static uint8_t memory[MAX_FILE_BYTES + 8];
        coffer_registry *registry = new_registry(EXTENSION_DIR, "");
        coffer_iotype *type = table_type(registry);
        (void)state;
        for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++)
                for (size_t offset = 0; offset < 8; offset++) {
                        size_t size_bytes = read_seed(seeds[i], memory + offset);
                        assert_ok(load_and_look(type, (coffer_cursor){memory + offset, size_bytes}, NULL));
                }
        coffer_iotype_unref(type);
        coffer_registry_unref(registry);
}

static void a_table_that_is_cut_short_is_refused(void **state)
{
        static uint8_t memory[MAX_FILE_BYTES];
        coffer_registry *registry = new_registry(EXTENSION_DIR, "");
        coffer_iotype *type = table_type(registry);
        coffer_object value = {NULL, NULL};
        (void)state;
        size_t size_bytes = read_seed("vectors_0", memory);
        for (size_t cut = 0; cut < size_bytes; cut++)
                assert_status(load(type, (coffer_cursor){memory, cut}, &value, NULL), COFFER_MALFORMED);
        coffer_iotype_unref(type);
        coffer_registry_unref(registry);
}

static void any_byte_may_be_another(void **state)
{
        static const uint8_t changes[] = {0x01, 0x80, 0xff};
        static uint8_t memory[MAX_FILE_BYTES];
        coffer_registry *registry = new_registry(EXTENSION_DIR, "");
        coffer_iotype *type = table_type(registry);
        (void)state;
        size_t size_bytes = read_seed("vectors_3", memory);
        for (size_t i = 0; i < size_bytes; i++) {
                uint8_t good = memory[i];
                memory[i] ^= changes[i % sizeof(changes)];
                assert_refused_or_fit(type, (coffer_cursor){memory, size_bytes});
                memory[i] = good;
        }
        coffer_iotype_unref(type);
        coffer_registry_unref(registry);
}

/* ---- a schema of which each field has the next one twice: a walk through all of it would never end ---- */

typedef struct building {
        uint8_t bytes[4096];
        size_t size_bytes;
} building;

static void put(building *builder, uint64_t number, size_t size_bytes)
{
        for (size_t i = 0; i < size_bytes; i++)
                builder->bytes[builder->size_bytes++] = (uint8_t)(number >> 8 * i);
}

static void point(building *builder, size_t at, size_t to)
{
        for (size_t i = 0; i < 4; i++)
                builder->bytes[at + i] = (uint8_t)((to - at) >> 8 * i);
}

/* A table with one field, number `number`, that leads somewhere; returns where that is said. */
static size_t put_table(building *builder, unsigned number, size_t *table)
{
        size_t index = builder->size_bytes;
        put(builder, 4 + 2 * (uint64_t)(number + 1), 2);
        put(builder, 8, 2);
        for (unsigned i = 0; i < number; i++)
                put(builder, 0, 2);
        put(builder, 4, 2);
        while (builder->size_bytes % 4 != 0)
                put(builder, 0, 1);
        *table = builder->size_bytes;
        put(builder, *table - index, 4);
        put(builder, 0, 4);
        return *table + 4;
}

static size_t put_fields(building *builder, unsigned count)
{
        size_t vector = builder->size_bytes;
        put(builder, count, 4);
        put(builder, 0, 4 * count);
        return vector;
}

static void put_message(building *builder, unsigned depth)
{
        enum { MESSAGE_HEAD = 2, SCHEMA_FIELDS = 1, FIELD_CHILDREN = 5, PREFIX_BYTES = 8 };
        size_t schema, field;
        put(builder, UINT32_MAX, 4);
        put(builder, 0, 4);
        put(builder, 0, 4); /* the root */
        size_t index = builder->size_bytes;
        static const uint16_t message[] = {10, 16, 4, 8, 12}; /* version, kind, head */
        for (size_t i = 0; i < 5; i++)
                put(builder, message[i], 2);
        put(builder, 0, 2);
        size_t root = builder->size_bytes;
        put(builder, root - index, 4);
        put(builder, 4, 4);
        put(builder, 1, 4); /* a schema */
        put(builder, 0, 4);
        point(builder, PREFIX_BYTES, root);
        size_t says = put_table(builder, SCHEMA_FIELDS, &schema);
        point(builder, root + 12, schema);
        for (unsigned i = 0; i < depth; i++) {
                size_t vector = put_fields(builder, 2);
                point(builder, says, vector);
                says = put_table(builder, FIELD_CHILDREN, &field);
                point(builder, vector + 4, field);
                point(builder, vector + 8, field);
        }
        point(builder, says, put_fields(builder, 0));
        while (builder->size_bytes % 8 != 0)
                put(builder, 0, 1);
        uint32_t head_bytes = (uint32_t)(builder->size_bytes - PREFIX_BYTES);
        memcpy(builder->bytes + 4, &head_bytes, 4);
}

static void a_schema_that_leads_to_one_field_on_many_ways_is_refused(void **state)
{
        coffer_registry *registry = new_registry(EXTENSION_DIR, "");
        coffer_iotype *type = table_type(registry);
        (void)state;
        for (unsigned depth = 10; depth <= 60; depth += 10) {
                building builder = {.size_bytes = 0};
                coffer_error error = COFFER_ERROR_INIT;
                coffer_object value = {NULL, NULL};
                put_message(&builder, depth);
                assert_status(load(type, (coffer_cursor){builder.bytes, builder.size_bytes}, &value, &error),
                              COFFER_MALFORMED);
                assert_non_null(strstr(error.message, "too often"));
        }
        coffer_iotype_unref(type);
        coffer_registry_unref(registry);
}

/* ---- memory ---- */

struct table_scene {
        coffer_iotype *type;
        coffer_cursor table;
};

static coffer_status use(void *user, coffer_error *error)
{
        const struct table_scene *scene = user;
        return load_and_look(scene->type, scene->table, error);
}

static void tables_live_with_want_of_memory(void **state)
{
        static uint8_t memory[MAX_FILE_BYTES];
        coffer_registry *registry = new_registry(EXTENSION_DIR, "");
        struct table_scene scene = {table_type(registry), {memory + 1, read_seed("vectors_3", memory + 1)}};
        (void)state;
        test_alloc_fail_each(use, &scene);
        coffer_iotype_unref(scene.type);
        coffer_registry_unref(registry);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(tables_are_read_wherever_they_lie),
                leak_checked(a_table_that_is_cut_short_is_refused),
                leak_checked(any_byte_may_be_another),
                leak_checked(a_schema_that_leads_to_one_field_on_many_ways_is_refused),
                leak_checked(tables_live_with_want_of_memory),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
