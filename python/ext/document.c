/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"

#include "call.h"
#include "memo.h"
#include "scalar.h"
#include "tensor.h"
#include "text.h"

/* Values of a document on their way to Python. Mutable containers are made empty and filled later, from a list of those
 * that wait; immutable ones are made when all their items are, with a stack of those that are under way. */
typedef struct {
        pycoffer_state *state;
        coffer_document *document;
        pycoffer_view_mode mode;
        pycoffer_memo memo;
        struct pending {
                const coffer_value *value;
                PyObject *object; /* borrowed from the memo */
        } * pending;
        size_t pending_count, pending_capacity;
        struct frame {
                const coffer_value *value;
                size_t next; /* item to look at */
        } * frames;
        size_t frame_count, frame_capacity;
} maker;

static PyObject *make(maker *self, const coffer_value *value);

static bool reserve(void **items, size_t count, size_t *capacity, size_t item_bytes)
{
        if (count < *capacity)
                return true;
        size_t larger = *capacity ? *capacity * 2 : 32;
        void *moved = PyMem_Realloc(*items, larger * item_bytes);
        if (!moved) {
                PyErr_NoMemory();
                return false;
        }
        *items = moved;
        *capacity = larger;
        return true;
}

/* ---- tuples and frozensets ---- */

static bool is_immutable_container(const coffer_value *value)
{
        coffer_kind kind = coffer_value_kind(value);
        return kind == COFFER_KIND_TUPLE || kind == COFFER_KIND_FROZENSET;
}

static bool open_frame(maker *self, const coffer_value *value)
{
        if (!reserve((void **)&self->frames, self->frame_count, &self->frame_capacity, sizeof(*self->frames)) ||
            !pycoffer_memo_put(&self->memo, value, NULL))
                return false;
        self->frames[self->frame_count++] = (struct frame){value, 0};
        return true;
}

static PyObject *make_tuple(maker *self, const coffer_value *value)
{
        size_t count = coffer_value_count(value);
        PyObject *tuple = PyTuple_New((Py_ssize_t)count);
        for (size_t i = 0; tuple && i < count; i++) {
                PyObject *item = make(self, coffer_value_item(value, i));
                if (item)
                        PyTuple_SET_ITEM(tuple, (Py_ssize_t)i, item);
                else
                        Py_CLEAR(tuple);
        }
        return tuple;
}

/* All items are made, or are no immutable containers. */
static bool close_frame(maker *self, const coffer_value *value)
{
        PyObject *object = make_tuple(self, value);
        if (object && coffer_value_kind(value) == COFFER_KIND_FROZENSET)
                Py_SETREF(object, PyFrozenSet_New(object));
        bool done = object && pycoffer_memo_put(&self->memo, value, object);
        Py_XDECREF(object);
        return done;
}

/* Opens a frame for the next item that must be made before the container on top; or closes that. */
static bool advance(maker *self)
{
        struct frame *top = &self->frames[self->frame_count - 1];
        size_t count = coffer_value_count(top->value);
        for (; top->next < count; top->next++) {
                const coffer_value *item = coffer_value_item(top->value, top->next);
                if (!is_immutable_container(item))
                        continue;
                const pycoffer_memo_slot *slot = pycoffer_memo_find(&self->memo, item);
                if (!slot)
                        return open_frame(self, item);
                if (!slot->object) {
                        PyErr_SetString(self->state->errors[COFFER_MALFORMED], "a tuple or frozenset holds itself");
                        return false;
                }
        }
        self->frame_count--;
        return close_frame(self, top->value);
}

static PyObject *make_immutable(maker *self, const coffer_value *value)
{
        if (!open_frame(self, value))
                return NULL;
        while (self->frame_count > 0)
                if (!advance(self))
                        return NULL;
        return Py_NewRef(pycoffer_memo_find(&self->memo, value)->object);
}

/* ---- arrays and what has no counterpart ---- */

static PyObject *type_name(const coffer_value *value)
{
        coffer_cursor module, qualname;
        coffer_value_type(value, &module, &qualname);
        PyObject *left = pycoffer_text(module), *right = left ? pycoffer_text(qualname) : NULL;
        PyObject *name = right ? PyUnicode_FromFormat("%U.%U", left, right) : NULL;
        Py_XDECREF(left);
        Py_XDECREF(right);
        return name;
}

static PyObject *unsupported(maker *self, const coffer_value *value)
{
        PyObject *type = type_name(value);
        if (type)
                PyErr_Format(self->state->errors[COFFER_UNSUPPORTED],
                             "a value of type %U is no plain value: only pickles can hold such objects", type);
        Py_XDECREF(type);
        return NULL;
}

static PyObject *make_tensor(maker *self, const coffer_value *value, const coffer_tensor *tensor)
{
        if (self->mode == PYCOFFER_AS_OBJECTS && tensor->dtype.kind == 'O')
                return unsupported(self, value);
        PyTypeObject *class = (PyTypeObject *)self->state->classes[PYCOFFER_CLASS_TENSOR];
        PyObject *object = pycoffer_tensor_new(self->state, class, self->document, tensor);
        if (object && self->mode == PYCOFFER_AS_OBJECTS)
                Py_SETREF(object, PyObject_CallMethod(object, "to_array", NULL));
        return object;
}

/* An object that is an array, as one; else NULL, without an exception when it is none. */
static PyObject *make_recognised(maker *self, const coffer_value *value, bool *waits)
{
        coffer_tensor tensor;
        pycoffer_call call;
        pycoffer_call_begin_held(&call, self->state);
        coffer_status status = coffer_value_as_tensor(self->document, value, &tensor, &call.error);
        bool is_none = status == COFFER_DECLINED || status == COFFER_MALFORMED;
        if (!pycoffer_call_end(&call, is_none ? COFFER_OK : status) || is_none)
                return NULL;
        *waits = tensor.objects != NULL;
        return make_tensor(self, value, &tensor);
}

static PyObject *make_object(maker *self, const coffer_value *value, bool *waits)
{
        if (self->mode == PYCOFFER_AS_OBJECTS)
                return unsupported(self, value);
        PyObject *object = make_recognised(self, value, waits);
        if (object || PyErr_Occurred())
                return object;
        *waits = true;
        return PyObject_CallNoArgs(self->state->classes[PYCOFFER_CLASS_OBJECT]);
}

static PyObject *make_global(maker *self, const coffer_value *value)
{
        PyObject *module = pycoffer_text(coffer_value_module(value));
        PyObject *qualname = module ? pycoffer_text(coffer_value_qualname(value)) : NULL;
        PyObject *object = qualname ? PyObject_CallFunctionObjArgs(self->state->classes[PYCOFFER_CLASS_GLOBAL], module,
                                                                   qualname, NULL)
                                    : NULL;
        Py_XDECREF(module);
        Py_XDECREF(qualname);
        return object;
}

static PyObject *make_foreign(maker *self, const coffer_value *value, bool *waits)
{
        coffer_kind kind = coffer_value_kind(value);
        if (kind == COFFER_KIND_TENSOR)
                return make_recognised(self, value, waits);
        if (kind == COFFER_KIND_OBJECT)
                return make_object(self, value, waits);
        if (self->mode == PYCOFFER_AS_OBJECTS)
                return unsupported(self, value);
        if (kind == COFFER_KIND_GLOBAL)
                return make_global(self, value);
        if (kind == COFFER_KIND_EXTENSION)
                return PyObject_CallFunction(self->state->classes[PYCOFFER_CLASS_EXTENSION], "I",
                                             coffer_value_extension_code(value));
        *waits = true; /* a persistent id */
        return PyObject_CallNoArgs(self->state->classes[PYCOFFER_CLASS_PERSISTENT]);
}

/* ---- one value ---- */

/* The object, perhaps empty: `*waits` tells. */
static PyObject *make_new(maker *self, const coffer_value *value, bool *waits)
{
        switch (coffer_value_kind(value)) {
        case COFFER_KIND_LIST:
                *waits = true;
                return PyList_New((Py_ssize_t)coffer_value_count(value));
        case COFFER_KIND_DICT:
                *waits = true;
                return PyDict_New();
        case COFFER_KIND_SET:
                *waits = true;
                return PySet_New(NULL);
        case COFFER_KIND_BUFFER:
                return pycoffer_tensor_view(self->state, self->document, coffer_value_data(value));
        case COFFER_KIND_GLOBAL:
        case COFFER_KIND_EXTENSION:
        case COFFER_KIND_OBJECT:
        case COFFER_KIND_PERSISTENT:
        case COFFER_KIND_TENSOR:
                return make_foreign(self, value, waits);
        default:
                return pycoffer_scalar(value);
        }
}

static bool remember(maker *self, const coffer_value *value, PyObject *object, bool waits)
{
        if (!pycoffer_memo_put(&self->memo, value, object))
                return false;
        if (!waits)
                return true;
        if (!reserve((void **)&self->pending, self->pending_count, &self->pending_capacity, sizeof(*self->pending)))
                return false;
        self->pending[self->pending_count++] = (struct pending){value, object};
        return true;
}

/* A new reference to what `value` is. */
static PyObject *make(maker *self, const coffer_value *value)
{
        if (pycoffer_scalar_is_unshared(value))
                return pycoffer_scalar(value);
        const pycoffer_memo_slot *slot = pycoffer_memo_find(&self->memo, value);
        if (slot)
                return Py_NewRef(slot->object);
        if (is_immutable_container(value))
                return make_immutable(self, value);
        bool waits = false;
        PyObject *object = make_new(self, value, &waits);
        if (object && !remember(self, value, object, waits))
                Py_CLEAR(object);
        return object;
}

/* ---- filling ---- */

static bool fill_list(maker *self, const coffer_value *value, PyObject *list)
{
        for (size_t i = 0; i < coffer_value_count(value); i++) {
                PyObject *item = make(self, coffer_value_item(value, i));
                if (!item)
                        return false;
                PyList_SET_ITEM(list, (Py_ssize_t)i, item);
        }
        return true;
}

/* True when a key or item was added; one that can't be hashed is the data's fault. */
static bool is_added(maker *self, int result)
{
        if (result < 0 && PyErr_ExceptionMatches(PyExc_TypeError)) {
                PyErr_Clear();
                PyErr_SetString(self->state->errors[COFFER_MALFORMED],
                                "a key of a dict or an item of a set is not hashable");
        }
        return result == 0;
}

static bool fill_set(maker *self, const coffer_value *value, PyObject *set)
{
        for (size_t i = 0; i < coffer_value_count(value); i++) {
                PyObject *item = make(self, coffer_value_item(value, i));
                bool added = item && is_added(self, PySet_Add(set, item));
                Py_XDECREF(item);
                if (!added)
                        return false;
        }
        return true;
}

static bool fill_dict(maker *self, const coffer_value *value, PyObject *dict)
{
        for (size_t i = 0; i < coffer_value_count(value); i++) {
                PyObject *key = make(self, coffer_value_key(value, i));
                PyObject *item = key ? make(self, coffer_value_item(value, i)) : NULL;
                bool set = item && is_added(self, PyDict_SetItem(dict, key, item));
                Py_XDECREF(key);
                Py_XDECREF(item);
                if (!set)
                        return false;
        }
        return true;
}

static bool set_part(PyObject *object, const char *name, PyObject *part)
{
        bool set = part && PyObject_SetAttrString(object, name, part) == 0;
        Py_XDECREF(part);
        return set;
}

static PyObject *make_items(maker *self, const coffer_value *value)
{
        PyObject *items = PyList_New((Py_ssize_t)coffer_value_count(value));
        if (items && !fill_list(self, value, items))
                Py_CLEAR(items);
        return items;
}

static const struct {
        const char *name;
        const coffer_value *(*of)(const coffer_value *object);
} object_parts[] = {
        {"callable", coffer_value_callable},
        {"args", coffer_value_args},
        {"kwargs", coffer_value_kwargs},
        {"state", coffer_value_state},
        {"state_setter", coffer_value_state_setter},
        {"pairs", coffer_value_object_pairs},
};

static const char *const constructions[] = {[COFFER_CALL] = "call", [COFFER_NEW] = "new", [COFFER_NEW_EX] = "new_ex"};

static bool fill_object(maker *self, const coffer_value *value, PyObject *object)
{
        if (!set_part(object, "type", type_name(value)) ||
            !set_part(object, "construction", PyUnicode_FromString(constructions[coffer_value_construction(value)])))
                return false;
        for (size_t i = 0; i < sizeof(object_parts) / sizeof(object_parts[0]); i++) {
                const coffer_value *part = object_parts[i].of(value);
                if (part && !set_part(object, object_parts[i].name, make(self, part)))
                        return false;
        }
        return set_part(object, "items", make_items(self, value));
}

/* The elements of an array of objects. */
static bool fill_tensor(maker *self, const coffer_value *value, PyObject *object)
{
        coffer_tensor tensor;
        uint64_t count;
        if (coffer_value_as_tensor(self->document, value, &tensor, NULL) != COFFER_OK ||
            !coffer_tensor_count(&tensor, &count)) {
                PyErr_NoMemory();
                return false;
        }
        PyObject *items = PyList_New((Py_ssize_t)count);
        for (uint64_t i = 0; items && i < count; i++) {
                PyObject *item = make(self, tensor.objects[i]);
                if (item)
                        PyList_SET_ITEM(items, (Py_ssize_t)i, item);
                else
                        Py_CLEAR(items);
        }
        if (items)
                pycoffer_tensor_set_objects(object, items);
        Py_XDECREF(items);
        return items != NULL;
}

static bool fill(maker *self, const coffer_value *value, PyObject *object)
{
        switch (coffer_value_kind(value)) {
        case COFFER_KIND_LIST:
                return fill_list(self, value, object);
        case COFFER_KIND_DICT:
                return fill_dict(self, value, object);
        case COFFER_KIND_SET:
                return fill_set(self, value, object);
        case COFFER_KIND_PERSISTENT:
                return set_part(object, "id", make(self, coffer_value_persistent_id(value)));
        default:
                return PyObject_TypeCheck(object, self->state->tensor_type) ? fill_tensor(self, value, object)
                                                                            : fill_object(self, value, object);
        }
}

PyObject *pycoffer_document_to_python(pycoffer_state *state, coffer_document *document, pycoffer_view_mode mode)
{
        if (!pycoffer_classes_import(state))
                return NULL;
        maker self = {.state = state, .document = document, .mode = mode};
        PyObject *root = make(&self, coffer_document_root(document));
        while (root && self.pending_count > 0) {
                struct pending next = self.pending[--self.pending_count];
                if (!fill(&self, next.value, next.object))
                        Py_CLEAR(root);
        }
        PyMem_Free(self.pending);
        PyMem_Free(self.frames);
        pycoffer_memo_done(&self.memo);
        return root;
}

void pycoffer_document_unref(pycoffer_state *state, coffer_document *document)
{
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        coffer_document_unref(document);
        pycoffer_call_end_quiet(&call);
}
