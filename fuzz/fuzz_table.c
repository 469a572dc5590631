/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a Table: what is read is stored as it was, and can be looked at. */
#include <stdlib.h>

#include <coffer/sys/iotype.h>

#include "table.h"
#include "typed.h"
#include "view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const coffer_iotype *the_type(void)
{
        static coffer_iotype *found;
        if (!found && (coffer_iotype_register(typed_registry(), coffer_iotype_entry(COFFER_IOTYPE_ABI, "Table"),
                                              NULL) != COFFER_OK ||
                       coffer_iotype_find(typed_registry(), coffer_cursor_text("Table"), &found, NULL) != COFFER_OK))
                abort();
        return found;
}

static void look_at(coffer_cursor input, uint64_t max_items, bool is_table)
{
        coffer_document *document = NULL;
        coffer_value *made = NULL;
        if (coffer_document_new(&document, NULL) != COFFER_OK)
                abort();
        coffer_status status = table_view(input, max_items, document, &made, NULL);
        if ((status == COFFER_OK || status == COFFER_LIMIT) != is_table && status != COFFER_LIMIT)
                abort();
        coffer_document_unref(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        coffer_cursor input = coffer_cursor_of(data, size);
        bool is_table = table_verify(input, NULL) == COFFER_OK;
        typed_read_storage(the_type(), input);
        look_at(input, 3, is_table);
        look_at(input, UINT64_MAX, is_table);
        return 0;
}
