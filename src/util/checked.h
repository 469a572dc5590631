/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic on sizes that says when it overflows. */
#ifndef COFFER_UTIL_CHECKED_H
#define COFFER_UTIL_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when the result fits; `out` is written only then. */
#define COFFER_CHECKED(name, type, builtin)                                                                            \
        static inline bool coffer_##name(type left, type right, type *out)                                             \
        {                                                                                                              \
                type result;                                                                                           \
                if (builtin(left, right, &result))                                                                     \
                        return false;                                                                                  \
                *out = result;                                                                                         \
                return true;                                                                                           \
        }
COFFER_CHECKED(add_size, size_t, __builtin_add_overflow)
COFFER_CHECKED(mul_size, size_t, __builtin_mul_overflow)
COFFER_CHECKED(add_u64, uint64_t, __builtin_add_overflow)
COFFER_CHECKED(mul_u64, uint64_t, __builtin_mul_overflow)
COFFER_CHECKED(mul_i64, int64_t, __builtin_mul_overflow)
COFFER_CHECKED(add_i64, int64_t, __builtin_add_overflow)
#undef COFFER_CHECKED

#endif
