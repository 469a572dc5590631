/* SPDX-License-Identifier: Apache-2.0 */
/* The serializers inside the library: one file each, and a row in the table of builtin.c. */
#ifndef COFFER_BUILTIN_BUILTIN_H
#define COFFER_BUILTIN_BUILTIN_H

#include <coffer/registry.h>

extern const coffer_serializer coffer_pickle_serializer;

/* The serializer of typed objects with the registry's types; it lives as long as the registry. */
const coffer_serializer *coffer_iotype_serializer(coffer_registry *registry);

#endif
