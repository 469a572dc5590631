/* SPDX-License-Identifier: Apache-2.0 */
/* Pickled arrays, scalars and dtypes of NumPy 1 and 2. */
#include <stdio.h>

#include "util/threads.h"
#include "value/forms_numpy.h"
#include "value/tensor.h"

static coffer_status malformed(const char *what, coffer_error *error)
{
        return coffer_error_set(error, COFFER_MALFORMED, "a pickled NumPy array is malformed: %s", what);
}

static bool is_from(const coffer_maker *maker, const char *module, const char *new_module, const char *name)
{
        return coffer_maker_is(maker, module, name) || coffer_maker_is(maker, new_module, name);
}

static bool is_reconstruct(const coffer_maker *maker)
{
        return is_from(maker, "numpy.core.multiarray", "numpy._core.multiarray", "_reconstruct");
}

static bool is_scalar(const coffer_maker *maker)
{
        return is_from(maker, "numpy.core.multiarray", "numpy._core.multiarray", "scalar");
}

static bool is_frombuffer(const coffer_maker *maker)
{
        return is_from(maker, "numpy.core.numeric", "numpy._core.numeric", "_frombuffer");
}

/* ---- the pieces of an array ---- */

static coffer_status set_dtype(coffer_document *document, const coffer_value *value, coffer_tensor *out,
                               coffer_error *error)
{
        coffer_dtype_builder builder = {.document = document};
        return coffer_numpy_dtype(&builder, value, &out->dtype, error);
}

static coffer_status set_shape(const coffer_value *shape, coffer_tensor *out, coffer_error *error)
{
        if (shape->kind != COFFER_KIND_TUPLE || shape->count > COFFER_TENSOR_MAX_DIMS)
                return malformed("its shape", error);
        out->dims = shape->count;
        for (size_t i = 0; i < out->dims; i++) {
                int64_t length;
                if (!coffer_value_get_int(shape->items[i], &length) || length < 0)
                        return malformed("its shape", error);
                out->shape[i] = (uint64_t)length;
        }
        return COFFER_OK;
}

/* They are in C order, whatever the order of the array in memory was. */
static coffer_status set_objects(const coffer_value *list, coffer_tensor *out, coffer_error *error)
{
        uint64_t count;
        if (!coffer_tensor_count(out, &count) || list->kind != COFFER_KIND_LIST || list->count != count)
                return malformed("its objects don't fill its shape", error);
        if (!coffer_tensor_set_strides(out, false))
                return malformed("its size overflows", error);
        out->objects = list->items;
        return COFFER_OK;
}

static coffer_status set_data(const coffer_value *data, bool fortran, coffer_tensor *out, coffer_error *error)
{
        uint64_t size;
        if (data->kind != COFFER_KIND_BYTES && data->kind != COFFER_KIND_BYTEARRAY && data->kind != COFFER_KIND_BUFFER)
                return malformed("its data are no bytes", error);
        if (!coffer_tensor_set_strides(out, fortran) || !coffer_tensor_size(out, &size))
                return malformed("its size overflows", error);
        if (size != coffer_value_full_size(data))
                return malformed("its data don't fill its shape", error);
        coffer_cursor kept = coffer_value_data(data);
        out->data = kept.data;
        out->available_bytes = kept.size_bytes;
        out->read_only = data->kind == COFFER_KIND_BYTES || coffer_value_buffer_is_read_only(data);
        return COFFER_OK;
}

static coffer_status set_contents(const coffer_value *contents, bool fortran, coffer_tensor *out, coffer_error *error)
{
        if (out->dtype.kind == 'O')
                return set_objects(contents, out, error);
        if (coffer_dtype_has_objects(&out->dtype))
                return COFFER_DECLINED; /* records with objects: their data are a list of tuples */
        return set_data(contents, fortran, out, error);
}

/* ---- the three ways in which arrays and scalars are pickled ---- */

/* _reconstruct(class, (0,), b'b') with a state ([version,] shape, dtype, is Fortran order, data) */
static coffer_status read_reconstruct(coffer_document *document, const coffer_maker *maker, coffer_tensor *out,
                                      coffer_error *error)
{
        const coffer_value *state = maker->state;
        if (!state || state->kind != COFFER_KIND_TUPLE || (state->count != 4 && state->count != 5))
                return COFFER_DECLINED; /* a subclass with a state of its own */
        const coffer_value *const *part = state->items + (state->count - 4);
        COFFER_TRY(set_shape(part[0], out, error));
        COFFER_TRY(set_dtype(document, part[1], out, error));
        return set_contents(part[3], coffer_value_get_bool(part[2]), out, error);
}

/* _frombuffer(buffer, dtype, shape, order) */
static coffer_status read_frombuffer(coffer_document *document, const coffer_maker *maker, coffer_tensor *out,
                                     coffer_error *error)
{
        const coffer_value *order = coffer_maker_arg(maker, 3, COFFER_KIND_STR);
        if (!order || !coffer_maker_is_bare(maker))
                return COFFER_DECLINED;
        COFFER_TRY(set_shape(maker->args[2], out, error));
        COFFER_TRY(set_dtype(document, maker->args[1], out, error));
        return set_contents(maker->args[0], coffer_cursor_is(coffer_value_data(order), "F"), out, error);
}

/* scalar(dtype, data), with data an object for dtype object */
static coffer_status read_scalar(coffer_document *document, const coffer_maker *maker, coffer_tensor *out,
                                 coffer_error *error)
{
        if (maker->arg_count != 2 || !coffer_maker_is_bare(maker))
                return COFFER_DECLINED;
        COFFER_TRY(set_dtype(document, maker->args[0], out, error));
        if (out->dtype.kind != 'O')
                return set_contents(maker->args[1], false, out, error);
        out->objects = maker->args + 1;
        return COFFER_OK;
}

coffer_status coffer_numpy_tensor(coffer_document *document, const coffer_value *value, coffer_tensor *out,
                                  coffer_error *error)
{
        coffer_maker maker;
        coffer_tensor tensor = {0};
        coffer_status status = COFFER_DECLINED;
        if (!coffer_maker_of(value, &maker))
                return COFFER_DECLINED;
        if (is_reconstruct(&maker))
                status = read_reconstruct(document, &maker, &tensor, error);
        else if (is_frombuffer(&maker))
                status = read_frombuffer(document, &maker, &tensor, error);
        else if (is_scalar(&maker))
                status = read_scalar(document, &maker, &tensor, error);
        if (status == COFFER_OK)
                *out = tensor;
        return status;
}

uint64_t coffer_numpy_data_offset(const coffer_value *value)
{
        const coffer_value *data = NULL;
        coffer_maker maker;
        if (!coffer_maker_of(value, &maker))
                return 0;
        if (is_reconstruct(&maker) && maker.state && maker.state->kind == COFFER_KIND_TUPLE && maker.state->count > 0)
                data = maker.state->items[maker.state->count - 1];
        else if (is_frombuffer(&maker) && maker.arg_count > 0)
                data = maker.args[0];
        bool is_cut = data && (data->kind == COFFER_KIND_BYTES || data->kind == COFFER_KIND_BYTEARRAY) &&
                      (data->flags & COFFER_NODE_EXTENDED);
        return is_cut ? data->extended->offset : 0;
}

coffer_status coffer_value_as_tensor(coffer_document *document, const coffer_value *value, coffer_tensor *out,
                                     coffer_error *error)
{
        if (value->kind == COFFER_KIND_TENSOR) {
                *out = *value->tensor;
                return COFFER_OK;
        }
        COFFER_LOCK_SCOPE(&document->late); /* readers of a finished document may come from many threads */
        coffer_status status = coffer_numpy_tensor(document, value, out, error);
        if (status == COFFER_DECLINED)
                return coffer_error_set(error, COFFER_DECLINED, "the value is no array");
        return status;
}

/* ---- types of scalars ---- */

static coffer_cursor scalar_name(char kind, coffer_cursor code)
{
        static const struct {
                const char *code;
                const char *name;
        } names[] = {{"b1", "bool"},        {"i1", "int8"},       {"i2", "int16"},       {"i4", "int32"},
                     {"i8", "int64"},       {"u1", "uint8"},      {"u2", "uint16"},      {"u4", "uint32"},
                     {"u8", "uint64"},      {"f2", "float16"},    {"f4", "float32"},     {"f8", "float64"},
                     {"f16", "longdouble"}, {"c8", "complex64"},  {"c16", "complex128"}, {"c32", "clongdouble"},
                     {"M8", "datetime64"},  {"m8", "timedelta64"}};
        for (size_t i = 0; i < ARRAY_COUNT(names); i++)
                if (coffer_cursor_is(code, names[i].code))
                        return coffer_cursor_text(names[i].name);
        return coffer_cursor_text(kind == 'S' ? "bytes_" : kind == 'U' ? "str_" : kind == 'V' ? "void" : "generic");
}

bool coffer_numpy_scalar_type(const coffer_maker *maker, coffer_cursor *module, coffer_cursor *qualname)
{
        coffer_maker dtype;
        if (!is_scalar(maker) || maker->arg_count == 0 || !coffer_maker_of(maker->args[0], &dtype))
                return false;
        const coffer_value *code = coffer_maker_arg(&dtype, 0, COFFER_KIND_STR);
        const coffer_value *class = coffer_maker_arg(&dtype, 0, COFFER_KIND_GLOBAL);
        if (class) {
                *module = coffer_value_module(class);
                *qualname = coffer_value_qualname(class);
                return true;
        }
        coffer_cursor text = code ? coffer_value_data(code) : coffer_cursor_of(NULL, 0);
        *module = coffer_cursor_text("numpy");
        *qualname = scalar_name(text.size_bytes ? (char)text.data[0] : '\0', text);
        if (coffer_cursor_is(*qualname, "bool") && coffer_cursor_is(maker->module, "numpy.core.multiarray"))
                *qualname = coffer_cursor_text("bool_"); /* so NumPy 1 calls it */
        return true;
}

/* ---- views ---- */

static coffer_status make_tensor(coffer_document *scratch, const coffer_value *value, const coffer_tensor **out,
                                 coffer_error *error)
{
        coffer_tensor *tensor = coffer_document_alloc(scratch, sizeof(*tensor));
        if (!tensor)
                return coffer_document_failure(scratch, error);
        coffer_status status = coffer_numpy_tensor(scratch, value, tensor, error);
        *out = tensor;
        return status == COFFER_MALFORMED || status == COFFER_LIMIT ? COFFER_DECLINED : status;
}

static coffer_status view_array(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                coffer_error *error)
{
        COFFER_TRY(make_tensor(scratch, maker->value, &out->tensor, error));
        bool is_ndarray = coffer_cursor_is(out->module, "numpy") && coffer_cursor_is(out->qualname, "ndarray");
        out->label = is_ndarray ? out->label : NULL;
        out->shape = COFFER_VIEW_TENSOR;
        return COFFER_OK;
}

static coffer_status view_scalar(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                 coffer_error *error)
{
        COFFER_TRY(make_tensor(scratch, maker->value, &out->tensor, error));
        if (out->tensor->dtype.kind == 'O') {
                out->tensor = NULL;
                return coffer_view_add(scratch, out, COFFER_PART_POSITIONAL, "value", maker->args[1], error);
        }
        out->shape = COFFER_VIEW_TENSOR;
        out->is_scalar = true;
        out->is_atom = true;
        return COFFER_OK;
}

static coffer_status view_dtype(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                coffer_error *error)
{
        coffer_buf name _cleanup_buf_ = COFFER_BUF_INIT(1 << 20);
        coffer_dtype_builder builder = {.document = scratch};
        coffer_dtype dtype;
        coffer_status status = coffer_numpy_dtype(&builder, maker->value, &dtype, error);
        if (status == COFFER_MALFORMED || status == COFFER_LIMIT)
                return COFFER_DECLINED;
        COFFER_TRY(status);
        COFFER_TRY(coffer_dtype_write_name(&dtype, &name, error));
        out->is_atom = true;
        return coffer_view_add_text(scratch, out, COFFER_PART_POSITIONAL, "name", coffer_buf_cursor(&name), error);
}

/* _mareconstruct(class, base class, (0,), 'b') with a state (version, shape, dtype, is Fortran order, data, mask, fill
 * value) */
static coffer_status view_masked(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                 coffer_error *error)
{
        const coffer_value *state = maker->state;
        coffer_tensor *data = coffer_document_alloc(scratch, sizeof(*data));
        coffer_tensor *mask = coffer_document_alloc(scratch, sizeof(*mask));
        if (!data || !mask)
                return coffer_document_failure(scratch, error);
        if (!state || state->kind != COFFER_KIND_TUPLE || state->count != 7)
                return COFFER_DECLINED;
        *data = (coffer_tensor){0};
        bool fortran = coffer_value_get_bool(state->items[3]);
        coffer_status status = set_shape(state->items[1], data, NULL);
        if (status == COFFER_OK)
                status = set_dtype(scratch, state->items[2], data, NULL);
        *mask = *data;
        mask->dtype = (coffer_dtype){.kind = 'b', .byte_order = '|', .item_size_bytes = 1};
        if (status == COFFER_OK && data->dtype.kind != 'O' && data->dtype.field_count == 0)
                status = set_data(state->items[4], fortran, data, NULL);
        else if (status == COFFER_OK)
                return COFFER_DECLINED;
        if (status == COFFER_OK)
                status = set_data(state->items[5], fortran, mask, NULL);
        if (status == COFFER_MALFORMED)
                return COFFER_DECLINED;
        COFFER_TRY(status);
        COFFER_TRY(coffer_view_add_tensor(scratch, out, COFFER_PART_POSITIONAL, "data", data, error));
        COFFER_TRY(coffer_view_add_tensor(scratch, out, COFFER_PART_KEYWORD, "mask", mask, error));
        return coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "fill_value", state->items[6], error);
}

const coffer_form coffer_forms_numpy[] = {
        {"numpy.core.multiarray", "_reconstruct", view_array, "array", "", NULL},
        {"numpy._core.multiarray", "_reconstruct", view_array, "array", "", NULL},
        {"numpy.core.numeric", "_frombuffer", view_array, "array", "numpy", "ndarray"},
        {"numpy._core.numeric", "_frombuffer", view_array, "array", "numpy", "ndarray"},
        {"numpy.core.multiarray", "scalar", view_scalar, NULL, NULL, NULL},
        {"numpy._core.multiarray", "scalar", view_scalar, NULL, NULL, NULL},
        {"numpy", "dtype", view_dtype, "dtype", NULL, NULL},
        {"numpy.ma.core", "_mareconstruct", view_masked, NULL, "", NULL},
        {0},
};
