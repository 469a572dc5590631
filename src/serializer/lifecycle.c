/* SPDX-License-Identifier: Apache-2.0 */
#include "serializer/lifecycle.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

enum { LONGEST_WAIT_S = 30 };

/* Records that this thread is driving: hosts may come back into the registry. */
static _Thread_local unsigned driving;

/* One record on its way through load and set-up. */
struct drive {
        coffer_registry *registry;
        coffer_record *record;
        const char *trigger;
        bool is_retry;
        coffer_step_report report;
};

bool coffer_lifecycle_claim(coffer_registry *registry, coffer_record *record)
{
        if (record->is_busy)
                return false;
        record->is_busy = true;
        coffer_registry_changed(registry);
        return true;
}

/* False when what it waits for has appeared meanwhile: then it is to be driven again. */
static bool release(coffer_registry *registry, coffer_record *record)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        bool must_retry = record->must_retry && record->state == COFFER_RECORD_PENDING_ON_IMPORTS;
        record->must_retry = false;
        if (must_retry)
                return false;
        record->is_busy = false;
        record->is_overdue = false;
        coffer_registry_changed(registry);
        pthread_cond_broadcast(&registry->settled);
        return true;
}

static bool advance(const struct drive *drive, coffer_event event)
{
        COFFER_LOCK_SCOPE(&drive->registry->lock);
        return coffer_record_advance(drive->record, event);
}

/* ---- steps that are not done ---- */

/* Those that something calls for are always worth a warning: otherwise another serializer takes their objects unseen.
 */
static bool deserves_warning(const struct drive *drive)
{
        bool is_called_for =
                drive->trigger != NULL && !drive->is_retry && strcmp(drive->trigger, COFFER_TRIGGER_EAGER) != 0;
        return is_called_for || drive->report.is_loud || !drive->record->host->is_quiet;
}

static void fail(struct drive *drive, const coffer_error *reason)
{
        coffer_error line = COFFER_ERROR_INIT;
        coffer_record *record = drive->record;
        {
                COFFER_LOCK_SCOPE(&drive->registry->lock);
                if (coffer_record_advance(record, COFFER_EVENT_FAILED)) {
                        record->last_error = *reason;
                        (void)coffer_error_set(&line, COFFER_SERIALIZER, "Serializer '%s' (%s) is broken: %s",
                                               record->name, record->class_path, reason->message);
                }
                if (!record->is_retired)
                        coffer_lifecycle_forget(drive->registry, record->name);
                coffer_registry_changed(drive->registry);
        }
        if (line.status != COFFER_OK && deserves_warning(drive))
                coffer_registry_report(drive->registry, &line);
}

static coffer_status wait_for(coffer_registry *registry, coffer_record *record, const char *missing,
                              coffer_error *error)
{
        coffer_map *waiting = coffer_map_get(registry->synced.pending, missing);
        if (!waiting) {
                _cleanup_map_ coffer_map *new_set = NULL;
                COFFER_TRY(coffer_map_new(NULL, &new_set, error));
                COFFER_TRY(coffer_map_set(registry->synced.pending, missing, new_set, error));
                waiting = TAKE_PTR(new_set);
        }
        COFFER_TRY(coffer_map_set(waiting, record->name, NULL, error));
        return coffer_map_set(record->awaiting, missing, NULL, error);
}

/* What appears between the step that failed and now must not be lost: the host is looked at again in any case. */
static void look_again(coffer_registry *registry, const coffer_host *host)
{
        for (size_t i = 0; i < registry->synced.host_count; i++)
                if (registry->synced.hosts[i].host == host)
                        registry->synced.hosts[i].is_stale = true;
}

/* COFFER_OK when it waits now, else the reason why it is broken is in `reason`. With the lock held. */
static coffer_status try_to_park(struct drive *drive, coffer_error *reason)
{
        coffer_record *record = drive->record;
        const coffer_step_report *report = &drive->report;
        const char *trouble = record->host->missing_error;
        if (!*report->missing)
                return coffer_error_set(reason, COFFER_SERIALIZER, "%s with no module name: %s", trouble,
                                        report->error.message);
        if (coffer_map_has(record->awaiting, report->missing) ||
            (record->awaited && coffer_map_has(record->awaited, report->missing)))
                return coffer_error_set(reason, COFFER_SERIALIZER, "repeated %s on '%s': %s", trouble, report->missing,
                                        report->error.message);
        COFFER_TRY(wait_for(drive->registry, record, report->missing, reason));
        look_again(drive->registry, record->host);
        return COFFER_OK;
}

static void describe(const coffer_step_report *report, coffer_error *out)
{
        bool has_kind = *report->kind != '\0';
        (void)coffer_error_set(out, COFFER_SERIALIZER, "%s%s%s", report->kind, has_kind ? ": " : "",
                               report->error.message);
}

static void park(struct drive *drive)
{
        coffer_error reason;
        coffer_status status;
        {
                COFFER_LOCK_SCOPE(&drive->registry->lock);
                if (drive->record->is_retired)
                        return;
                status = try_to_park(drive, &reason);
                if (status == COFFER_OK && coffer_record_advance(drive->record, COFFER_EVENT_MISSING))
                        describe(&drive->report, &drive->record->last_error);
        }
        if (status != COFFER_OK)
                fail(drive, &reason);
        else if (drive->record->host->watch)
                drive->record->host->watch(drive->record->host, drive->report.missing);
}

static void stop(struct drive *drive, coffer_step step)
{
        drive->report.missing[sizeof(drive->report.missing) - 1] = '\0';
        drive->report.kind[sizeof(drive->report.kind) - 1] = '\0';
        drive->report.error.message[sizeof(drive->report.error.message) - 1] = '\0';
        if (step == COFFER_STEP_MISSING) {
                park(drive);
                return;
        }
        coffer_error reason;
        describe(&drive->report, &reason);
        fail(drive, &reason);
}

/* ---- the two steps ---- */

static const char *class_path_of(const struct drive *drive)
{
        COFFER_LOCK_SCOPE(&drive->registry->lock);
        return drive->record->class_path;
}

static coffer_step load_code(struct drive *drive, const coffer_serializer **serializer)
{
        coffer_record *record = drive->record;
        const coffer_host *host = record->host;
        void *loaded = NULL;
        if (record->given) {
                *serializer = record->given;
                return COFFER_STEP_DONE;
        }
        coffer_step step = host->load(host, class_path_of(drive), &loaded, serializer, &drive->report);
        if (step != COFFER_STEP_DONE)
                return step;
        if (record->loaded && host->unload)
                host->unload(host, record->loaded);
        record->loaded = loaded;
        return COFFER_STEP_DONE;
}

/* With what the code says of itself the record is CLASS_LOADED. */
static coffer_status try_to_note_code(const struct drive *drive, const coffer_serializer *serializer,
                                      coffer_error *reason)
{
        coffer_record *record = drive->record;
        COFFER_LOCK_SCOPE(&drive->registry->lock);
        COFFER_TRY(coffer_record_check(record, serializer, reason));
        COFFER_TRY(coffer_record_put_text(record, &record->type, serializer->type, reason));
        if (!coffer_record_advance(record, COFFER_EVENT_LOADED))
                return coffer_error_set(reason, COFFER_INTERNAL, "%s", record->last_error.message);
        record->has_priority = true;
        record->priority = serializer->priority;
        record->serializer = serializer;
        coffer_registry_changed(drive->registry);
        return COFFER_OK;
}

static bool load(struct drive *drive)
{
        const coffer_serializer *serializer = NULL;
        coffer_error reason;
        if (!drive->is_retry && !advance(drive, COFFER_EVENT_IMPORT))
                return false;
        coffer_step step = load_code(drive, &serializer);
        if (step != COFFER_STEP_DONE) {
                stop(drive, step);
                return false;
        }
        if (try_to_note_code(drive, serializer, &reason) != COFFER_OK) {
                fail(drive, &reason);
                return false;
        }
        return true;
}

static bool set_up(struct drive *drive)
{
        coffer_record *record = drive->record;
        if (!drive->is_retry && !advance(drive, COFFER_EVENT_SET_UP))
                return false;
        coffer_step step = record->host->setup(record->host, record->loaded, record->serializer, &drive->report);
        if (step != COFFER_STEP_DONE)
                stop(drive, step);
        return step == COFFER_STEP_DONE;
}

static void activate(struct drive *drive)
{
        coffer_record *record = drive->record;
        coffer_error reason;
        coffer_status status = COFFER_OK;
        {
                COFFER_LOCK_SCOPE(&drive->registry->lock);
                if (record->is_retired)
                        return;
                status = coffer_registry_pool_add(drive->registry, record->serializer, &reason);
                if (status == COFFER_OK && coffer_record_advance(record, COFFER_EVENT_READY)) {
                        record->import_trigger = drive->trigger;
                        record->last_error = (coffer_error)COFFER_ERROR_INIT;
                }
        }
        if (status != COFFER_OK)
                fail(drive, &reason);
}

static void drive_once(coffer_registry *registry, coffer_record *record, const char *trigger)
{
        struct drive drive = {registry, record, trigger, strcmp(trigger, COFFER_TRIGGER_HOOK) == 0, {0}};
        drive.report.retry = drive.is_retry;
        driving++;
        if (load(&drive) && set_up(&drive))
                activate(&drive);
        driving--;
}

void coffer_lifecycle_drive(coffer_registry *registry, coffer_record *record, const char *trigger)
{
        drive_once(registry, record, trigger);
        while (!release(registry, record))
                drive_once(registry, record, COFFER_TRIGGER_HOOK);
}

/* ---- what a front asks for ---- */

/* A record that is not on its way is taken as if it were: the caller knows that it is. */
static void assume_state(coffer_registry *registry, coffer_record *record, coffer_record_state state,
                         coffer_event event)
{
        coffer_record_state next;
        COFFER_LOCK_SCOPE(&registry->lock);
        if (!coffer_transition(record->state, event, &next))
                record->state = state;
        record->is_retired = false;
        coffer_registry_changed(registry);
}

void coffer_registry_park(coffer_registry *registry, coffer_record *record, const char *missing, const char *kind,
                          const char *message)
{
        struct drive drive = {registry, record, NULL, false, {0}};
        assume_state(registry, record, COFFER_RECORD_IMPORTING, COFFER_EVENT_MISSING);
        (void)snprintf(drive.report.missing, sizeof(drive.report.missing), "%s", missing ? missing : "");
        (void)snprintf(drive.report.kind, sizeof(drive.report.kind), "%s", kind);
        (void)coffer_error_set(&drive.report.error, COFFER_MISSING, "%s", message);
        park(&drive);
}

void coffer_registry_retry(coffer_registry *registry, coffer_record *record)
{
        {
                COFFER_LOCK_SCOPE(&registry->lock);
                if (!coffer_lifecycle_claim(registry, record)) {
                        record->must_retry = true;
                        return;
                }
        }
        assume_state(registry, record, COFFER_RECORD_PENDING_ON_IMPORTS, COFFER_EVENT_LOADED);
        coffer_lifecycle_drive(registry, record, COFFER_TRIGGER_HOOK);
}

void coffer_registry_crashed(coffer_registry *registry, coffer_record *record, const char *message)
{
        struct drive drive = {registry, record, NULL, true, {0}};
        coffer_error reason;
        assume_state(registry, record, COFFER_RECORD_PENDING_ON_IMPORTS, COFFER_EVENT_FAILED);
        (void)coffer_error_set(&reason, COFFER_SERIALIZER, "retry crashed: %s", message);
        fail(&drive, &reason);
}

void coffer_registry_call_for(coffer_registry *registry, coffer_record *record, const char *trigger)
{
        bool is_encoding = strcmp(trigger, COFFER_TRIGGER_ENCODING) == 0;
        (void)coffer_lifecycle_call_for(registry, record, is_encoding ? COFFER_TRIGGER_ENCODING : COFFER_TRIGGER_TYPE);
}

/* ---- called for by dispatch ---- */

/* Until the record is not busy, or too late. With the lock held. */
static bool wait_until_settled(coffer_registry *registry, const coffer_record *record)
{
        struct timespec end;
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += LONGEST_WAIT_S;
        while (record->is_busy)
                if (pthread_cond_timedwait(&registry->settled, &registry->lock, &end) == ETIMEDOUT)
                        return !record->is_busy;
        return true;
}

bool coffer_lifecycle_call_for(coffer_registry *registry, coffer_record *record, const char *trigger)
{
        bool is_mine = false, is_late = false;
        {
                COFFER_LOCK_SCOPE(&registry->lock);
                if (record->is_busy) {
                        if (driving > 0 || record->is_overdue)
                                return false;
                        is_late = record->is_overdue = !wait_until_settled(registry, record);
                }
                if (record->state == COFFER_RECORD_KNOWN && !record->is_retired)
                        is_mine = coffer_lifecycle_claim(registry, record);
        }
        if (is_late)
                coffer_registry_warn(
                        registry, "Serializer '%s' has been loading for %d s in another thread; others do without it",
                        record->name, LONGEST_WAIT_S);
        if (is_mine)
                coffer_lifecycle_drive(registry, record, trigger);
        return !is_late;
}
