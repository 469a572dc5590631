/* SPDX-License-Identifier: Apache-2.0 */
/* Pickle, the serializer of last resort: it takes every object that has a value view. */
#include "builtin/builtin.h"

#include <string.h>

#include <coffer/pickle.h>
#include "util/cleanup.h"
#include "value/forms_numpy.h"
#include "value/value_internal.h"

static const char written_encoding[] = "pickle-v4";
/* With "gzip+" in front Metaflow once named the same bytes. */
static const char *const read_encodings[] = {"pickle-v2", "pickle-v4", "gzip+pickle-v2", "gzip+pickle-v4"};

static coffer_status can_serialize(const coffer_serializer *self, const coffer_object *object, bool *out,
                                   coffer_error *error)
{
        (void)self;
        coffer_document *document = NULL;
        const coffer_value *value = NULL;
        coffer_status status = coffer_object_view_value(object, &document, &value, error);
        if (status != COFFER_OK && status != COFFER_DECLINED)
                return status;
        *out = status == COFFER_OK;
        return COFFER_OK;
}

static coffer_status can_deserialize(const coffer_serializer *self, const coffer_metadata *metadata, bool *out,
                                     coffer_error *error)
{
        (void)self;
        (void)error;
        const char *encoding = coffer_metadata_encoding(metadata);
        *out = false;
        for (size_t i = 0; encoding && i < ARRAY_COUNT(read_encodings); i++)
                *out = *out || strcmp(encoding, read_encodings[i]) == 0;
        return COFFER_OK;
}

static coffer_status check_format(coffer_format format, coffer_error *error)
{
        if (format == COFFER_STORAGE)
                return COFFER_OK;
        return coffer_error_set(error, COFFER_UNSUPPORTED,
                                "the pickle serializer does not support the WIRE format: a pickle is no text; choose a "
                                "serializer that has one for this type");
}

static coffer_status serialize(const coffer_serializer *self, const coffer_object *object, coffer_format format,
                               coffer_blob_list *blobs, coffer_metadata *metadata, char **wire, coffer_error *error)
{
        (void)self;
        (void)wire;
        _cleanup_bytes_ coffer_bytes *pickle = NULL;
        _cleanup_free_ char *type = NULL;
        coffer_document *document = NULL;
        const coffer_value *value = NULL;
        COFFER_TRY(check_format(format, error));
        COFFER_TRY(coffer_object_view_value(object, &document, &value, error));
        COFFER_TRY(coffer_object_type_text(object, &type, error));
        COFFER_TRY(coffer_pickle_write(document, value, NULL, &pickle, error));
        COFFER_TRY(coffer_metadata_set_object_type(metadata, type, error));
        COFFER_TRY(coffer_metadata_set_encoding(metadata, written_encoding, error));
        coffer_metadata_set_size(metadata, coffer_bytes_size(pickle));
        return coffer_blob_list_add_bytes(blobs, pickle, error);
}

static coffer_status deserialize(const coffer_serializer *self, coffer_format format, const coffer_blob_list *blobs,
                                 const coffer_metadata *metadata, const char *wire, coffer_object *out,
                                 coffer_error *error)
{
        (void)self;
        (void)metadata;
        (void)wire;
        _cleanup_document_ coffer_document *document = NULL;
        COFFER_TRY(check_format(format, error));
        if (coffer_blob_list_count(blobs) != 1 || !coffer_blob_bytes(coffer_blob_list_at(blobs, 0)))
                return coffer_error_set(error, COFFER_MALFORMED, "a pickled artifact is one blob of bytes");
        coffer_bytes *pickle = coffer_blob_bytes(coffer_blob_list_at(blobs, 0));
        COFFER_TRY(coffer_pickle_read(pickle, NULL, &document, NULL, error));
        *out = coffer_object_from_document(document);
        return COFFER_OK;
}

/* Only elements of arrays this small are kept while looking where they are. */
enum { KEEP_BYTES = 1 << 12 };

static coffer_status place_tensor(const coffer_serializer *self, const coffer_metadata *metadata,
                                  coffer_ranges *contents, coffer_document *document, coffer_tensor *out,
                                  uint64_t *data_offset, coffer_error *error)
{
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        _cleanup_document_ coffer_document *read = NULL;
        coffer_dtype_builder builder = {.document = document};
        coffer_tensor tensor;
        (void)self;
        (void)metadata;
        options.keep_bytes = KEEP_BYTES;
        COFFER_TRY(coffer_pickle_read_ranges(contents, &options, &read, error));
        const coffer_value *root = coffer_document_root(read);
        COFFER_TRY(coffer_value_as_tensor(read, root, &tensor, error));
        *data_offset = coffer_numpy_data_offset(root);
        if (*data_offset == 0 || tensor.dtype.kind == 'O')
                return COFFER_DECLINED; /* small, or not in one piece */
        COFFER_TRY(coffer_dtype_copy(&builder, &tensor.dtype, &tensor.dtype, error));
        tensor.data = NULL;
        tensor.available_bytes = 0;
        *out = tensor;
        return COFFER_OK;
}

const coffer_serializer coffer_pickle_serializer = {
        .abi = COFFER_SERIALIZER_ABI,
        .struct_bytes = sizeof(coffer_serializer),
        .type = "pickle",
        .priority = 9999,
        .can_serialize = can_serialize,
        .can_deserialize = can_deserialize,
        .serialize = serialize,
        .deserialize = deserialize,
        .place_tensor = place_tensor,
};
