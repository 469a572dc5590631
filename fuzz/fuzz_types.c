/* SPDX-License-Identifier: Apache-2.0 */
/* A line with the name of a type, then what it stores or sends: what is read is written, and that reads as the same. */
#include <stdlib.h>
#include <string.h>

#include <coffer/iotype.h>
#include "util/cleanup.h"
#include "util/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static coffer_registry *registry(void)
{
        static coffer_registry *made;
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        options.without_extensions = true;
        options.toggles = "";
        if (!made && coffer_registry_new(&options, &made, NULL) != COFFER_OK)
                abort();
        return made;
}

static coffer_status load(const coffer_iotype *type, coffer_cursor stored, coffer_object *out)
{
        coffer_bytes *bytes = NULL;
        coffer_blob_list *blobs = NULL;
        if (coffer_bytes_new(&bytes, NULL) != COFFER_OK || coffer_bytes_append_copy(bytes, stored, NULL) != COFFER_OK ||
            coffer_blob_list_new(&blobs, NULL) != COFFER_OK ||
            coffer_blob_list_add_bytes(blobs, bytes, NULL) != COFFER_OK)
                abort();
        coffer_status status = coffer_iotype_deserialize(type, COFFER_STORAGE, blobs, NULL, NULL, out, NULL);
        coffer_blob_list_free(blobs);
        coffer_bytes_unref(bytes);
        return status;
}

static coffer_blob_list *save(const coffer_iotype *type, const coffer_object *value, coffer_cursor *out)
{
        coffer_blob_list *blobs = NULL;
        if (coffer_blob_list_new(&blobs, NULL) != COFFER_OK ||
            coffer_iotype_serialize(type, value, COFFER_STORAGE, blobs, NULL, NULL, NULL) != COFFER_OK ||
            coffer_bytes_contiguous(coffer_blob_bytes(coffer_blob_list_at(blobs, 0)), out, NULL) != COFFER_OK)
                abort();
        return blobs;
}

static void check_value(const coffer_iotype *type, coffer_object *value)
{
        coffer_object again = {NULL, NULL};
        coffer_cursor first, second;
        char *wire = NULL;
        coffer_blob_list *saved = save(type, value, &first);
        if (load(type, first, &again) != COFFER_OK)
                abort();
        coffer_blob_list *saved_again = save(type, &again, &second);
        if (!coffer_cursor_equal(first, second))
                abort();
        coffer_object_unref(&again);
        if (coffer_iotype_serialize(type, value, COFFER_WIRE, NULL, NULL, &wire, NULL) == COFFER_OK) {
                if (coffer_iotype_deserialize(type, COFFER_WIRE, NULL, NULL, wire, &again, NULL) != COFFER_OK)
                        abort();
                coffer_object_unref(&again);
        }
        coffer_free(wire);
        coffer_blob_list_free(saved);
        coffer_blob_list_free(saved_again);
        coffer_object_unref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        coffer_cursor input = coffer_cursor_of(data, size), name;
        coffer_iotype *type = NULL;
        coffer_object value = {NULL, NULL};
        char *spec = NULL;
        if (!coffer_cursor_until(&input, '\n', &name) || coffer_iotype_find(registry(), name, &type, NULL) != COFFER_OK)
                return 0;
        if (coffer_iotype_to_spec(type, &spec, NULL) != COFFER_OK)
                abort();
        if (load(type, input, &value) == COFFER_OK)
                check_value(type, &value);
        char *wire = coffer_strndup(input.data ? (const char *)input.data : "", input.size_bytes);
        if (!wire)
                abort();
        if (coffer_iotype_deserialize(type, COFFER_WIRE, NULL, NULL, wire, &value, NULL) == COFFER_OK)
                check_value(type, &value);
        coffer_free(wire);
        coffer_free(spec);
        coffer_iotype_unref(type);
        return 0;
}
