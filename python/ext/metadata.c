/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata.h"

#include "call.h"

PyObject *pycoffer_metadata_to_tuple(pycoffer_state *state, const coffer_metadata *metadata)
{
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        char *info = NULL;
        coffer_status status = coffer_metadata_info_json(metadata, &info, &call.error);
        PyObject *tuple = NULL;
        if (pycoffer_call_end(&call, status))
                tuple = Py_BuildValue("(zKzs)", coffer_metadata_object_type(metadata),
                                      (unsigned long long)coffer_metadata_size(metadata),
                                      coffer_metadata_encoding(metadata), info);
        coffer_free(info);
        return tuple;
}

static coffer_status fill(coffer_metadata *metadata, const char *type, unsigned long long size_bytes,
                          const char *encoding, coffer_error *error)
{
        coffer_metadata_set_size(metadata, size_bytes);
        coffer_status status = coffer_metadata_set_object_type(metadata, type, error);
        return status == COFFER_OK ? coffer_metadata_set_encoding(metadata, encoding, error) : status;
}

static bool fill_info(pycoffer_state *state, coffer_metadata *metadata, PyObject *info)
{
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(info); i++) {
                const char *key, *json;
                if (!PyArg_ParseTuple(PyTuple_GET_ITEM(info, i), "ss;serializer_info must be pairs of str", &key,
                                      &json))
                        return false;
                pycoffer_call call;
                pycoffer_call_begin_held(&call, state);
                coffer_status status = coffer_metadata_set_info_json(metadata, key, json, &call.error);
                if (!pycoffer_call_end(&call, status))
                        return false;
        }
        return true;
}

bool pycoffer_metadata_fill(pycoffer_state *state, coffer_metadata *metadata, PyObject *tuple)
{
        const char *type, *encoding;
        unsigned long long size_bytes;
        PyObject *info;
        if (!PyArg_ParseTuple(tuple, "zKzO!;metadata must be (type, size, encoding, info)", &type, &size_bytes,
                              &encoding, &PyTuple_Type, &info))
                return false;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_status status = fill(metadata, type, size_bytes, encoding, &call.error);
        return pycoffer_call_end(&call, status) && fill_info(state, metadata, info);
}

coffer_metadata *pycoffer_metadata_from_tuple(pycoffer_state *state, PyObject *tuple)
{
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_metadata *metadata = NULL;
        coffer_status status = coffer_metadata_new(&metadata, &call.error);
        if (pycoffer_call_end(&call, status) && pycoffer_metadata_fill(state, metadata, tuple))
                return metadata;
        coffer_metadata_free(metadata);
        return NULL;
}
