/* SPDX-License-Identifier: Apache-2.0 */
#include "raise.h"

bool pycoffer_errors_import(PyObject *module, pycoffer_state *state)
{
        (void)module;
        PyObject *errors = PyImport_ImportModule("coffer._errors");
        PyObject *by_status = errors ? PyObject_GetAttrString(errors, "BY_STATUS") : NULL;
        Py_XDECREF(errors);
        for (int i = 0; by_status && i < COFFER_STATUS_COUNT; i++) {
                state->errors[i] = PyMapping_GetItemString(by_status, coffer_status_name((coffer_status)i));
                if (!state->errors[i])
                        Py_CLEAR(by_status);
        }
        bool found = by_status != NULL;
        Py_XDECREF(by_status);
        return found;
}

static PyObject *make_exception(PyObject *class, const coffer_error *error)
{
        PyObject *message = PyUnicode_DecodeUTF8(error->message, (Py_ssize_t)strlen(error->message), "replace");
        PyObject *exception = message ? PyObject_CallOneArg(class, message) : NULL;
        Py_XDECREF(message);
        if (exception && error->offset >= 0) {
                PyObject *offset = PyLong_FromLongLong(error->offset);
                if (!offset || PyObject_SetAttrString(exception, "offset", offset) < 0)
                        Py_CLEAR(exception);
                Py_XDECREF(offset);
        }
        return exception;
}

void pycoffer_raise(pycoffer_state *state, coffer_status status, const coffer_error *error, PyObject *cause)
{
        if (status == COFFER_NO_MEMORY) {
                PyErr_NoMemory();
                return;
        }
        PyObject *class = (unsigned)status < COFFER_STATUS_COUNT ? state->errors[status] : NULL;
        PyObject *exception = make_exception(class ? class : PyExc_RuntimeError, error);
        if (!exception)
                return;
        if (cause)
                PyException_SetCause(exception, Py_NewRef(cause));
        PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
        Py_DECREF(exception);
}

PyObject *pycoffer_take_exception(void)
{
#if PY_VERSION_HEX >= 0x030C0000
        return PyErr_GetRaisedException();
#else
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        PyErr_NormalizeException(&type, &value, &traceback);
        if (traceback)
                PyException_SetTraceback(value, traceback);
        Py_XDECREF(type);
        Py_XDECREF(traceback);
        return value;
#endif
}

void pycoffer_error_from_exception(PyObject *exception, coffer_status status, coffer_error *error)
{
        PyObject *text = PyObject_Str(exception);
        const char *utf8 = text ? PyUnicode_AsUTF8(text) : NULL;
        PyErr_Clear(); /* an exception that can't be printed still has a type */
        const char *type = Py_TYPE(exception)->tp_name;
        if (utf8 && *utf8)
                coffer_error_set(error, status, "%s: %s", type, utf8);
        else
                coffer_error_set(error, status, "%s", type);
        Py_XDECREF(text);
}
