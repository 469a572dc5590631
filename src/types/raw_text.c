/* SPDX-License-Identifier: Apache-2.0 */
/* Types that are texts: stored and sent as their characters. */
#include "types/types.h"

static coffer_status text_of(const coffer_iotype *type, const coffer_object *value, coffer_document *scratch,
                             coffer_cursor *out, coffer_error *error)
{
        const coffer_value *json = NULL;
        COFFER_TRY(coffer_iotype_json_of(type, value, scratch, &json, error));
        *out = coffer_value_data(json);
        return COFFER_OK;
}

coffer_status coffer_raw_wire_serialize(const coffer_iotype_class *self, const coffer_iotype *type,
                                        const coffer_object *value, char **wire, coffer_error *error)
{
        coffer_document *scratch _cleanup_document_ = NULL;
        coffer_cursor text;
        (void)self;
        COFFER_TRY(coffer_document_new(&scratch, error));
        COFFER_TRY(text_of(type, value, scratch, &text, error));
        if (text.size_bytes > 0 && memchr(text.data, 0, text.size_bytes))
                return coffer_error_set(error, COFFER_UNSUPPORTED, "a text with a NUL inside has no wire form");
        char *copy = coffer_strndup(text.data ? (const char *)text.data : "", text.size_bytes);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a wire form");
        *wire = copy;
        return COFFER_OK;
}

static coffer_status object_from(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                                 const coffer_value *text, coffer_object *out, coffer_error *error)
{
        const coffer_value *root = NULL;
        COFFER_TRY(self->from_json(self, type, document, text, &root, error));
        *out = coffer_type_object(document, root);
        return COFFER_OK;
}

coffer_status coffer_raw_wire_deserialize(const coffer_iotype_class *self, const coffer_iotype *type, const char *wire,
                                          coffer_object *out, coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        coffer_value *text = NULL;
        COFFER_TRY(coffer_document_new(&document, error));
        COFFER_TRY(coffer_value_str(document, coffer_cursor_text(wire), false, &text, error));
        return object_from(self, type, document, text, out, error);
}

coffer_status coffer_raw_storage_serialize(const coffer_iotype_class *self, const coffer_iotype *type,
                                           const coffer_object *value, coffer_blob_list *blobs,
                                           coffer_metadata *metadata, coffer_error *error)
{
        coffer_document *scratch _cleanup_document_ = NULL;
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_cursor text;
        (void)self;
        (void)metadata;
        COFFER_TRY(coffer_document_new(&scratch, error));
        COFFER_TRY(text_of(type, value, scratch, &text, error));
        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_bytes_append_copy(bytes, text, error));
        return coffer_blob_list_add_bytes(blobs, bytes, error);
}

coffer_status coffer_raw_storage_deserialize(const coffer_iotype_class *self, const coffer_iotype *type,
                                             const coffer_blob_list *blobs, const coffer_metadata *metadata,
                                             coffer_object *out, coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        (void)metadata;
        COFFER_TRY(coffer_document_from_text(coffer_blob_bytes(coffer_blob_list_at(blobs, 0)), &document, error));
        return object_from(self, type, document, coffer_document_root(document), out, error);
}
