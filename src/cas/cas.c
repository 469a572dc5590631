/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cas/cas_internal.h"
#include "util/buf.h"
#include "util/cursor.h"

#define DEFAULT_MAX_BLOB_BYTES ((uint64_t)1 << 40)

enum {
        KEY_DIGITS = COFFER_KEY_TEXT_BYTES - 1,
        CHOICES = 3, /* of a setting in the environment */
};

bool coffer_key_is_valid(const char *text)
{
        return text && strnlen(text, KEY_DIGITS + 1) == KEY_DIGITS && strspn(text, "0123456789abcdef") == KEY_DIGITS;
}

/* The choice that the environment's `variable` makes among the names; 0 when it is not set. */
static coffer_status find_choice(const char *variable, const char *const names[CHOICES], size_t *out,
                                 coffer_error *error)
{
        const char *text = getenv(variable);

        *out = 0;
        if (!text || *text == '\0')
                return COFFER_OK;
        for (size_t i = 0; i < CHOICES; i++) {
                if (strcmp(text, names[i]) == 0) {
                        *out = i;
                        return COFFER_OK;
                }
        }
        return coffer_error_set(error, COFFER_INVALID, "%s is '%s', not %s, %s or %s", variable, text, names[0],
                                names[1], names[2]);
}

static coffer_status find_verify(coffer_verify asked, coffer_verify *out, coffer_error *error)
{
        static const char *const names[CHOICES] = {
                [COFFER_VERIFY_AUTO] = "auto", [COFFER_VERIFY_KEY] = "key", [COFFER_VERIFY_CRC] = "crc"};
        size_t choice = asked;

        if (asked == COFFER_VERIFY_AUTO)
                COFFER_TRY(find_choice("COFFER_VERIFY", names, &choice, error));
        *out = (coffer_verify)choice;
        return COFFER_OK;
}

coffer_status coffer_compress_find(coffer_compress asked, coffer_compress *out, coffer_error *error)
{
        static const char *const names[CHOICES] = {[COFFER_COMPRESS_AUTO] = "auto",
                                                   [COFFER_COMPRESS_ALWAYS] = "always",
                                                   [COFFER_COMPRESS_NEVER] = "never"};
        size_t choice = asked;

        if (asked == COFFER_COMPRESS_AUTO)
                COFFER_TRY(find_choice("COFFER_COMPRESS", names, &choice, error));
        *out = (coffer_compress)choice;
        return COFFER_OK;
}

coffer_status coffer_cas_new(coffer_storage *storage, const char *prefix, const coffer_cas_options *options,
                             coffer_cas **out, coffer_error *error)
{
        static const coffer_cas_options defaults = COFFER_CAS_OPTIONS_INIT;
        coffer_compress compress;
        coffer_verify verify;

        if (!options)
                options = &defaults;
        if (options->version < 1 || options->version > defaults.version)
                return coffer_error_set(error, COFFER_INVALID, "version %u of the blob store's options is not known",
                                        options->version);
        COFFER_TRY(find_verify(options->verify, &verify, error));
        COFFER_TRY(coffer_compress_find(options->version >= 2 ? options->compress : COFFER_COMPRESS_AUTO, &compress,
                                        error));
        coffer_cas *cas _cleanup_free_ = coffer_alloc_zeroed(1, sizeof(*cas));
        char *prefix_copy = coffer_strdup(prefix);
        if (!cas || !prefix_copy) {
                coffer_free(prefix_copy);
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to open a blob store");
        }
        *cas = (coffer_cas){.storage = storage,
                            .prefix = prefix_copy,
                            .verify = verify,
                            .max_blob_bytes =
                                    options->max_blob_bytes ? options->max_blob_bytes : DEFAULT_MAX_BLOB_BYTES,
                            .compress = compress};
        *out = TAKE_PTR(cas);
        return COFFER_OK;
}

void coffer_cas_free(coffer_cas *cas)
{
        if (!cas)
                return;
        coffer_free(cas->prefix);
        coffer_free(cas);
}

coffer_status coffer_cas_check_key(const char *key, coffer_error *error)
{
        if (!coffer_key_is_valid(key))
                return coffer_error_set(error, COFFER_INVALID, "'%.64s' is no key of a blob", key ? key : "");
        return COFFER_OK;
}

coffer_status coffer_cas_path(const coffer_cas *cas, const char *key, char **out, coffer_error *error)
{
        coffer_buf path _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX / 2);

        COFFER_TRY(coffer_cas_check_key(key, error));
        COFFER_TRY(coffer_buf_append_text(&path, cas->prefix, error));
        COFFER_TRY(coffer_buf_append_byte(&path, '/', error));
        COFFER_TRY(coffer_buf_append(&path, key, 2, error));
        COFFER_TRY(coffer_buf_append_byte(&path, '/', error));
        COFFER_TRY(coffer_buf_append_text(&path, key, error));
        return coffer_buf_take_text(&path, out, error);
}

coffer_status coffer_cas_blame(const coffer_cas *cas, const char *key, const char *path, const coffer_error *cause,
                               coffer_error *error)
{
        const char *root = cas->storage ? cas->storage->root : "";
        return coffer_error_set_at(error, cause->status, cause->offset, "blob %s in '%s%s%s': %s", key, root,
                                   cas->storage ? "/" : "", path, cause->message);
}

coffer_status coffer_cas_missing(const coffer_cas *cas, const char *key, const char *path, coffer_error *error)
{
        return coffer_error_set(error, COFFER_NOT_FOUND, "blob %s is missing: there is no '%s/%s'", key,
                                cas->storage->root, path);
}

void coffer_stored_blob_done(coffer_stored_blob *blob)
{
        coffer_free(blob->path);
        coffer_bytes_unref(blob->bytes);
        coffer_free(blob->metadata_json);
        *blob = (coffer_stored_blob){NULL, NULL, NULL};
}

static coffer_status fetch(const coffer_cas *cas, const char *key, bool contents_only, coffer_stored_blob *out,
                           coffer_error *error)
{
        coffer_error cause = COFFER_ERROR_INIT;

        COFFER_TRY(coffer_cas_path(cas, key, &out->path, error));
        coffer_storage_get get = {
                .path = out->path, .contents_only = contents_only, .max_bytes = cas->max_stored_bytes};
        COFFER_TRY(cas->storage->class_->get(cas->storage, &get, 1, error ? &cause : NULL));
        if (get.status == COFFER_NOT_FOUND)
                return coffer_cas_missing(cas, key, out->path, error);
        if (get.status != COFFER_OK)
                return error ? coffer_cas_blame(cas, key, out->path, &cause, error) : get.status;
        out->bytes = get.bytes;
        out->metadata_json = get.metadata_json;
        return COFFER_OK;
}

coffer_status coffer_cas_fetch(const coffer_cas *cas, const char *key, coffer_stored_blob *out, coffer_error *error)
{
        return fetch(cas, key, false, out, error);
}

coffer_status coffer_cas_fetch_contents(const coffer_cas *cas, const char *key, coffer_stored_blob *out,
                                        coffer_error *error)
{
        return fetch(cas, key, true, out, error);
}

coffer_status coffer_cas_load_stored(coffer_cas *cas, const char *key, coffer_bytes **out, coffer_error *error)
{
        coffer_stored_blob blob _cleanup_(coffer_stored_blob_done) = {NULL, NULL, NULL};
        COFFER_TRY(coffer_cas_fetch_contents(cas, key, &blob, error));
        *out = TAKE_PTR(blob.bytes);
        return COFFER_OK;
}

coffer_status coffer_cas_stat(coffer_cas *cas, const char *key, coffer_blob_stat *out, coffer_error *error)
{
        char *path _cleanup_free_ = NULL;
        coffer_storage_stat status;

        COFFER_TRY(coffer_cas_path(cas, key, &path, error));
        COFFER_TRY(cas->storage->class_->stat(cas->storage, (const char *const[]){path}, 1, &status, error));
        *out = (coffer_blob_stat){status.type == COFFER_ENTRY_OBJECT, status.size_bytes};
        return COFFER_OK;
}

coffer_status coffer_cas_require(coffer_cas *cas, const char *key, coffer_error *error)
{
        char *path _cleanup_free_ = NULL;
        coffer_blob_stat status;

        COFFER_TRY(coffer_cas_path(cas, key, &path, error));
        COFFER_TRY(coffer_cas_stat(cas, key, &status, error));
        if (!status.exists)
                return coffer_cas_missing(cas, key, path, error);
        return cas->storage->class_->require(cas->storage, path, error);
}

/* ---- listing ---- */

typedef struct list_call {
        coffer_cas *cas;
        const char *directory; /* the two digits that keys begin with */
        coffer_status (*visit)(void *user, const char *key, coffer_error *error);
        void *user;
} list_call;

static coffer_status list_key(void *user, const char *name, coffer_entry_type type, coffer_error *error)
{
        const list_call *call = user;
        if (type != COFFER_ENTRY_OBJECT || !coffer_key_is_valid(name) || strncmp(name, call->directory, 2) != 0)
                return COFFER_OK;
        return call->visit(call->user, name, error);
}

static coffer_status list_directory(void *user, const char *name, coffer_entry_type type, coffer_error *error)
{
        list_call *call = user;
        coffer_storage *storage = call->cas->storage;
        coffer_buf path _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX / 2);

        if (type != COFFER_ENTRY_DIRECTORY || strlen(name) != 2)
                return COFFER_OK;
        call->directory = name;
        COFFER_TRY(coffer_buf_printf(&path, error, "%s/%s", call->cas->prefix, name));
        COFFER_TRY(coffer_buf_append_byte(&path, '\0', error));
        return storage->class_->list(storage, (const char *)path.data, list_key, call, error);
}

coffer_status coffer_cas_list(coffer_cas *cas, coffer_status (*visit)(void *user, const char *key, coffer_error *error),
                              void *user, coffer_error *error)
{
        list_call call = {cas, "", visit, user};
        return cas->storage->class_->list(cas->storage, cas->prefix, list_directory, &call, error);
}
