/* SPDX-License-Identifier: Apache-2.0 */
/* The serializers inside the library: one file each, and a row in the table of builtin.c. */
#ifndef COFFER_BUILTIN_BUILTIN_H
#define COFFER_BUILTIN_BUILTIN_H

#include <coffer/sys/serializer.h>

extern const coffer_serializer coffer_pickle_serializer;

#endif
