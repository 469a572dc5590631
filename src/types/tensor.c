/* SPDX-License-Identifier: Apache-2.0 */
/* Tensor: numbers in a grid, stored as a .npy file with little-endian elements in C order, so that equal arrays have
 * equal bytes and the data can be used where it lies. */
#include "types/tensor.h"

#include <inttypes.h>

#include "util/cursor.h"
#include "util/number.h"
#include "value/dtype.h"
#include "value/tensor.h"

static const coffer_tensor_element elements[] = {
        {"bool", 'b', 1},    {"int8", 'i', 1},    {"int16", 'i', 2},     {"int32", 'i', 4},       {"int64", 'i', 8},
        {"uint8", 'u', 1},   {"uint16", 'u', 2},  {"uint32", 'u', 4},    {"uint64", 'u', 8},      {"float16", 'f', 2},
        {"float32", 'f', 4}, {"float64", 'f', 8}, {"complex64", 'c', 8}, {"complex128", 'c', 16},
};

static const char any_length[] = "?";

const coffer_tensor_element *coffer_tensor_element_named(coffer_cursor name)
{
        for (size_t i = 0; i < ARRAY_COUNT(elements); i++)
                if (coffer_cursor_is(name, elements[i].name))
                        return &elements[i];
        return NULL;
}

const coffer_tensor_element *coffer_tensor_element_of(const coffer_dtype *dtype)
{
        for (size_t i = 0; i < ARRAY_COUNT(elements); i++)
                if (dtype->kind == elements[i].kind && dtype->item_size_bytes == elements[i].size_bytes &&
                    dtype->field_count == 0 && !dtype->base)
                        return &elements[i];
        return NULL;
}

coffer_dtype coffer_tensor_dtype(const coffer_tensor_element *element)
{
        return (coffer_dtype){.kind = element->kind,
                              .byte_order = element->size_bytes == 1 ? '|' : '<',
                              .item_size_bytes = element->size_bytes};
}

/* ---- what the type asks for ---- */

static bool is_length(const char *word, int64_t *out)
{
        return coffer_int_parse(coffer_cursor_text(word), out) && *out >= 0 && word[0] != '-' && word[0] != '+' &&
               (word[0] != '0' || word[1] == '\0');
}

static coffer_status check_words(const coffer_iotype_class *self, const coffer_iotype *type, coffer_error *error)
{
        const char *dtype = coffer_iotype_parameter_word(type, 0);
        int64_t length;
        (void)self;
        if (dtype && !coffer_tensor_element_named(coffer_cursor_text(dtype)))
                return coffer_error_set(error, COFFER_INVALID,
                                        "a Tensor has no elements of type %s; there are bool, int8 to int64, uint8 to "
                                        "uint64, float16 to float64, complex64 and complex128",
                                        dtype);
        for (size_t i = 1; i < coffer_iotype_parameter_count(type); i++) {
                const char *word = coffer_iotype_parameter_word(type, i);
                if (strcmp(word, any_length) != 0 && !is_length(word, &length))
                        return coffer_error_set(error, COFFER_INVALID,
                                                "%s is no length of a dimension; there are numbers and ?", word);
        }
        return COFFER_OK;
}

static coffer_status check_shape(const coffer_iotype *type, const coffer_tensor *tensor, coffer_error *error)
{
        size_t words = coffer_iotype_parameter_count(type);
        if (words > 1 && tensor->dims != words - 1)
                return coffer_error_set(error, COFFER_MALFORMED, "shape: an array of %zu dimensions is no %s",
                                        tensor->dims, type->name);
        for (size_t i = 1; i < words; i++) {
                int64_t length;
                if (is_length(coffer_iotype_parameter_word(type, i), &length) &&
                    tensor->shape[i - 1] != (uint64_t)length)
                        return coffer_error_set(error, COFFER_MALFORMED, "shape[%zu]: %" PRIu64 " is not %" PRId64,
                                                i - 1, tensor->shape[i - 1], length);
        }
        return COFFER_OK;
}

coffer_status coffer_tensor_check(const coffer_iotype *type, const coffer_tensor *tensor, coffer_error *error)
{
        const coffer_tensor_element *element = coffer_tensor_element_of(&tensor->dtype);
        const char *wanted = coffer_iotype_parameter_word(type, 0);
        uint64_t size_bytes;
        if (!element)
                return coffer_error_set(error, COFFER_MALFORMED,
                                        "dtype: elements of kind '%c' with %" PRIu64 " bytes are none of a Tensor's",
                                        tensor->dtype.kind, tensor->dtype.item_size_bytes);
        if (wanted && strcmp(wanted, element->name) != 0)
                return coffer_error_set(error, COFFER_MALFORMED, "dtype: %s is not %s", element->name, wanted);
        if (!coffer_tensor_size(tensor, &size_bytes) || size_bytes > SIZE_MAX / 2)
                return coffer_error_set(error, COFFER_MALFORMED, "shape: the size of the array overflows");
        return check_shape(type, tensor, error);
}

/* ---- the elements as they are stored ---- */

static void put_element(const uint8_t *from, size_t size_bytes, size_t number_bytes, bool swap, uint8_t *to)
{
        if (!swap) {
                memcpy(to, from, size_bytes);
                return;
        }
        for (size_t i = 0; i < size_bytes; i++) {
                size_t in_number = i % number_bytes;
                to[i] = from[i - in_number + (number_bytes - 1 - in_number)];
        }
}

static coffer_status gather(const coffer_tensor *tensor, size_t size_bytes, bool swap, void **out, coffer_error *error)
{
        const size_t item_bytes = (size_t)tensor->dtype.item_size_bytes;
        const size_t number_bytes = tensor->dtype.kind == 'c' ? item_bytes / 2 : item_bytes;
        uint8_t *copy = coffer_alloc(size_bytes);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for an array");
        coffer_tensor_iterator iterator;
        coffer_tensor_iterate(tensor, &iterator);
        for (uint8_t *next = copy; coffer_tensor_next(&iterator); next += item_bytes)
                put_element(iterator.element, item_bytes, number_bytes, swap, next);
        *out = copy;
        return COFFER_OK;
}

coffer_status coffer_tensor_elements(const coffer_tensor *tensor, coffer_cursor *out, void **copy, coffer_error *error)
{
        uint64_t size_bytes;
        if (!coffer_tensor_size(tensor, &size_bytes) || size_bytes > SIZE_MAX)
                return coffer_error_set(error, COFFER_MALFORMED, "shape: the size of the array overflows");
        bool swap = coffer_dtype_is_swapped(&tensor->dtype);
        const void *data = tensor->data;
        *copy = NULL;
        if (size_bytes > 0 && (swap || !coffer_tensor_is_c_contiguous(tensor))) {
                COFFER_TRY(gather(tensor, (size_t)size_bytes, swap, copy, error));
                data = *copy;
        } else if (size_bytes > tensor->available_bytes) {
                return coffer_error_set(error, COFFER_MALFORMED, "only the head of the array is there");
        }
        *out = coffer_cursor_of(data, (size_t)size_bytes);
        return COFFER_OK;
}

/* ---- storage ---- */

/* The header of the file alone: of the same array with no data looked at. */
static coffer_status add_header(const coffer_tensor *tensor, coffer_cursor data, coffer_bytes *out, coffer_error *error)
{
        coffer_tensor stored = {.dtype = coffer_tensor_dtype(coffer_tensor_element_of(&tensor->dtype)),
                                .dims = tensor->dims,
                                .data = data.data,
                                .available_bytes = data.size_bytes};
        coffer_bytes *file _cleanup_bytes_ = NULL;
        memcpy(stored.shape, tensor->shape, sizeof(stored.shape));
        if (!coffer_tensor_set_strides(&stored, false))
                return coffer_error_set(error, COFFER_MALFORMED, "shape: the size of the array overflows");
        COFFER_TRY(coffer_tensor_to_npy(&stored, NULL, &file, error));
        return coffer_bytes_append_copy(out, coffer_bytes_segment(file, 0), error);
}

static coffer_status make_file(const coffer_object *value, const coffer_tensor *tensor, coffer_bytes *out,
                               coffer_error *error)
{
        void *copy _cleanup_free_ = NULL;
        coffer_cursor data;
        COFFER_TRY(coffer_tensor_elements(tensor, &data, &copy, error));
        COFFER_TRY(add_header(tensor, data, out, error));
        if (!copy)
                return coffer_type_borrow(value, data, !tensor->read_only, out, error);
        COFFER_TRY(coffer_bytes_append_take(out, copy, data.size_bytes, error));
        (void)TAKE_PTR(copy);
        return COFFER_OK;
}

static coffer_status storage_serialize(const coffer_iotype_class *self, const coffer_iotype *type,
                                       const coffer_object *value, coffer_blob_list *blobs, coffer_metadata *metadata,
                                       coffer_error *error)
{
        coffer_bytes *file _cleanup_bytes_ = NULL;
        coffer_tensor tensor;
        (void)self;
        (void)metadata;
        coffer_status status = coffer_object_view_tensor(value, &tensor, error);
        if (status == COFFER_DECLINED)
                return coffer_error_set(error, COFFER_MALFORMED, "what shows no array is no %s", type->name);
        COFFER_TRY(status);
        COFFER_TRY(coffer_tensor_check(type, &tensor, error));
        COFFER_TRY(coffer_bytes_new(&file, error));
        COFFER_TRY(make_file(value, &tensor, file, error));
        return coffer_blob_list_add_bytes(blobs, file, error);
}

static coffer_status storage_deserialize(const coffer_iotype_class *self, const coffer_iotype *type,
                                         const coffer_blob_list *blobs, const coffer_metadata *metadata,
                                         coffer_object *out, coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        coffer_tensor tensor;
        (void)self;
        (void)metadata;
        COFFER_TRY(coffer_document_from_npy(coffer_blob_bytes(coffer_blob_list_at(blobs, 0)), &document, error));
        COFFER_TRY(coffer_value_as_tensor(document, coffer_document_root(document), &tensor, error));
        COFFER_TRY(coffer_tensor_check(type, &tensor, error));
        *out = coffer_object_from_document(document);
        return COFFER_OK;
}

static coffer_status place_tensor(const coffer_iotype_class *self, const coffer_iotype *type, coffer_ranges *contents,
                                  coffer_document *document, coffer_tensor *out, uint64_t *data_offset,
                                  coffer_error *error)
{
        (void)self;
        COFFER_TRY(coffer_tensor_place_npy(contents, document, out, data_offset, error));
        return coffer_tensor_check(type, out, error);
}

const coffer_iotype_class coffer_type_tensor = {
        COFFER_TYPE_HEAD("Tensor"),
        .parameters = COFFER_IOTYPE_WORDS,
        .max_parameters = 1 + COFFER_TENSOR_MAX_DIMS,
        .check = check_words,
        .to_spec = coffer_tensor_to_spec,
        .storage_serialize = storage_serialize,
        .storage_deserialize = storage_deserialize,
        .to_json = coffer_tensor_to_json,
        .from_json = coffer_tensor_from_json,
        .place_tensor = place_tensor,
};
