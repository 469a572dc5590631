/* SPDX-License-Identifier: Apache-2.0 */
/* A library that extensions need. */
#include <coffer/common.h>

int HEAVY_ANSWER(void);

COFFER_API int HEAVY_ANSWER(void)
{
        return 42;
}
