/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's element types: built from their text and from their descriptions, and written as either. */
#ifndef COFFER_VALUE_DTYPE_H
#define COFFER_VALUE_DTYPE_H

#include "util/buf.h"
#include "value/value_internal.h"

enum {
        COFFER_DTYPE_MAX_DEPTH = 32,
        COFFER_DTYPE_MAX_PARTS = 1 << 16 /* fields and sub-arrays in one dtype, all levels together */
};

/* A dtype under construction: it lives in `document`. */
typedef struct coffer_dtype_builder {
        coffer_document *document;
        unsigned depth; /* of the present part */
        size_t parts;   /* made so far */
} coffer_dtype_builder;

/* Enters one more part (depth + 1); COFFER_LIMIT when there are too many. Leave with depth - 1. */
COFFER_MUST_CHECK
coffer_status coffer_dtype_enter(coffer_dtype_builder *builder, coffer_error *error);

/* A NUL-terminated copy in the document; text with a NUL inside is COFFER_MALFORMED. */
COFFER_MUST_CHECK
coffer_status coffer_dtype_text(coffer_document *document, coffer_cursor text, const char **out, coffer_error *error);

/* From the text of a simple dtype: "<f8", "|S5", "<M8[25s]", "O", "f8". */
COFFER_MUST_CHECK
coffer_status coffer_dtype_from_text(coffer_document *document, coffer_cursor text, coffer_dtype *out,
                                     coffer_error *error);

/* From a description as in .npy headers and the array interface: the text of a simple dtype, or a list of fields, each
 * a tuple (name, description[, shape]) with the name possibly a tuple (title, name). Nameless void fields are padding.
 */
COFFER_MUST_CHECK
coffer_status coffer_dtype_from_description(coffer_dtype_builder *builder, const coffer_value *description,
                                            coffer_dtype *out, coffer_error *error);

/* Makes `dtype`, an element type, into a sub-array type of `shape` (a tuple of ints, or one int). */
COFFER_MUST_CHECK
coffer_status coffer_dtype_make_subarray(coffer_dtype_builder *builder, const coffer_value *shape, coffer_dtype *dtype,
                                         coffer_error *error);

/* Deep copy into the builder's document. */
COFFER_MUST_CHECK
coffer_status coffer_dtype_copy(coffer_dtype_builder *builder, const coffer_dtype *from, coffer_dtype *out,
                                coffer_error *error);

/* True when objects are anywhere inside. */
bool coffer_dtype_has_objects(const coffer_dtype *dtype);

/* True when multi-byte elements are not in the byte order of this machine. */
bool coffer_dtype_is_swapped(const coffer_dtype *dtype);

/* The description as a Python literal: "'<f8'" or "[('a', '<i4'), ('b', '<f8', (2,))]". COFFER_UNSUPPORTED for fields
 * that overlap or lie out of order, which it can't express. */
COFFER_MUST_CHECK
coffer_status coffer_dtype_write_description(const coffer_dtype *dtype, coffer_buf *out, coffer_error *error);

/* The name as NumPy prints it: "float64", "datetime64[ns]", ">i4", "<U3", "[('a', '<i4')]". */
COFFER_MUST_CHECK
coffer_status coffer_dtype_write_name(const coffer_dtype *dtype, coffer_buf *out, coffer_error *error);

#endif
