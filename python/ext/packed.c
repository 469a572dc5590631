/* SPDX-License-Identifier: Apache-2.0 */
#include "packed.h"

#include <coffer/file.h>

#include "bytes.h"
#include "call.h"
#include "unpickler.h"

/* ---- packing ---- */

PyDoc_STRVAR(find_key_doc, "find_key($module, data, /)\n--\n\n"
                           "The key that these bytes have in any store.");

static PyObject *find_key(PyObject *module, PyObject *data)
{
        pycoffer_state *state = pycoffer_state_of(module);
        coffer_bytes *bytes = pycoffer_bytes_from(state, data);
        if (!bytes)
                return NULL;
        coffer_key key;
        pycoffer_call call;
        pycoffer_call_begin(&call, state);
        coffer_status status = coffer_cas_find_key(bytes, &key, &call.error);
        coffer_bytes_unref(bytes);
        return pycoffer_call_end(&call, status) ? PyUnicode_FromString(key.text) : NULL;
}

PyDoc_STRVAR(pack_doc, "pack($module, data, raw=False, key=None)\n--\n\n"
                       "(key, stored, metadata): what Blobs.save would put into a file, a Bytes, and beside it, JSON "
                       "text. With `key`, what find_key gave, only what others may have written to is hashed again.");

static bool known_key(const char *text, coffer_key *out)
{
        if (text && !coffer_key_is_valid(text)) {
                PyErr_Format(PyExc_ValueError, "'%.64s' is no key of a blob", text);
                return false;
        }
        if (text)
                memcpy(out->text, text, sizeof(out->text));
        return true;
}

static PyObject *pack(PyObject *module, PyObject *args, PyObject *kwargs)
{
        static const char *const names[] = {"data", "raw", "key", NULL};
        pycoffer_state *state = pycoffer_state_of(module);
        const char *text = NULL;
        coffer_key known = {""};
        PyObject *data;
        int raw = 0;
        if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|pz", PYCOFFER_KEYWORDS(names), &data, &raw, &text) ||
            !known_key(text, &known))
                return NULL;
        coffer_bytes *bytes = pycoffer_bytes_from(state, data);
        if (!bytes)
                return NULL;
        coffer_packed_blob packed;
        pycoffer_call call;
        pycoffer_call_begin(&call, state);
        coffer_status status = coffer_cas_pack(bytes, raw != 0, text ? &known : NULL, &packed, &call.error);
        coffer_bytes_unref(bytes);
        if (!pycoffer_call_end(&call, status))
                return NULL;
        PyObject *stored = pycoffer_bytes_wrap(state, packed.stored);
        pycoffer_bytes_unref(state, packed.stored);
        return stored ? Py_BuildValue("(sNs)", packed.key.text, stored, packed.metadata_json) : NULL;
}

/* ---- unpacking ---- */

struct stored_file {
        const char *key, *place, *file, *metadata;
};

static coffer_status open_file(void *user, coffer_stream **out, coffer_error *error)
{
        const struct stored_file *blob = user;
        return coffer_cas_unpack_open(NULL, blob->key, blob->place, blob->file, blob->metadata, out, error);
}

static coffer_status load_file(void *user, coffer_bytes **out, coffer_error *error)
{
        const struct stored_file *blob = user;
        coffer_bytes *stored = NULL;
        coffer_status status = coffer_fs_read(blob->file, &stored, error);
        if (status == COFFER_OK)
                status = coffer_cas_unpack(NULL, blob->key, blob->place, stored, blob->metadata, out, NULL, error);
        coffer_bytes_unref(stored);
        return status;
}

PyDoc_STRVAR(unpack_doc, "unpack($module, key, place, file, metadata, /)\n--\n\n"
                         "The checked contents of a file with this metadata (JSON text or None), a Bytes; `place` "
                         "is what messages call it. Raises coffer.Corrupt and its like.");

static PyObject *unpack(PyObject *module, PyObject *args)
{
        pycoffer_state *state = pycoffer_state_of(module);
        struct stored_file blob;
        PyObject *file = NULL;
        if (!PyArg_ParseTuple(args, "ssO&z", &blob.key, &blob.place, PyUnicode_FSConverter, &file, &blob.metadata))
                return NULL;
        blob.file = PyBytes_AS_STRING(file);
        coffer_bytes *bytes = NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, state);
        coffer_status status = load_file(&blob, &bytes, &call.error);
        PyObject *contents = pycoffer_call_end(&call, status) ? pycoffer_bytes_wrap(state, bytes) : NULL;
        pycoffer_bytes_unref(state, bytes);
        Py_DECREF(file);
        return contents;
}

PyDoc_STRVAR(unpack_pickle_doc,
             "unpack_pickle($module, key, place, file, metadata, size=0, /)\n--\n\n"
             "The object of a pickle in a file; as Blobs.load_pickle, with the other arguments of unpack.");

static PyObject *unpack_pickle(PyObject *module, PyObject *args)
{
        struct stored_file blob;
        PyObject *file = NULL;
        long long size_bytes = 0;
        if (!PyArg_ParseTuple(args, "ssO&z|L", &blob.key, &blob.place, PyUnicode_FSConverter, &file, &blob.metadata,
                              &size_bytes))
                return NULL;
        blob.file = PyBytes_AS_STRING(file);
        pycoffer_stored_pickle stored = {.open = open_file, .load = load_file, .user = &blob};
        if (size_bytes > 0)
                stored.size_bytes = (uint64_t)size_bytes;
        PyObject *object = pycoffer_unpickle_stored(pycoffer_state_of(module), &stored);
        Py_DECREF(file);
        return object;
}

static PyMethodDef functions[] = {
        {"find_key", find_key, METH_O, find_key_doc},
        {"pack", (PyCFunction)(void (*)(void))pack, METH_VARARGS | METH_KEYWORDS, pack_doc},
        {"unpack", unpack, METH_VARARGS, unpack_doc},
        {"unpack_pickle", unpack_pickle, METH_VARARGS, unpack_pickle_doc},
        {NULL, NULL, 0, NULL},
};

bool pycoffer_packed_add(PyObject *module, pycoffer_state *state)
{
        (void)state;
        return PyModule_AddFunctions(module, functions) == 0;
}
