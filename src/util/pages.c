/* SPDX-License-Identifier: Apache-2.0 */
#include "util/pages.h"

#include <stdint.h>
#include <sys/mman.h>

enum { HUGE_PAGE_BYTES = 2 << 20, MIN_BYTES = 4 << 20 };

void coffer_pages_expect_fill(void *memory, size_t size_bytes)
{
        uintptr_t address = (uintptr_t)memory;
        size_t before_bytes = (size_t)(-address % HUGE_PAGE_BYTES);

        if (size_bytes < MIN_BYTES)
                return;
        size_t inner_bytes = (size_bytes - before_bytes) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
        madvise((uint8_t *)memory + before_bytes, inner_bytes, MADV_HUGEPAGE); /* advice: may fail */
}
