/* SPDX-License-Identifier: Apache-2.0 */
/* What is there: flows, runs, steps, tasks and attempts. */
#include <stdlib.h>
#include <string.h>

#include "datastore/attempt.h"
#include "datastore/names.h"
#include "datastore/store.h"
#include "util/map.h"

typedef struct name_list {
        coffer_name_kind kind;
        coffer_map *seen;
} name_list;

static coffer_status collect_name(void *user, const char *name, coffer_entry_type type, coffer_error *error)
{
        name_list *list = user;

        if (type != COFFER_ENTRY_DIRECTORY || coffer_name_check(list->kind, name, NULL) != COFFER_OK)
                return COFFER_OK;
        return coffer_map_set(list->seen, name, NULL, error);
}

static int compare_names(const void *left, const void *right)
{
        return coffer_name_compare(*(const char *const *)left, *(const char *const *)right);
}

static coffer_status sort_names(const coffer_map *seen, const char ***out, coffer_error *error)
{
        size_t count = coffer_map_count(seen);
        const char **names = coffer_realloc_array(NULL, count ? count : 1, sizeof(*names));

        if (!names)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to sort %zu names", count);
        for (size_t i = 0; i < count; i++)
                names[i] = coffer_map_key_at(seen, i);
        qsort(names, count, sizeof(*names), compare_names);
        *out = names;
        return COFFER_OK;
}

static coffer_name_kind kind_below(const coffer_task_names *names)
{
        if (!names->flow)
                return COFFER_NAME_FLOW;
        if (!names->run)
                return COFFER_NAME_RUN;
        return names->step ? COFFER_NAME_TASK : COFFER_NAME_STEP;
}

coffer_status coffer_store_list(coffer_store *store, const char *flow, const char *run, const char *step,
                                coffer_status (*visit)(void *user, const char *name, coffer_error *error), void *user,
                                coffer_error *error)
{
        const coffer_task_names names = {flow, run, step, NULL};
        _cleanup_free_ char *path = NULL;
        _cleanup_free_ const char **sorted = NULL;
        _cleanup_map_ coffer_map *seen = NULL;

        COFFER_TRY(coffer_task_names_check(&names, error));
        COFFER_TRY(coffer_task_names_path(&names, &path, error));
        COFFER_TRY(coffer_map_new(NULL, &seen, error));
        name_list list = {.kind = kind_below(&names), .seen = seen};
        COFFER_TRY(store->storage->class_->list(store->storage, path, collect_name, &list, error));
        COFFER_TRY(sort_names(seen, &sorted, error));
        for (size_t i = 0; i < coffer_map_count(seen); i++)
                COFFER_TRY(visit(user, sorted[i], error));
        return COFFER_OK;
}

coffer_status coffer_store_load_record(coffer_store *store, const char *flow, const char *run, const char *step,
                                       const char *task, char **json_text, coffer_error *error)
{
        const coffer_task_names names = {flow, run, step, task};
        _cleanup_free_ char *path = NULL, *file = NULL;

        COFFER_TRY(coffer_name_check(COFFER_NAME_FLOW, flow, error));
        COFFER_TRY(coffer_task_names_check(&names, error));
        COFFER_TRY(coffer_task_names_path(&names, &path, error));
        COFFER_TRY(coffer_text_format(&file, error, "%s/_meta/_self.json", path));
        return coffer_store_get_json(store, file, json_text, error);
}

coffer_status coffer_attempts_stat(coffer_store *store, const char *path, coffer_attempt_state out[COFFER_MAX_ATTEMPTS],
                                   coffer_error *error)
{
        static const char *const files[] = {COFFER_ATTEMPT_FILE, COFFER_DONE_FILE, COFFER_DATA_FILE};
        enum { FILES = ARRAY_COUNT(files), PATHS = FILES * COFFER_MAX_ATTEMPTS };
        const char *paths[PATHS];
        coffer_storage_stat stats[PATHS];
        _cleanup_buf_ coffer_buf text = COFFER_BUF_INIT(SIZE_MAX);
        size_t offsets[PATHS];

        for (size_t i = 0; i < PATHS; i++) {
                offsets[i] = text.size_bytes;
                COFFER_TRY(coffer_buf_printf(&text, error, "%s/%zu.%s", path, i / FILES, files[i % FILES]));
                COFFER_TRY(coffer_buf_append_byte(&text, '\0', error));
        }
        for (size_t i = 0; i < PATHS; i++)
                paths[i] = (const char *)text.data + offsets[i];
        COFFER_TRY(store->storage->class_->stat(store->storage, paths, PATHS, stats, error));
        for (size_t i = 0; i < COFFER_MAX_ATTEMPTS; i++) {
                const coffer_storage_stat *of_attempt = &stats[i * FILES];
                out[i].started = of_attempt[0].type == COFFER_ENTRY_OBJECT;
                out[i].done = of_attempt[1].type == COFFER_ENTRY_OBJECT;
                out[i].has_data = of_attempt[2].type == COFFER_ENTRY_OBJECT;
        }
        return COFFER_OK;
}

coffer_status coffer_store_attempts(coffer_store *store, const char *flow, const char *run, const char *step,
                                    const char *task, coffer_attempt_state out[COFFER_MAX_ATTEMPTS],
                                    coffer_error *error)
{
        const coffer_task_names names = {flow, run, step, task};
        _cleanup_free_ char *path = NULL;

        COFFER_TRY(coffer_name_check(COFFER_NAME_TASK, task, error));
        COFFER_TRY(coffer_task_names_check(&names, error));
        COFFER_TRY(coffer_task_names_path(&names, &path, error));
        return coffer_attempts_stat(store, path, out, error);
}

int coffer_attempts_latest(const coffer_attempt_state states[COFFER_MAX_ATTEMPTS])
{
        int latest = COFFER_MAX_ATTEMPTS - 1;
        while (latest >= 0 && !states[latest].started)
                latest--;
        return latest;
}
