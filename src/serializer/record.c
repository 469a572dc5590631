/* SPDX-License-Identifier: Apache-2.0 */
#include "serializer/record.h"

struct coffer_record_text {
        coffer_record_text *next;
        char text[];
};

coffer_status coffer_record_put_text(coffer_record *record, const char **field, const char *text, coffer_error *error)
{
        if (!text || (*field && strcmp(*field, text) == 0)) {
                *field = text ? *field : NULL;
                return COFFER_OK;
        }
        size_t size_bytes = strlen(text) + 1;
        coffer_record_text *copy = coffer_alloc(sizeof(*copy) + size_bytes);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a record");
        copy->next = record->texts;
        record->texts = copy;
        *field = memcpy(copy->text, text, size_bytes);
        return COFFER_OK;
}

coffer_status coffer_names_to_set(const char *const *names, coffer_map **out, coffer_error *error)
{
        _cleanup_map_ coffer_map *set = NULL;
        COFFER_TRY(coffer_map_new(NULL, &set, error));
        for (; names && *names; names++)
                COFFER_TRY(coffer_map_set(set, *names, NULL, error));
        *out = TAKE_PTR(set);
        return COFFER_OK;
}

static coffer_status copy_descriptor(coffer_record *record, const coffer_descriptor *descriptor, coffer_error *error)
{
        COFFER_TRY(coffer_record_put_text(record, &record->name, descriptor->name, error));
        COFFER_TRY(coffer_record_put_text(record, &record->class_path, descriptor->location, error));
        COFFER_TRY(coffer_record_put_text(record, &record->source, descriptor->source, error));
        COFFER_TRY(coffer_names_to_set(descriptor->types, &record->types, error));
        COFFER_TRY(coffer_names_to_set(descriptor->encodings, &record->encodings, error));
        COFFER_TRY(coffer_names_to_set(descriptor->needs, &record->needs, error));
        COFFER_TRY(coffer_names_to_set(NULL, &record->awaiting, error));
        record->has_declared_priority = descriptor->priority != NULL;
        if (descriptor->priority)
                record->declared_priority = *descriptor->priority;
        return COFFER_OK;
}

static coffer_status check_host(const coffer_host *host, coffer_error *error)
{
        bool is_whole = host && host->version == COFFER_HOST_VERSION && host->missing_error && host->load &&
                        host->setup && host->is_present && host->generation;
        return is_whole ? COFFER_OK
                        : coffer_error_set(error, COFFER_INVALID, "a serializer is declared for an incomplete host");
}

coffer_status coffer_record_new(const coffer_descriptor *descriptor, const coffer_host *host, coffer_record **out,
                                coffer_error *error)
{
        COFFER_TRY(check_host(host, error));
        if (descriptor->version != 1)
                return coffer_error_set(error, COFFER_INVALID, "a descriptor of unknown version %u",
                                        descriptor->version);
        if (!descriptor->name || !descriptor->location)
                return coffer_error_set(error, COFFER_INVALID, "a descriptor needs a name and a location");
        _cleanup_record_ coffer_record *record = coffer_alloc_zeroed(1, sizeof(*record));
        if (!record)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a record");
        atomic_init(&record->references, 1);
        record->host = host;
        COFFER_TRY(copy_descriptor(record, descriptor, error));
        *out = TAKE_PTR(record);
        return COFFER_OK;
}

coffer_record *coffer_record_ref(coffer_record *record)
{
        atomic_fetch_add_explicit(&record->references, 1, memory_order_relaxed);
        return record;
}

void coffer_record_unref(coffer_record *record)
{
        if (!record || atomic_fetch_sub_explicit(&record->references, 1, memory_order_acq_rel) != 1)
                return;
        if (record->loaded && record->host->unload)
                record->host->unload(record->host, record->loaded);
        coffer_map_free(record->awaited);
        coffer_map_free(record->awaiting);
        coffer_map_free(record->needs);
        coffer_map_free(record->encodings);
        coffer_map_free(record->types);
        while (record->texts) {
                coffer_record_text *text = record->texts;
                record->texts = text->next;
                coffer_free(text);
        }
        coffer_free(record->directory);
        coffer_free(record);
}

bool coffer_record_is_lazy(const coffer_record *record)
{
        return coffer_map_count(record->types) > 0 || coffer_map_count(record->encodings) > 0;
}

int32_t coffer_record_declared_priority(const coffer_record *record)
{
        return record->has_declared_priority ? record->declared_priority : COFFER_DEFAULT_PRIORITY;
}

bool coffer_record_advance(coffer_record *record, coffer_event event)
{
        coffer_record_state next;
        if (!coffer_transition(record->state, event, &next)) {
                (void)coffer_error_set(&record->last_error, COFFER_INTERNAL,
                                       "a record in state %s was told \"%s\", which it cannot follow",
                                       coffer_record_state_name(record->state), coffer_event_name(event));
                return false;
        }
        record->state = next;
        return true;
}

coffer_status coffer_serializer_check(const coffer_serializer *serializer, coffer_error *error)
{
        if (!serializer)
                return coffer_error_set(error, COFFER_INVALID, "there is no serializer");
        if (serializer->abi != COFFER_SERIALIZER_ABI)
                return coffer_error_set(error, COFFER_ABI, "built for serializer ABI %u, this library speaks %d",
                                        serializer->abi, COFFER_SERIALIZER_ABI);
        if (serializer->struct_bytes < COFFER_SERIALIZER_MIN_BYTES)
                return coffer_error_set(error, COFFER_ABI, "its table has %u bytes, this library reads %zu",
                                        serializer->struct_bytes, sizeof(coffer_serializer));
        if (!serializer->type)
                return coffer_error_set(error, COFFER_INVALID, "the serializer has no type");
        if (!serializer->can_serialize || !serializer->can_deserialize || !serializer->serialize ||
            !serializer->deserialize)
                return coffer_error_set(error, COFFER_INVALID, "serializer '%s' lacks one of its four functions",
                                        serializer->type);
        return COFFER_OK;
}

coffer_status coffer_record_check(const coffer_record *record, const coffer_serializer *serializer, coffer_error *error)
{
        COFFER_TRY(coffer_serializer_check(serializer, error));
        if (strcmp(serializer->type, record->name) != 0)
                return coffer_error_set(error, COFFER_CONFLICT, "tuple name '%s' != class.TYPE '%s'", record->name,
                                        serializer->type);
        if (record->has_declared_priority && serializer->priority != record->declared_priority)
                return coffer_error_set(error, COFFER_CONFLICT, "declared priority %d != class.PRIORITY %d",
                                        record->declared_priority, serializer->priority);
        return COFFER_OK;
}

const char *coffer_serializer_name(const coffer_serializer *serializer)
{
        return serializer->name ? serializer->name : serializer->type;
}
