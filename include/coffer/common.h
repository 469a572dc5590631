/* SPDX-License-Identifier: Apache-2.0 */
/* Macros that every public header uses: visibility, must-check results, C++ guards. */
#ifndef COFFER_COMMON_H
#define COFFER_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define COFFER_API                               __attribute__((visibility("default")))
#define COFFER_MUST_CHECK                        __attribute__((warn_unused_result))
#define COFFER_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#else
#define COFFER_API
#define COFFER_MUST_CHECK
#define COFFER_PRINTF(format_index, first_index)
#endif

#ifdef __cplusplus
#define COFFER_BEGIN_DECLS extern "C" {
#define COFFER_END_DECLS   }
#else
#define COFFER_BEGIN_DECLS
#define COFFER_END_DECLS
#endif

#endif
