/* SPDX-License-Identifier: Apache-2.0 */
#include "datastore/artifacts.h"

#include <string.h>

#include "util/cursor.h"

/* What is being read, for errors. */
typedef struct place {
        const char *what;
        const char *artifact;
} place;

static coffer_status malformed(const place *at, const char *field, const char *expected, coffer_error *error)
{
        return coffer_error_set(error, COFFER_MALFORMED, "%s: the %s of artifact '%s' is not %s", at->what, field,
                                at->artifact, expected);
}

/* The string in `field`, NULL when absent or null. */
static coffer_status read_text(const place *at, const json_t *info, const char *field, const char **out,
                               coffer_error *error)
{
        const json_t *value = json_object_get(info, field);

        *out = NULL;
        if (!value || json_is_null(value))
                return COFFER_OK;
        if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
                return malformed(at, field, "a text", error);
        *out = json_string_value(value);
        return COFFER_OK;
}

static coffer_status read_size(const place *at, const json_t *info, coffer_metadata *metadata, coffer_error *error)
{
        const json_t *value = json_object_get(info, "size");

        if (!value || json_is_null(value))
                return COFFER_OK;
        if (!json_is_integer(value) || json_integer_value(value) < 0)
                return malformed(at, "size", "a number of bytes", error);
        coffer_metadata_set_size(metadata, (uint64_t)json_integer_value(value));
        return COFFER_OK;
}

static coffer_status read_serializer_info(const place *at, const json_t *info, coffer_metadata *metadata,
                                          coffer_error *error)
{
        json_t *value = json_object_get(info, "serializer_info");
        const char *key;
        json_t *item;

        if (!value || json_is_null(value))
                return COFFER_OK;
        if (!json_is_object(value))
                return malformed(at, "serializer_info", "a JSON object", error);
        json_object_foreach(value, key, item)
        {
                _cleanup_free_ char *text = NULL;
                COFFER_TRY(coffer_json_text(item, &text, error));
                COFFER_TRY(coffer_metadata_set_info_json(metadata, key, text, error));
        }
        return COFFER_OK;
}

static coffer_status read_info(const place *at, json_t *info, coffer_artifact_entry *entry, coffer_error *error)
{
        const char *type, *encoding;

        if (info && !json_is_object(info))
                return malformed(at, "info", "a JSON object", error);
        COFFER_TRY(coffer_metadata_new(&entry->metadata, error));
        COFFER_TRY(read_size(at, info, entry->metadata, error));
        COFFER_TRY(read_text(at, info, "type", &type, error));
        COFFER_TRY(read_text(at, info, "encoding", &encoding, error));
        COFFER_TRY(coffer_metadata_set_object_type(entry->metadata, type ? type : COFFER_DEFAULT_OBJECT_TYPE, error));
        COFFER_TRY(coffer_metadata_set_encoding(entry->metadata, encoding ? encoding : COFFER_DEFAULT_ENCODING, error));
        COFFER_TRY(read_serializer_info(at, info, entry->metadata, error));
        COFFER_TRY(coffer_metadata_info_json(entry->metadata, &entry->serializer_info, error));
        entry->info = json_incref(info);
        return COFFER_OK;
}

static coffer_status read_artifact(const place *at, const json_t *key, json_t *info, coffer_map *artifacts,
                                   coffer_error *error)
{
        const char *text = json_string_value(key);

        if (at->artifact[0] == '\0')
                return coffer_error_set(error, COFFER_MALFORMED, "%s: an artifact without a name", at->what);
        if (!text || strlen(text) != json_string_length(key) || !coffer_key_is_valid(text))
                return malformed(at, "key", "40 hexadecimal digits", error);
        _cleanup_(coffer_artifact_entry_freep) coffer_artifact_entry *entry = coffer_alloc_zeroed(1, sizeof(*entry));
        if (!entry)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read %s", at->what);
        memcpy(entry->key.text, text, sizeof(entry->key.text));
        COFFER_TRY(read_info(at, info, entry, error));
        COFFER_TRY(coffer_map_set(artifacts, at->artifact, entry, error));
        entry = NULL;
        return COFFER_OK;
}

/* The object in `field`, NULL when absent. */
static coffer_status read_object(const json_t *root, const char *field, const char *what, json_t **out,
                                 coffer_error *error)
{
        *out = json_object_get(root, field);
        if (*out && !json_is_object(*out))
                return coffer_error_set(error, COFFER_MALFORMED, "%s: '%s' is not a JSON object", what, field);
        return COFFER_OK;
}

coffer_status coffer_data_json_read(coffer_cursor text, const char *what, coffer_map **out, coffer_error *error)
{
        _cleanup_json_ json_t *root = NULL;
        _cleanup_map_ coffer_map *artifacts = NULL;
        json_t *objects, *info, *key;
        const char *name;

        COFFER_TRY(coffer_json_parse(text, what, &root, error));
        if (!json_is_object(root))
                return coffer_error_set(error, COFFER_MALFORMED, "%s: not a JSON object", what);
        COFFER_TRY(read_object(root, "objects", what, &objects, error));
        COFFER_TRY(read_object(root, "info", what, &info, error));
        COFFER_TRY(coffer_artifacts_new(&artifacts, error));
        json_object_foreach(objects, name, key)
        {
                place at = {what, name};
                COFFER_TRY(read_artifact(&at, key, json_object_get(info, name), artifacts, error));
        }
        *out = TAKE_PTR(artifacts);
        return COFFER_OK;
}

static coffer_status write_artifacts(const coffer_map *artifacts, json_t *objects, json_t *infos, coffer_error *error)
{
        for (size_t i = 0; i < coffer_map_count(artifacts); i++) {
                const char *name = coffer_map_key_at(artifacts, i);
                const coffer_artifact_entry *entry = coffer_map_value_at(artifacts, i);
                COFFER_TRY(coffer_json_set(objects, name, json_string(entry->key.text), error));
                if (entry->info)
                        COFFER_TRY(coffer_json_set(infos, name, json_incref(entry->info), error));
        }
        return COFFER_OK;
}

coffer_status coffer_data_json_write(const coffer_map *artifacts, const char *storage_type, int attempt,
                                     const char *python_version, char **out, coffer_error *error)
{
        _cleanup_json_ json_t *root = json_object(), *objects = json_object(), *infos = json_object();

        if (!root || !objects || !infos)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to write a data.json");
        COFFER_TRY(write_artifacts(artifacts, objects, infos, error));
        COFFER_TRY(coffer_json_set(root, "datastore", json_string(storage_type), error));
        COFFER_TRY(coffer_json_set(root, "version", json_string("1.0"), error));
        COFFER_TRY(coffer_json_set(root, "attempt", json_integer(attempt), error));
        COFFER_TRY(coffer_json_set(root, "python_version", json_string(python_version), error));
        COFFER_TRY(coffer_json_set(root, "objects", TAKE_PTR(objects), error));
        COFFER_TRY(coffer_json_set(root, "info", TAKE_PTR(infos), error));
        return coffer_json_text(root, out, error);
}
