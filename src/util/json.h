/* SPDX-License-Identifier: Apache-2.0 */
/* JSON by jansson, written as Python's json.dumps writes it: ", " and ": ", non-ASCII escaped, insertion order, floats
 * in repr form, no newline at the end. */
#ifndef COFFER_UTIL_JSON_H
#define COFFER_UTIL_JSON_H

#include <jansson.h>

#include "util/buf.h"

static inline void coffer_json_decrefp(json_t **json)
{
        json_decref(*json);
}
#define _cleanup_json_ _cleanup_(coffer_json_decrefp)

/* Parses text; `what` names the source in errors ("data.json of F/1/s/2"). Nesting is limited by jansson (2048);
 * duplicate keys are refused; input over 256 MiB, or with a text over 16 MiB in it, is COFFER_LIMIT. Any JSON value may
 * be the root. */
COFFER_MUST_CHECK coffer_status coffer_json_parse(coffer_cursor text, const char *what, json_t **out,
                                                  coffer_error *error);

/* The same for what an artifact holds, which may be as large as one can be saved: 2 GiB, and so may its texts. */
COFFER_MUST_CHECK coffer_status coffer_json_parse_value(coffer_cursor text, const char *what, json_t **out,
                                                        coffer_error *error);

/* Appends the JSON text. */
COFFER_MUST_CHECK coffer_status coffer_json_write(const json_t *json, coffer_buf *out, coffer_error *error);

/* The same as a string to free with coffer_free. */
COFFER_MUST_CHECK coffer_status coffer_json_text(const json_t *json, char **out, coffer_error *error);

/* object[key] = value (the reference is taken, also on failure); NULL value means it could not be made:
 * COFFER_NO_MEMORY. */
COFFER_MUST_CHECK coffer_status coffer_json_set(json_t *object, const char *key, json_t *value, coffer_error *error);

/* The text of object[key], or NULL when it is absent or no string. */
const char *coffer_json_string(const json_t *object, const char *key);

#endif
