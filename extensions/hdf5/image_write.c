/* SPDX-License-Identifier: Apache-2.0 */
#include <coffer/alloc.h>

#include "image.h"

enum { INCREMENT_BYTES = 64 << 10 };

/* The library looks for an existing file even when all is kept in memory: where none can be. */
static const char no_file[] = "/dev/null/coffer.h5";

/* ---- the memory of the file: ours, so that it stays when the file is closed ----
 *
 * A file is whole only then: H5Fget_file_image of HDF5 1.10 changes a flag in its copy and leaves a checksum that is
 * wrong. */

struct memory {
        void *data;
        size_t size_bytes;
        bool is_exhausted; /* more was wanted than there is */
};

static void *resize(void *data, size_t size_bytes, H5FD_file_image_op_t operation, void *user)
{
        struct memory *memory = user;
        (void)operation;
        void *resized = coffer_realloc(data, size_bytes);
        if (!resized) {
                memory->is_exhausted = true;
                return NULL;
        }
        memory->data = resized;
        memory->size_bytes = size_bytes;
        return resized;
}

static herr_t keep(void *data, H5FD_file_image_op_t operation, void *user)
{
        (void)data;
        (void)operation;
        (void)user;
        return 0;
}

static void *share_user(void *user)
{
        return user;
}

static herr_t unshare_user(void *user)
{
        (void)user;
        return 0;
}

/* ---- the file ---- */

/* All that is open while an image is made; -1 where it is not. */
struct writing {
        const hdf5_library *hdf5;
        hid_t access, creation, dataset_creation, space, file, dataset;
};

/* In memory, in the formats of HDF5 1.8, with no times: equal arrays make equal images. */
static bool prepare(struct writing *writing, struct memory *memory)
{
        const hdf5_library *hdf5 = writing->hdf5;
        H5FD_file_image_callbacks_t callbacks = {
                .image_realloc = resize,
                .image_free = keep,
                .udata_copy = share_user,
                .udata_free = unshare_user,
                .udata = memory,
        };
        writing->access = hdf5->H5Pcreate(hdf5->file_access);
        writing->creation = hdf5->H5Pcreate(hdf5->file_create);
        writing->dataset_creation = hdf5->H5Pcreate(hdf5->dataset_create);
        return writing->access >= 0 && writing->creation >= 0 && writing->dataset_creation >= 0 &&
               hdf5->H5Pset_fapl_core(writing->access, INCREMENT_BYTES, 0) >= 0 &&
               hdf5->H5Pset_file_image_callbacks(writing->access, &callbacks) >= 0 &&
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
        return writing->dataset >= 0 &&
               hdf5->H5Dwrite(writing->dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0;
}

/* True when the file is closed, with which the image is whole. */
static bool close_all(const struct writing *writing)
{
        const hdf5_library *hdf5 = writing->hdf5;
        if (writing->dataset >= 0)
                hdf5->H5Dclose(writing->dataset);
        bool is_closed = writing->file < 0 || hdf5->H5Fclose(writing->file) >= 0;
        if (writing->space >= 0)
                hdf5->H5Sclose(writing->space);
        const hid_t lists[] = {writing->access, writing->creation, writing->dataset_creation};
        for (size_t i = 0; i < 3; i++)
                if (lists[i] >= 0)
                        hdf5->H5Pclose(lists[i]);
        return is_closed;
}

/* The memory is a multiple of the increment; where the file ends stands in its superblock. */
static bool cut_to_end(struct memory *memory)
{
        enum { END_OFFSET_BYTES = 28 };
        const uint8_t *data = memory->data;
        uint64_t end = 0;
        if (memory->size_bytes < END_OFFSET_BYTES + sizeof(end))
                return false;
        for (size_t i = 0; i < sizeof(end); i++)
                end |= (uint64_t)data[END_OFFSET_BYTES + i] << 8 * i;
        if (end == 0 || end > memory->size_bytes)
                return false;
        void *cut = coffer_realloc(memory->data, (size_t)end);
        if (cut)
                memory->data = cut;
        memory->size_bytes = (size_t)end;
        return true;
}

/* Writes and closes the file; its memory is the caller's afterwards, unless the library keeps it. */
static bool write_file(const hdf5_library *hdf5, hid_t type, size_t dims, const uint64_t *shape, const void *data,
                       struct memory *memory)
{
        struct writing writing = {hdf5, -1, -1, -1, -1, -1, -1};
        bool is_written =
                prepare(&writing, memory) && make_space(&writing, dims, shape) && write_dataset(&writing, type, data);
        if (!close_all(&writing)) {
                memory->data = NULL; /* a file that could not be closed may still use it: better lost than used twice */
                return false;
        }
        return is_written && cut_to_end(memory);
}

static coffer_status refuse(struct memory *memory, coffer_error *error)
{
        bool is_exhausted = memory->is_exhausted;
        coffer_free(memory->data);
        return is_exhausted ? coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for an HDF5 image")
                            : coffer_error_set(error, COFFER_SERIALIZER, "HDF5 cannot write the array");
}

coffer_status hdf5_image_write(const hdf5_library *hdf5, hid_t type, size_t dims, const uint64_t *shape,
                               const void *data, void **image, size_t *image_bytes, coffer_error *error)
{
        struct memory memory = {NULL, 0, false};
        hdf5_image check;
        H5E_auto2_t print = NULL;
        void *print_data = NULL;
        /* The library prints what goes wrong unless it is told not to. */
        bool is_printing = hdf5->H5Eget_auto2(H5E_DEFAULT, &print, &print_data) >= 0;
        hdf5->H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
        bool is_written = write_file(hdf5, type, dims, shape, data, &memory);
        if (is_printing)
                hdf5->H5Eset_auto2(H5E_DEFAULT, print, print_data);
        if (!is_written)
                return refuse(&memory, error);
        coffer_status status = hdf5_image_read((coffer_cursor){memory.data, memory.size_bytes}, &check, error);
        if (status != COFFER_OK) {
                coffer_free(memory.data);
                return status;
        }
        *image = memory.data;
        *image_bytes = memory.size_bytes;
        return COFFER_OK;
}
