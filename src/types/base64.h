/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 by OpenSSL: the standard alphabet with padding, no line breaks. */
#ifndef COFFER_TYPES_BASE64_H
#define COFFER_TYPES_BASE64_H

#include "util/buf.h"

COFFER_MUST_CHECK coffer_status coffer_base64_encode(coffer_cursor data, coffer_buf *out, coffer_error *error);
/* What is not exactly what encoding gives is COFFER_MALFORMED. */
COFFER_MUST_CHECK coffer_status coffer_base64_decode(coffer_cursor text, coffer_buf *out, coffer_error *error);

#endif
