/* SPDX-License-Identifier: Apache-2.0 */
/* From object to blob and back, with what a serializer hands over checked before anybody relies on it. */
#include <inttypes.h>

#include "serializer/metadata.h"
#include "serializer/registry_internal.h"

/* Trouble with the data and want of memory stay what they are; the rest is the serializer's. */
static coffer_status status_of(coffer_status status)
{
        bool is_kept = status == COFFER_NO_MEMORY || coffer_status_class(status) == COFFER_CLASS_DATA;
        return is_kept ? status : COFFER_SERIALIZER;
}

static coffer_status blame(const coffer_serializer *serializer, const char *name, coffer_status status,
                           const coffer_error *cause, coffer_error *error)
{
        const char *reason = cause->status == status ? cause->message : coffer_status_text(status);
        return coffer_error_set_at(error, status_of(status), cause->offset, "Serializer %s failed on artifact '%s': %s",
                                   coffer_serializer_name(serializer), name, reason);
}

/* ---- save ---- */

static coffer_status check_blobs(const coffer_serializer *serializer, const coffer_blob_list *blobs, const char *name,
                                 coffer_error *error)
{
        const char *who = coffer_serializer_name(serializer);
        size_t count = coffer_blob_list_count(blobs);
        if (count == 0)
                return coffer_error_set(error, COFFER_SERIALIZER, "Serializer %s returned no blobs for artifact '%s'",
                                        who, name);
        if (count > 1)
                return coffer_error_set(error, COFFER_SERIALIZER,
                                        "Serializer %s returned %zu blobs for artifact '%s'; only single-blob "
                                        "serializers are supported at this time",
                                        who, count, name);
        const char *reference = coffer_blob_reference(coffer_blob_list_at(blobs, 0));
        if (reference)
                return coffer_error_set(error, COFFER_SERIALIZER,
                                        "Serializer %s returned the reference '%s' for artifact '%s'; only blobs of "
                                        "bytes are supported at this time",
                                        who, reference, name);
        return COFFER_OK;
}

static coffer_status check_metadata(const coffer_serializer *serializer, const coffer_metadata *metadata,
                                    uint64_t size_bytes, const char *name, coffer_error *error)
{
        const char *who = coffer_serializer_name(serializer);
        const char *encoding = coffer_metadata_encoding(metadata);
        if (!encoding || !*encoding)
                return coffer_error_set(error, COFFER_SERIALIZER, "Serializer %s named no encoding for artifact '%s'",
                                        who, name);
        if (strncmp(encoding, "gzip+", strlen("gzip+")) == 0)
                return coffer_error_set(
                        error, COFFER_SERIALIZER,
                        "Serializer %s named the encoding '%s' for artifact '%s'; \"gzip+\" is kept for "
                        "what Metaflow wrote of old",
                        who, encoding, name);
        if (coffer_metadata_has_size(metadata) && coffer_metadata_size(metadata) != size_bytes)
                return coffer_error_set(error, COFFER_SERIALIZER,
                                        "Serializer %s says that artifact '%s' has %" PRIu64
                                        " bytes, but returned %" PRIu64,
                                        who, name, coffer_metadata_size(metadata), size_bytes);
        return COFFER_OK;
}

/* What the serializer may leave to us: size, type, source. */
static coffer_status complete_metadata(coffer_metadata *metadata, const coffer_object *object, const char *source,
                                       uint64_t size_bytes, coffer_error *error)
{
        coffer_metadata_set_size(metadata, size_bytes);
        if (!coffer_metadata_object_type(metadata)) {
                _cleanup_free_ char *type = NULL;
                COFFER_TRY(coffer_object_type_text(object, &type, error));
                COFFER_TRY(coffer_metadata_set_object_type(metadata, type, error));
        }
        if (source && *source && !coffer_metadata_has_info(metadata, "source"))
                return coffer_metadata_set_info(metadata, "source", source, error);
        return COFFER_OK;
}

coffer_status coffer_choice_serialize(const coffer_choice *choice, const coffer_object *object, const char *name,
                                      coffer_blob **blob, coffer_metadata **metadata, coffer_error *error)
{
        _cleanup_blob_list_ coffer_blob_list *made = NULL;
        _cleanup_metadata_ coffer_metadata *said = NULL;
        COFFER_TRY(coffer_blob_list_new(&made, error));
        COFFER_TRY(coffer_metadata_new(&said, error));

        coffer_error cause = COFFER_ERROR_INIT;
        const coffer_serializer *serializer = choice->serializer;
        coffer_status status = serializer->serialize(serializer, object, COFFER_STORAGE, made, said, NULL, &cause);
        if (status != COFFER_OK)
                return blame(serializer, name, status, &cause, error);

        COFFER_TRY(check_blobs(serializer, made, name, error));
        coffer_blob *only = coffer_blob_list_at(made, 0);
        uint64_t size_bytes = coffer_bytes_size(coffer_blob_bytes(only));
        COFFER_TRY(check_metadata(serializer, said, size_bytes, name, error));
        status = complete_metadata(said, object, choice->source, size_bytes, &cause);
        if (status != COFFER_OK)
                return blame(serializer, name, status, &cause, error);
        *blob = coffer_blob_ref(only);
        *metadata = TAKE_PTR(said);
        return COFFER_OK;
}

coffer_status coffer_registry_serialize(coffer_registry *registry, const coffer_object *object, const char *name,
                                        coffer_blob **blob, coffer_metadata **metadata, coffer_error *error)
{
        coffer_choice choice;
        COFFER_TRY(coffer_registry_find_serializer(registry, object, name, &choice, error));
        return coffer_choice_serialize(&choice, object, name, blob, metadata, error);
}

/* ---- load ---- */

static coffer_status check_loadable(coffer_blob *blob, const char *name, coffer_error *error)
{
        return coffer_blob_bytes(blob)
                       ? COFFER_OK
                       : coffer_error_set(error, COFFER_UNSUPPORTED, "artifact '%s' is a reference to '%s'", name,
                                          coffer_blob_reference(blob));
}

coffer_status coffer_choice_deserialize(const coffer_choice *choice, coffer_blob *blob, const coffer_metadata *metadata,
                                        const char *name, coffer_object *out, coffer_error *error)
{
        COFFER_TRY(check_loadable(blob, name, error));
        _cleanup_blob_list_ coffer_blob_list *blobs = NULL;
        COFFER_TRY(coffer_blob_list_new(&blobs, error));
        COFFER_TRY(coffer_blob_list_add(blobs, blob, error));

        coffer_error cause = COFFER_ERROR_INIT;
        coffer_object made = {NULL, NULL};
        const coffer_serializer *serializer = choice->serializer;
        coffer_status status =
                serializer->deserialize(serializer, COFFER_STORAGE, blobs, metadata, NULL, &made, &cause);
        if (status == COFFER_OK && !made.type)
                status = coffer_error_set(&cause, COFFER_SERIALIZER, "it made no object");
        if (status != COFFER_OK)
                return blame(serializer, name, status, &cause, error);
        *out = made;
        return COFFER_OK;
}

coffer_status coffer_registry_deserialize(coffer_registry *registry, coffer_blob *blob, const coffer_metadata *metadata,
                                          const char *name, coffer_object *out, coffer_error *error)
{
        COFFER_TRY(check_loadable(blob, name, error));
        coffer_choice choice;
        COFFER_TRY(coffer_registry_find_deserializer(registry, metadata, name, &choice, error));
        return coffer_choice_deserialize(&choice, blob, metadata, name, out, error);
}

coffer_status coffer_registry_place_tensor(coffer_registry *registry, const coffer_metadata *metadata,
                                           coffer_ranges *contents, const char *name, coffer_document *document,
                                           coffer_tensor *out, uint64_t *data_offset, coffer_error *error)
{
        coffer_error cause = COFFER_ERROR_INIT;
        coffer_choice choice;
        COFFER_TRY(coffer_registry_find_deserializer(registry, metadata, name, &choice, error));
        const coffer_serializer *serializer = choice.serializer;
        if (serializer->struct_bytes < sizeof(*serializer) || !serializer->place_tensor)
                return COFFER_DECLINED;
        coffer_status status =
                serializer->place_tensor(serializer, metadata, contents, document, out, data_offset, &cause);
        return status == COFFER_OK || status == COFFER_DECLINED ? status
                                                                : blame(serializer, name, status, &cause, error);
}
