/* SPDX-License-Identifier: Apache-2.0 */
/* Contents that are stored as they are. */
#ifndef COFFER_CAS_RAW_H
#define COFFER_CAS_RAW_H

#include "cas/frame.h"

/* A stream over stored bytes, which it owns on success, read by several threads. `watch` may be NULL. */
COFFER_MUST_CHECK
coffer_status coffer_raw_open_random(coffer_random_access *stored, const coffer_frame_watch *watch, coffer_stream **out,
                                     coffer_error *error);

#endif
