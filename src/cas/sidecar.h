/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept beside a blob's file: how its contents are stored. */
#ifndef COFFER_CAS_SIDECAR_H
#define COFFER_CAS_SIDECAR_H

#include "cas/frame.h"

typedef struct coffer_sidecar {
        bool is_there;                   /* there is one, and it is more than `null` */
        const coffer_frame_class *frame; /* NULL: raw */
} coffer_sidecar;

/* Reads the sidecar's text (NULL: there is none, which means the oldest frame) of the blob at `path`, for messages.
 * COFFER_MALFORMED when it says nothing that can be understood, COFFER_UNSUPPORTED for a version that we do not know.
 */
COFFER_MUST_CHECK
coffer_status coffer_sidecar_parse(const char *text, const char *path, coffer_sidecar *out, coffer_error *error);

/* The text to keep beside a blob that we write, byte for byte what Metaflow writes. Static. */
const char *coffer_sidecar_text(bool raw);

#endif
