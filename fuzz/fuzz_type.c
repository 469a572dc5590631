/* SPDX-License-Identifier: Apache-2.0 */
/* One decoder: meson.build compiles this once for each type and format. */
#include <stdlib.h>

#include "typed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const coffer_iotype *the_type(void)
{
        static coffer_iotype *found;
        if (!found && coffer_iotype_find(typed_registry(), coffer_cursor_text(FUZZ_TYPE), &found, NULL) != COFFER_OK)
                abort();
        return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        FUZZ_READ(the_type(), coffer_cursor_of(data, size));
        return 0;
}
