/* SPDX-License-Identifier: Apache-2.0 */
/* What a value is, in one line. */
#include "value/dtype.h"
#include "value/print.h"
#include "value/tensor.h"
#include "value/text.h"
#include "value/view.h"

enum { SUMMARY_MAX_BYTES = 1 << 16, MAX_LEVELS = 4 };

static coffer_status write_type(const coffer_view *view, coffer_buf *out, coffer_error *error)
{
        if (!coffer_cursor_is(view->module, "builtins")) {
                COFFER_TRY(coffer_text_write_bare(view->module, out, error));
                COFFER_TRY(coffer_buf_append_text(out, view->module.size_bytes ? "." : "", error));
        }
        return coffer_text_write_bare(view->qualname, out, error);
}

/* " of 3 items" */
static coffer_status write_amount(uint64_t count, const char *one, coffer_buf *out, coffer_error *error)
{
        COFFER_TRY(coffer_buf_append_text(out, " of ", error));
        COFFER_TRY(coffer_text_write_count(count, out, error));
        return coffer_buf_printf(out, error, " %s%s", one, count == 1 ? "" : "s");
}

/* " of float64, shape (2, 3)" */
static coffer_status write_tensor(const coffer_tensor *tensor, bool is_scalar, coffer_buf *out, coffer_error *error)
{
        if (is_scalar)
                return COFFER_OK;
        COFFER_TRY(coffer_buf_append_text(out, " of ", error));
        COFFER_TRY(coffer_dtype_write_name(&tensor->dtype, out, error));
        COFFER_TRY(coffer_buf_append_text(out, ", shape ", error));
        return coffer_tensor_write_shape(tensor, out, error);
}

static const coffer_value *find_part(const coffer_view *view, const char *name)
{
        for (size_t i = 0; i < view->part_count; i++)
                if (strcmp(view->parts[i].name, name) == 0)
                        return view->parts[i].value;
        return NULL;
}

/* A call: by how many items or columns it has, or by the array that it holds or that its values hold in turn. */
static coffer_status write_contents(coffer_document *scratch, const coffer_view *view, coffer_buf *out,
                                    coffer_error *error)
{
        const coffer_value *columns = find_part(view, "columns"), *items = find_part(view, "items");
        const coffer_value *values = find_part(view, "values");
        coffer_view inner;
        if (columns)
                return write_amount(coffer_value_count(columns), "column", out, error);
        if (items)
                return write_amount(coffer_value_count(items), "item", out, error);
        for (unsigned level = 0; values && level < MAX_LEVELS; level++) {
                COFFER_TRY(coffer_view_of(scratch, values, &inner, error));
                if (inner.tensor)
                        return write_tensor(inner.tensor, inner.is_scalar, out, error);
                values = find_part(&inner, "values");
        }
        return COFFER_OK;
}

static coffer_status write_plain(const coffer_value *value, coffer_buf *out, coffer_error *error)
{
        switch (coffer_value_kind(value)) {
        case COFFER_KIND_STR:
        case COFFER_KIND_BYTES:
        case COFFER_KIND_BYTEARRAY:
        case COFFER_KIND_BUFFER:
                return write_amount(coffer_value_full_size(value), "byte", out, error);
        case COFFER_KIND_LIST:
        case COFFER_KIND_TUPLE:
        case COFFER_KIND_DICT:
        case COFFER_KIND_SET:
        case COFFER_KIND_FROZENSET:
                return write_amount(coffer_value_count(value), "item", out, error);
        default:
                return COFFER_OK;
        }
}

coffer_status coffer_value_summary(const coffer_value *value, char **out, coffer_error *error)
{
        coffer_document *scratch _cleanup_document_ = NULL;
        coffer_buf text _cleanup_buf_ = COFFER_BUF_INIT(SUMMARY_MAX_BYTES);
        coffer_view view;
        COFFER_TRY(coffer_document_new(&scratch, error));
        COFFER_TRY(coffer_view_of(scratch, value, &view, error));
        COFFER_TRY(write_type(&view, &text, error));
        if (view.tensor)
                COFFER_TRY(write_tensor(view.tensor, view.is_scalar, &text, error));
        else if (view.shape == COFFER_VIEW_CALL)
                COFFER_TRY(write_contents(scratch, &view, &text, error));
        else
                COFFER_TRY(write_plain(value, &text, error));
        return coffer_buf_take_text(&text, out, error);
}
