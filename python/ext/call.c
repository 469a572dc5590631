/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include "raise.h"

/* CPython can't say on every version whether this thread holds the GIL, least of all with several interpreters. So this
 * module keeps track: every call that may come back is on this stack. */
static _Thread_local pycoffer_call *innermost;

void pycoffer_call_begin_held(pycoffer_call *call, pycoffer_state *state)
{
        /* Field by field: an initializer would clear all of the error's message, each time. */
        call->state = state;
        call->thread = NULL;
        call->outer = innermost;
        call->exception = NULL;
        call->as_is = false;
        call->made = NULL;
        call->error.status = COFFER_OK;
        call->error.error_class = COFFER_CLASS_NONE;
        call->error.offset = -1;
        call->error.message[0] = '\0';
        innermost = call;
}

void pycoffer_call_begin(pycoffer_call *call, pycoffer_state *state)
{
        pycoffer_call_begin_held(call, state);
        call->thread = PyEval_SaveThread();
}

static void end(pycoffer_call *call)
{
        if (call->thread)
                PyEval_RestoreThread(call->thread);
        innermost = call->outer;
}

bool pycoffer_call_end(pycoffer_call *call, coffer_status status)
{
        end(call);
        PyObject *exception = call->exception;
        if (!exception) {
                if (status != COFFER_OK)
                        pycoffer_raise(call->state, status, &call->error, NULL);
                return status == COFFER_OK;
        }
        bool interrupts = call->as_is || !PyErr_GivenExceptionMatches(exception, PyExc_Exception);
        if (interrupts)
                PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
        else if (status != COFFER_OK)
                pycoffer_raise(call->state, status, &call->error, exception);
        Py_DECREF(exception);
        return status == COFFER_OK && !interrupts;
}

void pycoffer_call_end_quiet(pycoffer_call *call)
{
        end(call);
        if (call->exception) {
                PyErr_SetObject((PyObject *)Py_TYPE(call->exception), call->exception);
                Py_DECREF(call->exception);
                PyErr_WriteUnraisable(NULL);
        }
}

static bool is_finalizing(void)
{
#if PY_VERSION_HEX >= 0x030D0000
        return Py_IsFinalizing();
#else
        return _Py_IsFinalizing();
#endif
}

bool pycoffer_gil_take(pycoffer_gil *gil, pycoffer_state *state)
{
        *gil = (pycoffer_gil){NULL, NULL};
        pycoffer_call *call = innermost;
        if (call && call->state->interpreter == state->interpreter) {
                if (call->thread) {
                        PyEval_RestoreThread(call->thread);
                        call->thread = NULL;
                        gil->call = call;
                }
                return true;
        }
        if (is_finalizing())
                return false;
        gil->thread = PyThreadState_New(state->interpreter);
        if (!gil->thread)
                return false;
        PyEval_RestoreThread(gil->thread);
        return true;
}

void pycoffer_gil_give(pycoffer_gil *gil)
{
        if (gil->call) {
                gil->call->thread = PyEval_SaveThread();
        } else if (gil->thread) {
                PyThreadState_Clear(gil->thread);
                PyThreadState_DeleteCurrent();
        }
}

/* The call that an exception of `state` can be left with. */
static pycoffer_call *receiver(const pycoffer_state *state)
{
        return innermost && innermost->state->interpreter == state->interpreter ? innermost : NULL;
}

static void keep(pycoffer_state *state, PyObject *exception, bool as_is)
{
        pycoffer_call *call = receiver(state);
        /* The first one is what went wrong; but nothing holds back an interrupt. */
        bool replaces = call && (!call->exception || !PyErr_GivenExceptionMatches(exception, PyExc_Exception));
        if (replaces) {
                Py_XSETREF(call->exception, Py_NewRef(exception));
                call->as_is = as_is;
        }
}

coffer_status pycoffer_keep_exception(pycoffer_state *state, coffer_status status, coffer_error *error)
{
        PyObject *exception = pycoffer_take_exception();
        if (PyErr_GivenExceptionMatches(exception, PyExc_MemoryError))
                status = COFFER_NO_MEMORY;
        pycoffer_error_from_exception(exception, status, error);
        keep(state, exception, false);
        Py_DECREF(exception);
        return status;
}

void pycoffer_keep_exception_as_is(pycoffer_state *state)
{
        PyObject *exception = pycoffer_take_exception();
        keep(state, exception, true);
        Py_DECREF(exception);
}

bool pycoffer_call_wants_bytes(const pycoffer_state *state)
{
        const pycoffer_call *call = receiver(state);
        return call && call->made;
}

void pycoffer_call_offer_bytes(pycoffer_state *state, PyObject *bytes)
{
        pycoffer_call *call = receiver(state);
        if (call && call->made)
                Py_XSETREF(*call->made, Py_NewRef(bytes));
}
