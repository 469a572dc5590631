/* SPDX-License-Identifier: Apache-2.0 */
#include "types.h"

#include <string.h>

#include <coffer/alloc.h>

/* What is made of a type that the library has: itself, or one of h5py's inventions. */
enum made_as { ITSELF, HALF, COMPLEX, BOOLEAN };

static const struct {
        char kind;
        char byte_order;
        uint8_t size_bytes;
        enum made_as made_as;
        const char *from;
} makings[] = {
        {'b', '|', 1, BOOLEAN, "H5T_STD_I8LE_g"},    {'i', '|', 1, ITSELF, "H5T_STD_I8LE_g"},
        {'u', '|', 1, ITSELF, "H5T_STD_U8LE_g"},     {'i', '<', 2, ITSELF, "H5T_STD_I16LE_g"},
        {'i', '>', 2, ITSELF, "H5T_STD_I16BE_g"},    {'u', '<', 2, ITSELF, "H5T_STD_U16LE_g"},
        {'u', '>', 2, ITSELF, "H5T_STD_U16BE_g"},    {'i', '<', 4, ITSELF, "H5T_STD_I32LE_g"},
        {'i', '>', 4, ITSELF, "H5T_STD_I32BE_g"},    {'u', '<', 4, ITSELF, "H5T_STD_U32LE_g"},
        {'u', '>', 4, ITSELF, "H5T_STD_U32BE_g"},    {'i', '<', 8, ITSELF, "H5T_STD_I64LE_g"},
        {'i', '>', 8, ITSELF, "H5T_STD_I64BE_g"},    {'u', '<', 8, ITSELF, "H5T_STD_U64LE_g"},
        {'u', '>', 8, ITSELF, "H5T_STD_U64BE_g"},    {'f', '<', 2, HALF, "H5T_IEEE_F32LE_g"},
        {'f', '>', 2, HALF, "H5T_IEEE_F32BE_g"},     {'f', '<', 4, ITSELF, "H5T_IEEE_F32LE_g"},
        {'f', '>', 4, ITSELF, "H5T_IEEE_F32BE_g"},   {'f', '<', 8, ITSELF, "H5T_IEEE_F64LE_g"},
        {'f', '>', 8, ITSELF, "H5T_IEEE_F64BE_g"},   {'c', '<', 8, COMPLEX, "H5T_IEEE_F32LE_g"},
        {'c', '>', 8, COMPLEX, "H5T_IEEE_F32BE_g"},  {'c', '<', 16, COMPLEX, "H5T_IEEE_F64LE_g"},
        {'c', '>', 16, COMPLEX, "H5T_IEEE_F64BE_g"},
};
enum { TYPE_COUNT = sizeof(makings) / sizeof(makings[0]) };

static hdf5_type types[TYPE_COUNT];

/* ---- making; each gives -1 when the library refuses ---- */

/* Sign 1, exponent 5, mantissa 10 bits. */
static hid_t make_half(const hdf5_library *hdf5, hid_t from)
{
        hid_t type = hdf5->H5Tcopy(from);
        bool is_made = type >= 0 && hdf5->H5Tset_fields(type, 15, 10, 5, 0, 10) >= 0 &&
                       hdf5->H5Tset_size(type, 2) >= 0 && hdf5->H5Tset_ebias(type, 15) >= 0;
        return is_made ? type : -1;
}

static hid_t make_complex(const hdf5_library *hdf5, hid_t from, size_t size_bytes)
{
        hid_t type = hdf5->H5Tcreate(H5T_COMPOUND, size_bytes);
        bool is_made = type >= 0 && hdf5->H5Tinsert(type, "r", 0, from) >= 0 &&
                       hdf5->H5Tinsert(type, "i", size_bytes / 2, from) >= 0;
        return is_made ? type : -1;
}

static hid_t make_boolean(const hdf5_library *hdf5, hid_t from)
{
        static const int8_t no = 0, yes = 1;
        hid_t type = hdf5->H5Tenum_create(from);
        bool is_made = type >= 0 && hdf5->H5Tenum_insert(type, "FALSE", &no) >= 0 &&
                       hdf5->H5Tenum_insert(type, "TRUE", &yes) >= 0;
        return is_made ? type : -1;
}

static hid_t make_type(const hdf5_library *hdf5, size_t index, hid_t from)
{
        switch (makings[index].made_as) {
        case HALF:
                return make_half(hdf5, from);
        case COMPLEX:
                return make_complex(hdf5, from, makings[index].size_bytes);
        case BOOLEAN:
                return make_boolean(hdf5, from);
        default:
                return from;
        }
}

/* How the library writes the type is looked up in an image of a single element: that is the measure for what is read.
 */
static coffer_status learn_message(const hdf5_library *hdf5, hdf5_type *type, coffer_error *error)
{
        static const uint8_t zero[16];
        void *memory = NULL;
        size_t size_bytes = 0;
        hdf5_image image;
        coffer_status status = hdf5_image_write(hdf5, type->id, 0, NULL, zero, &memory, &size_bytes, error);
        if (status != COFFER_OK)
                return status;
        status = hdf5_image_read((coffer_cursor){memory, size_bytes}, &image, error);
        if (status == COFFER_OK && image.datatype.size_bytes > sizeof(type->message))
                status = coffer_error_set(error, COFFER_SERIALIZER, "HDF5 writes types in %zu bytes",
                                          image.datatype.size_bytes);
        if (status == COFFER_OK) {
                memcpy(type->message, image.datatype.data, image.datatype.size_bytes);
                type->message_bytes = image.datatype.size_bytes;
        }
        coffer_free(memory);
        return status;
}

coffer_status hdf5_types_make(coffer_setup_context *context, const hdf5_library *hdf5, void *handle,
                              coffer_error *error)
{
        coffer_status status = COFFER_OK;
        for (size_t i = 0; status == COFFER_OK && i < TYPE_COUNT; i++) {
                hid_t from;
                status = hdf5_library_id(context, handle, makings[i].from, &from, error);
                if (status != COFFER_OK)
                        break;
                types[i] = (hdf5_type){makings[i].kind,
                                       makings[i].byte_order,
                                       makings[i].size_bytes,
                                       make_type(hdf5, i, from),
                                       {0},
                                       0};
                status = types[i].id >= 0 ? learn_message(hdf5, &types[i], error)
                                          : coffer_error_set(error, COFFER_SERIALIZER,
                                                             "HDF5 cannot make a type of kind '%c'", makings[i].kind);
        }
        return status;
}

/* ---- looking up ---- */

const hdf5_type *hdf5_type_of(const coffer_dtype *dtype)
{
        for (size_t i = 0; i < TYPE_COUNT; i++)
                if (dtype->kind == types[i].kind && dtype->item_size_bytes == types[i].size_bytes &&
                    (types[i].byte_order == '|' || dtype->byte_order == types[i].byte_order) && !dtype->base)
                        return &types[i];
        return NULL;
}

const hdf5_type *hdf5_type_of_message(coffer_cursor message)
{
        for (size_t i = 0; i < TYPE_COUNT; i++)
                if (message.size_bytes == types[i].message_bytes &&
                    memcmp(message.data, types[i].message, message.size_bytes) == 0)
                        return &types[i];
        return NULL;
}
