/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a descriptor file: every entry ends in a record, broken or not, and what it claims calls for it. */
#include <stdlib.h>

#include "serializer/descriptor.h"
#include "serializer/metadata.h"
#include "serializer/registry_internal.h"
#include "util/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A host that has nothing: no input may open a file. */
static coffer_step miss(const coffer_host *host, const char *location, void **loaded,
                        const coffer_serializer **serializer, coffer_step_report *report)
{
        (void)host;
        (void)loaded;
        (void)serializer;
        (void)coffer_error_set(&report->error, COFFER_MISSING, "'%s' is not there", location);
        report->missing[0] = 'x';
        report->missing[1] = '\0';
        return COFFER_STEP_MISSING;
}

static coffer_step never_set_up(const coffer_host *host, void *loaded, const coffer_serializer *serializer,
                                coffer_step_report *report)
{
        (void)host;
        (void)loaded;
        (void)serializer;
        (void)report;
        abort();
}

static bool never_present(const coffer_host *host, const char *missing)
{
        (void)host;
        (void)missing;
        return false;
}

static uint64_t unchanged(const coffer_host *host)
{
        (void)host;
        return 0;
}

static const coffer_host host = {.version = COFFER_HOST_VERSION,
                                 .name = "fuzz",
                                 .missing_error = "nothing",
                                 .load = miss,
                                 .setup = never_set_up,
                                 .is_present = never_present,
                                 .generation = unchanged};

/* Asks for an encoding that the entry declares: its record must then have been loaded for. */
static void call_for(coffer_registry *registry, const char *encoding)
{
        _cleanup_metadata_ coffer_metadata *metadata = NULL;
        coffer_choice choice;
        if (coffer_metadata_new(&metadata, NULL) != COFFER_OK ||
            coffer_metadata_set_encoding(metadata, encoding, NULL) != COFFER_OK ||
            coffer_registry_find_deserializer(registry, metadata, "x", &choice, NULL) != COFFER_DECLINED)
                abort();
}

static void declare_entry(coffer_registry *registry, const json_t *json)
{
        coffer_descriptor_entry entry _cleanup_(coffer_descriptor_entry_done);
        if (coffer_descriptor_read(json, "fallback", &entry, NULL) != COFFER_OK)
                abort();
        bool is_broken = entry.problem.status != COFFER_OK;
        if (!entry.descriptor.name || (!is_broken && !entry.library))
                abort();
        entry.descriptor.location = entry.library ? entry.library : "";
        coffer_status status = coffer_registry_declare_found(registry, &entry.descriptor, &host, "/",
                                                             is_broken ? entry.problem.message : NULL, NULL);
        if (status != COFFER_OK && status != COFFER_CONFLICT)
                abort();
        if (!is_broken && entry.encodings && entry.encodings[0])
                call_for(registry, entry.encodings[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_registry_ coffer_registry *registry = NULL;
        _cleanup_json_ json_t *file = NULL;
        coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
        coffer_record_status *records;
        size_t count;
        options.toggles = "+a,-b";
        if (size > COFFER_DESCRIPTOR_MAX_BYTES ||
            coffer_json_parse(coffer_cursor_of(data, size), "a descriptor", &file, NULL) != COFFER_OK)
                return 0;
        if (coffer_registry_create(&options, &registry, NULL) != COFFER_OK)
                abort();
        for (size_t i = 0; i < coffer_descriptor_count(file); i++)
                declare_entry(registry, coffer_descriptor_at(file, i));
        if (coffer_registry_status(registry, &records, &count, NULL) != COFFER_OK || count == 0)
                abort();
        coffer_registry_status_free(records, count);
        return 0;
}
