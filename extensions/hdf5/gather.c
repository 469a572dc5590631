/* SPDX-License-Identifier: Apache-2.0 */
#include "gather.h"

#include <string.h>

#include <coffer/alloc.h>

/* Bytes from `data` to the end of the farthest element; false when that overflows. */
static bool reach_bytes(const coffer_tensor *tensor, uint64_t *out)
{
        uint64_t reach = tensor->dtype.item_size_bytes;
        for (size_t i = 0; i < tensor->dims; i++) {
                uint64_t step;
                if (tensor->strides_bytes[i] <= 0)
                        continue;
                if (__builtin_mul_overflow((uint64_t)tensor->strides_bytes[i], tensor->shape[i] - 1, &step) ||
                    __builtin_add_overflow(reach, step, &reach))
                        return false;
        }
        *out = reach;
        return true;
}

/* Goes on to the next element; what runs over starts again and carries on to the axis before. */
static const uint8_t *next_element(const coffer_tensor *tensor, uint64_t *place, const uint8_t *at)
{
        for (size_t i = tensor->dims; i-- > 0;) {
                at += tensor->strides_bytes[i];
                if (++place[i] < tensor->shape[i])
                        return at;
                at -= tensor->strides_bytes[i] * (int64_t)tensor->shape[i];
                place[i] = 0;
        }
        return at;
}

static void copy_elements(const coffer_tensor *tensor, uint64_t count, uint8_t *out)
{
        uint64_t place[COFFER_TENSOR_MAX_DIMS] = {0};
        size_t item_bytes = (size_t)tensor->dtype.item_size_bytes;
        const uint8_t *at = tensor->data;
        for (uint64_t i = 0; i < count; i++, out += item_bytes) {
                memcpy(out, at, item_bytes);
                at = next_element(tensor, place, at);
        }
}

coffer_status gather_elements(const coffer_tensor *tensor, const void **data, void **gathered, coffer_error *error)
{
        uint64_t count, reach;
        size_t size_bytes;
        if (!coffer_tensor_count(tensor, &count) ||
            __builtin_mul_overflow(count, tensor->dtype.item_size_bytes, &size_bytes))
                return coffer_error_set(error, COFFER_LIMIT, "the array is larger than the address space");
        if (count == 0) {
                *data = ""; /* nothing of it is read */
                return COFFER_OK;
        }
        if (!tensor->data || !reach_bytes(tensor, &reach) || reach > tensor->available_bytes)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "only a part of the array is there");
        if (coffer_tensor_is_c_contiguous(tensor)) {
                *data = tensor->data;
                return COFFER_OK;
        }
        void *memory = coffer_alloc(size_bytes);
        if (!memory)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for an array of %zu bytes", size_bytes);
        copy_elements(tensor, count, memory);
        *data = *gathered = memory;
        return COFFER_OK;
}

void set_c_strides(coffer_tensor *tensor)
{
        uint64_t stride_bytes = tensor->dtype.item_size_bytes;
        for (size_t i = tensor->dims; i-- > 0;) {
                tensor->strides_bytes[i] = (int64_t)stride_bytes;
                stride_bytes *= tensor->shape[i] > 0 ? tensor->shape[i] : 1;
        }
}
