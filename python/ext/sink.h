/* SPDX-License-Identifier: Apache-2.0 */
/* Pickling into segments: large byte strings, and the memory of arrays, are kept by reference. */
#ifndef COFFER_PYTHON_SINK_H
#define COFFER_PYTHON_SINK_H

#include "bytes.h"
#include "module.h"

/* Byte strings from here on reach a pickler's `write` as they are, outside of all frames. */
enum { PYCOFFER_LARGE_BYTES = 64 << 10 };

/* Adds the type Sink and the function pickle_artifact. */
bool pycoffer_sink_add_type(PyObject *module, pycoffer_state *state);

/* The bytes of pickle.dumps(object, 4). They refer to the object's memory: whoever changes an array before they are
 * used changes them. NULL with an exception set, the one that pickle.dumps raises. */
coffer_bytes *pycoffer_pickle(pycoffer_state *state, PyObject *object);

/* An array whose state was handed to the pickler with a byte string in place of its contents. That string is as long as
 * they are, but nobody ever writes to its memory, nor reads it. */
typedef struct pycoffer_loan {
        PyObject *placeholder;
        pycoffer_borrowed *memory; /* NULL once the placeholder has come to the sink and the segments have it */
        coffer_cursor contents;
        Py_hash_t hash; /* of the contents, once they are watched */
} pycoffer_loan;

/* All loans of one pickle. All zero is none. */
typedef struct pycoffer_loans {
        pycoffer_loan *items;
        size_t count;
        size_t capacity;
        size_t watched_count; /* of the first so many the hash is known */
        bool is_broken;       /* a placeholder came twice */
} pycoffer_loans;

/* What reducer_override has to return for `object`: the reduction of an array with a placeholder, else NotImplemented.
 */
PyObject *pycoffer_loans_reduce(pycoffer_loans *loans, pycoffer_state *state, PyObject *object);

/* The loan of a placeholder that has come to the sink, or NULL for any other byte string. */
pycoffer_loan *pycoffer_loans_redeem(pycoffer_loans *loans, PyObject *bytes);

/* True when each placeholder came once, and no array was changed by code that ran while it was pickled. */
bool pycoffer_loans_hold(const pycoffer_loans *loans);

void pycoffer_loans_done(pycoffer_loans *loans);

#endif
