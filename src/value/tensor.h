/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors from the inside. */
#ifndef COFFER_VALUE_TENSOR_H
#define COFFER_VALUE_TENSOR_H

#include "util/buf.h"
#include "value/value_internal.h"

/* Bytes of all elements; false on overflow. */
COFFER_MUST_CHECK
bool coffer_tensor_size(const coffer_tensor *tensor, uint64_t *out);

/* Fills the strides from shape and item size; false when the size overflows. */
COFFER_MUST_CHECK
bool coffer_tensor_set_strides(coffer_tensor *tensor, bool fortran);

/* "(2, 3)", as Python writes a tuple. */
COFFER_MUST_CHECK coffer_status coffer_tensor_write_shape(const coffer_tensor *tensor, coffer_buf *out,
                                                          coffer_error *error);

/* Walks the elements in C order. */
typedef struct coffer_tensor_iterator {
        const coffer_tensor *tensor;
        uint64_t left;
        uint64_t place[COFFER_TENSOR_MAX_DIMS];
        const uint8_t *element; /* the present one; NULL in an array of objects */
        bool started;
} coffer_tensor_iterator;

void coffer_tensor_iterate(const coffer_tensor *tensor, coffer_tensor_iterator *out);
bool coffer_tensor_next(coffer_tensor_iterator *iterator); /* false at the end */

#endif
