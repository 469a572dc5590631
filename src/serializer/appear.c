/* SPDX-License-Identifier: Apache-2.0 */
/* What was missing appears: the records that wait for it are retried, each on its own. */
#include "serializer/lifecycle.h"

/* Takes a record's name out of a set of `pending`, and a set that is empty out of the map. */
static void remove_waiting(coffer_registry *registry, const char *missing, coffer_map *waiting, const char *name)
{
        coffer_map_remove(waiting, name);
        if (coffer_map_count(waiting) > 0)
                return;
        coffer_map_remove(registry->synced.pending, missing);
        coffer_map_free(waiting);
}

void coffer_lifecycle_forget(coffer_registry *registry, const char *name)
{
        for (size_t i = coffer_map_count(registry->synced.pending); i-- > 0;)
                remove_waiting(registry, coffer_map_key_at(registry->synced.pending, i),
                               coffer_map_value_at(registry->synced.pending, i), name);
}

/* The first in the set that waits on this host, or NULL. Names that no longer stand for a waiting record are passed
 * over: nothing is driven whatever state it is in. */
static coffer_record *first_waiting(const coffer_registry *registry, const coffer_map *waiting, const coffer_host *host)
{
        for (size_t i = 0; i < coffer_map_count(waiting); i++) {
                coffer_record *record = coffer_map_get(registry->synced.records, coffer_map_key_at(waiting, i));
                if (record && record->state == COFFER_RECORD_PENDING_ON_IMPORTS && (!host || record->host == host))
                        return record;
        }
        return NULL;
}

coffer_record *coffer_lifecycle_take_waiting(coffer_registry *registry, const char *missing, const coffer_host *host)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        for (;;) {
                coffer_map *waiting = coffer_map_get(registry->synced.pending, missing);
                coffer_record *record = waiting ? first_waiting(registry, waiting, host) : NULL;
                if (!record)
                        return NULL;
                coffer_map_remove(record->awaiting, missing);
                remove_waiting(registry, missing, waiting, record->name);
                if (coffer_lifecycle_claim(registry, record))
                        return record;
                record->must_retry = true;
        }
}

static void retry_waiting(coffer_registry *registry, const char *missing, const coffer_host *host)
{
        coffer_record *record;
        while ((record = coffer_lifecycle_take_waiting(registry, missing, host)))
                coffer_lifecycle_drive(registry, record, COFFER_TRIGGER_HOOK);
}

void coffer_registry_appeared(coffer_registry *registry, const char *name)
{
        retry_waiting(registry, name, NULL);
}

/* The host at `index`, unless nothing waits at all. */
static const coffer_host *host_to_look_at(coffer_registry *registry, size_t index)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        if (coffer_map_count(registry->synced.pending) == 0 || index >= registry->synced.host_count)
                return NULL;
        return registry->synced.hosts[index].host;
}

static bool has_changed(coffer_registry *registry, size_t index, uint64_t generation)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_watched_host *watched = &registry->synced.hosts[index];
        bool changed = watched->is_stale || watched->generation != generation;
        watched->is_stale = false;
        watched->generation = generation;
        return changed;
}

static coffer_status list_pending(coffer_registry *registry, coffer_map **out)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        _cleanup_map_ coffer_map *names = NULL;
        COFFER_TRY(coffer_map_new(NULL, &names, NULL));
        for (size_t i = 0; i < coffer_map_count(registry->synced.pending); i++)
                COFFER_TRY(coffer_map_set(names, coffer_map_key_at(registry->synced.pending, i), NULL, NULL));
        *out = TAKE_PTR(names);
        return COFFER_OK;
}

static void look_for_pending(coffer_registry *registry, size_t index, const coffer_host *host)
{
        _cleanup_map_ coffer_map *names = NULL;
        if (list_pending(registry, &names) != COFFER_OK) {
                COFFER_LOCK_SCOPE(&registry->lock);
                registry->synced.hosts[index].is_stale = true;
                return;
        }
        for (size_t i = 0; i < coffer_map_count(names); i++)
                if (host->is_present(host, coffer_map_key_at(names, i)))
                        retry_waiting(registry, coffer_map_key_at(names, i), host);
}

void coffer_registry_poll(coffer_registry *registry)
{
        const coffer_host *host;
        for (size_t i = 0; (host = host_to_look_at(registry, i)); i++)
                if (has_changed(registry, i, host->generation(host)))
                        look_for_pending(registry, i, host);
}
