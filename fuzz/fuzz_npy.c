/* SPDX-License-Identifier: Apache-2.0 */
/* Any file: what is read as .npy can be printed, and written such that it reads as an array of the same shape. */
#include <stdlib.h>
#include <string.h>

#include <coffer/value.h>
#include "util/cleanup.h"
#include "util/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_tensor(coffer_document *document, coffer_tensor *out)
{
        if (coffer_value_as_tensor(document, coffer_document_root(document), out, NULL) != COFFER_OK)
                abort();
}

static void write_and_read_again(const coffer_tensor *tensor, coffer_document *document)
{
        coffer_bytes *file = NULL;
        coffer_document *again = NULL;
        coffer_tensor got;
        if (coffer_tensor_to_npy(tensor, document, &file, NULL) != COFFER_OK)
                abort();
        coffer_status status = coffer_document_from_npy(file, &again, NULL);
        if (status == COFFER_OK) {
                read_tensor(again, &got);
                if (got.dims != tensor->dims ||
                    memcmp(got.shape, tensor->shape, got.dims * sizeof(got.shape[0])) != 0 ||
                    got.dtype.item_size_bytes != tensor->dtype.item_size_bytes)
                        abort();
        } else if (status != COFFER_LIMIT) { /* escapes may make a header longer than what is read */
                abort();
        }
        coffer_document_unref(again);
        coffer_bytes_unref(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        coffer_bytes *file = NULL;
        coffer_document *document = NULL;
        coffer_tensor tensor;
        char *text = NULL;
        if (coffer_bytes_new(&file, NULL) != COFFER_OK ||
            coffer_bytes_append_copy(file, coffer_cursor_of(data, size), NULL) != COFFER_OK)
                abort();
        if (coffer_document_from_npy(file, &document, NULL) == COFFER_OK) {
                read_tensor(document, &tensor);
                write_and_read_again(&tensor, document);
                if (coffer_value_print(document, coffer_document_root(document), NULL, &text, NULL) != COFFER_OK)
                        abort();
        }
        coffer_free(text);
        coffer_document_unref(document);
        coffer_bytes_unref(file);
        return 0;
}
