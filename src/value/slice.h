/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of tensors. */
#ifndef COFFER_VALUE_SLICE_H
#define COFFER_VALUE_SLICE_H

#include "value/tensor.h"

/* Narrows `tensor` to what the slices take of its first `count` dimensions. Its data stay where they are: the first
 * element that is taken lies `*shift_bytes` behind the first one before. COFFER_INVALID for slices that don't fit. */
COFFER_MUST_CHECK coffer_status coffer_tensor_narrow(coffer_tensor *tensor, const coffer_slice *slices, size_t count,
                                                     int64_t *shift_bytes, coffer_error *error);

/* Where elements come from: gives `size_bytes` bytes that lie `offset` behind the first element. */
typedef struct coffer_tensor_source {
        coffer_status (*read)(void *user, int64_t offset, void *buffer, size_t size_bytes, coffer_error *error);
        void *user;
} coffer_tensor_source;

/* Copies all elements into memory of the tensor's own (one segment of `out`), without gaps, in the order in which they
 * lie at the source, where they are read in runs as long as can be; sets data and strides. The size must fit. */
COFFER_MUST_CHECK coffer_status coffer_tensor_gather(coffer_tensor *tensor, const coffer_tensor_source *source,
                                                     coffer_bytes *out, coffer_error *error);

#endif
