/* SPDX-License-Identifier: Apache-2.0 */
/* Calls into the library, and the way back into Python from within them. */
#ifndef COFFER_PYTHON_CALL_H
#define COFFER_PYTHON_CALL_H

#include "module.h"

/* One call into the library. While it runs, callbacks on this thread find it, so that they can take the GIL back for a
 * moment and leave an exception for the caller. Calls nest. */
typedef struct pycoffer_call {
        pycoffer_state *state;
        PyThreadState *thread; /* of a call that gave the GIL away; NULL while this thread holds it */
        struct pycoffer_call *outer;
        PyObject *exception; /* raised by a callback */
        bool as_is;          /* it reaches the caller as it was raised */
        PyObject **made;     /* the caller wants the bytes that a serializer makes as they are; or NULL */
        coffer_error error;  /* for the library to fill */
} pycoffer_call;

/* Starts a call without the GIL: for all that hashes, compresses, waits, reads or writes. */
void pycoffer_call_begin(pycoffer_call *call, pycoffer_state *state);

/* Starts a call that keeps the GIL: for what is quick but may give something back to Python. */
void pycoffer_call_begin_held(pycoffer_call *call, pycoffer_state *state);

/* Ends it, with the GIL held again. False when it raised: for any status but COFFER_OK, and when a callback was
 * interrupted (then outputs of the library may be there and need to be freed). */
bool pycoffer_call_end(pycoffer_call *call, coffer_status status);

/* Ends a call that can't fail: a callback's exception is reported as unraisable. */
void pycoffer_call_end_quiet(pycoffer_call *call);

/* The GIL in a callback. */
typedef struct pycoffer_gil {
        pycoffer_call *call;   /* that it was given back to, when any */
        PyThreadState *thread; /* made for a thread that Python did not know */
} pycoffer_gil;

/* False when the interpreter is going away: Python must not be touched then. */
bool pycoffer_gil_take(pycoffer_gil *gil, pycoffer_state *state);
void pycoffer_gil_give(pycoffer_gil *gil);

/* In a callback, with the GIL: moves the present exception into `error` (status and text) and leaves it for the caller,
 * as the cause of the error that arrives there. Returns `status`, or COFFER_NO_MEMORY for a MemoryError. */
coffer_status pycoffer_keep_exception(pycoffer_state *state, coffer_status status, coffer_error *error);

/* The same, and it will reach the caller as it was raised: for functions that the caller handed in. */
void pycoffer_keep_exception_as_is(pycoffer_state *state);

/* In a callback, with the GIL: whether the caller wants the bytes that a serializer makes as a bytes object. */
bool pycoffer_call_wants_bytes(const pycoffer_state *state);

/* In a callback, with the GIL: these bytes are what it hands to the library. */
void pycoffer_call_offer_bytes(pycoffer_state *state, PyObject *bytes);

#endif
