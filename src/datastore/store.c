/* SPDX-License-Identifier: Apache-2.0 */
#include "datastore/store.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "datastore/names.h"
#include "datastore/settings.h"
#include "util/fs.h"
#include "util/cursor.h"

static bool wants_sync(int option)
{
        if (option >= 0)
                return option != 0;
        const char *setting = getenv("COFFER_SYNC");
        return !setting || strcmp(setting, "0") != 0;
}

/* Roots are recorded in files, where a relative one would mean nothing. Roots with a scheme are absolute as they are.
 */
static coffer_status absolute_root(const char *root, char **out, coffer_error *error)
{
        if (root[0] == '/' || strstr(root, "://"))
                return coffer_text_format(out, error, "%s", root);
        _cleanup_free_ char *directory = NULL;
        COFFER_TRY(coffer_working_directory(&directory, error));
        while (strncmp(root, "./", 2) == 0)
                root += 2;
        return coffer_path_join(directory, root, out, error);
}

/* In older options the later fields are not there. */
static coffer_status copy_python_version(const coffer_store_options *options, char **out, coffer_error *error)
{
        const char *said = options->version >= 2 ? options->python_version : NULL;
        return coffer_text_format(out, error, "%s", said ? said : "coffer " COFFER_VERSION " (C)");
}

static coffer_status check_version(const coffer_store_options *options, coffer_error *error)
{
        static const coffer_store_options newest = COFFER_STORE_OPTIONS_INIT;
        if (options->version >= 1 && options->version <= newest.version)
                return COFFER_OK;
        return coffer_error_set(error, COFFER_INVALID, "store options of unknown version %u", options->version);
}

coffer_status coffer_store_open(const char *root, const coffer_store_options *options, coffer_store **out,
                                coffer_error *error)
{
        static const coffer_store_options defaults = COFFER_STORE_OPTIONS_INIT;
        coffer_storage_options storage_options = COFFER_STORAGE_OPTIONS_INIT;
        _cleanup_free_ char *absolute = NULL;

        if (!root || root[0] == '\0')
                return coffer_error_set(error, COFFER_INVALID, "a datastore root is missing");
        options = options ? options : &defaults;
        COFFER_TRY(check_version(options, error));
        _cleanup_(coffer_store_unrefp) coffer_store *store = coffer_alloc_zeroed(1, sizeof(*store));
        if (!store)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to open the datastore '%s'", root);
        atomic_init(&store->references, 1);
        store->verify = options->verify;
        store->compress = options->version >= 3 ? options->compress : COFFER_COMPRESS_AUTO;
        storage_options.sync = wants_sync(options->sync);
        COFFER_TRY(absolute_root(root, &absolute, error));
        COFFER_TRY(coffer_storage_open(options->type ? options->type : "local", absolute, &storage_options,
                                       &store->storage, error));
        COFFER_TRY(copy_python_version(options, &store->python_version, error));
        if (options->registry)
                store->registry = coffer_registry_ref(options->registry);
        else
                COFFER_TRY(coffer_registry_new(NULL, &store->registry, error));
        *out = TAKE_PTR(store);
        return COFFER_OK;
}

coffer_store *coffer_store_ref(coffer_store *store)
{
        atomic_fetch_add_explicit(&store->references, 1, memory_order_relaxed);
        return store;
}

void coffer_store_unref(coffer_store *store)
{
        if (!store || atomic_fetch_sub_explicit(&store->references, 1, memory_order_acq_rel) > 1)
                return;
        coffer_registry_unref(store->registry);
        coffer_storage_free(store->storage);
        coffer_free(store->python_version);
        coffer_free(store);
}

const char *coffer_store_root(const coffer_store *store)
{
        return store->storage->root;
}

const char *coffer_store_type(const coffer_store *store)
{
        return store->storage->class_->type;
}

coffer_registry *coffer_store_registry(coffer_store *store)
{
        return store->registry;
}

coffer_status coffer_store_open_cas(coffer_store *store, const char *flow, coffer_cas **out, coffer_error *error)
{
        coffer_cas_options options = COFFER_CAS_OPTIONS_INIT;
        _cleanup_free_ char *prefix = NULL;

        options.verify = store->verify;
        options.compress = store->compress;
        COFFER_TRY(coffer_text_format(&prefix, error, "%s/data", flow));
        return coffer_cas_new(store->storage, prefix, &options, out, error);
}

coffer_status coffer_task_names_check(const coffer_task_names *names, coffer_error *error)
{
        const char *const parts[] = {names->flow, names->run, names->step, names->task};
        static const coffer_name_kind kinds[] = {COFFER_NAME_FLOW, COFFER_NAME_RUN, COFFER_NAME_STEP, COFFER_NAME_TASK};
        size_t given = ARRAY_COUNT(parts);

        while (given > 0 && !parts[given - 1])
                given--;
        for (size_t i = 0; i < given; i++)
                COFFER_TRY(coffer_name_check(kinds[i], parts[i], error));
        return COFFER_OK;
}

coffer_status coffer_task_names_path(const coffer_task_names *names, char **out, coffer_error *error)
{
        const char *const parts[] = {names->flow, names->run, names->step, names->task};
        _cleanup_buf_ coffer_buf path = COFFER_BUF_INIT(SIZE_MAX);

        for (size_t i = 0; i < ARRAY_COUNT(parts) && parts[i]; i++)
                COFFER_TRY(coffer_buf_printf(&path, error, "%s%s", i > 0 ? "/" : "", parts[i]));
        return coffer_buf_take_text(&path, out, error);
}

coffer_status coffer_store_get(coffer_store *store, const char *path, coffer_bytes **out, coffer_error *error)
{
        coffer_storage_get get = {.path = path, .contents_only = true};

        COFFER_TRY(store->storage->class_->get(store->storage, &get, 1, error));
        if (get.status != COFFER_OK) {
                coffer_bytes_unref(get.bytes);
                return get.status;
        }
        *out = get.bytes;
        return COFFER_OK;
}

coffer_status coffer_store_get_json(coffer_store *store, const char *path, char **out, coffer_error *error)
{
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        _cleanup_json_ json_t *json = NULL;
        coffer_cursor text;

        COFFER_TRY(coffer_store_get(store, path, &bytes, error));
        COFFER_TRY(coffer_bytes_contiguous(bytes, &text, error));
        COFFER_TRY(coffer_json_parse(text, path, &json, error));
        *out = coffer_strndup((const char *)text.data, text.size_bytes);
        return *out ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read '%s'", path);
}

coffer_status coffer_store_put(coffer_store *store, const char *path, coffer_bytes *bytes, bool overwrite,
                               coffer_error *error)
{
        const coffer_storage_put put = {.path = path, .bytes = bytes, .overwrite = overwrite};
        return store->storage->class_->put(store->storage, &put, 1, error);
}

coffer_status coffer_store_put_text(coffer_store *store, const char *path, const char *text, bool overwrite,
                                    coffer_error *error)
{
        _cleanup_bytes_ coffer_bytes *bytes = NULL;

        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_bytes_append_borrow(bytes, coffer_cursor_text(text), NULL, NULL, error));
        return coffer_store_put(store, path, bytes, overwrite, error);
}

coffer_status coffer_store_put_new(coffer_store *store, const char *path, const char *text, coffer_error *error)
{
        const coffer_storage_class *storage_class = store->storage->class_;
        const coffer_cursor content = coffer_cursor_text(text);
        coffer_storage_writer *writer;

        COFFER_TRY(storage_class->begin(store->storage, path, &writer, error));
        coffer_status status = storage_class->write(writer, &content, 1, error);
        if (status != COFFER_OK) {
                storage_class->abort(writer);
                return status;
        }
        return storage_class->commit(writer, NULL, NULL, false, false, error);
}
