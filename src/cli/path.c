/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "path.h"

static const char *const level_names[CLI_LEVELS] = {"flow", "run", "step", "task", "artifact"};
static const char *const level_forms[CLI_LEVELS] = {"FLOW", "FLOW/RUN", "FLOW/RUN/STEP", "FLOW/RUN/STEP/TASK",
                                                    "FLOW/RUN/STEP/TASK/NAME"};

const char *cli_level_name(size_t level)
{
        return level_names[level];
}

static int refuse(const char *text, size_t min, size_t max, const char *why)
{
        if (min == max)
                return cli_error(COFFER_INVALID, "\"%s\" %s: a path here is %s", text, why, level_forms[min - 1]);
        return cli_error(COFFER_INVALID, "\"%s\" %s: a path here is %s to %s", text, why,
                         level_forms[min ? min - 1 : 0], level_forms[max - 1]);
}

int cli_path_parse(const char *text, size_t min, size_t max, cli_path *out)
{
        *out = (cli_path){NULL, {NULL}, 0};
        while (*text == '/')
                text++;
        cli_path path = {cli_need(coffer_strdup(text)), {NULL}, 0};
        size_t length = strlen(path.storage);
        while (length > 0 && path.storage[length - 1] == '/')
                path.storage[--length] = '\0';
        const char *why = NULL;
        for (char *rest = length ? path.storage : NULL, *part; !why && (part = strsep(&rest, "/"));) {
                if (path.count == max)
                        why = "has too many parts";
                else if (!*part)
                        why = "has an empty part";
                else
                        path.parts[path.count++] = part;
        }
        if (!why && path.count < min)
                why = "has too few parts";
        if (why) {
                cli_path_done(&path);
                return refuse(text, min, max, why);
        }
        *out = path;
        return CLI_OK;
}

void cli_path_done(cli_path *path)
{
        coffer_free(path->storage);
        *path = (cli_path){NULL, {NULL}, 0};
}

char *cli_path_text(const cli_path *path, size_t count)
{
        char *text = cli_text("%s", count ? path->parts[0] : "");
        for (size_t i = 1; i < count; i++) {
                char *longer = cli_text("%s/%s", text, path->parts[i]);
                coffer_free(text);
                text = longer;
        }
        return text;
}

static coffer_status add_name(void *user, const char *name, coffer_error *error)
{
        cli_texts *names = user;
        (void)error;
        names->items = cli_need(coffer_realloc_array(names->items, names->count + 2, sizeof *names->items));
        names->items[names->count++] = cli_need(coffer_strdup(name));
        names->items[names->count] = NULL;
        return COFFER_OK;
}

int cli_list_names(coffer_store *store, const cli_path *path, size_t count, cli_texts *out)
{
        coffer_error error = COFFER_ERROR_INIT;
        const char *parts[CLI_TASK] = {NULL};
        *out = (cli_texts){NULL, 0};
        for (size_t i = 0; i < count && i < CLI_TASK; i++)
                parts[i] = path->parts[i];
        coffer_status status =
                coffer_store_list(store, parts[CLI_FLOW], parts[CLI_RUN], parts[CLI_STEP], add_name, out, &error);
        if (status == COFFER_OK || status == COFFER_NOT_FOUND)
                return CLI_OK;
        cli_names_free(out);
        return cli_fail(&error);
}

void cli_names_free(cli_texts *names)
{
        for (size_t i = 0; i < names->count; i++)
                coffer_free((char *)(uintptr_t)names->items[i]);
        coffer_free(names->items);
        *names = (cli_texts){NULL, 0};
}

static int tell_missing(const char *level, const char *name, const char *where, const cli_texts *names)
{
        const char *nearest = cli_nearest(name, names->items, names->count);
        if (nearest)
                return cli_error(COFFER_NOT_FOUND, "no %s \"%s\" in %s; did you mean \"%s\"?", level, name, where,
                                 nearest);
        if (names->count == 0)
                return cli_error(COFFER_NOT_FOUND, "no %s \"%s\" in %s, which has none", level, name, where);
        return cli_error(COFFER_NOT_FOUND, "no %s \"%s\" in %s, which has %zu (\"%s\"%s); coffer ls lists them", level,
                         name, where, names->count, names->items[0], names->count > 1 ? ", ..." : "");
}

static bool has_name(const cli_texts *names, const char *name)
{
        for (size_t i = 0; i < names->count; i++) {
                if (strcmp(names->items[i], name) == 0)
                        return true;
        }
        return false;
}

int cli_path_explain(coffer_store *store, const cli_path *path, const coffer_error *error)
{
        for (size_t level = 0; level < path->count && level <= CLI_TASK; level++) {
                cli_texts names;
                int code = cli_list_names(store, path, level, &names);
                if (code)
                        return code;
                bool found = has_name(&names, path->parts[level]);
                if (!found) {
                        char *above = cli_path_text(path, level);
                        code = tell_missing(level_names[level], path->parts[level],
                                            level ? above : coffer_store_root(store), &names);
                        coffer_free(above);
                }
                cli_names_free(&names);
                if (!found)
                        return code;
        }
        return error ? cli_fail(error) : CLI_OK;
}

int cli_artifact_explain(const coffer_task *task, const char *name, const coffer_error *error)
{
        cli_texts names = {NULL, 0};
        coffer_artifact_info info;
        for (size_t i = 0; i < coffer_task_count(task); i++) {
                if (coffer_task_info_at(task, i, &info, NULL) == COFFER_OK)
                        (void)add_name(&names, info.name, NULL);
        }
        char *where = cli_text("%s, attempt %d", coffer_task_pathspec(task), coffer_task_attempt(task));
        int code = has_name(&names, name) ? cli_fail(error) : tell_missing("artifact", name, where, &names);
        coffer_free(where);
        cli_names_free(&names);
        return code;
}
