/* SPDX-License-Identifier: Apache-2.0 */
/* The registry's containers, for fronts that show them as containers of their own. */
#include "serializer/registry_internal.h"

/* ---- the three maps ---- */

static coffer_map *map_of(const coffer_registry *registry, coffer_registry_map map)
{
        switch (map) {
        case COFFER_MAP_CLASSES:
                return registry->synced.classes;
        case COFFER_MAP_PENDING:
                return registry->synced.pending;
        default:
                return registry->synced.records;
        }
}

coffer_status coffer_registry_keys(coffer_registry *registry, coffer_registry_map map, const char *const **out,
                                   coffer_error *error)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        return coffer_names_from_set(map_of(registry, map), out, error);
}

size_t coffer_registry_count(coffer_registry *registry, coffer_registry_map map)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        return coffer_map_count(map_of(registry, map));
}

bool coffer_registry_has(coffer_registry *registry, coffer_registry_map map, const char *key)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        return coffer_map_has(map_of(registry, map), key);
}

/* What goes with a key that is taken out. */
static void dismiss(coffer_registry_map map, void *value)
{
        if (map == COFFER_MAP_PENDING)
                coffer_map_free(value);
        if (map == COFFER_MAP_RECORDS)
                ((coffer_record *)value)->is_retired = true;
}

bool coffer_registry_remove(coffer_registry *registry, coffer_registry_map map, const char *key)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        void *value = coffer_map_get(map_of(registry, map), key);
        if (!coffer_map_remove(map_of(registry, map), key))
                return false;
        dismiss(map, value);
        coffer_registry_changed(registry);
        return true;
}

void coffer_registry_clear(coffer_registry *registry, coffer_registry_map map)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_map *it = map_of(registry, map);
        for (size_t i = 0; i < coffer_map_count(it); i++)
                dismiss(map, coffer_map_value_at(it, i));
        coffer_map_clear(it);
        coffer_registry_changed(registry);
}

coffer_record *coffer_registry_record(coffer_registry *registry, const char *name)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_record *record = coffer_map_get(registry->synced.records, name);
        return record ? coffer_record_ref(record) : NULL;
}

coffer_status coffer_registry_record_put(coffer_registry *registry, const char *name, coffer_record *record,
                                         coffer_error *error)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_record *old = coffer_map_get(registry->synced.records, name);
        COFFER_TRY(coffer_registry_know_host(registry, record->host, error));
        COFFER_TRY(coffer_map_set(registry->synced.records, name, record, error));
        if (old)
                old->is_retired = true;
        record->is_retired = false;
        coffer_registry_keep(registry, record);
        coffer_registry_changed(registry);
        return COFFER_OK;
}

const coffer_serializer *coffer_registry_class(coffer_registry *registry, const char *type)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        return coffer_map_get(registry->synced.classes, type);
}

coffer_status coffer_registry_class_put(coffer_registry *registry, const char *type,
                                        const coffer_serializer *serializer, coffer_error *error)
{
        COFFER_TRY(coffer_serializer_check(serializer, error));
        COFFER_LOCK_SCOPE(&registry->lock);
        COFFER_TRY(coffer_map_set(registry->synced.classes, type, (void *)(uintptr_t)serializer, error));
        coffer_registry_changed(registry);
        return COFFER_OK;
}

coffer_status coffer_registry_pending(coffer_registry *registry, const char *missing, const char *const **out,
                                      coffer_error *error)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        const coffer_map *waiting = coffer_map_get(registry->synced.pending, missing);
        *out = NULL;
        return waiting ? coffer_names_from_set(waiting, out, error) : COFFER_OK;
}

coffer_status coffer_registry_pending_put(coffer_registry *registry, const char *missing, const char *const *names,
                                          coffer_error *error)
{
        _cleanup_map_ coffer_map *set = NULL;
        COFFER_TRY(coffer_names_to_set(names, &set, error));
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_map *old = coffer_map_get(registry->synced.pending, missing);
        COFFER_TRY(coffer_map_set(registry->synced.pending, missing, set, error));
        set = old;
        return COFFER_OK;
}

/* ---- the pool ---- */

coffer_status coffer_registry_activate(coffer_registry *registry, const coffer_serializer *serializer,
                                       coffer_error *error)
{
        COFFER_TRY(coffer_serializer_check(serializer, error));
        COFFER_LOCK_SCOPE(&registry->lock);
        return coffer_registry_pool_add(registry, serializer, error);
}

void coffer_registry_deactivate(coffer_registry *registry, const coffer_serializer *serializer)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_registry_pool_discard(registry, serializer);
}

bool coffer_registry_is_active(coffer_registry *registry, const coffer_serializer *serializer)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        return coffer_registry_pool_has(registry, serializer);
}

coffer_status coffer_registry_active(coffer_registry *registry, const coffer_serializer ***out, size_t *count,
                                     coffer_error *error)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        const coffer_serializer **list = coffer_alloc_zeroed(registry->synced.pool_count, sizeof(*list));
        if (!list)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a list of serializers");
        *count = registry->synced.pool_count;
        if (*count > 0)
                memcpy(list, registry->synced.pool, *count * sizeof(*list));
        *out = list;
        return COFFER_OK;
}

void coffer_registry_set_priority(coffer_registry *registry, coffer_serializer *serializer, int32_t priority)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        if (serializer->priority == priority)
                return;
        serializer->priority = priority;
        coffer_registry_changed(registry);
}

/* ---- the order ---- */

coffer_status coffer_registry_places(coffer_registry *registry, coffer_place **out, size_t *count, uint64_t *serial,
                                     coffer_error *error)
{
        coffer_registry_poll(registry);
        _cleanup_view_ coffer_view *view = NULL;
        COFFER_TRY(coffer_view_acquire(registry, &view, error));
        coffer_place *places = coffer_alloc_zeroed(coffer_view_count(view), sizeof(*places));
        if (!places)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the order of serializers");
        *count = coffer_view_count(view);
        *serial = coffer_view_serial(view);
        for (size_t i = 0; i < *count; i++) {
                const coffer_view_place *place = coffer_view_at(view, i);
                places[i] = (coffer_place){place->choice.serializer, place->record};
        }
        *out = places;
        return COFFER_OK;
}

uint64_t coffer_registry_order_serial(coffer_registry *registry)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        return registry->synced.view ? coffer_view_serial(registry->synced.view) : 0;
}

void coffer_registry_order_invalidate(coffer_registry *registry)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_registry_changed(registry);
}

coffer_status coffer_registry_order_set(coffer_registry *registry, const coffer_serializer *const *serializers,
                                        size_t count, uint64_t *serial, coffer_error *error)
{
        for (size_t i = 0; i < count; i++)
                COFFER_TRY(coffer_serializer_check(serializers[i], error));
        return coffer_view_impose(registry, serializers, count, serial, error);
}
