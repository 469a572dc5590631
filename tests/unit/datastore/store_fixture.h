/* SPDX-License-Identifier: Apache-2.0 */
/* A store in the case's directory, objects that are texts, and a serializer of them that fails when told to. */
#ifndef COFFER_TESTS_STORE_FIXTURE_H
#define COFFER_TESTS_STORE_FIXTURE_H

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <coffer/datastore.h>
#include "util/cleanup.h"
#include "util/cursor.h"

/* ---- objects ---- */

static inline void text_keep(const coffer_object *object)
{
        (void)object;
}

static inline coffer_status text_type(const coffer_object *object, char **out, coffer_error *error)
{
        (void)object;
        *out = coffer_strdup("<class 'text'>");
        return *out ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "no memory for a type's name");
}

static const coffer_object_type text_object_type = {
        .version = COFFER_OBJECT_TYPE_VERSION,
        .host = "test",
        .ref = text_keep,
        .unref = text_keep,
        .type_text = text_type,
};

static inline coffer_object text_object(const char *text)
{
        return (coffer_object){&text_object_type, (void *)(uintptr_t)text};
}

/* ---- the serializer ---- */

static int blobs_alive, most_blobs_alive;

static inline void release_blob(void *owner)
{
        (void)owner;
        blobs_alive--;
}

static inline coffer_status text_takes(const coffer_serializer *self, const coffer_object *object, bool *out,
                                       coffer_error *error)
{
        (void)self;
        (void)error;
        *out = object->type == &text_object_type && strcmp(object->pointer, "unclaimed") != 0;
        return COFFER_OK;
}

static inline coffer_status text_reads(const coffer_serializer *self, const coffer_metadata *metadata, bool *out,
                                       coffer_error *error)
{
        (void)self;
        (void)error;
        *out = strcmp(coffer_metadata_encoding(metadata), "text-v1") == 0;
        return COFFER_OK;
}

static inline coffer_status add_text_blob(const char *text, coffer_blob_list *blobs, coffer_error *error)
{
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_bytes_append_borrow(bytes, coffer_cursor_text(text), release_blob, NULL, error));
        if (++blobs_alive > most_blobs_alive)
                most_blobs_alive = blobs_alive;
        return coffer_blob_list_add_bytes(blobs, bytes, error);
}

static inline coffer_status add_reference(coffer_blob_list *blobs, coffer_error *error)
{
        coffer_blob *blob;
        COFFER_TRY(coffer_blob_new_reference("s3://bucket/key", &blob, error));
        coffer_status status = coffer_blob_list_add(blobs, blob, error);
        coffer_blob_unref(blob);
        return status;
}

static inline coffer_status text_serialize(const coffer_serializer *self, const coffer_object *object,
                                           coffer_format format, coffer_blob_list *blobs, coffer_metadata *metadata,
                                           char **wire, coffer_error *error)
{
        const char *text = object->pointer;
        (void)self;
        (void)wire;
        if (format != COFFER_STORAGE)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "no wire format");
        if (strcmp(text, "fail") == 0)
                return coffer_error_set(error, COFFER_INVALID, "told to fail");
        if (strcmp(text, "reference") == 0)
                COFFER_TRY(add_reference(blobs, error));
        else if (strcmp(text, "none") != 0)
                COFFER_TRY(add_text_blob(text, blobs, error));
        if (strcmp(text, "two") == 0)
                COFFER_TRY(add_text_blob(text, blobs, error));
        coffer_metadata_set_size(metadata, strlen(text));
        COFFER_TRY(coffer_metadata_set_object_type(metadata, "<class 'text'>", error));
        return coffer_metadata_set_encoding(metadata, "text-v1", error);
}

static inline coffer_status text_deserialize(const coffer_serializer *self, coffer_format format,
                                             const coffer_blob_list *blobs, const coffer_metadata *metadata,
                                             const char *wire, coffer_object *out, coffer_error *error)
{
        static char text[64];
        coffer_cursor bytes;
        (void)self;
        (void)format;
        (void)metadata;
        (void)wire;
        COFFER_TRY(coffer_bytes_contiguous(coffer_blob_bytes(coffer_blob_list_at(blobs, 0)), &bytes, error));
        if (bytes.size_bytes >= sizeof(text))
                return coffer_error_set(error, COFFER_LIMIT, "the text is too long");
        snprintf(text, sizeof(text), "%.*s", (int)bytes.size_bytes, (const char *)bytes.data);
        *out = text_object(text);
        return COFFER_OK;
}

static const coffer_serializer text_serializer = {
        .abi = COFFER_SERIALIZER_ABI,
        .struct_bytes = sizeof(coffer_serializer),
        .type = "text",
        .priority = COFFER_DEFAULT_PRIORITY,
        .can_serialize = text_takes,
        .can_deserialize = text_reads,
        .serialize = text_serialize,
        .deserialize = text_deserialize,
};

/* ---- store and tasks; each of these asserts that it succeeds ---- */

static inline coffer_registry *new_registry(void)
{
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        coffer_registry *registry = NULL;
        options.without_builtins = true;
        options.without_extensions = true;
        options.toggles = "";
        assert_ok(coffer_registry_new(&options, &registry, NULL));
        assert_ok(coffer_registry_add(registry, &text_serializer, "tests", false, NULL));
        return registry;
}

static inline coffer_store *open_store_at(const char *root)
{
        coffer_store_options options = COFFER_STORE_OPTIONS_INIT;
        coffer_store *store = NULL;
        options.registry = new_registry();
        options.sync = 0;
        assert_ok(coffer_store_open(root, &options, &store, NULL));
        coffer_registry_unref(options.registry);
        return store;
}

static inline coffer_store *open_store(void)
{
        return open_store_at(".metaflow");
}

static inline coffer_task *open_writer(coffer_store *store, const char *task, int attempt)
{
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        coffer_task *opened = NULL;
        options.mode = COFFER_WRITE;
        options.attempt = attempt;
        options.user = "nina";
        assert_ok(coffer_task_open(store, "Flow", "1", "start", task, &options, &opened, NULL));
        return opened;
}

static inline coffer_task *start_writer(coffer_store *store, const char *task, int attempt)
{
        coffer_task *opened = open_writer(store, task, attempt);
        assert_ok(coffer_task_init(opened, NULL));
        return opened;
}

static inline coffer_status save_text(coffer_task *task, const char *name, const char *text, coffer_error *error)
{
        const coffer_artifact artifact = {name, text_object(text)};
        return coffer_task_save(task, &artifact, 1, error);
}

static inline coffer_task *open_reader(coffer_store *store, const char *task)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task *opened = NULL;
        if (coffer_task_open(store, "Flow", "1", "start", task, NULL, &opened, &error) != COFFER_OK)
                fail_msg("%s", error.message);
        return opened;
}

/* A done attempt with the artifacts a = "apple" and b = "bread". */
static inline void save_done(coffer_store *store, const char *task, int attempt)
{
        const coffer_artifact artifacts[] = {{"a", text_object("apple")}, {"b", text_object("bread")}};
        coffer_task *writer = start_writer(store, task, attempt);
        assert_ok(coffer_task_save(writer, artifacts, 2, NULL));
        assert_ok(coffer_task_done(writer, NULL));
        coffer_task_free(writer);
}

static inline const char *key_of(const coffer_task *task, const char *name)
{
        coffer_artifact_info info;
        assert_ok(coffer_task_info(task, name, &info, NULL));
        return info.key;
}

/* "Flow/data/ke/key" below the store in `.metaflow`, followed by `suffix`. */
static inline const char *blob_file(const coffer_task *task, const char *name, const char *suffix)
{
        static char path[256];
        const char *key = key_of(task, name);
        snprintf(path, sizeof(path), ".metaflow/Flow/data/%.2s/%s%s", key, key, suffix);
        return path;
}

/* ---- files ---- */

#define TASK_DIRECTORY ".metaflow/Flow/1/start/1/"

static inline bool exists(const char *path)
{
        return access(path, F_OK) == 0;
}

static inline const char *read_file(const char *path)
{
        static char text[65536];
        FILE *file = fopen(path, "rb");
        if (!file)
                fail_msg("there is no %s", path);
        size_t bytes = fread(text, 1, sizeof(text) - 1, file);
        assert_int_equal(fclose(file), 0);
        text[bytes] = '\0';
        return text;
}

static inline void write_file(const char *path, const char *text)
{
        FILE *file = fopen(path, "wb");
        if (!file)
                fail_msg("%s cannot be written", path);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static inline void make_directory(const char *path)
{
        assert_int_equal(mkdir(path, 0777), 0);
}

#endif
