/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's pickles (numpy/_core/src/multiarray: array_reduce, arraydescr_reduce, gentype_reduce describe them). */
#ifndef COFFER_VALUE_FORMS_NUMPY_H
#define COFFER_VALUE_FORMS_NUMPY_H

#include "value/dtype.h"
#include "value/view.h"

/* The dtype that a pickled numpy.dtype is. COFFER_DECLINED (without filling `error`) for another value,
 * COFFER_MALFORMED for a broken one. */
COFFER_MUST_CHECK
coffer_status coffer_numpy_dtype(coffer_dtype_builder *builder, const coffer_value *value, coffer_dtype *out,
                                 coffer_error *error);

/* The tensor that a pickled array or scalar is; the same statuses. */
COFFER_MUST_CHECK
coffer_status coffer_numpy_tensor(coffer_document *document, const coffer_value *value, coffer_tensor *out,
                                  coffer_error *error);

/* Where the elements of a pickled array, of which the head alone was read, begin in what was read; 0 when they don't
 * lie there as they are. */
uint64_t coffer_numpy_data_offset(const coffer_value *value);

/* True for a pickled scalar; its type is then for example "numpy" "float64". */
bool coffer_numpy_scalar_type(const coffer_maker *maker, coffer_cursor *module, coffer_cursor *qualname);

#endif
