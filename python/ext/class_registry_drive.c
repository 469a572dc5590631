/* SPDX-License-Identifier: Apache-2.0 */
/* Methods that declare entries and drive them. */
#include "call.h"
#include "class_registry.h"
#include "names.h"
#include "record.h"
#include "text.h"

static pycoffer_class_registry *self_of(PyObject *object)
{
        return (pycoffer_class_registry *)object;
}

static PyObject *end_call(pycoffer_call *call, coffer_status status)
{
        if (!pycoffer_call_end(call, status))
                return NULL;
        Py_RETURN_NONE;
}

/* ---- declaring ---- */

/* What comes with a declaration whose code is not loaded at once; None for one that is. */
struct lazy {
        pycoffer_names types, encodings, needs;
        int32_t priority;
};

static bool take_lazy(struct lazy *lazy, PyObject *tuple)
{
        PyObject *types, *encodings, *needs;
        int priority;
        if (tuple == Py_None)
                return true;
        if (!PyArg_ParseTuple(tuple, "OOOi;a lazy declaration is (types, encodings, needs, priority)", &types,
                              &encodings, &needs, &priority))
                return false;
        lazy->priority = priority;
        return pycoffer_names_take(&lazy->types, types) && pycoffer_names_take(&lazy->encodings, encodings) &&
               pycoffer_names_take(&lazy->needs, needs);
}

static void lazy_done(struct lazy *lazy)
{
        pycoffer_names_done(&lazy->types);
        pycoffer_names_done(&lazy->encodings);
        pycoffer_names_done(&lazy->needs);
}

PyDoc_STRVAR(
        declare_doc,
        "declare($self, name, class_path, source, is_off, lazy, /)\n--\n\n"
        "Declares an entry. `lazy` is None, or (types, encodings, needs, priority): then nothing is imported until "
        "an object of such a type or such an encoding comes.");

static PyObject *drive_declare(PyObject *object, PyObject *args)
{
        pycoffer_class_registry *self = self_of(object);
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        struct lazy lazy = {{NULL, NULL}, {NULL, NULL}, {NULL, NULL}, 0};
        int is_off;
        PyObject *tuple, *result = NULL;
        if (!PyArg_ParseTuple(args, "sszpO", &descriptor.name, &descriptor.location, &descriptor.source, &is_off,
                              &tuple))
                return NULL;
        if (take_lazy(&lazy, tuple)) {
                descriptor.is_off = is_off;
                descriptor.types = lazy.types.texts;
                descriptor.encodings = lazy.encodings.texts;
                descriptor.needs = lazy.needs.texts;
                descriptor.priority = tuple == Py_None ? NULL : &lazy.priority;
                pycoffer_call call;
                pycoffer_call_begin(&call, self->base.state);
                coffer_status status =
                        coffer_registry_declare(self->base.registry, &descriptor, &self->host, &call.error);
                result = end_call(&call, status);
        }
        lazy_done(&lazy);
        return result;
}

PyDoc_STRVAR(set_toggles_doc, "set_toggles($self, text, /)\n--\n\n"
                              "Replaces the toggles for what is declared from now on; None: those of the environment.");

static PyObject *drive_set_toggles(PyObject *object, PyObject *text)
{
        const char *utf8 = text == Py_None ? NULL : pycoffer_utf8(text, "toggles");
        if (!utf8 && text != Py_None)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, self_of(object)->base.state);
        return end_call(&call, coffer_registry_set_toggles(self_of(object)->base.registry, utf8, &call.error));
}

PyDoc_STRVAR(allows_doc, "allows($self, name, /)\n--\n\nDo the toggles let a serializer of this name be?");

static PyObject *drive_allows(PyObject *object, PyObject *name)
{
        const char *utf8 = pycoffer_utf8(name, "a name");
        return utf8 ? PyBool_FromLong(coffer_registry_allows(self_of(object)->base.registry, utf8, false)) : NULL;
}

PyDoc_STRVAR(discover_doc, "discover($self, /)\n--\n\nDeclares what descriptor files of the environment, the user and "
                           "the system say.");

static PyObject *drive_discover(PyObject *object, PyObject *unused)
{
        (void)unused;
        pycoffer_call call;
        pycoffer_call_begin(&call, self_of(object)->base.state);
        return end_call(&call, coffer_registry_discover(self_of(object)->base.registry, NULL, &call.error));
}

/* ---- the lifecycle ---- */

PyDoc_STRVAR(park_doc, "park($self, record, missing, kind, message, /)\n--\n\n"
                       "The record waits for a module, or is broken when it did before or the name is None.");

static PyObject *drive_park(PyObject *object, PyObject *args)
{
        PyObject *given;
        const char *missing, *kind, *message;
        if (!PyArg_ParseTuple(args, "Ozss", &given, &missing, &kind, &message))
                return NULL;
        coffer_record *record = pycoffer_record_of(self_of(object), given);
        if (!record)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, self_of(object)->base.state);
        coffer_registry_park(self_of(object)->base.registry, record, missing, kind, message);
        return end_call(&call, COFFER_OK);
}

PyDoc_STRVAR(retry_doc, "retry($self, record, /)\n--\n\nLoads and sets up once more.");

static PyObject *drive_retry(PyObject *object, PyObject *given)
{
        coffer_record *record = pycoffer_record_of(self_of(object), given);
        if (!record)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, self_of(object)->base.state);
        coffer_registry_retry(self_of(object)->base.registry, record);
        return end_call(&call, COFFER_OK);
}

/* Drives a record by a function that wants a text besides. */
static PyObject *drive_with_text(PyObject *object, PyObject *args,
                                 void (*drive)(coffer_registry *registry, coffer_record *record, const char *text))
{
        PyObject *given;
        const char *text;
        if (!PyArg_ParseTuple(args, "Os", &given, &text))
                return NULL;
        coffer_record *record = pycoffer_record_of(self_of(object), given);
        if (!record)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, self_of(object)->base.state);
        drive(self_of(object)->base.registry, record, text);
        return end_call(&call, COFFER_OK);
}

PyDoc_STRVAR(crashed_doc, "crashed($self, record, message, /)\n--\n\nA retry ended as none should: it is broken.");

static PyObject *drive_crashed(PyObject *object, PyObject *args)
{
        return drive_with_text(object, args, coffer_registry_crashed);
}

PyDoc_STRVAR(take_waiting_doc, "take_waiting($self, module, /)\n--\n\n"
                               "The next Record that waits for the module, and waits no more; or None.");

static PyObject *drive_take_waiting(PyObject *object, PyObject *module)
{
        const char *name = pycoffer_utf8(module, "a module's name");
        if (!name)
                return NULL;
        return pycoffer_class_registry_record(self_of(object),
                                              coffer_registry_take_waiting(self_of(object)->base.registry, name));
}

PyDoc_STRVAR(call_for_doc, "call_for($self, record, trigger, /)\n--\n\n"
                           "Loads what is declared and not loaded yet; `trigger` is \"type\" or \"encoding\".");

static PyObject *drive_call_for(PyObject *object, PyObject *args)
{
        return drive_with_text(object, args, coffer_registry_call_for);
}

/* ---- dispatch ---- */

PyDoc_STRVAR(account_doc, "account($self, type, message, /)\n--\n\n"
                          "Counts an error of a serializer that was asked and failed. How many it has had.");

static PyObject *drive_account(PyObject *object, PyObject *args)
{
        const char *type, *message;
        if (!PyArg_ParseTuple(args, "ss", &type, &message))
                return NULL;
        return PyLong_FromUnsignedLongLong(coffer_registry_account(self_of(object)->base.registry, type, message));
}

PyDoc_STRVAR(source_doc, "source($self, type, /)\n--\n\nThe package of the first record of this type, or None.");

static PyObject *drive_source(PyObject *object, PyObject *type)
{
        const char *utf8 = pycoffer_utf8(type, "a TYPE");
        return utf8 ? Py_BuildValue("z", coffer_registry_source(self_of(object)->base.registry, utf8)) : NULL;
}

PyDoc_STRVAR(explain_doc,
             "explain($self, encoding, /)\n--\n\n"
             "Why a declared reader of the encoding can't be used and what it needs; None: there is none.");

static PyObject *drive_explain(PyObject *object, PyObject *encoding)
{
        const char *utf8 = pycoffer_utf8(encoding, "an encoding");
        char *line = NULL;
        if (!utf8)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self_of(object)->base.state);
        coffer_status status = coffer_registry_explain(self_of(object)->base.registry, utf8, &line, &call.error);
        if (!pycoffer_call_end(&call, status == COFFER_NOT_FOUND ? COFFER_OK : status))
                return NULL;
        PyObject *text = line ? PyUnicode_DecodeUTF8(line, (Py_ssize_t)strlen(line), "replace") : Py_NewRef(Py_None);
        coffer_free(line);
        return text;
}

PyMethodDef pycoffer_drive_methods[] = {
        {"declare", drive_declare, METH_VARARGS, declare_doc},
        {"set_toggles", drive_set_toggles, METH_O, set_toggles_doc},
        {"allows", drive_allows, METH_O, allows_doc},
        {"discover", drive_discover, METH_NOARGS, discover_doc},
        {"park", drive_park, METH_VARARGS, park_doc},
        {"retry", drive_retry, METH_O, retry_doc},
        {"crashed", drive_crashed, METH_VARARGS, crashed_doc},
        {"take_waiting", drive_take_waiting, METH_O, take_waiting_doc},
        {"call_for", drive_call_for, METH_VARARGS, call_for_doc},
        {"account", drive_account, METH_VARARGS, account_doc},
        {"source", drive_source, METH_O, source_doc},
        {"explain", drive_explain, METH_O, explain_doc},
        {NULL, NULL, 0, NULL},
};
