/* SPDX-License-Identifier: Apache-2.0 */
#include "datastore/verify.h"

#include <stdlib.h>
#include <string.h>

#include "util/cursor.h"

static void free_unsound(void *blob)
{
        coffer_free(((coffer_unsound_blob *)blob)->moved_to);
        coffer_free(blob);
}

coffer_status coffer_verified_path(const char *flow, const char *key, char **out, coffer_error *error)
{
        return coffer_text_format(out, error, "%s/data/%.2s/%s", flow, key, key);
}

typedef struct survey {
        coffer_verify_run *run;
        coffer_cas *cas;
} survey;

static coffer_status survey_key(void *user, const char *key, coffer_error *error)
{
        const survey *over = user;
        coffer_blob_stat stat;

        COFFER_TRY(coffer_cas_stat(over->cas, key, &stat, error));
        over->run->total_bytes += stat.stored_bytes;
        return COFFER_OK;
}

coffer_status coffer_verify_survey(coffer_verify_run *run, const char *flow, coffer_error *error)
{
        _cleanup_(coffer_cas_freep) coffer_cas *cas = NULL;

        COFFER_TRY(coffer_store_open_cas(run->store, flow, &cas, error));
        survey over = {run, cas};
        return coffer_cas_list(cas, survey_key, &over, error);
}

static coffer_status collect_key(void *user, const char *key, coffer_error *error)
{
        coffer_key copy = {{0}};
        memcpy(copy.text, key, sizeof(copy.text));
        return coffer_buf_append(user, &copy, sizeof(copy), error);
}

static coffer_status note_unsound(coffer_verified_blobs *blobs, const char *key, const coffer_unsound_blob *found,
                                  const coffer_unsound_blob **out, coffer_error *error)
{
        coffer_unsound_blob *blob = coffer_alloc(sizeof(*blob));
        if (!blob)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to note a damaged blob");
        *blob = *found;
        coffer_status status = coffer_map_set(blobs->unsound, key, blob, error);
        if (status != COFFER_OK)
                coffer_free(blob);
        else if (out)
                *out = blob;
        return status;
}

static coffer_problem problem_of(coffer_blob_health health)
{
        if (health == COFFER_BLOB_MISSING)
                return COFFER_PROBLEM_MISSING;
        return health == COFFER_BLOB_DAMAGED ? COFFER_PROBLEM_DAMAGED : COFFER_PROBLEM_SIDECAR;
}

/* Mends the blob if wanted, notes it and reports it. */
static coffer_status treat_unsound(coffer_verify_run *run, coffer_verified_blobs *blobs, const char *key,
                                   coffer_unsound_blob *found, coffer_error *error)
{
        _cleanup_free_ char *path = NULL, *moved_to = NULL;
        bool repaired = false;

        if (run->options->repair) {
                coffer_status status = coffer_cas_mend(blobs->cas, key, found->health, &moved_to, error);
                if (status != COFFER_OK && status != COFFER_DECLINED)
                        return status;
                repaired = status == COFFER_OK;
        }
        COFFER_TRY(coffer_verified_path(blobs->flow, key, &path, error));
        found->moved_to = moved_to;
        COFFER_TRY(note_unsound(blobs, key, found, NULL, error));
        const coffer_finding finding = {.problem = problem_of(found->health),
                                        .flow = blobs->flow,
                                        .path = path,
                                        .key = key,
                                        .attempt = -1,
                                        .reason = found->reason,
                                        .repaired = repaired,
                                        .moved_to = TAKE_PTR(moved_to)};
        return coffer_verify_report(run, &finding, true, error);
}

static coffer_status tell_progress(const coffer_verify_run *run, coffer_error *error)
{
        if (run->options->progress &&
            !run->options->progress(run->options->progress_user, run->checked_bytes, run->total_bytes))
                return coffer_error_set(error, COFFER_DECLINED, "the check was stopped");
        return COFFER_OK;
}

static coffer_status check_key(coffer_verify_run *run, coffer_verified_blobs *blobs, const char *key,
                               coffer_error *error)
{
        coffer_unsound_blob found = {.health = COFFER_BLOB_SOUND};
        coffer_blob_stat stat;
        uint64_t size_bytes;

        COFFER_TRY(coffer_cas_stat(blobs->cas, key, &stat, error));
        COFFER_TRY(coffer_cas_check(blobs->cas, key, &found.health, &size_bytes, found.reason, error));
        run->summary.blobs++;
        run->summary.blob_bytes += stat.stored_bytes;
        run->checked_bytes += stat.stored_bytes;
        if (found.health != COFFER_BLOB_SOUND)
                COFFER_TRY(treat_unsound(run, blobs, key, &found, error));
        return tell_progress(run, error);
}

coffer_status coffer_verify_blobs(coffer_verify_run *run, const char *flow, coffer_verified_blobs *out,
                                  coffer_error *error)
{
        *out = (coffer_verified_blobs){.flow = flow, .keys = COFFER_BUF_INIT(SIZE_MAX)};
        COFFER_TRY(coffer_store_open_cas(run->store, flow, &out->cas, error));
        COFFER_TRY(coffer_map_new(free_unsound, &out->unsound, error));
        COFFER_TRY(coffer_cas_list(out->cas, collect_key, &out->keys, error));
        const coffer_key *keys = (const coffer_key *)out->keys.data;
        for (size_t i = 0; i < out->keys.size_bytes / sizeof(*keys); i++)
                COFFER_TRY(check_key(run, out, keys[i].text, error));
        return COFFER_OK;
}

void coffer_verified_blobs_done(coffer_verified_blobs *blobs)
{
        coffer_buf_done(&blobs->keys);
        coffer_map_free(blobs->unsound);
        coffer_cas_free(blobs->cas);
}

static int compare_keys(const void *left, const void *right)
{
        return memcmp(left, right, sizeof(coffer_key));
}

coffer_status coffer_verified_blobs_look_up(coffer_verified_blobs *blobs, const char *key,
                                            const coffer_unsound_blob **out, bool *is_first, coffer_error *error)
{
        coffer_unsound_blob found = {.health = COFFER_BLOB_SOUND};
        coffer_key wanted = {{0}};
        uint64_t size_bytes;

        memcpy(wanted.text, key, sizeof(wanted.text));
        *is_first = false;
        *out = coffer_map_get(blobs->unsound, key);
        if (*out ||
            (blobs->keys.size_bytes > 0 &&
             bsearch(&wanted, blobs->keys.data, blobs->keys.size_bytes / sizeof(wanted), sizeof(wanted), compare_keys)))
                return COFFER_OK;
        /* Not among those that were listed: lost, or stored since then. */
        COFFER_TRY(coffer_cas_check(blobs->cas, key, &found.health, &size_bytes, found.reason, error));
        *is_first = found.health != COFFER_BLOB_SOUND;
        return *is_first ? note_unsound(blobs, key, &found, out, error) : COFFER_OK;
}
