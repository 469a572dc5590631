/* SPDX-License-Identifier: Apache-2.0 */
/* Dates and times as text, in the proleptic Gregorian calendar. */
#ifndef COFFER_VALUE_DATETIME_TEXT_H
#define COFFER_VALUE_DATETIME_TEXT_H

#include "util/buf.h"

/* NumPy's datetime64: `number` units ("ns", "25s", "D", "generic") since 1970, in ISO 8601 as precise as the unit:
 * "2020-01", "2020-01-01T00:00:00.000000000", "NaT". What has no date (generic, or too far away) is written as the bare
 * number. */
COFFER_MUST_CHECK
coffer_status coffer_datetime_write(int64_t number, const char *unit, coffer_buf *out, coffer_error *error);

#endif
