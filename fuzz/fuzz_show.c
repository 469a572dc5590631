/* SPDX-License-Identifier: Apache-2.0 */
/* Any pickle: whatever the reader takes can be shown in every way, whoever it pretends to be. */
#include <stdlib.h>

#include <coffer/pickle.h>
#include "util/cleanup.h"
#include "util/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(coffer_status status, char **text)
{
        if (status != COFFER_OK && status != COFFER_LIMIT)
                abort();
        coffer_free(TAKE_PTR(*text));
}

static void show(coffer_document *document, const coffer_value *root)
{
        char *text = NULL;
        coffer_tensor tensor;
        need(coffer_value_summary(root, &text, NULL), &text);
        need(coffer_value_type_text(root, &text, NULL), &text);
        need(coffer_value_print(document, root, NULL, &text, NULL), &text);
        need(coffer_value_to_json(document, root, true, NULL, &text, NULL), &text);
        if (coffer_value_to_json(document, root, false, NULL, &text, NULL) == COFFER_OK)
                coffer_free(text);
        if (coffer_value_as_tensor(document, root, &tensor, NULL) == COFFER_OK) {
                coffer_bytes *file = NULL;
                if (coffer_tensor_to_npy(&tensor, document, &file, NULL) == COFFER_OK)
                        coffer_bytes_unref(file);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        coffer_bytes *bytes = NULL;
        coffer_document *document = NULL;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        options.max_bytes = UINT64_C(1) << 26;
        options.keep_bytes = size % 2 ? 16 : 0;
        if (coffer_bytes_new(&bytes, NULL) != COFFER_OK ||
            coffer_bytes_append_copy(bytes, coffer_cursor_of(data, size), NULL) != COFFER_OK)
                abort();
        if (coffer_pickle_read(bytes, &options, &document, NULL, NULL) == COFFER_OK)
                show(document, coffer_document_root(document));
        coffer_document_unref(document);
        coffer_bytes_unref(bytes);
        return 0;
}
