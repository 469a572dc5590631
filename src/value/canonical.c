/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical JSON: equal values have equal bytes, in every language that writes it. It is what Python's json.dumps gives
 * with sort_keys=True, separators=(",", ":"), ensure_ascii=False and allow_nan=False. */
#include <math.h>
#include <stdlib.h>

#include "util/buf.h"
#include "util/number.h"
#include "util/utf8.h"
#include "value/value_internal.h"

enum { MAX_DEPTH = 1000, MAX_BYTES = INT32_MAX, INT_DIGITS = 4300 };

static coffer_status write_value(coffer_buf *out, const coffer_value *value, unsigned depth, coffer_error *error);

/* ---- text ---- */

static coffer_status write_escape(coffer_buf *out, uint8_t byte, coffer_error *error)
{
        static const char raw[] = "\"\\\n\r\t\b\f", letters[] = "\"\\nrtbf";
        const char *found = byte ? strchr(raw, byte) : NULL;
        if (found)
                return coffer_buf_printf(out, error, "\\%c", letters[found - raw]);
        return coffer_buf_printf(out, error, "\\u%04x", byte);
}

static bool needs_escape(uint8_t byte)
{
        return byte < ' ' || byte == '"' || byte == '\\';
}

static coffer_status write_text(coffer_buf *out, coffer_cursor text, coffer_error *error)
{
        if (!coffer_utf8_valid(text, false))
                return coffer_error_set(error, COFFER_UNSUPPORTED, "a str holds lone surrogates, which UTF-8 can't");
        COFFER_TRY(coffer_buf_append_byte(out, '"', error));
        while (text.size_bytes > 0) {
                coffer_cursor plain, special;
                size_t count = 0;
                while (count < text.size_bytes && !needs_escape(text.data[count]))
                        count++;
                if (coffer_cursor_take(&text, count, &plain))
                        COFFER_TRY(coffer_buf_append_cursor(out, plain, error));
                if (coffer_cursor_take(&text, 1, &special))
                        COFFER_TRY(write_escape(out, special.data[0], error));
        }
        return coffer_buf_append_byte(out, '"', error);
}

/* ---- numbers ---- */

static coffer_status write_int(coffer_buf *out, const coffer_value *value, coffer_error *error)
{
        char *digits _cleanup_free_ = NULL;
        COFFER_TRY(coffer_value_int_format(value, INT_DIGITS, &digits, error));
        return coffer_buf_append_text(out, digits, error);
}

static coffer_status write_float(coffer_buf *out, double number, coffer_error *error)
{
        char text[COFFER_DOUBLE_TEXT_BYTES];
        if (!isfinite(number))
                return coffer_error_set(error, COFFER_UNSUPPORTED, "JSON has no number for NaN and the infinities");
        coffer_double_format(number, text);
        return coffer_buf_append_text(out, text, error);
}

/* ---- containers ---- */

static coffer_status write_items(coffer_buf *out, const coffer_value *list, unsigned depth, coffer_error *error)
{
        COFFER_TRY(coffer_buf_append_byte(out, '[', error));
        for (size_t i = 0; i < coffer_value_count(list); i++) {
                if (i > 0)
                        COFFER_TRY(coffer_buf_append_byte(out, ',', error));
                COFFER_TRY(write_value(out, coffer_value_item(list, i), depth + 1, error));
        }
        return coffer_buf_append_byte(out, ']', error);
}

/* The order of UTF-8 is that of its code points. */
static int compare_keys(const void *left, const void *right)
{
        coffer_cursor a = coffer_value_data(((const coffer_pair *)left)->key);
        coffer_cursor b = coffer_value_data(((const coffer_pair *)right)->key);
        size_t common = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
        int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
        return order != 0 ? order : (a.size_bytes > b.size_bytes) - (a.size_bytes < b.size_bytes);
}

static coffer_status sort_members(const coffer_value *dict, coffer_pair **out, coffer_error *error)
{
        size_t count = coffer_value_count(dict);
        coffer_pair *pairs _cleanup_free_ = coffer_alloc_zeroed(count > 0 ? count : 1, sizeof(*pairs));
        if (!pairs)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for JSON");
        for (size_t i = 0; i < count; i++) {
                pairs[i] = (coffer_pair){coffer_value_key(dict, i), coffer_value_item(dict, i)};
                if (coffer_value_kind(pairs[i].key) != COFFER_KIND_STR)
                        return coffer_error_set(error, COFFER_UNSUPPORTED, "a dict has a key that is no str");
        }
        qsort(pairs, count, sizeof(*pairs), compare_keys);
        *out = TAKE_PTR(pairs);
        return COFFER_OK;
}

static coffer_status write_members(coffer_buf *out, const coffer_value *dict, unsigned depth, coffer_error *error)
{
        coffer_pair *pairs _cleanup_free_ = NULL;
        COFFER_TRY(sort_members(dict, &pairs, error));
        COFFER_TRY(coffer_buf_append_byte(out, '{', error));
        for (size_t i = 0; i < coffer_value_count(dict); i++) {
                if (i > 0)
                        COFFER_TRY(coffer_buf_append_byte(out, ',', error));
                COFFER_TRY(write_text(out, coffer_value_data(pairs[i].key), error));
                COFFER_TRY(coffer_buf_append_byte(out, ':', error));
                COFFER_TRY(write_value(out, pairs[i].value, depth + 1, error));
        }
        return coffer_buf_append_byte(out, '}', error);
}

static coffer_status write_value(coffer_buf *out, const coffer_value *value, unsigned depth, coffer_error *error)
{
        if (depth > MAX_DEPTH)
                return coffer_error_set(error, COFFER_LIMIT, "it is nested deeper than %d", MAX_DEPTH);
        switch (coffer_value_kind(value)) {
        case COFFER_KIND_NONE:
                return coffer_buf_append_text(out, "null", error);
        case COFFER_KIND_BOOL:
                return coffer_buf_append_text(out, coffer_value_get_bool(value) ? "true" : "false", error);
        case COFFER_KIND_INT:
                return write_int(out, value, error);
        case COFFER_KIND_FLOAT:
                return write_float(out, coffer_value_get_float(value), error);
        case COFFER_KIND_STR:
                return write_text(out, coffer_value_data(value), error);
        case COFFER_KIND_LIST:
        case COFFER_KIND_TUPLE:
                return write_items(out, value, depth, error);
        case COFFER_KIND_DICT:
                return write_members(out, value, depth, error);
        default:
                break;
        }
        char *summary _cleanup_free_ = NULL;
        COFFER_TRY(coffer_value_summary(value, &summary, error));
        return coffer_error_set(error, COFFER_UNSUPPORTED, "JSON has no %s", summary);
}

coffer_status coffer_value_to_canonical_json(const coffer_value *value, char **out, coffer_error *error)
{
        coffer_buf buf _cleanup_buf_ = COFFER_BUF_INIT(MAX_BYTES);
        COFFER_TRY(write_value(&buf, value, 0, error));
        return coffer_buf_take_text(&buf, out, error);
}
