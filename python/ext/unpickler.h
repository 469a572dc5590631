/* SPDX-License-Identifier: Apache-2.0 */
/* Pickles made into objects as pickle.loads does it, also while they are still being read. */
#ifndef COFFER_PYTHON_UNPICKLER_H
#define COFFER_PYTHON_UNPICKLER_H

#include "module.h"

bool pycoffer_unpickler_add(PyObject *module, pycoffer_state *state);

/* The object of a pickle, what pickle.loads(contents) gives or raises. NULL with an exception set. */
PyObject *pycoffer_unpickle(pycoffer_state *state, coffer_cursor contents);

/* The same of contents that have been loaded and checked. What unpickling raised becomes the cause of
 * coffer.SerializerFailed, which names `artifact` unless that is NULL; what is no Exception is left as it is. */
PyObject *pycoffer_unpickle_loaded(pycoffer_state *state, coffer_bytes *contents, const char *artifact);

/* Larger contents than these are unpickled while they are read; these are checked before. */
#define PYCOFFER_CHECKED_FIRST_BYTES ((uint64_t)16 << 20)

/* Somewhere a pickle is stored. The functions are called without the GIL. */
typedef struct pycoffer_stored_pickle {
        coffer_status (*open)(void *user, coffer_stream **out, coffer_error *error);
        coffer_status (*load)(void *user, coffer_bytes **out, coffer_error *error);
        void *user;
        uint64_t size_bytes;  /* of the pickle, as it is recorded: not to be relied on; 0: not known */
        const char *artifact; /* for messages; NULL: it has no name */
} pycoffer_stored_pickle;

/* Its object. A large one is read while it is being unpickled, large buffers straight into the memory of their object,
 * and given out when the end of the stream has been found right; a small one is loaded, and so checked, before. NULL
 * with an exception set: that of the store where what is stored is at fault; else coffer.SerializerFailed, whose cause
 * is what unpickling raised. What is no Exception (KeyboardInterrupt) is left as it is. */
PyObject *pycoffer_unpickle_stored(pycoffer_state *state, const pycoffer_stored_pickle *stored);

#endif
