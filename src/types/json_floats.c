/* SPDX-License-Identifier: Apache-2.0 */
/* NaN and the infinities in Json[nan]: JSON has no numbers for them, so an object stands for each. */
#include <math.h>

#include "types/types.h"

typedef coffer_status (*exchange_fn)(coffer_document *document, const coffer_value *value, const coffer_value **out,
                                     coffer_error *error);

/* ---- containers, of which a copy is made as soon as one item differs ---- */

static coffer_status copy_items(coffer_document *document, const coffer_value *list, size_t count, coffer_value **out,
                                coffer_error *error)
{
        COFFER_TRY(coffer_value_container(document, COFFER_KIND_LIST, out, error));
        for (size_t i = 0; i < count; i++)
                COFFER_TRY(coffer_value_append(document, *out, coffer_value_item(list, i), error));
        return COFFER_OK;
}

static coffer_status exchange_items(exchange_fn exchange, coffer_document *document, const coffer_value *list,
                                    const coffer_value **out, coffer_error *error)
{
        coffer_value *copy = NULL;
        for (size_t i = 0; i < coffer_value_count(list); i++) {
                const coffer_value *item = coffer_value_item(list, i), *made;
                COFFER_TRY(exchange(document, item, &made, error));
                if (!copy && made != item)
                        COFFER_TRY(copy_items(document, list, i, &copy, error));
                if (copy)
                        COFFER_TRY(coffer_value_append(document, copy, made, error));
        }
        *out = copy ? copy : list;
        return COFFER_OK;
}

static coffer_status copy_members(coffer_document *document, const coffer_value *dict, size_t count, coffer_value **out,
                                  coffer_error *error)
{
        COFFER_TRY(coffer_value_container(document, COFFER_KIND_DICT, out, error));
        for (size_t i = 0; i < count; i++)
                COFFER_TRY(coffer_value_set_item(document, *out, coffer_value_key(dict, i), coffer_value_item(dict, i),
                                                 error));
        return COFFER_OK;
}

static coffer_status exchange_members(exchange_fn exchange, coffer_document *document, const coffer_value *dict,
                                      const coffer_value **out, coffer_error *error)
{
        coffer_value *copy = NULL;
        for (size_t i = 0; i < coffer_value_count(dict); i++) {
                const coffer_value *item = coffer_value_item(dict, i), *made;
                COFFER_TRY(exchange(document, item, &made, error));
                if (!copy && made != item)
                        COFFER_TRY(copy_members(document, dict, i, &copy, error));
                if (copy)
                        COFFER_TRY(coffer_value_set_item(document, copy, coffer_value_key(dict, i), made, error));
        }
        *out = copy ? copy : dict;
        return COFFER_OK;
}

/* What is no container stays as it is. The nesting was checked. */
static coffer_status exchange_inside(exchange_fn exchange, coffer_document *document, const coffer_value *value,
                                     const coffer_value **out, coffer_error *error)
{
        switch (coffer_value_kind(value)) {
        case COFFER_KIND_LIST:
        case COFFER_KIND_TUPLE:
                return exchange_items(exchange, document, value, out, error);
        case COFFER_KIND_DICT:
                return exchange_members(exchange, document, value, out, error);
        default:
                *out = value;
                return COFFER_OK;
        }
}

/* ---- the two ways ---- */

coffer_status coffer_json_mark_floats(coffer_document *document, const coffer_value *value, const coffer_value **out,
                                      coffer_error *error)
{
        coffer_value *mark, *key, *word;
        if (coffer_value_kind(value) != COFFER_KIND_FLOAT || isfinite(coffer_value_get_float(value)))
                return exchange_inside(coffer_json_mark_floats, document, value, out, error);
        coffer_cursor text = coffer_cursor_text(coffer_float_word(coffer_value_get_float(value)));
        COFFER_TRY(coffer_value_container(document, COFFER_KIND_DICT, &mark, error));
        COFFER_TRY(coffer_value_str(document, coffer_cursor_text(COFFER_FLOAT_MARK), true, &key, error));
        COFFER_TRY(coffer_value_str(document, text, true, &word, error));
        COFFER_TRY(coffer_value_set_item(document, mark, key, word, error));
        *out = mark;
        return COFFER_OK;
}

coffer_status coffer_json_unmark_floats(coffer_document *document, const coffer_value *value, const coffer_value **out,
                                        coffer_error *error)
{
        const coffer_value *mark =
                coffer_value_kind(value) == COFFER_KIND_DICT ? coffer_value_lookup(value, COFFER_FLOAT_MARK) : NULL;
        coffer_value *made = NULL;
        double number;
        if (!mark || !coffer_float_of_word(mark, &number))
                return exchange_inside(coffer_json_unmark_floats, document, value, out, error);
        COFFER_TRY(coffer_value_float(document, number, &made, error));
        *out = made;
        return COFFER_OK;
}
