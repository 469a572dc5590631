/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "typed.h"

COFFER_DEFINE_CLEANUP(coffer_blob_list *, coffer_blob_list_free);

bool cli_is_type_name(coffer_cursor word)
{
        return word.size_bytes > 0 && word.data[0] >= 'A' && word.data[0] <= 'Z';
}

static coffer_status read_value(const coffer_iotype *type, const char *wire, coffer_bytes *stored, coffer_object *out,
                                coffer_error *error)
{
        coffer_blob_list *blobs _cleanup_(coffer_blob_list_freep) = NULL;
        if (wire)
                return coffer_iotype_deserialize(type, COFFER_WIRE, NULL, NULL, wire, out, error);
        COFFER_TRY(coffer_blob_list_new(&blobs, error));
        COFFER_TRY(coffer_blob_list_add_bytes(blobs, stored, error));
        return coffer_iotype_deserialize(type, COFFER_STORAGE, blobs, NULL, NULL, out, error);
}

coffer_status cli_typed_object(coffer_registry *registry, const char *type_name, const char *wire, coffer_bytes *stored,
                               coffer_object *out, coffer_error *error)
{
        coffer_iotype *type _cleanup_(coffer_iotype_unrefp) = NULL;
        coffer_object value = {NULL, NULL};
        COFFER_TRY(coffer_iotype_find(registry, coffer_cursor_text(type_name), &type, error));
        COFFER_TRY(read_value(type, wire, stored, &value, error));
        coffer_status status = coffer_iotype_object(type, &value, out, error);
        coffer_object_unref(&value);
        return status;
}

/* A front that knows more than the type's name tells (the fields of a class) records the schema. */
static char *recorded_spec(const coffer_artifact_info *info)
{
        json_t *serializer_info = cli_json_parsed(info->serializer_info_json);
        const json_t *spec = json_object_get(serializer_info, "spec");
        char *text = json_is_object(spec) ? cli_need(json_dumps(spec, JSON_COMPACT | JSON_SORT_KEYS)) : NULL;
        char *copy = text ? cli_text("%s", text) : NULL;
        free(text);
        json_decref(serializer_info);
        return copy;
}

coffer_status cli_typed_spec(coffer_registry *registry, const coffer_artifact_info *info, char **out,
                             coffer_error *error)
{
        coffer_iotype *type _cleanup_(coffer_iotype_unrefp) = NULL;
        size_t prefix_bytes = strlen(COFFER_IOTYPE_ENCODING);
        if (!info->encoding || strncmp(info->encoding, COFFER_IOTYPE_ENCODING, prefix_bytes) != 0)
                return coffer_error_set(error, COFFER_DECLINED,
                                        "%s is not typed (its encoding is %s), so it has no schema", info->name,
                                        info->encoding ? info->encoding : "not known");
        char *recorded = recorded_spec(info);
        if (recorded) {
                *out = recorded;
                return COFFER_OK;
        }
        COFFER_TRY(coffer_iotype_find(registry, coffer_cursor_text(info->encoding + prefix_bytes), &type, error));
        return coffer_iotype_to_spec(type, out, error);
}

coffer_status cli_typed_wire(const coffer_object *object, char **out, coffer_error *error)
{
        coffer_iotype *type;
        coffer_object value;
        coffer_status status = coffer_object_view_iotype(object, &type, &value, error);
        if (status == COFFER_DECLINED)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "it is not typed and has no wire form");
        COFFER_TRY(status);
        return coffer_iotype_serialize(type, &value, COFFER_WIRE, NULL, NULL, out, error);
}
