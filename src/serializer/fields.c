/* SPDX-License-Identifier: Apache-2.0 */
/* Single fields of a record, for fronts that show records as objects of their own. */
#include "serializer/registry_internal.h"

static const char **text_field(coffer_record *record, coffer_record_text_field field)
{
        switch (field) {
        case COFFER_RECORD_NAME:
                return &record->name;
        case COFFER_RECORD_CLASS_PATH:
                return &record->class_path;
        case COFFER_RECORD_TYPE:
                return &record->type;
        case COFFER_RECORD_IMPORT_TRIGGER:
                return &record->import_trigger;
        case COFFER_RECORD_SOURCE:
                return &record->source;
        default:
                return NULL;
        }
}

coffer_status coffer_registry_record_set_text(coffer_registry *registry, coffer_record *record,
                                              coffer_record_text_field field, const char *text, coffer_error *error)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_registry_changed(registry);
        if (field == COFFER_RECORD_LAST_ERROR) {
                record->last_error = (coffer_error)COFFER_ERROR_INIT;
                if (text)
                        (void)coffer_error_set(&record->last_error, COFFER_SERIALIZER, "%s", text);
                return COFFER_OK;
        }
        const char **place = text_field(record, field);
        if (!place || (!text && (field == COFFER_RECORD_NAME || field == COFFER_RECORD_CLASS_PATH)))
                return coffer_error_set(error, COFFER_INVALID, "a record needs a name and a class path");
        return coffer_record_put_text(record, place, text, error);
}

coffer_status coffer_registry_record_set_names(coffer_registry *registry, coffer_record *record,
                                               coffer_record_names_field field, const char *const *names,
                                               coffer_error *error)
{
        if (field >= COFFER_RECORD_NAMES_FIELD_COUNT || (!names && field == COFFER_RECORD_AWAITING_MODULES))
                return coffer_error_set(error, COFFER_INVALID, "a record needs a list of what it waits for");
        coffer_map *set = NULL;
        if (names)
                COFFER_TRY(coffer_names_to_set(names, &set, error));
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_map **place = field == COFFER_RECORD_AWAITING_MODULES ? &record->awaiting : &record->awaited;
        coffer_map_free(*place);
        *place = set;
        return COFFER_OK;
}

void coffer_registry_record_set_state(coffer_registry *registry, coffer_record *record, coffer_record_state state)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        record->state = state;
        coffer_registry_changed(registry);
}

void coffer_registry_record_set_priority(coffer_registry *registry, coffer_record *record, const int32_t *priority)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        record->has_priority = priority != NULL;
        record->priority = priority ? *priority : 0;
}

void coffer_registry_record_set_dispatch_errors(coffer_registry *registry, coffer_record *record, uint64_t count)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        record->dispatch_error_count = count;
}

const char *coffer_registry_source(coffer_registry *registry, const char *type)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        const coffer_record *record = coffer_registry_record_of_type(registry, type);
        return record ? record->source : NULL;
}
