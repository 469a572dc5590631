/* SPDX-License-Identifier: Apache-2.0 */
/* The type a value would have in Python. */
#include "util/buf.h"
#include "value/forms_numpy.h"
#include "value/text.h"
#include "value/view.h"

enum { MAX_NAME_BYTES = 1 << 16 };

static const char *const builtin_types[COFFER_KIND_COUNT] = {
        [COFFER_KIND_NONE] = "NoneType",       [COFFER_KIND_BOOL] = "bool",           [COFFER_KIND_INT] = "int",
        [COFFER_KIND_FLOAT] = "float",         [COFFER_KIND_COMPLEX] = "complex",     [COFFER_KIND_STR] = "str",
        [COFFER_KIND_BYTES] = "bytes",         [COFFER_KIND_BYTEARRAY] = "bytearray", [COFFER_KIND_LIST] = "list",
        [COFFER_KIND_TUPLE] = "tuple",         [COFFER_KIND_DICT] = "dict",           [COFFER_KIND_SET] = "set",
        [COFFER_KIND_FROZENSET] = "frozenset", [COFFER_KIND_GLOBAL] = "type",         [COFFER_KIND_EXTENSION] = "type",
        [COFFER_KIND_BUFFER] = "memoryview"};

static void type_of_object(const coffer_maker *maker, coffer_cursor *module, coffer_cursor *qualname)
{
        const coffer_form *form = coffer_form_find(maker);
        *module = maker->module;
        *qualname = maker->qualname;
        if (coffer_numpy_scalar_type(maker, module, qualname) || !form || !form->type_module)
                return;
        if (form->type_qualname) {
                *module = coffer_cursor_text(form->type_module);
                *qualname = coffer_cursor_text(form->type_qualname);
        } else if (coffer_maker_arg(maker, 0, COFFER_KIND_GLOBAL)) {
                *module = coffer_value_module(maker->args[0]);
                *qualname = coffer_value_qualname(maker->args[0]);
        }
}

void coffer_value_type(const coffer_value *value, coffer_cursor *module, coffer_cursor *qualname)
{
        coffer_maker maker;
        *module = coffer_cursor_text("builtins");
        *qualname = coffer_cursor_text("object");
        if (coffer_maker_of(value, &maker)) {
                if (maker.qualname.size_bytes > 0)
                        type_of_object(&maker, module, qualname);
        } else if (value->kind == COFFER_KIND_TENSOR) {
                *module = coffer_cursor_text("numpy");
                *qualname = coffer_cursor_text("ndarray");
        } else if (builtin_types[value->kind]) {
                *qualname = coffer_cursor_text(builtin_types[value->kind]);
        }
}

coffer_status coffer_value_type_text(const coffer_value *value, char **out, coffer_error *error)
{
        coffer_buf text _cleanup_buf_ = COFFER_BUF_INIT(MAX_NAME_BYTES);
        coffer_cursor module, qualname;
        coffer_value_type(value, &module, &qualname);
        COFFER_TRY(coffer_buf_append_text(&text, "<class '", error));
        if (!coffer_cursor_is(module, "builtins")) {
                COFFER_TRY(coffer_text_write_bare(module, &text, error));
                COFFER_TRY(coffer_buf_append_byte(&text, '.', error));
        }
        COFFER_TRY(coffer_text_write_bare(qualname, &text, error));
        COFFER_TRY(coffer_buf_append_text(&text, "'>", error));
        return coffer_buf_take_text(&text, out, error);
}
