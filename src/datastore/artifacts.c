/* SPDX-License-Identifier: Apache-2.0 */
#include "datastore/artifacts.h"

#include "util/cursor.h"

void coffer_artifact_entry_free(coffer_artifact_entry *entry)
{
        if (!entry)
                return;
        json_decref(entry->info);
        coffer_metadata_free(entry->metadata);
        coffer_free(entry->serializer_info);
        coffer_free(entry);
}

static void free_entry(void *entry)
{
        coffer_artifact_entry_free(entry);
}

static coffer_status entry_alloc(coffer_artifact_entry **out, coffer_error *error)
{
        *out = coffer_alloc_zeroed(1, sizeof(**out));
        return *out ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "no memory for an artifact's record");
}

/* The fields in Metaflow's order; those that say nothing are left out. */
static coffer_status info_of(const coffer_artifact_entry *entry, json_t **out, coffer_error *error)
{
        const coffer_metadata *metadata = entry->metadata;
        _cleanup_json_ json_t *info = json_object();
        const char *type = coffer_metadata_object_type(metadata), *encoding = coffer_metadata_encoding(metadata);
        json_t *serializer_info = NULL;

        if (!info)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory for an artifact's record");
        COFFER_TRY(coffer_json_set(info, "size", json_integer((json_int_t)coffer_metadata_size(metadata)), error));
        if (type)
                COFFER_TRY(coffer_json_set(info, "type", json_string(type), error));
        if (encoding)
                COFFER_TRY(coffer_json_set(info, "encoding", json_string(encoding), error));
        if (!coffer_metadata_info_is_empty(metadata)) {
                COFFER_TRY(coffer_json_parse(coffer_cursor_text(entry->serializer_info), "serializer_info",
                                             &serializer_info, error));
                COFFER_TRY(coffer_json_set(info, "serializer_info", serializer_info, error));
        }
        *out = TAKE_PTR(info);
        return COFFER_OK;
}

coffer_status coffer_artifact_entry_new(const coffer_key *key, const coffer_metadata *metadata, uint64_t size_bytes,
                                        coffer_artifact_entry **out, coffer_error *error)
{
        _cleanup_(coffer_artifact_entry_freep) coffer_artifact_entry *entry = NULL;

        COFFER_TRY(entry_alloc(&entry, error));
        entry->key = *key;
        COFFER_TRY(coffer_metadata_copy(metadata, &entry->metadata, error));
        coffer_metadata_set_size(entry->metadata, size_bytes);
        COFFER_TRY(coffer_metadata_info_json(entry->metadata, &entry->serializer_info, error));
        COFFER_TRY(info_of(entry, &entry->info, error));
        if (!coffer_metadata_object_type(entry->metadata))
                COFFER_TRY(coffer_metadata_set_object_type(entry->metadata, COFFER_DEFAULT_OBJECT_TYPE, error));
        *out = TAKE_PTR(entry);
        return COFFER_OK;
}

coffer_status coffer_artifact_entry_copy(const coffer_artifact_entry *entry, coffer_artifact_entry **out,
                                         coffer_error *error)
{
        _cleanup_(coffer_artifact_entry_freep) coffer_artifact_entry *copy = NULL;

        COFFER_TRY(entry_alloc(&copy, error));
        copy->key = entry->key;
        copy->taken_over = entry->taken_over;
        copy->info = entry->info ? json_deep_copy(entry->info) : NULL;
        copy->serializer_info = coffer_strdup(entry->serializer_info);
        if ((entry->info && !copy->info) || !copy->serializer_info)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory for an artifact's record");
        COFFER_TRY(coffer_metadata_copy(entry->metadata, &copy->metadata, error));
        *out = TAKE_PTR(copy);
        return COFFER_OK;
}

coffer_status coffer_artifacts_new(coffer_map **out, coffer_error *error)
{
        return coffer_map_new(free_entry, out, error);
}

coffer_status coffer_artifacts_add(coffer_map *artifacts, const char *name, const coffer_key *key,
                                   const coffer_metadata *metadata, uint64_t size_bytes, coffer_error *error)
{
        coffer_artifact_entry *entry;

        COFFER_TRY(coffer_artifact_entry_new(key, metadata, size_bytes, &entry, error));
        coffer_status status = coffer_map_set(artifacts, name, entry, error);
        if (status != COFFER_OK)
                coffer_artifact_entry_free(entry);
        return status;
}

/* Gives every name of the batch a place. Names without one get an empty entry. */
static coffer_status make_places(coffer_map *artifacts, const coffer_map *batch, coffer_error *error)
{
        for (size_t i = 0; i < coffer_map_count(batch); i++) {
                const char *name = coffer_map_key_at(batch, i);
                if (coffer_map_has(artifacts, name))
                        continue;
                _cleanup_(coffer_artifact_entry_freep) coffer_artifact_entry *place = NULL;
                COFFER_TRY(entry_alloc(&place, error));
                COFFER_TRY(coffer_map_set(artifacts, name, place, error));
                place = NULL;
        }
        return COFFER_OK;
}

coffer_status coffer_artifacts_commit(coffer_map *artifacts, coffer_map *batch, coffer_error *error)
{
        size_t before = coffer_map_count(artifacts);
        coffer_status status = make_places(artifacts, batch, error);

        if (status != COFFER_OK) {
                while (coffer_map_count(artifacts) > before)
                        coffer_map_remove(artifacts, coffer_map_key_at(artifacts, coffer_map_count(artifacts) - 1));
                return status;
        }
        for (size_t i = 0; i < coffer_map_count(batch); i++) {
                coffer_artifact_entry *from = coffer_map_value_at(batch, i);
                coffer_artifact_entry *to = coffer_map_get(artifacts, coffer_map_key_at(batch, i));
                coffer_artifact_entry old = *to;
                *to = *from;
                *from = old;
        }
        coffer_map_clear(batch);
        return COFFER_OK;
}

bool coffer_artifacts_have_info(const coffer_map *artifacts)
{
        for (size_t i = 0; i < coffer_map_count(artifacts); i++) {
                const coffer_artifact_entry *entry = coffer_map_value_at(artifacts, i);
                if (entry->info)
                        return true;
        }
        return false;
}
