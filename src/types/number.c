/* SPDX-License-Identifier: Apache-2.0 */
/* Int32, Int64, Float32, Float64: numbers in their ranges. */
#include <float.h>
#include <inttypes.h>
#include <math.h>

#include "types/types.h"
#include "util/cursor.h"
#include "util/number.h"
#include "util/text.h"

/* ---- whole numbers ---- */

struct int_range {
        int64_t min, max;
};

static coffer_status int_to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                                 coffer_error *error)
{
        const struct int_range *range = self->user;
        (void)type;
        return coffer_text_format(json, error, "{\"type\":\"integer\",\"minimum\":%" PRId64 ",\"maximum\":%" PRId64 "}",
                                  range->min, range->max);
}

static coffer_status check_int(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                               const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        const struct int_range *range = self->user;
        int64_t number;
        (void)document;
        if (!coffer_value_get_int(value, &number) || number < range->min || number > range->max)
                return coffer_type_mismatch(type, value, error);
        *out = value;
        return COFFER_OK;
}

/* ---- floating point ---- */

static const char *const words[] = {"NaN", "Infinity", "-Infinity"};

static coffer_status float_to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                                   coffer_error *error)
{
        (void)type;
        char largest[COFFER_DOUBLE_TEXT_BYTES];
        coffer_double_format(*(const double *)self->user, largest);
        return coffer_text_format(json, error,
                                  "{\"anyOf\":[{\"type\":\"number\",\"minimum\":-%s,\"maximum\":%s},"
                                  "{\"enum\":[\"NaN\",\"Infinity\",\"-Infinity\"]}]}",
                                  largest, largest);
}

const char *coffer_float_word(double value)
{
        return words[isnan(value) ? 0 : value > 0 ? 1 : 2];
}

bool coffer_float_of_word(const coffer_value *value, double *out)
{
        static const double values[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
        for (size_t i = 0; coffer_value_kind(value) == COFFER_KIND_STR && i < ARRAY_COUNT(words); i++) {
                if (coffer_cursor_is(coffer_value_data(value), words[i])) {
                        *out = values[i];
                        return true;
                }
        }
        return false;
}

/* What JSON has no number for is one of three strs. */
static bool read_float(const coffer_value *value, double *out)
{
        static const int64_t largest_exact = INT64_C(1) << 53;
        int64_t whole;
        if (coffer_value_kind(value) == COFFER_KIND_FLOAT) {
                *out = coffer_value_get_float(value);
                return true;
        }
        if (coffer_value_get_int(value, &whole) && whole >= -largest_exact && whole <= largest_exact) {
                *out = (double)whole;
                return true;
        }
        return coffer_float_of_word(value, out);
}

/* Rounds to the nearest of the type's numbers; what is beyond its largest is no number of the type. */
static coffer_status take_float(const coffer_iotype_class *self, const coffer_iotype *type, const coffer_value *value,
                                double *out, coffer_error *error)
{
        const double largest = *(const double *)self->user;
        double number;
        if (!read_float(value, &number) || (isfinite(number) && fabs(number) > largest))
                return coffer_type_mismatch(type, value, error);
        *out = self == &coffer_type_float32 ? (double)(float)number : number;
        return COFFER_OK;
}

static coffer_status float_to_json(const coffer_iotype_class *self, const coffer_iotype *type,
                                   coffer_document *document, const coffer_value *value, const coffer_value **out,
                                   coffer_error *error)
{
        double number = 0;
        coffer_value *made = NULL;
        if (coffer_value_kind(value) == COFFER_KIND_STR)
                return coffer_type_mismatch(type, value, error);
        COFFER_TRY(take_float(self, type, value, &number, error));
        if (isfinite(number))
                COFFER_TRY(coffer_value_float(document, number, &made, error));
        else
                COFFER_TRY(
                        coffer_value_str(document, coffer_cursor_text(coffer_float_word(number)), true, &made, error));
        *out = made;
        return COFFER_OK;
}

static coffer_status float_from_json(const coffer_iotype_class *self, const coffer_iotype *type,
                                     coffer_document *document, const coffer_value *json, const coffer_value **out,
                                     coffer_error *error)
{
        double number = 0;
        coffer_value *made = NULL;
        COFFER_TRY(take_float(self, type, json, &number, error));
        COFFER_TRY(coffer_value_float(document, number, &made, error));
        *out = made;
        return COFFER_OK;
}

#define INT_CLASS(bits)                                                                                                \
        const coffer_iotype_class coffer_type_int##bits = {                                                            \
                COFFER_TYPE_HEAD("Int" #bits), .user = &(struct int_range){INT##bits##_MIN, INT##bits##_MAX},          \
                .to_spec = int_to_spec,        .to_json = check_int,                                                   \
                .from_json = check_int,                                                                                \
        }
INT_CLASS(32);
INT_CLASS(64);

#define FLOAT_CLASS(bits, largest)                                                                                     \
        const coffer_iotype_class coffer_type_float##bits = {                                                          \
                COFFER_TYPE_HEAD("Float" #bits), .user = &(double){largest},   .to_spec = float_to_spec,               \
                .to_json = float_to_json,        .from_json = float_from_json,                                         \
        }
FLOAT_CLASS(32, (double)FLT_MAX);
FLOAT_CLASS(64, DBL_MAX);
