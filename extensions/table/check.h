/* SPDX-License-Identifier: Apache-2.0 */
/* What nanoarrow's validation leaves out. */
#ifndef COFFER_TABLE_CHECK_H
#define COFFER_TABLE_CHECK_H

#include "arrow.h"

/* COFFER_MALFORMED, with the name of the column, for texts that are not UTF-8 and places in unions that are none. */
COFFER_MUST_CHECK coffer_status table_check(const struct ArrowSchema *schema, const struct ArrowArrayView *batch,
                                            coffer_error *error);

#endif
