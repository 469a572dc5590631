/* SPDX-License-Identifier: Apache-2.0 */
#include "verify.h"

#include "call.h"

/* What the library's callbacks need; functions may be None. */
typedef struct {
        pycoffer_state *state;
        PyObject *finding;
        PyObject *progress;
} listeners;

/* The fields of coffer.Problem. */
static PyObject *make_problem(const coffer_finding *finding)
{
        return Py_BuildValue("(iszzzizsOz)", (int)finding->problem, finding->flow, finding->path, finding->key,
                             finding->pathspec, finding->attempt, finding->artifact, finding->reason,
                             finding->repaired ? Py_True : Py_False, finding->moved_to);
}

static coffer_status report_finding(void *user, const coffer_finding *finding, coffer_error *error)
{
        listeners *self = user;
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, self->state))
                return coffer_error_set(error, COFFER_STATE, "the Python interpreter is going away");
        PyObject *problem = make_problem(finding);
        PyObject *result = problem ? PyObject_CallOneArg(self->finding, problem) : NULL;
        coffer_status status = COFFER_OK;
        if (!result) {
                pycoffer_keep_exception_as_is(self->state);
                status = coffer_error_set(error, COFFER_DECLINED, "stopped by the caller");
        }
        Py_XDECREF(result);
        Py_XDECREF(problem);
        pycoffer_gil_give(&gil);
        return status;
}

/* Goes on unless the caller says False, raises, or the user presses Ctrl-C. */
static bool ask_progress(listeners *self, uint64_t done, uint64_t total)
{
        if (PyErr_CheckSignals() < 0)
                return false;
        if (self->progress == Py_None)
                return true;
        PyObject *result =
                PyObject_CallFunction(self->progress, "KK", (unsigned long long)done, (unsigned long long)total);
        bool goes_on = result && result != Py_False;
        Py_XDECREF(result);
        return goes_on;
}

static bool report_progress(void *user, uint64_t done, uint64_t total)
{
        listeners *self = user;
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, self->state))
                return false;
        bool goes_on = ask_progress(self, done, total);
        if (PyErr_Occurred())
                pycoffer_keep_exception_as_is(self->state);
        pycoffer_gil_give(&gil);
        return goes_on;
}

static PyObject *make_problem_counts(const coffer_verify_summary *summary)
{
        PyObject *counts = PyTuple_New(COFFER_PROBLEM_COUNT);
        for (int i = 0; counts && i < COFFER_PROBLEM_COUNT; i++) {
                PyObject *count = PyLong_FromUnsignedLongLong(summary->problems[i]);
                if (count)
                        PyTuple_SET_ITEM(counts, i, count);
                else
                        Py_CLEAR(counts);
        }
        return counts;
}

static PyObject *make_summary(const coffer_verify_summary *summary)
{
        return Py_BuildValue("(KKKKKKNK)", summary->flows, summary->attempts, summary->artifacts, summary->blobs,
                             summary->blob_bytes, summary->affected, make_problem_counts(summary), summary->repaired);
}

PyObject *pycoffer_verify(pycoffer_state *state, coffer_store *store, PyObject *args)
{
        coffer_verify_options options = COFFER_VERIFY_OPTIONS_INIT;
        listeners user = {.state = state};
        int repair;
        if (!PyArg_ParseTuple(args, "zpOO", &options.flow, &repair, &user.finding, &user.progress))
                return NULL;
        options.repair = repair;
        options.finding = report_finding;
        options.finding_user = &user;
        options.progress = report_progress;
        options.progress_user = &user;
        coffer_verify_summary summary;
        pycoffer_call call;
        pycoffer_call_begin(&call, state);
        coffer_status status = coffer_store_verify(store, &options, &summary, &call.error);
        return pycoffer_call_end(&call, status) ? make_summary(&summary) : NULL;
}
