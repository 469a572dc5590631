/* SPDX-License-Identifier: Apache-2.0 */
#include "datastore/provider.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "datastore/artifacts.h"
#include "datastore/names.h"
#include "datastore/settings.h"
#include "util/cursor.h"
#include "util/utf8.h"

struct coffer_provider {
        coffer_store *store;
        const coffer_task_names *names;
        int attempt;
        char attempt_text[16];
        char *user; /* NULL: not known */
        json_t *tags;
        json_t *system_tags;
};

enum { STAMP_TRIES = 10000 };

/* Names of files that the client looks for. */
#define DATUM_PREFIX         "sysmeta_"
#define DONE_FIELD           "attempt-done"
#define ARTIFACT_FILE_FORMAT "%d_artifact_%s"

static int64_t now_ms(void)
{
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + (now.tv_nsec + 500000) / 1000000;
}

static coffer_status check_text(const char *text, coffer_error *error)
{
        if (!coffer_utf8_valid(coffer_cursor_text(text), false))
                return coffer_error_set(error, COFFER_INVALID, "'%s' cannot be recorded: it is not UTF-8", text);
        return COFFER_OK;
}

static coffer_status append_text(json_t *array, const char *text, coffer_error *error)
{
        COFFER_TRY(check_text(text, error));
        if (json_array_append_new(array, json_string(text)) < 0)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory for a tag");
        return COFFER_OK;
}

static coffer_status append_tag(json_t *tags, const char *kind, const char *value, coffer_error *error)
{
        _cleanup_free_ char *tag = NULL;
        COFFER_TRY(coffer_text_format(&tag, error, "%s:%s", kind, value));
        return append_text(tags, tag, error);
}

static coffer_status make_tags(coffer_provider *provider, const char *const *tags, coffer_error *error)
{
        provider->tags = json_array();
        provider->system_tags = json_array();
        if (!provider->tags || !provider->system_tags)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory for a run's tags");
        for (; tags && *tags; tags++)
                COFFER_TRY(append_text(provider->tags, *tags, error));
        COFFER_TRY(append_tag(provider->system_tags, "runtime", "coffer", error));
        COFFER_TRY(append_tag(provider->system_tags, "coffer_version", COFFER_VERSION, error));
        return provider->user ? append_tag(provider->system_tags, "user", provider->user, error) : COFFER_OK;
}

static coffer_status provider_alloc(coffer_store *store, const coffer_task_names *names, int attempt,
                                    coffer_provider **out, coffer_error *error)
{
        coffer_provider *provider = coffer_alloc_zeroed(1, sizeof(*provider));
        if (!provider)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory for a task's records");
        provider->store = store;
        provider->names = names;
        provider->attempt = attempt;
        snprintf(provider->attempt_text, sizeof(provider->attempt_text), "%d", attempt);
        *out = provider;
        return COFFER_OK;
}

coffer_status coffer_provider_new(coffer_store *store, const coffer_task_names *names, int attempt, const char *user,
                                  const char *const *tags, coffer_provider **out, coffer_error *error)
{
        _cleanup_(coffer_provider_freep) coffer_provider *provider = NULL;

        COFFER_TRY(provider_alloc(store, names, attempt, &provider, error));
        if (user)
                COFFER_TRY(coffer_text_format(&provider->user, error, "%s", user));
        else
                COFFER_TRY(coffer_setting_user(&provider->user, error));
        COFFER_TRY(make_tags(provider, tags, error));
        *out = TAKE_PTR(provider);
        return COFFER_OK;
}

void coffer_provider_free(coffer_provider *provider)
{
        if (!provider)
                return;
        json_decref(provider->tags);
        json_decref(provider->system_tags);
        coffer_free(provider->user);
        coffer_free(provider);
}

static coffer_status set_text(json_t *record, const char *key, const char *text, coffer_error *error)
{
        if (!text)
                return coffer_json_set(record, key, json_null(), error);
        COFFER_TRY(check_text(text, error));
        return coffer_json_set(record, key, json_string(text), error);
}

/* The names that say where a record belongs, as far as there are any below the flow. */
static coffer_status set_names(json_t *record, const coffer_task_names *names, coffer_error *error)
{
        if (names->run)
                COFFER_TRY(set_text(record, "run_number", names->run, error));
        if (names->step)
                COFFER_TRY(set_text(record, "step_name", names->step, error));
        return names->task ? set_text(record, "task_id", names->task, error) : COFFER_OK;
}

/* What ends the record of anything below a flow. */
static coffer_status set_common(const coffer_provider *provider, json_t *record, coffer_error *error)
{
        COFFER_TRY(set_text(record, "flow_id", provider->names->flow, error));
        COFFER_TRY(set_text(record, "user_name", provider->user, error));
        COFFER_TRY(coffer_json_set(record, "tags", json_incref(provider->tags), error));
        COFFER_TRY(coffer_json_set(record, "system_tags", json_incref(provider->system_tags), error));
        return coffer_json_set(record, "ts_epoch", json_integer(now_ms()), error);
}

static coffer_status new_record(json_t **out, coffer_error *error)
{
        *out = json_object();
        return *out ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "no memory for a task's records");
}

static coffer_status put_record(const coffer_provider *provider, const coffer_task_names *names, const char *name,
                                const json_t *record, coffer_error *error)
{
        _cleanup_free_ char *directory = NULL, *path = NULL, *text = NULL;

        COFFER_TRY(coffer_task_names_path(names, &directory, error));
        COFFER_TRY(coffer_text_format(&path, error, "%s/_meta/%s.json", directory, name));
        COFFER_TRY(coffer_json_text(record, &text, error));
        return coffer_store_put_text(provider->store, path, text, false, error);
}

static coffer_status put_self(const coffer_provider *provider, const coffer_task_names *names, coffer_error *error)
{
        _cleanup_json_ json_t *record = NULL;

        COFFER_TRY(new_record(&record, error));
        COFFER_TRY(set_names(record, names, error));
        if (names->run) {
                COFFER_TRY(set_common(provider, record, error));
        } else {
                COFFER_TRY(set_text(record, "flow_id", names->flow, error));
                COFFER_TRY(coffer_json_set(record, "ts_epoch", json_integer(now_ms()), error));
        }
        return put_record(provider, names, "_self", record, error);
}

coffer_status coffer_provider_start(coffer_provider *provider, coffer_error *error)
{
        const coffer_task_names *all = provider->names;
        const coffer_task_names levels[] = {{all->flow, NULL, NULL, NULL},
                                            {all->flow, all->run, NULL, NULL},
                                            {all->flow, all->run, all->step, NULL},
                                            *all};

        for (size_t i = 0; i < ARRAY_COUNT(levels); i++)
                COFFER_TRY(put_self(provider, &levels[i], error));
        const coffer_datum data[] = {
                {"runtime", "runtime", "coffer"},
                {"coffer_version", "coffer_version", COFFER_VERSION},
                {"attempt", "attempt", provider->attempt_text},
                {"ds-type", "ds-type", coffer_store_type(provider->store)},
                {"ds-root", "ds-root", coffer_store_root(provider->store)},
                {"user", "user", provider->user},
        };
        return coffer_provider_register(provider, data, ARRAY_COUNT(data) - (provider->user ? 0 : 1), error);
}

static coffer_status datum_record(const coffer_provider *provider, const coffer_datum *datum, int64_t stamp_ms,
                                  json_t **out, coffer_error *error)
{
        _cleanup_json_ json_t *record = NULL, *tags = json_array();

        COFFER_TRY(new_record(&record, error));
        if (!tags)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory for a task's records");
        COFFER_TRY(append_tag(tags, "attempt_id", provider->attempt_text, error));
        COFFER_TRY(set_text(record, "flow_id", provider->names->flow, error));
        COFFER_TRY(set_names(record, provider->names, error));
        COFFER_TRY(set_text(record, "field_name", datum->field, error));
        COFFER_TRY(set_text(record, "type", datum->type, error));
        COFFER_TRY(set_text(record, "value", datum->value, error));
        COFFER_TRY(coffer_json_set(record, "tags", TAKE_PTR(tags), error));
        COFFER_TRY(set_text(record, "user_name", provider->user, error));
        COFFER_TRY(coffer_json_set(record, "ts_epoch", json_integer(stamp_ms), error));
        *out = TAKE_PTR(record);
        return COFFER_OK;
}

/* The stamp is part of the file's name; one that is taken already moves on, so that nothing is lost. */
static coffer_status put_datum(const coffer_provider *provider, const char *directory, const coffer_datum *datum,
                               coffer_error *error)
{
        int64_t first_ms = now_ms();
        coffer_status status = COFFER_CONFLICT;

        COFFER_TRY(coffer_name_check(COFFER_NAME_FIELD, datum->field, error));
        for (int64_t i = 0; i < STAMP_TRIES && status == COFFER_CONFLICT; i++) {
                _cleanup_json_ json_t *record = NULL;
                _cleanup_free_ char *path = NULL, *text = NULL;
                COFFER_TRY(datum_record(provider, datum, first_ms + i, &record, error));
                COFFER_TRY(coffer_json_text(record, &text, error));
                COFFER_TRY(coffer_text_format(&path, error, "%s/_meta/" DATUM_PREFIX "%s_%" PRId64 ".json", directory,
                                              datum->field, first_ms + i));
                status = coffer_store_put_new(provider->store, path, text, error);
        }
        return status;
}

coffer_status coffer_provider_register(coffer_provider *provider, const coffer_datum *data, size_t count,
                                       coffer_error *error)
{
        _cleanup_free_ char *directory = NULL;

        COFFER_TRY(coffer_task_names_path(provider->names, &directory, error));
        for (size_t i = 0; i < count; i++)
                COFFER_TRY(put_datum(provider, directory, &data[i], error));
        return COFFER_OK;
}

static coffer_status put_artifact(const coffer_provider *provider, const char *name, const coffer_artifact_entry *entry,
                                  coffer_error *error)
{
        _cleanup_json_ json_t *record = NULL;
        _cleanup_free_ char *location = NULL, *file = NULL;

        COFFER_TRY(new_record(&record, error));
        COFFER_TRY(coffer_text_format(&location, error, ":root:%s", coffer_store_root(provider->store)));
        COFFER_TRY(coffer_text_format(&file, error, ARTIFACT_FILE_FORMAT, provider->attempt, name));
        COFFER_TRY(set_names(record, provider->names, error));
        COFFER_TRY(coffer_json_set(record, "attempt_id", json_integer(provider->attempt), error));
        COFFER_TRY(set_text(record, "name", name, error));
        COFFER_TRY(set_text(record, "content_type", coffer_metadata_encoding(entry->metadata), error));
        COFFER_TRY(set_text(record, "type", "metaflow.artifact", error));
        COFFER_TRY(set_text(record, "sha", entry->key.text, error));
        COFFER_TRY(set_text(record, "ds_type", coffer_store_type(provider->store), error));
        COFFER_TRY(set_text(record, "location", location, error));
        COFFER_TRY(set_common(provider, record, error));
        return put_record(provider, provider->names, file, record, error);
}

static bool has_record(const char *artifact)
{
        return coffer_name_check(COFFER_NAME_ARTIFACT, artifact, NULL) == COFFER_OK;
}

coffer_status coffer_provider_finish(coffer_provider *provider, const coffer_map *artifacts, coffer_error *error)
{
        const coffer_datum done = {DONE_FIELD, DONE_FIELD, provider->attempt_text};

        for (size_t i = 0; i < coffer_map_count(artifacts); i++) {
                const char *name = coffer_map_key_at(artifacts, i);
                if (has_record(name))
                        COFFER_TRY(put_artifact(provider, name, coffer_map_value_at(artifacts, i), error));
        }
        return coffer_provider_register(provider, &done, 1, error);
}

static coffer_status take_array(const json_t *record, const char *key, json_t **out, coffer_error *error)
{
        json_t *array = json_object_get(record, key);

        *out = json_is_array(array) ? json_incref(array) : json_array();
        return *out ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "no memory for a run's tags");
}

static coffer_status take_recorded(coffer_provider *provider, coffer_error *error)
{
        const coffer_task_names *names = provider->names;
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ json_t *record = NULL;

        COFFER_TRY(coffer_store_load_record(provider->store, names->flow, names->run, names->step, names->task, &text,
                                            error));
        COFFER_TRY(coffer_json_parse(coffer_cursor_text(text), names->task, &record, error));
        const char *user = coffer_json_string(record, "user_name");
        if (user)
                COFFER_TRY(coffer_text_format(&provider->user, error, "%s", user));
        COFFER_TRY(take_array(record, "tags", &provider->tags, error));
        return take_array(record, "system_tags", &provider->system_tags, error);
}

coffer_status coffer_provider_new_recorded(coffer_store *store, const coffer_task_names *names, int attempt,
                                           coffer_provider **out, coffer_error *error)
{
        _cleanup_(coffer_provider_freep) coffer_provider *provider = NULL;

        COFFER_TRY(provider_alloc(store, names, attempt, &provider, error));
        COFFER_TRY(take_recorded(provider, error));
        *out = TAKE_PTR(provider);
        return COFFER_OK;
}

typedef struct done_search {
        const coffer_provider *provider;
        const char *directory;
        bool found;
} done_search;

/* Looks for the datum that says of this attempt that it is done. */
static coffer_status visit_datum(void *user, const char *name, coffer_entry_type type, coffer_error *error)
{
        done_search *search = user;
        _cleanup_free_ char *path = NULL, *text = NULL;
        _cleanup_json_ json_t *record = NULL;

        if (search->found || type != COFFER_ENTRY_OBJECT ||
            strncmp(name, DATUM_PREFIX DONE_FIELD "_", strlen(DATUM_PREFIX DONE_FIELD "_")) != 0)
                return COFFER_OK;
        COFFER_TRY(coffer_text_format(&path, error, "%s/%s", search->directory, name));
        COFFER_TRY(coffer_store_get_json(search->provider->store, path, &text, error));
        COFFER_TRY(coffer_json_parse(coffer_cursor_text(text), path, &record, error));
        const char *value = coffer_json_string(record, "value");
        search->found = value && strcmp(value, search->provider->attempt_text) == 0;
        return COFFER_OK;
}

static coffer_status exists(const coffer_provider *provider, const char *directory, const char *artifact, bool *out,
                            coffer_error *error)
{
        _cleanup_free_ char *path = NULL;
        coffer_storage_stat stat;

        COFFER_TRY(coffer_text_format(&path, error, "%s/" ARTIFACT_FILE_FORMAT ".json", directory, provider->attempt,
                                      artifact));
        const char *const paths[] = {path};
        COFFER_TRY(provider->store->storage->class_->stat(provider->store->storage, paths, 1, &stat, error));
        *out = stat.type == COFFER_ENTRY_OBJECT;
        return COFFER_OK;
}

coffer_status coffer_provider_is_finished(const coffer_provider *provider, const coffer_map *artifacts, bool *out,
                                          coffer_error *error)
{
        coffer_storage *storage = provider->store->storage;
        _cleanup_free_ char *task = NULL, *directory = NULL;

        COFFER_TRY(coffer_task_names_path(provider->names, &task, error));
        COFFER_TRY(coffer_text_format(&directory, error, "%s/_meta", task));
        done_search search = {provider, directory, false};
        COFFER_TRY(storage->class_->list(storage, directory, visit_datum, &search, error));
        *out = search.found;
        for (size_t i = 0; i < coffer_map_count(artifacts) && *out; i++) {
                const char *name = coffer_map_key_at(artifacts, i);
                if (has_record(name))
                        COFFER_TRY(exists(provider, directory, name, out, error));
        }
        return COFFER_OK;
}
