/* SPDX-License-Identifier: Apache-2.0 */
/* What types do: their own hooks, or for those that have a JSON form only, hooks made of it. */
#include "serializer/iotype.h"

#include <string.h>

#include "util/cursor.h"
#include "value/value_internal.h"

#define DRAFT "https://json-schema.org/draft/2020-12/schema"

/* Tables may end before the functions that are optional. */
#define HAS_FUNCTION(class_, function)                                                                                 \
        ((class_)->struct_bytes >= offsetof(coffer_iotype_class, function) + sizeof((class_)->function) &&             \
         (class_)->function)

/* ---- the JSON form ---- */

/* An object that has no value but another view becomes a value of `scratch` that borrows from it. */
static coffer_status value_of(const coffer_object *object, coffer_document *scratch, const coffer_value **out,
                              coffer_error *error)
{
        coffer_document *document = NULL;
        coffer_tensor tensor;
        coffer_cursor data;
        coffer_value *made = NULL;
        coffer_status status = coffer_object_view_value(object, &document, out, error);
        if (status != COFFER_DECLINED)
                return status;
        status = coffer_object_view_tensor(object, &tensor, error);
        if (status == COFFER_OK) {
                status = coffer_value_tensor(scratch, &tensor, &made, error);
        } else if (status == COFFER_DECLINED) {
                COFFER_TRY(coffer_object_view_bytes(object, &data, error));
                status = coffer_value_bytes(scratch, data, true, &made, error);
        }
        if (status == COFFER_OK)
                *out = made;
        return status;
}

coffer_status coffer_iotype_json_of(const coffer_iotype *type, const coffer_object *value, coffer_document *scratch,
                                    const coffer_value **out, coffer_error *error)
{
        const coffer_value *root = NULL;
        if (!type->class_->to_json)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "values of type %s have no JSON form", type->name);
        coffer_status status = value_of(value, scratch, &root, error);
        if (status == COFFER_DECLINED)
                return coffer_error_set(error, COFFER_MALFORMED, "an object that shows no value is no %s", type->name);
        COFFER_TRY(status);
        return type->class_->to_json(type->class_, type, scratch, root, out, error);
}

static coffer_status canonical_text(const coffer_iotype *type, const coffer_object *value, char **out,
                                    coffer_error *error)
{
        coffer_document *scratch _cleanup_document_ = NULL;
        const coffer_value *json = NULL;
        COFFER_TRY(coffer_document_new(&scratch, error));
        COFFER_TRY(coffer_iotype_json_of(type, value, scratch, &json, error));
        return coffer_value_to_canonical_json(json, out, error);
}

static coffer_status from_text(const coffer_iotype *type, coffer_cursor text, coffer_object *out, coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        const coffer_value *root = NULL;
        COFFER_TRY(coffer_document_from_json(text, &document, error));
        COFFER_TRY(type->class_->from_json(type->class_, type, document, coffer_document_root(document), &root, error));
        coffer_document_set_root(document, root);
        *out = coffer_object_from_document(document);
        return COFFER_OK;
}

static coffer_status store_text(const coffer_iotype *type, const coffer_object *value, coffer_blob_list *blobs,
                                coffer_error *error)
{
        char *text _cleanup_free_ = NULL;
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        COFFER_TRY(canonical_text(type, value, &text, error));
        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_bytes_append_take(bytes, text, strlen(text), error));
        (void)TAKE_PTR(text);
        return coffer_blob_list_add_bytes(blobs, bytes, error);
}

static coffer_status from_blob(const coffer_iotype *type, const coffer_blob_list *blobs, coffer_object *out,
                               coffer_error *error)
{
        coffer_cursor text;
        COFFER_TRY(coffer_bytes_contiguous(coffer_blob_bytes(coffer_blob_list_at(blobs, 0)), &text, error));
        return from_text(type, text, out, error);
}

coffer_status coffer_iotype_to_json(const coffer_iotype *type, const coffer_object *value, coffer_document **out,
                                    coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        char *text _cleanup_free_ = NULL;
        COFFER_TRY(canonical_text(type, value, &text, error));
        COFFER_TRY(coffer_document_from_json(coffer_cursor_text(text), &document, error));
        *out = TAKE_PTR(document);
        return COFFER_OK;
}

/* ---- schema ---- */

static coffer_status set_text(coffer_document *document, coffer_value *dict, const char *key, const char *text,
                              coffer_error *error)
{
        coffer_value *name, *value;
        COFFER_TRY(coffer_value_str(document, coffer_cursor_text(key), true, &name, error));
        COFFER_TRY(coffer_value_str(document, coffer_cursor_text(text), true, &value, error));
        return coffer_value_set_item(document, dict, name, value, error);
}

coffer_status coffer_iotype_to_spec(const coffer_iotype *type, char **out, coffer_error *error)
{
        char *text _cleanup_free_ = NULL;
        coffer_document *document _cleanup_document_ = NULL;
        coffer_value *named = NULL;
        COFFER_TRY(type->class_->to_spec(type->class_, type, &text, error));
        COFFER_TRY(coffer_document_from_json(coffer_cursor_text(text), &document, error));
        const coffer_value *schema = coffer_document_root(document);
        if (coffer_value_kind(schema) != COFFER_KIND_DICT)
                return coffer_error_set(error, COFFER_SERIALIZER, "the schema of type %s is no JSON object",
                                        type->name);
        COFFER_TRY(coffer_value_container(document, COFFER_KIND_DICT, &named, error));
        for (size_t i = 0; i < coffer_value_count(schema); i++)
                COFFER_TRY(coffer_value_set_item(document, named, coffer_value_key(schema, i),
                                                 coffer_value_item(schema, i), error));
        COFFER_TRY(set_text(document, named, "$schema", DRAFT, error));
        return coffer_value_to_canonical_json(named, out, error);
}

/* ---- both formats ---- */

static coffer_status no_format(const coffer_iotype *type, coffer_format format, coffer_error *error)
{
        return coffer_error_set(error, COFFER_UNSUPPORTED, "type %s has no format %d: there are STORAGE and WIRE",
                                type->name, (int)format);
}

coffer_status coffer_iotype_serialize(const coffer_iotype *type, const coffer_object *value, coffer_format format,
                                      coffer_blob_list *blobs, coffer_metadata *metadata, char **wire,
                                      coffer_error *error)
{
        const coffer_iotype_class *class_ = type->class_;
        switch (format) {
        case COFFER_STORAGE:
                return class_->storage_serialize
                               ? class_->storage_serialize(class_, type, value, blobs, metadata, error)
                               : store_text(type, value, blobs, error);
        case COFFER_WIRE:
                return class_->wire_serialize ? class_->wire_serialize(class_, type, value, wire, error)
                                              : canonical_text(type, value, wire, error);
        }
        return no_format(type, format, error);
}

static coffer_status deserialize_storage(const coffer_iotype *type, const coffer_blob_list *blobs,
                                         const coffer_metadata *metadata, coffer_object *out, coffer_error *error)
{
        const coffer_iotype_class *class_ = type->class_;
        if (coffer_blob_list_count(blobs) != 1 || !coffer_blob_bytes(coffer_blob_list_at(blobs, 0)))
                return coffer_error_set(error, COFFER_INVALID, "type %s reads one blob of bytes", type->name);
        return class_->storage_deserialize ? class_->storage_deserialize(class_, type, blobs, metadata, out, error)
                                           : from_blob(type, blobs, out, error);
}

coffer_status coffer_iotype_deserialize(const coffer_iotype *type, coffer_format format, const coffer_blob_list *blobs,
                                        const coffer_metadata *metadata, const char *wire, coffer_object *out,
                                        coffer_error *error)
{
        const coffer_iotype_class *class_ = type->class_;
        switch (format) {
        case COFFER_STORAGE:
                return deserialize_storage(type, blobs, metadata, out, error);
        case COFFER_WIRE:
                return class_->wire_deserialize ? class_->wire_deserialize(class_, type, wire, out, error)
                                                : from_text(type, coffer_cursor_text(wire), out, error);
        }
        return no_format(type, format, error);
}

coffer_status coffer_iotype_place_tensor(const coffer_iotype *type, coffer_ranges *contents, coffer_document *document,
                                         coffer_tensor *out, uint64_t *data_offset, coffer_error *error)
{
        const coffer_iotype_class *class_ = type->class_;
        if (!HAS_FUNCTION(class_, place_tensor))
                return COFFER_DECLINED;
        return class_->place_tensor(class_, type, contents, document, out, data_offset, error);
}

coffer_status coffer_iotype_view(const coffer_object *object, uint64_t max_items, coffer_document **out,
                                 coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        const coffer_value *root = NULL;
        coffer_iotype *type = NULL;
        coffer_object value;
        COFFER_TRY(coffer_object_view_iotype(object, &type, &value, error));
        const coffer_iotype_class *class_ = type->class_;
        if (!HAS_FUNCTION(class_, to_view))
                return COFFER_DECLINED;
        COFFER_TRY(coffer_document_new(&document, error));
        COFFER_TRY(class_->to_view(class_, type, &value, max_items, document, &root, error));
        coffer_document_set_root(document, root);
        *out = TAKE_PTR(document);
        return COFFER_OK;
}
