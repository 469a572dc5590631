/* SPDX-License-Identifier: Apache-2.0 */
/* The artifacts of a task. */
#include "bytes.h"
#include "metadata.h"
#include "object.h"
#include "store.h"
#include "task.h"
#include "text.h"
#include "unpickler.h"

static const char artifact_name[] = "the name of an artifact";

/* ---- saving ---- */

struct batch {
        PyObject *items; /* list of tuples (name, object): keeps what `artifacts` points to */
        coffer_artifact *artifacts;
        size_t count;
};

static bool add_artifact(pycoffer_state *state, struct batch *batch, PyObject *item)
{
        coffer_artifact *artifact = &batch->artifacts[batch->count];
        artifact->name = pycoffer_utf8(PyTuple_GET_ITEM(item, 0), artifact_name);
        if (!artifact->name || !pycoffer_object_wrap(state, PyTuple_GET_ITEM(item, 1), &artifact->object))
                return false;
        batch->count++;
        return true;
}

static bool make_batch(pycoffer_state *state, PyObject *mapping, struct batch *out)
{
        *out = (struct batch){PyMapping_Items(mapping), NULL, 0};
        Py_ssize_t count = out->items ? PyList_GET_SIZE(out->items) : 0;
        out->artifacts = PyMem_Calloc((size_t)count + 1, sizeof(*out->artifacts));
        if (!out->artifacts)
                PyErr_NoMemory();
        if (!out->items || !out->artifacts)
                return false;
        for (Py_ssize_t i = 0; i < count; i++)
                if (!add_artifact(state, out, PyList_GET_ITEM(out->items, i)))
                        return false;
        return true;
}

static void free_batch(pycoffer_state *state, struct batch *batch)
{
        for (size_t i = 0; i < batch->count; i++)
                pycoffer_object_unref(state, &batch->artifacts[i].object);
        PyMem_Free(batch->artifacts);
        Py_XDECREF(batch->items);
}

const char pycoffer_task_save_doc[] =
        "save($self, artifacts, /)\n--\n\n"
        "Saves all objects of a mapping from names, or none.\n\n"
        "Raises coffer.SerializerFailed, coffer.Invalid (a name), coffer.WrongState, coffer.IOFailure.";

PyObject *pycoffer_task_save(PyObject *object, PyObject *mapping)
{
        pycoffer_task *self = (pycoffer_task *)object;
        struct batch batch;
        pycoffer_call call;
        bool done = false;
        if (make_batch(self->state, mapping, &batch) && pycoffer_task_enter(self, &call)) {
                coffer_status status = coffer_task_save(self->task, batch.artifacts, batch.count, &call.error);
                done = pycoffer_task_leave(self, &call, status);
        }
        free_batch(self->state, &batch);
        return done ? Py_NewRef(Py_None) : NULL;
}

const char pycoffer_task_save_blob_doc[] =
        "save_blob($self, name, data, metadata, /)\n--\n\n"
        "Saves bytes that are serialized already; `metadata` is (type, size, encoding, pairs of serializer_info).";

PyObject *pycoffer_task_save_blob(PyObject *object, PyObject *args)
{
        pycoffer_task *self = (pycoffer_task *)object;
        const char *name;
        PyObject *data, *tuple;
        if (!PyArg_ParseTuple(args, "sOO!", &name, &data, &PyTuple_Type, &tuple))
                return NULL;
        coffer_metadata *metadata = pycoffer_metadata_from_tuple(self->state, tuple);
        coffer_bytes *bytes = metadata ? pycoffer_bytes_from(self->state, data) : NULL;
        pycoffer_call call;
        bool done = false;
        if (bytes && pycoffer_task_enter(self, &call)) {
                coffer_status status = coffer_task_save_blob(self->task, name, bytes, metadata, &call.error);
                done = pycoffer_task_leave(self, &call, status);
        }
        pycoffer_bytes_unref(self->state, bytes);
        coffer_metadata_free(metadata);
        return done ? Py_NewRef(Py_None) : NULL;
}

/* ---- loading ---- */

const char pycoffer_task_load_doc[] =
        "load($self, name, /)\n--\n\n"
        "The object of an artifact.\n\n"
        "Raises coffer.NotFound (a KeyError), coffer.Declined (nobody reads its encoding), "
        "coffer.Corrupt, coffer.SerializerFailed.";

/* The size of an artifact that is a pickle for Python and too large to be loaded whole; 0 for all others. */
static uint64_t large_pickle_size(const pycoffer_task *self, coffer_registry *registry, const char *name)
{
        coffer_artifact_info info;
        coffer_metadata *metadata;
        coffer_choice choice = {NULL, NULL};
        if (coffer_task_info(self->task, name, &info, NULL) != COFFER_OK ||
            info.size_bytes <= PYCOFFER_CHECKED_FIRST_BYTES ||
            coffer_task_metadata(self->task, name, &metadata, NULL) != COFFER_OK)
                return 0;
        coffer_status status = coffer_registry_find_deserializer(registry, metadata, name, &choice, NULL);
        coffer_metadata_free(metadata);
        return status == COFFER_OK && choice.serializer == &self->state->pickle ? info.size_bytes : 0;
}

struct stored_artifact {
        coffer_task *task;
        const char *name;
};

static coffer_status open_artifact(void *user, coffer_stream **out, coffer_error *error)
{
        const struct stored_artifact *artifact = user;
        return coffer_task_open_stream(artifact->task, artifact->name, out, error);
}

static coffer_status load_artifact(void *user, coffer_bytes **out, coffer_error *error)
{
        const struct stored_artifact *artifact = user;
        return coffer_task_load_bytes(artifact->task, artifact->name, out, error);
}

static PyObject *load_large_pickle(pycoffer_task *self, const char *name, uint64_t size_bytes)
{
        pycoffer_call call;
        if (!pycoffer_task_enter_held(self, &call))
                return NULL;
        struct stored_artifact artifact = {self->task, name};
        pycoffer_stored_pickle stored = {open_artifact, load_artifact, &artifact, size_bytes, name};
        PyObject *object = pycoffer_unpickle_stored(self->state, &stored);
        pycoffer_task_leave(self, &call, COFFER_OK);
        return object;
}

PyObject *pycoffer_task_load(PyObject *object, PyObject *name)
{
        pycoffer_task *self = (pycoffer_task *)object;
        const char *text = pycoffer_utf8(name, artifact_name);
        coffer_object loaded = {NULL, NULL};
        coffer_registry *registry = pycoffer_store_registry(self->state, self->store);
        pycoffer_call call;
        if (!text || !registry || !pycoffer_task_enter(self, &call))
                return NULL;
        uint64_t pickle_bytes = large_pickle_size(self, registry, text);
        coffer_status status = COFFER_OK;
        if (pickle_bytes == 0)
                status = coffer_task_load(self->task, text, &loaded, &call.error);
        PyObject *result = NULL;
        if (pycoffer_task_leave(self, &call, status))
                result = pickle_bytes ? load_large_pickle(self, text, pickle_bytes)
                                      : pycoffer_object_to_python(self->state, &loaded);
        pycoffer_object_unref(self->state, &loaded);
        return result;
}

/* The names and objects of one call; `objects` are there once it went well. */
struct selection {
        pycoffer_texts names;
        coffer_object *objects;
};

static bool make_selection(PyObject *iterable, struct selection *out)
{
        out->objects = NULL;
        if (!pycoffer_texts_take(iterable, artifact_name, &out->names))
                return false;
        out->objects = PyMem_Calloc(out->names.count + 1, sizeof(*out->objects));
        if (!out->objects)
                PyErr_NoMemory();
        return out->objects != NULL;
}

static PyObject *selection_to_dict(pycoffer_state *state, const struct selection *selection)
{
        PyObject *dict = PyDict_New();
        for (size_t i = 0; dict && i < selection->names.count; i++) {
                PyObject *value = pycoffer_object_to_python(state, &selection->objects[i]);
                if (!value || PyDict_SetItem(dict, PyTuple_GET_ITEM(selection->names.items, (Py_ssize_t)i), value) < 0)
                        Py_CLEAR(dict);
                Py_XDECREF(value);
        }
        return dict;
}

static void free_selection(pycoffer_state *state, struct selection *selection)
{
        for (size_t i = 0; selection->objects && i < selection->names.count; i++)
                pycoffer_object_unref(state, &selection->objects[i]);
        PyMem_Free(selection->objects);
        pycoffer_texts_done(&selection->names);
}

const char pycoffer_task_load_many_doc[] = "load_many($self, names, /)\n--\n\n"
                                           "The objects of several artifacts, all or none: a dict from their names, in "
                                           "the order in which they are named.\n"
                                           "Their blobs are read by several threads at once.\n\n"
                                           "Raises what load raises; the message names the artifact at fault.";

PyObject *pycoffer_task_load_many(PyObject *object, PyObject *names)
{
        pycoffer_task *self = (pycoffer_task *)object;
        struct selection selection;
        pycoffer_call call;
        PyObject *result = NULL;
        if (make_selection(names, &selection) && pycoffer_task_enter(self, &call)) {
                coffer_status status = coffer_task_load_many(self->task, selection.names.texts, selection.names.count,
                                                             selection.objects, &call.error);
                if (pycoffer_task_leave(self, &call, status))
                        result = selection_to_dict(self->state, &selection);
        }
        free_selection(self->state, &selection);
        return result;
}

const char pycoffer_task_load_bytes_doc[] =
        "load_bytes($self, name, /)\n--\n\n"
        "The serialized bytes of an artifact, checked, whatever their encoding: a Bytes.\n\n"
        "Raises coffer.NotFound, coffer.Corrupt.";

PyObject *pycoffer_task_load_bytes(PyObject *object, PyObject *name)
{
        pycoffer_task *self = (pycoffer_task *)object;
        const char *text = pycoffer_utf8(name, artifact_name);
        coffer_bytes *bytes = NULL;
        pycoffer_call call;
        if (!text || !pycoffer_task_enter(self, &call))
                return NULL;
        coffer_status status = coffer_task_load_bytes(self->task, text, &bytes, &call.error);
        PyObject *result = NULL;
        if (pycoffer_task_leave(self, &call, status))
                result = pycoffer_bytes_wrap(self->state, bytes);
        pycoffer_bytes_unref(self->state, bytes);
        return result;
}

/* ---- what is recorded ---- */

const char pycoffer_task_record_doc[] =
        "record($self, name, /)\n--\n\n"
        "The fields of coffer.ArtifactInfo, with serializer_info as JSON. Raises coffer.NotFound.";

/* Library's text stays valid until the task changes: it is copied before the task is left. */
PyObject *pycoffer_task_record(PyObject *object, PyObject *name)
{
        pycoffer_task *self = (pycoffer_task *)object;
        const char *text = pycoffer_utf8(name, artifact_name);
        pycoffer_call call;
        if (!text || !pycoffer_task_enter_held(self, &call))
                return NULL;
        coffer_artifact_info info;
        coffer_status status = coffer_task_info(self->task, text, &info, &call.error);
        PyObject *record = NULL;
        if (status == COFFER_OK)
                record = Py_BuildValue("(ssKzzzz)", info.name, info.key, (unsigned long long)info.size_bytes, info.type,
                                       info.encoding, info.source, info.serializer_info_json);
        return pycoffer_task_leave(self, &call, status) ? record : NULL;
}

const char pycoffer_task_has_doc[] = "has($self, name, /)\n--\n\nWhether there is an artifact of that name.";

PyObject *pycoffer_task_has(PyObject *object, PyObject *name)
{
        pycoffer_task *self = (pycoffer_task *)object;
        const char *text = pycoffer_utf8(name, artifact_name);
        pycoffer_call call;
        if (!text || !pycoffer_task_enter_held(self, &call))
                return NULL;
        coffer_artifact_info info;
        coffer_status status = coffer_task_info(self->task, text, &info, &call.error);
        bool has = status == COFFER_OK;
        if (!pycoffer_task_leave(self, &call, status == COFFER_NOT_FOUND ? COFFER_OK : status))
                return NULL;
        return PyBool_FromLong(has);
}

static PyObject *list_names(coffer_task *task)
{
        PyObject *names = PyList_New(0);
        for (size_t i = 0; names && i < coffer_task_count(task); i++) {
                coffer_artifact_info info;
                coffer_status status = coffer_task_info_at(task, i, &info, NULL);
                PyObject *name = status == COFFER_OK ? PyUnicode_FromString(info.name) : PyErr_NoMemory();
                if (!name || PyList_Append(names, name) < 0)
                        Py_CLEAR(names);
                Py_XDECREF(name);
        }
        return names;
}

const char pycoffer_task_names_doc[] = "names($self, /)\n--\n\nNames of all artifacts, as recorded: a list of str.";

PyObject *pycoffer_task_names(PyObject *object, PyObject *unused)
{
        (void)unused;
        pycoffer_task *self = (pycoffer_task *)object;
        pycoffer_call call;
        if (!pycoffer_task_enter_held(self, &call))
                return NULL;
        PyObject *names = list_names(self->task);
        return pycoffer_task_leave(self, &call, COFFER_OK) ? names : NULL;
}
