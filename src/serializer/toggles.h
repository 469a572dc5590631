/* SPDX-License-Identifier: Apache-2.0 */
/* Which serializers are switched on and off: COFFER_SERIALIZERS, or the key "serializers" of the configuration file. */
#ifndef COFFER_SERIALIZER_TOGGLES_H
#define COFFER_SERIALIZER_TOGGLES_H

#include "util/map.h"

typedef struct coffer_toggles coffer_toggles;

/* Told of every item that makes no sense; the others count. */
typedef void (*coffer_toggles_warn_fn)(void *user, const char *message);

/* From `text`, or with NULL from COFFER_SERIALIZERS, or without it from the configuration file. Fails only for want of
 * memory. */
COFFER_MUST_CHECK
coffer_status coffer_toggles_new(const char *text, coffer_toggles_warn_fn warn, void *user, coffer_toggles **out,
                                 coffer_error *error);
void coffer_toggles_free(coffer_toggles *toggles);
COFFER_DEFINE_CLEANUP(coffer_toggles *, coffer_toggles_free);
#define _cleanup_toggles_ _cleanup_(coffer_toggles_freep)

bool coffer_toggles_allow(const coffer_toggles *toggles, const char *name, bool off_by_default);

#endif
