/* SPDX-License-Identifier: Apache-2.0 */
#include "unpickler.h"

#include "bytes.h"
#include "call.h"
#include "raise.h"
#include "unpickler_machine.h"

/* ---- running a pickle ---- */

static bool (*const opcodes[256])(pycoffer_unpickler *self) = {
#define ENTRY(name, code, argument, protocol, to_mark, pops, pushes) [code] = pycoffer_unpickle_##name,
        COFFER_OPCODES(ENTRY)
#undef ENTRY
};

static bool refuse_opcode(const pycoffer_unpickler *self, uint8_t code)
{
        bool is_shown = code >= 0x20 && code <= 0x7e && code != '\'' && code != '\\';
        return pycoffer_unpickler_refuse(self, is_shown ? "invalid load key, '%c'." : "invalid load key, '\\x%02x'.",
                                         code);
}

/* The next opcode; pickle.loads tells a pickle that ends between two from one that ends within. */
static bool take_opcode(pycoffer_unpickler *self, uint8_t *code)
{
        const uint8_t *byte = pycoffer_input_take(&self->input, 1);
        if (byte)
                *code = *byte;
        else if (!self->input.is_broken && PyErr_ExceptionMatches(self->state->unpickling_error))
                PyErr_SetString(PyExc_EOFError, "Ran out of input");
        return byte != NULL;
}

/* The last opcode: its value stays on the stack, for whoever runs the machine. */
bool pycoffer_unpickle_STOP(pycoffer_unpickler *self)
{
        return pycoffer_unpickler_has(self, 1);
}

/* The object, or NULL with an exception set. */
static PyObject *run(pycoffer_unpickler *self)
{
        uint8_t code = 0;
        while (code != COFFER_OP_STOP) {
                if (!take_opcode(self, &code))
                        return NULL;
                if (opcodes[code] ? !opcodes[code](self) : !refuse_opcode(self, code))
                        return NULL;
        }
        return pycoffer_unpickler_pop(self);
}

PyObject *pycoffer_unpickle(pycoffer_state *state, coffer_cursor contents)
{
        pycoffer_unpickler self;
        pycoffer_unpickler_init(&self, state);
        pycoffer_input_init(&self.input, state, contents);
        PyObject *object = run(&self);
        pycoffer_unpickler_done(&self);
        pycoffer_input_done(&self.input);
        return object;
}

/* ---- what is stored ---- */

/* Leaves SerializerFailed with the present exception as its cause; an interrupt stays what it is. */
static PyObject *blame_pickle(pycoffer_state *state, const char *artifact)
{
        if (!PyErr_ExceptionMatches(PyExc_Exception))
                return NULL;
        coffer_error reason = COFFER_ERROR_INIT, error = COFFER_ERROR_INIT;
        PyObject *cause = pycoffer_take_exception();
        pycoffer_error_from_exception(cause, COFFER_SERIALIZER, &reason);
        if (artifact)
                coffer_error_set(&error, COFFER_SERIALIZER, "Serializer %s failed on artifact '%s': %s",
                                 state->pickle.name, artifact, reason.message);
        pycoffer_raise(state, COFFER_SERIALIZER, artifact ? &error : &reason, cause);
        Py_DECREF(cause);
        return NULL;
}

PyObject *pycoffer_unpickle_loaded(pycoffer_state *state, coffer_bytes *contents, const char *artifact)
{
        coffer_cursor whole = {NULL, 0};
        pycoffer_call call;
        pycoffer_call_begin_held(&call, state);
        if (!pycoffer_call_end(&call, coffer_bytes_contiguous(contents, &whole, &call.error)))
                return NULL;
        PyObject *object = pycoffer_unpickle(state, whole);
        return object ? object : blame_pickle(state, artifact);
}

static PyObject *load_whole(pycoffer_state *state, const pycoffer_stored_pickle *stored)
{
        coffer_bytes *contents = NULL;
        coffer_cursor whole;
        pycoffer_call call;
        pycoffer_call_begin(&call, state);
        coffer_status status = stored->load(stored->user, &contents, &call.error);
        if (status == COFFER_OK) /* here, as others may run while they are joined */
                status = coffer_bytes_contiguous(contents, &whole, &call.error);
        bool is_loaded = pycoffer_call_end(&call, status);
        PyObject *object = is_loaded ? pycoffer_unpickle_loaded(state, contents, stored->artifact) : NULL;
        pycoffer_bytes_unref(state, contents);
        return object;
}

/* Reads what is left, so that damage is told from a pickle that can't be loaded: then the present exception stays. */
static void check_rest(pycoffer_unpickler *self)
{
        if (self->input.is_broken || !PyErr_ExceptionMatches(PyExc_Exception))
                return;
        PyObject *exception = pycoffer_take_exception();
        if (pycoffer_input_finish(&self->input))
                PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
        Py_DECREF(exception);
}

static PyObject *run_to_the_end(pycoffer_unpickler *self)
{
        PyObject *object = run(self);
        if (!object) {
                check_rest(self);
                return NULL;
        }
        bool is_right = pycoffer_input_finish(&self->input);
        if (is_right && self->input.frame_end > self->input.received_bytes)
                is_right = pycoffer_input_truncated(&self->input);
        if (!is_right)
                Py_CLEAR(object);
        return object;
}

/* The same with the stream; `is_broken`: what is stored is at fault. */
static PyObject *load_stream(pycoffer_state *state, const pycoffer_stored_pickle *stored, bool *is_broken)
{
        coffer_stream *stream = NULL;
        pycoffer_call call;
        pycoffer_call_begin(&call, state);
        coffer_status status = stored->open(stored->user, &stream, &call.error);
        *is_broken = !pycoffer_call_end(&call, status);
        if (*is_broken)
                return NULL;
        pycoffer_unpickler self;
        pycoffer_unpickler_init(&self, state);
        pycoffer_input_init_stream(&self.input, state, stream, stored->size_bytes);
        PyObject *object = run_to_the_end(&self);
        *is_broken = self.input.is_broken;
        pycoffer_unpickler_done(&self);
        pycoffer_input_done(&self.input);
        stream->close(stream);
        return object || *is_broken ? object : blame_pickle(state, stored->artifact);
}

PyObject *pycoffer_unpickle_stored(pycoffer_state *state, const pycoffer_stored_pickle *stored)
{
        if (stored->size_bytes <= PYCOFFER_CHECKED_FIRST_BYTES)
                return load_whole(state, stored);
        bool is_broken;
        PyObject *object = load_stream(state, stored, &is_broken);
        if (object || !is_broken || !PyErr_ExceptionMatches(state->errors[COFFER_OK]))
                return object;
        /* There may be another way to read it; if not, this says best what is wrong. */
        PyErr_Clear();
        return load_whole(state, stored);
}

/* ---- in Python ---- */

PyDoc_STRVAR(unpickle_doc, "unpickle($module, data, /)\n--\n\n"
                           "The object of a pickle: what pickle.loads(data) gives, or raises.");

static PyObject *unpickle(PyObject *module, PyObject *data)
{
        Py_buffer view;
        if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0)
                return NULL;
        PyObject *object = pycoffer_unpickle(pycoffer_state_of(module), (coffer_cursor){view.buf, (size_t)view.len});
        PyBuffer_Release(&view);
        return object;
}

static PyMethodDef functions[] = {
        {"unpickle", unpickle, METH_O, unpickle_doc},
        {NULL, NULL, 0, NULL},
};

/* A dict of a module. */
static bool import_dict(const char *module_name, const char *name, PyObject **out)
{
        PyObject *module = PyImport_ImportModule(module_name);
        *out = module ? PyObject_GetAttrString(module, name) : NULL;
        Py_XDECREF(module);
        if (*out && !PyDict_CheckExact(*out))
                PyErr_Format(PyExc_TypeError, "%s.%s is no dict", module_name, name);
        return *out && PyDict_CheckExact(*out);
}

bool pycoffer_unpickler_add(PyObject *module, pycoffer_state *state)
{
        PyObject *pickle = PyImport_ImportModule("pickle");
        state->unpickling_error = pickle ? PyObject_GetAttrString(pickle, "UnpicklingError") : NULL;
        Py_XDECREF(pickle);
        return state->unpickling_error && import_dict("_compat_pickle", "NAME_MAPPING", &state->name_mapping) &&
               import_dict("_compat_pickle", "IMPORT_MAPPING", &state->import_mapping) &&
               import_dict("copyreg", "_inverted_registry", &state->inverted_registry) &&
               import_dict("copyreg", "_extension_cache", &state->extension_cache) &&
               PyModule_AddFunctions(module, functions) == 0;
}
