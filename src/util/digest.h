/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-1 and SHA-256 by OpenSSL's EVP, and hexadecimal text. */
#ifndef COFFER_UTIL_DIGEST_H
#define COFFER_UTIL_DIGEST_H

#include <coffer/bytes.h>
#include "util/cleanup.h"

typedef enum coffer_digest_algorithm { COFFER_SHA1, COFFER_SHA256 } coffer_digest_algorithm;

enum { COFFER_DIGEST_MAX_BYTES = 32, COFFER_DIGEST_MAX_HEX = 65 };

typedef struct coffer_digest coffer_digest;

COFFER_MUST_CHECK coffer_status coffer_digest_new(coffer_digest_algorithm algorithm, coffer_digest **out,
                                                  coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_digest_update(coffer_digest *digest, coffer_cursor data, coffer_error *error);
/* Writes lower-case hex and a NUL (41 or 65 bytes). The digest then takes no more data. */
COFFER_MUST_CHECK coffer_status coffer_digest_hex(coffer_digest *digest, char out[COFFER_DIGEST_MAX_HEX],
                                                  coffer_error *error);
void coffer_digest_free(coffer_digest *digest);
COFFER_DEFINE_CLEANUP(coffer_digest *, coffer_digest_free);
#define _cleanup_digest_ _cleanup_(coffer_digest_freep)

/* The digest of all segments. */
COFFER_MUST_CHECK coffer_status coffer_digest_bytes(coffer_digest_algorithm algorithm, const coffer_bytes *bytes,
                                                    char out[COFFER_DIGEST_MAX_HEX], coffer_error *error);

#endif
