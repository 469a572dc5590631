/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

/* Texts one by one in one document, which is made anew now and then. */
enum { TEXTS_A_DOCUMENT = 4096 };

static bool has_surrogate(coffer_cursor text)
{
        for (size_t i = 0; i + 1 < text.size_bytes; i++)
                if (text.data[i] == 0xed && text.data[i + 1] >= 0xa0)
                        return true;
        return false;
}

static coffer_status check_text(coffer_document *scratch, struct ArrowStringView text, coffer_error *error)
{
        coffer_cursor bytes = {(const uint8_t *)text.data, (size_t)text.size_bytes};
        coffer_value *made = NULL;
        if (text.size_bytes == 0)
                return COFFER_OK;
        TABLE_TRY(coffer_value_str(scratch, bytes, true, &made, error));
        if (has_surrogate(bytes))
                return coffer_error_set(error, COFFER_MALFORMED, "lone surrogates");
        return COFFER_OK;
}

static coffer_status check_some_texts(const struct ArrowArrayView *view, int64_t first, int64_t end,
                                      coffer_error *error)
{
        coffer_document *scratch = NULL;
        coffer_status status = coffer_document_new(&scratch, error);
        for (int64_t i = first; status == COFFER_OK && i < end; i++)
                if (!ArrowArrayViewIsNull(view, i))
                        status = check_text(scratch, ArrowArrayViewGetStringUnsafe(view, i), error);
        coffer_document_unref(scratch);
        return status;
}

static coffer_status check_texts(const struct ArrowArrayView *view, coffer_error *error)
{
        for (int64_t first = 0; first < view->length; first += TEXTS_A_DOCUMENT) {
                int64_t end = view->length - first > TEXTS_A_DOCUMENT ? first + TEXTS_A_DOCUMENT : view->length;
                TABLE_TRY(check_some_texts(view, first, end, error));
        }
        return COFFER_OK;
}

static coffer_status check_places(const struct ArrowArrayView *view, coffer_error *error)
{
        for (int64_t i = 0; i < view->length; i++) {
                const struct ArrowArrayView *child = view->children[ArrowArrayViewUnionChildIndex(view, i)];
                if (ArrowArrayViewUnionChildOffset(view, i) >= child->length)
                        return coffer_error_set(error, COFFER_MALFORMED, "a union leads to a value that is not there");
        }
        return COFFER_OK;
}

static coffer_status check_array(const struct ArrowArrayView *view, coffer_error *error)
{
        if (view->storage_type == NANOARROW_TYPE_STRING || view->storage_type == NANOARROW_TYPE_LARGE_STRING)
                TABLE_TRY(check_texts(view, error));
        if (view->storage_type == NANOARROW_TYPE_DENSE_UNION)
                TABLE_TRY(check_places(view, error));
        for (int64_t i = 0; i < view->n_children; i++)
                TABLE_TRY(check_array(view->children[i], error));
        return view->dictionary ? check_array(view->dictionary, error) : COFFER_OK;
}

coffer_status table_check(const struct ArrowSchema *schema, const struct ArrowArrayView *batch, coffer_error *error)
{
        coffer_error problem = COFFER_ERROR_INIT;
        for (int64_t i = 0; i < batch->n_children; i++) {
                coffer_status status = check_array(batch->children[i], &problem);
                if (status != COFFER_OK)
                        return coffer_error_set(error, status, "column %s: %s", schema->children[i]->name,
                                                problem.message);
        }
        return COFFER_OK;
}
