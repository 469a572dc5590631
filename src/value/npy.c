/* SPDX-License-Identifier: Apache-2.0 */
/* Reading NumPy's .npy files. */
#include "util/buf.h"
#include "util/utf8.h"
#include "value/dtype.h"
#include "value/literal.h"
#include "value/npy.h"
#include "value/tensor.h"

enum { MAX_HEADER_BYTES = 1 << 20 };

typedef struct header {
        coffer_cursor text;
        bool utf8; /* else Latin-1 */
} header;

static coffer_status malformed(const char *what, coffer_error *error)
{
        return coffer_error_set(error, COFFER_MALFORMED, "not a .npy file: %s", what);
}

/* Cuts the header's text off the front of the file. */
static coffer_status take_header(coffer_cursor *file, header *out, coffer_error *error)
{
        coffer_cursor magic;
        uint8_t major, minor;
        uint16_t short_size;
        uint32_t size;
        if (!coffer_cursor_take(file, COFFER_NPY_MAGIC_BYTES, &magic) || !coffer_cursor_is(magic, COFFER_NPY_MAGIC))
                return malformed("it does not start with \\x93NUMPY", error);
        if (!coffer_cursor_u8(file, &major) || !coffer_cursor_u8(file, &minor))
                return malformed("it ends inside the header", error);
        if (major < 1 || major > 3 || minor != 0)
                return coffer_error_set(error, COFFER_UNSUPPORTED, ".npy version %u.%u; known are 1.0 to 3.0", major,
                                        minor);
        if (major == 1 && coffer_cursor_u16_le(file, &short_size))
                size = short_size;
        else if (major == 1 || !coffer_cursor_u32_le(file, &size))
                return malformed("it ends inside the header", error);
        if (size > MAX_HEADER_BYTES)
                return coffer_error_set(error, COFFER_LIMIT, "the header of a .npy file is over %d bytes",
                                        MAX_HEADER_BYTES);
        if (!coffer_cursor_take(file, size, &out->text))
                return malformed("it ends inside the header", error);
        out->utf8 = major == 3;
        return COFFER_OK;
}

static coffer_status parse_header(coffer_document *document, header head, const coffer_value **out, coffer_error *error)
{
        coffer_buf text _cleanup_buf_ = COFFER_BUF_INIT(2 * MAX_HEADER_BYTES);
        if (head.utf8)
                return coffer_literal_parse(document, head.text, out, error);
        for (size_t i = 0; i < head.text.size_bytes; i++) {
                uint8_t encoded[4];
                COFFER_TRY(coffer_buf_append(&text, encoded, coffer_utf8_put(head.text.data[i], encoded), error));
        }
        return coffer_literal_parse(document, coffer_buf_cursor(&text), out, error);
}

static coffer_status read_shape(const coffer_value *shape, coffer_tensor *out, coffer_error *error)
{
        if (!shape || coffer_value_kind(shape) != COFFER_KIND_TUPLE)
                return malformed("its header has no shape", error);
        if (coffer_value_count(shape) > COFFER_TENSOR_MAX_DIMS)
                return coffer_error_set(error, COFFER_LIMIT, "an array has more than %d dimensions",
                                        COFFER_TENSOR_MAX_DIMS);
        out->dims = coffer_value_count(shape);
        for (size_t i = 0; i < out->dims; i++) {
                int64_t length;
                if (!coffer_value_get_int(coffer_value_item(shape, i), &length) || length < 0)
                        return malformed("its shape is not a tuple of lengths", error);
                out->shape[i] = (uint64_t)length;
        }
        return COFFER_OK;
}

static coffer_status read_fields(coffer_document *document, const coffer_value *fields, coffer_tensor *out,
                                 bool *fortran, coffer_error *error)
{
        const coffer_value *description = coffer_value_lookup(fields, "descr");
        const coffer_value *order = coffer_value_lookup(fields, "fortran_order");
        if (coffer_value_kind(fields) != COFFER_KIND_DICT || coffer_value_count(fields) != 3 || !description)
                return malformed("its header is not a dict of descr, fortran_order and shape", error);
        if (!order || coffer_value_kind(order) != COFFER_KIND_BOOL)
                return malformed("its header has no fortran_order", error);
        *fortran = coffer_value_get_bool(order);
        coffer_dtype_builder builder = {.document = document};
        COFFER_TRY(coffer_dtype_from_description(&builder, description, &out->dtype, error));
        if (coffer_dtype_has_objects(&out->dtype))
                return coffer_error_set(error, COFFER_UNSUPPORTED,
                                        "an array of objects: such a .npy file holds a pickle, which is not read");
        return read_shape(coffer_value_lookup(fields, "shape"), out, error);
}

/* The tensor that the header of a file tells of, which is taken off its front; what it needs is made in `document`. */
static coffer_status read_head(coffer_document *document, coffer_cursor *file, coffer_tensor *out, uint64_t *size,
                               coffer_error *error)
{
        header head;
        const coffer_value *fields;
        bool fortran = false;
        COFFER_TRY(take_header(file, &head, error));
        COFFER_TRY(parse_header(document, head, &fields, error));
        COFFER_TRY(read_fields(document, fields, out, &fortran, error));
        if (!coffer_tensor_set_strides(out, fortran) || !coffer_tensor_size(out, size))
                return malformed("the size of its array overflows", error);
        return COFFER_OK;
}

/* The tensor over the contents of a whole file. */
static coffer_status read_tensor(coffer_document *document, coffer_cursor file, coffer_tensor *out, coffer_error *error)
{
        uint64_t size;
        COFFER_TRY(read_head(document, &file, out, &size, error));
        if (size != file.size_bytes)
                return coffer_error_set(error, COFFER_MALFORMED,
                                        "not a .npy file: its header announces %llu bytes of data, there are %zu",
                                        (unsigned long long)size, file.size_bytes);
        out->data = file.data;
        out->available_bytes = size;
        out->read_only = true;
        return COFFER_OK;
}

coffer_status coffer_document_from_npy(coffer_bytes *file, coffer_document **out, coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        coffer_cursor contents;
        coffer_tensor tensor = {0};
        coffer_value *root;
        COFFER_TRY(coffer_bytes_contiguous(file, &contents, error));
        COFFER_TRY(coffer_document_new(&document, error));
        COFFER_TRY(coffer_document_keep(document, file, error));
        COFFER_TRY(read_tensor(document, contents, &tensor, error));
        COFFER_TRY(coffer_value_tensor(document, &tensor, &root, error));
        coffer_document_set_root(document, root);
        *out = TAKE_PTR(document);
        return COFFER_OK;
}

coffer_status coffer_tensor_place_npy(coffer_ranges *file, coffer_document *document, coffer_tensor *out,
                                      uint64_t *data_offset, coffer_error *error)
{
        const size_t room_bytes = COFFER_NPY_MAGIC_BYTES + 2 + sizeof(uint32_t) + MAX_HEADER_BYTES;
        coffer_tensor tensor = {0};
        size_t got_bytes;
        uint64_t size;
        void *front _cleanup_free_ = coffer_alloc(room_bytes);
        if (!front)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the header of an array");
        COFFER_TRY(file->read(file, 0, front, room_bytes, &got_bytes, error));
        coffer_cursor rest = coffer_cursor_of(front, got_bytes);
        COFFER_TRY(read_head(document, &rest, &tensor, &size, error));
        *data_offset = got_bytes - rest.size_bytes;
        *out = tensor;
        return COFFER_OK;
}
