/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text, whatever the locale. */
#ifndef COFFER_UTIL_NUMBER_H
#define COFFER_UTIL_NUMBER_H

#include <coffer/bytes.h>

enum { COFFER_DOUBLE_TEXT_BYTES = 32 };

/* The shortest decimal that reads back as the same binary64, in the form of Python's repr: "1.0", "1e+16", "nan",
 * "-inf". */
void coffer_double_format(double value, char out[COFFER_DOUBLE_TEXT_BYTES]);

/* Reads a decimal floating-point number that fills the whole cursor: '.' as the point, an optional sign and exponent,
 * no spaces; also "inf", "infinity" and "nan" in any case. Too large gives an infinity, too small a zero. */
COFFER_MUST_CHECK bool coffer_double_parse(coffer_cursor text, double *out);

/* Reads a decimal integer that fills the whole cursor and fits. */
COFFER_MUST_CHECK bool coffer_int_parse(coffer_cursor text, int64_t *out);

#endif
