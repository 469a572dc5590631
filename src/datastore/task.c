/* SPDX-License-Identifier: Apache-2.0 */
#include "datastore/task.h"

#include <string.h>

#include "datastore/names.h"
#include "util/cursor.h"

static coffer_status check_options(const coffer_task_options *options, coffer_error *error)
{
        if (options->mode != COFFER_READ && options->mode != COFFER_WRITE && options->mode != COFFER_SCRUB)
                return coffer_error_set(error, COFFER_INVALID, "unknown datastore mode %d: it is r, w or d",
                                        (int)options->mode);
        if (options->attempt < COFFER_ATTEMPT_LATEST || options->attempt >= COFFER_MAX_ATTEMPTS)
                return coffer_error_set(error, COFFER_INVALID, "there is no attempt %d: attempts are 0 to %d",
                                        options->attempt, COFFER_MAX_ATTEMPTS - 1);
        return COFFER_OK;
}

/* The four names in one piece of memory, each with its NUL. */
static coffer_status copy_names(coffer_task *task, const coffer_task_names *names, coffer_error *error)
{
        _cleanup_buf_ coffer_buf texts = COFFER_BUF_INIT(SIZE_MAX);
        const char *const parts[] = {names->flow, names->run, names->step, names->task};
        const char **const copies[] = {&task->names.flow, &task->names.run, &task->names.step, &task->names.task};

        for (size_t i = 0; i < ARRAY_COUNT(parts); i++)
                COFFER_TRY(coffer_buf_append(&texts, parts[i], strlen(parts[i]) + 1, error));
        COFFER_TRY(coffer_buf_take_text(&texts, &task->texts, error));
        const char *at = task->texts;
        for (size_t i = 0; i < ARRAY_COUNT(copies); i++) {
                *copies[i] = at;
                at += strlen(at) + 1;
        }
        return COFFER_OK;
}

static coffer_status task_new(coffer_store *store, const coffer_task_names *names, const coffer_task_options *options,
                              coffer_task **out, coffer_error *error)
{
        COFFER_TRY(coffer_name_check(COFFER_NAME_TASK, names->task, error));
        COFFER_TRY(coffer_task_names_check(names, error));
        COFFER_TRY(check_options(options, error));
        _cleanup_(coffer_task_freep) coffer_task *task = coffer_alloc_zeroed(1, sizeof(*task));
        if (!task)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to open a task");
        task->store = coffer_store_ref(store);
        task->mode = options->mode;
        task->attempt = options->attempt;
        COFFER_TRY(copy_names(task, names, error));
        COFFER_TRY(coffer_task_names_path(names, &task->path, error));
        COFFER_TRY(coffer_store_open_cas(store, names->flow, &task->cas, error));
        COFFER_TRY(coffer_artifacts_new(&task->artifacts, error));
        *out = TAKE_PTR(task);
        return COFFER_OK;
}

/* Settles which attempt of a task that is there already is meant, and whether it may be used. */
static coffer_status choose_attempt(coffer_task *task, bool allow_not_done, coffer_error *error)
{
        coffer_attempt_state states[COFFER_MAX_ATTEMPTS];

        COFFER_TRY(coffer_attempts_stat(task->store, task->path, states, error));
        int latest = coffer_attempts_latest(states);
        if (task->attempt == COFFER_ATTEMPT_LATEST) {
                if (latest < 0)
                        return coffer_error_set(error, COFFER_NOT_FOUND, "task '%s' is not in the datastore '%s'",
                                                task->path, coffer_store_root(task->store));
                task->attempt = latest;
        }
        const coffer_attempt_state *state = &states[task->attempt];
        if (!state->started && !state->done)
                return coffer_error_set(error, COFFER_NOT_FOUND, "attempt %d of task '%s' was never started",
                                        task->attempt, task->path);
        if (!state->done && !allow_not_done)
                return coffer_error_set(error, COFFER_STATE, "attempt %d of task '%s' is not done", task->attempt,
                                        task->path);
        task->stage = state->done ? COFFER_TASK_DONE : COFFER_TASK_STARTED;
        return COFFER_OK;
}

static coffer_status read_artifacts(coffer_task *task, bool allow_not_done, coffer_error *error)
{
        _cleanup_free_ char *file = NULL;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        coffer_map *artifacts;
        coffer_cursor text;

        COFFER_TRY(coffer_task_file(task, COFFER_DATA_FILE, &file, error));
        coffer_status status = coffer_store_get(task->store, file, &bytes, error);
        if (status == COFFER_NOT_FOUND && allow_not_done)
                return COFFER_OK;
        if (status == COFFER_NOT_FOUND)
                return coffer_error_set(error, COFFER_CORRUPT, "attempt %d of task '%s' is done, but '%s' is missing",
                                        task->attempt, task->path, file);
        if (status != COFFER_OK)
                return status;
        COFFER_TRY(coffer_bytes_contiguous(bytes, &text, error));
        COFFER_TRY(coffer_data_json_read(text, file, &artifacts, error));
        coffer_map_free(task->artifacts);
        task->artifacts = artifacts;
        return COFFER_OK;
}

static coffer_status open_for_writing(coffer_task *task, const coffer_task_options *options, coffer_error *error)
{
        if (task->attempt == COFFER_ATTEMPT_LATEST)
                task->attempt = 0;
        if (options->without_provider)
                return COFFER_OK;
        return coffer_provider_new(task->store, &task->names, task->attempt, options->user, options->tags,
                                   &task->provider, error);
}

coffer_status coffer_task_open(coffer_store *store, const char *flow, const char *run, const char *step,
                               const char *task, const coffer_task_options *options, coffer_task **out,
                               coffer_error *error)
{
        static const coffer_task_options defaults = COFFER_TASK_OPTIONS_INIT;
        const coffer_task_names names = {flow, run, step, task};
        _cleanup_(coffer_task_freep) coffer_task *opened = NULL;

        options = options ? options : &defaults;
        COFFER_TRY(task_new(store, &names, options, &opened, error));
        if (opened->mode == COFFER_WRITE) {
                COFFER_TRY(open_for_writing(opened, options, error));
        } else {
                COFFER_TRY(choose_attempt(opened, options->allow_not_done, error));
                if (opened->mode == COFFER_READ && coffer_task_is_done(opened))
                        COFFER_TRY(read_artifacts(opened, options->allow_not_done, error));
        }
        *out = TAKE_PTR(opened);
        return COFFER_OK;
}

void coffer_task_free(coffer_task *task)
{
        if (!task)
                return;
        coffer_provider_free(task->provider);
        coffer_map_free(task->artifacts);
        coffer_cas_free(task->cas);
        coffer_free(task->path);
        coffer_free(task->texts);
        coffer_store_unref(task->store);
        coffer_free(task);
}

const char *coffer_task_pathspec(const coffer_task *task)
{
        return task->path;
}

int coffer_task_attempt(const coffer_task *task)
{
        return task->attempt;
}

bool coffer_task_is_done(const coffer_task *task)
{
        return task->stage >= COFFER_TASK_PUBLISHED;
}

coffer_status coffer_task_require(const coffer_task *task, coffer_mode mode, const char *what, coffer_error *error)
{
        if (mode == COFFER_WRITE && task->mode == COFFER_WRITE && coffer_task_is_done(task))
                return coffer_error_set(error, COFFER_STATE,
                                        "cannot %s: attempt %d of task '%s' is done and takes no more", what,
                                        task->attempt, task->path);
        if (task->mode != mode)
                return coffer_error_set(error, COFFER_STATE,
                                        "cannot %s: task '%s' is open in mode '%c', and this needs mode '%c'", what,
                                        task->path, (char)task->mode, (char)mode);
        return COFFER_OK;
}

coffer_status coffer_task_file(const coffer_task *task, const char *name, char **out, coffer_error *error)
{
        return coffer_text_format(out, error, "%s/%d.%s", task->path, task->attempt, name);
}

static const char *artifact_name(const void *artifacts, size_t index)
{
        return coffer_map_key_at(artifacts, index);
}

coffer_status coffer_task_find(const coffer_task *task, const char *name, const coffer_artifact_entry **out,
                               coffer_error *error)
{
        const coffer_artifact_entry *entry = name ? coffer_map_get(task->artifacts, name) : NULL;

        if (!name)
                return coffer_error_set(error, COFFER_INVALID, "an artifact name is missing");
        if (!entry) {
                const char *nearest =
                        coffer_name_nearest(name, artifact_name, coffer_map_count(task->artifacts), task->artifacts);
                return coffer_error_set(error, COFFER_NOT_FOUND,
                                        "there is no artifact '%s' in attempt %d of task '%s'%s%s%s", name,
                                        task->attempt, task->path, nearest ? "; did you mean '" : "",
                                        nearest ? nearest : "", nearest ? "'?" : "");
        }
        *out = entry;
        return COFFER_OK;
}

coffer_status coffer_task_blame(const coffer_task *task, const char *name, coffer_status status, coffer_error *error)
{
        if (!error || status == COFFER_NO_MEMORY)
                return status;
        const coffer_error cause = *error;
        return coffer_error_set_at(error, status, cause.offset, "artifact '%s' of task '%s', attempt %d: %s", name,
                                   task->path, task->attempt, cause.message);
}
