/* SPDX-License-Identifier: Apache-2.0 */
/* A registry, values from JSON, and blobs, for tests of types. */
#ifndef COFFER_TESTS_TYPES_FIXTURE_H
#define COFFER_TESTS_TYPES_FIXTURE_H

#include "test.h"

#include <string.h>

#include <coffer/iotype.h>
#include "serializer/iotype.h"
#include "serializer/metadata.h"
#include "serializer/registry_internal.h"
#include "util/cursor.h"
#include "value/value_internal.h"

#define _cleanup_object_ _cleanup_(coffer_object_unref)

static inline coffer_status open_registry(coffer_registry **out, coffer_error *error)
{
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        options.without_extensions = true;
        options.toggles = "";
        return coffer_registry_new(&options, out, error);
}

/* Declares the types of extensions, where they are built. */
static inline coffer_status open_registry_with_table(coffer_registry **out, coffer_error *error)
{
        coffer_registry *registry _cleanup_registry_ = NULL;
        COFFER_TRY(open_registry(&registry, error));
#ifdef TABLE_LIBRARY
        COFFER_TRY(coffer_iotype_declare(registry, "Table", TABLE_LIBRARY, error));
#endif
        *out = TAKE_PTR(registry);
        return COFFER_OK;
}

static inline coffer_registry *make_registry_with_table(void)
{
        coffer_registry *registry = NULL;
        assert_ok(open_registry_with_table(&registry, NULL));
        return registry;
}

static inline coffer_registry *make_registry(void)
{
        coffer_registry *registry = NULL;
        assert_ok(open_registry(&registry, NULL));
        return registry;
}

static inline coffer_iotype *find_type(coffer_registry *registry, const char *name)
{
        coffer_iotype *type = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        if (coffer_iotype_find(registry, coffer_cursor_text(name), &type, &error) != COFFER_OK)
                fail_msg("%s: %s", name, error.message);
        return type;
}

static inline coffer_object object_from_json(const char *text)
{
        coffer_document *document _cleanup_document_ = NULL;
        assert_ok(coffer_document_from_json(coffer_cursor_text(text), &document, NULL));
        return coffer_object_from_document(document);
}

/* A list of one blob over a copy of `data`. */
static inline coffer_status blobs_of(coffer_cursor data, coffer_blob_list **out, coffer_error *error)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_blob_list *blobs _cleanup_blob_list_ = NULL;
        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_bytes_append_copy(bytes, data, error));
        COFFER_TRY(coffer_blob_list_new(&blobs, error));
        COFFER_TRY(coffer_blob_list_add_bytes(blobs, bytes, error));
        *out = TAKE_PTR(blobs);
        return COFFER_OK;
}

/* What is stored, as one piece. */
static inline coffer_status stored_of(const coffer_iotype *type, const coffer_object *value, coffer_blob_list **blobs,
                                      coffer_cursor *out, coffer_error *error)
{
        coffer_blob_list *made _cleanup_blob_list_ = NULL;
        COFFER_TRY(coffer_blob_list_new(&made, error));
        COFFER_TRY(coffer_iotype_serialize(type, value, COFFER_STORAGE, made, NULL, NULL, error));
        COFFER_TRY(coffer_bytes_contiguous(coffer_blob_bytes(coffer_blob_list_at(made, 0)), out, error));
        *blobs = TAKE_PTR(made);
        return COFFER_OK;
}

static inline coffer_status load_storage(const coffer_iotype *type, coffer_cursor data, coffer_object *out,
                                         coffer_error *error)
{
        coffer_blob_list *blobs _cleanup_blob_list_ = NULL;
        COFFER_TRY(blobs_of(data, &blobs, error));
        return coffer_iotype_deserialize(type, COFFER_STORAGE, blobs, NULL, NULL, out, error);
}

static inline coffer_status load_wire(const coffer_iotype *type, const char *wire, coffer_object *out,
                                      coffer_error *error)
{
        return coffer_iotype_deserialize(type, COFFER_WIRE, NULL, NULL, wire, out, error);
}

#endif
