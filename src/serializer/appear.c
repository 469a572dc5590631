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

/* Nothing is driven whatever state it is in: a name may no longer stand for a record that waits. */
static bool is_waiting(const coffer_record *record)
{
        return record->state != COFFER_RECORD_ACTIVE && record->state != COFFER_RECORD_BROKEN &&
               record->state != COFFER_RECORD_DISABLED;
}

/* The first name in the set whose record waits on this host, or NULL. */
static const char *first_waiting(const coffer_registry *registry, const coffer_map *waiting, const coffer_host *host)
{
        for (size_t i = 0; waiting && i < coffer_map_count(waiting); i++) {
                const char *name = coffer_map_key_at(waiting, i);
                const coffer_record *record = coffer_map_get(registry->synced.records, name);
                if (record && is_waiting(record) && (!host || record->host == host))
                        return name;
        }
        return NULL;
}

static coffer_status add_all(coffer_map *to, const coffer_map *from)
{
        for (size_t i = 0; i < coffer_map_count(from); i++)
                COFFER_TRY(coffer_map_set(to, coffer_map_key_at(from, i), NULL, NULL));
        return COFFER_OK;
}

/* Something that the record waited for is there: all that it waits for counts as waited for from now on, so that one
 * that is missing again is a loop. Without memory for that it is not: the next time it is. */
static void note_appearance(coffer_registry *registry, coffer_record *record, const char *missing)
{
        _cleanup_map_ coffer_map *awaited = NULL;
        if (coffer_map_new(NULL, &awaited, NULL) == COFFER_OK && add_all(awaited, record->awaiting) == COFFER_OK &&
            (!record->awaited || add_all(awaited, record->awaited) == COFFER_OK)) {
                coffer_map_free(record->awaited);
                record->awaited = TAKE_PTR(awaited);
        }
        coffer_map_remove(record->awaiting, missing);
        coffer_registry_changed(registry);
}

/* With the lock held. */
static coffer_record *take_waiting(coffer_registry *registry, const char *missing, const coffer_host *host)
{
        coffer_map *waiting = coffer_map_get(registry->synced.pending, missing);
        const char *name = first_waiting(registry, waiting, host);
        if (name) {
                coffer_record *record = coffer_map_get(registry->synced.records, name);
                note_appearance(registry, record, missing);
                remove_waiting(registry, missing, waiting, name);
                return record;
        }
        if (waiting && !host) {
                coffer_map_remove(registry->synced.pending, missing);
                coffer_map_free(waiting);
        }
        return NULL;
}

coffer_record *coffer_registry_take_waiting(coffer_registry *registry, const char *missing)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_record *record = take_waiting(registry, missing, NULL);
        return record ? coffer_record_ref(record) : NULL;
}

coffer_record *coffer_lifecycle_take_waiting(coffer_registry *registry, const char *missing, const coffer_host *host)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        for (;;) {
                coffer_record *record = take_waiting(registry, missing, host);
                if (!record)
                        return NULL;
                if (coffer_lifecycle_claim(registry, record)) {
                        record->state = COFFER_RECORD_PENDING_ON_IMPORTS; /* whatever it was set to */
                        return record;
                }
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
