/* SPDX-License-Identifier: Apache-2.0 */
/* Enum[red,green]: one of the words in its name. */
#include "types/types.h"
#include "util/cursor.h"

static coffer_status check_words(const coffer_iotype_class *self, const coffer_iotype *type, coffer_error *error)
{
        (void)self;
        for (size_t i = 0; i < coffer_iotype_parameter_count(type); i++)
                for (size_t j = 0; j < i; j++)
                        if (strcmp(coffer_iotype_parameter_word(type, i), coffer_iotype_parameter_word(type, j)) == 0)
                                return coffer_error_set(error, COFFER_INVALID, "an Enum has the word %s twice",
                                                        coffer_iotype_parameter_word(type, i));
        return COFFER_OK;
}

static coffer_status words_schema(const coffer_iotype *type, coffer_document *document, char **json,
                                  coffer_error *error)
{
        coffer_value *schema, *words, *word, *key;
        COFFER_TRY(coffer_value_container(document, COFFER_KIND_DICT, &schema, error));
        COFFER_TRY(coffer_value_container(document, COFFER_KIND_LIST, &words, error));
        COFFER_TRY(coffer_value_str(document, coffer_cursor_text("enum"), true, &key, error));
        COFFER_TRY(coffer_value_set_item(document, schema, key, words, error));
        for (size_t i = 0; i < coffer_iotype_parameter_count(type); i++) {
                coffer_cursor text = coffer_cursor_text(coffer_iotype_parameter_word(type, i));
                COFFER_TRY(coffer_value_str(document, text, true, &word, error));
                COFFER_TRY(coffer_value_append(document, words, word, error));
        }
        return coffer_value_to_canonical_json(schema, json, error);
}

static coffer_status to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                             coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        (void)self;
        COFFER_TRY(coffer_document_new(&document, error));
        return words_schema(type, document, json, error);
}

static coffer_status check(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                           const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        (void)self;
        (void)document;
        for (size_t i = 0; coffer_value_kind(value) == COFFER_KIND_STR && i < coffer_iotype_parameter_count(type);
             i++) {
                if (coffer_cursor_is(coffer_value_data(value), coffer_iotype_parameter_word(type, i))) {
                        *out = value;
                        return COFFER_OK;
                }
        }
        return coffer_type_mismatch(type, value, error);
}

const coffer_iotype_class coffer_type_enum = {
        COFFER_TYPE_HEAD("Enum"),
        .parameters = COFFER_IOTYPE_WORDS,
        .min_parameters = 1,
        .max_parameters = COFFER_IOTYPE_MAX_PARAMETERS,
        .check = check_words,
        .to_spec = to_spec,
        .wire_serialize = coffer_raw_wire_serialize,
        .wire_deserialize = coffer_raw_wire_deserialize,
        .storage_serialize = coffer_raw_storage_serialize,
        .storage_deserialize = coffer_raw_storage_deserialize,
        .to_json = check,
        .from_json = check,
};
