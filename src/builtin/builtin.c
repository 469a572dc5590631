/* SPDX-License-Identifier: Apache-2.0 */
#include "builtin/builtin.h"

#include "serializer/registry_internal.h"
#include "types/types.h"

/* In the order in which they are declared: of equal priority the later one is asked first. */
static const struct {
        const coffer_serializer *serializer;
        const char *source; /* what artifacts name as the package that wrote them */
} builtins[] = {
        {&coffer_pickle_serializer, "metaflow"}, /* it writes what Metaflow's own one writes */
};

static coffer_status add_builtins(coffer_registry *registry, coffer_error *error)
{
        for (size_t i = 0; i < ARRAY_COUNT(builtins); i++)
                COFFER_TRY(coffer_registry_add(registry, builtins[i].serializer, builtins[i].source, false, error));
        COFFER_TRY(coffer_types_register(registry, error));
        return coffer_registry_add(registry, coffer_iotype_serializer(registry), "coffer", false, error);
}

coffer_status coffer_registry_new(const coffer_registry_options *options, coffer_registry **out, coffer_error *error)
{
        static const coffer_registry_options defaults = COFFER_REGISTRY_OPTIONS_INIT;
        _cleanup_registry_ coffer_registry *registry = NULL;
        if (!options)
                options = &defaults;
        COFFER_TRY(coffer_registry_create(options, &registry, error));
        if (!options->without_builtins)
                COFFER_TRY(add_builtins(registry, error));
        if (!options->without_extensions)
                COFFER_TRY(coffer_registry_discover(registry, options->extension_path, error));
        *out = TAKE_PTR(registry);
        return COFFER_OK;
}
