/* SPDX-License-Identifier: Apache-2.0 */
/* The machine that a pickle is a program of, shared by the files that carry out its opcodes. All of it is used with the
 * GIL held; functions that fail set an exception. */
#ifndef COFFER_PYTHON_UNPICKLER_MACHINE_H
#define COFFER_PYTHON_UNPICKLER_MACHINE_H

#include "pickle/opcodes.h"
#include "unpickler_input.h"

/* What most pickles have enough of, without a call of malloc. */
enum { PYCOFFER_UNPICKLER_STACK = 64, PYCOFFER_UNPICKLER_MARKS = 16, PYCOFFER_UNPICKLER_MEMO = 32 };

typedef struct pycoffer_unpickler {
        pycoffer_state *state;
        pycoffer_input input;
        int protocol;
        PyObject **stack; /* owned references */
        size_t count;
        size_t capacity;
        size_t fence;  /* where the topmost mark stands: only what is above may be popped */
        size_t *marks; /* counts of the stack */
        size_t mark_count;
        size_t mark_capacity;
        PyObject **memo; /* owned references and NULLs */
        size_t memo_capacity;
        size_t memo_count;  /* of what is in there */
        PyObject *far_memo; /* dict of entries whose index is out of proportion; or NULL */
        PyObject *first_stack[PYCOFFER_UNPICKLER_STACK];
        size_t first_marks[PYCOFFER_UNPICKLER_MARKS];
        PyObject *first_memo[PYCOFFER_UNPICKLER_MEMO];
} pycoffer_unpickler;

void pycoffer_unpickler_init(pycoffer_unpickler *self, pycoffer_state *state); /* all but `input` */
void pycoffer_unpickler_done(pycoffer_unpickler *self);

/* ---- the stack ---- */

bool pycoffer_unpickler_grow_stack(pycoffer_unpickler *self);

/* UnpicklingError for what is not on the stack; false. */
bool pycoffer_unpickler_underflow(const pycoffer_unpickler *self);

/* UnpicklingError with a text as for PyErr_Format; false. */
bool pycoffer_unpickler_refuse(const pycoffer_unpickler *self, const char *format, ...);

/* Takes the reference also on failure. NULL: what was to make the object has failed. */
static inline bool pycoffer_unpickler_push(pycoffer_unpickler *self, PyObject *object)
{
        if (!object)
                return false;
        if (self->count == self->capacity && !pycoffer_unpickler_grow_stack(self)) {
                Py_DECREF(object);
                return false;
        }
        self->stack[self->count++] = object;
        return true;
}

/* Whether so many objects are above the topmost mark; if not, UnpicklingError. */
static inline bool pycoffer_unpickler_has(const pycoffer_unpickler *self, size_t count)
{
        return self->count - self->fence >= count || pycoffer_unpickler_underflow(self);
}

/* The topmost object; one must be there. */
static inline PyObject *pycoffer_unpickler_top(const pycoffer_unpickler *self)
{
        return self->stack[self->count - 1];
}

/* Gives the topmost object to the caller; NULL with UnpicklingError. */
static inline PyObject *pycoffer_unpickler_pop(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_has(self, 1) ? self->stack[--self->count] : NULL;
}

/* Forgets what is above the first `count` objects. */
void pycoffer_unpickler_cut(pycoffer_unpickler *self, size_t count);

/* A tuple of what is above the first `start` objects; it is taken off the stack. */
PyObject *pycoffer_unpickler_pop_tuple(pycoffer_unpickler *self, size_t start);

/* Takes the topmost mark away and says where it stood. UnpicklingError when there is none. */
bool pycoffer_unpickler_pop_mark(pycoffer_unpickler *self, size_t *position);

/* A line of `length` bytes, its newline among them, and a NUL; PyMem_Free it. UnpicklingError below `least_bytes`. */
char *pycoffer_unpickler_line(pycoffer_unpickler *self, size_t least_bytes, size_t *length);

/* ---- opcodes: what each does when its byte has been taken ---- */

#define PYCOFFER_UNPICKLE_DECLARE(name, code, argument, protocol, to_mark, pops, pushes)                               \
        bool pycoffer_unpickle_##name(pycoffer_unpickler *self);
COFFER_OPCODES(PYCOFFER_UNPICKLE_DECLARE)
#undef PYCOFFER_UNPICKLE_DECLARE

#endif
