/* SPDX-License-Identifier: Apache-2.0 */
/* What the recognisers of pandas share. */
#ifndef COFFER_VALUE_FORMS_PANDAS_H
#define COFFER_VALUE_FORMS_PANDAS_H

#include "value/view.h"

/* The NumPy array inside of an extension array that is backed by one, and its dtype; false for another value. */
bool coffer_pandas_backed(const coffer_value *value, const coffer_value **array, const coffer_value **dtype);

/* The class and the dict of parameters that an index was made of; false for another value. */
bool coffer_pandas_index(const coffer_value *value, const coffer_value **class, const coffer_value **parameters);

/* DataFrame and Series: recognisers of their pickles, whose block managers hold the columns. */
coffer_status coffer_pandas_view_frame(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                       coffer_error *error);
coffer_status coffer_pandas_view_series(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                        coffer_error *error);

#endif
