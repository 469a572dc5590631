/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader takes, the writer writes such that it reads as the same again: the second pickle and the one made of
 * it are equal, at both protocols. */
#include <stdlib.h>

#include <coffer/pickle.h>
#include "util/cursor.h"
#include "value/value_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static coffer_bytes *bytes_of(const uint8_t *data, size_t size)
{
        coffer_bytes *bytes = NULL;
        if (coffer_bytes_new(&bytes, NULL) != COFFER_OK ||
            coffer_bytes_append_copy(bytes, coffer_cursor_of(data, size), NULL) != COFFER_OK)
                abort();
        return bytes;
}

static coffer_document *read_pickle(coffer_bytes *pickle)
{
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        coffer_document *document = NULL;
        options.max_bytes = UINT64_C(1) << 28;
        options.allow_trailing = true;
        return coffer_pickle_read(pickle, &options, &document, NULL, NULL) == COFFER_OK ? document : NULL;
}

static coffer_bytes *write_pickle(coffer_document *document, uint32_t protocol)
{
        coffer_pickle_write_options options = {1, protocol};
        coffer_bytes *pickle = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_status status = coffer_pickle_write(document, coffer_document_root(document), &options, &pickle, &error);
        if (status != COFFER_OK && status != COFFER_UNSUPPORTED && status != COFFER_LIMIT)
                abort();
        return pickle;
}

static void expect_equal(coffer_bytes *left, coffer_bytes *right)
{
        coffer_cursor left_data, right_data;
        if (coffer_bytes_contiguous(left, &left_data, NULL) != COFFER_OK ||
            coffer_bytes_contiguous(right, &right_data, NULL) != COFFER_OK ||
            !coffer_cursor_equal(left_data, right_data))
                abort();
}

/* What a pickle says a second time it must say a third time in the same way. */
static void check_again(coffer_bytes *second, uint32_t protocol)
{
        coffer_document *document _cleanup_document_ = read_pickle(second);
        if (!document)
                abort();
        coffer_bytes *third _cleanup_bytes_ = write_pickle(document, protocol);
        if (!third)
                abort();
        expect_equal(second, third);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        coffer_bytes *first _cleanup_bytes_ = bytes_of(data, size);
        coffer_document *document _cleanup_document_ = read_pickle(first);
        for (uint32_t protocol = 2; document && protocol <= 4; protocol += 2) {
                coffer_bytes *second _cleanup_bytes_ = write_pickle(document, protocol);
                if (second)
                        check_again(second, protocol);
        }
        return 0;
}
