/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound clean-up and small macros. */
#ifndef COFFER_UTIL_CLEANUP_H
#define COFFER_UTIL_CLEANUP_H

#include <string.h>

#include <coffer/alloc.h>
#include <coffer/bytes.h>

/* Declares a type's clean-up: `_cleanup_(name_unrefp)` calls `name_unref` on the variable at scope end. */
#define _cleanup_(function) __attribute__((cleanup(function)))
#define COFFER_DEFINE_CLEANUP(type, function)                                                                          \
        static inline void function##p(type *pointer)                                                                  \
        {                                                                                                              \
                if (*pointer)                                                                                          \
                        function(*pointer);                                                                            \
        }                                                                                                              \
        struct coffer_trailing_semicolon

static inline void coffer_free_pointer(void *pointer)
{
        void *memory;
        memcpy(&memory, pointer, sizeof(memory)); /* the variable may be of any pointer type */
        coffer_free(memory);
}
#define _cleanup_free_ _cleanup_(coffer_free_pointer)

COFFER_DEFINE_CLEANUP(coffer_bytes *, coffer_bytes_unref);
#define _cleanup_bytes_ _cleanup_(coffer_bytes_unrefp)

static inline void coffer_stream_closep(coffer_stream **stream)
{
        if (*stream)
                (*stream)->close(*stream);
}
#define _cleanup_stream_ _cleanup_(coffer_stream_closep)

/* Moves a pointer out of its variable. */
#define TAKE_PTR(variable)                                                                                             \
        ({                                                                                                             \
                __typeof__(variable) taken_ = (variable);                                                              \
                (variable) = NULL;                                                                                     \
                taken_;                                                                                                \
        })

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Returns from the calling function when `expression` is not COFFER_OK: propagate, never re-wrap. */
#define COFFER_TRY(expression)                                                                                         \
        do {                                                                                                           \
                coffer_status status_ = (expression);                                                                  \
                if (status_ != COFFER_OK)                                                                              \
                        return status_;                                                                                \
        } while (0)

#endif
