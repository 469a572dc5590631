/* SPDX-License-Identifier: Apache-2.0 */
/* Small JSON files that people write: configuration and descriptors. */
#ifndef COFFER_SERIALIZER_JSON_FILE_H
#define COFFER_SERIALIZER_JSON_FILE_H

#include "util/json.h"

/* Parses a regular file that holds one JSON object. COFFER_NOT_FOUND when it is not there, COFFER_LIMIT when it is
 * larger than `max_bytes`. */
COFFER_MUST_CHECK coffer_status coffer_json_read_file(const char *path, uint64_t max_bytes, json_t **out,
                                                      coffer_error *error);

#endif
