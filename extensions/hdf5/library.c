/* SPDX-License-Identifier: Apache-2.0 */
#include "library.h"

#include <string.h>

static coffer_status find(coffer_setup_context *context, void *handle, const char *symbol, void *function,
                          coffer_error *error)
{
        void *address = NULL;
        coffer_status status = coffer_lazy_symbol(context, handle, symbol, &address, error);
        if (status == COFFER_OK)
                memcpy(function, &address, sizeof(address)); /* ISO C has no cast from data to function pointers */
        return status;
}

static coffer_status find_all(coffer_setup_context *context, void *handle, hdf5_library *out, coffer_error *error)
{
        coffer_status status = COFFER_OK;
#define FIND(function)                                                                                                 \
        if (status == COFFER_OK)                                                                                       \
                status = find(context, handle, #function, &out->function, error);
        HDF5_FUNCTIONS(FIND)
#undef FIND
        return status;
}

coffer_status hdf5_library_id(coffer_setup_context *context, void *handle, const char *symbol, hid_t *out,
                              coffer_error *error)
{
        void *address = NULL;
        coffer_status status = coffer_lazy_symbol(context, handle, symbol, &address, error);
        if (status == COFFER_OK)
                *out = *(const hid_t *)address;
        return status;
}

coffer_status hdf5_library_open(coffer_setup_context *context, hdf5_library *out, void **handle, coffer_error *error)
{
        coffer_status status = coffer_lazy_import(context, HDF5_SONAME, handle, error);
        if (status == COFFER_OK)
                status = find_all(context, *handle, out, error);
        if (status == COFFER_OK && out->H5open() < 0)
                status = coffer_error_set(error, COFFER_SERIALIZER, "%s cannot be started", HDF5_SONAME);
        if (status == COFFER_OK)
                status = hdf5_library_id(context, *handle, "H5P_CLS_FILE_ACCESS_ID_g", &out->file_access, error);
        if (status == COFFER_OK)
                status = hdf5_library_id(context, *handle, "H5P_CLS_FILE_CREATE_ID_g", &out->file_create, error);
        if (status == COFFER_OK)
                status = hdf5_library_id(context, *handle, "H5P_CLS_DATASET_CREATE_ID_g", &out->dataset_create, error);
        return status;
}
