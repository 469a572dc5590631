/* SPDX-License-Identifier: Apache-2.0 */
/* Json: any JSON value, in canonical bytes. Options keep what JSON does not: big ints of any size, nan NaN and the
 * infinities. */
#include <math.h>
#include <stdio.h>

#include "types/types.h"
#include "util/utf8.h"

enum { MAX_DEPTH = 1000, MAX_VISITS = 1 << 27, PLACE_BYTES = 80 };

struct check {
        unsigned options;
        unsigned depth;
        size_t visits; /* shared values count as often as they are written */
};

static coffer_status check_value(struct check *check, const coffer_value *value, coffer_error *error);

static coffer_status check_int(const struct check *check, const coffer_value *value, coffer_error *error)
{
        static const int64_t largest = INT64_C(1) << 53;
        int64_t number;
        if ((check->options & COFFER_JSON_BIG) ||
            (coffer_value_get_int(value, &number) && number >= -largest && number <= largest))
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

static coffer_status check_float(const struct check *check, const coffer_value *value, coffer_error *error)
{
        if ((check->options & COFFER_JSON_NAN) || isfinite(coffer_value_get_float(value)))
                return COFFER_OK;
        return coffer_error_set(error, COFFER_MALFORMED,
                                "JSON has no number for NaN and the infinities; Json[nan] keeps them");
}

/* A dict with a member $float: as a value it would be mistaken for a float, in JSON it must be one. */
static coffer_status check_mark(const struct check *check, const coffer_value *dict, coffer_error *error)
{
        const coffer_value *mark = coffer_value_lookup(dict, COFFER_FLOAT_MARK);
        double number;
        if (!mark || ((check->options & COFFER_JSON_MARKS) && coffer_value_count(dict) == 1 &&
                      coffer_float_of_word(mark, &number)))
                return COFFER_OK;
        return coffer_error_set(error, COFFER_MALFORMED,
                                "a dict with " COFFER_FLOAT_MARK " is no float that Json[nan] keeps");
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
        if (check->options & (COFFER_JSON_NAN | COFFER_JSON_MARKS))
                COFFER_TRY(check_mark(check, dict, error));
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
                return check_float(check, value, error);
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

coffer_status coffer_type_check_json(const coffer_value *value, unsigned options, coffer_error *error)
{
        struct check check = {.options = options};
        return check_value(&check, value, error);
}

/* ---- the type ---- */

static const struct {
        const char *word;
        unsigned option;
} options[] = {{"big", COFFER_JSON_BIG}, {"nan", COFFER_JSON_NAN}}; /* in the order in which a name has them */

static coffer_status check_options(const coffer_iotype_class *self, const coffer_iotype *type, coffer_error *error)
{
        size_t next = 0;
        (void)self;
        for (size_t i = 0; i < coffer_iotype_parameter_count(type); i++, next++) {
                const char *word = coffer_iotype_parameter_word(type, i);
                while (next < ARRAY_COUNT(options) && strcmp(options[next].word, word) != 0)
                        next++;
                if (next == ARRAY_COUNT(options))
                        return coffer_error_set(error, COFFER_INVALID,
                                                "no option %s of Json here; there are big, nan, and big,nan", word);
        }
        return COFFER_OK;
}

static unsigned options_of(const coffer_iotype *type)
{
        unsigned found = 0;
        for (size_t i = 0; i < coffer_iotype_parameter_count(type); i++)
                for (size_t k = 0; k < ARRAY_COUNT(options); k++)
                        if (strcmp(coffer_iotype_parameter_word(type, i), options[k].word) == 0)
                                found |= options[k].option;
        return found;
}

static coffer_status to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                             coffer_error *error)
{
        (void)self;
        (void)type;
        return coffer_type_spec("{}", json, error);
}

static coffer_status to_json(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                             const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        unsigned taken = options_of(type);
        (void)self;
        COFFER_TRY(coffer_type_check_json(value, taken, error));
        if (taken & COFFER_JSON_NAN)
                return coffer_json_mark_floats(document, value, out, error);
        *out = value;
        return COFFER_OK;
}

static coffer_status from_json(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                               const coffer_value *json, const coffer_value **out, coffer_error *error)
{
        unsigned taken = options_of(type);
        (void)self;
        if (taken & COFFER_JSON_NAN) {
                COFFER_TRY(coffer_type_check_json(json, (taken & COFFER_JSON_BIG) | COFFER_JSON_MARKS, error));
                return coffer_json_unmark_floats(document, json, out, error);
        }
        COFFER_TRY(coffer_type_check_json(json, taken, error));
        *out = json;
        return COFFER_OK;
}

const coffer_iotype_class coffer_type_json = {
        COFFER_TYPE_HEAD("Json"),
        .parameters = COFFER_IOTYPE_WORDS,
        .max_parameters = ARRAY_COUNT(options),
        .check = check_options,
        .to_spec = to_spec,
        .to_json = to_json,
        .from_json = from_json,
};
