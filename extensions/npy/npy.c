/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy arrays as .npy files, which anything that reads that format can take out of the store. Off by default: stock
 * Metaflow does not read them. */
#include <string.h>

#include <coffer/alloc.h>
#include <coffer/sys/serializer.h>

#define ENCODING "npy-v1"

static bool holds_objects(const coffer_dtype *dtype)
{
        if (dtype->kind == 'O' || (dtype->base && holds_objects(dtype->base)))
                return true;
        for (size_t i = 0; i < dtype->field_count; i++)
                if (holds_objects(dtype->fields[i].dtype))
                        return true;
        return false;
}

/* Arrays alone: a scalar, a masked array or another library's tensor has a view too, but would not come back as what it
 * was. Where the host's objects have no types there is nothing to lose. */
static coffer_status can_serialize(const coffer_serializer *self, const coffer_object *object, bool *out,
                                   coffer_error *error)
{
        coffer_tensor tensor;
        (void)self;
        if (object->type->ancestors && !coffer_object_is_exactly(object, "numpy", "ndarray"))
                return COFFER_OK;
        coffer_status status = coffer_object_view_tensor(object, &tensor, error);
        if (status == COFFER_OK)
                *out = !holds_objects(&tensor.dtype);
        return status;
}

static coffer_status can_deserialize(const coffer_serializer *self, const coffer_metadata *metadata, bool *out,
                                     coffer_error *error)
{
        (void)self;
        (void)error;
        *out = strcmp(coffer_metadata_encoding(metadata), ENCODING) == 0;
        return COFFER_OK;
}

/* What the blob's segments point into. */
struct kept {
        coffer_bytes *file;
        coffer_object object;
};

static void release(void *owner)
{
        struct kept *kept = owner;
        coffer_bytes_unref(kept->file);
        coffer_object_unref(&kept->object);
        coffer_free(kept);
}

/* Adds the segments of `file` to `out`, where they keep alive what they point into. Takes over the reference to `file`.
 */
static coffer_status share(coffer_bytes *file, const coffer_object *object, coffer_bytes *out, coffer_error *error)
{
        struct kept *kept = coffer_alloc(sizeof(*kept));
        if (!kept) {
                coffer_bytes_unref(file);
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a blob");
        }
        coffer_object_ref(object);
        *kept = (struct kept){file, *object};
        coffer_status status = coffer_bytes_append_borrow(out, coffer_bytes_segment(file, 0), release, kept, error);
        if (status != COFFER_OK)
                release(kept);
        for (size_t i = 1; status == COFFER_OK && i < coffer_bytes_segment_count(file); i++)
                status = coffer_bytes_append_borrow(out, coffer_bytes_segment(file, i), NULL, NULL, error);
        return status;
}

static coffer_status make_blob(const coffer_object *object, coffer_bytes **out, coffer_error *error)
{
        coffer_tensor tensor;
        coffer_bytes *file = NULL, *shared = NULL;
        coffer_status status = coffer_object_view_tensor(object, &tensor, error);
        if (status == COFFER_OK)
                status = coffer_bytes_new(&shared, error);
        if (status == COFFER_OK)
                status = coffer_tensor_to_npy(&tensor, NULL, &file, error);
        if (status == COFFER_OK)
                status = share(file, object, shared, error);
        if (status == COFFER_OK)
                *out = shared;
        else
                coffer_bytes_unref(shared);
        return status;
}

static coffer_status serialize(const coffer_serializer *self, const coffer_object *object, coffer_format format,
                               coffer_blob_list *blobs, coffer_metadata *metadata, char **wire, coffer_error *error)
{
        coffer_bytes *blob = NULL;
        (void)self;
        (void)wire;
        if (format != COFFER_STORAGE)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "arrays have no form for the wire");
        coffer_status status = make_blob(object, &blob, error);
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
        coffer_document *document = NULL;
        (void)self;
        (void)metadata;
        (void)wire;
        if (format != COFFER_STORAGE)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "arrays have no form for the wire");
        coffer_status status =
                coffer_document_from_npy(coffer_blob_bytes(coffer_blob_list_at(blobs, 0)), &document, error);
        if (status != COFFER_OK)
                return status;
        *out = coffer_object_from_document(document);
        coffer_document_unref(document);
        return COFFER_OK;
}

static coffer_status place_tensor(const coffer_serializer *self, const coffer_metadata *metadata,
                                  coffer_ranges *contents, coffer_document *document, coffer_tensor *out,
                                  uint64_t *data_offset, coffer_error *error)
{
        (void)self;
        (void)metadata;
        return coffer_tensor_place_npy(contents, document, out, data_offset, error);
}

COFFER_API const coffer_serializer *coffer_serializer_entry(uint32_t abi);

COFFER_API const coffer_serializer *coffer_serializer_entry(uint32_t abi)
{
        static const coffer_serializer npy = {
                .abi = COFFER_SERIALIZER_ABI,
                .struct_bytes = sizeof(coffer_serializer),
                .type = "npy",
                .priority = 90,
                .name = "NpySerializer",
                .can_serialize = can_serialize,
                .can_deserialize = can_deserialize,
                .serialize = serialize,
                .deserialize = deserialize,
                .place_tensor = place_tensor,
        };
        return abi == COFFER_SERIALIZER_ABI ? &npy : NULL;
}
