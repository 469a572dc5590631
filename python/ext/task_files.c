/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata files and logs of a task. */
#include "bytes.h"
#include "task.h"

const char pycoffer_task_load_metadata_doc[] = "load_metadata($self, name, /)\n--\n\n"
                                               "The JSON text of a metadata file. Raises coffer.NotFound.";

PyObject *pycoffer_task_load_metadata(PyObject *object, PyObject *args)
{
        pycoffer_task *self = (pycoffer_task *)object;
        const char *name;
        pycoffer_call call;
        if (!PyArg_ParseTuple(args, "s", &name) || !pycoffer_task_enter(self, &call))
                return NULL;
        char *json = NULL;
        coffer_status status = coffer_task_load_metadata(self->task, name, &json, &call.error);
        PyObject *text = pycoffer_task_leave(self, &call, status) ? PyUnicode_FromString(json) : NULL;
        coffer_free(json);
        return text;
}

const char pycoffer_task_save_metadata_doc[] = "save_metadata($self, name, json, /)\n--\n\nWrites a metadata file.";

PyObject *pycoffer_task_save_metadata(PyObject *object, PyObject *args)
{
        pycoffer_task *self = (pycoffer_task *)object;
        const char *name, *json;
        pycoffer_call call;
        if (!PyArg_ParseTuple(args, "ss", &name, &json) || !pycoffer_task_enter(self, &call))
                return NULL;
        coffer_status status = coffer_task_save_metadata(self->task, name, json, &call.error);
        return pycoffer_task_leave(self, &call, status) ? Py_NewRef(Py_None) : NULL;
}

const char pycoffer_task_load_log_doc[] =
        "load_log($self, source, stream, /)\n--\n\n"
        "A log as Bytes: source \"runtime\" or \"task\", stream \"stdout\" or \"stderr\". "
        "Raises coffer.NotFound.";

PyObject *pycoffer_task_load_log(PyObject *object, PyObject *args)
{
        pycoffer_task *self = (pycoffer_task *)object;
        const char *source, *stream;
        pycoffer_call call;
        if (!PyArg_ParseTuple(args, "ss", &source, &stream) || !pycoffer_task_enter(self, &call))
                return NULL;
        coffer_bytes *log = NULL;
        coffer_status status = coffer_task_load_log(self->task, source, stream, &log, &call.error);
        PyObject *bytes = pycoffer_task_leave(self, &call, status) ? pycoffer_bytes_wrap(self->state, log) : NULL;
        pycoffer_bytes_unref(self->state, log);
        return bytes;
}

const char pycoffer_task_save_log_doc[] = "save_log($self, source, stream, data, /)\n--\n\nWrites a log anew.";

PyObject *pycoffer_task_save_log(PyObject *object, PyObject *args)
{
        pycoffer_task *self = (pycoffer_task *)object;
        const char *source, *stream;
        PyObject *data;
        if (!PyArg_ParseTuple(args, "ssO", &source, &stream, &data))
                return NULL;
        coffer_bytes *log = pycoffer_bytes_from(self->state, data);
        pycoffer_call call;
        bool done = false;
        if (log && pycoffer_task_enter(self, &call)) {
                coffer_status status = coffer_task_save_log(self->task, source, stream, log, &call.error);
                done = pycoffer_task_leave(self, &call, status);
        }
        pycoffer_bytes_unref(self->state, log);
        return done ? Py_NewRef(Py_None) : NULL;
}
