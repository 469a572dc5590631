/* SPDX-License-Identifier: Apache-2.0 */
/* nanoarrow (https://arrow.apache.org/nanoarrow/), and what its errors are here. */
#ifndef COFFER_TABLE_ARROW_H
#define COFFER_TABLE_ARROW_H

#include <nanoarrow/nanoarrow.h>
#include <nanoarrow/nanoarrow_ipc.h>

#include <coffer/alloc.h>
#include <coffer/value.h>

#define TABLE_TRY(expression)                                                                                          \
        do {                                                                                                           \
                coffer_status status_ = (expression);                                                                  \
                if (status_ != COFFER_OK)                                                                              \
                        return status_;                                                                                \
        } while (0)

/* Of a result of nanoarrow's, COFFER_OK for success. */
coffer_status table_result(ArrowErrorCode code, const struct ArrowError *from, coffer_error *error);

#endif
