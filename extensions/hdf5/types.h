/* SPDX-License-Identifier: Apache-2.0 */
/* Element types that both NumPy and HDF5 have, in the form that h5py gives them. */
#ifndef COFFER_HDF5_TYPES_H
#define COFFER_HDF5_TYPES_H

#include "image.h"

typedef struct hdf5_type {
        char kind; /* of coffer_dtype */
        char byte_order;
        uint8_t size_bytes;
        hid_t id;
        uint8_t message[HDF5_DATATYPE_BYTES]; /* as the library writes it into an image */
        size_t message_bytes;
} hdf5_type;

/* Makes all types; once, before the functions below. */
COFFER_MUST_CHECK coffer_status hdf5_types_make(coffer_setup_context *context, const hdf5_library *hdf5, void *handle,
                                                coffer_error *error);

/* NULL when HDF5 has no such type. */
const hdf5_type *hdf5_type_of(const coffer_dtype *dtype);
const hdf5_type *hdf5_type_of_message(coffer_cursor message);

#endif
