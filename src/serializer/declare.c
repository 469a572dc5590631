/* SPDX-License-Identifier: Apache-2.0 */
/* How entries get into the registry. */
#include "serializer/lifecycle.h"

coffer_status coffer_registry_know_host(coffer_registry *registry, const coffer_host *host, coffer_error *error)
{
        size_t count = registry->synced.host_count;
        for (size_t i = 0; i < count; i++)
                if (registry->synced.hosts[i].host == host)
                        return COFFER_OK;
        coffer_watched_host *hosts =
                coffer_realloc_array(registry->synced.hosts, count + 1, sizeof(*registry->synced.hosts));
        if (!hosts)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a host");
        hosts[count] = (coffer_watched_host){host, 0, true};
        registry->synced.hosts = hosts;
        registry->synced.host_count = count + 1;
        return COFFER_OK;
}

/* Out of dispatch, but kept: somebody may be using it. With the lock held. */
static void retire(coffer_registry *registry, coffer_record *record)
{
        record->is_retired = true;
        coffer_lifecycle_forget(registry, record->name);
        if (record->serializer)
                coffer_registry_pool_discard(registry, record->serializer);
}

/* What happens to a record that has the name already. */
enum replacing { REPLACE_ANY, REPLACE_INACTIVE, REPLACE_NONE };

static coffer_status enter(coffer_registry *registry, coffer_record *record, enum replacing replacing,
                           coffer_error *error)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_record *old = coffer_map_get(registry->synced.records, record->name);
        if (old && (replacing == REPLACE_NONE || (replacing == REPLACE_INACTIVE && old->state == COFFER_RECORD_ACTIVE)))
                return coffer_error_set(error, COFFER_CONFLICT, "serializer '%s' is there already (%s, %s)",
                                        record->name, old->class_path, coffer_record_state_name(old->state));
        COFFER_TRY(coffer_registry_know_host(registry, record->host, error));
        COFFER_TRY(coffer_map_set(registry->synced.records, record->name, record, error));
        coffer_registry_keep(registry, record);
        if (old)
                retire(registry, old);
        coffer_registry_changed(registry);
        return COFFER_OK;
}

bool coffer_registry_allows(coffer_registry *registry, const char *name, bool off_by_default)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        return coffer_toggles_allow(registry->synced.toggles, name, off_by_default);
}

coffer_status coffer_registry_set_toggles(coffer_registry *registry, const char *text, coffer_error *error)
{
        coffer_toggles *toggles = NULL;
        COFFER_TRY(coffer_toggles_new(text, registry->warn, registry->warn_user, &toggles, error));
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_toggles_free(registry->synced.toggles);
        registry->synced.toggles = toggles;
        return COFFER_OK;
}

static bool is_off(coffer_registry *registry, const coffer_descriptor *descriptor)
{
        return descriptor->is_off || !coffer_registry_allows(registry, descriptor->name, descriptor->off_by_default);
}

/* Settles what needs no code, enters the record and, unless it can wait for something to call for it, drives it. */
static coffer_status declare(coffer_registry *registry, coffer_record *record, bool is_off, const char *problem,
                             enum replacing replacing, coffer_error *error)
{
        bool is_eager = false;
        if (is_off) {
                coffer_record_advance(record, COFFER_EVENT_DISABLE);
        } else if (problem) {
                coffer_record_advance(record, COFFER_EVENT_FAILED);
                (void)coffer_error_set(&record->last_error, COFFER_MALFORMED, "%s", problem);
        } else {
                is_eager = !coffer_record_is_lazy(record);
        }
        record->is_busy = is_eager;
        bool is_broken = record->state == COFFER_RECORD_BROKEN;
        COFFER_TRY(enter(registry, record, replacing, error));
        if (is_broken)
                coffer_registry_warn(registry, "Serializer '%s' (%s) is broken: %s", record->name, record->class_path,
                                     problem);
        if (is_eager)
                coffer_lifecycle_drive(registry, record, COFFER_TRIGGER_EAGER);
        return COFFER_OK;
}

coffer_status coffer_registry_declare(coffer_registry *registry, const coffer_descriptor *descriptor,
                                      const coffer_host *host, coffer_error *error)
{
        _cleanup_record_ coffer_record *record = NULL;
        COFFER_TRY(coffer_record_new(descriptor, host, &record, error));
        return declare(registry, record, is_off(registry, descriptor), NULL, REPLACE_ANY, error);
}

coffer_status coffer_registry_declare_found(coffer_registry *registry, const coffer_descriptor *descriptor,
                                            const coffer_host *host, const char *directory, const char *problem,
                                            coffer_error *error)
{
        _cleanup_record_ coffer_record *record = NULL;
        COFFER_TRY(coffer_record_new(descriptor, host, &record, error));
        record->directory = coffer_strdup(directory);
        if (!record->directory)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a record");
        return declare(registry, record, is_off(registry, descriptor), problem, REPLACE_NONE, error);
}

coffer_status coffer_registry_add(coffer_registry *registry, const coffer_serializer *serializer, const char *source,
                                  bool replace, coffer_error *error)
{
        COFFER_TRY(coffer_serializer_check(serializer, error));
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        descriptor.name = serializer->type;
        descriptor.location = coffer_serializer_name(serializer);
        descriptor.source = source;
        _cleanup_record_ coffer_record *record = NULL;
        COFFER_TRY(coffer_record_new(&descriptor, coffer_native_host(), &record, error));
        record->given = serializer;
        return declare(registry, record, is_off(registry, &descriptor), NULL, replace ? REPLACE_ANY : REPLACE_INACTIVE,
                       error);
}
