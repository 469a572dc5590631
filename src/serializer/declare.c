/* SPDX-License-Identifier: Apache-2.0 */
/* How entries get into the registry. */
#include "serializer/lifecycle.h"

/* Room for the host among those that are looked at when records wait. With the lock held. */
static coffer_status know_host(coffer_registry *registry, const coffer_host *host, coffer_error *error)
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
        record->next_retired = registry->synced.retired;
        registry->synced.retired = record;
}

/* What happens to a record that has the name already. */
enum replacing { REPLACE_ANY, REPLACE_INACTIVE, REPLACE_NONE };

/* Takes over the record on success. */
static coffer_status enter(coffer_registry *registry, coffer_record *record, enum replacing replacing,
                           coffer_error *error)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_record *old = coffer_map_get(registry->synced.records, record->name);
        if (old && (replacing == REPLACE_NONE || (replacing == REPLACE_INACTIVE && old->state == COFFER_RECORD_ACTIVE)))
                return coffer_error_set(error, COFFER_CONFLICT, "serializer '%s' is there already (%s, %s)",
                                        record->name, old->class_path, coffer_record_state_name(old->state));
        COFFER_TRY(know_host(registry, record->host, error));
        COFFER_TRY(coffer_map_set(registry->synced.records, record->name, record, error));
        if (old)
                retire(registry, old);
        coffer_registry_changed(registry);
        return COFFER_OK;
}

/* Settles what needs no code, enters the record and, unless it can wait for something to call for it, drives it. */
static coffer_status declare(coffer_registry *registry, coffer_record *owned, bool off_by_default, const char *problem,
                             enum replacing replacing, coffer_error *error)
{
        _cleanup_record_ coffer_record *record = owned;
        bool is_eager = false;
        if (!coffer_toggles_allow(registry->toggles, record->name, off_by_default)) {
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
        coffer_record *entered = TAKE_PTR(record);
        if (is_broken)
                coffer_registry_warn(registry, "Serializer '%s' (%s) is broken: %s", entered->name, entered->class_path,
                                     problem);
        if (is_eager)
                coffer_lifecycle_drive(registry, entered, COFFER_TRIGGER_EAGER);
        return COFFER_OK;
}

static coffer_status new_record(const coffer_descriptor *descriptor, const coffer_host *host, coffer_record **out,
                                coffer_error *error)
{
        if (!host || host->version != COFFER_HOST_VERSION || !host->missing_error || !host->load || !host->setup ||
            !host->is_present || !host->generation)
                return coffer_error_set(error, COFFER_INVALID, "a serializer is declared for an incomplete host");
        COFFER_TRY(coffer_record_new(descriptor, out, error));
        (*out)->host = host;
        return COFFER_OK;
}

coffer_status coffer_registry_declare(coffer_registry *registry, const coffer_descriptor *descriptor,
                                      const coffer_host *host, coffer_error *error)
{
        coffer_record *record = NULL;
        COFFER_TRY(new_record(descriptor, host, &record, error));
        return declare(registry, record, descriptor->off_by_default, NULL, REPLACE_ANY, error);
}

coffer_status coffer_registry_declare_found(coffer_registry *registry, const coffer_descriptor *descriptor,
                                            const coffer_host *host, const char *directory, const char *problem,
                                            coffer_error *error)
{
        _cleanup_record_ coffer_record *record = NULL;
        COFFER_TRY(new_record(descriptor, host, &record, error));
        record->directory = coffer_strdup(directory);
        if (!record->directory)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a record");
        return declare(registry, TAKE_PTR(record), descriptor->off_by_default, problem, REPLACE_NONE, error);
}

coffer_status coffer_registry_add(coffer_registry *registry, const coffer_serializer *serializer, const char *source,
                                  bool replace, coffer_error *error)
{
        COFFER_TRY(coffer_serializer_check(serializer, error));
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        descriptor.name = serializer->type;
        descriptor.location = coffer_serializer_name(serializer);
        descriptor.source = source;
        coffer_record *record = NULL;
        COFFER_TRY(new_record(&descriptor, coffer_native_host(), &record, error));
        record->given = serializer;
        return declare(registry, record, false, NULL, replace ? REPLACE_ANY : REPLACE_INACTIVE, error);
}
