/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors from the inside. */
#ifndef COFFER_VALUE_TENSOR_H
#define COFFER_VALUE_TENSOR_H

#include "value/value_internal.h"

/* Bytes of all elements; false on overflow. */
COFFER_MUST_CHECK
bool coffer_tensor_size(const coffer_tensor *tensor, uint64_t *out);

/* Fills the strides from shape and item size; false when the size overflows. */
COFFER_MUST_CHECK
bool coffer_tensor_set_strides(coffer_tensor *tensor, bool fortran);

#endif
