/* SPDX-License-Identifier: Apache-2.0 */
/* Text files as documents. */
#include "util/fs.h"
#include "util/utf8.h"
#include "value/value_internal.h"

enum { PIECE_BYTES = 1 << 20, MAX_CONTINUATION_BYTES = 3 };

/* Takes a piece that ends where a character ends, if the text is UTF-8. */
static coffer_cursor take_piece(coffer_cursor *text)
{
        size_t size_bytes = text->size_bytes < PIECE_BYTES ? text->size_bytes : PIECE_BYTES;
        for (int i = 0; i < MAX_CONTINUATION_BYTES && size_bytes < text->size_bytes; i++) {
                if ((text->data[size_bytes] & 0xc0) != 0x80)
                        break;
                size_bytes--;
        }
        coffer_cursor piece = {text->data, size_bytes};
        *text = (coffer_cursor){text->data + size_bytes, text->size_bytes - size_bytes};
        return piece;
}

/* Of a mapped file no more than a piece need be in memory. */
static bool is_utf8(coffer_cursor text)
{
        while (text.size_bytes > 0) {
                coffer_cursor piece = take_piece(&text);
                if (!coffer_utf8_valid(piece, false))
                        return false;
                coffer_fs_passed(piece);
        }
        return true;
}

/* Where the first bytes lie that are not UTF-8. */
static int64_t first_bad_byte(coffer_cursor text)
{
        coffer_cursor rest = text;
        uint32_t code_point;
        size_t offset = 0;
        while (coffer_utf8_take(&rest, &code_point) && (code_point < 0xd800 || code_point > 0xdfff))
                offset = text.size_bytes - rest.size_bytes;
        return (int64_t)offset;
}

coffer_status coffer_document_from_text(coffer_bytes *file, coffer_document **out, coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        coffer_cursor text;
        COFFER_TRY(coffer_bytes_contiguous(file, &text, error));
        if (!is_utf8(text))
                return coffer_error_set_at(error, COFFER_MALFORMED, first_bad_byte(text), "the text is not UTF-8");
        COFFER_TRY(coffer_document_new(&document, error));
        COFFER_TRY(coffer_document_keep(document, file, error));
        coffer_value *root = coffer_node_text(document, COFFER_KIND_STR, text);
        if (!root)
                return coffer_document_failure(document, error);
        coffer_document_set_root(document, root);
        *out = TAKE_PTR(document);
        return COFFER_OK;
}
