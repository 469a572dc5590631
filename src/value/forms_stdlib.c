/* SPDX-License-Identifier: Apache-2.0 */
/* Python's own classes: dates and times, numbers, paths, collections. */
#include <stdio.h>

#include "util/buf.h"
#include "value/view.h"

enum { MAX_TEXT_BYTES = 1 << 20 };

/* ---- dates and times ---- */

/* The packed bytes of a date or time, if they are as many as they must be; in pickles of Python 2 a str of them. */
static bool packed_fields(const coffer_maker *maker, size_t size_bytes, coffer_cursor *out)
{
        const coffer_value *packed = coffer_maker_arg(maker, 0, COFFER_KIND_BYTES);
        if (!packed || !coffer_maker_is_bare(maker) || maker->arg_count > 2)
                return false;
        *out = coffer_value_data(packed);
        return out->size_bytes == size_bytes && coffer_value_full_size(packed) == size_bytes;
}

static bool is_date(const uint8_t *fields)
{
        int year = fields[0] << 8 | fields[1], month = fields[2] & 0x7f, day = fields[3];
        return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static int microsecond_of(const uint8_t *fields)
{
        return fields[0] << 16 | fields[1] << 8 | fields[2];
}

static bool is_time(const uint8_t *fields)
{
        return (fields[0] & 0x7f) < 24 && fields[1] < 60 && fields[2] < 60 && microsecond_of(fields + 3) < 1000000;
}

static coffer_status add_numbers(coffer_document *scratch, coffer_view *view, const int *numbers, size_t count,
                                 coffer_error *error)
{
        for (size_t i = 0; i < count; i++)
                COFFER_TRY(coffer_view_add_int(scratch, view, COFFER_PART_PRINTED, "", numbers[i], error));
        return COFFER_OK;
}

static coffer_status add_zone(coffer_document *scratch, const coffer_maker *maker, bool fold, coffer_view *view,
                              coffer_error *error)
{
        if (maker->arg_count > 1)
                COFFER_TRY(coffer_view_add(scratch, view, COFFER_PART_KEYWORD, "tzinfo", maker->args[1], error));
        return fold ? coffer_view_add_int(scratch, view, COFFER_PART_KEYWORD, "fold", 1, error) : COFFER_OK;
}

static coffer_status view_date(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                               coffer_error *error)
{
        coffer_cursor fields;
        char text[32];
        if (!packed_fields(maker, 4, &fields) || !is_date(fields.data) || maker->arg_count != 1)
                return COFFER_DECLINED;
        const int numbers[] = {fields.data[0] << 8 | fields.data[1], fields.data[2], fields.data[3]};
        snprintf(text, sizeof(text), "%04d-%02d-%02d", numbers[0], numbers[1], numbers[2]);
        out->is_atom = true;
        COFFER_TRY(coffer_view_add_text(scratch, out, COFFER_PART_JSON, "value", coffer_cursor_text(text), error));
        return add_numbers(scratch, out, numbers, ARRAY_COUNT(numbers), error);
}

static coffer_status view_time(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                               coffer_error *error)
{
        coffer_cursor fields;
        char text[48];
        if (!packed_fields(maker, 6, &fields) || !is_time(fields.data))
                return COFFER_DECLINED;
        const int numbers[] = {fields.data[0] & 0x7f, fields.data[1], fields.data[2], microsecond_of(fields.data + 3)};
        snprintf(text, sizeof(text), "%02d:%02d:%02d.%06d", numbers[0], numbers[1], numbers[2], numbers[3]);
        out->is_atom = true;
        COFFER_TRY(coffer_view_add_text(scratch, out, COFFER_PART_JSON, "value", coffer_cursor_text(text), error));
        COFFER_TRY(add_numbers(scratch, out, numbers, numbers[3] ? 4 : numbers[2] ? 3 : 2, error));
        return add_zone(scratch, maker, fields.data[0] & 0x80, out, error);
}

static coffer_status view_datetime(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                   coffer_error *error)
{
        coffer_cursor fields;
        char text[64];
        if (!packed_fields(maker, 10, &fields) || !is_date(fields.data) || !is_time(fields.data + 4))
                return COFFER_DECLINED;
        const uint8_t *f = fields.data;
        const int numbers[] = {f[0] << 8 | f[1], f[2] & 0x7f, f[3], f[4], f[5], f[6], microsecond_of(f + 7)};
        snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06d", numbers[0], numbers[1], numbers[2],
                 numbers[3], numbers[4], numbers[5], numbers[6]);
        out->is_atom = true;
        COFFER_TRY(coffer_view_add_text(scratch, out, COFFER_PART_JSON, "value", coffer_cursor_text(text), error));
        COFFER_TRY(add_numbers(scratch, out, numbers, numbers[6] ? 7 : numbers[5] ? 6 : 5, error));
        return add_zone(scratch, maker, f[2] & 0x80, out, error);
}

/* ZoneInfo._unpickle(key, from the cache) */
static coffer_status view_zone(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                               coffer_error *error)
{
        if (maker->arg_count != 2 || !coffer_maker_is_bare(maker))
                return COFFER_DECLINED;
        out->is_atom = true;
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_POSITIONAL, "key", maker->args[0], error));
        return coffer_view_add(scratch, out, COFFER_PART_JSON, "from_cache", maker->args[1], error);
}

/* ---- classes whose positional arguments have names ---- */

enum { MAX_NAMES = 3 };

typedef struct named_args {
        const char *module;
        const char *qualname;
        const char *names[MAX_NAMES];
        coffer_part_use use;
        size_t required;
        bool is_atom;
} named_args;

static const named_args named[] = {
        {"datetime", "timedelta", {"days", "seconds", "microseconds"}, COFFER_PART_KEYWORD, 3, true},
        {"datetime", "timezone", {"offset", "name"}, COFFER_PART_POSITIONAL, 1, true},
        {"decimal", "Decimal", {"value"}, COFFER_PART_POSITIONAL, 1, true},
        {"fractions", "Fraction", {"numerator", "denominator"}, COFFER_PART_POSITIONAL, 1, true},
        {"builtins", "slice", {"start", "stop", "step"}, COFFER_PART_POSITIONAL, 3, true},
        {"builtins", "range", {"start", "stop", "step"}, COFFER_PART_POSITIONAL, 3, true},
        {"re", "_compile", {"pattern", "flags"}, COFFER_PART_POSITIONAL, 2, true},
        {"collections", "Counter", {"items"}, COFFER_PART_POSITIONAL, 1, false},
};

static coffer_status view_named(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                coffer_error *error)
{
        const named_args *known = named;
        while (!coffer_maker_is(maker, known->module, known->qualname))
                if (++known == named + ARRAY_COUNT(named))
                        return COFFER_DECLINED;
        if (!coffer_maker_is_bare(maker) || maker->arg_count < known->required || maker->arg_count > MAX_NAMES)
                return COFFER_DECLINED;
        for (size_t i = 0; i < maker->arg_count; i++)
                if (!known->names[i])
                        return COFFER_DECLINED;
        for (size_t i = 0; i < maker->arg_count; i++)
                COFFER_TRY(coffer_view_add(scratch, out, known->use, known->names[i], maker->args[i], error));
        out->is_atom = known->is_atom;
        return COFFER_OK;
}

/* ---- UUIDs and paths ---- */

static coffer_status view_uuid(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                               coffer_error *error)
{
        const coffer_value *number = maker->state ? coffer_value_lookup(maker->state, "int") : NULL;
        uint8_t small[8], bytes[16] = {0};
        char text[40];
        size_t known = number ? 1 + (coffer_value_lookup(maker->state, "is_safe") != NULL) : 0;
        if (!number || number->kind != COFFER_KIND_INT || maker->state->count != known || maker->arg_count > 0 ||
            maker->items || maker->pairs)
                return COFFER_DECLINED;
        coffer_cursor digits = coffer_value_int_digits(number, small);
        if (digits.size_bytes > 17 || (digits.size_bytes > 0 && (digits.data[digits.size_bytes - 1] & 0x80)))
                return COFFER_DECLINED;
        for (size_t i = 0; i < digits.size_bytes && i < sizeof(bytes); i++)
                bytes[15 - i] = digits.data[i];
        for (size_t i = 0, at = 0; i < sizeof(bytes); i++) {
                bool dash = i == 4 || i == 6 || i == 8 || i == 10;
                at += (size_t)snprintf(text + at, sizeof(text) - at, dash ? "-%02x" : "%02x", bytes[i]);
        }
        out->is_atom = true;
        COFFER_TRY(
                coffer_view_add_text(scratch, out, COFFER_PART_POSITIONAL, "value", coffer_cursor_text(text), error));
        const coffer_value *is_safe = coffer_value_lookup(maker->state, "is_safe");
        return is_safe ? coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "is_safe", is_safe, error) : COFFER_OK;
}

static bool ends_with_separator(const coffer_buf *path)
{
        return path->size_bytes > 0 &&
               (path->data[path->size_bytes - 1] == '/' || path->data[path->size_bytes - 1] == '\\');
}

static coffer_status view_path(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                               coffer_error *error)
{
        coffer_buf path _cleanup_buf_ = COFFER_BUF_INIT(MAX_TEXT_BYTES);
        bool windows = strstr(out->label, "Windows") != NULL;
        for (size_t i = 0; i < maker->arg_count; i++) {
                const coffer_value *part = coffer_maker_arg(maker, i, COFFER_KIND_STR);
                if (!part || !coffer_maker_is_bare(maker))
                        return COFFER_DECLINED;
                if (i > 0 && !ends_with_separator(&path))
                        COFFER_TRY(coffer_buf_append_byte(&path, windows ? '\\' : '/', error));
                COFFER_TRY(coffer_buf_append_cursor(&path, coffer_value_data(part), error));
        }
        if (path.size_bytes == 0)
                COFFER_TRY(coffer_buf_append_byte(&path, '.', error));
        out->is_atom = true;
        return coffer_view_add_text(scratch, out, COFFER_PART_POSITIONAL, "value", coffer_buf_cursor(&path), error);
}

/* ---- collections ---- */

/* The pairs or items set on an object, or an empty container in their place. */
static coffer_status add_contents(coffer_document *scratch, coffer_view *view, const coffer_value *contents,
                                  coffer_kind kind, coffer_error *error)
{
        if (!contents)
                contents = coffer_node_container(scratch, kind);
        if (!contents)
                return coffer_document_failure(scratch, error);
        return coffer_view_add(scratch, view, COFFER_PART_POSITIONAL, "items", contents, error);
}

static coffer_status view_ordered_dict(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                       coffer_error *error)
{
        if (maker->arg_count > 0 || maker->state || maker->items || maker->kwargs)
                return COFFER_DECLINED;
        return add_contents(scratch, out, maker->pairs, COFFER_KIND_DICT, error);
}

static coffer_status view_default_dict(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                       coffer_error *error)
{
        if (maker->arg_count != 1 || maker->state || maker->items || maker->kwargs)
                return COFFER_DECLINED;
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_POSITIONAL, "default_factory", maker->args[0], error));
        return add_contents(scratch, out, maker->pairs, COFFER_KIND_DICT, error);
}

static coffer_status view_deque(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                coffer_error *error)
{
        bool is_empty_start = maker->arg_count == 0 || (coffer_maker_arg(maker, 0, COFFER_KIND_TUPLE) &&
                                                        maker->args[0]->count == 0 && maker->arg_count == 2);
        if (!is_empty_start || maker->state || maker->pairs || maker->kwargs)
                return COFFER_DECLINED;
        COFFER_TRY(add_contents(scratch, out, maker->items, COFFER_KIND_LIST, error));
        return maker->arg_count == 2
                       ? coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "maxlen", maker->args[1], error)
                       : COFFER_OK;
}

/* functools.partial(function) with a state (function, args, keywords, attributes) */
static coffer_status view_partial(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                  coffer_error *error)
{
        const coffer_value *state = maker->state;
        if (!state || state->kind != COFFER_KIND_TUPLE || state->count != 4 ||
            state->items[1]->kind != COFFER_KIND_TUPLE || state->items[2]->kind != COFFER_KIND_DICT || maker->items ||
            maker->pairs)
                return COFFER_DECLINED;
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_POSITIONAL, "function", state->items[0], error));
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_SPREAD, "args", state->items[1], error));
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_SPREAD_KEYWORDS, "keywords", state->items[2], error));
        return state->items[3]->kind == COFFER_KIND_NONE
                       ? COFFER_OK
                       : coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "attributes", state->items[3], error);
}

/* array._array_reconstructor(class, type code, format, data); the format says how the elements lie in memory */
static coffer_status view_array(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                coffer_error *error)
{
        static const coffer_dtype formats[] = {
                {.kind = 'u', .byte_order = '|', .item_size_bytes = 1},
                {.kind = 'i', .byte_order = '|', .item_size_bytes = 1},
                {.kind = 'u', .byte_order = '<', .item_size_bytes = 2},
                {.kind = 'u', .byte_order = '>', .item_size_bytes = 2},
                {.kind = 'i', .byte_order = '<', .item_size_bytes = 2},
                {.kind = 'i', .byte_order = '>', .item_size_bytes = 2},
                {.kind = 'u', .byte_order = '<', .item_size_bytes = 4},
                {.kind = 'u', .byte_order = '>', .item_size_bytes = 4},
                {.kind = 'i', .byte_order = '<', .item_size_bytes = 4},
                {.kind = 'i', .byte_order = '>', .item_size_bytes = 4},
                {.kind = 'u', .byte_order = '<', .item_size_bytes = 8},
                {.kind = 'u', .byte_order = '>', .item_size_bytes = 8},
                {.kind = 'i', .byte_order = '<', .item_size_bytes = 8},
                {.kind = 'i', .byte_order = '>', .item_size_bytes = 8},
                {.kind = 'f', .byte_order = '<', .item_size_bytes = 4},
                {.kind = 'f', .byte_order = '>', .item_size_bytes = 4},
                {.kind = 'f', .byte_order = '<', .item_size_bytes = 8},
                {.kind = 'f', .byte_order = '>', .item_size_bytes = 8},
        };
        const coffer_value *code = coffer_maker_arg(maker, 1, COFFER_KIND_STR);
        const coffer_value *data = coffer_maker_arg(maker, 3, COFFER_KIND_BYTES);
        int64_t format;
        if (!code || !data || !coffer_value_get_int(maker->args[2], &format) || format < 0 ||
            format >= (int64_t)ARRAY_COUNT(formats) || !coffer_maker_is_bare(maker))
                return COFFER_DECLINED;
        const uint64_t item_bytes = formats[format].item_size_bytes, full_bytes = coffer_value_full_size(data);
        coffer_tensor *tensor = coffer_document_alloc(scratch, sizeof(*tensor));
        if (!tensor)
                return coffer_document_failure(scratch, error);
        *tensor = (coffer_tensor){.dtype = formats[format],
                                  .dims = 1,
                                  .shape = {full_bytes / item_bytes},
                                  .strides_bytes = {(int64_t)item_bytes},
                                  .data = coffer_value_data(data).data,
                                  .available_bytes = coffer_value_data(data).size_bytes,
                                  .read_only = true};
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_POSITIONAL, "typecode", code, error));
        return coffer_view_add_tensor(scratch, out, COFFER_PART_POSITIONAL, "values", tensor, error);
}

const coffer_form coffer_forms_stdlib[] = {
        {"datetime", "datetime", view_datetime, "datetime.datetime", NULL, NULL},
        {"datetime", "date", view_date, "datetime.date", NULL, NULL},
        {"datetime", "time", view_time, "datetime.time", NULL, NULL},
        {"datetime", "timedelta", view_named, "datetime.timedelta", NULL, NULL},
        {"datetime", "timezone", view_named, "datetime.timezone", NULL, NULL},
        {"zoneinfo", "ZoneInfo._unpickle", view_zone, "zoneinfo.ZoneInfo", NULL, NULL},
        {"decimal", "Decimal", view_named, "Decimal", NULL, NULL},
        {"fractions", "Fraction", view_named, "Fraction", NULL, NULL},
        {"uuid", "UUID", view_uuid, "UUID", NULL, NULL},
        {"pathlib", "PosixPath", view_path, "PosixPath", NULL, NULL},
        {"pathlib", "PurePosixPath", view_path, "PurePosixPath", NULL, NULL},
        {"pathlib", "WindowsPath", view_path, "WindowsPath", NULL, NULL},
        {"pathlib", "PureWindowsPath", view_path, "PureWindowsPath", NULL, NULL},
        {"pathlib._local", "PosixPath", view_path, "PosixPath", NULL, NULL},
        {"pathlib._local", "PurePosixPath", view_path, "PurePosixPath", NULL, NULL},
        {"pathlib._local", "WindowsPath", view_path, "WindowsPath", NULL, NULL},
        {"pathlib._local", "PureWindowsPath", view_path, "PureWindowsPath", NULL, NULL},
        {"builtins", "slice", view_named, "slice", NULL, NULL},
        {"builtins", "range", view_named, "range", NULL, NULL},
        {"re", "_compile", view_named, "re.compile", "re", "Pattern"},
        {"collections", "OrderedDict", view_ordered_dict, "OrderedDict", NULL, NULL},
        {"collections", "defaultdict", view_default_dict, "defaultdict", NULL, NULL},
        {"collections", "Counter", view_named, "Counter", NULL, NULL},
        {"collections", "deque", view_deque, "deque", NULL, NULL},
        {"functools", "partial", view_partial, "functools.partial", NULL, NULL},
        {"array", "_array_reconstructor", view_array, "array.array", "array", "array"},
        {0},
};
