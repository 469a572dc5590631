/* SPDX-License-Identifier: Apache-2.0 */
#include "blobs.h"

#include "blob_loader.h"
#include "blob_saver.h"
#include "bytes.h"
#include "call.h"
#include "text.h"
#include "unpickler.h"

typedef struct {
        PyObject_HEAD pycoffer_state *state;
        coffer_storage *storage;
        coffer_cas *cas;
} blobs_object;

/* ---- making one ---- */

static coffer_status open_blobs(blobs_object *self, const char *type, const char *root, const char *prefix,
                                const coffer_cas_options *options, bool sync, coffer_error *error)
{
        coffer_storage_options storage_options = COFFER_STORAGE_OPTIONS_INIT;
        storage_options.sync = sync;
        coffer_status status = coffer_storage_open(type, root, &storage_options, &self->storage, error);
        return status == COFFER_OK ? coffer_cas_new(self->storage, prefix, options, &self->cas, error) : status;
}

static PyObject *blobs_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
        static const char *const names[] = {"type", "root", "prefix", "verify", "sync", NULL};
        coffer_cas_options options = COFFER_CAS_OPTIONS_INIT;
        const char *storage_type;
        PyObject *root = NULL, *prefix = NULL;
        int verify = COFFER_VERIFY_AUTO, sync = 1;
        if (!PyArg_ParseTupleAndKeywords(args, kwargs, "sO&O&|$ip", PYCOFFER_KEYWORDS(names), &storage_type,
                                         PyUnicode_FSConverter, &root, PyUnicode_FSConverter, &prefix, &verify, &sync))
                return NULL;
        options.verify = (coffer_verify)verify;
        pycoffer_state *state = pycoffer_state_of_type(type);
        blobs_object *self = state ? (blobs_object *)type->tp_alloc(type, 0) : NULL;
        if (self) {
                self->state = state;
                pycoffer_call call;
                pycoffer_call_begin(&call, state);
                coffer_status status = open_blobs(self, storage_type, PyBytes_AS_STRING(root),
                                                  PyBytes_AS_STRING(prefix), &options, sync != 0, &call.error);
                if (!pycoffer_call_end(&call, status))
                        Py_CLEAR(self);
        }
        Py_DECREF(root);
        Py_DECREF(prefix);
        return (PyObject *)self;
}

static void blobs_dealloc(PyObject *object)
{
        blobs_object *self = (blobs_object *)object;
        PyTypeObject *type = Py_TYPE(object);
        coffer_cas_free(self->cas);
        coffer_storage_free(self->storage);
        type->tp_free(object);
        Py_DECREF(type);
}

/* ---- blobs ---- */

PyDoc_STRVAR(blobs_save_doc, "save($self, data, raw=False)\n--\n\n"
                             "Stores bytes, framed unless `raw`: their key, 40 hexadecimal digits.");

static PyObject *blobs_save(PyObject *object, PyObject *args, PyObject *kwargs)
{
        static const char *const names[] = {"data", "raw", NULL};
        blobs_object *self = (blobs_object *)object;
        PyObject *data;
        int raw = 0;
        if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p", PYCOFFER_KEYWORDS(names), &data, &raw))
                return NULL;
        coffer_bytes *bytes = pycoffer_bytes_from(self->state, data);
        if (!bytes)
                return NULL;
        coffer_key key;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = coffer_cas_save(self->cas, bytes, raw != 0, &key, &call.error);
        coffer_bytes_unref(bytes);
        return pycoffer_call_end(&call, status) ? PyUnicode_FromString(key.text) : NULL;
}

/* (Bytes, raw); gives `bytes` back. */
static PyObject *contents_and_rawness(pycoffer_state *state, coffer_bytes *bytes, bool raw)
{
        PyObject *contents = pycoffer_bytes_wrap(state, bytes);
        pycoffer_bytes_unref(state, bytes);
        return contents ? Py_BuildValue("(NO)", contents, raw ? Py_True : Py_False) : NULL;
}

PyDoc_STRVAR(blobs_load_doc, "load($self, key, /)\n--\n\n"
                             "(Bytes, raw): the checked contents, and whether they are stored without a frame. "
                             "Raises coffer.NotFound, coffer.Corrupt and their like, which name key and path.");

static PyObject *blobs_load(PyObject *object, PyObject *args)
{
        blobs_object *self = (blobs_object *)object;
        const char *key;
        if (!PyArg_ParseTuple(args, "s", &key))
                return NULL;
        coffer_bytes *bytes = NULL;
        bool raw = false;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = coffer_cas_load(self->cas, key, &bytes, &raw, &call.error);
        return pycoffer_call_end(&call, status) ? contents_and_rawness(self->state, bytes, raw) : NULL;
}

/* ---- pickles ---- */

struct stored_blob {
        coffer_cas *cas;
        const char *key;
};

static coffer_status open_blob(void *user, coffer_stream **out, coffer_error *error)
{
        const struct stored_blob *blob = user;
        return coffer_cas_open(blob->cas, blob->key, out, error);
}

static coffer_status load_blob(void *user, coffer_bytes **out, coffer_error *error)
{
        const struct stored_blob *blob = user;
        return coffer_cas_load(blob->cas, blob->key, out, NULL, error);
}

PyDoc_STRVAR(blobs_load_pickle_doc,
             "load_pickle($self, key, size=0, /)\n--\n\n"
             "The object of a pickle that was saved; `size` is that of the contents, if it is known. Large ones are "
             "unpickled while they are read, and checked before the object is given out.\n"
             "Raises what load raises, and coffer.SerializerFailed, whose __cause__ is what unpickling raised.");

static PyObject *blobs_load_pickle(PyObject *object, PyObject *args)
{
        blobs_object *self = (blobs_object *)object;
        const char *key;
        long long size_bytes = 0;
        if (!PyArg_ParseTuple(args, "s|L", &key, &size_bytes))
                return NULL;
        struct stored_blob blob = {self->cas, key};
        pycoffer_stored_pickle stored = {.open = open_blob, .load = load_blob, .user = &blob};
        if (size_bytes > 0)
                stored.size_bytes = (uint64_t)size_bytes;
        return pycoffer_unpickle_stored(self->state, &stored);
}

/* ---- files ---- */

PyDoc_STRVAR(blobs_load_stored_doc, "load_stored($self, key, /)\n--\n\n"
                                    "The file's bytes as they are, neither unframed nor checked: a Bytes.");

static PyObject *blobs_load_stored(PyObject *object, PyObject *args)
{
        blobs_object *self = (blobs_object *)object;
        const char *key;
        if (!PyArg_ParseTuple(args, "s", &key))
                return NULL;
        coffer_bytes *bytes = NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = coffer_cas_load_stored(self->cas, key, &bytes, &call.error);
        PyObject *stored = pycoffer_call_end(&call, status) ? pycoffer_bytes_wrap(self->state, bytes) : NULL;
        pycoffer_bytes_unref(self->state, bytes);
        return stored;
}

PyDoc_STRVAR(blobs_saver_doc, "saver($self, raw=False)\n--\n\n"
                              "A BlobSaver, for many small ones.");

static PyObject *blobs_saver(PyObject *object, PyObject *args, PyObject *kwargs)
{
        static const char *const names[] = {"raw", NULL};
        blobs_object *self = (blobs_object *)object;
        int raw = 0;
        if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|p", PYCOFFER_KEYWORDS(names), &raw))
                return NULL;
        return pycoffer_blob_saver_new(self->state, object, self->cas, raw != 0);
}

PyDoc_STRVAR(blobs_load_many_doc, "load_many($self, keys, /)\n--\n\n"
                                  "A BlobLoader: an iterator over the checked contents, in the order of the keys.");

static PyObject *blobs_load_many(PyObject *object, PyObject *keys)
{
        blobs_object *self = (blobs_object *)object;
        return pycoffer_blob_loader_new(self->state, object, self->cas, keys);
}

PyDoc_STRVAR(blobs_load_pickles_doc,
             "load_pickles($self, names_of_key, /)\n--\n\n"
             "A BlobLoader of pickles: an iterator over pairs of name and object, an object for each name of each key, "
             "in order. It raises what load_pickle raises.");

static PyObject *blobs_load_pickles(PyObject *object, PyObject *names_of_key)
{
        blobs_object *self = (blobs_object *)object;
        if (!PyDict_Check(names_of_key))
                return PyErr_Format(PyExc_TypeError, "names by key must be in a dict, not in a %s",
                                    Py_TYPE(names_of_key)->tp_name);
        return pycoffer_pickle_loader_new(self->state, object, self->cas, names_of_key);
}

static int blobs_contains(PyObject *object, PyObject *text)
{
        blobs_object *self = (blobs_object *)object;
        const char *key = PyUnicode_AsUTF8(text);
        coffer_blob_stat found = {false, 0};
        if (!key || !coffer_key_is_valid(key))
                return key ? 0 : -1;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = coffer_cas_stat(self->cas, key, &found, &call.error);
        return pycoffer_call_end(&call, status) ? found.exists : -1;
}

PyDoc_STRVAR(blobs_require_doc, "require($self, keys, /)\n--\n\n"
                                "The next sync covers these blobs, whoever stored them, as far as they are there.");

static coffer_status require_each(blobs_object *self, const pycoffer_texts *keys, coffer_error *error)
{
        coffer_status status = COFFER_OK;
        for (size_t i = 0; i < keys->count && status == COFFER_OK; i++) {
                status = coffer_cas_require(self->cas, keys->texts[i], error);
                if (status == COFFER_NOT_FOUND || status == COFFER_INVALID)
                        status = COFFER_OK;
        }
        return status;
}

static PyObject *blobs_require(PyObject *object, PyObject *iterable)
{
        blobs_object *self = (blobs_object *)object;
        pycoffer_texts keys;
        pycoffer_call call;
        bool is_done = false;
        if (pycoffer_texts_take(iterable, "a key", &keys)) {
                pycoffer_call_begin(&call, self->state);
                is_done = pycoffer_call_end(&call, require_each(self, &keys, &call.error));
        }
        pycoffer_texts_done(&keys);
        return is_done ? Py_NewRef(Py_None) : NULL;
}

PyDoc_STRVAR(blobs_require_file_doc, "require_file($self, path, /)\n--\n\n"
                                     "The next sync covers this file of the storage, whoever wrote it.");

static PyObject *blobs_require_file(PyObject *object, PyObject *args)
{
        blobs_object *self = (blobs_object *)object;
        const char *path;
        if (!PyArg_ParseTuple(args, "s", &path))
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = self->storage->class_->require(self->storage, path, &call.error);
        return pycoffer_call_end(&call, status) ? Py_NewRef(Py_None) : NULL;
}

PyDoc_STRVAR(blobs_sync_doc, "sync($self, /)\n--\n\n"
                             "Waits until all that was saved or required through this object is on the disk, with the "
                             "directories above it; does nothing when made with sync=False.");

static PyObject *blobs_sync(PyObject *object, PyObject *unused)
{
        blobs_object *self = (blobs_object *)object;
        (void)unused;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->state);
        coffer_status status = self->storage->class_->sync(self->storage, &call.error);
        return pycoffer_call_end(&call, status) ? Py_NewRef(Py_None) : NULL;
}

/* ---- the type ---- */

PyDoc_STRVAR(blobs_doc, "Blobs(type, root, prefix, *, verify=0, sync=True)\n--\n\n"
                        "The content-addressed blobs under `prefix` (\"Flow/data\") of the storage of kind `type` at "
                        "`root`. Any thread may use it.");

static PyMethodDef blobs_methods[] = {
        {"save", (PyCFunction)(void (*)(void))blobs_save, METH_VARARGS | METH_KEYWORDS, blobs_save_doc},
        {"load", blobs_load, METH_VARARGS, blobs_load_doc},
        {"load_pickle", blobs_load_pickle, METH_VARARGS, blobs_load_pickle_doc},
        {"load_stored", blobs_load_stored, METH_VARARGS, blobs_load_stored_doc},
        {"saver", (PyCFunction)(void (*)(void))blobs_saver, METH_VARARGS | METH_KEYWORDS, blobs_saver_doc},
        {"load_many", blobs_load_many, METH_O, blobs_load_many_doc},
        {"load_pickles", blobs_load_pickles, METH_O, blobs_load_pickles_doc},
        {"require", blobs_require, METH_O, blobs_require_doc},
        {"require_file", blobs_require_file, METH_VARARGS, blobs_require_file_doc},
        {"sync", blobs_sync, METH_NOARGS, blobs_sync_doc},
        {NULL, NULL, 0, NULL},
};

static PyType_Slot blobs_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)blobs_doc},
        {Py_tp_new, blobs_new},
        {Py_tp_dealloc, blobs_dealloc},
        {Py_tp_methods, blobs_methods},
        {Py_sq_contains, blobs_contains},
        {0, NULL},
};

static PyType_Spec blobs_spec = {
        .name = "coffer._coffer.Blobs",
        .basicsize = sizeof(blobs_object),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = blobs_slots,
};

bool pycoffer_blobs_add_type(PyObject *module, pycoffer_state *state)
{
        PyObject *type = PyType_FromModuleAndSpec(module, &blobs_spec, NULL);
        bool is_added = type && PyModule_AddType(module, (PyTypeObject *)type) == 0;
        (void)state;
        Py_XDECREF(type);
        return is_added;
}
