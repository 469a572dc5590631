/* SPDX-License-Identifier: Apache-2.0 */
/* Frame version 1: gzip (docs/frame.md). */
#ifndef COFFER_CAS_FRAME_V1_H
#define COFFER_CAS_FRAME_V1_H

#include "cas/frame.h"

extern const coffer_frame_class coffer_frame_v1;

/* Contents are cut into members of so many bytes, the last one shorter. */
enum { COFFER_FRAME_V1_MEMBER_BYTES = 1 << 20 };

/* The parts of the class. */
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_write(const coffer_bytes *contents, const coffer_frame_sink *sink, coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_read(coffer_cursor stored, uint64_t max_bytes, coffer_bytes **out, coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_open(coffer_stream *stored, uint64_t max_bytes, coffer_stream **out, coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_frame_v1_measure(coffer_cursor stored, coffer_frame_sizes *out, coffer_error *error);

#endif
