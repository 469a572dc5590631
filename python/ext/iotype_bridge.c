/* SPDX-License-Identifier: Apache-2.0 */
#include "iotype_bridge.h"

#include "bytes.h"
#include "call.h"
#include "metadata.h"
#include "object.h"

static coffer_status interpreter_gone(coffer_error *error)
{
        return coffer_error_set(error, COFFER_STATE, "the Python interpreter is going away");
}

static coffer_status refuse_wire(coffer_error *error)
{
        return coffer_error_set(error, COFFER_UNSUPPORTED,
                                "typed objects have their wire form from their type, not from the serializer");
}

static coffer_status bridge_can_serialize(const coffer_serializer *self, const coffer_object *object, bool *out,
                                          coffer_error *error)
{
        (void)self;
        (void)error;
        *out = pycoffer_object_borrow(object) && coffer_object_is(object, "coffer.types", "IOType");
        return COFFER_OK;
}

static bool is_ours(const coffer_metadata *metadata)
{
        const char *encoding = coffer_metadata_encoding(metadata);
        return encoding && strncmp(encoding, COFFER_IOTYPE_ENCODING, strlen(COFFER_IOTYPE_ENCODING)) == 0;
}

static coffer_status bridge_can_deserialize(const coffer_serializer *self, const coffer_metadata *metadata, bool *out,
                                            coffer_error *error)
{
        (void)self;
        (void)error;
        *out = is_ours(metadata);
        return COFFER_OK;
}

static PyObject *glue(const char *function)
{
        PyObject *module = PyImport_ImportModule("coffer.types._bridge");
        PyObject *found = module ? PyObject_GetAttrString(module, function) : NULL;
        Py_XDECREF(module);
        return found;
}

/* ---- writing ---- */

/* `made` is the blob and the fields of the metadata. */
static coffer_status take_made(pycoffer_state *state, PyObject *made, coffer_blob_list *blobs,
                               coffer_metadata *metadata, coffer_error *error)
{
        PyObject *data, *fields;
        bool filled = made && PyArg_ParseTuple(made, "OO!", &data, &PyTuple_Type, &fields) &&
                      pycoffer_metadata_fill(state, metadata, fields);
        coffer_bytes *bytes = filled ? pycoffer_bytes_from(state, data) : NULL;
        if (!bytes)
                return pycoffer_keep_exception(state, COFFER_SERIALIZER, error);
        coffer_status status = coffer_blob_list_add_bytes(blobs, bytes, error);
        coffer_bytes_unref(bytes);
        return status;
}

static coffer_status bridge_serialize(const coffer_serializer *self, const coffer_object *object, coffer_format format,
                                      coffer_blob_list *blobs, coffer_metadata *metadata, char **wire,
                                      coffer_error *error)
{
        pycoffer_state *state = self->user;
        pycoffer_gil gil;
        (void)wire;
        if (format != COFFER_STORAGE)
                return refuse_wire(error);
        if (!pycoffer_gil_take(&gil, state))
                return interpreter_gone(error);
        PyObject *function = glue("store");
        PyObject *made = function ? PyObject_CallOneArg(function, pycoffer_object_borrow(object)) : NULL;
        coffer_status status = take_made(state, made, blobs, metadata, error);
        Py_XDECREF(made);
        Py_XDECREF(function);
        pycoffer_gil_give(&gil);
        return status;
}

/* ---- reading ---- */

static PyObject *call_load(pycoffer_state *state, coffer_bytes *bytes, const coffer_metadata *metadata)
{
        PyObject *fields = pycoffer_metadata_to_tuple(state, metadata);
        PyObject *data = fields ? pycoffer_bytes_wrap(state, bytes) : NULL;
        PyObject *function = data ? glue("load") : NULL;
        PyObject *object = function ? PyObject_CallFunction(function, "OOO", data, PyTuple_GET_ITEM(fields, 2),
                                                            PyTuple_GET_ITEM(fields, 3))
                                    : NULL;
        Py_XDECREF(function);
        Py_XDECREF(data);
        Py_XDECREF(fields);
        return object;
}

static coffer_status bridge_deserialize(const coffer_serializer *self, coffer_format format,
                                        const coffer_blob_list *blobs, const coffer_metadata *metadata,
                                        const char *wire, coffer_object *out, coffer_error *error)
{
        pycoffer_state *state = self->user;
        pycoffer_gil gil;
        (void)wire;
        if (format != COFFER_STORAGE)
                return refuse_wire(error);
        if (!pycoffer_gil_take(&gil, state))
                return interpreter_gone(error);
        PyObject *object = call_load(state, coffer_blob_bytes(coffer_blob_list_at(blobs, 0)), metadata);
        bool done = object && pycoffer_object_wrap(state, object, out);
        Py_XDECREF(object);
        coffer_status status = done ? COFFER_OK : pycoffer_keep_exception(state, COFFER_SERIALIZER, error);
        pycoffer_gil_give(&gil);
        return status;
}

bool pycoffer_iotype_bridge_init(PyObject *module, pycoffer_state *state)
{
        (void)module;
        state->iotype = (coffer_serializer){
                .abi = COFFER_SERIALIZER_ABI,
                .struct_bytes = sizeof(coffer_serializer),
                .type = "iotype",
                .priority = 50,
                .name = "IOTypeSerializer",
                .user = state,
                .can_serialize = bridge_can_serialize,
                .can_deserialize = bridge_can_deserialize,
                .serialize = bridge_serialize,
                .deserialize = bridge_deserialize,
        };
        return true;
}
