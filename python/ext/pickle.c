/* SPDX-License-Identifier: Apache-2.0 */
#include "pickle.h"

#include "bytes.h"
#include "call.h"
#include "object.h"
#include "pickler.h"
#include "unpickler.h"

static const char *const encodings[] = {"pickle-v4", "gzip+pickle-v4", "gzip+pickle-v2", "pickle-v2"};

static coffer_status interpreter_gone(coffer_error *error)
{
        return coffer_error_set(error, COFFER_STATE, "the Python interpreter is going away");
}

static coffer_status refuse_wire(coffer_error *error)
{
        return coffer_error_set(error, COFFER_UNSUPPORTED, "pickles have no WIRE format: they are bytes, not text");
}

/* ---- what it takes ---- */

/* Values of the library too (what it saves by itself): it can write those without Python. */
static coffer_status pickle_can_serialize(const coffer_serializer *self, const coffer_object *object, bool *out,
                                          coffer_error *error)
{
        (void)self;
        (void)error;
        *out = pycoffer_object_borrow(object) || object->type->view_value;
        return COFFER_OK;
}

static coffer_status pickle_can_deserialize(const coffer_serializer *self, const coffer_metadata *metadata, bool *out,
                                            coffer_error *error)
{
        (void)self;
        (void)error;
        const char *encoding = coffer_metadata_encoding(metadata);
        *out = false;
        for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
                *out = *out || (encoding && strcmp(encoding, encodings[i]) == 0);
        return COFFER_OK;
}

/* ---- writing ---- */

static coffer_bytes *dump(pycoffer_state *state, PyObject *object)
{
        coffer_bytes *pieces = pycoffer_pickle(state, object);
        if (!pieces || !pycoffer_call_wants_bytes(state))
                return pieces;
        PyObject *pickle = pycoffer_bytes_copy(pieces);
        pycoffer_bytes_unref(state, pieces);
        coffer_bytes *bytes = pickle ? pycoffer_bytes_from(state, pickle) : NULL;
        if (bytes)
                pycoffer_call_offer_bytes(state, pickle);
        Py_XDECREF(pickle);
        return bytes;
}

/* What pickle raised becomes the error; with it goes which part of the object is at fault. */
static coffer_status tell_failure(pycoffer_state *state, PyObject *object, coffer_error *error)
{
        bool is_interrupt = !PyErr_ExceptionMatches(PyExc_Exception);
        coffer_status status = pycoffer_keep_exception(state, COFFER_SERIALIZER, error);
        if (is_interrupt || status != COFFER_SERIALIZER)
                return status;
        coffer_error cause = *error;
        PyObject *module = PyImport_ImportModule("coffer._unpicklable");
        PyObject *path = module ? PyObject_CallMethod(module, "find_path", "Os", object, "object") : NULL;
        const char *text = path && path != Py_None ? PyUnicode_AsUTF8(path) : NULL;
        if (text)
                coffer_error_set(error, status, "%s: %s", cause.message, text);
        if (PyErr_Occurred()) /* an interrupt; all else is for find_path to catch */
                pycoffer_keep_exception(state, status, &cause);
        Py_XDECREF(path);
        Py_XDECREF(module);
        return status;
}

static coffer_status write_python(pycoffer_state *state, PyObject *object, coffer_bytes **out, coffer_error *error)
{
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, state))
                return interpreter_gone(error);
        coffer_status status = COFFER_OK;
        coffer_bytes *bytes = dump(state, object);
        if (bytes)
                *out = bytes;
        else
                status = tell_failure(state, object, error);
        pycoffer_gil_give(&gil);
        return status;
}

static coffer_status write_value(const coffer_object *object, coffer_bytes **out, coffer_error *error)
{
        static const coffer_pickle_write_options options = {.version = 1, .protocol = PYCOFFER_PICKLE_PROTOCOL};
        coffer_document *document;
        const coffer_value *value;
        coffer_status status = coffer_object_view_value(object, &document, &value, error);
        return status == COFFER_OK ? coffer_pickle_write(document, value, &options, out, error) : status;
}

static coffer_status pickle_serialize(const coffer_serializer *self, const coffer_object *object, coffer_format format,
                                      coffer_blob_list *blobs, coffer_metadata *metadata, char **wire,
                                      coffer_error *error)
{
        (void)wire;
        if (format != COFFER_STORAGE)
                return refuse_wire(error);
        coffer_bytes *bytes = NULL;
        PyObject *python = pycoffer_object_borrow(object);
        coffer_status status =
                python ? write_python(self->user, python, &bytes, error) : write_value(object, &bytes, error);
        if (status != COFFER_OK)
                return status;
        status = coffer_blob_list_add_bytes(blobs, bytes, error);
        coffer_bytes_unref(bytes);
        return status == COFFER_OK ? coffer_metadata_set_encoding(metadata, encodings[0], error) : status;
}

/* ---- reading ---- */

static coffer_status load(pycoffer_state *state, coffer_cursor contents, coffer_object *out, coffer_error *error)
{
        PyObject *object = pycoffer_unpickle(state, contents);
        bool done = object && pycoffer_object_wrap(state, object, out);
        Py_XDECREF(object);
        return done ? COFFER_OK : pycoffer_keep_exception(state, COFFER_SERIALIZER, error);
}

static coffer_status pickle_deserialize(const coffer_serializer *self, coffer_format format,
                                        const coffer_blob_list *blobs, const coffer_metadata *metadata,
                                        const char *wire, coffer_object *out, coffer_error *error)
{
        (void)metadata;
        (void)wire;
        if (format != COFFER_STORAGE)
                return refuse_wire(error);
        coffer_bytes *bytes = coffer_blob_bytes(coffer_blob_list_at(blobs, 0));
        coffer_cursor whole; /* made one piece here, where no GIL is held */
        coffer_status status = coffer_bytes_contiguous(bytes, &whole, error);
        if (status != COFFER_OK)
                return status;
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, self->user))
                return interpreter_gone(error);
        status = load(self->user, whole, out, error);
        pycoffer_gil_give(&gil);
        return status;
}

bool pycoffer_pickle_init(PyObject *module, pycoffer_state *state)
{
        (void)module;
        state->pickle = (coffer_serializer){
                .abi = COFFER_SERIALIZER_ABI,
                .struct_bytes = sizeof(coffer_serializer),
                .type = "pickle",
                .priority = 9999,
                .name = "PickleSerializer",
                .user = state,
                .can_serialize = pickle_can_serialize,
                .can_deserialize = pickle_can_deserialize,
                .serialize = pickle_serialize,
                .deserialize = pickle_deserialize,
        };
        PyObject *pickle = PyImport_ImportModule("pickle");
        state->pickle_dumps = pickle ? PyObject_GetAttrString(pickle, "dumps") : NULL;
        Py_XDECREF(pickle);
        return state->pickle_dumps != NULL;
}
