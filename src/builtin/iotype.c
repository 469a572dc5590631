/* SPDX-License-Identifier: Apache-2.0 */
/* The bridge between typed objects and the datastore: claims them all, and names their types in the encoding, since
 * that and the bytes are all that every reader gets. */
#include "builtin/builtin.h"

#include <string.h>

#include "serializer/registry_internal.h"
#include "util/cursor.h"
#include "util/text.h"

static coffer_status can_serialize(const coffer_serializer *self, const coffer_object *object, bool *out,
                                   coffer_error *error)
{
        coffer_iotype *type;
        coffer_object value;
        (void)self;
        COFFER_TRY(coffer_object_view_iotype(object, &type, &value, error));
        *out = true;
        return COFFER_OK;
}

static bool type_name_of(const coffer_metadata *metadata, coffer_cursor *out)
{
        const char *encoding = coffer_metadata_encoding(metadata);
        size_t prefix_bytes = strlen(COFFER_IOTYPE_ENCODING);
        if (strncmp(encoding, COFFER_IOTYPE_ENCODING, prefix_bytes) != 0)
                return false;
        *out = coffer_cursor_text(encoding + prefix_bytes);
        return true;
}

/* Takes every type's encoding: when the type is not there, reading says so, which helps more than "no deserializer". */
static coffer_status can_deserialize(const coffer_serializer *self, const coffer_metadata *metadata, bool *out,
                                     coffer_error *error)
{
        coffer_cursor name;
        (void)self;
        (void)error;
        *out = type_name_of(metadata, &name);
        return COFFER_OK;
}

static coffer_status storage_only(coffer_error *error)
{
        return coffer_error_set(error, COFFER_UNSUPPORTED,
                                "typed objects have their wire form from their type, not from the serializer");
}

static coffer_status serialize(const coffer_serializer *self, const coffer_object *object, coffer_format format,
                               coffer_blob_list *blobs, coffer_metadata *metadata, char **wire, coffer_error *error)
{
        char *encoding _cleanup_free_ = NULL;
        coffer_iotype *type;
        coffer_object value;
        (void)self;
        (void)wire;
        if (format != COFFER_STORAGE)
                return storage_only(error);
        COFFER_TRY(coffer_object_view_iotype(object, &type, &value, error));
        COFFER_TRY(coffer_iotype_serialize(type, &value, COFFER_STORAGE, blobs, metadata, NULL, error));
        COFFER_TRY(coffer_text_format(&encoding, error, COFFER_IOTYPE_ENCODING "%s", coffer_iotype_name(type)));
        COFFER_TRY(coffer_metadata_set_encoding(metadata, encoding, error));
        return coffer_metadata_set_info(metadata, "iotype", coffer_iotype_name(type), error);
}

static coffer_status deserialize(const coffer_serializer *self, coffer_format format, const coffer_blob_list *blobs,
                                 const coffer_metadata *metadata, const char *wire, coffer_object *out,
                                 coffer_error *error)
{
        coffer_registry *registry = self->user;
        coffer_iotype *type _cleanup_iotype_ = NULL;
        coffer_object value = {NULL, NULL};
        coffer_cursor name;
        (void)wire;
        if (format != COFFER_STORAGE || !type_name_of(metadata, &name))
                return storage_only(error);
        COFFER_TRY(coffer_iotype_find(registry, name, &type, error));
        COFFER_TRY(coffer_iotype_deserialize(type, COFFER_STORAGE, blobs, metadata, NULL, &value, error));
        coffer_status status = coffer_iotype_object(type, &value, out, error);
        coffer_object_unref(&value);
        return status;
}

static coffer_status place_tensor(const coffer_serializer *self, const coffer_metadata *metadata,
                                  coffer_ranges *contents, coffer_document *document, coffer_tensor *out,
                                  uint64_t *data_offset, coffer_error *error)
{
        coffer_iotype *type _cleanup_iotype_ = NULL;
        coffer_cursor name;
        if (!type_name_of(metadata, &name))
                return COFFER_DECLINED;
        COFFER_TRY(coffer_iotype_find(self->user, name, &type, error));
        return coffer_iotype_place_tensor(type, contents, document, out, data_offset, error);
}

const coffer_serializer *coffer_iotype_serializer(coffer_registry *registry)
{
        registry->iotype_serializer = (coffer_serializer){
                .abi = COFFER_SERIALIZER_ABI,
                .struct_bytes = sizeof(coffer_serializer),
                .type = "iotype",
                .priority = 50,
                .user = registry,
                .can_serialize = can_serialize,
                .can_deserialize = can_deserialize,
                .serialize = serialize,
                .deserialize = deserialize,
                .place_tensor = place_tensor,
        };
        return &registry->iotype_serializer;
}
