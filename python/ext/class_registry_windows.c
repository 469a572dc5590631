/* SPDX-License-Identifier: Apache-2.0 */
/* Methods that read and change the registry's containers. */
#include "call.h"
#include "class_registry.h"
#include "class_serializer.h"
#include "names.h"
#include "record.h"
#include "text.h"

static pycoffer_class_registry *self_of(PyObject *object)
{
        return (pycoffer_class_registry *)object;
}

static coffer_registry *registry_of(PyObject *object)
{
        return self_of(object)->base.registry;
}

/* Ends a call that keeps the GIL. */
static PyObject *none_if(pycoffer_call *call, coffer_status status)
{
        if (!pycoffer_call_end(call, status))
                return NULL;
        Py_RETURN_NONE;
}

/* ---- maps ---- */

static bool parse_map(PyObject *number, coffer_registry_map *out)
{
        long map = PyLong_AsLong(number);
        if (map == -1 && PyErr_Occurred())
                return false;
        if (map < 0 || map >= COFFER_MAP_COUNT)
                PyErr_SetString(PyExc_ValueError, "there is no such map");
        else
                *out = (coffer_registry_map)map;
        return map >= 0 && map < COFFER_MAP_COUNT;
}

static bool parse_key(PyObject *args, coffer_registry_map *map, const char **key)
{
        PyObject *number, *text;
        if (!PyArg_ParseTuple(args, "OO", &number, &text) || !parse_map(number, map))
                return false;
        *key = pycoffer_utf8(text, "a key");
        return *key != NULL;
}

PyDoc_STRVAR(keys_doc, "keys($self, map, /)\n--\n\nThe keys of a map, in order: 0 records, 1 classes, 2 pending.");

static PyObject *windows_keys(PyObject *object, PyObject *number)
{
        coffer_registry_map map;
        const char *const *keys = NULL;
        if (!parse_map(number, &map))
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self_of(object)->base.state);
        coffer_status status = coffer_registry_keys(registry_of(object), map, &keys, &call.error);
        PyObject *list = pycoffer_call_end(&call, status) ? pycoffer_names_to_list(keys) : NULL;
        coffer_free((void *)(uintptr_t)keys);
        return list;
}

PyDoc_STRVAR(count_doc, "count($self, map, /)\n--\n\nHow many keys a map has.");

static PyObject *windows_count(PyObject *object, PyObject *number)
{
        coffer_registry_map map;
        return parse_map(number, &map) ? PyLong_FromSize_t(coffer_registry_count(registry_of(object), map)) : NULL;
}

PyDoc_STRVAR(has_doc, "has($self, map, key, /)\n--\n\nIs the key there?");

static PyObject *windows_has(PyObject *object, PyObject *args)
{
        coffer_registry_map map;
        const char *key;
        return parse_key(args, &map, &key) ? PyBool_FromLong(coffer_registry_has(registry_of(object), map, key)) : NULL;
}

PyDoc_STRVAR(remove_doc, "remove($self, map, key, /)\n--\n\nTakes a key out. False when it is not there.");

static PyObject *windows_remove(PyObject *object, PyObject *args)
{
        coffer_registry_map map;
        const char *key;
        return parse_key(args, &map, &key) ? PyBool_FromLong(coffer_registry_remove(registry_of(object), map, key))
                                           : NULL;
}

PyDoc_STRVAR(clear_doc, "clear($self, map, /)\n--\n\nTakes all keys out.");

static PyObject *windows_clear(PyObject *object, PyObject *number)
{
        coffer_registry_map map;
        if (!parse_map(number, &map))
                return NULL;
        coffer_registry_clear(registry_of(object), map);
        Py_RETURN_NONE;
}

/* ---- records, classes, pending ---- */

PyDoc_STRVAR(record_doc, "record($self, name, /)\n--\n\nThe Record of this name, or None.");

static PyObject *windows_record(PyObject *object, PyObject *name)
{
        const char *text = pycoffer_utf8(name, "a name");
        if (!text)
                return NULL;
        return pycoffer_class_registry_record(self_of(object), coffer_registry_record(registry_of(object), text));
}

PyDoc_STRVAR(put_record_doc, "put_record($self, name, record, /)\n--\n\nEnters a Record of this registry.");

static PyObject *windows_put_record(PyObject *object, PyObject *args)
{
        pycoffer_class_registry *self = self_of(object);
        const char *name;
        PyObject *given;
        if (!PyArg_ParseTuple(args, "sO", &name, &given))
                return NULL;
        coffer_record *record = pycoffer_record_of(self, given);
        PyObject *address = record ? PyLong_FromVoidPtr(record) : NULL;
        if (!address || PyDict_SetItem(self->records, address, given) < 0) {
                Py_XDECREF(address);
                return NULL;
        }
        Py_DECREF(address);
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self->base.state);
        return none_if(&call, coffer_registry_record_put(registry_of(object), name, record, &call.error));
}

PyDoc_STRVAR(get_class_doc, "get_class($self, type, /)\n--\n\nThe class of this TYPE, or None.");

static PyObject *windows_get_class(PyObject *object, PyObject *type)
{
        const char *text = pycoffer_utf8(type, "a TYPE");
        const coffer_serializer *serializer = text ? coffer_registry_class(registry_of(object), text) : NULL;
        if (!text)
                return NULL;
        return serializer ? pycoffer_class_registry_class(self_of(object), serializer) : Py_NewRef(Py_None);
}

PyDoc_STRVAR(put_class_doc, "put_class($self, type, cls, /)\n--\n\nNotes a class, which is not dispatched to by that.");

static PyObject *windows_put_class(PyObject *object, PyObject *args)
{
        const char *type;
        PyObject *class;
        if (!PyArg_ParseTuple(args, "sO", &type, &class))
                return NULL;
        const coffer_serializer *table = pycoffer_class_registry_table(self_of(object), class);
        if (!table)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self_of(object)->base.state);
        return none_if(&call, coffer_registry_class_put(registry_of(object), type, table, &call.error));
}

PyDoc_STRVAR(pending_doc, "pending($self, module, /)\n--\n\nNames of the records that wait for a module, or None.");

static PyObject *windows_pending(PyObject *object, PyObject *module)
{
        const char *text = pycoffer_utf8(module, "a module's name");
        const char *const *names = NULL;
        if (!text)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self_of(object)->base.state);
        coffer_status status = coffer_registry_pending(registry_of(object), text, &names, &call.error);
        if (!pycoffer_call_end(&call, status))
                return NULL;
        PyObject *list = names ? pycoffer_names_to_list(names) : Py_NewRef(Py_None);
        coffer_free((void *)(uintptr_t)names);
        return list;
}

PyDoc_STRVAR(put_pending_doc, "put_pending($self, module, names, /)\n--\n\nSays who waits for a module.");

static PyObject *windows_put_pending(PyObject *object, PyObject *args)
{
        const char *module;
        PyObject *iterable;
        pycoffer_names names;
        if (!PyArg_ParseTuple(args, "sO", &module, &iterable) || !pycoffer_names_take(&names, iterable))
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self_of(object)->base.state);
        coffer_status status = coffer_registry_pending_put(registry_of(object), module, names.texts, &call.error);
        pycoffer_names_done(&names);
        return none_if(&call, status);
}

/* ---- the pool ---- */

PyDoc_STRVAR(activate_doc,
             "activate($self, cls, /)\n--\n\nDispatches to the class; one that is there keeps its place.");

static PyObject *windows_activate(PyObject *object, PyObject *class)
{
        const coffer_serializer *table = pycoffer_class_registry_table(self_of(object), class);
        if (!table)
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self_of(object)->base.state);
        return none_if(&call, coffer_registry_activate(registry_of(object), table, &call.error));
}

PyDoc_STRVAR(deactivate_doc, "deactivate($self, cls, /)\n--\n\nDispatches to it no more.");

static PyObject *windows_deactivate(PyObject *object, PyObject *class)
{
        const coffer_serializer *table = pycoffer_class_registry_table(self_of(object), class);
        if (!table)
                return NULL;
        coffer_registry_deactivate(registry_of(object), table);
        Py_RETURN_NONE;
}

static PyObject *list_classes(pycoffer_class_registry *self, const coffer_serializer **serializers, size_t count)
{
        PyObject *list = PyList_New((Py_ssize_t)count);
        for (size_t i = 0; list && i < count; i++) {
                PyObject *class = pycoffer_class_registry_class(self, serializers[i]);
                if (class)
                        PyList_SET_ITEM(list, (Py_ssize_t)i, class);
                else
                        Py_CLEAR(list);
        }
        return list;
}

PyDoc_STRVAR(active_doc,
             "active($self, /)\n--\n\nThe classes that are dispatched to, in the order in which they came.");

static PyObject *windows_active(PyObject *object, PyObject *unused)
{
        (void)unused;
        const coffer_serializer **serializers = NULL;
        size_t count = 0;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self_of(object)->base.state);
        coffer_status status = coffer_registry_active(registry_of(object), &serializers, &count, &call.error);
        PyObject *list = pycoffer_call_end(&call, status) ? list_classes(self_of(object), serializers, count) : NULL;
        coffer_free(serializers);
        return list;
}

/* ---- the order ---- */

/* Classes may change their PRIORITY: it counts when an order is made. */
static bool refresh_priorities(pycoffer_class_registry *self)
{
        PyObject *known = PyDict_Values(self->classes);
        bool done = known != NULL;
        for (Py_ssize_t i = 0; done && i < PyList_GET_SIZE(known); i++) {
                pycoffer_class_serializer *each = (pycoffer_class_serializer *)PyList_GET_ITEM(known, i);
                int32_t priority;
                if (!coffer_registry_is_active(self->base.registry, &each->table))
                        continue;
                done = pycoffer_class_priority(each->class, &priority);
                if (done)
                        coffer_registry_set_priority(self->base.registry, &each->table, priority);
        }
        Py_XDECREF(known);
        return done;
}

static PyObject *list_places(pycoffer_class_registry *self, const coffer_place *places, size_t count)
{
        PyObject *list = PyList_New((Py_ssize_t)count);
        for (size_t i = 0; list && i < count; i++) {
                PyObject *item = places[i].serializer
                                         ? pycoffer_class_registry_class(self, places[i].serializer)
                                         : pycoffer_class_registry_record(self, coffer_record_ref(places[i].record));
                if (item)
                        PyList_SET_ITEM(list, (Py_ssize_t)i, item);
                else
                        Py_CLEAR(list);
        }
        return list;
}

PyDoc_STRVAR(places_doc, "places($self, /)\n--\n\n"
                         "The serial number of the order of dispatch, and the order: classes, and Records of what is "
                         "not loaded yet.");

static PyObject *windows_places(PyObject *object, PyObject *unused)
{
        (void)unused;
        pycoffer_class_registry *self = self_of(object);
        coffer_place *places = NULL;
        size_t count = 0;
        uint64_t serial = 0;
        if (coffer_registry_order_serial(self->base.registry) == 0 && !refresh_priorities(self))
                return NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, self->base.state);
        coffer_status status = coffer_registry_places(self->base.registry, &places, &count, &serial, &call.error);
        PyObject *result = NULL;
        if (pycoffer_call_end(&call, status))
                result = Py_BuildValue("(KN)", (unsigned long long)serial, list_places(self, places, count));
        coffer_free(places);
        return result;
}

PyDoc_STRVAR(order_serial_doc, "order_serial($self, /)\n--\n\nOf the order that stands; 0: the next one is made anew.");

static PyObject *windows_order_serial(PyObject *object, PyObject *unused)
{
        (void)unused;
        return PyLong_FromUnsignedLongLong(coffer_registry_order_serial(registry_of(object)));
}

PyDoc_STRVAR(invalidate_doc, "invalidate($self, /)\n--\n\nThe next dispatch makes its order anew.");

static PyObject *windows_invalidate(PyObject *object, PyObject *unused)
{
        (void)unused;
        coffer_registry_order_invalidate(registry_of(object));
        Py_RETURN_NONE;
}

/* The tables of a list of classes; NULL with an exception set. Free with PyMem_Free. */
static const coffer_serializer **take_tables(pycoffer_class_registry *self, PyObject *list)
{
        size_t count = (size_t)PyList_GET_SIZE(list);
        const coffer_serializer **tables = PyMem_Calloc(count + 1, sizeof(*tables));
        if (!tables)
                PyErr_NoMemory();
        for (size_t i = 0; tables && i < count; i++) {
                tables[i] = pycoffer_class_registry_table(self, PyList_GET_ITEM(list, (Py_ssize_t)i));
                if (!tables[i]) {
                        PyMem_Free(tables);
                        tables = NULL;
                }
        }
        return tables;
}

PyDoc_STRVAR(set_order_doc, "set_order($self, classes, /)\n--\n\n"
                            "Dispatch follows this list until the order is made anew. Its serial number.");

static PyObject *windows_set_order(PyObject *object, PyObject *classes)
{
        pycoffer_class_registry *self = self_of(object);
        PyObject *list = PySequence_List(classes);
        const coffer_serializer **tables = list ? take_tables(self, list) : NULL;
        uint64_t serial = 0;
        bool done = false;
        if (tables) {
                pycoffer_call call;
                pycoffer_call_begin_held(&call, self->base.state);
                coffer_status status = coffer_registry_order_set(self->base.registry, tables,
                                                                 (size_t)PyList_GET_SIZE(list), &serial, &call.error);
                done = pycoffer_call_end(&call, status);
        }
        PyMem_Free(tables);
        Py_XDECREF(list);
        return done ? PyLong_FromUnsignedLongLong(serial) : NULL;
}

PyMethodDef pycoffer_window_methods[] = {
        {"keys", windows_keys, METH_O, keys_doc},
        {"count", windows_count, METH_O, count_doc},
        {"has", windows_has, METH_VARARGS, has_doc},
        {"remove", windows_remove, METH_VARARGS, remove_doc},
        {"clear", windows_clear, METH_O, clear_doc},
        {"record", windows_record, METH_O, record_doc},
        {"put_record", windows_put_record, METH_VARARGS, put_record_doc},
        {"get_class", windows_get_class, METH_O, get_class_doc},
        {"put_class", windows_put_class, METH_VARARGS, put_class_doc},
        {"pending", windows_pending, METH_O, pending_doc},
        {"put_pending", windows_put_pending, METH_VARARGS, put_pending_doc},
        {"activate", windows_activate, METH_O, activate_doc},
        {"deactivate", windows_deactivate, METH_O, deactivate_doc},
        {"active", windows_active, METH_NOARGS, active_doc},
        {"places", windows_places, METH_NOARGS, places_doc},
        {"order_serial", windows_order_serial, METH_NOARGS, order_serial_doc},
        {"invalidate", windows_invalidate, METH_NOARGS, invalidate_doc},
        {"set_order", windows_set_order, METH_O, set_order_doc},
        {NULL, NULL, 0, NULL},
};
