/* SPDX-License-Identifier: Apache-2.0 */
#include "datastore/verify.h"

#include <string.h>

#include "datastore/names.h"

coffer_status coffer_verify_report(coffer_verify_run *run, const coffer_finding *finding, bool is_first,
                                   coffer_error *error)
{
        if (is_first)
                run->summary.problems[finding->problem]++;
        if (finding->repaired)
                run->summary.repaired++;
        return run->options->finding ? run->options->finding(run->options->finding_user, finding, error) : COFFER_OK;
}

static coffer_status survey_flow(void *user, const char *flow, coffer_error *error)
{
        return coffer_verify_survey(user, flow, error);
}

static coffer_status verify_flow(void *user, const char *flow, coffer_error *error)
{
        coffer_verify_run *run = user;
        coffer_verified_blobs blobs;

        run->summary.flows++;
        coffer_status status = coffer_verify_blobs(run, flow, &blobs, error);
        if (status == COFFER_OK)
                status = coffer_verify_attempts(run, &blobs, error);
        coffer_verified_blobs_done(&blobs);
        return status;
}

/* `path` begins with the name of a flow. */
static coffer_status report_leftover(void *user, const char *path, coffer_error *error)
{
        coffer_verify_run *run = user;
        _cleanup_free_ char *flow = coffer_strndup(path, strcspn(path, "/"));

        if (!flow)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to report '%s'", path);
        const coffer_finding finding = {.problem = COFFER_PROBLEM_LEFTOVER,
                                        .flow = flow,
                                        .path = path,
                                        .attempt = -1,
                                        .reason = "a writer that crashed has left it behind",
                                        .repaired = run->options->repair};
        return coffer_verify_report(run, &finding, true, error);
}

static coffer_status for_each_flow(coffer_verify_run *run,
                                   coffer_status (*visit)(void *user, const char *flow, coffer_error *error),
                                   coffer_error *error)
{
        if (run->options->flow)
                return visit(run, run->options->flow, error);
        return coffer_store_list(run->store, NULL, NULL, NULL, visit, run, error);
}

static coffer_status verify_all(coffer_verify_run *run, coffer_error *error)
{
        coffer_storage *storage = run->store->storage;

        if (run->options->progress)
                COFFER_TRY(for_each_flow(run, survey_flow, error));
        COFFER_TRY(for_each_flow(run, verify_flow, error));
        COFFER_TRY(storage->class_->leftovers(storage, run->options->flow ? run->options->flow : "",
                                              run->options->repair, report_leftover, run, error));
        return run->options->repair ? storage->class_->sync(storage, error) : COFFER_OK;
}

static coffer_status check_flow(coffer_store *store, const char *flow, coffer_error *error)
{
        const char *const paths[] = {flow};
        coffer_storage_stat stat;

        COFFER_TRY(coffer_name_check(COFFER_NAME_FLOW, flow, error));
        COFFER_TRY(store->storage->class_->stat(store->storage, paths, 1, &stat, error));
        if (stat.type != COFFER_ENTRY_DIRECTORY)
                return coffer_error_set(error, COFFER_NOT_FOUND, "flow '%s' is not in the datastore '%s'", flow,
                                        coffer_store_root(store));
        return COFFER_OK;
}

coffer_status coffer_store_verify(coffer_store *store, const coffer_verify_options *options, coffer_verify_summary *out,
                                  coffer_error *error)
{
        static const coffer_verify_options defaults = COFFER_VERIFY_OPTIONS_INIT;
        coffer_verify_run run = {.store = store, .options = options ? options : &defaults};

        if (run.options->flow)
                COFFER_TRY(check_flow(store, run.options->flow, error));
        COFFER_TRY(verify_all(&run, error));
        *out = run.summary;
        return COFFER_OK;
}
