/* SPDX-License-Identifier: Apache-2.0 */
#include "serializer/metadata.h"

#include "util/cursor.h"
#include "util/json.h"
#include "util/utf8.h"

struct coffer_metadata {
        char *object_type;
        char *encoding;
        uint64_t size_bytes;
        bool has_size;
        json_t *info; /* an object */
};

coffer_status coffer_metadata_new(coffer_metadata **out, coffer_error *error)
{
        coffer_metadata *metadata = coffer_alloc_zeroed(1, sizeof(*metadata));
        json_t *info = metadata ? json_object() : NULL;
        if (!info) {
                coffer_free(metadata);
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the metadata of an artifact");
        }
        metadata->info = info;
        *out = metadata;
        return COFFER_OK;
}

void coffer_metadata_free(coffer_metadata *metadata)
{
        if (!metadata)
                return;
        json_decref(metadata->info);
        coffer_free(metadata->encoding);
        coffer_free(metadata->object_type);
        coffer_free(metadata);
}

static coffer_status set_text(char **field, const char *text, const char *what, coffer_error *error)
{
        char *copy = NULL;
        if (text) {
                if (!coffer_utf8_valid(coffer_cursor_text(text), false))
                        return coffer_error_set(error, COFFER_INVALID, "the %s of an artifact is not UTF-8: %s", what,
                                                text);
                copy = coffer_strdup(text);
                if (!copy)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the %s of an artifact",
                                                what);
        }
        coffer_free(*field);
        *field = copy;
        return COFFER_OK;
}

coffer_status coffer_metadata_set_object_type(coffer_metadata *metadata, const char *text, coffer_error *error)
{
        return set_text(&metadata->object_type, text, "type", error);
}

coffer_status coffer_metadata_set_encoding(coffer_metadata *metadata, const char *text, coffer_error *error)
{
        return set_text(&metadata->encoding, text, "encoding", error);
}

void coffer_metadata_set_size(coffer_metadata *metadata, uint64_t size_bytes)
{
        metadata->size_bytes = size_bytes;
        metadata->has_size = true;
}

const char *coffer_metadata_object_type(const coffer_metadata *metadata)
{
        return metadata->object_type;
}

const char *coffer_metadata_encoding(const coffer_metadata *metadata)
{
        return metadata->encoding;
}

uint64_t coffer_metadata_size(const coffer_metadata *metadata)
{
        return metadata->size_bytes;
}

bool coffer_metadata_has_size(const coffer_metadata *metadata)
{
        return metadata->has_size;
}

coffer_status coffer_metadata_copy(const coffer_metadata *metadata, coffer_metadata **out, coffer_error *error)
{
        _cleanup_metadata_ coffer_metadata *copy = NULL;
        COFFER_TRY(coffer_metadata_new(&copy, error));
        COFFER_TRY(coffer_metadata_set_object_type(copy, metadata->object_type, error));
        COFFER_TRY(coffer_metadata_set_encoding(copy, metadata->encoding, error));
        json_t *info = json_deep_copy(metadata->info);
        if (!info)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a copy of metadata");
        json_decref(copy->info);
        copy->info = info;
        copy->size_bytes = metadata->size_bytes;
        copy->has_size = metadata->has_size;
        *out = TAKE_PTR(copy);
        return COFFER_OK;
}

coffer_status coffer_metadata_set_info(coffer_metadata *metadata, const char *key, const char *text,
                                       coffer_error *error)
{
        if (!coffer_utf8_valid(coffer_cursor_text(text), false))
                return coffer_error_set(error, COFFER_INVALID, "serializer_info \"%s\" is not UTF-8: %s", key, text);
        return coffer_json_set(metadata->info, key, json_string(text), error);
}

coffer_status coffer_metadata_set_info_json(coffer_metadata *metadata, const char *key, const char *json_text,
                                            coffer_error *error)
{
        json_t *value;
        COFFER_TRY(coffer_json_parse(coffer_cursor_text(json_text), key, &value, error));
        return coffer_json_set(metadata->info, key, value, error);
}

const char *coffer_metadata_info(const coffer_metadata *metadata, const char *key)
{
        return coffer_json_string(metadata->info, key);
}

bool coffer_metadata_has_info(const coffer_metadata *metadata, const char *key)
{
        return json_object_get(metadata->info, key) != NULL;
}

coffer_status coffer_metadata_info_json(const coffer_metadata *metadata, char **out, coffer_error *error)
{
        return coffer_json_text(metadata->info, out, error);
}

bool coffer_metadata_info_is_empty(const coffer_metadata *metadata)
{
        return json_object_size(metadata->info) == 0;
}
