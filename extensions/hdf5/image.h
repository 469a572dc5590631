/* SPDX-License-Identifier: Apache-2.0 */
/* Images of HDF5 files with one dataset named "data": superblock and object headers of version 2, one contiguous
 * layout, nothing else (https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html).
 *
 * They are written by the library and read without it: what stands in an image may come from anybody, and the library
 * was not made for hostile files. */
#ifndef COFFER_HDF5_IMAGE_H
#define COFFER_HDF5_IMAGE_H

#include "library.h"

enum { HDF5_MAX_DIMS = 32, HDF5_DATATYPE_BYTES = 128 };

typedef struct hdf5_image {
        size_t dims;
        uint64_t shape[HDF5_MAX_DIMS];
        coffer_cursor datatype; /* the message as it stands in the header */
        coffer_cursor data;
} hdf5_image;

/* Points into `file`. COFFER_MALFORMED for what is cut or contradicts itself, COFFER_UNSUPPORTED for what we do not
 * write. */
COFFER_MUST_CHECK coffer_status hdf5_image_read(coffer_cursor file, hdf5_image *out, coffer_error *error);

/* `data` holds all elements in C order. The image is the caller's, from coffer_alloc. Not thread-safe, as the library.
 */
COFFER_MUST_CHECK coffer_status hdf5_image_write(const hdf5_library *hdf5, hid_t type, size_t dims,
                                                 const uint64_t *shape, const void *data, void **image,
                                                 size_t *image_bytes, coffer_error *error);

#endif
