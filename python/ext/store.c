/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "call.h"
#include "registry.h"
#include "verify.h"

typedef struct {
        PyObject_HEAD pycoffer_state *state;
        coffer_store *store;
        PyObject *registry;
} store_object;

coffer_store *pycoffer_store_of(pycoffer_state *state, PyObject *object)
{
        if (PyObject_TypeCheck(object, state->store_type))
                return ((store_object *)object)->store;
        PyErr_Format(PyExc_TypeError, "a Store is needed, not %s", Py_TYPE(object)->tp_name);
        return NULL;
}

coffer_registry *pycoffer_store_registry(pycoffer_state *state, PyObject *store)
{
        return pycoffer_registry_of(state, ((store_object *)store)->registry);
}

/* ---- roots ---- */

PyDoc_STRVAR(find_root_doc, "find_root($module, start=None, create=False)\n--\n\n"
                            "The root that Metaflow would use at the directory `start`. Raises coffer.NotFound.");

PyDoc_STRVAR(root_at_doc, "root_at($module, directory, create=False)\n--\n\n"
                          "The root that a directory stands for. Raises coffer.NotFound.");

typedef coffer_status find_fn(const char *directory, bool create, char **out, coffer_error *error);

/* For PyArg_Parse: a path as bytes, or NULL for None. */
static int convert_optional_path(PyObject *object, void *out)
{
        return object == Py_None ? 1 : PyUnicode_FSConverter(object, out);
}

/* The root that `look` finds for `*directory`, which is given up. */
static PyObject *find(PyObject *module, PyObject *directory, bool create, find_fn *look)
{
        pycoffer_call call;
        pycoffer_call_begin(&call, pycoffer_state_of(module));
        char *root = NULL;
        coffer_status status = look(directory ? PyBytes_AS_STRING(directory) : NULL, create, &root, &call.error);
        PyObject *text = pycoffer_call_end(&call, status) ? PyUnicode_DecodeFSDefault(root) : NULL;
        Py_XDECREF(directory);
        coffer_free(root);
        return text;
}

static PyObject *find_root(PyObject *module, PyObject *args, PyObject *kwargs)
{
        static const char *const names[] = {"start", "create", NULL};
        PyObject *start = NULL;
        int create = 0;
        if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O&p", PYCOFFER_KEYWORDS(names), convert_optional_path, &start,
                                         &create))
                return NULL;
        return find(module, start, create, coffer_store_find_root);
}

static PyObject *root_at(PyObject *module, PyObject *args, PyObject *kwargs)
{
        static const char *const names[] = {"directory", "create", NULL};
        PyObject *directory = NULL;
        int create = 0;
        if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|p", PYCOFFER_KEYWORDS(names), PyUnicode_FSConverter,
                                         &directory, &create))
                return NULL;
        return find(module, directory, create, coffer_store_root_at);
}

/* ---- making one ---- */

static bool open_store(store_object *self, const char *root, coffer_store_options *options)
{
        options->registry = pycoffer_registry_of(self->state, self->registry);
        if (!options->registry)
                return false;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = coffer_store_open(root, options, &self->store, &call.error);
        return pycoffer_call_end(&call, status);
}

static PyObject *store_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
        static const char *const names[] = {"root", "registry", "type", "verify", "sync", NULL};
        coffer_store_options options = COFFER_STORE_OPTIONS_INIT;
        options.python_version = Py_GetVersion();
        PyObject *root = NULL, *registry;
        int verify = COFFER_VERIFY_AUTO;
        if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&O|$zii", PYCOFFER_KEYWORDS(names), PyUnicode_FSConverter,
                                         &root, &registry, &options.type, &verify, &options.sync))
                return NULL;
        options.verify = (coffer_verify)verify;
        pycoffer_state *state = pycoffer_state_of_type(type);
        store_object *self = state ? (store_object *)type->tp_alloc(type, 0) : NULL;
        if (self) {
                self->state = state;
                self->registry = Py_NewRef(registry);
                if (!open_store(self, PyBytes_AS_STRING(root), &options))
                        Py_CLEAR(self);
        }
        Py_DECREF(root);
        return (PyObject *)self;
}

static int store_traverse(PyObject *object, visitproc visit, void *arg)
{
        Py_VISIT(Py_TYPE(object));
        Py_VISIT(((store_object *)object)->registry);
        return 0;
}

static void store_dealloc(PyObject *object)
{
        store_object *self = (store_object *)object;
        PyTypeObject *type = Py_TYPE(object);
        PyObject_GC_UnTrack(object);
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self->state);
        coffer_store_unref(self->store);
        pycoffer_call_end_quiet(&call);
        Py_XDECREF(self->registry);
        type->tp_free(object);
        Py_DECREF(type);
}

/* ---- looking around ---- */

struct name_list {
        pycoffer_state *state;
        PyObject *list;
};

static coffer_status add_name(void *user, const char *name, coffer_error *error)
{
        struct name_list *names = user;
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, names->state))
                return coffer_error_set(error, COFFER_STATE, "the Python interpreter is going away");
        PyObject *text = PyUnicode_DecodeFSDefault(name);
        coffer_status status = COFFER_OK;
        if (!text || PyList_Append(names->list, text) < 0)
                status = pycoffer_keep_exception(names->state, COFFER_INTERNAL, error);
        Py_XDECREF(text);
        pycoffer_gil_give(&gil);
        return status;
}

PyDoc_STRVAR(store_list_doc, "list($self, flow=None, run=None, step=None, /)\n--\n\n"
                             "Names of the flows, or of a flow's runs, a run's steps, a step's tasks: a list of str.");

static PyObject *store_list(PyObject *object, PyObject *args)
{
        store_object *self = (store_object *)object;
        const char *flow = NULL, *run = NULL, *step = NULL;
        if (!PyArg_ParseTuple(args, "|zzz", &flow, &run, &step))
                return NULL;
        struct name_list names = {self->state, PyList_New(0)};
        if (!names.list)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = coffer_store_list(self->store, flow, run, step, add_name, &names, &call.error);
        if (!pycoffer_call_end(&call, status))
                Py_CLEAR(names.list);
        return names.list;
}

PyDoc_STRVAR(store_attempts_doc, "attempt_states($self, flow, run, step, task, /)\n--\n\n"
                                 "(started, done, has_data) of each of the attempts 0 to 5 of a task.");

static PyObject *store_attempts(PyObject *object, PyObject *args)
{
        store_object *self = (store_object *)object;
        const char *flow, *run, *step, *task;
        if (!PyArg_ParseTuple(args, "ssss", &flow, &run, &step, &task))
                return NULL;
        coffer_attempt_state states[COFFER_MAX_ATTEMPTS];
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = coffer_store_attempts(self->store, flow, run, step, task, states, &call.error);
        PyObject *list = pycoffer_call_end(&call, status) ? PyList_New(COFFER_MAX_ATTEMPTS) : NULL;
        for (int i = 0; list && i < COFFER_MAX_ATTEMPTS; i++) {
                PyObject *state =
                        Py_BuildValue("(OOO)", states[i].started ? Py_True : Py_False,
                                      states[i].done ? Py_True : Py_False, states[i].has_data ? Py_True : Py_False);
                if (state)
                        PyList_SET_ITEM(list, i, state);
                else
                        Py_CLEAR(list);
        }
        return list;
}

PyDoc_STRVAR(store_verify_doc,
             "_verify($self, flow, repair, finding, progress, /)\n--\n\n"
             "Hashes every blob and checks every reference: the fields of coffer.Verification without "
             "findings, each of which is given to finding(); progress(done, total) may return False to stop.");

static PyObject *store_verify(PyObject *object, PyObject *args)
{
        store_object *self = (store_object *)object;
        return pycoffer_verify(self->state, self->store, args);
}

static PyObject *store_get_root(PyObject *object, void *unused)
{
        (void)unused;
        return PyUnicode_DecodeFSDefault(coffer_store_root(((store_object *)object)->store));
}

static PyObject *store_get_type(PyObject *object, void *unused)
{
        (void)unused;
        return PyUnicode_FromString(coffer_store_type(((store_object *)object)->store));
}

static PyObject *store_get_registry(PyObject *object, void *unused)
{
        (void)unused;
        return Py_NewRef(((store_object *)object)->registry);
}

static PyMethodDef store_methods[] = {
        {"list", store_list, METH_VARARGS, store_list_doc},
        {"attempt_states", store_attempts, METH_VARARGS, store_attempts_doc},
        {"_verify", store_verify, METH_VARARGS, store_verify_doc},
        {NULL, NULL, 0, NULL},
};

static PyGetSetDef store_attributes[] = {
        {"root", store_get_root, NULL, PyDoc_STR("The directory that holds the flows."), NULL},
        {"type", store_get_type, NULL, PyDoc_STR("The kind of storage, \"local\" for instance."), NULL},
        {"registry", store_get_registry, NULL, PyDoc_STR("The serializers that artifacts go through."), NULL},
        {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(store_doc, "Store(root, registry, *, type=None, verify=0, sync=-1)\n--\n\nA datastore; use coffer.open.");

static PyType_Slot store_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)store_doc},
        {Py_tp_new, store_new},
        {Py_tp_dealloc, store_dealloc},
        {Py_tp_traverse, store_traverse},
        {Py_tp_methods, store_methods},
        {Py_tp_getset, store_attributes},
        {0, NULL},
};

static PyType_Spec store_spec = {
        .name = "coffer._coffer.Store",
        .basicsize = sizeof(store_object),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = store_slots,
};

static PyMethodDef root_functions[] = {
        {"find_root", (PyCFunction)(void (*)(void))find_root, METH_VARARGS | METH_KEYWORDS, find_root_doc},
        {"root_at", (PyCFunction)(void (*)(void))root_at, METH_VARARGS | METH_KEYWORDS, root_at_doc},
        {NULL, NULL, 0, NULL},
};

bool pycoffer_store_add_type(PyObject *module, pycoffer_state *state)
{
        state->store_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &store_spec, NULL);
        return state->store_type && PyModule_AddType(module, state->store_type) == 0 &&
               PyModule_AddFunctions(module, root_functions) == 0;
}
