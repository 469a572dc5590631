/* SPDX-License-Identifier: Apache-2.0 */
/* The HDF5 library (https://docs.hdfgroup.org/hdf5/), which is opened at run time and never linked: its headers give
 * the types of its functions, nothing else. */
#ifndef COFFER_HDF5_LIBRARY_H
#define COFFER_HDF5_LIBRARY_H

#include <hdf5.h>
/* Constants of the headers call the library by these. */
#undef H5CHECK
#define H5CHECK
#undef H5OPEN
#define H5OPEN

#include <coffer/sys/serializer.h>

/* The functions that are used, under their own names: hdf5.H5Fcreate(...). */
#define HDF5_FUNCTIONS(X)                                                                                              \
        X(H5open)                                                                                                      \
        X(H5Eget_auto2)                                                                                                \
        X(H5Eset_auto2)                                                                                                \
        X(H5Pcreate)                                                                                                   \
        X(H5Pclose)                                                                                                    \
        X(H5Pset_fapl_core)                                                                                            \
        X(H5Pset_file_image_callbacks)                                                                                 \
        X(H5Pset_libver_bounds)                                                                                        \
        X(H5Pset_obj_track_times)                                                                                      \
        X(H5Pset_fill_time)                                                                                            \
        X(H5Fcreate)                                                                                                   \
        X(H5Fclose)                                                                                                    \
        X(H5Screate)                                                                                                   \
        X(H5Screate_simple)                                                                                            \
        X(H5Sclose)                                                                                                    \
        X(H5Dcreate2)                                                                                                  \
        X(H5Dwrite)                                                                                                    \
        X(H5Dclose)                                                                                                    \
        X(H5Tcopy)                                                                                                     \
        X(H5Tcreate)                                                                                                   \
        X(H5Tinsert)                                                                                                   \
        X(H5Tset_fields)                                                                                               \
        X(H5Tset_size)                                                                                                 \
        X(H5Tset_ebias)                                                                                                \
        X(H5Tenum_create)                                                                                              \
        X(H5Tenum_insert)

#define HDF5_MEMBER(function) __typeof__(function) *function;
typedef struct hdf5_library {
        HDF5_FUNCTIONS(HDF5_MEMBER)
        hid_t file_access, file_create, dataset_create; /* classes of property lists */
} hdf5_library;
#undef HDF5_MEMBER

/* Opens the library and finds all functions; COFFER_MISSING when it is not there. `*handle` is for hdf5_library_id. */
COFFER_MUST_CHECK coffer_status hdf5_library_open(coffer_setup_context *context, hdf5_library *out, void **handle,
                                                  coffer_error *error);

/* The value of one of its global identifiers, such as H5T_STD_I32LE_g; after it is opened. */
COFFER_MUST_CHECK coffer_status hdf5_library_id(coffer_setup_context *context, void *handle, const char *symbol,
                                                hid_t *out, coffer_error *error);

#endif
