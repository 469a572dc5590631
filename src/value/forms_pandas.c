/* SPDX-License-Identifier: Apache-2.0 */
/* pandas 1 to 3: indexes, extension arrays, timestamps. */
#include "util/buf.h"
#include "value/datetime_text.h"
#include "value/forms_pandas.h"

/* ---- extension arrays that are backed by a NumPy array ---- */

/* __pyx_unpickle_NDArrayBacked(class, checksum, None) with a state (dtype, array[, attributes]) */
static const coffer_value *backed_state(const coffer_maker *maker)
{
        return maker->state ? maker->state : maker->args[2];
}

bool coffer_pandas_backed(const coffer_value *value, const coffer_value **array, const coffer_value **dtype)
{
        coffer_maker maker;
        if (!coffer_maker_of(value, &maker) ||
            !coffer_maker_is(&maker, "pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked") || maker.arg_count != 3)
                return false;
        const coffer_value *state = backed_state(&maker);
        *dtype = coffer_value_item(state, 0);
        *array = coffer_value_item(state, 1);
        return state->kind == COFFER_KIND_TUPLE && *array;
}

/* The type is the class that was asked for; it is printed without its module, which differs between versions. */
static coffer_status use_class(coffer_document *scratch, const coffer_value *class, coffer_view *out,
                               coffer_error *error)
{
        out->module = coffer_value_module(class);
        out->qualname = coffer_value_qualname(class);
        return coffer_view_name(scratch, out->qualname, &out->label, error);
}

static coffer_status view_backed(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                 coffer_error *error)
{
        const coffer_value *array, *dtype;
        if (!coffer_pandas_backed(maker->value, &array, &dtype) || !coffer_maker_arg(maker, 0, COFFER_KIND_GLOBAL))
                return COFFER_DECLINED;
        COFFER_TRY(use_class(scratch, maker->args[0], out, error));
        bool has_codes = coffer_cursor_is(out->qualname, "Categorical");
        COFFER_TRY(coffer_view_add(scratch, out, has_codes ? COFFER_PART_KEYWORD : COFFER_PART_POSITIONAL,
                                   has_codes ? "codes" : "values", array, error));
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "dtype", dtype, error));
        const coffer_value *attributes = coffer_value_item(backed_state(maker), 2);
        return attributes ? coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "attributes", attributes, error)
                          : COFFER_OK;
}

/* Arrays with a mask of what is missing: a state with _data and _mask. */
static coffer_status view_masked(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                 coffer_error *error)
{
        const coffer_value *data = maker->state ? coffer_value_lookup(maker->state, "_data") : NULL;
        const coffer_value *mask = maker->state ? coffer_value_lookup(maker->state, "_mask") : NULL;
        if (!data || !mask || maker->arg_count > 0 || maker->items || maker->pairs)
                return COFFER_DECLINED;
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_POSITIONAL, "values", data, error));
        return coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "mask", mask, error);
}

/* ---- indexes ---- */

bool coffer_pandas_index(const coffer_value *value, const coffer_value **class, const coffer_value **parameters)
{
        static const char *const makers[][2] = {
                {"pandas.core.indexes.base", "_new_Index"},
                {"pandas.core.indexes.datetimes", "_new_DatetimeIndex"},
                {"pandas.core.indexes.timedeltas", "_new_TimedeltaIndex"},
                {"pandas.core.indexes.period", "_new_PeriodIndex"},
                {"pandas.core.indexes.interval", "_new_IntervalIndex"},
        };
        coffer_maker maker;
        if (!coffer_maker_of(value, &maker) || maker.arg_count != 2 || !coffer_maker_is_bare(&maker))
                return false;
        for (size_t i = 0; i < ARRAY_COUNT(makers); i++) {
                if (!coffer_maker_is(&maker, makers[i][0], makers[i][1]))
                        continue;
                *class = coffer_maker_arg(&maker, 0, COFFER_KIND_GLOBAL);
                *parameters = coffer_maker_arg(&maker, 1, COFFER_KIND_DICT);
                return *class && *parameters;
        }
        return false;
}

static coffer_status view_index(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                coffer_error *error)
{
        const coffer_value *class, *parameters;
        if (!coffer_pandas_index(maker->value, &class, &parameters))
                return COFFER_DECLINED;
        COFFER_TRY(use_class(scratch, class, out, error));
        for (size_t i = 0; i < parameters->count; i++) {
                const coffer_value *key = parameters->pairs[i].key, *value = parameters->pairs[i].value;
                const char *name;
                if (key->kind != COFFER_KIND_STR || (key->count > 0 && coffer_value_data(key).data[0] == '$'))
                        return COFFER_DECLINED;
                COFFER_TRY(coffer_view_name(scratch, coffer_value_data(key), &name, error));
                coffer_part_use use = strcmp(name, "data") == 0                      ? COFFER_PART_POSITIONAL
                                      : coffer_value_kind(value) == COFFER_KIND_NONE ? COFFER_PART_JSON
                                                                                     : COFFER_PART_KEYWORD;
                COFFER_TRY(coffer_view_add(scratch, out, use, name, value, error));
        }
        return COFFER_OK;
}

/* ---- points in time ---- */

/* The unit behind a resolution code, which counts as NumPy's units do; 10, nanoseconds, when there is none. */
static const char *unit_of(const coffer_maker *maker, size_t index)
{
        static const char *const units[] = {"Y", "M",  "W",  NULL, "D",  "h",  "m",
                                            "s", "ms", "us", "ns", "ps", "fs", "as"};
        int64_t code = 10;
        if (index < maker->arg_count && !coffer_value_get_int(maker->args[index], &code))
                return NULL;
        return code >= 0 && code < (int64_t)ARRAY_COUNT(units) ? units[code] : NULL;
}

/* _unpickle_timestamp(number, frequency, zone[, resolution]) */
static coffer_status view_timestamp(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                    coffer_error *error)
{
        coffer_buf text _cleanup_buf_ = COFFER_BUF_INIT(256);
        const char *unit = unit_of(maker, 3);
        int64_t number;
        if (maker->arg_count < 3 || !coffer_value_get_int(maker->args[0], &number) || !unit ||
            !coffer_maker_is_bare(maker))
                return COFFER_DECLINED;
        bool has_zone = maker->args[2]->kind != COFFER_KIND_NONE;
        COFFER_TRY(coffer_datetime_write(number, unit, &text, error));
        if (has_zone) /* the number counts in UTC */
                COFFER_TRY(coffer_buf_append_byte(&text, 'Z', error));
        out->is_atom = true;
        COFFER_TRY(
                coffer_view_add_text(scratch, out, COFFER_PART_POSITIONAL, "value", coffer_buf_cursor(&text), error));
        if (maker->args[1]->kind != COFFER_KIND_NONE)
                COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "freq", maker->args[1], error));
        if (has_zone)
                COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "tz", maker->args[2], error));
        return coffer_view_add_text(scratch, out, COFFER_PART_JSON, "unit", coffer_cursor_text(unit), error);
}

/* _timedelta_unpickle(number, resolution) */
static coffer_status view_timedelta(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                    coffer_error *error)
{
        const char *unit = unit_of(maker, 1);
        if (!coffer_maker_arg(maker, 0, COFFER_KIND_INT) || !unit || !coffer_maker_is_bare(maker))
                return COFFER_DECLINED;
        out->is_atom = true;
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_POSITIONAL, "value", maker->args[0], error));
        return coffer_view_add_text(scratch, out, COFFER_PART_KEYWORD, "unit", coffer_cursor_text(unit), error);
}

static coffer_status view_nat(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                              coffer_error *error)
{
        (void)scratch;
        (void)error;
        if (!coffer_maker_is_bare(maker))
                return COFFER_DECLINED;
        out->word = "NaT";
        out->is_atom = true;
        return COFFER_OK;
}

const coffer_form coffer_forms_pandas[] = {
        {"pandas", "DataFrame", coffer_pandas_view_frame, "DataFrame", NULL, NULL},
        {"pandas.core.frame", "DataFrame", coffer_pandas_view_frame, "DataFrame", NULL, NULL},
        {"pandas", "Series", coffer_pandas_view_series, "Series", NULL, NULL},
        {"pandas.core.series", "Series", coffer_pandas_view_series, "Series", NULL, NULL},
        {"pandas.core.indexes.base", "_new_Index", view_index, NULL, "", NULL},
        {"pandas.core.indexes.datetimes", "_new_DatetimeIndex", view_index, NULL, "", NULL},
        {"pandas.core.indexes.timedeltas", "_new_TimedeltaIndex", view_index, NULL, "", NULL},
        {"pandas.core.indexes.period", "_new_PeriodIndex", view_index, NULL, "", NULL},
        {"pandas.core.indexes.interval", "_new_IntervalIndex", view_index, NULL, "", NULL},
        {"pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked", view_backed, NULL, "", NULL},
        {"pandas.arrays", "IntegerArray", view_masked, "IntegerArray", NULL, NULL},
        {"pandas.arrays", "FloatingArray", view_masked, "FloatingArray", NULL, NULL},
        {"pandas.arrays", "BooleanArray", view_masked, "BooleanArray", NULL, NULL},
        {"pandas.core.arrays.integer", "IntegerArray", view_masked, "IntegerArray", NULL, NULL},
        {"pandas.core.arrays.floating", "FloatingArray", view_masked, "FloatingArray", NULL, NULL},
        {"pandas.core.arrays.boolean", "BooleanArray", view_masked, "BooleanArray", NULL, NULL},
        {"pandas._libs.tslibs.timestamps", "_unpickle_timestamp", view_timestamp, "Timestamp",
         "pandas._libs.tslibs.timestamps", "Timestamp"},
        {"pandas._libs.tslibs.timedeltas", "_timedelta_unpickle", view_timedelta, "Timedelta",
         "pandas._libs.tslibs.timedeltas", "Timedelta"},
        {"pandas._libs.tslibs.nattype", "_nat_unpickle", view_nat, NULL, "pandas._libs.tslibs.nattype", "NaTType"},
        {"pandas._libs.tslibs.nattype", "__nat_unpickle", view_nat, NULL, "pandas._libs.tslibs.nattype", "NaTType"},
        {0},
};
