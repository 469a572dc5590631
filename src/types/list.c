/* SPDX-License-Identifier: Apache-2.0 */
/* List[T]: values of one type, as a JSON array. */
#include <stdio.h>

#include "types/types.h"
#include "util/text.h"

static coffer_status check_item_type(const coffer_iotype_class *self, const coffer_iotype *type, coffer_error *error)
{
        const coffer_iotype *item = coffer_iotype_parameter(type, 0);
        (void)self;
        if (item->class_->to_json)
                return COFFER_OK;
        return coffer_error_set(error, COFFER_INVALID, "values of type %s have no JSON form and can't be in a List",
                                item->name);
}

static coffer_status to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                             coffer_error *error)
{
        const coffer_iotype *item = coffer_iotype_parameter(type, 0);
        char *items _cleanup_free_ = NULL;
        (void)self;
        COFFER_TRY(item->class_->to_spec(item->class_, item, &items, error));
        return coffer_text_format(json, error, "{\"type\":\"array\",\"items\":%s}", items);
}

static coffer_status convert_item(const coffer_iotype *type, bool from_json, coffer_document *document,
                                  const coffer_value *item, coffer_value *list, coffer_error *error)
{
        const coffer_iotype_class *class_ = type->class_;
        const coffer_value *made = NULL;
        COFFER_TRY((from_json ? class_->from_json : class_->to_json)(class_, type, document, item, &made, error));
        return coffer_value_append(document, list, made, error);
}

static coffer_status convert(const coffer_iotype *type, bool from_json, coffer_document *document,
                             const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        coffer_kind kind = coffer_value_kind(value);
        coffer_value *list = NULL;
        if (kind != COFFER_KIND_LIST && kind != COFFER_KIND_TUPLE)
                return coffer_type_mismatch(type, value, error);
        COFFER_TRY(coffer_value_container(document, COFFER_KIND_LIST, &list, error));
        for (size_t i = 0; i < coffer_value_count(value); i++) {
                coffer_status status = convert_item(coffer_iotype_parameter(type, 0), from_json, document,
                                                    coffer_value_item(value, i), list, error);
                if (status != COFFER_OK) {
                        char place[32];
                        (void)snprintf(place, sizeof(place), "[%zu]", i);
                        coffer_iotype_error_at(error, place);
                        return status;
                }
        }
        *out = list;
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

const coffer_iotype_class coffer_type_list = {
        COFFER_TYPE_HEAD("List"), .min_parameters = 1, .max_parameters = 1,    .check = check_item_type,
        .to_spec = to_spec,       .to_json = to_json,  .from_json = from_json,
};
