/* SPDX-License-Identifier: Apache-2.0 */
/* Pickling into segments: the bytes of pickle.dumps(object, 4), with large byte strings, texts and arrays by reference.
 *
 * pickler.c decides what becomes of an object; each of the other files writes one kind. Their functions return false
 * where pickling stops: with the exception set that pickle.dumps raises there, or with none, which means that only
 * Python's own pickler knows what to do or to say. */
#ifndef COFFER_PYTHON_PICKLER_H
#define COFFER_PYTHON_PICKLER_H

#include "module.h"
#include "pickle/opcodes.h"
#include "pickler_memo.h"
#include "pickler_out.h"
#include "pickler_watch.h"

enum { PYCOFFER_PICKLE_PROTOCOL = 4, PYCOFFER_PICKLE_BATCH = 1000 };

typedef struct pycoffer_pickler {
        pycoffer_state *state;
        pycoffer_pickle_out out;
        pycoffer_pickle_memo memo;
        pycoffer_watch watch;
} pycoffer_pickler;

/* Adds the function pickle_artifact. */
bool pycoffer_pickler_init(PyObject *module, pycoffer_state *state);

/* The bytes of pickle.dumps(object, 4). They refer to the object's memory: whoever changes an array before they are
 * used changes them. NULL with an exception set, the one that pickle.dumps raises. */
coffer_bytes *pycoffer_pickle(pycoffer_state *state, PyObject *object);

/* ---- among the pickler's files ---- */

/* Any object, or a reference to it when it has been written before. */
bool pycoffer_pickler_save(pycoffer_pickler *self, PyObject *object);

/* MEMOIZE, and `object`'s place in the memo; NULL for one that nobody can come upon again. */
bool pycoffer_pickler_memoize(pycoffer_pickler *self, PyObject *object);

/* A reference to the object of that index. */
bool pycoffer_pickler_get(pycoffer_pickler *self, uint32_t index);

/* Values without parts (pickler_atoms.c, pickler_text.c). */
bool pycoffer_pickler_save_int(pycoffer_pickler *self, PyObject *object);
bool pycoffer_pickler_save_float(pycoffer_pickler *self, PyObject *object);
bool pycoffer_pickler_save_bytes(pycoffer_pickler *self, PyObject *object);
bool pycoffer_pickler_save_bytearray(pycoffer_pickler *self, PyObject *object);
bool pycoffer_pickler_save_text(pycoffer_pickler *self, PyObject *object);

/* Large bytes by reference, as a bytes object would be written. Takes `memory`. */
bool pycoffer_pickler_refer_bytes(pycoffer_pickler *self, pycoffer_borrowed *memory);

/* Python's own containers (pickler_containers.c). */
bool pycoffer_pickler_save_tuple(pycoffer_pickler *self, PyObject *object);
bool pycoffer_pickler_save_list(pycoffer_pickler *self, PyObject *object);
bool pycoffer_pickler_save_dict(pycoffer_pickler *self, PyObject *object);
bool pycoffer_pickler_save_set(pycoffer_pickler *self, PyObject *object);
bool pycoffer_pickler_save_frozenset(pycoffer_pickler *self, PyObject *object);

/* What has a module and a name: `name`, or its own when that is NULL (pickler_global.c). */
bool pycoffer_pickler_save_global(pycoffer_pickler *self, PyObject *object, PyObject *name);
bool pycoffer_pickler_save_type(pycoffer_pickler *self, PyObject *object);

/* All that is saved as what it reduces to (pickler_reduce.c). */
bool pycoffer_pickler_save_reduced(pycoffer_pickler *self, PyObject *object);
bool pycoffer_pickler_write_reduction(pycoffer_pickler *self, PyObject *object, PyObject *reduction);

/* Whether `object` is an array of NumPy whose contents need not be copied (pickler_arrays.c), and then what became of
 * it.
 */
bool pycoffer_pickler_save_array(pycoffer_pickler *self, PyObject *object, bool *is_written);

static inline bool pycoffer_pickler_op(pycoffer_pickler *self, uint8_t op)
{
        uint8_t *to = pycoffer_pickle_room(&self->out, 1);
        if (to)
                *to = op;
        return to != NULL;
}

#endif
