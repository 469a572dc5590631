/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include "bytes.h"
#include "raise.h"

pycoffer_state *pycoffer_state_of(PyObject *module)
{
        return PyModule_GetState(module);
}

pycoffer_state *pycoffer_state_of_type(PyTypeObject *type)
{
        return PyType_GetModuleState(type);
}

/* Adds a type, and whatever a file brings, to the module. */
static bool (*const add_type[])(PyObject *module, pycoffer_state *state) = {
        pycoffer_bytes_add_type,
};

static int module_exec(PyObject *module)
{
        pycoffer_state *state = pycoffer_state_of(module);
        state->module = module;
        state->interpreter = PyInterpreterState_Get();
        if (!pycoffer_errors_import(state))
                return -1;
        for (size_t i = 0; i < sizeof(add_type) / sizeof(add_type[0]); i++)
                if (!add_type[i](module, state))
                        return -1;
        return 0;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
        pycoffer_state *state = pycoffer_state_of(module);
        for (int i = 0; i < COFFER_STATUS_COUNT; i++)
                Py_VISIT(state->errors[i]);
        Py_VISIT(state->bytes_type);
        return 0;
}

static int module_clear(PyObject *module)
{
        pycoffer_state *state = pycoffer_state_of(module);
        for (int i = 0; i < COFFER_STATUS_COUNT; i++)
                Py_CLEAR(state->errors[i]);
        Py_CLEAR(state->bytes_type);
        return 0;
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
