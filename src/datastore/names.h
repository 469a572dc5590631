/* SPDX-License-Identifier: Apache-2.0 */
/* The order of names, beside what <coffer/names.h> has. */
#ifndef COFFER_DATASTORE_NAMES_H
#define COFFER_DATASTORE_NAMES_H

#include <coffer/names.h>

/* Orders decimal numbers by value and before other texts, which go byte by byte. */
int coffer_name_compare(const char *left, const char *right);

#endif
