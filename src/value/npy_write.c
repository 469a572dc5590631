/* SPDX-License-Identifier: Apache-2.0 */
/* Writing NumPy's .npy files, byte for byte as NumPy does. */
#include <inttypes.h>
#include <stdio.h>

#include "util/buf.h"
#include "util/utf8.h"
#include "value/dtype.h"
#include "value/npy.h"
#include "value/tensor.h"

enum { MAX_HEADER_BYTES = 1 << 24, GROWING_AXIS_DIGITS = 21 };

/* ---- the header ---- */

/* NumPy leaves room for the length of the axis along which a file may be appended to. */
static coffer_status write_growing_room(const coffer_tensor *tensor, bool fortran, coffer_buf *out, coffer_error *error)
{
        char digits[24];
        if (tensor->dims == 0)
                return COFFER_OK;
        int used = snprintf(digits, sizeof(digits), "%" PRIu64, tensor->shape[fortran ? tensor->dims - 1 : 0]);
        return coffer_buf_printf(out, error, "%*s", GROWING_AXIS_DIGITS - used, "");
}

static coffer_status write_dict(const coffer_tensor *tensor, bool fortran, coffer_buf *out, coffer_error *error)
{
        COFFER_TRY(coffer_buf_append_text(out, "{'descr': ", error));
        COFFER_TRY(coffer_dtype_write_description(&tensor->dtype, out, error));
        COFFER_TRY(coffer_buf_printf(out, error, ", 'fortran_order': %s, 'shape': ", fortran ? "True" : "False"));
        COFFER_TRY(coffer_tensor_write_shape(tensor, out, error));
        COFFER_TRY(coffer_buf_append_text(out, ", }", error));
        return write_growing_room(tensor, fortran, out, error);
}

/* The text as Latin-1; false when it has other characters. */
static coffer_status to_latin1(coffer_cursor text, coffer_buf *out, bool *fits, coffer_error *error)
{
        uint32_t code_point;
        *fits = true;
        while (*fits && coffer_utf8_take(&text, &code_point)) {
                *fits = code_point < 0x100;
                COFFER_TRY(coffer_buf_append_byte(out, (uint8_t)code_point, error));
        }
        return COFFER_OK;
}

static coffer_status write_prefix(uint8_t version, size_t header_bytes, coffer_buf *out, coffer_error *error)
{
        COFFER_TRY(coffer_buf_append(out, COFFER_NPY_MAGIC, COFFER_NPY_MAGIC_BYTES, error));
        COFFER_TRY(coffer_buf_append_byte(out, version, error));
        COFFER_TRY(coffer_buf_append_byte(out, 0, error));
        for (size_t i = 0; i < (version == 1 ? 2 : 4); i++)
                COFFER_TRY(coffer_buf_append_byte(out, (uint8_t)(header_bytes >> 8 * i), error));
        return COFFER_OK;
}

static size_t padding_for(size_t prefix_bytes, size_t text_bytes)
{
        size_t over = (prefix_bytes + text_bytes + 1) % COFFER_NPY_ALIGNMENT_BYTES;
        return COFFER_NPY_ALIGNMENT_BYTES - over;
}

static coffer_status write_header(const coffer_tensor *tensor, bool fortran, coffer_buf *out, coffer_error *error)
{
        coffer_buf text _cleanup_buf_ = COFFER_BUF_INIT(MAX_HEADER_BYTES);
        coffer_buf latin1 _cleanup_buf_ = COFFER_BUF_INIT(MAX_HEADER_BYTES);
        bool is_latin1;
        COFFER_TRY(write_dict(tensor, fortran, &text, error));
        COFFER_TRY(to_latin1(coffer_buf_cursor(&text), &latin1, &is_latin1, error));
        coffer_cursor chosen = coffer_buf_cursor(is_latin1 ? &latin1 : &text);
        uint8_t version = is_latin1 ? 1 : 3;
        size_t padding = padding_for(10, chosen.size_bytes);
        if (!is_latin1 || chosen.size_bytes + padding + 1 > UINT16_MAX) {
                version = is_latin1 ? 2 : 3;
                padding = padding_for(12, chosen.size_bytes);
        }
        COFFER_TRY(write_prefix(version, chosen.size_bytes + padding + 1, out, error));
        COFFER_TRY(coffer_buf_append_cursor(out, chosen, error));
        return coffer_buf_printf(out, error, "%*s\n", (int)padding, "");
}

/* ---- the data ---- */

static void release_document(void *document)
{
        coffer_document_unref((coffer_document *)document);
}

static coffer_status share_data(const coffer_tensor *tensor, uint64_t size, coffer_document *owner, coffer_bytes *out,
                                coffer_error *error)
{
        if (size > tensor->available_bytes)
                return coffer_error_set(error, COFFER_UNSUPPORTED,
                                        "only the first %" PRIu64 " of %" PRIu64 " bytes of the array are in memory",
                                        tensor->available_bytes, size);
        coffer_document_ref(owner);
        coffer_status status = coffer_bytes_append_borrow(out, coffer_cursor_of(tensor->data, (size_t)size),
                                                          owner ? release_document : NULL, owner, error);
        if (status != COFFER_OK)
                coffer_document_unref(owner);
        return status;
}

/* The same elements in C order. */
static coffer_status copy_data(const coffer_tensor *tensor, uint64_t size, coffer_bytes *out, coffer_error *error)
{
        if (size > SIZE_MAX)
                return coffer_error_set(error, COFFER_LIMIT, "an array of %" PRIu64 " bytes is too large", size);
        uint8_t *copy _cleanup_free_ = (uint8_t *)coffer_alloc((size_t)size);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
        coffer_tensor_iterator iterator;
        coffer_tensor_iterate(tensor, &iterator);
        const size_t item_bytes = (size_t)tensor->dtype.item_size_bytes;
        for (uint8_t *next = copy; coffer_tensor_next(&iterator); next += item_bytes)
                memcpy(next, iterator.element, item_bytes);
        COFFER_TRY(coffer_bytes_append_take(out, copy, (size_t)size, error));
        (void)TAKE_PTR(copy);
        return COFFER_OK;
}

static coffer_status begin_file(const coffer_tensor *tensor, bool fortran, coffer_bytes **out, uint64_t *data_bytes,
                                coffer_error *error)
{
        coffer_buf header _cleanup_buf_ = COFFER_BUF_INIT(MAX_HEADER_BYTES);
        coffer_bytes *file _cleanup_bytes_ = NULL;
        if (coffer_dtype_has_objects(&tensor->dtype))
                return coffer_error_set(error, COFFER_UNSUPPORTED, "an array of objects can't be written as .npy");
        if (!coffer_tensor_size(tensor, data_bytes))
                return coffer_error_set(error, COFFER_INVALID, "the size of an array overflows");
        COFFER_TRY(write_header(tensor, fortran, &header, error));
        COFFER_TRY(coffer_bytes_new(&file, error));
        COFFER_TRY(coffer_buf_take_into(&header, file, error));
        *out = TAKE_PTR(file);
        return COFFER_OK;
}

coffer_status coffer_tensor_to_npy(const coffer_tensor *tensor, coffer_document *owner, coffer_bytes **out,
                                   coffer_error *error)
{
        coffer_bytes *file _cleanup_bytes_ = NULL;
        uint64_t size;
        bool c_order = coffer_tensor_is_c_contiguous(tensor);
        bool fortran = !c_order && coffer_tensor_is_f_contiguous(tensor);
        COFFER_TRY(begin_file(tensor, fortran, &file, &size, error));
        if (size > 0)
                COFFER_TRY(c_order || fortran ? share_data(tensor, size, owner, file, error)
                                              : copy_data(tensor, size, file, error));
        *out = TAKE_PTR(file);
        return COFFER_OK;
}

coffer_status coffer_tensor_npy_header(const coffer_tensor *tensor, coffer_bytes **out, uint64_t *data_bytes,
                                       coffer_error *error)
{
        bool c_order = coffer_tensor_is_c_contiguous(tensor);
        if (!c_order && !coffer_tensor_is_f_contiguous(tensor))
                return coffer_error_set(error, COFFER_DECLINED, "the elements are in another order than a file's");
        uint64_t size;
        COFFER_TRY(begin_file(tensor, !c_order, out, &size, error));
        *data_bytes = size;
        return COFFER_OK;
}
