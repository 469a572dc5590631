/* SPDX-License-Identifier: Apache-2.0 */
#include "value/view.h"
#include "value/dtype.h"
#include "value/element.h"
#include "value/tensor.h"

enum { FIRST_PARTS = 4, MAX_DTYPE_BYTES = 1 << 20, MAX_SHAPE_BYTES = 2048 };

/* ---- parts ---- */

coffer_status coffer_view_add(coffer_document *scratch, coffer_view *view, coffer_part_use use, const char *name,
                              const coffer_value *value, coffer_error *error)
{
        bool is_full = view->part_count == 0 ||
                       (view->part_count >= FIRST_PARTS && (view->part_count & (view->part_count - 1)) == 0);
        if (is_full) {
                size_t count = view->part_count ? view->part_count * 2 : FIRST_PARTS;
                coffer_view_part *parts = coffer_document_grow(scratch, view->parts, view->part_count * sizeof(*parts),
                                                               count * sizeof(*parts));
                if (!parts)
                        return coffer_document_failure(scratch, error);
                view->parts = parts;
        }
        view->parts[view->part_count++] = (coffer_view_part){name, value, use};
        return COFFER_OK;
}

coffer_status coffer_view_add_int(coffer_document *scratch, coffer_view *view, coffer_part_use use, const char *name,
                                  int64_t number, coffer_error *error)
{
        coffer_value *value;
        COFFER_TRY(coffer_value_int(scratch, number, &value, error));
        return coffer_view_add(scratch, view, use, name, value, error);
}

coffer_status coffer_view_add_text(coffer_document *scratch, coffer_view *view, coffer_part_use use, const char *name,
                                   coffer_cursor text, coffer_error *error)
{
        coffer_value *value;
        COFFER_TRY(coffer_value_str(scratch, text, false, &value, error));
        return coffer_view_add(scratch, view, use, name, value, error);
}

coffer_status coffer_view_add_tensor(coffer_document *scratch, coffer_view *view, coffer_part_use use, const char *name,
                                     const coffer_tensor *tensor, coffer_error *error)
{
        coffer_value *value = coffer_node_of_kind(scratch, COFFER_KIND_TENSOR, sizeof(*value));
        if (!value)
                return coffer_document_failure(scratch, error);
        value->tensor = tensor;
        return coffer_view_add(scratch, view, use, name, value, error);
}

coffer_status coffer_view_name(coffer_document *scratch, coffer_cursor text, const char **out, coffer_error *error)
{
        if (text.size_bytes == 0 || memchr(text.data, 0, text.size_bytes))
                return COFFER_DECLINED;
        char *copy = coffer_document_alloc(scratch, text.size_bytes + 1);
        if (!copy)
                return coffer_document_failure(scratch, error);
        memcpy(copy, text.data, text.size_bytes);
        copy[text.size_bytes] = '\0';
        *out = copy;
        return COFFER_OK;
}

/* ---- objects of classes that nobody recognises ---- */

/* "Class.method" */
static coffer_status join_method(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                 coffer_error *error)
{
        size_t class_bytes = maker->qualname.size_bytes, size;
        if (!coffer_add_size(class_bytes + 1, maker->method.size_bytes, &size))
                return coffer_error_set(error, COFFER_LIMIT, "a name is too long");
        uint8_t *text = coffer_document_alloc(scratch, size);
        if (!text)
                return coffer_document_failure(scratch, error);
        memcpy(text, maker->qualname.data, class_bytes);
        text[class_bytes] = '.';
        memcpy(text + class_bytes + 1, maker->method.data, maker->method.size_bytes);
        out->qualname = coffer_cursor_of(text, size);
        return COFFER_OK;
}

static bool has_str_keys(const coffer_value *dict)
{
        if (dict->kind != COFFER_KIND_DICT)
                return false;
        for (uint32_t i = 0; i < dict->count; i++)
                if (dict->pairs[i].key->kind != COFFER_KIND_STR)
                        return false;
        return true;
}

static coffer_status add_attributes(coffer_document *scratch, coffer_view *view, const char *name,
                                    const coffer_value *state, coffer_error *error)
{
        coffer_part_use use = has_str_keys(state) ? COFFER_PART_SPREAD_KEYWORDS : COFFER_PART_KEYWORD;
        return coffer_view_add(scratch, view, use, name, state, error);
}

/* A state is mostly a dict of attributes, or with __slots__ a pair of such dicts. */
static coffer_status add_state(coffer_document *scratch, coffer_view *view, const coffer_value *state,
                               coffer_error *error)
{
        bool is_pair = state->kind == COFFER_KIND_TUPLE && state->count == 2 && has_str_keys(state->items[1]) &&
                       (state->items[0]->kind == COFFER_KIND_NONE || has_str_keys(state->items[0]));
        if (!is_pair)
                return add_attributes(scratch, view, "state", state, error);
        if (state->items[0]->kind != COFFER_KIND_NONE)
                COFFER_TRY(add_attributes(scratch, view, "state", state->items[0], error));
        return add_attributes(scratch, view, "slots", state->items[1], error);
}

static coffer_status add_args(coffer_document *scratch, coffer_view *view, const coffer_maker *maker,
                              coffer_error *error)
{
        const coffer_value *given = coffer_value_args(maker->value);
        if (maker->arg_count == 0)
                return given && given->kind != COFFER_KIND_TUPLE
                               ? coffer_view_add(scratch, view, COFFER_PART_KEYWORD, "args", given, error)
                               : COFFER_OK;
        coffer_value *args = coffer_node_sequence(scratch, COFFER_KIND_TUPLE, maker->args, maker->arg_count);
        if (!args)
                return coffer_document_failure(scratch, error);
        return coffer_view_add(scratch, view, COFFER_PART_SPREAD, "args", args, error);
}

/* Which of pickle's ways made an object: nothing that is printed, but JSON shall not lose it. */
static coffer_status add_construction(coffer_document *scratch, coffer_view *view, const coffer_value *object,
                                      coffer_error *error)
{
        static const char *const names[] = {[COFFER_CALL] = "call", [COFFER_NEW] = "new", [COFFER_NEW_EX] = "new_ex"};
        const char *name = names[coffer_value_construction(object)];
        return coffer_view_add_text(scratch, view, COFFER_PART_JSON, "made_by", coffer_cursor_text(name), error);
}

static coffer_status view_unknown(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                  coffer_error *error)
{
        out->shape = COFFER_VIEW_CALL;
        out->module = maker->module; /* what was called, even where its result is known to be of another type */
        out->qualname = maker->qualname;
        if (maker->method.size_bytes > 0)
                COFFER_TRY(join_method(scratch, maker, out, error));
        COFFER_TRY(add_construction(scratch, out, maker->value, error));
        if (maker->qualname.size_bytes == 0) {
                out->module = coffer_cursor_text("builtins");
                out->qualname = coffer_cursor_text("object");
                COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "callable",
                                           coffer_value_callable(maker->value), error));
        }
        COFFER_TRY(add_args(scratch, out, maker, error));
        if (maker->kwargs)
                COFFER_TRY(add_attributes(scratch, out, "kwargs", maker->kwargs, error));
        if (maker->state)
                COFFER_TRY(add_state(scratch, out, maker->state, error));
        if (maker->items)
                COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "items", maker->items, error));
        if (maker->pairs)
                COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "pairs", maker->pairs, error));
        return COFFER_OK;
}

/* ---- all values ---- */

const coffer_form *coffer_form_find(const coffer_maker *maker)
{
        static const coffer_form *const tables[] = {coffer_forms_stdlib, coffer_forms_numpy, coffer_forms_pandas,
                                                    coffer_forms_arrow};
        for (size_t i = 0; i < ARRAY_COUNT(tables); i++)
                for (const coffer_form *form = tables[i]; form->module; form++)
                        if (coffer_maker_is(maker, form->module, form->qualname))
                                return form;
        return NULL;
}

static coffer_status view_object(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                 coffer_error *error)
{
        const coffer_form *form = coffer_form_find(maker);
        if (form && form->recognise) {
                coffer_view view = *out;
                view.shape = COFFER_VIEW_CALL;
                view.label = form->label;
                coffer_status status = form->recognise(scratch, maker, &view, error);
                if (status == COFFER_OK)
                        *out = view;
                if (status != COFFER_DECLINED)
                        return status;
        }
        return view_unknown(scratch, maker, out, error);
}

/* ---- tensors ---- */

/* For JSON as a list of lengths, and as it is printed: (2, 3). */
static coffer_status add_shape(coffer_document *scratch, coffer_view *view, coffer_error *error)
{
        const coffer_tensor *tensor = view->tensor;
        coffer_buf text _cleanup_buf_ = COFFER_BUF_INIT(MAX_SHAPE_BYTES);
        coffer_value *list = coffer_node_partial_list(scratch), *printed;
        if (!list)
                return coffer_document_failure(scratch, error);
        for (size_t i = 0; i < tensor->dims; i++) {
                coffer_value *length;
                COFFER_TRY(coffer_value_int(scratch, (int64_t)tensor->shape[i], &length, error));
                COFFER_TRY(coffer_value_append(scratch, list, length, error));
        }
        COFFER_TRY(coffer_view_add(scratch, view, COFFER_PART_JSON, "shape", list, error));
        if (tensor->dims == 1 || view->is_scalar)
                return COFFER_OK;
        COFFER_TRY(coffer_tensor_write_shape(tensor, &text, error));
        COFFER_TRY(coffer_value_str(scratch, coffer_buf_cursor(&text), false, &printed, error));
        printed->flags |= COFFER_NODE_BARE;
        return coffer_view_add(scratch, view, COFFER_PART_PRINTED_KEYWORD, "shape", printed, error);
}

static coffer_status add_dtype(coffer_document *scratch, coffer_view *view, coffer_error *error)
{
        coffer_buf name _cleanup_buf_ = COFFER_BUF_INIT(MAX_DTYPE_BYTES);
        bool is_told = view->is_scalar && view->tensor->dtype.field_count == 0 && view->tensor->dtype.kind != 'm';
        COFFER_TRY(coffer_dtype_write_name(&view->tensor->dtype, &name, error));
        return coffer_view_add_text(scratch, view, is_told ? COFFER_PART_JSON : COFFER_PART_KEYWORD, "dtype",
                                    coffer_buf_cursor(&name), error);
}

/* The head of an array of objects, as a flat list that shares the array's memory. */
static coffer_status head_of_objects(coffer_document *scratch, const coffer_tensor *tensor, uint64_t max_items,
                                     const coffer_value **out, coffer_error *error)
{
        uint64_t count;
        if (!coffer_tensor_count(tensor, &count))
                return coffer_error_set(error, COFFER_INVALID, "the size of an array overflows");
        uint64_t shown = count < max_items ? count : max_items;
        coffer_value *items = coffer_node_partial_list(scratch);
        if (!items)
                return coffer_document_failure(scratch, error);
        items->items = (const coffer_value **)tensor->objects;
        items->count = shown < UINT32_MAX ? (uint32_t)shown : UINT32_MAX;
        coffer_node_set_omitted(items, count - items->count);
        *out = items;
        return COFFER_OK;
}

coffer_status coffer_view_expand(coffer_document *scratch, coffer_view *view, uint64_t max_items, coffer_error *error)
{
        const coffer_value *values;
        COFFER_TRY(view->tensor->dtype.kind == 'O'
                           ? head_of_objects(scratch, view->tensor, max_items, &values, error)
                           : coffer_tensor_head(scratch, view->tensor, max_items, &values, error));
        view->shape = COFFER_VIEW_CALL;
        COFFER_TRY(coffer_view_add(scratch, view, COFFER_PART_POSITIONAL, "values", values, error));
        COFFER_TRY(add_shape(scratch, view, error));
        return add_dtype(scratch, view, error);
}

coffer_status coffer_view_of(coffer_document *scratch, const coffer_value *value, coffer_view *out, coffer_error *error)
{
        coffer_maker maker;
        *out = (coffer_view){.shape = COFFER_VIEW_PLAIN, .value = value};
        coffer_value_type(value, &out->module, &out->qualname);
        if (value->kind == COFFER_KIND_TENSOR) {
                out->label = "array";
                out->shape = COFFER_VIEW_TENSOR;
                out->tensor = value->tensor;
                return COFFER_OK;
        }
        if (value->kind == COFFER_KIND_PERSISTENT) {
                out->shape = COFFER_VIEW_CALL;
                out->label = "persistent_id";
                return coffer_view_add(scratch, out, COFFER_PART_POSITIONAL, "id", value->value, error);
        }
        if (coffer_maker_of(value, &maker))
                return view_object(scratch, &maker, out, error);
        return COFFER_OK;
}
