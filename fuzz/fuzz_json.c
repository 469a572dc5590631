/* SPDX-License-Identifier: Apache-2.0 */
/* Any text: what is read as JSON is written again, and that reads as the same. */
#include <stdlib.h>
#include <string.h>

#include <coffer/value.h>
#include "util/cleanup.h"
#include "util/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *write_plain(coffer_document *document)
{
        char *text = NULL;
        if (coffer_value_to_json(document, coffer_document_root(document), false, NULL, &text, NULL) != COFFER_OK)
                abort();
        return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        coffer_document *first = NULL, *second = NULL;
        if (coffer_document_from_json(coffer_cursor_of(data, size), &first, NULL) != COFFER_OK)
                return 0;
        char *once = write_plain(first);
        if (coffer_document_from_json(coffer_cursor_text(once), &second, NULL) != COFFER_OK)
                abort();
        char *twice = write_plain(second), *tagged = NULL;
        if (strcmp(once, twice) != 0)
                abort();
        if (coffer_value_to_json(first, coffer_document_root(first), true, NULL, &tagged, NULL) != COFFER_OK)
                abort();
        coffer_free(once);
        coffer_free(twice);
        coffer_free(tagged);
        coffer_document_unref(first);
        coffer_document_unref(second);
        return 0;
}
