/* SPDX-License-Identifier: Apache-2.0 */
/* Json: any JSON value, in canonical bytes. Json[big] keeps ints of any size. */
#include <math.h>
#include <stdio.h>

#include "types/types.h"
#include "util/utf8.h"

enum { MAX_DEPTH = 1000, MAX_VISITS = 1 << 27, PLACE_BYTES = 80 };

struct check {
        bool big;
        unsigned depth;
        size_t visits; /* shared values count as often as they are written */
};

static coffer_status check_value(struct check *check, const coffer_value *value, coffer_error *error);

static coffer_status check_int(const struct check *check, const coffer_value *value, coffer_error *error)
{
        static const int64_t largest = INT64_C(1) << 53;
        int64_t number;
        if (check->big || (coffer_value_get_int(value, &number) && number >= -largest && number <= largest))
                return COFFER_OK;
        return coffer_error_set(
                error, COFFER_MALFORMED,
                "an int beyond 2^53 is not the same number for every reader of JSON; Json[big] keeps it");
}

static coffer_status check_text(const coffer_value *value, coffer_error *error)
{
        if (coffer_utf8_valid(coffer_value_data(value), false))
                return COFFER_OK;
        return coffer_error_set(error, COFFER_MALFORMED, "a str with lone surrogates is no JSON");
}

static coffer_status check_items(struct check *check, const coffer_value *list, coffer_error *error)
{
        for (size_t i = 0; i < coffer_value_count(list); i++) {
                coffer_status status = check_value(check, coffer_value_item(list, i), error);
                if (status != COFFER_OK) {
                        char place[PLACE_BYTES];
                        (void)snprintf(place, sizeof(place), "[%zu]", i);
                        coffer_iotype_error_at(error, place);
                        return status;
                }
        }
        return COFFER_OK;
}

static coffer_status check_members(struct check *check, const coffer_value *dict, coffer_error *error)
{
        for (size_t i = 0; i < coffer_value_count(dict); i++) {
                const coffer_value *key = coffer_value_key(dict, i);
                if (coffer_value_kind(key) != COFFER_KIND_STR)
                        return coffer_error_set(error, COFFER_MALFORMED, "a dict with a key that is no str is no JSON");
                COFFER_TRY(check_text(key, error));
                coffer_status status = check_value(check, coffer_value_item(dict, i), error);
                if (status != COFFER_OK) {
                        coffer_cursor text = coffer_value_data(key);
                        char place[PLACE_BYTES];
                        (void)snprintf(place, sizeof(place), ".%.*s",
                                       (int)(text.size_bytes < 64 ? text.size_bytes : 64), text.data);
                        coffer_iotype_error_at(error, place);
                        return status;
                }
        }
        return COFFER_OK;
}

static coffer_status check_container(struct check *check, const coffer_value *value, coffer_error *error)
{
        if (++check->depth > MAX_DEPTH)
                return coffer_error_set(error, COFFER_LIMIT, "it is nested deeper than %d", MAX_DEPTH);
        COFFER_TRY(coffer_value_kind(value) == COFFER_KIND_DICT ? check_members(check, value, error)
                                                                : check_items(check, value, error));
        check->depth--;
        return COFFER_OK;
}

static coffer_status check_value(struct check *check, const coffer_value *value, coffer_error *error)
{
        if (++check->visits > MAX_VISITS)
                return coffer_error_set(error, COFFER_LIMIT, "it has more than %d values", MAX_VISITS);
        switch (coffer_value_kind(value)) {
        case COFFER_KIND_NONE:
        case COFFER_KIND_BOOL:
                return COFFER_OK;
        case COFFER_KIND_INT:
                return check_int(check, value, error);
        case COFFER_KIND_STR:
                return check_text(value, error);
        case COFFER_KIND_FLOAT:
                if (isfinite(coffer_value_get_float(value)))
                        return COFFER_OK;
                return coffer_error_set(error, COFFER_MALFORMED, "JSON has no number for NaN and the infinities");
        case COFFER_KIND_LIST:
        case COFFER_KIND_TUPLE:
        case COFFER_KIND_DICT:
                return check_container(check, value, error);
        default:
                break;
        }
        char *summary _cleanup_free_ = NULL;
        COFFER_TRY(coffer_value_summary(value, &summary, error));
        return coffer_error_set(error, COFFER_MALFORMED, "JSON has no %s", summary);
}

coffer_status coffer_type_check_json(const coffer_value *value, bool big, coffer_error *error)
{
        struct check check = {.big = big};
        return check_value(&check, value, error);
}

/* ---- the type ---- */

static coffer_status check_options(const coffer_iotype_class *self, const coffer_iotype *type, coffer_error *error)
{
        const char *word = coffer_iotype_parameter_word(type, 0);
        (void)self;
        if (!word || strcmp(word, "big") == 0)
                return COFFER_OK;
        return coffer_error_set(error, COFFER_INVALID, "Json has no option %s; there is big", word);
}

static coffer_status to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                             coffer_error *error)
{
        (void)self;
        (void)type;
        return coffer_type_spec("{}", json, error);
}

static coffer_status take(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                          const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        (void)self;
        (void)document;
        COFFER_TRY(coffer_type_check_json(value, coffer_iotype_parameter_count(type) > 0, error));
        *out = value;
        return COFFER_OK;
}

const coffer_iotype_class coffer_type_json = {
        COFFER_TYPE_HEAD("Json"), .parameters = COFFER_IOTYPE_WORDS,
        .max_parameters = 1,      .check = check_options,
        .to_spec = to_spec,       .to_json = take,
        .from_json = take,
};
