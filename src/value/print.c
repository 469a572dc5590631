/* SPDX-License-Identifier: Apache-2.0 */
/* Values printed in Python's notation. */
#include <inttypes.h>

#include "util/number.h"
#include "value/layout.h"
#include "value/print.h"
#include "value/text.h"
#include "value/walk.h"

enum { INDENT = 4, NAME_MAX_BYTES = 200, MIN_DIGITS = 40 };

typedef struct printer {
        const coffer_print_options *options;
        coffer_layout layout;
} printer;

/* ---- leaves ---- */

static coffer_status write_rest(uint64_t count, const char *what, coffer_buf *out, coffer_error *error)
{
        COFFER_TRY(coffer_buf_append_text(out, "... ", error));
        COFFER_TRY(coffer_text_write_count(count, out, error));
        return coffer_buf_append_text(out, what, error);
}

static coffer_status write_name(coffer_cursor name, coffer_buf *out, coffer_error *error)
{
        coffer_cursor head = coffer_text_head(name, NAME_MAX_BYTES);
        COFFER_TRY(coffer_text_write_bare(head, out, error));
        return head.size_bytes < name.size_bytes
                       ? write_rest(name.size_bytes - head.size_bytes, " more bytes", out, error)
                       : COFFER_OK;
}

static coffer_status write_dotted(coffer_cursor module, coffer_cursor qualname, coffer_buf *out, coffer_error *error)
{
        COFFER_TRY(write_name(module, out, error));
        COFFER_TRY(coffer_buf_append_text(out, module.size_bytes ? "." : "", error));
        return write_name(qualname, out, error);
}

static coffer_status write_text(const printer *p, const coffer_value *value, coffer_buf *out, coffer_error *error)
{
        const coffer_cursor text = coffer_value_data(value);
        const uint64_t most = p->options->max_text_bytes < p->options->max_output_bytes ? p->options->max_text_bytes
                                                                                        : p->options->max_output_bytes;
        size_t wanted = text.size_bytes < most ? text.size_bytes : (size_t)most;
        bool is_str = coffer_value_kind(value) == COFFER_KIND_STR;
        coffer_cursor head = is_str ? coffer_text_head(text, wanted) : coffer_cursor_of(text.data, wanted);
        if (is_str && (value->flags & COFFER_NODE_BARE))
                return coffer_text_write_bare(text, out, error);
        COFFER_TRY(is_str ? coffer_text_write_str(head, out, error) : coffer_text_write_bytes(head, out, error));
        uint64_t rest = coffer_value_full_size(value) - head.size_bytes;
        return rest > 0 ? write_rest(rest, " more bytes", out, error) : COFFER_OK;
}

static coffer_status write_wrapped_text(const printer *p, const char *name, const coffer_value *value, coffer_buf *out,
                                        coffer_error *error)
{
        COFFER_TRY(coffer_buf_printf(out, error, "%s(", name));
        COFFER_TRY(write_text(p, value, out, error));
        return coffer_buf_append_byte(out, ')', error);
}

static coffer_status write_int(const printer *p, const coffer_value *value, coffer_buf *out, coffer_error *error)
{
        char *digits _cleanup_free_ = NULL;
        uint8_t scratch[8];
        size_t most = p->options->max_text_bytes > MIN_DIGITS ? p->options->max_text_bytes : MIN_DIGITS;
        coffer_status status = coffer_value_int_format(value, most, &digits, error);
        if (status == COFFER_LIMIT) {
                COFFER_TRY(coffer_buf_append_text(out, "<int of ", error));
                COFFER_TRY(coffer_text_write_count(coffer_value_int_digits(value, scratch).size_bytes, out, error));
                return coffer_buf_append_text(out, " bytes>", error);
        }
        COFFER_TRY(status);
        return coffer_buf_append_text(out, digits, error);
}

static coffer_status write_float(double number, coffer_buf *out, coffer_error *error)
{
        char text[COFFER_DOUBLE_TEXT_BYTES];
        coffer_double_format(number, text);
        return coffer_buf_append_text(out, text, error);
}

/* Parts of a complex number go without ".0". */
static void format_part(double number, char out[COFFER_DOUBLE_TEXT_BYTES])
{
        coffer_double_format(number, out);
        size_t size = strlen(out);
        if (size > 2 && strcmp(out + size - 2, ".0") == 0)
                out[size - 2] = '\0';
}

static coffer_status write_complex(const coffer_value *value, coffer_buf *out, coffer_error *error)
{
        char real[COFFER_DOUBLE_TEXT_BYTES], imaginary[COFFER_DOUBLE_TEXT_BYTES];
        format_part(coffer_value_get_float(value), real);
        format_part(coffer_value_get_imaginary(value), imaginary);
        if (strcmp(real, "0") == 0)
                return coffer_buf_printf(out, error, "%sj", imaginary);
        return coffer_buf_printf(out, error, "(%s%s%sj)", real, imaginary[0] == '-' ? "" : "+", imaginary);
}

static coffer_status write_global(const coffer_value *value, coffer_buf *out, coffer_error *error)
{
        COFFER_TRY(coffer_buf_append_text(out, "<global ", error));
        COFFER_TRY(write_dotted(coffer_value_module(value), coffer_value_qualname(value), out, error));
        return coffer_buf_append_byte(out, '>', error);
}

static coffer_status write_call_name(const coffer_view *view, coffer_buf *out, coffer_error *error)
{
        if (view->label)
                return coffer_buf_append_text(out, view->label, error);
        bool is_builtin = coffer_cursor_is(view->module, "builtins");
        return write_dotted(is_builtin ? coffer_cursor_of(NULL, 0) : view->module, view->qualname, out, error);
}

static const char *empty_text(coffer_kind kind)
{
        static const char *const texts[COFFER_KIND_COUNT] = {
                [COFFER_KIND_NONE] = "None", [COFFER_KIND_LIST] = "[]",   [COFFER_KIND_TUPLE] = "()",
                [COFFER_KIND_DICT] = "{}",   [COFFER_KIND_SET] = "set()", [COFFER_KIND_FROZENSET] = "frozenset()"};
        return texts[kind] ? texts[kind] : "<unknown>";
}

coffer_status coffer_print_plain(const coffer_print_options *options, const coffer_value *value, coffer_buf *out,
                                 coffer_error *error)
{
        const printer p = {.options = options};
        switch (coffer_value_kind(value)) {
        case COFFER_KIND_BOOL:
                return coffer_buf_append_text(out, coffer_value_get_bool(value) ? "True" : "False", error);
        case COFFER_KIND_INT:
                return write_int(&p, value, out, error);
        case COFFER_KIND_FLOAT:
                return write_float(coffer_value_get_float(value), out, error);
        case COFFER_KIND_COMPLEX:
                return write_complex(value, out, error);
        case COFFER_KIND_STR:
        case COFFER_KIND_BYTES:
                return write_text(&p, value, out, error);
        case COFFER_KIND_BYTEARRAY:
                return write_wrapped_text(&p, "bytearray", value, out, error);
        case COFFER_KIND_BUFFER:
                return write_wrapped_text(&p, "memoryview", value, out, error);
        case COFFER_KIND_GLOBAL:
                return write_global(value, out, error);
        case COFFER_KIND_EXTENSION:
                return coffer_buf_printf(out, error, "<extension %" PRIu32 ">", coffer_value_extension_code(value));
        default:
                return coffer_buf_append_text(out, empty_text(coffer_value_kind(value)), error);
        }
}

static coffer_status print_leaf(void *user, const coffer_view *view, coffer_error *error)
{
        printer *p = user;
        coffer_buf *out = &p->layout.text;
        if (view->shape == COFFER_VIEW_PLAIN) {
                COFFER_TRY(coffer_print_plain(p->options, view->value, out, error));
        } else if (view->word) {
                COFFER_TRY(coffer_buf_append_text(out, view->word, error));
        } else {
                COFFER_TRY(write_call_name(view, out, error));
                COFFER_TRY(coffer_buf_append_text(out, "()", error));
        }
        return coffer_layout_piece(&p->layout, error);
}

/* ---- containers and calls ---- */

typedef struct brackets {
        const char *open;
        const char *close;
} brackets;

static brackets brackets_of(const coffer_view *view)
{
        if (view->shape != COFFER_VIEW_PLAIN)
                return (brackets){"(", ")"};
        switch (coffer_value_kind(view->value)) {
        case COFFER_KIND_LIST:
                return (brackets){"[", "]"};
        case COFFER_KIND_TUPLE:
                return (brackets){"(", ")"};
        case COFFER_KIND_FROZENSET:
                return (brackets){"frozenset({", "})"};
        default:
                return (brackets){"{", "}"};
        }
}

/* One entry on each line, unless all fit on one. */
static bool is_column(const coffer_view *view)
{
        return view->shape == COFFER_VIEW_PLAIN ? coffer_value_kind(view->value) == COFFER_KIND_DICT : !view->is_atom;
}

static coffer_status write_opening(printer *p, const coffer_view *view, coffer_error *error)
{
        coffer_buf *out = &p->layout.text;
        if (view->number)
                COFFER_TRY(coffer_buf_printf(out, error, "#%" PRIu32 "=", view->number));
        if (view->shape != COFFER_VIEW_PLAIN)
                COFFER_TRY(write_call_name(view, out, error));
        return coffer_buf_append_text(out, brackets_of(view).open, error);
}

static coffer_status print_open(void *user, coffer_view *view, coffer_error *error)
{
        printer *p = user;
        COFFER_TRY(write_opening(p, view, error));
        if (!is_column(view))
                return coffer_layout_open(&p->layout, COFFER_LAYOUT_FILL, INDENT, error);
        COFFER_TRY(coffer_layout_open(&p->layout, COFFER_LAYOUT_COLUMN, INDENT, error));
        return coffer_layout_break(&p->layout, 0, false, error);
}

static coffer_status print_before(void *user, const coffer_view *parent, const coffer_walk_child *child,
                                  coffer_error *error)
{
        printer *p = user;
        coffer_buf *out = &p->layout.text;
        (void)parent;
        if (child->role == COFFER_ROLE_VALUE)
                return coffer_buf_append_text(out, ": ", error);
        if (child->nth > 0) {
                COFFER_TRY(coffer_buf_append_byte(out, ',', error));
                COFFER_TRY(coffer_layout_break(&p->layout, 1, false, error));
        }
        if (child->role != COFFER_ROLE_KEYWORD)
                return COFFER_OK;
        COFFER_TRY(write_name(child->name, out, error));
        return coffer_buf_append_byte(out, '=', error);
}

static coffer_status print_omitted(void *user, const coffer_view *parent, const coffer_walk_child *child,
                                   uint64_t count, coffer_error *error)
{
        printer *p = user;
        COFFER_TRY(print_before(p, parent, child, error));
        return write_rest(count, " more", &p->layout.text, error);
}

static coffer_status print_close(void *user, const coffer_view *view, coffer_error *error)
{
        printer *p = user;
        bool is_single = view->shape == COFFER_VIEW_PLAIN && coffer_value_kind(view->value) == COFFER_KIND_TUPLE &&
                         coffer_value_count(view->value) == 1;
        if (is_single)
                COFFER_TRY(coffer_buf_append_byte(&p->layout.text, ',', error));
        if (is_column(view))
                COFFER_TRY(coffer_layout_break(&p->layout, 0, true, error));
        COFFER_TRY(coffer_layout_close(&p->layout, error));
        return coffer_buf_append_text(&p->layout.text, brackets_of(view).close, error);
}

static coffer_status print_reference(void *user, const coffer_view *view, coffer_error *error)
{
        printer *p = user;
        return coffer_buf_printf(&p->layout.text, error, "<ref #%" PRIu32 ">", view->number);
}

static coffer_status print_too_deep(void *user, const coffer_view *view, coffer_error *error)
{
        printer *p = user;
        coffer_buf *out = &p->layout.text;
        COFFER_TRY(write_opening(p, view, error));
        COFFER_TRY(view->shape == COFFER_VIEW_PLAIN ? write_rest(coffer_value_count(view->value), " more", out, error)
                                                    : coffer_buf_append_text(out, "...", error));
        return coffer_buf_append_text(out, brackets_of(view).close, error);
}

static bool print_is_full(const void *user)
{
        const printer *p = user;
        return p->layout.text.size_bytes > p->options->max_output_bytes;
}

static const coffer_walk_sink print_sink = {.leaf = print_leaf,
                                            .open = print_open,
                                            .before = print_before,
                                            .omitted = print_omitted,
                                            .close = print_close,
                                            .reference = print_reference,
                                            .too_deep = print_too_deep,
                                            .is_full = print_is_full};

/* ---- the whole ---- */

/* Cuts at the limit, between characters, and says so. */
static coffer_status cut(const coffer_print_options *options, coffer_buf *out, coffer_error *error)
{
        out->size_bytes = coffer_text_head(coffer_buf_cursor(out), (size_t)options->max_output_bytes).size_bytes;
        return coffer_buf_printf(out, error, "\n... cut off after %" PRIu64 " bytes", options->max_output_bytes);
}

static coffer_status print_into(printer *p, const coffer_value *value, coffer_buf *out, coffer_error *error)
{
        const coffer_walk_options options = {.max_depth = p->options->max_depth,
                                             .max_items = p->options->max_items,
                                             .max_visits = p->options->max_output_bytes,
                                             .as_calls = true};
        COFFER_TRY(coffer_walk(value, &options, &print_sink, p, error));
        COFFER_TRY(coffer_layout_write(&p->layout, p->options->width, out, error));
        return out->size_bytes > p->options->max_output_bytes ? cut(p->options, out, error) : COFFER_OK;
}

coffer_status coffer_print_check_options(const coffer_print_options **options, coffer_error *error)
{
        static const coffer_print_options defaults = COFFER_PRINT_OPTIONS_INIT;
        if (!*options)
                *options = &defaults;
        if ((*options)->version != defaults.version)
                return coffer_error_set(error, COFFER_INVALID, "print options of version %" PRIu32 " are not known",
                                        (*options)->version);
        return COFFER_OK;
}

coffer_status coffer_value_print(coffer_document *document, const coffer_value *value,
                                 const coffer_print_options *options, char **out, coffer_error *error)
{
        (void)document;
        COFFER_TRY(coffer_print_check_options(&options, error));
        coffer_buf text _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        printer p = {.options = options, .layout = COFFER_LAYOUT_INIT(SIZE_MAX)};
        coffer_status status = print_into(&p, value, &text, error);
        coffer_layout_done(&p.layout);
        COFFER_TRY(status);
        return coffer_buf_take_text(&text, out, error);
}
