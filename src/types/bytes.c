/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes: stored as they are; base64 in JSON and on the wire. */
#include "types/base64.h"
#include "types/types.h"

static coffer_status to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                             coffer_error *error)
{
        (void)self;
        (void)type;
        return coffer_type_spec("{\"type\":\"string\",\"contentEncoding\":\"base64\"}", json, error);
}

static coffer_status to_json(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                             const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        coffer_buf digits _cleanup_buf_ = COFFER_BUF_INIT(INT32_MAX);
        coffer_kind kind = coffer_value_kind(value);
        coffer_value *made = NULL;
        (void)self;
        if (kind != COFFER_KIND_BYTES && kind != COFFER_KIND_BYTEARRAY)
                return coffer_type_mismatch(type, value, error);
        COFFER_TRY(coffer_base64_encode(coffer_value_data(value), &digits, error));
        COFFER_TRY(coffer_value_str(document, coffer_buf_cursor(&digits), false, &made, error));
        *out = made;
        return COFFER_OK;
}

static coffer_status from_json(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                               const coffer_value *json, const coffer_value **out, coffer_error *error)
{
        coffer_buf data _cleanup_buf_ = COFFER_BUF_INIT(INT32_MAX);
        coffer_value *made = NULL;
        (void)self;
        if (coffer_value_kind(json) != COFFER_KIND_STR)
                return coffer_type_mismatch(type, json, error);
        COFFER_TRY(coffer_base64_decode(coffer_value_data(json), &data, error));
        COFFER_TRY(coffer_value_bytes(document, coffer_buf_cursor(&data), false, &made, error));
        *out = made;
        return COFFER_OK;
}

/* A bytes object does not change; all else that shows bytes may. */
static bool may_change(const coffer_object *value)
{
        coffer_document *document;
        const coffer_value *root;
        return coffer_object_view_value(value, &document, &root, NULL) != COFFER_OK ||
               coffer_value_kind(root) != COFFER_KIND_BYTES;
}

static coffer_status storage_serialize(const coffer_iotype_class *self, const coffer_iotype *type,
                                       const coffer_object *value, coffer_blob_list *blobs, coffer_metadata *metadata,
                                       coffer_error *error)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_cursor data;
        (void)self;
        (void)metadata;
        coffer_status status = coffer_object_view_bytes(value, &data, error);
        if (status == COFFER_DECLINED)
                return coffer_error_set(error, COFFER_MALFORMED, "what shows no bytes is no %s",
                                        coffer_iotype_name(type));
        COFFER_TRY(status);
        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_type_borrow(value, data, may_change(value), bytes, error));
        return coffer_blob_list_add_bytes(blobs, bytes, error);
}

static coffer_status storage_deserialize(const coffer_iotype_class *self, const coffer_iotype *type,
                                         const coffer_blob_list *blobs, const coffer_metadata *metadata,
                                         coffer_object *out, coffer_error *error)
{
        coffer_bytes *bytes = coffer_blob_bytes(coffer_blob_list_at(blobs, 0));
        coffer_document *document _cleanup_document_ = NULL;
        coffer_value *root = NULL;
        coffer_cursor data;
        (void)self;
        (void)type;
        (void)metadata;
        COFFER_TRY(coffer_document_new(&document, error));
        COFFER_TRY(coffer_bytes_contiguous(bytes, &data, error));
        COFFER_TRY(coffer_document_keep(document, bytes, error));
        COFFER_TRY(coffer_value_bytes(document, data, true, &root, error));
        *out = coffer_type_object(document, root);
        return COFFER_OK;
}

const coffer_iotype_class coffer_type_bytes = {
        COFFER_TYPE_HEAD("Bytes"),
        .to_spec = to_spec,
        .wire_serialize = coffer_raw_wire_serialize,
        .wire_deserialize = coffer_raw_wire_deserialize,
        .storage_serialize = storage_serialize,
        .storage_deserialize = storage_deserialize,
        .to_json = to_json,
        .from_json = from_json,
};

const coffer_iotype_class *coffer_iotype_bytes_class(void)
{
        return &coffer_type_bytes;
}
