/* SPDX-License-Identifier: Apache-2.0 */
/* What printing, JSON and summaries share. */
#ifndef COFFER_VALUE_PRINT_H
#define COFFER_VALUE_PRINT_H

#include "util/buf.h"
#include "value/value_internal.h"

/* NULL becomes the defaults; COFFER_INVALID for a version that is not known. */
COFFER_MUST_CHECK coffer_status coffer_print_check_options(const coffer_print_options **options, coffer_error *error);

/* A value without children, as it is printed. */
COFFER_MUST_CHECK coffer_status coffer_print_plain(const coffer_print_options *options, const coffer_value *value,
                                                   coffer_buf *out, coffer_error *error);

#endif
