/* SPDX-License-Identifier: Apache-2.0 */
/* Arrow arrays as pyarrow pickles them, which pandas keeps its columns of text in. */
#ifndef COFFER_VALUE_FORMS_ARROW_H
#define COFFER_VALUE_FORMS_ARROW_H

#include "value/view.h"

/* The elements of an Arrow array: a tensor over its own memory where all are there and NumPy has the type, else a list
 * with None for what is missing. COFFER_DECLINED (without filling `error`) for another value, for types with children
 * and for buffers that do not hold what the array says. */
COFFER_MUST_CHECK
coffer_status coffer_arrow_elements(coffer_document *scratch, const coffer_value *value, const coffer_value **out,
                                    coffer_error *error);

/* The Arrow array inside of a pandas column, or NULL. */
const coffer_value *coffer_pandas_arrow(const coffer_value *value);

#endif
