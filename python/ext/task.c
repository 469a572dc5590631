/* SPDX-License-Identifier: Apache-2.0 */
#include "task.h"

#include "store.h"
#include "text.h"

/* ---- one caller at a time ---- */

static bool enter(pycoffer_task *self, pycoffer_call *call, void (*begin)(pycoffer_call *call, pycoffer_state *state))
{
        if (!pycoffer_lock_acquire(&self->lock, self->state))
                return false;
        if (!self->task) {
                pycoffer_lock_release(&self->lock);
                PyErr_SetString(self->state->errors[COFFER_STATE], "the task is closed");
                return false;
        }
        begin(call, self->state);
        return true;
}

bool pycoffer_task_enter(pycoffer_task *self, pycoffer_call *call)
{
        return enter(self, call, pycoffer_call_begin);
}

bool pycoffer_task_enter_held(pycoffer_task *self, pycoffer_call *call)
{
        return enter(self, call, pycoffer_call_begin_held);
}

bool pycoffer_task_leave(pycoffer_task *self, pycoffer_call *call, coffer_status status)
{
        bool is_fine = pycoffer_call_end(call, status);
        pycoffer_lock_release(&self->lock);
        return is_fine;
}

/* ---- opening and closing ---- */

struct arguments {
        PyObject *store;
        const char *flow, *run, *step, *task;
        coffer_task_options options;
        const char **tags; /* what options.tags points to */
};

static bool read_tags(PyObject *tuple, struct arguments *out)
{
        Py_ssize_t count = tuple ? PyTuple_GET_SIZE(tuple) : 0;
        out->tags = PyMem_Calloc((size_t)count + 1, sizeof(*out->tags));
        if (!out->tags) {
                PyErr_NoMemory();
                return false;
        }
        for (Py_ssize_t i = 0; i < count; i++) {
                out->tags[i] = pycoffer_utf8(PyTuple_GET_ITEM(tuple, i), "a tag");
                if (!out->tags[i])
                        return false;
        }
        out->options.tags = out->tags;
        return true;
}

static bool read_mode(const char *mode, coffer_mode *out)
{
        if (strlen(mode) == 1 && strchr("rwd", mode[0])) {
                *out = (coffer_mode)mode[0];
                return true;
        }
        PyErr_Format(PyExc_ValueError, "mode must be 'r', 'w' or 'd', not '%s'", mode);
        return false;
}

static bool read_arguments(PyObject *args, PyObject *kwargs, struct arguments *out)
{
        static const char *const names[] = {"store",   "flow",           "run",  "step",     "task", "mode",
                                            "attempt", "allow_not_done", "user", "provider", "tags", NULL};
        const char *mode = "r";
        int allow_not_done = 0, provider = 1;
        PyObject *tags = NULL;
        *out = (struct arguments){.options = COFFER_TASK_OPTIONS_INIT};
        if (!PyArg_ParseTupleAndKeywords(args, kwargs, "Ossss|$sipzpO!", PYCOFFER_KEYWORDS(names), &out->store,
                                         &out->flow, &out->run, &out->step, &out->task, &mode, &out->options.attempt,
                                         &allow_not_done, &out->options.user, &provider, &PyTuple_Type, &tags))
                return false;
        out->options.allow_not_done = allow_not_done;
        out->options.without_provider = !provider;
        return read_mode(mode, &out->options.mode) && read_tags(tags, out);
}

static bool open_task(pycoffer_task *self, const struct arguments *arguments)
{
        coffer_store *store = pycoffer_store_of(self->state, arguments->store);
        if (!store || !pycoffer_lock_init(&self->lock))
                return false;
        self->store = Py_NewRef(arguments->store);
        self->mode = arguments->options.mode;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = coffer_task_open(store, arguments->flow, arguments->run, arguments->step,
                                                arguments->task, &arguments->options, &self->task, &call.error);
        return pycoffer_call_end(&call, status);
}

static PyObject *task_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
        struct arguments arguments;
        pycoffer_task *self = NULL;
        if (read_arguments(args, kwargs, &arguments))
                self = (pycoffer_task *)type->tp_alloc(type, 0);
        if (self) {
                self->state = pycoffer_state_of_type(type);
                if (!open_task(self, &arguments))
                        Py_CLEAR(self);
        }
        PyMem_Free(arguments.tags);
        return (PyObject *)self;
}

static void free_task(pycoffer_task *self)
{
        coffer_task *task = self->task;
        self->task = NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self->state);
        coffer_task_free(task);
        pycoffer_call_end_quiet(&call);
}

PyDoc_STRVAR(task_close_doc,
             "close($self, /)\n--\n\n"
             "Gives up the task; one that was written and not done stays not done. May be called again.");

static PyObject *task_close(PyObject *object, PyObject *unused)
{
        (void)unused;
        pycoffer_task *self = (pycoffer_task *)object;
        if (!pycoffer_lock_acquire(&self->lock, self->state))
                return NULL;
        free_task(self);
        pycoffer_lock_release(&self->lock);
        Py_RETURN_NONE;
}

static int task_traverse(PyObject *object, visitproc visit, void *arg)
{
        Py_VISIT(Py_TYPE(object));
        Py_VISIT(((pycoffer_task *)object)->store);
        return 0;
}

static void task_dealloc(PyObject *object)
{
        pycoffer_task *self = (pycoffer_task *)object;
        PyTypeObject *type = Py_TYPE(object);
        PyObject_GC_UnTrack(object);
        free_task(self);
        pycoffer_lock_done(&self->lock);
        Py_XDECREF(self->store);
        type->tp_free(object);
        Py_DECREF(type);
}

/* ---- the attempt's life ---- */

typedef coffer_status step_fn(coffer_task *task, coffer_error *error);

static PyObject *run_step(PyObject *object, step_fn *step)
{
        pycoffer_task *self = (pycoffer_task *)object;
        pycoffer_call call;
        if (!pycoffer_task_enter(self, &call))
                return NULL;
        bool is_fine = pycoffer_task_leave(self, &call, step(self->task, &call.error));
        return is_fine ? Py_NewRef(Py_None) : NULL;
}

PyDoc_STRVAR(task_init_doc,
             "init($self, /)\n--\n\nMarks the attempt started. Raises coffer.WrongState when it is done.");

static PyObject *task_init(PyObject *object, PyObject *unused)
{
        (void)unused;
        return run_step(object, coffer_task_init);
}

PyDoc_STRVAR(task_finish_doc,
             "finish($self, /)\n--\n\n"
             "Makes the attempt complete: everything it refers to is on disk, then its list, then its mark.");

static PyObject *task_finish(PyObject *object, PyObject *unused)
{
        (void)unused;
        return run_step(object, coffer_task_done);
}

PyDoc_STRVAR(task_set_outcome_doc, "set_outcome($self, ok, /)\n--\n\nSays whether the task's work went well.");

static PyObject *task_set_outcome(PyObject *object, PyObject *ok)
{
        pycoffer_task *self = (pycoffer_task *)object;
        int is_ok = PyObject_IsTrue(ok);
        pycoffer_call call;
        if (is_ok < 0 || !pycoffer_task_enter(self, &call))
                return NULL;
        coffer_status status = coffer_task_set_outcome(self->task, is_ok, &call.error);
        return pycoffer_task_leave(self, &call, status) ? Py_NewRef(Py_None) : NULL;
}

/* ---- attributes ---- */

static PyObject *task_get_pathspec(PyObject *object, void *unused)
{
        (void)unused;
        pycoffer_task *self = (pycoffer_task *)object;
        pycoffer_call call;
        if (!pycoffer_task_enter_held(self, &call))
                return NULL;
        PyObject *pathspec = PyUnicode_DecodeFSDefault(coffer_task_pathspec(self->task));
        return pycoffer_task_leave(self, &call, COFFER_OK) ? pathspec : NULL;
}

static PyObject *task_get_attempt(PyObject *object, void *unused)
{
        (void)unused;
        pycoffer_task *self = (pycoffer_task *)object;
        pycoffer_call call;
        if (!pycoffer_task_enter_held(self, &call))
                return NULL;
        int attempt = coffer_task_attempt(self->task);
        return pycoffer_task_leave(self, &call, COFFER_OK) ? PyLong_FromLong(attempt) : NULL;
}

static PyObject *task_get_is_done(PyObject *object, void *unused)
{
        (void)unused;
        pycoffer_task *self = (pycoffer_task *)object;
        pycoffer_call call;
        if (!pycoffer_task_enter_held(self, &call))
                return NULL;
        bool is_done = coffer_task_is_done(self->task);
        return pycoffer_task_leave(self, &call, COFFER_OK) ? PyBool_FromLong(is_done) : NULL;
}

static PyObject *task_get_closed(PyObject *object, void *unused)
{
        (void)unused;
        return PyBool_FromLong(((pycoffer_task *)object)->task == NULL);
}

static PyObject *task_get_mode(PyObject *object, void *unused)
{
        (void)unused;
        return PyUnicode_FromFormat("%c", (int)((pycoffer_task *)object)->mode);
}

static PyObject *task_get_store(PyObject *object, void *unused)
{
        (void)unused;
        return Py_NewRef(((pycoffer_task *)object)->store);
}

static PyGetSetDef task_attributes[] = {
        {"pathspec", task_get_pathspec, NULL, PyDoc_STR("\"Flow/run/step/task\"."), NULL},
        {"attempt", task_get_attempt, NULL, PyDoc_STR("0 to 5."), NULL},
        {"is_done", task_get_is_done, NULL, PyDoc_STR("Whether the attempt is complete."), NULL},
        {"closed", task_get_closed, NULL, PyDoc_STR("Whether close() was called."), NULL},
        {"mode", task_get_mode, NULL, PyDoc_STR("'r', 'w' or 'd'."), NULL},
        {"store", task_get_store, NULL, PyDoc_STR("The store that the task is in."), NULL},
        {NULL, NULL, NULL, NULL, NULL},
};

/* ---- the type ---- */

static PyMethodDef task_methods[] = {
        {"init", task_init, METH_NOARGS, task_init_doc},
        {"finish", task_finish, METH_NOARGS, task_finish_doc},
        {"set_outcome", task_set_outcome, METH_O, task_set_outcome_doc},
        {"close", task_close, METH_NOARGS, task_close_doc},
        PYCOFFER_TASK_ARTIFACT_METHODS,
        PYCOFFER_TASK_FILE_METHODS,
        {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(task_doc, "Task(store, flow, run, step, task, *, mode='r', attempt=-1, allow_not_done=False, user=None, "
                       "provider=True, tags=())\n--\n\nOne attempt of a task; use Store.task.");

static PyType_Slot task_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)task_doc},
        {Py_tp_new, task_new},
        {Py_tp_dealloc, task_dealloc},
        {Py_tp_traverse, task_traverse},
        {Py_tp_methods, task_methods},
        {Py_tp_getset, task_attributes},
        {0, NULL},
};

static PyType_Spec task_spec = {
        .name = "coffer._coffer.Task",
        .basicsize = sizeof(pycoffer_task),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = task_slots,
};

bool pycoffer_task_add_type(PyObject *module, pycoffer_state *state)
{
        state->task_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &task_spec, NULL);
        return state->task_type && PyModule_AddType(module, state->task_type) == 0;
}
