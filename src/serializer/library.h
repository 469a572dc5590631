/* SPDX-License-Identifier: Apache-2.0 */
/* Shared libraries: opening them, and telling "not there" from "there, but unusable". */
#ifndef COFFER_SERIALIZER_LIBRARY_H
#define COFFER_SERIALIZER_LIBRARY_H

#include <coffer/error.h>

enum { COFFER_LIBRARY_NAME_BYTES = 256 };

/* Opens `name` for ever, all symbols resolved and none made global. COFFER_MISSING when the library or one that it
 * needs is not there: that one's name is in `missing`. COFFER_IO when it is there but can't be loaded. */
COFFER_MUST_CHECK
coffer_status coffer_library_open(const char *name, void **handle, char missing[COFFER_LIBRARY_NAME_BYTES],
                                  coffer_error *error);

/* COFFER_NOT_FOUND names the symbol and the library. */
COFFER_MUST_CHECK
coffer_status coffer_library_symbol(void *handle, const char *symbol, void **address, coffer_error *error);

/* The symbol that a location "PATH:SYMBOL" names; without one in it, the usual symbol. Fails as the two above. */
COFFER_MUST_CHECK
coffer_status coffer_native_symbol(const char *location, const char *usual_symbol, void **address,
                                   char missing[COFFER_LIBRARY_NAME_BYTES], coffer_error *error);

/* Is it in the process? Loads nothing. */
bool coffer_library_is_loaded(const char *name);

/* Grows with every library that the process loads, by whatever means. */
uint64_t coffer_library_generation(void);

#endif
