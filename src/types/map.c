/* SPDX-License-Identifier: Apache-2.0 */
/* Map[K,V]: values under keys, as a JSON object. Keys that are no texts stand as the text of their JSON. */
#include <stdio.h>

#include "types/types.h"
#include "util/cursor.h"
#include "util/text.h"

static bool can_be_key(const coffer_iotype *type)
{
        static const coffer_iotype_class *const classes[] = {&coffer_type_text, &coffer_type_enum, &coffer_type_int32,
                                                             &coffer_type_int64, &coffer_type_bool};
        for (size_t i = 0; i < ARRAY_COUNT(classes); i++)
                if (type->class_ == classes[i])
                        return true;
        return false;
}

static coffer_status check_types(const coffer_iotype_class *self, const coffer_iotype *type, coffer_error *error)
{
        const coffer_iotype *key = coffer_iotype_parameter(type, 0), *value = coffer_iotype_parameter(type, 1);
        (void)self;
        if (!can_be_key(key))
                return coffer_error_set(error, COFFER_INVALID,
                                        "the keys of a Map are Text, Enum, Int32, Int64 or Bool, not %s", key->name);
        if (!value->class_->to_json)
                return coffer_error_set(error, COFFER_INVALID,
                                        "values of type %s have no JSON form and can't be in a Map", value->name);
        return COFFER_OK;
}

static coffer_status to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                             coffer_error *error)
{
        const coffer_iotype *key = coffer_iotype_parameter(type, 0), *value = coffer_iotype_parameter(type, 1);
        char *keys _cleanup_free_ = NULL, *values _cleanup_free_ = NULL;
        (void)self;
        COFFER_TRY(value->class_->to_spec(value->class_, value, &values, error));
        if (key->class_ != &coffer_type_enum)
                return coffer_text_format(json, error, "{\"type\":\"object\",\"additionalProperties\":%s}", values);
        COFFER_TRY(key->class_->to_spec(key->class_, key, &keys, error));
        return coffer_text_format(json, error, "{\"type\":\"object\",\"additionalProperties\":%s,\"propertyNames\":%s}",
                                  values, keys);
}

/* The key as a str. */
static coffer_status key_to_json(const coffer_iotype *type, coffer_document *document, const coffer_value *key,
                                 const coffer_value **out, coffer_error *error)
{
        char *text _cleanup_free_ = NULL;
        coffer_value *made = NULL;
        COFFER_TRY(type->class_->to_json(type->class_, type, document, key, out, error));
        if (coffer_value_kind(*out) == COFFER_KIND_STR)
                return COFFER_OK;
        COFFER_TRY(coffer_value_to_canonical_json(*out, &text, error));
        COFFER_TRY(coffer_value_str(document, coffer_cursor_text(text), false, &made, error));
        *out = made;
        return COFFER_OK;
}

/* What the text of a key stands for, in the types whose keys are no texts. */
static coffer_status key_from_text(const coffer_iotype *type, coffer_document *document, const coffer_value *key,
                                   const coffer_value **out, coffer_error *error)
{
        coffer_cursor text = coffer_value_data(key);
        coffer_value *made = NULL;
        bool is_true = coffer_cursor_is(text, "true");
        if (type->class_ != &coffer_type_bool)
                COFFER_TRY(coffer_value_int_text(document, text, &made, error));
        else if (is_true || coffer_cursor_is(text, "false"))
                COFFER_TRY(coffer_value_bool(document, is_true, &made, error));
        else
                return coffer_type_mismatch(type, key, error);
        *out = made;
        return COFFER_OK;
}

static coffer_status key_from_json(const coffer_iotype *type, coffer_document *document, const coffer_value *key,
                                   const coffer_value **out, coffer_error *error)
{
        if (type->class_ != &coffer_type_text && type->class_ != &coffer_type_enum)
                COFFER_TRY(key_from_text(type, document, key, &key, error));
        return type->class_->from_json(type->class_, type, document, key, out, error);
}

static coffer_status convert_pair(const coffer_iotype *type, bool from_json, coffer_document *document,
                                  const coffer_value *key, const coffer_value *value, coffer_value *dict,
                                  coffer_error *error)
{
        const coffer_iotype *key_type = coffer_iotype_parameter(type, 0), *item = coffer_iotype_parameter(type, 1);
        const coffer_iotype_class *class_ = item->class_;
        const coffer_value *made_key = NULL, *made = NULL;
        size_t before = coffer_value_count(dict);
        COFFER_TRY((from_json ? key_from_json : key_to_json)(key_type, document, key, &made_key, error));
        COFFER_TRY((from_json ? class_->from_json : class_->to_json)(class_, item, document, value, &made, error));
        COFFER_TRY(coffer_value_set_item(document, dict, made_key, made, error));
        if (coffer_value_count(dict) == before)
                return coffer_error_set(error, COFFER_MALFORMED, "the key is there twice");
        return COFFER_OK;
}

/* Says under which key it was. */
static void name_key(const coffer_value *key, coffer_error *error)
{
        char *text _cleanup_free_ = NULL;
        coffer_document *scratch _cleanup_document_ = NULL;
        coffer_print_options options = COFFER_PRINT_OPTIONS_INIT;
        char place[80];
        options.max_text_bytes = 48;
        options.max_depth = 1;
        options.width = 0;
        if (!error || coffer_document_new(&scratch, NULL) != COFFER_OK ||
            coffer_value_print(scratch, key, &options, &text, NULL) != COFFER_OK)
                return;
        (void)snprintf(place, sizeof(place), "[%.70s]", text);
        coffer_iotype_error_at(error, place);
}

static coffer_status convert(const coffer_iotype *type, bool from_json, coffer_document *document,
                             const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        coffer_value *dict = NULL;
        if (coffer_value_kind(value) != COFFER_KIND_DICT)
                return coffer_type_mismatch(type, value, error);
        COFFER_TRY(coffer_value_container(document, COFFER_KIND_DICT, &dict, error));
        for (size_t i = 0; i < coffer_value_count(value); i++) {
                const coffer_value *key = coffer_value_key(value, i);
                coffer_status status =
                        convert_pair(type, from_json, document, key, coffer_value_item(value, i), dict, error);
                if (status == COFFER_MALFORMED)
                        name_key(key, error);
                COFFER_TRY(status);
        }
        *out = dict;
        return COFFER_OK;
}

static coffer_status to_json(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                             const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        (void)self;
        return convert(type, false, document, value, out, error);
}

static coffer_status from_json(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                               const coffer_value *json, const coffer_value **out, coffer_error *error)
{
        (void)self;
        return convert(type, true, document, json, out, error);
}

const coffer_iotype_class coffer_type_map = {
        COFFER_TYPE_HEAD("Map"), .min_parameters = 2, .max_parameters = 2,    .check = check_types,
        .to_spec = to_spec,      .to_json = to_json,  .from_json = from_json,
};
