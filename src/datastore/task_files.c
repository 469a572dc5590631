/* SPDX-License-Identifier: Apache-2.0 */
/* A task's metadata files and logs. */
#include "datastore/task.h"

#include <string.h>

#include "datastore/names.h"
#include "util/cursor.h"

coffer_status coffer_task_save_metadata(coffer_task *task, const char *name, const char *json_text, coffer_error *error)
{
        _cleanup_free_ char *path = NULL;
        _cleanup_json_ json_t *json = NULL;

        COFFER_TRY(coffer_task_require(task, COFFER_WRITE, "save metadata", error));
        COFFER_TRY(coffer_name_check(COFFER_NAME_METADATA, name, error));
        COFFER_TRY(coffer_json_parse(coffer_cursor_text(json_text), name, &json, error));
        COFFER_TRY(coffer_task_file(task, name, &path, error));
        return coffer_store_put_text(task->store, path, json_text, true, error);
}

coffer_status coffer_task_load_metadata(coffer_task *task, const char *name, char **json_text, coffer_error *error)
{
        _cleanup_free_ char *path = NULL;

        COFFER_TRY(coffer_task_require(task, COFFER_READ, "load metadata", error));
        COFFER_TRY(coffer_name_check(COFFER_NAME_METADATA, name, error));
        COFFER_TRY(coffer_task_file(task, name, &path, error));
        return coffer_store_get_json(task->store, path, json_text, error);
}

static coffer_status check_one_of(const char *what, const char *text, const char *first, const char *second,
                                  coffer_error *error)
{
        if (text && (strcmp(text, first) == 0 || strcmp(text, second) == 0))
                return COFFER_OK;
        return coffer_error_set(error, COFFER_INVALID, "there is no log %s '%s': it is %s or %s", what,
                                text ? text : "", first, second);
}

/* `source` NULL: the log's legacy place. */
static coffer_status log_path(const coffer_task *task, const char *source, const char *stream, char **out,
                              coffer_error *error)
{
        if (source)
                COFFER_TRY(check_one_of("source", source, "runtime", "task", error));
        COFFER_TRY(check_one_of("stream", stream, "stdout", "stderr", error));
        return coffer_text_format(out, error, "%s/%d.%s%s%s.log", task->path, task->attempt, source ? source : "",
                                  source ? "_" : "", stream);
}

coffer_status coffer_task_save_log(coffer_task *task, const char *source, const char *stream, coffer_bytes *bytes,
                                   coffer_error *error)
{
        _cleanup_free_ char *path = NULL;

        COFFER_TRY(coffer_task_require(task, COFFER_WRITE, "save a log", error));
        COFFER_TRY(check_one_of("source", source, "runtime", "task", error));
        COFFER_TRY(log_path(task, source, stream, &path, error));
        return coffer_store_put(task->store, path, bytes, true, error);
}

coffer_status coffer_task_load_log(coffer_task *task, const char *source, const char *stream, coffer_bytes **out,
                                   coffer_error *error)
{
        _cleanup_free_ char *path = NULL;

        COFFER_TRY(coffer_task_require(task, COFFER_READ, "load a log", error));
        COFFER_TRY(log_path(task, source, stream, &path, error));
        return coffer_store_get(task->store, path, out, error);
}

coffer_status coffer_task_scrub_log(coffer_task *task, const char *source, const char *stream, coffer_error *error)
{
        const coffer_storage_class *storage_class = task->store->storage->class_;
        _cleanup_free_ char *path = NULL, *note = NULL;
        coffer_storage_stat stat;

        COFFER_TRY(coffer_task_require(task, COFFER_SCRUB, "scrub a log", error));
        COFFER_TRY(log_path(task, source, stream, &path, error));
        const char *paths[] = {path};
        COFFER_TRY(storage_class->stat(task->store->storage, paths, 1, &stat, error));
        if (stat.type != COFFER_ENTRY_OBJECT)
                return coffer_error_set(error, COFFER_NOT_FOUND, "there is no log '%s'", path);
        COFFER_TRY(coffer_text_format(&note, error, "[REDACTED %s %s]", source ? source : stream, stream));
        COFFER_TRY(coffer_store_put_text(task->store, path, note, true, error));
        return storage_class->sync(task->store->storage, error);
}

coffer_status coffer_task_register_metadata(coffer_task *task, const char *field, const char *type, const char *value,
                                            coffer_error *error)
{
        const coffer_datum datum = {field, type, value};

        COFFER_TRY(coffer_task_require(task, COFFER_WRITE, "register metadata", error));
        if (!type || !value)
                return coffer_error_set(error, COFFER_INVALID, "metadata field '%s' lacks a type or a value",
                                        field ? field : "");
        return task->provider ? coffer_provider_register(task->provider, &datum, 1, error) : COFFER_OK;
}
