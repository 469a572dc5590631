/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors in JSON: {"data":"base64 of the elements","dtype":"float32","shape":[2,3]}. */
#include "types/base64.h"
#include "types/tensor.h"
#include "util/cursor.h"
#include "util/text.h"
#include "value/dtype.h"
#include "value/tensor.h"

/* ---- the schema ---- */

static const char length_schema[] = "{\"type\":\"integer\",\"minimum\":0}";

static coffer_status shape_schema(const coffer_iotype *type, coffer_buf *out, coffer_error *error)
{
        size_t words = coffer_iotype_parameter_count(type);
        COFFER_TRY(coffer_buf_append_text(out, "{\"type\":\"array\",\"items\":", error));
        COFFER_TRY(coffer_buf_append_text(out, length_schema, error));
        if (words > 1)
                COFFER_TRY(coffer_buf_printf(out, error, ",\"minItems\":%zu,\"maxItems\":%zu,\"prefixItems\":[",
                                             words - 1, words - 1));
        for (size_t i = 1; i < words; i++) {
                const char *length = coffer_iotype_parameter_word(type, i);
                COFFER_TRY(coffer_buf_append_text(out, i > 1 ? "," : "", error));
                COFFER_TRY(*length == '?' ? coffer_buf_append_text(out, length_schema, error)
                                          : coffer_buf_printf(out, error, "{\"const\":%s}", length));
        }
        return coffer_buf_append_text(out, words > 1 ? "]}" : "}", error);
}

static coffer_status dtype_schema(const coffer_iotype *type, coffer_buf *out, coffer_error *error)
{
        const char *dtype = coffer_iotype_parameter_word(type, 0);
        return dtype ? coffer_buf_printf(out, error, "{\"const\":\"%s\"}", dtype)
                     : coffer_buf_append_text(out, "{\"type\":\"string\"}", error);
}

coffer_status coffer_tensor_to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                                    coffer_error *error)
{
        coffer_buf buf _cleanup_buf_ = COFFER_BUF_INIT(1 << 16);
        (void)self;
        COFFER_TRY(coffer_buf_append_text(
                &buf,
                "{\"type\":\"object\",\"required\":[\"data\",\"dtype\",\"shape\"],\"additionalProperties\":false,"
                "\"properties\":{\"data\":{\"type\":\"string\",\"contentEncoding\":\"base64\"},\"dtype\":",
                error));
        COFFER_TRY(dtype_schema(type, &buf, error));
        COFFER_TRY(coffer_buf_append_text(&buf, ",\"shape\":", error));
        COFFER_TRY(shape_schema(type, &buf, error));
        COFFER_TRY(coffer_buf_append_text(&buf, "}}", error));
        return coffer_buf_take_text(&buf, json, error);
}

/* ---- to JSON ---- */

static coffer_status set(coffer_document *document, coffer_value *dict, const char *name, const coffer_value *value,
                         coffer_error *error)
{
        coffer_value *key = NULL;
        COFFER_TRY(coffer_value_str(document, coffer_cursor_text(name), true, &key, error));
        return coffer_value_set_item(document, dict, key, value, error);
}

static coffer_status set_data(const coffer_tensor *tensor, coffer_document *document, coffer_value *dict,
                              coffer_error *error)
{
        coffer_buf digits _cleanup_buf_ = COFFER_BUF_INIT(INT32_MAX);
        void *copy _cleanup_free_ = NULL;
        coffer_value *text = NULL;
        coffer_cursor data;
        COFFER_TRY(coffer_tensor_elements(tensor, &data, &copy, error));
        COFFER_TRY(coffer_base64_encode(data, &digits, error));
        COFFER_TRY(coffer_value_str(document, coffer_buf_cursor(&digits), false, &text, error));
        return set(document, dict, "data", text, error);
}

static coffer_status set_shape(const coffer_tensor *tensor, coffer_document *document, coffer_value *dict,
                               coffer_error *error)
{
        coffer_value *shape = NULL, *length = NULL;
        COFFER_TRY(coffer_value_container(document, COFFER_KIND_LIST, &shape, error));
        for (size_t i = 0; i < tensor->dims; i++) {
                if (tensor->shape[i] > INT64_MAX)
                        return coffer_error_set(error, COFFER_MALFORMED, "shape[%zu]: it is too long", i);
                COFFER_TRY(coffer_value_int(document, (int64_t)tensor->shape[i], &length, error));
                COFFER_TRY(coffer_value_append(document, shape, length, error));
        }
        return set(document, dict, "shape", shape, error);
}

coffer_status coffer_tensor_to_json(const coffer_iotype_class *self, const coffer_iotype *type,
                                    coffer_document *document, const coffer_value *value, const coffer_value **out,
                                    coffer_error *error)
{
        coffer_tensor tensor;
        coffer_value *dict = NULL, *dtype = NULL;
        (void)self;
        coffer_status status = coffer_value_as_tensor(document, value, &tensor, error);
        if (status == COFFER_DECLINED)
                return coffer_type_mismatch(type, value, error);
        COFFER_TRY(status);
        COFFER_TRY(coffer_tensor_check(type, &tensor, error));
        const char *name = coffer_tensor_element_of(&tensor.dtype)->name;
        COFFER_TRY(coffer_value_container(document, COFFER_KIND_DICT, &dict, error));
        COFFER_TRY(set_data(&tensor, document, dict, error));
        COFFER_TRY(coffer_value_str(document, coffer_cursor_text(name), true, &dtype, error));
        COFFER_TRY(set(document, dict, "dtype", dtype, error));
        COFFER_TRY(set_shape(&tensor, document, dict, error));
        *out = dict;
        return COFFER_OK;
}

/* ---- from JSON ---- */

static coffer_status read_dtype(const coffer_value *json, coffer_tensor *out, coffer_error *error)
{
        const coffer_value *name = coffer_value_lookup(json, "dtype");
        const coffer_tensor_element *element = NULL;
        if (name && coffer_value_kind(name) == COFFER_KIND_STR)
                element = coffer_tensor_element_named(coffer_value_data(name));
        if (!element)
                return coffer_error_set(error, COFFER_MALFORMED, "dtype: it is none of a Tensor's");
        out->dtype = coffer_tensor_dtype(element);
        return COFFER_OK;
}

static coffer_status read_shape(const coffer_value *json, coffer_tensor *out, coffer_error *error)
{
        const coffer_value *shape = coffer_value_lookup(json, "shape");
        if (!shape || coffer_value_kind(shape) != COFFER_KIND_LIST ||
            coffer_value_count(shape) > COFFER_TENSOR_MAX_DIMS)
                return coffer_error_set(error, COFFER_MALFORMED, "shape: it is no list of at most %d lengths",
                                        COFFER_TENSOR_MAX_DIMS);
        out->dims = coffer_value_count(shape);
        for (size_t i = 0; i < out->dims; i++) {
                int64_t length;
                if (!coffer_value_get_int(coffer_value_item(shape, i), &length) || length < 0)
                        return coffer_error_set(error, COFFER_MALFORMED, "shape[%zu]: it is no length", i);
                out->shape[i] = (uint64_t)length;
        }
        return coffer_tensor_set_strides(out, false)
                       ? COFFER_OK
                       : coffer_error_set(error, COFFER_MALFORMED, "shape: the size of the array overflows");
}

static coffer_status read_data(const coffer_value *json, coffer_document *document, coffer_tensor *out,
                               coffer_error *error)
{
        const coffer_value *text = coffer_value_lookup(json, "data");
        coffer_buf data _cleanup_buf_ = COFFER_BUF_INIT(INT32_MAX);
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_cursor kept;
        uint64_t size_bytes;
        if (!text || coffer_value_kind(text) != COFFER_KIND_STR)
                return coffer_error_set(error, COFFER_MALFORMED, "data: it is no text");
        COFFER_TRY(coffer_base64_decode(coffer_value_data(text), &data, error));
        if (!coffer_tensor_size(out, &size_bytes) || size_bytes != data.size_bytes)
                return coffer_error_set(error, COFFER_MALFORMED, "data: %zu bytes do not make an array of that shape",
                                        data.size_bytes);
        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_buf_take_into(&data, bytes, error));
        COFFER_TRY(coffer_bytes_contiguous(bytes, &kept, error));
        COFFER_TRY(coffer_document_keep(document, bytes, error));
        out->data = kept.data;
        out->available_bytes = kept.size_bytes;
        out->read_only = true;
        return COFFER_OK;
}

coffer_status coffer_tensor_from_json(const coffer_iotype_class *self, const coffer_iotype *type,
                                      coffer_document *document, const coffer_value *json, const coffer_value **out,
                                      coffer_error *error)
{
        coffer_tensor tensor = {.dims = 0};
        coffer_value *made = NULL;
        (void)self;
        if (coffer_value_kind(json) != COFFER_KIND_DICT || coffer_value_count(json) != 3)
                return coffer_error_set(error, COFFER_MALFORMED, "a %s in JSON has data, dtype and shape",
                                        coffer_iotype_name(type));
        COFFER_TRY(read_dtype(json, &tensor, error));
        COFFER_TRY(read_shape(json, &tensor, error));
        COFFER_TRY(read_data(json, document, &tensor, error));
        COFFER_TRY(coffer_tensor_check(type, &tensor, error));
        COFFER_TRY(coffer_value_tensor(document, &tensor, &made, error));
        *out = made;
        return COFFER_OK;
}
