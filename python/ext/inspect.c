/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect.h"

#include "bytes.h"
#include "call.h"
#include "document.h"

static PyObject *inspect(PyObject *module, PyObject *data)
{
        static const coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        pycoffer_state *state = pycoffer_state_of(module);
        coffer_bytes *bytes = pycoffer_bytes_from(state, data);
        if (!bytes)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, state);
        coffer_document *document = NULL;
        coffer_status status = coffer_pickle_read(bytes, &options, &document, NULL, &call.error);
        coffer_bytes_unref(bytes);
        PyObject *root = NULL;
        if (pycoffer_call_end(&call, status))
                root = pycoffer_document_to_python(state, document, PYCOFFER_AS_RECORDED);
        pycoffer_document_unref(state, document);
        return root;
}

PyDoc_STRVAR(inspect_doc, "inspect($module, data, /)\n--\n\nSee coffer.inspect.");

static PyMethodDef functions[] = {
        {"inspect", inspect, METH_O, inspect_doc},
        {NULL, NULL, 0, NULL},
};

bool pycoffer_inspect_add(PyObject *module, pycoffer_state *state)
{
        (void)state;
        return PyModule_AddFunctions(module, functions) == 0;
}
