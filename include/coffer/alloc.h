/* SPDX-License-Identifier: Apache-2.0 */
/* The one allocator of the library. */
#ifndef COFFER_ALLOC_H
#define COFFER_ALLOC_H

#include <coffer/common.h>

COFFER_BEGIN_DECLS

/* All three behave as their namesakes in C; `resize` gets NULL as realloc does. */
typedef struct coffer_allocator {
        void *(*allocate)(void *user, size_t size_bytes);
        void *(*resize)(void *user, void *memory, size_t size_bytes);
        void (*release)(void *user, void *memory);
        void *user;
} coffer_allocator;

/* Installs `allocator` for the whole process (copied); NULL goes back to the C library's. Call it before
 * any other function of the library and from one thread only: memory is given back to the allocator that
 * is installed at that time. */
COFFER_API void coffer_set_allocator(const coffer_allocator *allocator);

/* Memory from the library's allocator; NULL when there is none. Free with coffer_free. */
COFFER_API void *coffer_alloc(size_t size_bytes);
COFFER_API void *coffer_alloc_zeroed(size_t count, size_t size_bytes); /* checks the product */
COFFER_API void *coffer_realloc(void *memory, size_t size_bytes);
COFFER_API void *coffer_realloc_array(void *memory, size_t count, size_t size_bytes);
COFFER_API char *coffer_strdup(const char *text);
COFFER_API char *coffer_strndup(const char *text, size_t max_bytes);

/* Gives back what the library or the functions above allocated. NULL is allowed. */
COFFER_API void coffer_free(void *memory);

COFFER_END_DECLS
#endif
