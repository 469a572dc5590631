/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata from the inside. */
#ifndef COFFER_SERIALIZER_METADATA_H
#define COFFER_SERIALIZER_METADATA_H

#include <coffer/metadata.h>
#include "util/cleanup.h"

COFFER_DEFINE_CLEANUP(coffer_metadata *, coffer_metadata_free);
#define _cleanup_metadata_ _cleanup_(coffer_metadata_freep)

COFFER_DEFINE_CLEANUP(coffer_blob *, coffer_blob_unref);
#define _cleanup_blob_ _cleanup_(coffer_blob_unrefp)

COFFER_DEFINE_CLEANUP(coffer_blob_list *, coffer_blob_list_free);
#define _cleanup_blob_list_ _cleanup_(coffer_blob_list_freep)

/* True once a size was set: 0 may be meant. */
bool coffer_metadata_has_size(const coffer_metadata *metadata);

/* True when the key is there, whatever its value. */
bool coffer_metadata_has_info(const coffer_metadata *metadata, const char *key);

#endif
