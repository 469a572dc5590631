/* SPDX-License-Identifier: Apache-2.0 */
#include "typed.h"

#include <stdlib.h>
#include <string.h>

#include <coffer/alloc.h>

coffer_registry *typed_registry(void)
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

void typed_read_storage(const coffer_iotype *type, coffer_cursor input)
{
        coffer_object value = {NULL, NULL};
        if (load(type, input, &value) == COFFER_OK)
                check_value(type, &value);
}

void typed_read_wire(const coffer_iotype *type, coffer_cursor input)
{
        coffer_object value = {NULL, NULL};
        char *wire = coffer_strndup(input.data ? (const char *)input.data : "", input.size_bytes);
        if (!wire)
                abort();
        if (coffer_iotype_deserialize(type, COFFER_WIRE, NULL, NULL, wire, &value, NULL) == COFFER_OK)
                check_value(type, &value);
        coffer_free(wire);
}

void typed_check_spec(const coffer_iotype *type)
{
        char *spec = NULL;
        coffer_document *document = NULL;
        if (coffer_iotype_to_spec(type, &spec, NULL) != COFFER_OK ||
            coffer_document_from_json(coffer_cursor_text(spec), &document, NULL) != COFFER_OK)
                abort();
        coffer_document_unref(document);
        coffer_free(spec);
}
