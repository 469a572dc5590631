/* SPDX-License-Identifier: Apache-2.0 */
/* The type Table: what the Arrow IPC format holds, as a file or as a stream. Its value in C is those bytes; they are
 * kept as they are given, once they have been checked in full. */
#include "table.h"

#include <string.h>

#include "view.h"

static coffer_status verify_bytes(coffer_cursor bytes, coffer_error *error)
{
        coffer_error problem = COFFER_ERROR_INIT;
        coffer_status status = table_verify(bytes, &problem);
        return status == COFFER_OK ? COFFER_OK : coffer_error_set(error, status, "it is no Table: %s", problem.message);
}

static coffer_status verify(const coffer_object *value, coffer_error *error)
{
        coffer_cursor bytes;
        coffer_status status = coffer_object_view_bytes(value, &bytes, error);
        if (status == COFFER_DECLINED)
                return coffer_error_set(error, COFFER_MALFORMED, "what shows no bytes is no Table");
        TABLE_TRY(status);
        return verify_bytes(bytes, error);
}

/* Lets go of what is no table. */
static coffer_status verified(coffer_status status, coffer_object *value, coffer_object *out, coffer_error *error)
{
        TABLE_TRY(status);
        status = verify(value, error);
        if (status == COFFER_OK)
                *out = *value;
        else
                coffer_object_unref(value);
        return status;
}

static coffer_status to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                             coffer_error *error)
{
        (void)self;
        (void)type;
        char *copy = coffer_strdup("{\"type\":\"string\",\"contentEncoding\":\"base64\",\"description\":"
                                   "\"a table in the Arrow IPC format, as a file or as a stream\"}");
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a schema");
        *json = copy;
        return COFFER_OK;
}

static coffer_status storage_serialize(const coffer_iotype_class *self, const coffer_iotype *type,
                                       const coffer_object *value, coffer_blob_list *blobs, coffer_metadata *metadata,
                                       coffer_error *error)
{
        const coffer_iotype_class *bytes = coffer_iotype_bytes_class();
        (void)self;
        TABLE_TRY(verify(value, error));
        return bytes->storage_serialize(bytes, type, value, blobs, metadata, error);
}

static coffer_status storage_deserialize(const coffer_iotype_class *self, const coffer_iotype *type,
                                         const coffer_blob_list *blobs, const coffer_metadata *metadata,
                                         coffer_object *out, coffer_error *error)
{
        const coffer_iotype_class *bytes = coffer_iotype_bytes_class();
        coffer_object value = {NULL, NULL};
        (void)self;
        coffer_status status = bytes->storage_deserialize(bytes, type, blobs, metadata, &value, error);
        return verified(status, &value, out, error);
}

static coffer_status wire_serialize(const coffer_iotype_class *self, const coffer_iotype *type,
                                    const coffer_object *value, char **wire, coffer_error *error)
{
        const coffer_iotype_class *bytes = coffer_iotype_bytes_class();
        (void)self;
        TABLE_TRY(verify(value, error));
        return bytes->wire_serialize(bytes, type, value, wire, error);
}

static coffer_status wire_deserialize(const coffer_iotype_class *self, const coffer_iotype *type, const char *wire,
                                      coffer_object *out, coffer_error *error)
{
        const coffer_iotype_class *bytes = coffer_iotype_bytes_class();
        coffer_object value = {NULL, NULL};
        (void)self;
        coffer_status status = bytes->wire_deserialize(bytes, type, wire, &value, error);
        return verified(status, &value, out, error);
}

static coffer_status to_json(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                             const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        const coffer_iotype_class *bytes = coffer_iotype_bytes_class();
        (void)self;
        return bytes->to_json(bytes, type, document, value, out, error);
}

static coffer_status from_json(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                               const coffer_value *json, const coffer_value **out, coffer_error *error)
{
        const coffer_iotype_class *bytes = coffer_iotype_bytes_class();
        const coffer_value *value = NULL;
        (void)self;
        TABLE_TRY(bytes->from_json(bytes, type, document, json, &value, error));
        TABLE_TRY(verify_bytes(coffer_value_data(value), error));
        *out = value;
        return COFFER_OK;
}

static coffer_status to_view(const coffer_iotype_class *self, const coffer_iotype *type, const coffer_object *value,
                             uint64_t max_items, coffer_document *document, const coffer_value **out,
                             coffer_error *error)
{
        coffer_value *made = NULL;
        coffer_cursor bytes;
        (void)self;
        (void)type;
        TABLE_TRY(coffer_object_view_bytes(value, &bytes, error));
        TABLE_TRY(table_view(bytes, max_items, document, &made, error));
        *out = made;
        return COFFER_OK;
}

const coffer_iotype_class *coffer_iotype_entry(uint32_t abi, const char *name)
{
        static const coffer_iotype_class table = {
                .abi = COFFER_IOTYPE_ABI,
                .struct_bytes = sizeof(coffer_iotype_class),
                .name = "Table",
                .to_spec = to_spec,
                .wire_serialize = wire_serialize,
                .wire_deserialize = wire_deserialize,
                .storage_serialize = storage_serialize,
                .storage_deserialize = storage_deserialize,
                .to_json = to_json,
                .from_json = from_json,
                .to_view = to_view,
        };
        return abi == COFFER_IOTYPE_ABI && strcmp(name, table.name) == 0 ? &table : NULL;
}
