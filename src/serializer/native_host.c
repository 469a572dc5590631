/* SPDX-License-Identifier: Apache-2.0 */
/* The host that opens shared libraries. Their serializers are tables of C functions that stay for ever. */
#include <coffer/registry.h>

#include <string.h>

#include "serializer/library.h"
#include "serializer/record.h"
#include "serializer/setup.h"

/* "PATH:SYMBOL" in two; a location without a symbol has the usual one. */
static coffer_status split_location(const char *location, const char *usual_symbol, char **path, const char **symbol,
                                    coffer_error *error)
{
        const char *colon = strrchr(location, ':');
        *symbol = colon ? colon + 1 : usual_symbol;
        *path = coffer_strndup(location, colon ? (size_t)(colon - location) : strlen(location));
        return *path ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the path of a library");
}

coffer_status coffer_native_symbol(const char *location, const char *usual_symbol, void **address,
                                   char missing[COFFER_LIBRARY_NAME_BYTES], coffer_error *error)
{
        _cleanup_free_ char *path = NULL;
        const char *symbol;
        void *handle;
        COFFER_TRY(split_location(location, usual_symbol, &path, &symbol, error));
        COFFER_TRY(coffer_library_open(path, &handle, missing, error));
        return coffer_library_symbol(handle, symbol, address, error);
}

static coffer_status find_serializer(const char *location, const coffer_serializer **out,
                                     char missing[COFFER_LIBRARY_NAME_BYTES], coffer_error *error)
{
        void *address;
        COFFER_TRY(coffer_native_symbol(location, COFFER_SERIALIZER_SYMBOL, &address, missing, error));
        coffer_serializer_entry_fn entry;
        memcpy(&entry, &address, sizeof(entry)); /* ISO C has no cast from data to function pointers */
        const coffer_serializer *serializer = entry(COFFER_SERIALIZER_ABI);
        if (!serializer)
                return coffer_error_set(error, COFFER_ABI, "'%.*s' does not speak serializer ABI %d",
                                        (int)strcspn(location, ":"), location, COFFER_SERIALIZER_ABI);
        COFFER_TRY(coffer_serializer_check(serializer, error));
        *out = serializer;
        return COFFER_OK;
}

static coffer_step load(const coffer_host *host, const char *location, void **loaded,
                        const coffer_serializer **serializer, coffer_step_report *report)
{
        (void)host;
        (void)loaded; /* libraries are never given back */
        switch (find_serializer(location, serializer, report->missing, &report->error)) {
        case COFFER_OK:
                return COFFER_STEP_DONE;
        case COFFER_MISSING:
                return COFFER_STEP_MISSING;
        default:
                return COFFER_STEP_FAILED;
        }
}

static coffer_step setup(const coffer_host *host, void *loaded, const coffer_serializer *serializer,
                         coffer_step_report *report)
{
        (void)host;
        (void)loaded;
        return coffer_setup_run(serializer, report);
}

static bool is_present(const coffer_host *host, const char *missing)
{
        (void)host;
        return coffer_library_is_loaded(missing);
}

static uint64_t generation(const coffer_host *host)
{
        (void)host;
        return coffer_library_generation();
}

const coffer_host *coffer_native_host(void)
{
        static const coffer_host host = {
                .version = COFFER_HOST_VERSION,
                .name = "native",
                .missing_error = "dlopen failure",
                .load = load,
                .setup = setup,
                .is_present = is_present,
                .generation = generation,
        };
        return &host;
}
