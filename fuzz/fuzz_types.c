/* SPDX-License-Identifier: Apache-2.0 */
/* A line with the name of a type, then what it stores or sends. */
#include "typed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        coffer_cursor input = coffer_cursor_of(data, size), name;
        coffer_iotype *type = NULL;
        if (!coffer_cursor_until(&input, '\n', &name) ||
            coffer_iotype_find(typed_registry(), name, &type, NULL) != COFFER_OK)
                return 0;
        typed_check_spec(type);
        typed_read_storage(type, input);
        typed_read_wire(type, input);
        coffer_iotype_unref(type);
        return 0;
}
