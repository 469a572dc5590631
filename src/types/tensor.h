/* SPDX-License-Identifier: Apache-2.0 */
/* Tensor and Tensor[dtype,dimension,...] from the inside. */
#ifndef COFFER_TYPES_TENSOR_H
#define COFFER_TYPES_TENSOR_H

#include "types/types.h"

/* The element types that there are: of a fixed size and without code or references. */
typedef struct coffer_tensor_element {
        const char *name;
        char kind;
        uint8_t size_bytes;
} coffer_tensor_element;

/* NULL when there is none of that name; of that dtype. */
const coffer_tensor_element *coffer_tensor_element_named(coffer_cursor name);
const coffer_tensor_element *coffer_tensor_element_of(const coffer_dtype *dtype);
/* Little-endian. */
coffer_dtype coffer_tensor_dtype(const coffer_tensor_element *element);

/* Has the tensor such elements, and the dtype and shape that the type asks for? COFFER_MALFORMED says what it has not.
 */
COFFER_MUST_CHECK coffer_status coffer_tensor_check(const coffer_iotype *type, const coffer_tensor *tensor,
                                                    coffer_error *error);

/* The elements in C order, little-endian: borrowed from the tensor when they lie so, else copied into `*copy`
 * (coffer_free).
 */
COFFER_MUST_CHECK coffer_status coffer_tensor_elements(const coffer_tensor *tensor, coffer_cursor *out, void **copy,
                                                       coffer_error *error);

COFFER_MUST_CHECK coffer_status coffer_tensor_to_spec(const coffer_iotype_class *self, const coffer_iotype *type,
                                                      char **json, coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_tensor_to_json(const coffer_iotype_class *self, const coffer_iotype *type,
                                                      coffer_document *document, const coffer_value *value,
                                                      const coffer_value **out, coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_tensor_from_json(const coffer_iotype_class *self, const coffer_iotype *type,
                                                        coffer_document *document, const coffer_value *json,
                                                        const coffer_value **out, coffer_error *error);

#endif
