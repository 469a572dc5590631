/* SPDX-License-Identifier: Apache-2.0 */
/* Making a registry, and its containers. */
#include "serializer/registry_internal.h"

void coffer_registry_report(coffer_registry *registry, const coffer_error *line)
{
        if (registry->warn)
                registry->warn(registry->warn_user, line->message);
}

static coffer_status fill(coffer_registry *registry, const coffer_registry_options *options, coffer_error *error)
{
        registry->warn = options->warn;
        registry->warn_user = options->warn_user;
        COFFER_TRY(coffer_map_new(NULL, &registry->synced.records, error));
        COFFER_TRY(coffer_map_new(NULL, &registry->synced.pending, error));
        COFFER_TRY(coffer_map_new(NULL, &registry->synced.classes, error));
        return coffer_toggles_new(options->toggles, options->warn, options->warn_user, &registry->synced.toggles,
                                  error);
}

coffer_status coffer_registry_create(const coffer_registry_options *options, coffer_registry **out, coffer_error *error)
{
        static const coffer_registry_options defaults = COFFER_REGISTRY_OPTIONS_INIT;
        if (!options)
                options = &defaults;
        if (options->version != defaults.version)
                return coffer_error_set(error, COFFER_INVALID, "registry options of unknown version %u",
                                        options->version);
        coffer_registry *registry = coffer_alloc_zeroed(1, sizeof(*registry));
        if (!registry)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a registry");
        atomic_init(&registry->references, 1);
        coffer_fork_enter(&registry->fork_entry, &registry->lock);
        pthread_cond_init(&registry->settled, NULL);
        coffer_status status = coffer_iotypes_init(&registry->iotypes, error);
        if (status == COFFER_OK)
                status = fill(registry, options, error);
        if (status != COFFER_OK) {
                coffer_registry_unref(registry);
                return status;
        }
        *out = registry;
        return COFFER_OK;
}

coffer_registry *coffer_registry_ref(coffer_registry *registry)
{
        atomic_fetch_add_explicit(&registry->references, 1, memory_order_relaxed);
        return registry;
}

static void free_records(coffer_registry *registry)
{
        coffer_map *pending = registry->synced.pending;
        for (size_t i = 0; pending && i < coffer_map_count(pending); i++)
                coffer_map_free(coffer_map_value_at(pending, i));
        while (registry->synced.kept) {
                coffer_record *record = registry->synced.kept;
                registry->synced.kept = record->next_kept;
                coffer_record_unref(record);
        }
}

void coffer_registry_unref(coffer_registry *registry)
{
        if (!registry || atomic_fetch_sub_explicit(&registry->references, 1, memory_order_acq_rel) != 1)
                return;
        coffer_view_unref(registry->synced.view);
        free_records(registry);
        coffer_map_free(registry->synced.records);
        coffer_map_free(registry->synced.pending);
        coffer_map_free(registry->synced.classes);
        coffer_free(registry->synced.pool);
        coffer_free(registry->synced.hosts);
        coffer_toggles_free(registry->synced.toggles);
        coffer_iotypes_done(&registry->iotypes);
        pthread_cond_destroy(&registry->settled);
        coffer_fork_leave(&registry->fork_entry);
        coffer_free(registry);
}

/* ---- with the lock held ---- */

void coffer_registry_changed(coffer_registry *registry)
{
        coffer_view_unref(registry->synced.view);
        registry->synced.view = NULL;
}

void coffer_registry_keep(coffer_registry *registry, coffer_record *record)
{
        if (record->is_kept)
                return;
        record->is_kept = true;
        record->next_kept = registry->synced.kept;
        registry->synced.kept = coffer_record_ref(record);
}

static size_t find_in_pool(const coffer_registry *registry, const coffer_serializer *serializer)
{
        size_t i = 0;
        while (i < registry->synced.pool_count && registry->synced.pool[i] != serializer)
                i++;
        return i;
}

bool coffer_registry_pool_has(const coffer_registry *registry, const coffer_serializer *serializer)
{
        return find_in_pool(registry, serializer) < registry->synced.pool_count;
}

coffer_status coffer_registry_pool_add(coffer_registry *registry, const coffer_serializer *serializer,
                                       coffer_error *error)
{
        if (coffer_registry_pool_has(registry, serializer))
                return COFFER_OK;
        if (registry->synced.pool_count == registry->synced.pool_capacity) {
                size_t capacity = registry->synced.pool_capacity ? registry->synced.pool_capacity * 2 : 8;
                const coffer_serializer **pool =
                        coffer_realloc_array(registry->synced.pool, capacity, sizeof(const coffer_serializer *));
                if (!pool)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for %zu serializers", capacity);
                registry->synced.pool = pool;
                registry->synced.pool_capacity = capacity;
        }
        registry->synced.pool[registry->synced.pool_count++] = serializer;
        coffer_registry_changed(registry);
        return COFFER_OK;
}

void coffer_registry_pool_discard(coffer_registry *registry, const coffer_serializer *serializer)
{
        size_t place = find_in_pool(registry, serializer);
        if (place == registry->synced.pool_count)
                return;
        size_t after = --registry->synced.pool_count - place;
        memmove(&registry->synced.pool[place], &registry->synced.pool[place + 1],
                after * sizeof(*registry->synced.pool));
        coffer_registry_changed(registry);
}

coffer_record *coffer_registry_record_of_type(const coffer_registry *registry, const char *type)
{
        for (size_t i = 0; i < coffer_map_count(registry->synced.records); i++) {
                coffer_record *record = coffer_map_value_at(registry->synced.records, i);
                if (record->type && strcmp(record->type, type) == 0)
                        return record;
        }
        return NULL;
}
