/* SPDX-License-Identifier: Apache-2.0 */
/* The table of storage backends. */
#include "storage/backends.h"

#include <string.h>

#include "util/buf.h"
#include "util/cursor.h"

static const struct {
        const char *type;
        coffer_storage_open_fn open;
} backends[] = {
        {"local", coffer_storage_open_local},
        {"spin", coffer_storage_open_local},
};

static coffer_status refuse_type(const char *type, coffer_error *error)
{
        coffer_buf known _cleanup_buf_ = COFFER_BUF_INIT(256);
        for (size_t i = 0; i < ARRAY_COUNT(backends); i++)
                COFFER_TRY(coffer_buf_printf(&known, error, "%s%s", i ? ", " : "", backends[i].type));
        return coffer_error_set(error, COFFER_UNSUPPORTED, "storage type '%s' is not known (known: %.*s)",
                                type ? type : "", (int)known.size_bytes, (const char *)known.data);
}

coffer_status coffer_storage_open(const char *type, const char *root, const coffer_storage_options *options,
                                  coffer_storage **out, coffer_error *error)
{
        static const coffer_storage_options defaults = COFFER_STORAGE_OPTIONS_INIT;

        if (!root || *root == '\0')
                return coffer_error_set(error, COFFER_INVALID, "the datastore root is empty");
        if (!options)
                options = &defaults;
        if (options->version != defaults.version)
                return coffer_error_set(error, COFFER_INVALID, "version %u of the storage options is not known",
                                        options->version);
        for (size_t i = 0; type && i < ARRAY_COUNT(backends); i++) {
                if (strcmp(type, backends[i].type) == 0)
                        return backends[i].open(backends[i].type, root, options, out, error);
        }
        return refuse_type(type, error);
}

/* `text` without slashes at its end, and with `both` at its start. */
static coffer_cursor strip_slashes(const char *text, bool both)
{
        coffer_cursor stripped = coffer_cursor_text(both ? text + strspn(text, "/") : text);
        while (stripped.size_bytes > 0 && stripped.data[stripped.size_bytes - 1] == '/')
                stripped.size_bytes--;
        return stripped;
}

coffer_status coffer_storage_full_uri(const coffer_storage *storage, const char *path, char **out, coffer_error *error)
{
        coffer_buf uri _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX / 2);
        COFFER_TRY(coffer_buf_append_cursor(&uri, strip_slashes(storage->root, false), error));
        COFFER_TRY(coffer_buf_append_byte(&uri, '/', error));
        COFFER_TRY(coffer_buf_append_cursor(&uri, strip_slashes(path, true), error));
        return coffer_buf_take_text(&uri, out, error);
}

void coffer_storage_free(coffer_storage *storage)
{
        if (storage)
                storage->class_->free(storage);
}
