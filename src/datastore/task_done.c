/* SPDX-License-Identifier: Apache-2.0 */
/* How an attempt begins and ends. */
#include "datastore/task.h"

#include <time.h>

#include "util/cursor.h"
#include "util/number.h"

static coffer_status sync_storage(coffer_task *task, coffer_error *error)
{
        return task->store->storage->class_->sync(task->store->storage, error);
}

static coffer_status put_file(coffer_task *task, const char *name, const char *text, coffer_error *error)
{
        _cleanup_free_ char *path = NULL;

        COFFER_TRY(coffer_task_file(task, name, &path, error));
        return coffer_store_put_text(task->store, path, text, true, error);
}

/* An attempt is completed once, by whoever comes first. */
static coffer_status check_not_done(const coffer_task *task, coffer_error *error)
{
        coffer_attempt_state states[COFFER_MAX_ATTEMPTS];

        COFFER_TRY(coffer_attempts_stat(task->store, task->path, states, error));
        if (states[task->attempt].done)
                return coffer_error_set(error, COFFER_STATE,
                                        "attempt %d of task '%s' is done already and takes no more artifacts",
                                        task->attempt, task->path);
        return COFFER_OK;
}

coffer_status coffer_task_init(coffer_task *task, coffer_error *error)
{
        char seconds[COFFER_DOUBLE_TEXT_BYTES];
        _cleanup_free_ char *text = NULL;
        struct timespec now;

        COFFER_TRY(coffer_task_require(task, COFFER_WRITE, "start the attempt", error));
        COFFER_TRY(check_not_done(task, error));
        clock_gettime(CLOCK_REALTIME, &now);
        coffer_double_format((double)now.tv_sec + (double)(now.tv_nsec / 1000) / 1e6, seconds);
        COFFER_TRY(coffer_text_format(&text, error, "{\"time\": %s}", seconds));
        if (task->provider)
                COFFER_TRY(coffer_provider_start(task->provider, error));
        COFFER_TRY(put_file(task, COFFER_ATTEMPT_FILE, text, error));
        coffer_map_clear(task->artifacts);
        task->outcome = NULL;
        task->stage = COFFER_TASK_STARTED;
        return COFFER_OK;
}

/* What was taken over from elsewhere must be there, and on the disk, as what was saved. */
static coffer_status require_taken_over(coffer_task *task, coffer_error *error)
{
        for (size_t i = 0; i < coffer_map_count(task->artifacts); i++) {
                const coffer_artifact_entry *entry = coffer_map_value_at(task->artifacts, i);
                if (!entry->taken_over)
                        continue;
                coffer_status status = coffer_cas_require(task->cas, entry->key.text, error);
                if (status != COFFER_OK)
                        return coffer_task_blame(task, coffer_map_key_at(task->artifacts, i), status, error);
        }
        return COFFER_OK;
}

/* How the work went, while nobody can take the attempt for done yet. */
static coffer_status record_outcome(coffer_task *task, coffer_error *error)
{
        const coffer_datum datum = {"attempt_ok", "internal_attempt_status", task->outcome};

        if (!task->provider || !task->outcome)
                return COFFER_OK;
        return coffer_provider_register(task->provider, &datum, 1, error);
}

static coffer_status publish_locked(coffer_task *task, const char *data, coffer_error *error)
{
        COFFER_TRY(check_not_done(task, error));
        COFFER_TRY(record_outcome(task, error));
        COFFER_TRY(put_file(task, COFFER_DATA_FILE, data, error));
        COFFER_TRY(sync_storage(task, error));
        COFFER_TRY(put_file(task, COFFER_DONE_FILE, "\"\"", error));
        COFFER_TRY(sync_storage(task, error));
        task->stage = COFFER_TASK_PUBLISHED;
        return COFFER_OK;
}

/* `data` NULL: the attempt is published already. */
static coffer_status complete_locked(coffer_task *task, const char *data, coffer_error *error)
{
        if (data)
                COFFER_TRY(publish_locked(task, data, error));
        if (task->provider) {
                COFFER_TRY(coffer_provider_finish(task->provider, task->artifacts, error));
                COFFER_TRY(sync_storage(task, error));
        }
        task->stage = COFFER_TASK_DONE;
        return COFFER_OK;
}

/* With the task locked one of several writers completes the attempt, the others leave it alone, and nobody who checks
 * the store comes in between. */
static coffer_status complete(coffer_task *task, const char *data, coffer_error *error)
{
        const coffer_storage_class *storage_class = task->store->storage->class_;
        coffer_storage_lock *lock;

        COFFER_TRY(storage_class->lock(task->store->storage, task->path, &lock, error));
        coffer_status status = complete_locked(task, data, error);
        storage_class->unlock(lock);
        return status;
}

coffer_status coffer_task_done(coffer_task *task, coffer_error *error)
{
        _cleanup_free_ char *data = NULL;

        if (task->stage == COFFER_TASK_PUBLISHED)
                return complete(task, NULL, error);
        COFFER_TRY(coffer_task_require(task, COFFER_WRITE, "complete the attempt", error));
        if (task->stage == COFFER_TASK_OPENED)
                return coffer_error_set(error, COFFER_STATE,
                                        "attempt %d of task '%s' was not started, so that it cannot be completed",
                                        task->attempt, task->path);
        COFFER_TRY(coffer_data_json_write(task->artifacts, coffer_store_type(task->store), task->attempt,
                                          task->store->python_version, &data, error));
        COFFER_TRY(require_taken_over(task, error));
        COFFER_TRY(sync_storage(task, error));
        return complete(task, data, error);
}

/* The pickles of True and False. */
static const uint8_t pickled_true[] = {0x80, 0x04, 0x88, '.'}, pickled_false[] = {0x80, 0x04, 0x89, '.'};

static coffer_status save_flag(coffer_task *task, const char *name, bool flag, coffer_error *error)
{
        coffer_metadata *metadata;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;

        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_bytes_append_borrow(bytes, coffer_cursor_of(flag ? pickled_true : pickled_false, 4), NULL,
                                              NULL, error));
        COFFER_TRY(coffer_metadata_new(&metadata, error));
        coffer_status status = coffer_metadata_set_object_type(metadata, "<class 'bool'>", error);
        if (status == COFFER_OK)
                status = coffer_metadata_set_encoding(metadata, "pickle-v4", error);
        if (status == COFFER_OK)
                status = coffer_metadata_set_info(metadata, "source", "metaflow", error);
        if (status == COFFER_OK)
                status = coffer_task_save_blob(task, name, bytes, metadata, error);
        coffer_metadata_free(metadata);
        return status;
}

coffer_status coffer_task_set_outcome(coffer_task *task, bool ok, coffer_error *error)
{
        static const char *const flags[] = {"_task_ok", "_success"};

        for (size_t i = 0; i < ARRAY_COUNT(flags); i++)
                COFFER_TRY(save_flag(task, flags[i], ok, error));
        task->outcome = ok ? "True" : "False";
        return COFFER_OK;
}
