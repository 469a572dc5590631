/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include "attributes.h"
#include "blob_loader.h"
#include "blob_saver.h"
#include "blobs.h"
#include "bytes.h"
#include "class_registry.h"
#include "class_serializer.h"
#include "inspect.h"
#include "iotype.h"
#include "iotype_bridge.h"
#include "native.h"
#include "packed.h"
#include "pickle.h"
#include "pickler.h"
#include "raise.h"
#include "record.h"
#include "registry.h"
#include "scan.h"
#include "store.h"
#include "task.h"
#include "tensor.h"
#include "unpickler.h"

pycoffer_state *pycoffer_state_of(PyObject *module)
{
        return PyModule_GetState(module);
}

pycoffer_state *pycoffer_state_of_type(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030B0000
        PyObject *module = PyType_GetModuleByDef(type, &pycoffer_module);
        return module ? PyModule_GetState(module) : NULL;
#else
        /* A class without a module of its own makes PyType_GetModule raise; the next base may have one. */
        for (PyTypeObject *base = type; base; base = base->tp_base) {
                PyObject *module = PyType_GetModule(base);
                if (module && PyModule_GetDef(module) == &pycoffer_module)
                        return PyModule_GetState(module);
                PyErr_Clear();
        }
        PyErr_SetString(PyExc_TypeError, "not a class of coffer");
        return NULL;
#endif
}

bool pycoffer_classes_import(pycoffer_state *state)
{
        if (state->classes[0])
                return true;
        PyObject *module = PyImport_ImportModule("coffer._values");
        PyObject *classes = module ? PyObject_GetAttrString(module, "CLASSES") : NULL;
        Py_XDECREF(module);
        for (int i = PYCOFFER_CLASS_COUNT - 1; classes && i >= 0; i--) {
                state->classes[i] = PySequence_GetItem(classes, i);
                if (!state->classes[i])
                        Py_CLEAR(classes);
        }
        bool found = classes != NULL;
        Py_XDECREF(classes);
        return found;
}

/* Add a type or functions to the module, and what they need to its state. */
static bool (*const parts[])(PyObject *module, pycoffer_state *state) = {
        pycoffer_errors_import,
        pycoffer_attributes_init,
        pycoffer_pickle_init,
        pycoffer_unpickler_add,
        pycoffer_bytes_add_type,
        pycoffer_blobs_add_type,
        pycoffer_packed_add,
        pycoffer_blob_saver_add_type,
        pycoffer_blob_loader_add_type,
        pycoffer_tensor_add_type,
        pycoffer_store_add_type,
        pycoffer_registry_add_type,
        pycoffer_task_add_type,
        pycoffer_inspect_add,
        pycoffer_scan_add,
        pycoffer_class_serializer_add_type,
        pycoffer_native_add_type,
        pycoffer_record_add_type,
        pycoffer_class_registry_add_type,
        pycoffer_pickler_init,
        pycoffer_iotype_add_type,
        pycoffer_iotype_bridge_init,
};

static int module_exec(PyObject *module)
{
        pycoffer_state *state = pycoffer_state_of(module);
        state->module = module;
        state->interpreter = PyInterpreterState_Get();
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
                if (!parts[i](module, state))
                        return -1;
        return 0;
}

/* Calls `each` for every reference that the state owns. */
static int visit_references(pycoffer_state *state, int (*each)(PyObject **reference, void *user), void *user)
{
        PyObject **single[] = {
                (PyObject **)&state->bytes_type,
                (PyObject **)&state->tensor_type,
                (PyObject **)&state->registry_type,
                (PyObject **)&state->class_registry_type,
                (PyObject **)&state->class_serializer_type,
                (PyObject **)&state->native_serializer_type,
                (PyObject **)&state->record_type,
                (PyObject **)&state->store_type,
                (PyObject **)&state->task_type,
                (PyObject **)&state->blob_saver_type,
                (PyObject **)&state->blob_loader_type,
                &state->pickle_dumps,
                &state->protocol,
                &state->dispatch_table,
                &state->extension_registry,
                &state->array_type,
                &state->unpickling_error,
                &state->name_mapping,
                &state->import_mapping,
                &state->inverted_registry,
                &state->extension_cache,
        };
        int result = 0;
        for (size_t i = 0; !result && i < COFFER_STATUS_COUNT; i++)
                result = each(&state->errors[i], user);
        for (size_t i = 0; !result && i < PYCOFFER_CLASS_COUNT; i++)
                result = each(&state->classes[i], user);
        for (size_t i = 0; !result && i < PYCOFFER_NAME_COUNT; i++)
                result = each(&state->names[i], user);
        for (size_t i = 0; !result && i < sizeof(single) / sizeof(single[0]); i++)
                result = each(single[i], user);
        return result;
}

struct visitor {
        visitproc visit;
        void *arg;
};

static int traverse_reference(PyObject **reference, void *user)
{
        const struct visitor *visitor = user;
        return *reference ? visitor->visit(*reference, visitor->arg) : 0;
}

static int clear_reference(PyObject **reference, void *user)
{
        (void)user;
        Py_CLEAR(*reference);
        return 0;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
        struct visitor visitor = {visit, arg};
        return visit_references(pycoffer_state_of(module), traverse_reference, &visitor);
}

static int module_clear(PyObject *module)
{
        return visit_references(pycoffer_state_of(module), clear_reference, NULL);
}

static void module_free(void *module)
{
        module_clear(module);
}

static PyModuleDef_Slot module_slots[] = {
        {Py_mod_exec, module_exec},
#if PY_VERSION_HEX >= 0x030C0000
        {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
        {0, NULL},
};

PyModuleDef pycoffer_module = {
        .m_base = PyModuleDef_HEAD_INIT,
        .m_name = "coffer._coffer",
        .m_doc = "libcoffer for Python; use the package coffer.",
        .m_size = sizeof(pycoffer_state),
        .m_slots = module_slots,
        .m_traverse = module_traverse,
        .m_clear = module_clear,
        .m_free = module_free,
};

PyMODINIT_FUNC PyInit__coffer(void);

PyMODINIT_FUNC PyInit__coffer(void)
{
        return PyModuleDef_Init(&pycoffer_module);
}
