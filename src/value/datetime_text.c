/* SPDX-License-Identifier: Apache-2.0 */
#include "value/datetime_text.h"

#include <inttypes.h>
#include <stdlib.h>

#include "util/checked.h"
#include "util/cursor.h"

typedef struct unit {
        const char *name;
        int64_t per_second; /* how many fit a second; 0 where one is longer than that */
        int64_t seconds;    /* length of one; 0 for months and years, which have no fixed one */
        int digits;         /* behind the point of a second */
} unit;

/* Femto- and attoseconds count so finely that their seconds fit an int64 as all the others. */
static const unit units[] = {
        {"Y", 0, 0, 0},
        {"M", 0, 0, 0},
        {"W", 0, 604800, 0},
        {"D", 0, 86400, 0},
        {"h", 0, 3600, 0},
        {"m", 0, 60, 0},
        {"s", 1, 1, 0},
        {"ms", INT64_C(1000), 1, 3},
        {"us", INT64_C(1000000), 1, 6},
        {"ns", INT64_C(1000000000), 1, 9},
        {"ps", INT64_C(1000000000000), 1, 12},
        {"fs", INT64_C(1000000000000000), 1, 15},
        {"as", INT64_C(1000000000000000000), 1, 18},
};

static const unit *find_unit(const char *name)
{
        for (size_t i = 0; i < ARRAY_COUNT(units); i++)
                if (strcmp(units[i].name, name) == 0)
                        return &units[i];
        return NULL;
}

static int64_t floor_divide(int64_t number, int64_t by, int64_t *rest)
{
        int64_t quotient = number / by;
        *rest = number % by;
        if (*rest < 0) {
                *rest += by;
                quotient--;
        }
        return quotient;
}

/* Days since 1970 to year, month and day: years start in March, so that the leap day comes last; 400 of them are an
 * era. */
static void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
        int64_t day_of_era, era = floor_divide(days + 719468, 146097, &day_of_era);
        int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        int64_t shifted = (5 * day_of_year + 2) / 153;
        *day = (int)(day_of_year - (153 * shifted + 2) / 5) + 1;
        *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
        *year = year_of_era + era * 400 + (*month <= 2);
}

static coffer_status write_year(int64_t year, coffer_buf *out, coffer_error *error)
{
        return coffer_buf_printf(out, error, year < 0 ? "%05" PRId64 : "%04" PRId64, year);
}

static coffer_status write_months(int64_t months, coffer_buf *out, coffer_error *error)
{
        int64_t month;
        COFFER_TRY(write_year(1970 + floor_divide(months, 12, &month), out, error));
        return coffer_buf_printf(out, error, "-%02d", (int)month + 1);
}

static coffer_status write_time(const unit *of, int64_t seconds, int64_t fraction, coffer_buf *out, coffer_error *error)
{
        int64_t second_of_day, year;
        int month, day;
        civil_from_days(floor_divide(seconds, 86400, &second_of_day), &year, &month, &day);
        COFFER_TRY(write_year(year, out, error));
        COFFER_TRY(coffer_buf_printf(out, error, "-%02d-%02d", month, day));
        if (of->seconds >= 86400)
                return COFFER_OK;
        COFFER_TRY(coffer_buf_printf(out, error, "T%02d", (int)(second_of_day / 3600)));
        if (of->seconds >= 3600)
                return COFFER_OK;
        COFFER_TRY(coffer_buf_printf(out, error, ":%02d", (int)(second_of_day / 60 % 60)));
        if (of->seconds >= 60)
                return COFFER_OK;
        COFFER_TRY(coffer_buf_printf(out, error, ":%02d", (int)(second_of_day % 60)));
        return of->digits ? coffer_buf_printf(out, error, ".%0*" PRId64, of->digits, fraction) : COFFER_OK;
}

/* Splits "25s" into 25 and "s". */
static const unit *split_unit(const char *text, int64_t *multiple)
{
        char *name = NULL;
        *multiple = strtoll(text, &name, 10);
        if (name == text)
                *multiple = 1;
        return find_unit(name);
}

coffer_status coffer_datetime_write(int64_t number, const char *unit_text, coffer_buf *out, coffer_error *error)
{
        enum { LAST_YEAR = 9999999 };
        int64_t multiple, count, seconds = 0, fraction = 0;
        const unit *of = unit_text ? split_unit(unit_text, &multiple) : NULL;
        if (number == INT64_MIN)
                return coffer_buf_append_text(out, "NaT", error);
        if (!of || !coffer_mul_i64(number, multiple, &count))
                return coffer_buf_printf(out, error, "%" PRId64, number);
        if (strcmp(of->name, "Y") == 0 && count < LAST_YEAR && count > -LAST_YEAR)
                return write_year(1970 + count, out, error);
        if (strcmp(of->name, "M") == 0 && count < 12 * LAST_YEAR && count > -12 * LAST_YEAR)
                return write_months(count, out, error);
        if (of->seconds == 0 || (of->per_second == 0 && !coffer_mul_i64(count, of->seconds, &seconds)))
                return coffer_buf_printf(out, error, "%" PRId64, number);
        if (of->per_second > 0)
                seconds = floor_divide(count, of->per_second, &fraction);
        return write_time(of, seconds, fraction, out, error);
}
