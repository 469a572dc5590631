/* SPDX-License-Identifier: Apache-2.0 */
/* tests/conformance/types.json. */
#ifndef COFFER_TESTS_VECTOR_FILE_H
#define COFFER_TESTS_VECTOR_FILE_H

#include "types_fixture.h"

#include "util/fs.h"

static inline coffer_document *read_vectors(void)
{
        coffer_bytes *file _cleanup_bytes_ = NULL;
        coffer_document *document = NULL;
        coffer_cursor text;
        assert_ok(coffer_fs_read(TYPE_VECTORS, &file, NULL));
        assert_ok(coffer_bytes_contiguous(file, &text, NULL));
        assert_ok(coffer_document_from_json(text, &document, NULL));
        return document;
}

/* The text of a member, to free; NULL when there is none. */
static inline char *text_of(const coffer_value *value)
{
        if (!value)
                return NULL;
        coffer_cursor text = coffer_value_data(value);
        char *copy = coffer_strndup(text.data ? (const char *)text.data : "", text.size_bytes);
        assert_non_null(copy);
        return copy;
}

static inline uint8_t hex_digit(char digit)
{
        static const char digits[] = "0123456789abcdef";
        const char *found = strchr(digits, digit);
        assert_non_null(found);
        return (uint8_t)(found - digits);
}

/* The bytes that a member has in hex, to free with coffer_free(data). */
static inline coffer_cursor bytes_of(const coffer_value *value)
{
        coffer_cursor hex = coffer_value_data(value);
        uint8_t *bytes = coffer_alloc(hex.size_bytes / 2 + 1);
        assert_non_null(bytes);
        for (size_t i = 0; i + 1 < hex.size_bytes; i += 2)
                bytes[i / 2] = (uint8_t)(hex_digit((char)hex.data[i]) << 4 | hex_digit((char)hex.data[i + 1]));
        return coffer_cursor_of(bytes, hex.size_bytes / 2);
}

#endif
