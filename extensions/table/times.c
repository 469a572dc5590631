/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "values.h"

enum { SECONDS_A_DAY = 86400, FIRST_YEAR = 1900, MAX_YEAR = 9999, TEXT_BYTES = 64 };

#define NANOSECONDS INT64_C(1000000000)

static const int64_t units_a_second[] = {[NANOARROW_TIME_UNIT_SECOND] = 1,
                                         [NANOARROW_TIME_UNIT_MILLI] = 1000,
                                         [NANOARROW_TIME_UNIT_MICRO] = 1000000,
                                         [NANOARROW_TIME_UNIT_NANO] = NANOSECONDS};
static const int digits_of_unit[] = {[NANOARROW_TIME_UNIT_SECOND] = 0,
                                     [NANOARROW_TIME_UNIT_MILLI] = 3,
                                     [NANOARROW_TIME_UNIT_MICRO] = 6,
                                     [NANOARROW_TIME_UNIT_NANO] = 9};

typedef struct moment {
        struct tm fields;
        char fraction[TEXT_BYTES]; /* ".000001", or nothing */
} moment;

/* False for years that have no four digits. */
static bool moment_of(int64_t number, enum ArrowTimeUnit unit, moment *out)
{
        int64_t seconds = number / units_a_second[unit], rest = number % units_a_second[unit];
        if (rest < 0) {
                rest += units_a_second[unit];
                seconds--;
        }
        time_t point = (time_t)seconds;
        if (!gmtime_r(&point, &out->fields) || out->fields.tm_year < -FIRST_YEAR ||
            out->fields.tm_year > MAX_YEAR - FIRST_YEAR)
                return false;
        snprintf(out->fraction, sizeof(out->fraction), ".%09" PRId64, rest * (NANOSECONDS / units_a_second[unit]));
        out->fraction[digits_of_unit[unit] ? 1 + digits_of_unit[unit] : 0] = '\0';
        return true;
}

static coffer_status number_value(table_maker *maker, int64_t number, coffer_value **out, coffer_error *error)
{
        return coffer_value_int(maker->document, number, out, error);
}

static coffer_status timestamp(table_maker *maker, const table_column *column, int64_t number, coffer_value **out,
                               coffer_error *error)
{
        bool has_zone = column->type.timezone && column->type.timezone[0];
        moment at;
        if (!moment_of(number, column->type.time_unit, &at))
                return number_value(maker, number, out, error);
        const struct tm *f = &at.fields;
        return table_text(maker, out, error, "%04d-%02d-%02dT%02d:%02d:%02d%s%s", f->tm_year + FIRST_YEAR,
                          f->tm_mon + 1, f->tm_mday, f->tm_hour, f->tm_min, f->tm_sec, at.fraction,
                          has_zone ? "Z" : "");
}

static coffer_status date(table_maker *maker, int64_t number, int64_t days, coffer_value **out, coffer_error *error)
{
        moment at;
        if (days > INT32_MAX || days < INT32_MIN || !moment_of(days * SECONDS_A_DAY, NANOARROW_TIME_UNIT_SECOND, &at))
                return number_value(maker, number, out, error);
        return table_text(maker, out, error, "%04d-%02d-%02d", at.fields.tm_year + FIRST_YEAR, at.fields.tm_mon + 1,
                          at.fields.tm_mday);
}

static coffer_status time_of_day(table_maker *maker, const table_column *column, int64_t number, coffer_value **out,
                                 coffer_error *error)
{
        moment at;
        if (number < 0 || number / units_a_second[column->type.time_unit] >= SECONDS_A_DAY ||
            !moment_of(number, column->type.time_unit, &at))
                return number_value(maker, number, out, error);
        return table_text(maker, out, error, "%02d:%02d:%02d%s", at.fields.tm_hour, at.fields.tm_min, at.fields.tm_sec,
                          at.fraction);
}

coffer_status table_time(table_maker *maker, const table_column *column, int64_t number, coffer_value **out,
                         coffer_error *error)
{
        const int64_t milliseconds_a_day = (int64_t)SECONDS_A_DAY * 1000;
        switch (column->type.type) {
        case NANOARROW_TYPE_DATE32:
                return date(maker, number, number, out, error);
        case NANOARROW_TYPE_DATE64:
                return number % milliseconds_a_day == 0 ? date(maker, number, number / milliseconds_a_day, out, error)
                                                        : number_value(maker, number, out, error);
        case NANOARROW_TYPE_TIMESTAMP:
                return timestamp(maker, column, number, out, error);
        default:
                return time_of_day(maker, column, number, out, error);
        }
}
