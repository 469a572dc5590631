/* SPDX-License-Identifier: Apache-2.0 */
/* Checking a value against the part of JSON schema (draft 2020-12) that the types' own schemas use. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include <coffer/iotype.h>
#include "types/types.h"
#include "util/cursor.h"

enum { MAX_DEPTH = 64, PLACE_BYTES = 80 };

static coffer_status check(const coffer_value *schema, const coffer_value *value, unsigned depth, coffer_error *error);

static coffer_status bad_schema(const char *keyword, const char *wanted, coffer_error *error)
{
        return coffer_error_set(error, COFFER_UNSUPPORTED, "in the schema, \"%s\" must be %s", keyword, wanted);
}

/* "VALUE is not WANTED" */
static coffer_status mismatch(const coffer_value *value, const char *wanted, coffer_error *error)
{
        char *text _cleanup_free_ = NULL;
        COFFER_TRY(coffer_value_to_canonical_json(value, &text, error));
        bool is_long = strlen(text) > 60;
        return coffer_error_set(error, COFFER_MALFORMED, "%.60s%s is not %s", text, is_long ? "..." : "", wanted);
}

/* ---- of any value ---- */

/* False when there is no type of that name. */
static bool has_type(const coffer_value *value, coffer_cursor name, bool *out)
{
        coffer_kind kind = coffer_value_kind(value);
        double number = kind == COFFER_KIND_FLOAT ? coffer_value_get_float(value) : 0.5;
        bool is_whole = kind == COFFER_KIND_INT || (kind == COFFER_KIND_FLOAT && number == floor(number));
        const struct {
                const char *name;
                bool has;
        } types[] = {
                {"null", kind == COFFER_KIND_NONE},
                {"boolean", kind == COFFER_KIND_BOOL},
                {"integer", is_whole},
                {"number", kind == COFFER_KIND_INT || kind == COFFER_KIND_FLOAT},
                {"string", kind == COFFER_KIND_STR},
                {"array", kind == COFFER_KIND_LIST},
                {"object", kind == COFFER_KIND_DICT},
        };
        for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
                if (coffer_cursor_is(name, types[i].name)) {
                        *out = types[i].has;
                        return true;
                }
        }
        return false;
}

static coffer_status check_type(const coffer_value *keyword, const coffer_value *value, unsigned depth,
                                coffer_error *error)
{
        (void)depth;
        bool is_list = coffer_value_kind(keyword) == COFFER_KIND_LIST;
        size_t count = is_list ? coffer_value_count(keyword) : 1;
        char *wanted _cleanup_free_ = NULL;
        for (size_t i = 0; i < count; i++) {
                const coffer_value *name = is_list ? coffer_value_item(keyword, i) : keyword;
                bool fits = false;
                if (coffer_value_kind(name) != COFFER_KIND_STR || !has_type(value, coffer_value_data(name), &fits))
                        return bad_schema("type", "the name of a JSON type, or a list of such names", error);
                if (fits)
                        return COFFER_OK;
        }
        COFFER_TRY(coffer_value_to_canonical_json(keyword, &wanted, error));
        return mismatch(value, wanted, error);
}

static coffer_status is_same(const coffer_value *left, const coffer_value *right, bool *out, coffer_error *error)
{
        char *left_text _cleanup_free_ = NULL, *right_text _cleanup_free_ = NULL;
        COFFER_TRY(coffer_value_to_canonical_json(left, &left_text, error));
        COFFER_TRY(coffer_value_to_canonical_json(right, &right_text, error));
        *out = strcmp(left_text, right_text) == 0;
        return COFFER_OK;
}

static coffer_status check_const(const coffer_value *keyword, const coffer_value *value, unsigned depth,
                                 coffer_error *error)
{
        bool same = false;
        char *wanted _cleanup_free_ = NULL;
        (void)depth;
        COFFER_TRY(is_same(keyword, value, &same, error));
        if (same)
                return COFFER_OK;
        COFFER_TRY(coffer_value_to_canonical_json(keyword, &wanted, error));
        return mismatch(value, wanted, error);
}

static coffer_status check_enum(const coffer_value *keyword, const coffer_value *value, unsigned depth,
                                coffer_error *error)
{
        char *wanted _cleanup_free_ = NULL;
        (void)depth;
        if (coffer_value_kind(keyword) != COFFER_KIND_LIST)
                return bad_schema("enum", "a list", error);
        for (size_t i = 0; i < coffer_value_count(keyword); i++) {
                bool same = false;
                COFFER_TRY(is_same(coffer_value_item(keyword, i), value, &same, error));
                if (same)
                        return COFFER_OK;
        }
        COFFER_TRY(coffer_value_to_canonical_json(keyword, &wanted, error));
        return mismatch(value, wanted, error);
}

static coffer_status check_any_of(const coffer_value *keyword, const coffer_value *value, unsigned depth,
                                  coffer_error *error)
{
        coffer_status status = COFFER_MALFORMED;
        if (coffer_value_kind(keyword) != COFFER_KIND_LIST || coffer_value_count(keyword) == 0)
                return bad_schema("anyOf", "a list that is not empty", error);
        for (size_t i = 0; status == COFFER_MALFORMED && i < coffer_value_count(keyword); i++)
                status = check(coffer_value_item(keyword, i), value, depth + 1, error);
        return status;
}

/* ---- numbers ---- */

static bool is_number(const coffer_value *value)
{
        return coffer_value_kind(value) == COFFER_KIND_INT || coffer_value_kind(value) == COFFER_KIND_FLOAT;
}

/* An int of any size as a double, for comparing with others than ints of 64 bits. */
static double to_double(const coffer_value *value)
{
        uint8_t scratch[8];
        if (coffer_value_kind(value) == COFFER_KIND_FLOAT)
                return coffer_value_get_float(value);
        coffer_cursor digits = coffer_value_int_digits(value, scratch);
        double sum = 0;
        for (size_t i = digits.size_bytes; i-- > 0;)
                sum = sum * 256 + (i + 1 == digits.size_bytes ? (int8_t)digits.data[i] : digits.data[i]);
        return sum;
}

/* -1, 0, 1; ints of 64 bits are compared as such, so that none of their digits is lost; one beyond them is further out
 * than all of them. */
static int compare(const coffer_value *left, const coffer_value *right)
{
        int64_t a, b;
        bool left_fits = coffer_value_get_int(left, &a), right_fits = coffer_value_get_int(right, &b);
        if (left_fits && right_fits)
                return (a > b) - (a < b);
        double x = to_double(left), y = to_double(right);
        bool are_ints = coffer_value_kind(left) == COFFER_KIND_INT && coffer_value_kind(right) == COFFER_KIND_INT;
        if (are_ints && left_fits != right_fits)
                return left_fits ? (y < 0 ? 1 : -1) : (x < 0 ? -1 : 1);
        return (x > y) - (x < y);
}

static coffer_status check_bound(const coffer_value *bound, const coffer_value *value, int wrong_side,
                                 const char *words, coffer_error *error)
{
        char *text _cleanup_free_ = NULL;
        char wanted[PLACE_BYTES];
        if (!is_number(bound))
                return bad_schema(wrong_side < 0 ? "minimum" : "maximum", "a number", error);
        if (!is_number(value) || compare(value, bound) != wrong_side)
                return COFFER_OK;
        COFFER_TRY(coffer_value_to_canonical_json(bound, &text, error));
        (void)snprintf(wanted, sizeof(wanted), "%s %.40s", words, text);
        return mismatch(value, wanted, error);
}

static coffer_status check_minimum(const coffer_value *keyword, const coffer_value *value, unsigned depth,
                                   coffer_error *error)
{
        (void)depth;
        return check_bound(keyword, value, -1, "at least", error);
}

static coffer_status check_maximum(const coffer_value *keyword, const coffer_value *value, unsigned depth,
                                   coffer_error *error)
{
        (void)depth;
        return check_bound(keyword, value, 1, "at most", error);
}

/* ---- arrays ---- */

static coffer_status check_item(const coffer_value *schema, const coffer_value *list, size_t index, unsigned depth,
                                coffer_error *error)
{
        char place[PLACE_BYTES];
        coffer_status status = check(schema, coffer_value_item(list, index), depth + 1, error);
        (void)snprintf(place, sizeof(place), "[%zu]", index);
        if (status == COFFER_MALFORMED)
                coffer_iotype_error_at(error, place);
        return status;
}

/* Of those behind the ones that prefixItems speaks of. */
static coffer_status check_items(const coffer_value *schema, const coffer_value *value, unsigned depth,
                                 coffer_error *error)
{
        const coffer_value *keyword = coffer_value_lookup(schema, "items");
        const coffer_value *prefix = coffer_value_lookup(schema, "prefixItems");
        if (!keyword || coffer_value_kind(value) != COFFER_KIND_LIST)
                return COFFER_OK;
        for (size_t i = prefix ? coffer_value_count(prefix) : 0; i < coffer_value_count(value); i++)
                COFFER_TRY(check_item(keyword, value, i, depth, error));
        return COFFER_OK;
}

static coffer_status check_prefix_items(const coffer_value *keyword, const coffer_value *value, unsigned depth,
                                        coffer_error *error)
{
        if (coffer_value_kind(keyword) != COFFER_KIND_LIST)
                return bad_schema("prefixItems", "a list", error);
        if (coffer_value_kind(value) != COFFER_KIND_LIST)
                return COFFER_OK;
        for (size_t i = 0; i < coffer_value_count(value) && i < coffer_value_count(keyword); i++)
                COFFER_TRY(check_item(coffer_value_item(keyword, i), value, i, depth, error));
        return COFFER_OK;
}

static coffer_status check_count(const coffer_value *bound, const coffer_value *value, bool is_min, coffer_error *error)
{
        int64_t count;
        if (!coffer_value_get_int(bound, &count) || count < 0)
                return bad_schema(is_min ? "minItems" : "maxItems", "a number", error);
        size_t have = coffer_value_count(value);
        if (coffer_value_kind(value) != COFFER_KIND_LIST ||
            (is_min ? have >= (uint64_t)count : have <= (uint64_t)count))
                return COFFER_OK;
        return coffer_error_set(error, COFFER_MALFORMED, "it has %zu items, not %s %" PRId64, have,
                                is_min ? "at least" : "at most", count);
}

static coffer_status check_min_items(const coffer_value *keyword, const coffer_value *value, unsigned depth,
                                     coffer_error *error)
{
        (void)depth;
        return check_count(keyword, value, true, error);
}

static coffer_status check_max_items(const coffer_value *keyword, const coffer_value *value, unsigned depth,
                                     coffer_error *error)
{
        (void)depth;
        return check_count(keyword, value, false, error);
}

/* ---- objects ---- */

static void name_member(const coffer_value *name, coffer_error *error)
{
        char place[PLACE_BYTES];
        coffer_cursor text = coffer_value_data(name);
        (void)snprintf(place, sizeof(place), ".%.*s", (int)(text.size_bytes < 64 ? text.size_bytes : 64),
                       (const char *)text.data);
        coffer_iotype_error_at(error, place);
}

static const coffer_value *member(const coffer_value *object, const coffer_value *name)
{
        for (size_t i = 0; i < coffer_value_count(object); i++)
                if (coffer_cursor_equal(coffer_value_data(coffer_value_key(object, i)), coffer_value_data(name)))
                        return coffer_value_item(object, i);
        return NULL;
}

static coffer_status check_properties(const coffer_value *keyword, const coffer_value *value, unsigned depth,
                                      coffer_error *error)
{
        if (coffer_value_kind(keyword) != COFFER_KIND_DICT)
                return bad_schema("properties", "an object", error);
        if (coffer_value_kind(value) != COFFER_KIND_DICT)
                return COFFER_OK;
        for (size_t i = 0; i < coffer_value_count(keyword); i++) {
                const coffer_value *name = coffer_value_key(keyword, i), *found = member(value, name);
                coffer_status status =
                        found ? check(coffer_value_item(keyword, i), found, depth + 1, error) : COFFER_OK;
                if (status == COFFER_MALFORMED)
                        name_member(name, error);
                COFFER_TRY(status);
        }
        return COFFER_OK;
}

static coffer_status check_required(const coffer_value *keyword, const coffer_value *value, unsigned depth,
                                    coffer_error *error)
{
        (void)depth;
        if (coffer_value_kind(keyword) != COFFER_KIND_LIST)
                return bad_schema("required", "a list of names", error);
        if (coffer_value_kind(value) != COFFER_KIND_DICT)
                return COFFER_OK;
        for (size_t i = 0; i < coffer_value_count(keyword); i++) {
                const coffer_value *name = coffer_value_item(keyword, i);
                if (coffer_value_kind(name) != COFFER_KIND_STR)
                        return bad_schema("required", "a list of names", error);
                if (member(value, name))
                        continue;
                (void)coffer_error_set(error, COFFER_MALFORMED, "it is required, but not there");
                name_member(name, error);
                return COFFER_MALFORMED;
        }
        return COFFER_OK;
}

static coffer_status check_property_names(const coffer_value *keyword, const coffer_value *value, unsigned depth,
                                          coffer_error *error)
{
        for (size_t i = 0; coffer_value_kind(value) == COFFER_KIND_DICT && i < coffer_value_count(value); i++) {
                coffer_status status = check(keyword, coffer_value_key(value, i), depth + 1, error);
                if (status == COFFER_MALFORMED)
                        name_member(coffer_value_key(value, i), error);
                COFFER_TRY(status);
        }
        return COFFER_OK;
}

/* Of those that properties does not name. */
static coffer_status check_additional(const coffer_value *schema, const coffer_value *value, unsigned depth,
                                      coffer_error *error)
{
        const coffer_value *keyword = coffer_value_lookup(schema, "additionalProperties");
        const coffer_value *properties = coffer_value_lookup(schema, "properties");
        if (!keyword || coffer_value_kind(value) != COFFER_KIND_DICT)
                return COFFER_OK;
        for (size_t i = 0; i < coffer_value_count(value); i++) {
                const coffer_value *name = coffer_value_key(value, i);
                if (properties && member(properties, name))
                        continue;
                coffer_status status = check(keyword, coffer_value_item(value, i), depth + 1, error);
                if (status == COFFER_MALFORMED)
                        name_member(name, error);
                COFFER_TRY(status);
        }
        return COFFER_OK;
}

/* ---- schemas ---- */

static const struct {
        const char *name;
        /* NULL: an annotation, or looked at elsewhere */
        coffer_status (*check)(const coffer_value *keyword, const coffer_value *value, unsigned depth,
                               coffer_error *error);
} keywords[] = {
        {"$schema", NULL},
        {"$id", NULL},
        {"$comment", NULL},
        {"title", NULL},
        {"description", NULL},
        {"default", NULL},
        {"examples", NULL},
        {"format", NULL},
        {"contentEncoding", NULL},
        {"contentMediaType", NULL},
        {"type", check_type},
        {"const", check_const},
        {"enum", check_enum},
        {"anyOf", check_any_of},
        {"minimum", check_minimum},
        {"maximum", check_maximum},
        {"items", NULL},
        {"prefixItems", check_prefix_items},
        {"minItems", check_min_items},
        {"maxItems", check_max_items},
        {"properties", check_properties},
        {"required", check_required},
        {"propertyNames", check_property_names},
        {"additionalProperties", NULL},
};

static coffer_status check_keyword(coffer_cursor name, const coffer_value *keyword, const coffer_value *value,
                                   unsigned depth, coffer_error *error)
{
        for (size_t i = 0; i < ARRAY_COUNT(keywords); i++)
                if (coffer_cursor_is(name, keywords[i].name))
                        return keywords[i].check ? keywords[i].check(keyword, value, depth, error) : COFFER_OK;
        return coffer_error_set(error, COFFER_UNSUPPORTED, "in the schema, the keyword \"%.*s\" is not known here",
                                (int)(name.size_bytes < 64 ? name.size_bytes : 64), (const char *)name.data);
}

static coffer_status check(const coffer_value *schema, const coffer_value *value, unsigned depth, coffer_error *error)
{
        if (depth > MAX_DEPTH)
                return coffer_error_set(error, COFFER_LIMIT, "the schema is nested deeper than %d", MAX_DEPTH);
        if (coffer_value_kind(schema) == COFFER_KIND_BOOL)
                return coffer_value_get_bool(schema)
                               ? COFFER_OK
                               : coffer_error_set(error, COFFER_MALFORMED, "nothing is allowed here");
        if (coffer_value_kind(schema) != COFFER_KIND_DICT)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "a schema is an object, or true or false");
        for (size_t i = 0; i < coffer_value_count(schema); i++)
                COFFER_TRY(check_keyword(coffer_value_data(coffer_value_key(schema, i)), coffer_value_item(schema, i),
                                         value, depth, error));
        COFFER_TRY(check_items(schema, value, depth, error));
        return check_additional(schema, value, depth, error);
}

coffer_status coffer_schema_check(coffer_cursor schema_json, const coffer_value *value, coffer_error *error)
{
        coffer_document *schema _cleanup_document_ = NULL;
        COFFER_TRY(coffer_document_from_json(schema_json, &schema, error));
        COFFER_TRY(check(coffer_document_root(schema), value, 0, error));
        return COFFER_OK;
}
