/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <stdatomic.h>

#include "call.h"
#include "class_serializer.h"
#include "raise.h"

static pycoffer_class_registry *registry_of(const coffer_host *host)
{
        return host->user;
}

/* ---- exceptions as reports ---- */

/* The text of an attribute of the exception, or of its type; empty when it has none. */
static void copy_text(PyObject *text, char *to, size_t size_bytes)
{
        const char *utf8 = text && text != Py_None && PyUnicode_Check(text) ? PyUnicode_AsUTF8(text) : NULL;
        PyErr_Clear();
        snprintf(to, size_bytes, "%s", utf8 ? utf8 : "");
}

static void copy_kind(PyObject *exception, char *to, size_t size_bytes)
{
        PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(exception), "__name__");
        copy_text(name, to, size_bytes);
        Py_XDECREF(name);
}

static void copy_message(PyObject *exception, coffer_status status, coffer_error *out)
{
        PyObject *text = PyObject_Str(exception);
        const char *utf8 = text ? PyUnicode_AsUTF8(text) : NULL;
        PyErr_Clear();
        (void)coffer_error_set(out, status, "%s", utf8 ? utf8 : "");
        Py_XDECREF(text);
}

static coffer_step report_missing(PyObject *exception, coffer_step_report *report)
{
        PyObject *name = PyObject_GetAttrString(exception, "name");
        copy_text(name, report->missing, sizeof(report->missing));
        Py_XDECREF(name);
        copy_kind(exception, report->kind, sizeof(report->kind));
        copy_message(exception, COFFER_MISSING, &report->error);
        return COFFER_STEP_MISSING;
}

static coffer_step report_failed(PyObject *exception, coffer_step_report *report)
{
        copy_kind(exception, report->kind, sizeof(report->kind));
        copy_message(exception, COFFER_SERIALIZER, &report->error);
        return COFFER_STEP_FAILED;
}

/* Nobody foresaw that it fails: not what a serializer's author does in `setup_imports`. */
static coffer_step report_crash(PyObject *exception, coffer_step_report *report)
{
        coffer_error message;
        (void)report_failed(exception, report);
        report->is_loud = !report->retry;
        if (report->retry) {
                message = report->error;
                (void)coffer_error_set(&report->error, COFFER_SERIALIZER, "retry crashed: %s: %s", report->kind,
                                       message.message);
                *report->kind = '\0';
        }
        return COFFER_STEP_FAILED;
}

/* Takes the present exception. One that is no Exception goes on to whoever called the library. */
static coffer_step report_exception(pycoffer_state *state, coffer_step_report *report,
                                    coffer_step (*failed)(PyObject *exception, coffer_step_report *report))
{
        PyObject *exception = pycoffer_take_exception();
        coffer_step step;
        if (PyErr_GivenExceptionMatches(exception, PyExc_ImportError))
                step = report_missing(exception, report);
        else
                step = failed(exception, report);
        if (!PyErr_GivenExceptionMatches(exception, PyExc_Exception)) {
                report->is_loud = false;
                PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
                pycoffer_keep_exception_as_is(state);
        }
        Py_DECREF(exception);
        return step;
}

static coffer_step interpreter_gone(coffer_step_report *report)
{
        (void)coffer_error_set(&report->error, COFFER_STATE, "the Python interpreter is going away");
        return COFFER_STEP_FAILED;
}

/* ---- load ---- */

static PyObject *import_module(PyObject *name)
{
        PyObject *importlib = PyImport_ImportModule("importlib");
        PyObject *module = importlib ? PyObject_CallMethod(importlib, "import_module", "O", name) : NULL;
        Py_XDECREF(importlib);
        return module;
}

static coffer_step take_class(pycoffer_class_registry *registry, PyObject *module, const char *module_name,
                              const char *class_name, const coffer_serializer **out, coffer_step_report *report)
{
        PyObject *class = PyObject_GetAttrString(module, class_name);
        bool is_absent = class ? class == Py_None : PyErr_ExceptionMatches(PyExc_AttributeError);
        if (is_absent) {
                PyErr_Clear();
                Py_XDECREF(class);
                (void)coffer_error_set(&report->error, COFFER_NOT_FOUND,
                                       report->retry ? "class '%s' not found in '%s' on retry"
                                                     : "class '%s' not found in module '%s'",
                                       class_name, module_name);
                return COFFER_STEP_FAILED;
        }
        *out = class ? pycoffer_class_registry_table(registry, class) : NULL;
        Py_XDECREF(class);
        return *out ? COFFER_STEP_DONE : report_exception(registry->base.state, report, report_crash);
}

static coffer_step load_class(pycoffer_class_registry *registry, const char *location, const coffer_serializer **out,
                              coffer_step_report *report)
{
        const char *dot = strrchr(location, '.');
        if (!dot) {
                PyErr_Format(PyExc_ValueError, "the class path '%s' names no module", location);
                return report_exception(registry->base.state, report, report_crash);
        }
        PyObject *name = PyUnicode_FromStringAndSize(location, dot - location);
        PyObject *module = name ? import_module(name) : NULL;
        coffer_step step = module ? take_class(registry, module, PyUnicode_AsUTF8(name), dot + 1, out, report)
                                  : report_exception(registry->base.state, report, report_crash);
        Py_XDECREF(module);
        Py_XDECREF(name);
        return step;
}

static coffer_step load(const coffer_host *host, const char *location, void **loaded,
                        const coffer_serializer **serializer, coffer_step_report *report)
{
        (void)loaded; /* the registry keeps the class */
        pycoffer_class_registry *registry = registry_of(host);
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, registry->base.state))
                return interpreter_gone(report);
        coffer_step step = load_class(registry, location, serializer, report);
        pycoffer_gil_give(&gil);
        return step;
}

/* ---- the other steps ---- */

static coffer_step setup(const coffer_host *host, void *loaded, const coffer_serializer *serializer,
                         coffer_step_report *report)
{
        (void)loaded;
        pycoffer_class_registry *registry = registry_of(host);
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, registry->base.state))
                return interpreter_gone(report);
        PyObject *done = PyObject_CallMethod(registry->glue, "set_up", "O", pycoffer_class_of(serializer));
        coffer_step step = done ? COFFER_STEP_DONE : report_exception(registry->base.state, report, report_failed);
        Py_XDECREF(done);
        pycoffer_gil_give(&gil);
        return step;
}

/* In sys.modules, and not just being imported. */
static bool is_imported(const char *name)
{
        PyObject *text = PyUnicode_FromString(name);
        PyObject *module = text ? PyImport_GetModule(text) : NULL;
        PyObject *spec = module ? PyObject_GetAttrString(module, "__spec__") : NULL;
        PyObject *initializing = spec ? PyObject_GetAttrString(spec, "_initializing") : NULL;
        bool is_there = module && module != Py_None && !(initializing && PyObject_IsTrue(initializing) == 1);
        PyErr_Clear();
        Py_XDECREF(initializing);
        Py_XDECREF(spec);
        Py_XDECREF(module);
        Py_XDECREF(text);
        return is_there;
}

static bool is_present(const coffer_host *host, const char *missing)
{
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, registry_of(host)->base.state))
                return false;
        bool is_there = is_imported(missing);
        pycoffer_gil_give(&gil);
        return is_there;
}

/* Nothing counts imports: each look may find something new. */
static uint64_t generation(const coffer_host *host)
{
        static atomic_uint_fast64_t looks;
        (void)host;
        return atomic_fetch_add_explicit(&looks, 1, memory_order_relaxed) + 1;
}

static void watch(const coffer_host *host, const char *missing)
{
        pycoffer_class_registry *registry = registry_of(host);
        pycoffer_gil gil;
        if (!pycoffer_gil_take(&gil, registry->base.state))
                return;
        PyObject *done = PyObject_CallMethod(registry->glue, "watch", "s", missing);
        if (!done)
                pycoffer_keep_exception_as_is(registry->base.state);
        Py_XDECREF(done);
        pycoffer_gil_give(&gil);
}

void pycoffer_host_init(pycoffer_class_registry *registry)
{
        registry->host = (coffer_host){
                .version = COFFER_HOST_VERSION,
                .name = "python",
                .missing_error = "ImportError",
                .user = registry,
                .is_quiet = true,
                .load = load,
                .setup = setup,
                .is_present = is_present,
                .generation = generation,
                .watch = watch,
        };
}
