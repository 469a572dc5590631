/* SPDX-License-Identifier: Apache-2.0 */
#include "serializer/setup.h"

#include <string.h>

#include "serializer/library.h"

struct coffer_setup_context {
        char missing[sizeof((coffer_step_report *)NULL)->missing];
};

coffer_step coffer_setup_run(const coffer_serializer *serializer, coffer_step_report *report)
{
        coffer_setup_context context = {{0}};
        if (!serializer->setup)
                return COFFER_STEP_DONE;
        coffer_status status = serializer->setup(serializer, &context, &report->error);
        if (status == COFFER_OK)
                return COFFER_STEP_DONE;
        if (report->error.status != status)
                (void)coffer_error_set(&report->error, status, "set-up failed: %s", coffer_status_text(status));
        if (status != COFFER_MISSING)
                return COFFER_STEP_FAILED;
        memcpy(report->missing, context.missing, sizeof(report->missing));
        return COFFER_STEP_MISSING;
}

static void note_missing(coffer_setup_context *context, const char *name)
{
        size_t length = strnlen(name, sizeof(context->missing) - 1);
        memcpy(context->missing, name, length);
        context->missing[length] = '\0';
}

coffer_status coffer_lazy_import(coffer_setup_context *context, const char *name, void **handle, coffer_error *error)
{
        char missing[COFFER_LIBRARY_NAME_BYTES];
        coffer_status status = coffer_library_open(name, handle, missing, error);
        if (status == COFFER_MISSING)
                note_missing(context, missing);
        return status;
}

coffer_status coffer_lazy_symbol(coffer_setup_context *context, void *handle, const char *symbol, void **address,
                                 coffer_error *error)
{
        (void)context;
        return coffer_library_symbol(handle, symbol, address, error);
}

coffer_status coffer_setup_missing(coffer_setup_context *context, const char *name, coffer_error *error)
{
        note_missing(context, name);
        return coffer_error_set(error, COFFER_MISSING, "'%s' is not there", name);
}
