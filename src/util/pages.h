/* SPDX-License-Identifier: Apache-2.0 */
/* How the kernel is to back memory. */
#ifndef COFFER_UTIL_PAGES_H
#define COFFER_UTIL_PAGES_H

#include <stddef.h>

/* Large memory that will be filled from end to end: with huge pages, if there are such, it costs far fewer faults. */
void coffer_pages_expect_fill(void *memory, size_t size_bytes);

#endif
