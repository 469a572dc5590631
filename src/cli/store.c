/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store.h"

static void warn(void *user, const char *message)
{
        cli_note(user, "warning: %s", message);
}

int cli_registry(cli_context *context, coffer_registry **out)
{
        if (!context->registry) {
                coffer_error error = COFFER_ERROR_INIT;
                coffer_registry_options options = COFFER_REGISTRY_OPTIONS_INIT;
                options.warn = warn;
                options.warn_user = context;
                if (coffer_registry_new(&options, &context->registry, &error) != COFFER_OK)
                        return cli_fail(&error);
        }
        *out = context->registry;
        return CLI_OK;
}

int cli_open_store(cli_context *context, bool create, coffer_store **out)
{
        if (!context->store) {
                coffer_error error = COFFER_ERROR_INIT;
                coffer_store_options options = COFFER_STORE_OPTIONS_INIT;
                char *root _cleanup_free_ = NULL;
                int code = cli_registry(context, &options.registry);
                if (code)
                        return code;
                coffer_status status = context->common.store
                                               ? coffer_store_root_at(context->common.store, create, &root, &error)
                                               : coffer_store_find_root(NULL, create, &root, &error);
                if (status == COFFER_NOT_FOUND && !context->common.store)
                        return cli_fail_hint(&error, "--store names a datastore, and put makes one");
                if (status == COFFER_OK)
                        status = coffer_store_open(root, &options, &context->store, &error);
                if (status != COFFER_OK)
                        return cli_fail(&error);
        }
        *out = context->store;
        return CLI_OK;
}

int cli_open_task(cli_context *context, const cli_path *path, const cli_number *attempt, bool allow_not_done,
                  coffer_task **out)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        coffer_store *store = NULL;
        int code = cli_open_store(context, false, &store);
        if (code)
                return code;
        options.allow_not_done = allow_not_done;
        if (attempt->given)
                options.attempt = (int)attempt->value;
        coffer_status status = coffer_task_open(store, path->parts[CLI_FLOW], path->parts[CLI_RUN],
                                                path->parts[CLI_STEP], path->parts[CLI_TASK], &options, out, &error);
        if (status == COFFER_NOT_FOUND) {
                cli_path task = *path;
                task.count = CLI_ARTIFACT;
                return cli_path_explain(store, &task, &error);
        }
        if (status == COFFER_STATE)
                return cli_fail_hint(&error, "--attempt chooses another one");
        return status == COFFER_OK ? CLI_OK : cli_fail(&error);
}

int cli_find_artifact(coffer_task *task, const char *name, coffer_artifact_info *out)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_status status = coffer_task_info(task, name, out, &error);
        if (status == COFFER_NOT_FOUND)
                return cli_artifact_explain(task, name, &error);
        return status == COFFER_OK ? CLI_OK : cli_fail(&error);
}

bool cli_reads_pickle(coffer_registry *registry, const coffer_metadata *metadata, const char *name)
{
        coffer_choice choice;
        return coffer_registry_find_deserializer(registry, metadata, name, &choice, NULL) == COFFER_OK &&
               strcmp(choice.serializer->type, "pickle") == 0;
}

void cli_context_done(cli_context *context)
{
        coffer_store_unref(context->store);
        coffer_registry_unref(context->registry);
}
