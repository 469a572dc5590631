/* SPDX-License-Identifier: Apache-2.0 */
/* Python literals as they stand in .npy headers: dict, list, tuple, str, int, True, False and None. */
#ifndef COFFER_VALUE_LITERAL_H
#define COFFER_VALUE_LITERAL_H

#include "value/value_internal.h"

/* Reads `text` (UTF-8), which holds one literal and white space around it, into values of `document`. Anything else is
 * COFFER_MALFORMED with the offset; deep nesting COFFER_LIMIT. */
COFFER_MUST_CHECK
coffer_status coffer_literal_parse(coffer_document *document, coffer_cursor text, const coffer_value **out,
                                   coffer_error *error);

#endif
