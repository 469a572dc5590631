/* SPDX-License-Identifier: Apache-2.0 */
#include "scan.h"

#include "bytes.h"
#include "call.h"

/* The fields of coffer.Finding. */
static PyObject *make_finding(const coffer_pickle_finding *finding)
{
        return Py_BuildValue("(iissKKs)", (int)finding->verdict, (int)finding->action, finding->module,
                             finding->qualname, (unsigned long long)finding->offset, (unsigned long long)finding->count,
                             finding->reason);
}

static PyObject *make_findings(const coffer_pickle_report *report)
{
        size_t count = coffer_pickle_report_count(report);
        PyObject *findings = PyList_New((Py_ssize_t)count);
        for (size_t i = 0; findings && i < count; i++) {
                PyObject *finding = make_finding(coffer_pickle_report_finding(report, i));
                if (finding)
                        PyList_SET_ITEM(findings, (Py_ssize_t)i, finding);
                else
                        Py_CLEAR(findings);
        }
        return findings;
}

static PyObject *scan(PyObject *module, PyObject *data)
{
        pycoffer_state *state = pycoffer_state_of(module);
        coffer_bytes *bytes = pycoffer_bytes_from(state, data);
        if (!bytes)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, state);
        coffer_pickle_report *report = NULL;
        coffer_status status = coffer_pickle_scan(bytes, &report, &call.error);
        coffer_bytes_unref(bytes);
        PyObject *result = NULL;
        if (pycoffer_call_end(&call, status))
                result = Py_BuildValue("(iN)", (int)coffer_pickle_report_verdict(report), make_findings(report));
        coffer_pickle_report_free(report);
        return result;
}

PyDoc_STRVAR(scan_doc, "scan($module, data, /)\n--\n\nSee coffer.scan.");

static PyMethodDef functions[] = {
        {"scan", scan, METH_O, scan_doc},
        {NULL, NULL, 0, NULL},
};

bool pycoffer_scan_add(PyObject *module, pycoffer_state *state)
{
        (void)state;
        return PyModule_AddFunctions(module, functions) == 0;
}
