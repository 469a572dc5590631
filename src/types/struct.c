/* SPDX-License-Identifier: Apache-2.0 */
/* Struct and Struct[module:Class]: a record of named JSON values. The class is a name beside the bytes and nothing
 * more: it is never looked up here. */
#include "types/types.h"
#include "util/cursor.h"

static bool is_dotted_name(coffer_cursor text)
{
        bool at_start = true;
        for (size_t i = 0; i < text.size_bytes; i++) {
                uint8_t byte = text.data[i];
                if (byte == '.' && at_start)
                        return false;
                bool is_letter =
                        byte >= 0x80 || byte == '_' || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
                if (byte != '.' && !is_letter && (at_start || byte < '0' || byte > '9'))
                        return false;
                at_start = byte == '.';
        }
        return !at_start;
}

static coffer_status check_class(const coffer_iotype_class *self, const coffer_iotype *type, coffer_error *error)
{
        const char *word = coffer_iotype_parameter_word(type, 0);
        (void)self;
        if (!word)
                return COFFER_OK;
        coffer_cursor rest = coffer_cursor_text(word), module;
        if (!coffer_cursor_until(&rest, ':', &module) || !is_dotted_name(module) || !is_dotted_name(rest))
                return coffer_error_set(error, COFFER_INVALID, "'%s' does not name a class as module:Class", word);
        return COFFER_OK;
}

static coffer_status schema_of(const coffer_iotype *type, coffer_document *document, char **json, coffer_error *error)
{
        const char *const texts[] = {"type", "object", "title", coffer_iotype_parameter_word(type, 0)};
        coffer_value *schema, *key, *value;
        COFFER_TRY(coffer_value_container(document, COFFER_KIND_DICT, &schema, error));
        for (size_t i = 0; i < ARRAY_COUNT(texts) && texts[i + 1]; i += 2) {
                COFFER_TRY(coffer_value_str(document, coffer_cursor_text(texts[i]), true, &key, error));
                COFFER_TRY(coffer_value_str(document, coffer_cursor_text(texts[i + 1]), true, &value, error));
                COFFER_TRY(coffer_value_set_item(document, schema, key, value, error));
        }
        return coffer_value_to_canonical_json(schema, json, error);
}

static coffer_status to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                             coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        (void)self;
        COFFER_TRY(coffer_document_new(&document, error));
        return schema_of(type, document, json, error);
}

static coffer_status take(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                          const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        (void)self;
        (void)document;
        if (coffer_value_kind(value) != COFFER_KIND_DICT)
                return coffer_type_mismatch(type, value, error);
        COFFER_TRY(coffer_type_check_json(value, 0, error));
        *out = value;
        return COFFER_OK;
}

const coffer_iotype_class coffer_type_struct = {
        COFFER_TYPE_HEAD("Struct"), .parameters = COFFER_IOTYPE_WORDS,
        .max_parameters = 1,        .check = check_class,
        .to_spec = to_spec,         .to_json = take,
        .from_json = take,
};
