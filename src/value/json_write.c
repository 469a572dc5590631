/* SPDX-License-Identifier: Apache-2.0 */
/* Values as JSON: plain, or tagged as docs/json-form.md says. */
#include <inttypes.h>
#include <math.h>
#include <openssl/evp.h>

#include "util/json.h"
#include "util/number.h"
#include "util/utf8.h"
#include "value/print.h"
#include "value/text.h"
#include "value/walk.h"

enum {
        DECIMAL_DIGITS = 4300, /* Python reads no longer ones by itself */
        PLAIN_DECIMAL_DIGITS = 100000,
        PLAIN_MAX_BYTES = INT32_MAX, /* without options */
        SHOWN_BYTES = 100
};

typedef struct writer {
        coffer_buf out;
        uint64_t max_output_bytes;
        uint64_t max_text_bytes;
        bool is_tagged;
        bool has_open_pair; /* of a dict that is no object: [key, value without its ] */
} writer;

static coffer_status put(writer *w, const char *text, coffer_error *error)
{
        return coffer_buf_append_text(&w->out, text, error);
}

/* ---- text ---- */

static coffer_status put_string(writer *w, coffer_cursor text, coffer_error *error)
{
        coffer_buf escaped _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        if (!coffer_utf8_valid(text, true)) { /* a name, which nobody has checked */
                COFFER_TRY(coffer_text_write_bare(text, &escaped, error));
                text = coffer_buf_cursor(&escaped);
        }
        json_t *json _cleanup_json_ = json_stringn_nocheck(text.data ? (const char *)text.data : "", text.size_bytes);
        if (!json)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
        return coffer_json_write(json, &w->out, error);
}

static coffer_status put_base64(writer *w, coffer_cursor data, coffer_error *error)
{
        enum { GROUP_BYTES = 48 };
        coffer_cursor group;
        unsigned char encoded[GROUP_BYTES / 3 * 4 + 1];
        COFFER_TRY(put(w, "\"", error));
        while (data.size_bytes > 0) {
                size_t size = data.size_bytes < GROUP_BYTES ? data.size_bytes : GROUP_BYTES;
                if (!coffer_cursor_take(&data, size, &group))
                        break;
                int length = EVP_EncodeBlock(encoded, group.data, (int)group.size_bytes);
                COFFER_TRY(coffer_buf_append(&w->out, encoded, (size_t)length, error));
        }
        return put(w, "\"", error);
}

/* {"$str": "head", "omitted_bytes": 7}; what is whole and needs no tag is a string. */
static coffer_status put_text(writer *w, const coffer_value *value, const char *tag, coffer_error *error)
{
        const coffer_cursor text = coffer_value_data(value);
        const bool is_str = coffer_value_kind(value) == COFFER_KIND_STR;
        size_t wanted = text.size_bytes < w->max_text_bytes ? text.size_bytes : (size_t)w->max_text_bytes;
        coffer_cursor head = is_str ? coffer_text_head(text, wanted) : coffer_cursor_of(text.data, wanted);
        uint64_t omitted = coffer_value_full_size(value) - head.size_bytes;
        if (is_str && omitted == 0)
                return put_string(w, head, error);
        COFFER_TRY(coffer_buf_printf(&w->out, error, "{\"%s\": ", tag));
        COFFER_TRY(is_str ? put_string(w, head, error) : put_base64(w, head, error));
        if (omitted > 0)
                COFFER_TRY(coffer_buf_printf(&w->out, error, ", \"omitted_bytes\": %" PRIu64, omitted));
        if (coffer_value_buffer_is_read_only(value))
                COFFER_TRY(put(w, ", \"read_only\": true", error));
        return put(w, "}", error);
}

/* ---- numbers ---- */

static coffer_status put_hex_int(writer *w, const coffer_value *value, coffer_error *error)
{
        uint8_t scratch[8];
        coffer_cursor digits = coffer_value_int_digits(value, scratch);
        COFFER_TRY(put(w, "{\"$int\": \"", error));
        for (size_t i = digits.size_bytes; i-- > 0;)
                COFFER_TRY(coffer_text_write_hex(coffer_cursor_of(digits.data + i, 1), &w->out, error));
        return put(w, "\"}", error);
}

static coffer_status put_int(writer *w, const coffer_value *value, coffer_error *error)
{
        char *digits _cleanup_free_ = NULL;
        coffer_status status =
                coffer_value_int_format(value, w->is_tagged ? DECIMAL_DIGITS : PLAIN_DECIMAL_DIGITS, &digits, error);
        if (status == COFFER_LIMIT && w->is_tagged)
                return put_hex_int(w, value, error);
        COFFER_TRY(status);
        return put(w, digits, error);
}

static coffer_status put_float(writer *w, double number, coffer_error *error)
{
        char text[COFFER_DOUBLE_TEXT_BYTES];
        coffer_double_format(number, text);
        return isfinite(number) ? put(w, text, error) : coffer_buf_printf(&w->out, error, "{\"$float\": \"%s\"}", text);
}

static coffer_status put_complex(writer *w, const coffer_value *value, coffer_error *error)
{
        COFFER_TRY(put(w, "{\"$complex\": [", error));
        COFFER_TRY(put_float(w, coffer_value_get_float(value), error));
        COFFER_TRY(put(w, ", ", error));
        COFFER_TRY(put_float(w, coffer_value_get_imaginary(value), error));
        return put(w, "]}", error);
}

static coffer_status put_global(writer *w, const coffer_value *value, coffer_error *error)
{
        COFFER_TRY(put(w, "{\"$global\": [", error));
        COFFER_TRY(put_string(w, coffer_value_module(value), error));
        COFFER_TRY(put(w, ", ", error));
        COFFER_TRY(put_string(w, coffer_value_qualname(value), error));
        return put(w, "]}", error);
}

/* ---- containers ---- */

static const char *tag_of(coffer_kind kind)
{
        static const char *const tags[COFFER_KIND_COUNT] = {[COFFER_KIND_LIST] = "$list",
                                                            [COFFER_KIND_TUPLE] = "$tuple",
                                                            [COFFER_KIND_DICT] = "$dict",
                                                            [COFFER_KIND_SET] = "$set",
                                                            [COFFER_KIND_FROZENSET] = "$frozenset"};
        return tags[kind];
}

static bool is_member_name(const writer *w, const coffer_value *key)
{
        if (coffer_value_kind(key) != COFFER_KIND_STR)
                return false;
        coffer_cursor text = coffer_value_data(key);
        if (!w->is_tagged)
                return true;
        return coffer_value_full_size(key) <= w->max_text_bytes && text.size_bytes == coffer_value_full_size(key) &&
               (text.size_bytes == 0 || text.data[0] != '$');
}

/* A dict that is written as an object: all its keys are strs that are no tags. An opened one has its mark set. */
static bool is_object(const writer *w, const coffer_view *view)
{
        if (coffer_value_kind(view->value) != COFFER_KIND_DICT || view->number > 0)
                return false;
        for (size_t i = 0; i < coffer_value_count(view->value); i++)
                if (!is_member_name(w, coffer_value_key(view->value, i)))
                        return false;
        return true;
}

static bool is_array(const writer *w, const coffer_view *view)
{
        coffer_kind kind = coffer_value_kind(view->value);
        return view->number == 0 && (kind == COFFER_KIND_LIST || (kind == COFFER_KIND_TUPLE && !w->is_tagged));
}

/* "$type": "module.name", and the module by itself when the name has dots, which would leave it open. */
static coffer_status put_type(writer *w, coffer_cursor module, coffer_cursor qualname, coffer_error *error)
{
        coffer_buf name _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        COFFER_TRY(coffer_buf_append_cursor(&name, module, error));
        COFFER_TRY(coffer_buf_append_text(&name, ".", error));
        COFFER_TRY(coffer_buf_append_cursor(&name, qualname, error));
        COFFER_TRY(put_string(w, coffer_buf_cursor(&name), error));
        if (qualname.size_bytes == 0 || !memchr(qualname.data, '.', qualname.size_bytes))
                return COFFER_OK;
        COFFER_TRY(put(w, ", \"$module\": ", error));
        return put_string(w, module, error);
}

static coffer_status put_call_head(writer *w, const coffer_view *view, coffer_error *error)
{
        COFFER_TRY(put(w, "{\"$type\": ", error));
        COFFER_TRY(coffer_value_kind(view->value) == COFFER_KIND_PERSISTENT
                           ? put(w, "\"$persistent\"", error)
                           : put_type(w, view->module, view->qualname, error));
        return view->number ? coffer_buf_printf(&w->out, error, ", \"$id\": %" PRIu32, view->number) : COFFER_OK;
}

static coffer_status refuse(const coffer_view *view, const char *why, coffer_error *error)
{
        coffer_cursor module = coffer_text_head(view->module, SHOWN_BYTES);
        coffer_cursor qualname = coffer_text_head(view->qualname, SHOWN_BYTES);
        return coffer_error_set(error, COFFER_UNSUPPORTED, "plain JSON has no form for a value of type %.*s.%.*s%s",
                                (int)module.size_bytes, (const char *)module.data, (int)qualname.size_bytes,
                                (const char *)qualname.data, why);
}

static coffer_status put_empty(writer *w, const coffer_view *view, coffer_error *error)
{
        const char *tag = view->shape == COFFER_VIEW_PLAIN ? tag_of(coffer_value_kind(view->value)) : NULL;
        if (view->shape != COFFER_VIEW_PLAIN) {
                COFFER_TRY(put_call_head(w, view, error));
                return put(w, "}", error);
        }
        if (is_array(w, view))
                return put(w, "[]", error);
        if (is_object(w, view))
                return put(w, "{}", error);
        return tag ? coffer_buf_printf(&w->out, error, "{\"%s\": []}", tag)
                   : coffer_error_set(error, COFFER_INTERNAL, "a value of unknown kind");
}

static bool is_plain(const coffer_view *view)
{
        if (view->shape != COFFER_VIEW_PLAIN)
                return false;
        switch (coffer_value_kind(view->value)) {
        case COFFER_KIND_NONE:
        case COFFER_KIND_BOOL:
        case COFFER_KIND_INT:
        case COFFER_KIND_LIST:
        case COFFER_KIND_TUPLE:
        case COFFER_KIND_DICT:
                return true;
        case COFFER_KIND_STR:
                return coffer_value_full_size(view->value) == coffer_value_data(view->value).size_bytes;
        case COFFER_KIND_FLOAT:
                return isfinite(coffer_value_get_float(view->value));
        default:
                return false;
        }
}

/* ---- the sink ---- */

static coffer_status json_leaf(void *user, const coffer_view *view, coffer_error *error)
{
        writer *w = user;
        if (!w->is_tagged && !is_plain(view))
                return refuse(view, "", error);
        switch (view->shape == COFFER_VIEW_PLAIN ? coffer_value_kind(view->value) : COFFER_KIND_OBJECT) {
        case COFFER_KIND_NONE:
                return put(w, "null", error);
        case COFFER_KIND_BOOL:
                return put(w, coffer_value_get_bool(view->value) ? "true" : "false", error);
        case COFFER_KIND_INT:
                return put_int(w, view->value, error);
        case COFFER_KIND_FLOAT:
                return put_float(w, coffer_value_get_float(view->value), error);
        case COFFER_KIND_COMPLEX:
                return put_complex(w, view->value, error);
        case COFFER_KIND_STR:
                return put_text(w, view->value, "$str", error);
        case COFFER_KIND_BYTES:
                return put_text(w, view->value, "$bytes", error);
        case COFFER_KIND_BYTEARRAY:
                return put_text(w, view->value, "$bytearray", error);
        case COFFER_KIND_BUFFER:
                return put_text(w, view->value, "$buffer", error);
        case COFFER_KIND_GLOBAL:
                return put_global(w, view->value, error);
        case COFFER_KIND_EXTENSION:
                return coffer_buf_printf(&w->out, error, "{\"$extension\": %" PRIu32 "}",
                                         coffer_value_extension_code(view->value));
        default:
                return put_empty(w, view, error);
        }
}

static coffer_status json_open(void *user, coffer_view *view, coffer_error *error)
{
        writer *w = user;
        if (!w->is_tagged && !is_plain(view))
                return refuse(view, "", error);
        if (view->shape != COFFER_VIEW_PLAIN)
                return put_call_head(w, view, error);
        if (is_array(w, view))
                return put(w, "[", error);
        view->mark = is_object(w, view);
        if (view->mark)
                return put(w, "{", error);
        if (!w->is_tagged)
                return refuse(view, " with keys that are not all strs", error);
        w->has_open_pair = false;
        COFFER_TRY(put(w, "{", error));
        if (view->number)
                COFFER_TRY(coffer_buf_printf(&w->out, error, "\"$id\": %" PRIu32 ", ", view->number));
        return coffer_buf_printf(&w->out, error, "\"%s\": [", tag_of(coffer_value_kind(view->value)));
}

/* Ends the last pair of a dict that is no object. */
static coffer_status end_pair(writer *w, const coffer_view *view, coffer_error *error)
{
        bool is_pairs = view->shape == COFFER_VIEW_PLAIN && coffer_value_kind(view->value) == COFFER_KIND_DICT &&
                        !view->mark && w->has_open_pair;
        w->has_open_pair = false;
        return put(w, is_pairs ? "]" : "", error);
}

static coffer_status json_before(void *user, const coffer_view *parent, const coffer_walk_child *child,
                                 coffer_error *error)
{
        writer *w = user;
        const bool is_pair = child->role == COFFER_ROLE_KEY && !parent->mark;
        w->has_open_pair = child->role == COFFER_ROLE_VALUE;
        if (child->role == COFFER_ROLE_VALUE)
                return put(w, parent->mark ? ": " : ", ", error);
        if (is_pair && child->nth > 0)
                COFFER_TRY(put(w, "]", error));
        bool is_first = child->nth == 0 && parent->shape == COFFER_VIEW_PLAIN;
        COFFER_TRY(put(w, is_first ? "" : ", ", error));
        if (child->role == COFFER_ROLE_KEYWORD) {
                COFFER_TRY(put_string(w, child->name, error));
                return put(w, ": ", error);
        }
        return put(w, is_pair ? "[" : "", error);
}

static coffer_status json_omitted(void *user, const coffer_view *parent, const coffer_walk_child *child, uint64_t count,
                                  coffer_error *error)
{
        writer *w = user;
        COFFER_TRY(end_pair(w, parent, error));
        COFFER_TRY(put(w, child->nth == 0 ? "" : ", ", error));
        return coffer_buf_printf(&w->out, error, parent->mark ? "\"$more\": %" PRIu64 : "{\"$more\": %" PRIu64 "}",
                                 count);
}

static coffer_status json_close(void *user, const coffer_view *view, coffer_error *error)
{
        writer *w = user;
        COFFER_TRY(end_pair(w, view, error));
        w->has_open_pair = true; /* when it is the value of a pair itself */
        if (view->shape != COFFER_VIEW_PLAIN || view->mark)
                return put(w, "}", error);
        return put(w, is_array(w, view) ? "]" : "]}", error);
}

static coffer_status json_reference(void *user, const coffer_view *view, coffer_error *error)
{
        writer *w = user;
        if (!w->is_tagged)
                return refuse(view, " that contains itself", error);
        return coffer_buf_printf(&w->out, error, "{\"$ref\": %" PRIu32 "}", view->number);
}

static coffer_status json_too_deep(void *user, const coffer_view *view, coffer_error *error)
{
        writer *w = user;
        COFFER_TRY(put(w, "{\"$omitted\": ", error));
        COFFER_TRY(put_type(w, view->module, view->qualname, error));
        if (view->shape == COFFER_VIEW_PLAIN)
                COFFER_TRY(coffer_buf_printf(&w->out, error, ", \"count\": %zu", coffer_value_count(view->value)));
        return put(w, "}", error);
}

static bool json_is_full(const void *user)
{
        const writer *w = user;
        return w->out.size_bytes > w->max_output_bytes;
}

static const coffer_walk_sink json_sink = {.leaf = json_leaf,
                                           .open = json_open,
                                           .before = json_before,
                                           .omitted = json_omitted,
                                           .close = json_close,
                                           .reference = json_reference,
                                           .too_deep = json_too_deep,
                                           .is_full = json_is_full};

/* ---- the whole ---- */

static coffer_status too_long(uint64_t max_output_bytes, coffer_error *error)
{
        return coffer_error_set(error, COFFER_LIMIT, "the JSON text is longer than the %" PRIu64 " bytes allowed",
                                max_output_bytes);
}

static coffer_status write_plain(const coffer_value *value, const coffer_print_options *given, char **out,
                                 coffer_error *error)
{
        const coffer_walk_options options = {.max_depth = UINT32_MAX, .max_items = UINT64_MAX, .is_tree = true};
        writer w = {.out = COFFER_BUF_INIT(SIZE_MAX),
                    .max_output_bytes = given ? given->max_output_bytes : PLAIN_MAX_BYTES,
                    .max_text_bytes = UINT64_MAX};
        coffer_status status = coffer_walk(value, &options, &json_sink, &w, error);
        if (status == COFFER_OK)
                status = json_is_full(&w) ? too_long(w.max_output_bytes, error)
                                          : coffer_buf_take_text(&w.out, out, error);
        coffer_buf_done(&w.out);
        return status;
}

/* Halves what is shown until it fits: the text has to stay JSON, so it can't be cut anywhere. */
static coffer_status write_tagged(const coffer_value *value, const coffer_print_options *given, char **out,
                                  coffer_error *error)
{
        writer w = {.out = COFFER_BUF_INIT(SIZE_MAX),
                    .max_output_bytes = given->max_output_bytes,
                    .max_text_bytes = given->max_text_bytes,
                    .is_tagged = true};
        coffer_walk_options options = {
                .max_depth = given->max_depth, .max_items = given->max_items, .max_visits = given->max_output_bytes};
        coffer_status status = coffer_walk(value, &options, &json_sink, &w, error);
        while (status == COFFER_OK && json_is_full(&w) && (options.max_items > 1 || options.max_depth > 1)) {
                w.out.size_bytes = 0;
                options.max_items = options.max_items > 1 ? options.max_items / 2 : 1;
                options.max_depth = options.max_items > 1 ? options.max_depth : options.max_depth / 2;
                w.max_text_bytes = w.max_text_bytes > 64 ? w.max_text_bytes / 2 : w.max_text_bytes;
                status = coffer_walk(value, &options, &json_sink, &w, error);
        }
        if (status == COFFER_OK)
                status = json_is_full(&w) ? too_long(w.max_output_bytes, error)
                                          : coffer_buf_take_text(&w.out, out, error);
        coffer_buf_done(&w.out);
        return status;
}

coffer_status coffer_value_to_json(coffer_document *document, const coffer_value *value, bool tagged,
                                   const coffer_print_options *options, char **out, coffer_error *error)
{
        (void)document;
        const coffer_print_options *checked = options;
        COFFER_TRY(coffer_print_check_options(&checked, error));
        return tagged ? write_tagged(value, checked, out, error) : write_plain(value, options, out, error);
}
