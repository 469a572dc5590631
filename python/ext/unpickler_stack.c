/* SPDX-License-Identifier: Apache-2.0 */
/* Stack, marks and memo. */
#include "unpickler_machine.h"

/* A memo index may be so far above the number of entries; beyond that a table would be mostly empty. */
enum { MEMO_SPARE = 1024 };

void pycoffer_unpickler_init(pycoffer_unpickler *self, pycoffer_state *state)
{
        self->state = state;
        self->protocol = 0;
        self->stack = self->first_stack;
        self->capacity = PYCOFFER_UNPICKLER_STACK;
        self->marks = self->first_marks;
        self->mark_capacity = PYCOFFER_UNPICKLER_MARKS;
        self->memo = self->first_memo;
        self->memo_capacity = PYCOFFER_UNPICKLER_MEMO;
        self->count = self->fence = self->mark_count = self->memo_count = 0;
        self->far_memo = NULL;
        memset(self->first_memo, 0, sizeof(self->first_memo));
}

void pycoffer_unpickler_done(pycoffer_unpickler *self)
{
        pycoffer_unpickler_cut(self, 0);
        size_t left = self->memo_count;
        for (size_t i = 0; left > 0 && i < self->memo_capacity; i++) {
                left -= self->memo[i] != NULL;
                Py_XDECREF(self->memo[i]);
        }
        Py_XDECREF(self->far_memo);
        if (self->stack != self->first_stack)
                PyMem_Free(self->stack);
        if (self->marks != self->first_marks)
                PyMem_Free(self->marks);
        if (self->memo != self->first_memo)
                PyMem_Free(self->memo);
}

/* A larger array in place of `items`, of which `first` is a part of the machine. NULL with MemoryError. */
static void *enlarge(void *items, const void *first, size_t count, size_t capacity, size_t item_bytes)
{
        void *larger = NULL;
        if (capacity <= PY_SSIZE_T_MAX / item_bytes)
                larger = items == first ? PyMem_Malloc(capacity * item_bytes)
                                        : PyMem_Realloc(items, capacity * item_bytes);
        if (!larger)
                return PyErr_NoMemory();
        if (items == first)
                memcpy(larger, items, count * item_bytes);
        return larger;
}

bool pycoffer_unpickler_grow_stack(pycoffer_unpickler *self)
{
        PyObject **stack =
                enlarge(self->stack, self->first_stack, self->count, 2 * self->capacity, sizeof(*self->stack));
        if (!stack)
                return false;
        self->stack = stack;
        self->capacity *= 2;
        return true;
}

bool pycoffer_unpickler_refuse(const pycoffer_unpickler *self, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        PyErr_FormatV(self->state->unpickling_error, format, arguments);
        va_end(arguments);
        return false;
}

bool pycoffer_unpickler_underflow(const pycoffer_unpickler *self)
{
        return pycoffer_unpickler_refuse(self,
                                         self->mark_count ? "unexpected MARK found" : "unpickling stack underflow");
}

void pycoffer_unpickler_cut(pycoffer_unpickler *self, size_t count)
{
        while (self->count > count)
                Py_DECREF(self->stack[--self->count]);
}

PyObject *pycoffer_unpickler_pop_tuple(pycoffer_unpickler *self, size_t start)
{
        size_t count = self->count - start;
        PyObject *tuple = PyTuple_New((Py_ssize_t)count);
        if (!tuple)
                return NULL;
        for (size_t i = 0; i < count; i++)
                PyTuple_SET_ITEM(tuple, (Py_ssize_t)i, self->stack[start + i]);
        self->count = start;
        return tuple;
}

/* ---- marks ---- */

static void set_fence(pycoffer_unpickler *self)
{
        self->fence = self->mark_count ? self->marks[self->mark_count - 1] : 0;
}

bool pycoffer_unpickler_pop_mark(pycoffer_unpickler *self, size_t *position)
{
        if (self->mark_count == 0)
                return pycoffer_unpickler_refuse(self, "could not find MARK");
        *position = self->marks[--self->mark_count];
        set_fence(self);
        return true;
}

bool pycoffer_unpickle_MARK(pycoffer_unpickler *self)
{
        if (self->mark_count == self->mark_capacity) {
                size_t *marks = enlarge(self->marks, self->first_marks, self->mark_count, 2 * self->mark_capacity,
                                        sizeof(*self->marks));
                if (!marks)
                        return false;
                self->marks = marks;
                self->mark_capacity *= 2;
        }
        self->marks[self->mark_count++] = self->fence = self->count;
        return true;
}

bool pycoffer_unpickle_POP(pycoffer_unpickler *self)
{
        if (self->mark_count > 0 && self->fence == self->count) {
                self->mark_count--;
                set_fence(self);
                return true;
        }
        PyObject *object = pycoffer_unpickler_pop(self);
        Py_XDECREF(object);
        return object != NULL;
}

bool pycoffer_unpickle_POP_MARK(pycoffer_unpickler *self)
{
        size_t mark = 0;
        if (!pycoffer_unpickler_pop_mark(self, &mark))
                return false;
        pycoffer_unpickler_cut(self, mark);
        return true;
}

bool pycoffer_unpickle_DUP(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_has(self, 1) &&
               pycoffer_unpickler_push(self, Py_NewRef(pycoffer_unpickler_top(self)));
}

/* ---- the memo ---- */

static bool grow_memo(pycoffer_unpickler *self, size_t index)
{
        size_t capacity = self->memo_capacity;
        while (capacity <= index)
                capacity *= 2;
        PyObject **memo = enlarge(self->memo, self->first_memo, self->memo_capacity, capacity, sizeof(*memo));
        if (!memo)
                return false;
        memset(memo + self->memo_capacity, 0, (capacity - self->memo_capacity) * sizeof(*memo));
        self->memo = memo;
        self->memo_capacity = capacity;
        return true;
}

static bool put_far(pycoffer_unpickler *self, size_t index, PyObject *object)
{
        PyObject *key = PyLong_FromSize_t(index);
        if (key && !self->far_memo)
                self->far_memo = PyDict_New();
        Py_ssize_t before = self->far_memo ? PyDict_GET_SIZE(self->far_memo) : 0;
        bool is_put = key && self->far_memo && PyDict_SetItem(self->far_memo, key, object) == 0;
        if (is_put)
                self->memo_count += (size_t)(PyDict_GET_SIZE(self->far_memo) - before);
        Py_XDECREF(key);
        return is_put;
}

/* Borrowed; NULL, perhaps with an exception set, when it is not there. */
static PyObject *get_far(const pycoffer_unpickler *self, size_t index)
{
        PyObject *key = self->far_memo ? PyLong_FromSize_t(index) : NULL;
        PyObject *object = key ? PyDict_GetItemWithError(self->far_memo, key) : NULL;
        Py_XDECREF(key);
        return object;
}

static bool put(pycoffer_unpickler *self, size_t index, PyObject *object)
{
        if (index >= self->memo_capacity || (self->far_memo && !self->memo[index])) {
                bool is_far = index / 2 > self->memo_count + MEMO_SPARE || get_far(self, index);
                if (PyErr_Occurred())
                        return false;
                if (is_far)
                        return put_far(self, index, object);
                if (index >= self->memo_capacity && !grow_memo(self, index))
                        return false;
        }
        self->memo_count += !self->memo[index];
        Py_XSETREF(self->memo[index], Py_NewRef(object));
        return true;
}

static bool get(pycoffer_unpickler *self, size_t index)
{
        PyObject *object = index < self->memo_capacity ? self->memo[index] : NULL;
        if (!object)
                object = get_far(self, index);
        if (object)
                return pycoffer_unpickler_push(self, Py_NewRef(object));
        return PyErr_Occurred() ? false : pycoffer_unpickler_refuse(self, "Memo value not found at index %zu", index);
}

static bool get_numbered(pycoffer_unpickler *self, size_t index_bytes)
{
        uint64_t index;
        return pycoffer_input_number(&self->input, index_bytes, &index) && get(self, (size_t)index);
}

static bool put_numbered(pycoffer_unpickler *self, size_t index_bytes)
{
        uint64_t index;
        return pycoffer_input_number(&self->input, index_bytes, &index) && pycoffer_unpickler_has(self, 1) &&
               put(self, (size_t)index, pycoffer_unpickler_top(self));
}

/* An index in decimal. */
static bool read_index(const char *line, Py_ssize_t *index)
{
        PyObject *number = PyLong_FromString(line, NULL, 10);
        *index = number ? PyLong_AsSsize_t(number) : -1;
        Py_XDECREF(number);
        return !PyErr_Occurred();
}

bool pycoffer_unpickle_GET(pycoffer_unpickler *self)
{
        size_t length;
        char *line = pycoffer_unpickler_line(self, 2, &length);
        Py_ssize_t index;
        bool is_read = line && read_index(line, &index);
        PyMem_Free(line);
        if (is_read && index < 0)
                return pycoffer_unpickler_refuse(self, "Memo value not found at index %zd", index);
        return is_read && get(self, (size_t)index);
}

bool pycoffer_unpickle_PUT(pycoffer_unpickler *self)
{
        size_t length;
        char *line = pycoffer_unpickler_line(self, 2, &length);
        Py_ssize_t index;
        bool is_read = line && pycoffer_unpickler_has(self, 1) && read_index(line, &index);
        PyMem_Free(line);
        if (is_read && index < 0)
                PyErr_SetString(PyExc_ValueError, "negative PUT argument");
        return is_read && index >= 0 && put(self, (size_t)index, pycoffer_unpickler_top(self));
}

bool pycoffer_unpickle_BINGET(pycoffer_unpickler *self)
{
        return get_numbered(self, 1);
}

bool pycoffer_unpickle_LONG_BINGET(pycoffer_unpickler *self)
{
        return get_numbered(self, 4);
}

bool pycoffer_unpickle_BINPUT(pycoffer_unpickler *self)
{
        return put_numbered(self, 1);
}

bool pycoffer_unpickle_LONG_BINPUT(pycoffer_unpickler *self)
{
        return put_numbered(self, 4);
}

bool pycoffer_unpickle_MEMOIZE(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_has(self, 1) && put(self, self->memo_count, pycoffer_unpickler_top(self));
}
