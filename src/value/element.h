/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of tensors as values. */
#ifndef COFFER_VALUE_ELEMENT_H
#define COFFER_VALUE_ELEMENT_H

#include "value/value_internal.h"

/* The value of the element at `data` (item_size_bytes of it): bool, int, float, complex, bytes, str; a tuple for a
 * record, nested lists for a sub-array; the text of a datetime; bytes for what has no other form. A float of less than
 * 64 bits becomes the float with its shortest decimal digits. For elements of dtypes without objects. */
COFFER_MUST_CHECK
coffer_status coffer_element_value(coffer_document *scratch, const coffer_dtype *dtype, const uint8_t *data,
                                   const coffer_value **out, coffer_error *error);

/* The head of a tensor as nested lists, of at most `max_items` elements all in all; lists tell how many items more
 * there would be (coffer_node_omitted). A 0-dimensional one is its element. */
COFFER_MUST_CHECK
coffer_status coffer_tensor_head(coffer_document *scratch, const coffer_tensor *tensor, uint64_t max_items,
                                 const coffer_value **out, coffer_error *error);

#endif
