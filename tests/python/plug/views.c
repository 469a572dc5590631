/* SPDX-License-Identifier: Apache-2.0 */
/* Takes any object and stores what it sees of it: a line that describes its views, then the tensor as a .npy file, or
 * the bytes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <coffer/sys/serializer.h>

#define ENCODING "views-v1"

enum { LINE_BYTES = 4096 };

static coffer_status can_serialize(const coffer_serializer *self, const coffer_object *object, bool *out,
                                   coffer_error *error)
{
        (void)self;
        (void)object;
        (void)error;
        *out = true;
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

/* "tensor <f8 rw shape 2 3 strides 24 8 c" and a new line. */
static void describe(const coffer_tensor *tensor, char line[LINE_BYTES])
{
        int at = snprintf(line, LINE_BYTES, "tensor %c%c%" PRIu64 " %s shape", tensor->dtype.byte_order,
                          tensor->dtype.kind, tensor->dtype.item_size_bytes, tensor->read_only ? "ro" : "rw");
        for (size_t i = 0; i < tensor->dims; i++)
                at += snprintf(line + at, (size_t)(LINE_BYTES - at), " %" PRIu64, tensor->shape[i]);
        at += snprintf(line + at, (size_t)(LINE_BYTES - at), " strides");
        for (size_t i = 0; i < tensor->dims; i++)
                at += snprintf(line + at, (size_t)(LINE_BYTES - at), " %" PRId64, tensor->strides_bytes[i]);
        snprintf(line + at, (size_t)(LINE_BYTES - at), "%s\n", coffer_tensor_is_c_contiguous(tensor) ? " c" : "");
}

static coffer_status append_text(coffer_bytes *blob, const char *text, coffer_error *error)
{
        return coffer_bytes_append_copy(blob, (coffer_cursor){(const uint8_t *)text, strlen(text)}, error);
}

static coffer_status append_tensor(coffer_bytes *blob, const coffer_tensor *tensor, coffer_error *error)
{
        char line[LINE_BYTES];
        coffer_bytes *file = NULL;
        describe(tensor, line);
        coffer_status status = append_text(blob, line, error);
        if (status == COFFER_OK)
                status = coffer_tensor_to_npy(tensor, NULL, &file, error);
        for (size_t i = 0; status == COFFER_OK && i < coffer_bytes_segment_count(file); i++)
                status = coffer_bytes_append_copy(blob, coffer_bytes_segment(file, i), error);
        coffer_bytes_unref(file);
        return status;
}

static coffer_status append_views(coffer_bytes *blob, const coffer_object *object, coffer_error *error)
{
        coffer_tensor tensor;
        coffer_cursor bytes;
        coffer_status status = coffer_object_view_bytes(object, &bytes, error);
        if (status == COFFER_OK)
                status = append_text(blob, "bytes ", error);
        if (status != COFFER_OK && status != COFFER_DECLINED)
                return status;
        status = coffer_object_view_tensor(object, &tensor, error);
        if (status == COFFER_OK)
                return append_tensor(blob, &tensor, error);
        return status == COFFER_DECLINED ? append_text(blob, "no tensor\n", error) : status;
}

static coffer_status serialize(const coffer_serializer *self, const coffer_object *object, coffer_format format,
                               coffer_blob_list *blobs, coffer_metadata *metadata, char **wire, coffer_error *error)
{
        coffer_bytes *blob = NULL;
        (void)self;
        (void)wire;
        if (format != COFFER_STORAGE)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "views have no form for the wire");
        coffer_status status = coffer_bytes_new(&blob, error);
        if (status == COFFER_OK)
                status = append_views(blob, object, error);
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
        (void)self;
        (void)format;
        (void)blobs;
        (void)metadata;
        (void)wire;
        (void)out;
        return coffer_error_set(error, COFFER_UNSUPPORTED, "views are only written");
}

COFFER_API const coffer_serializer *coffer_serializer_entry(uint32_t abi);

COFFER_API const coffer_serializer *coffer_serializer_entry(uint32_t abi)
{
        static const coffer_serializer views = {
                .abi = COFFER_SERIALIZER_ABI,
                .struct_bytes = sizeof(coffer_serializer),
                .type = "views",
                .priority = 1,
                .can_serialize = can_serialize,
                .can_deserialize = can_deserialize,
                .serialize = serialize,
                .deserialize = deserialize,
        };
        return abi == COFFER_SERIALIZER_ABI ? &views : NULL;
}
