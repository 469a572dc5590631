/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks in Python: their artifacts, metadata files and logs. */
#ifndef COFFER_PYTHON_TASK_H
#define COFFER_PYTHON_TASK_H

#include "call.h"
#include "lock.h"
#include "module.h"

typedef struct pycoffer_task {
        PyObject_HEAD pycoffer_state *state;
        PyObject *store;    /* keeps what the task works on */
        pycoffer_lock lock; /* around every use of `task` */
        coffer_task *task;  /* NULL once closed */
        coffer_mode mode;
} pycoffer_task;

bool pycoffer_task_add_type(PyObject *module, pycoffer_state *state);

/* Starts a call on the task, without the GIL or with it: waits until no other thread is in one. False with an exception
 * set when the task is closed or used further up in this thread. */
bool pycoffer_task_enter(pycoffer_task *self, pycoffer_call *call);
bool pycoffer_task_enter_held(pycoffer_task *self, pycoffer_call *call);

/* Ends it as pycoffer_call_end does. */
bool pycoffer_task_leave(pycoffer_task *self, pycoffer_call *call, coffer_status status);

/* Methods, from the files that have them. */
PyObject *pycoffer_task_save(PyObject *object, PyObject *args);
extern const char pycoffer_task_save_doc[];
PyObject *pycoffer_task_save_blob(PyObject *object, PyObject *args);
extern const char pycoffer_task_save_blob_doc[];
PyObject *pycoffer_task_load(PyObject *object, PyObject *args);
extern const char pycoffer_task_load_doc[];
PyObject *pycoffer_task_load_many(PyObject *object, PyObject *args);
extern const char pycoffer_task_load_many_doc[];
PyObject *pycoffer_task_load_bytes(PyObject *object, PyObject *args);
extern const char pycoffer_task_load_bytes_doc[];
PyObject *pycoffer_task_record(PyObject *object, PyObject *args);
extern const char pycoffer_task_record_doc[];
PyObject *pycoffer_task_has(PyObject *object, PyObject *args);
extern const char pycoffer_task_has_doc[];
PyObject *pycoffer_task_names(PyObject *object, PyObject *args);
extern const char pycoffer_task_names_doc[];
#define PYCOFFER_TASK_ARTIFACT_METHODS                                                                                 \
        {"save", pycoffer_task_save, METH_O, pycoffer_task_save_doc},                                                  \
                {"save_blob", pycoffer_task_save_blob, METH_VARARGS, pycoffer_task_save_blob_doc},                     \
                {"load", pycoffer_task_load, METH_O, pycoffer_task_load_doc},                                          \
                {"load_many", pycoffer_task_load_many, METH_O, pycoffer_task_load_many_doc},                           \
                {"load_bytes", pycoffer_task_load_bytes, METH_O, pycoffer_task_load_bytes_doc},                        \
                {"record", pycoffer_task_record, METH_O, pycoffer_task_record_doc},                                    \
                {"has", pycoffer_task_has, METH_O, pycoffer_task_has_doc},                                             \
        {                                                                                                              \
                "names", pycoffer_task_names, METH_NOARGS, pycoffer_task_names_doc                                     \
        }

PyObject *pycoffer_task_load_metadata(PyObject *object, PyObject *args);
extern const char pycoffer_task_load_metadata_doc[];
PyObject *pycoffer_task_save_metadata(PyObject *object, PyObject *args);
extern const char pycoffer_task_save_metadata_doc[];
PyObject *pycoffer_task_load_log(PyObject *object, PyObject *args);
extern const char pycoffer_task_load_log_doc[];
PyObject *pycoffer_task_save_log(PyObject *object, PyObject *args);
extern const char pycoffer_task_save_log_doc[];
#define PYCOFFER_TASK_FILE_METHODS                                                                                     \
        {"load_metadata", pycoffer_task_load_metadata, METH_VARARGS, pycoffer_task_load_metadata_doc},                 \
                {"save_metadata", pycoffer_task_save_metadata, METH_VARARGS, pycoffer_task_save_metadata_doc},         \
                {"load_log", pycoffer_task_load_log, METH_VARARGS, pycoffer_task_load_log_doc},                        \
        {                                                                                                              \
                "save_log", pycoffer_task_save_log, METH_VARARGS, pycoffer_task_save_log_doc                           \
        }

#endif
