/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of an array in C order, one after the other. */
#ifndef COFFER_HDF5_GATHER_H
#define COFFER_HDF5_GATHER_H

#include <coffer/value.h>

/* `*data` is the array's own memory where it is in order already; else a copy, which `*gathered` owns (coffer_free). */
COFFER_MUST_CHECK coffer_status gather_elements(const coffer_tensor *tensor, const void **data, void **gathered,
                                                coffer_error *error);

/* For a shape whose bytes are known to fit. */
void set_c_strides(coffer_tensor *tensor);

#endif
