/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors: their geometry, and tensor nodes. */
#include <inttypes.h>

#include "value/tensor.h"
#include "value/dtype.h"

bool coffer_tensor_count(const coffer_tensor *tensor, uint64_t *out)
{
        uint64_t count = 1;
        bool empty = false, fits = true;
        for (size_t i = 0; i < tensor->dims; i++) {
                empty = empty || tensor->shape[i] == 0;
                fits = fits && coffer_mul_u64(count, tensor->shape[i], &count);
        }
        if (!empty && !fits)
                return false;
        *out = empty ? 0 : count;
        return true;
}

bool coffer_tensor_size(const coffer_tensor *tensor, uint64_t *out)
{
        uint64_t count;
        return coffer_tensor_count(tensor, &count) && coffer_mul_u64(count, tensor->dtype.item_size_bytes, out);
}

/* Walks the dimensions from the fastest to the slowest and compares strides; those of dimensions of length 1 don't
 * matter. */
static bool is_contiguous(const coffer_tensor *tensor, bool fortran)
{
        uint64_t count;
        if (!coffer_tensor_count(tensor, &count))
                return false;
        uint64_t expected = tensor->dtype.item_size_bytes;
        for (size_t i = 0; count > 0 && i < tensor->dims; i++) {
                size_t dim = fortran ? i : tensor->dims - 1 - i;
                if (tensor->shape[dim] == 1)
                        continue;
                if (tensor->strides_bytes[dim] < 0 || (uint64_t)tensor->strides_bytes[dim] != expected)
                        return false;
                if (!coffer_mul_u64(expected, tensor->shape[dim], &expected))
                        return false;
        }
        return true;
}

bool coffer_tensor_is_c_contiguous(const coffer_tensor *tensor)
{
        return is_contiguous(tensor, false);
}

bool coffer_tensor_is_f_contiguous(const coffer_tensor *tensor)
{
        return is_contiguous(tensor, true);
}

bool coffer_tensor_set_strides(coffer_tensor *tensor, bool fortran)
{
        uint64_t stride = tensor->dtype.item_size_bytes, size;
        if (!coffer_tensor_size(tensor, &size) || size > INT64_MAX)
                return false;
        for (size_t i = 0; i < tensor->dims; i++) {
                size_t dim = fortran ? i : tensor->dims - 1 - i;
                tensor->strides_bytes[dim] = (int64_t)stride;
                if (size > 0)
                        stride *= tensor->shape[dim];
        }
        return true;
}

coffer_status coffer_tensor_write_shape(const coffer_tensor *tensor, coffer_buf *out, coffer_error *error)
{
        COFFER_TRY(coffer_buf_append_byte(out, '(', error));
        for (size_t i = 0; i < tensor->dims; i++)
                COFFER_TRY(coffer_buf_printf(out, error, i ? ", %" PRIu64 : "%" PRIu64, tensor->shape[i]));
        return coffer_buf_append_text(out, tensor->dims == 1 ? ",)" : ")", error);
}

void coffer_tensor_iterate(const coffer_tensor *tensor, coffer_tensor_iterator *out)
{
        *out = (coffer_tensor_iterator){.tensor = tensor, .element = tensor->data};
        if (!coffer_tensor_count(tensor, &out->left))
                out->left = 0;
}

bool coffer_tensor_next(coffer_tensor_iterator *iterator)
{
        const coffer_tensor *tensor = iterator->tensor;
        if (iterator->left == 0)
                return false;
        iterator->left--;
        if (!iterator->started) {
                iterator->started = true;
                return true;
        }
        for (size_t dim = tensor->dims; dim-- > 0;) {
                if (++iterator->place[dim] < tensor->shape[dim]) {
                        iterator->element += tensor->strides_bytes[dim];
                        return true;
                }
                iterator->element -= tensor->strides_bytes[dim] * (int64_t)(tensor->shape[dim] - 1);
                iterator->place[dim] = 0;
        }
        return true;
}

/* ---- tensor nodes ---- */

static coffer_status check_tensor(const coffer_tensor *tensor, coffer_error *error)
{
        uint64_t size, count;
        if (tensor->dims > COFFER_TENSOR_MAX_DIMS)
                return coffer_error_set(error, COFFER_INVALID, "a tensor has more than %d dimensions",
                                        COFFER_TENSOR_MAX_DIMS);
        if (!coffer_tensor_size(tensor, &size) || !coffer_tensor_count(tensor, &count))
                return coffer_error_set(error, COFFER_INVALID, "the size of a tensor overflows");
        if (tensor->dtype.kind == 'O')
                return tensor->objects || count == 0
                               ? COFFER_OK
                               : coffer_error_set(error, COFFER_INVALID, "an object tensor has no objects");
        if (!tensor->data && tensor->available_bytes > 0)
                return coffer_error_set(error, COFFER_INVALID, "a tensor has no data");
        if ((coffer_tensor_is_c_contiguous(tensor) || coffer_tensor_is_f_contiguous(tensor)) &&
            size > tensor->available_bytes)
                return coffer_error_set(error, COFFER_INVALID, "a tensor of %llu bytes has %llu bytes of data",
                                        (unsigned long long)size, (unsigned long long)tensor->available_bytes);
        return COFFER_OK;
}

coffer_status coffer_value_tensor(coffer_document *document, const coffer_tensor *tensor, coffer_value **out,
                                  coffer_error *error)
{
        COFFER_TRY(check_tensor(tensor, error));
        coffer_tensor *copy = (coffer_tensor *)coffer_document_alloc(document, sizeof(*copy));
        if (!copy)
                return coffer_document_failure(document, error);
        *copy = *tensor;
        coffer_dtype_builder builder = {.document = document};
        COFFER_TRY(coffer_dtype_copy(&builder, &tensor->dtype, &copy->dtype, error));
        coffer_value *node = coffer_node_of_kind(document, COFFER_KIND_TENSOR, sizeof(*node));
        if (!node)
                return coffer_document_failure(document, error);
        node->tensor = copy;
        *out = node;
        return COFFER_OK;
}
