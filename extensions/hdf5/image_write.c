/* SPDX-License-Identifier: Apache-2.0 */
#include <coffer/alloc.h>

#include "image.h"

enum { INCREMENT_BYTES = 64 << 10 };

/* The library looks for an existing file even when all is kept in memory: where none can be. */
static const char no_file[] = "/dev/null/coffer.h5";

/* All that is open while an image is made; -1 where it is not. */
struct writing {
        const hdf5_library *hdf5;
        hid_t access, creation, dataset_creation, space, file, dataset;
};

/* In memory, in the formats of HDF5 1.8, with no times: equal arrays make equal images. */
static bool prepare(struct writing *writing)
{
        const hdf5_library *hdf5 = writing->hdf5;
        writing->access = hdf5->H5Pcreate(hdf5->file_access);
        writing->creation = hdf5->H5Pcreate(hdf5->file_create);
        writing->dataset_creation = hdf5->H5Pcreate(hdf5->dataset_create);
        return writing->access >= 0 && writing->creation >= 0 && writing->dataset_creation >= 0 &&
               hdf5->H5Pset_fapl_core(writing->access, INCREMENT_BYTES, 0) >= 0 &&
               hdf5->H5Pset_libver_bounds(writing->access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
               hdf5->H5Pset_obj_track_times(writing->creation, 0) >= 0 &&
               hdf5->H5Pset_obj_track_times(writing->dataset_creation, 0) >= 0 &&
               hdf5->H5Pset_fill_time(writing->dataset_creation, H5D_FILL_TIME_NEVER) >= 0;
}

static bool make_space(struct writing *writing, size_t dims, const uint64_t *shape)
{
        hsize_t sizes[HDF5_MAX_DIMS];
        for (size_t i = 0; i < dims; i++)
                sizes[i] = shape[i];
        writing->space = dims > 0 ? writing->hdf5->H5Screate_simple((int)dims, sizes, NULL)
                                  : writing->hdf5->H5Screate(H5S_SCALAR);
        return writing->space >= 0;
}

static bool write_dataset(struct writing *writing, hid_t type, const void *data)
{
        const hdf5_library *hdf5 = writing->hdf5;
        writing->file = hdf5->H5Fcreate(no_file, H5F_ACC_TRUNC, writing->creation, writing->access);
        if (writing->file < 0)
                return false;
        writing->dataset = hdf5->H5Dcreate2(writing->file, "data", type, writing->space, H5P_DEFAULT,
                                            writing->dataset_creation, H5P_DEFAULT);
        if (writing->dataset < 0 || hdf5->H5Dwrite(writing->dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
                return false;
        herr_t closed = hdf5->H5Dclose(writing->dataset);
        writing->dataset = -1;
        return closed >= 0 && hdf5->H5Fflush(writing->file, H5F_SCOPE_GLOBAL) >= 0;
}

static coffer_status copy_image(const struct writing *writing, void **image, size_t *image_bytes, coffer_error *error)
{
        const hdf5_library *hdf5 = writing->hdf5;
        ssize_t size_bytes = hdf5->H5Fget_file_image(writing->file, NULL, 0);
        if (size_bytes <= 0)
                return coffer_error_set(error, COFFER_SERIALIZER, "HDF5 cannot tell the size of a file in memory");
        void *memory = coffer_alloc((size_t)size_bytes);
        if (!memory)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for an HDF5 image of %zd bytes",
                                        size_bytes);
        if (hdf5->H5Fget_file_image(writing->file, memory, (size_t)size_bytes) != size_bytes) {
                coffer_free(memory);
                return coffer_error_set(error, COFFER_SERIALIZER, "HDF5 cannot copy a file in memory");
        }
        *image = memory;
        *image_bytes = (size_t)size_bytes;
        return COFFER_OK;
}

static void close_all(const struct writing *writing)
{
        const hdf5_library *hdf5 = writing->hdf5;
        if (writing->dataset >= 0)
                hdf5->H5Dclose(writing->dataset);
        if (writing->file >= 0)
                hdf5->H5Fclose(writing->file);
        if (writing->space >= 0)
                hdf5->H5Sclose(writing->space);
        const hid_t lists[] = {writing->access, writing->creation, writing->dataset_creation};
        for (size_t i = 0; i < 3; i++)
                if (lists[i] >= 0)
                        hdf5->H5Pclose(lists[i]);
}

coffer_status hdf5_image_write(const hdf5_library *hdf5, hid_t type, size_t dims, const uint64_t *shape,
                               const void *data, void **image, size_t *image_bytes, coffer_error *error)
{
        struct writing writing = {hdf5, -1, -1, -1, -1, -1, -1};
        H5E_auto2_t print = NULL;
        void *print_data = NULL;
        coffer_status status;
        /* The library prints what goes wrong unless it is told not to. */
        bool is_printing = hdf5->H5Eget_auto2(H5E_DEFAULT, &print, &print_data) >= 0;
        hdf5->H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
        if (prepare(&writing) && make_space(&writing, dims, shape) && write_dataset(&writing, type, data))
                status = copy_image(&writing, image, image_bytes, error);
        else
                status = coffer_error_set(error, COFFER_SERIALIZER, "HDF5 cannot write the array");
        close_all(&writing);
        if (is_printing)
                hdf5->H5Eset_auto2(H5E_DEFAULT, print, print_data);
        return status;
}
