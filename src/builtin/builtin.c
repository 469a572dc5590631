/* SPDX-License-Identifier: Apache-2.0 */
#include "builtin/builtin.h"

#include "serializer/registry_internal.h"

/* In the order in which they are declared: of equal priority the later one is asked first. */
static const struct {
        const coffer_serializer *serializer;
        const char *source; /* what artifacts name as the package that wrote them */
} builtins[] = {
        {&coffer_pickle_serializer, "metaflow"}, /* it writes what Metaflow's own one writes */
};

coffer_status coffer_registry_new(const coffer_registry_options *options, coffer_registry **out, coffer_error *error)
{
        static const coffer_registry_options defaults = COFFER_REGISTRY_OPTIONS_INIT;
        _cleanup_registry_ coffer_registry *registry = NULL;
        if (!options)
                options = &defaults;
        COFFER_TRY(coffer_registry_create(options, &registry, error));
        for (size_t i = 0; !options->without_builtins && i < ARRAY_COUNT(builtins); i++)
                COFFER_TRY(coffer_registry_add(registry, builtins[i].serializer, builtins[i].source, false, error));
        if (!options->without_extensions)
                COFFER_TRY(coffer_registry_discover(registry, options->extension_path, error));
        *out = TAKE_PTR(registry);
        return COFFER_OK;
}
