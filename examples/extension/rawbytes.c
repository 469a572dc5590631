/* SPDX-License-Identifier: Apache-2.0 */
/* A serializer for `bytes`: the artifact's blob is the bytes themselves, so that any program can read it. */
#include <string.h>

#include <coffer/sys/serializer.h>

#define ENCODING "rawbytes-v1"

static coffer_status can_serialize(const coffer_serializer *self, const coffer_object *object, bool *out,
                                   coffer_error *error)
{
        (void)self;
        (void)error;
        *out = coffer_object_is_exactly(object, "builtins", "bytes");
        return COFFER_OK;
}

static coffer_status can_deserialize(const coffer_serializer *self, const coffer_metadata *metadata, bool *out,
                                     coffer_error *error)
{
        (void)self;
        (void)error;
        *out = strcmp(coffer_metadata_encoding(metadata), ENCODING) == 0;
        return COFFER_OK;
}

static coffer_status serialize(const coffer_serializer *self, const coffer_object *object, coffer_format format,
                               coffer_blob_list *blobs, coffer_metadata *metadata, char **wire, coffer_error *error)
{
        coffer_cursor data;
        coffer_bytes *blob = NULL;
        (void)self;
        (void)wire;
        if (format != COFFER_STORAGE)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "bytes are stored, not sent");
        coffer_status status = coffer_object_view_bytes(object, &data, error);
        if (status == COFFER_OK)
                status = coffer_bytes_new(&blob, error);
        if (status == COFFER_OK)
                status = coffer_bytes_append_copy(blob, data, error);
        if (status == COFFER_OK)
                status = coffer_blob_list_add_bytes(blobs, blob, error);
        if (status == COFFER_OK)
                status = coffer_metadata_set_encoding(metadata, ENCODING, error);
        coffer_bytes_unref(blob);
        return status;
}

static coffer_status deserialize(const coffer_serializer *self, coffer_format format, const coffer_blob_list *blobs,
                                 const coffer_metadata *metadata, const char *wire, coffer_object *out,
                                 coffer_error *error)
{
        coffer_bytes *blob = coffer_blob_bytes(coffer_blob_list_at(blobs, 0));
        coffer_cursor data;
        coffer_document *document = NULL;
        coffer_value *value = NULL;
        (void)self;
        (void)metadata;
        (void)wire;
        if (format != COFFER_STORAGE)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "bytes are stored, not sent");
        coffer_status status = coffer_bytes_contiguous(blob, &data, error);
        if (status == COFFER_OK)
                status = coffer_document_new(&document, error);
        if (status == COFFER_OK)
                status = coffer_document_keep(document, blob, error); /* so the value may borrow from it */
        if (status == COFFER_OK)
                status = coffer_value_bytes(document, data, true, &value, error);
        if (status == COFFER_OK) {
                coffer_document_set_root(document, value);
                *out = coffer_object_from_document(document);
        }
        coffer_document_unref(document);
        return status;
}

COFFER_API const coffer_serializer *coffer_serializer_entry(uint32_t abi);

COFFER_API const coffer_serializer *coffer_serializer_entry(uint32_t abi)
{
        static const coffer_serializer rawbytes = {
                .abi = COFFER_SERIALIZER_ABI,
                .struct_bytes = sizeof(coffer_serializer),
                .type = "rawbytes",
                .priority = COFFER_DEFAULT_PRIORITY,
                .can_serialize = can_serialize,
                .can_deserialize = can_deserialize,
                .serialize = serialize,
                .deserialize = deserialize,
        };
        return abi == COFFER_SERIALIZER_ABI ? &rawbytes : NULL;
}
