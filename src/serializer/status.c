/* SPDX-License-Identifier: Apache-2.0 */
/* The diagnostic: a copy of all records in one piece of memory. */
#include "serializer/registry_internal.h"
#include "util/checked.h"

/* Lays things out one after the other; without memory it only counts. */
struct packer {
        uint8_t *memory;
        size_t size_bytes;
};

static void *pack(struct packer *packer, const void *data, size_t size_bytes, size_t alignment)
{
        size_t start = (packer->size_bytes + alignment - 1) & ~(alignment - 1);
        packer->size_bytes = start + size_bytes;
        if (!packer->memory)
                return NULL;
        return data ? memcpy(packer->memory + start, data, size_bytes) : packer->memory + start;
}

static const char *pack_text(struct packer *packer, const char *text)
{
        return text ? pack(packer, text, strlen(text) + 1, 1) : NULL;
}

static const char *const *pack_names(struct packer *packer, const coffer_map *names)
{
        size_t count = coffer_map_count(names);
        const char **list = pack(packer, NULL, (count + 1) * sizeof(*list), _Alignof(char *));
        for (size_t i = 0; i < count; i++) {
                const char *name = pack_text(packer, coffer_map_key_at(names, i));
                if (list)
                        list[i] = name;
        }
        if (list)
                list[count] = NULL;
        return list;
}

static coffer_record_status pack_record(struct packer *packer, const coffer_record *record)
{
        return (coffer_record_status){
                .name = pack_text(packer, record->name),
                .class_path = pack_text(packer, record->class_path),
                .state = record->state,
                .awaiting_modules = pack_names(packer, record->awaiting),
                .last_error =
                        record->last_error.status != COFFER_OK ? pack_text(packer, record->last_error.message) : NULL,
                .priority = record->has_priority
                                    ? pack(packer, &record->priority, sizeof(record->priority), _Alignof(int32_t))
                                    : NULL,
                .type = pack_text(packer, record->type),
                .import_trigger = pack_text(packer, record->import_trigger),
                .dispatch_error_count = record->dispatch_error_count,
                .source = pack_text(packer, record->source),
                .previously_awaited = record->awaited ? pack_names(packer, record->awaited) : NULL,
                .declared_priority = coffer_record_declared_priority(record),
                .needs = pack_names(packer, record->needs),
        };
}

static void pack_all(struct packer *packer, const coffer_map *records)
{
        size_t count = coffer_map_count(records);
        coffer_record_status *list = pack(packer, NULL, count * sizeof(*list), _Alignof(coffer_record_status));
        for (size_t i = 0; i < count; i++) {
                coffer_record_status status = pack_record(packer, coffer_map_value_at(records, i));
                if (list)
                        list[i] = status;
        }
}

coffer_status coffer_registry_status(coffer_registry *registry, coffer_record_status **out, size_t *count,
                                     coffer_error *error)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        struct packer counting = {NULL, 0};
        pack_all(&counting, registry->synced.records);
        struct packer packing = {coffer_alloc(counting.size_bytes), 0};
        if (!packing.memory)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the status of serializers");
        pack_all(&packing, registry->synced.records);
        *out = (void *)packing.memory;
        *count = coffer_map_count(registry->synced.records);
        return COFFER_OK;
}

coffer_status coffer_registry_record_read(coffer_registry *registry, const coffer_record *record,
                                          coffer_record_status **out, coffer_error *error)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        struct packer counting = {NULL, sizeof(coffer_record_status)};
        (void)pack_record(&counting, record);
        uint8_t *memory = coffer_alloc(counting.size_bytes);
        if (!memory)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the status of a serializer");
        struct packer packing = {memory, sizeof(coffer_record_status)};
        coffer_record_status status = pack_record(&packing, record);
        *out = memcpy(memory, &status, sizeof(status));
        return COFFER_OK;
}

coffer_status coffer_names_from_set(const coffer_map *set, const char *const **out, coffer_error *error)
{
        struct packer counting = {NULL, 0};
        (void)pack_names(&counting, set);
        struct packer packing = {coffer_alloc(counting.size_bytes), 0};
        if (!packing.memory)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a list of names");
        *out = pack_names(&packing, set);
        return COFFER_OK;
}

void coffer_registry_status_free(coffer_record_status *records, size_t count)
{
        (void)count;
        coffer_free(records);
}
