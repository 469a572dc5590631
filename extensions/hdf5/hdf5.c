/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of numbers as images of HDF5 files, with one dataset named "data": h5py, MATLAB, R and Julia read them without
 * any pickle. Waits for the HDF5 library until the program has it. Off by default: stock Metaflow does not read them.
 */
#include <pthread.h>
#include <string.h>

#include <coffer/alloc.h>

#include "gather.h"
#include "types.h"

#define ENCODING "hdf5-v1"

/* The library is not thread-safe (as Debian builds it): one thread at a time is in it. */
static struct {
        pthread_mutex_t lock;
        bool is_ready;
        hdf5_library hdf5;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static coffer_status setup(const coffer_serializer *self, coffer_setup_context *context, coffer_error *error)
{
        void *handle;
        coffer_status status = COFFER_OK;
        (void)self;
        pthread_mutex_lock(&shared.lock);
        if (!shared.is_ready) {
                status = hdf5_library_open(context, &shared.hdf5, &handle, error);
                if (status == COFFER_OK)
                        status = hdf5_types_make(context, &shared.hdf5, handle, error);
                shared.is_ready = status == COFFER_OK;
        }
        pthread_mutex_unlock(&shared.lock);
        return status;
}

/* Arrays alone: what else has such a view would not come back as what it was. */
static coffer_status can_serialize(const coffer_serializer *self, const coffer_object *object, bool *out,
                                   coffer_error *error)
{
        coffer_tensor tensor;
        (void)self;
        if (object->type->ancestors && !coffer_object_is_exactly(object, "numpy", "ndarray"))
                return COFFER_OK;
        coffer_status status = coffer_object_view_tensor(object, &tensor, error);
        if (status == COFFER_OK)
                *out = tensor.dims <= HDF5_MAX_DIMS && hdf5_type_of(&tensor.dtype) != NULL;
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

/* ---- save ---- */

static coffer_status write_image(const coffer_tensor *tensor, void **image, size_t *image_bytes, coffer_error *error)
{
        const hdf5_type *type = hdf5_type_of(&tensor->dtype);
        const void *data = NULL;
        void *gathered = NULL;
        if (!type || tensor->dims > HDF5_MAX_DIMS)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "HDF5 has no form for such an array");
        coffer_status status = gather_elements(tensor, &data, &gathered, error);
        if (status != COFFER_OK)
                return status;
        pthread_mutex_lock(&shared.lock);
        status = hdf5_image_write(&shared.hdf5, type->id, tensor->dims, tensor->shape, data, image, image_bytes, error);
        pthread_mutex_unlock(&shared.lock);
        coffer_free(gathered);
        return status;
}

static coffer_status add_image(coffer_blob_list *blobs, void *image, size_t image_bytes, coffer_error *error)
{
        coffer_bytes *bytes = NULL;
        coffer_status status = coffer_bytes_new(&bytes, error);
        if (status == COFFER_OK)
                status = coffer_bytes_append_take(bytes, image, image_bytes, error);
        if (status != COFFER_OK)
                coffer_free(image);
        else
                status = coffer_blob_list_add_bytes(blobs, bytes, error);
        coffer_bytes_unref(bytes);
        return status;
}

static coffer_status serialize(const coffer_serializer *self, const coffer_object *object, coffer_format format,
                               coffer_blob_list *blobs, coffer_metadata *metadata, char **wire, coffer_error *error)
{
        coffer_tensor tensor;
        void *image = NULL;
        size_t image_bytes = 0;
        (void)self;
        (void)wire;
        if (format != COFFER_STORAGE)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "arrays have no form for the wire");
        coffer_status status = coffer_object_view_tensor(object, &tensor, error);
        if (status == COFFER_OK)
                status = write_image(&tensor, &image, &image_bytes, error);
        if (status == COFFER_OK)
                status = add_image(blobs, image, image_bytes, error);
        if (status == COFFER_OK)
                status = coffer_metadata_set_encoding(metadata, ENCODING, error);
        return status;
}

/* ---- load ---- */

/* The array that the image holds; it points into the image. */
static coffer_status read_tensor(coffer_cursor file, coffer_tensor *out, coffer_error *error)
{
        hdf5_image image;
        uint64_t count;
        coffer_status status = hdf5_image_read(file, &image, error);
        if (status != COFFER_OK)
                return status;
        const hdf5_type *type = hdf5_type_of_message(image.datatype);
        if (!type)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "the HDF5 image has elements of an unknown type");
        *out = (coffer_tensor){
                .dtype = {.kind = type->kind, .byte_order = type->byte_order, .item_size_bytes = type->size_bytes},
                .dims = image.dims,
                .data = image.data.data,
                .available_bytes = image.data.size_bytes,
                .read_only = true};
        memcpy(out->shape, image.shape, image.dims * sizeof(*image.shape));
        if (!coffer_tensor_count(out, &count) || count > SIZE_MAX / type->size_bytes ||
            count * type->size_bytes != image.data.size_bytes)
                return coffer_error_set(error, COFFER_MALFORMED,
                                        "the HDF5 image has %zu bytes of data for another shape",
                                        image.data.size_bytes);
        set_c_strides(out);
        return COFFER_OK;
}

static coffer_status make_document(coffer_bytes *bytes, coffer_document *document, coffer_error *error)
{
        coffer_cursor file;
        coffer_tensor tensor;
        coffer_value *value = NULL;
        coffer_status status = coffer_bytes_contiguous(bytes, &file, error);
        if (status == COFFER_OK)
                status = read_tensor(file, &tensor, error);
        if (status == COFFER_OK)
                status = coffer_document_keep(document, bytes, error);
        if (status == COFFER_OK)
                status = coffer_value_tensor(document, &tensor, &value, error);
        if (status == COFFER_OK)
                coffer_document_set_root(document, value);
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
        coffer_status status = coffer_document_new(&document, error);
        if (status == COFFER_OK)
                status = make_document(coffer_blob_bytes(coffer_blob_list_at(blobs, 0)), document, error);
        if (status == COFFER_OK)
                *out = coffer_object_from_document(document);
        coffer_document_unref(document);
        return status;
}

COFFER_API const coffer_serializer *coffer_serializer_entry(uint32_t abi);

COFFER_API const coffer_serializer *coffer_serializer_entry(uint32_t abi)
{
        static const coffer_serializer hdf5 = {
                .abi = COFFER_SERIALIZER_ABI,
                .struct_bytes = sizeof(coffer_serializer),
                .type = "hdf5",
                .priority = COFFER_DEFAULT_PRIORITY,
                .name = "Hdf5Serializer",
                .setup = setup,
                .can_serialize = can_serialize,
                .can_deserialize = can_deserialize,
                .serialize = serialize,
                .deserialize = deserialize,
        };
        return abi == COFFER_SERIALIZER_ABI ? &hdf5 : NULL;
}
