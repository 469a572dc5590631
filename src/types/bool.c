/* SPDX-License-Identifier: Apache-2.0 */
/* Bool: true or false, never a number. */
#include "types/types.h"

static coffer_status to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                             coffer_error *error)
{
        (void)self;
        (void)type;
        return coffer_type_spec("{\"type\":\"boolean\"}", json, error);
}

static coffer_status check(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                           const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        (void)self;
        (void)document;
        if (coffer_value_kind(value) != COFFER_KIND_BOOL)
                return coffer_type_mismatch(type, value, error);
        *out = value;
        return COFFER_OK;
}

const coffer_iotype_class coffer_type_bool = {
        COFFER_TYPE_HEAD("Bool"),
        .to_spec = to_spec,
        .to_json = check,
        .from_json = check,
};
