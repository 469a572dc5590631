/* SPDX-License-Identifier: Apache-2.0 */
/* Text: UTF-8, stored and sent as it is. */
#include "types/types.h"
#include "util/utf8.h"

static coffer_status to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                             coffer_error *error)
{
        (void)self;
        (void)type;
        return coffer_type_spec("{\"type\":\"string\"}", json, error);
}

static coffer_status check(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                           const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        (void)self;
        (void)document;
        if (coffer_value_kind(value) != COFFER_KIND_STR)
                return coffer_type_mismatch(type, value, error);
        if (!coffer_utf8_valid(coffer_value_data(value), false))
                return coffer_error_set(error, COFFER_MALFORMED, "a str with lone surrogates is no Text");
        *out = value;
        return COFFER_OK;
}

const coffer_iotype_class coffer_type_text = {
        COFFER_TYPE_HEAD("Text"),
        .to_spec = to_spec,
        .wire_serialize = coffer_raw_wire_serialize,
        .wire_deserialize = coffer_raw_wire_deserialize,
        .storage_serialize = coffer_raw_storage_serialize,
        .storage_deserialize = coffer_raw_storage_deserialize,
        .to_json = check,
        .from_json = check,
};
