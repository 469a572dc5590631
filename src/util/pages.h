/* SPDX-License-Identifier: Apache-2.0 */
/* How the kernel is to back memory. */
#ifndef COFFER_UTIL_PAGES_H
#define COFFER_UTIL_PAGES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

/* Large memory that will be filled from end to end: with huge pages, if there are such, it costs far fewer faults. */
static inline void coffer_pages_expect_fill(void *memory, size_t size_bytes)
{
        const size_t huge_page_bytes = (size_t)2 << 20, min_bytes = (size_t)4 << 20;
        size_t before_bytes = (size_t)(-(uintptr_t)memory % huge_page_bytes);

        if (size_bytes < min_bytes)
                return;
        size_t inner_bytes = (size_bytes - before_bytes) / huge_page_bytes * huge_page_bytes;
        madvise((uint8_t *)memory + before_bytes, inner_bytes, MADV_HUGEPAGE); /* advice: may fail */
}

#endif
