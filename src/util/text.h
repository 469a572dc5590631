/* SPDX-License-Identifier: Apache-2.0 */
/* Formatted text. */
#ifndef COFFER_UTIL_TEXT_H
#define COFFER_UTIL_TEXT_H

#include <coffer/error.h>

/* As sprintf, into new memory: free with coffer_free. */
COFFER_MUST_CHECK coffer_status coffer_text_format(char **out, coffer_error *error, const char *format, ...)
        COFFER_PRINTF(3, 4);

#endif
