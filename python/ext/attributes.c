/* SPDX-License-Identifier: Apache-2.0 */
#include "attributes.h"

bool pycoffer_attributes_init(PyObject *module, pycoffer_state *state)
{
        static const char *const texts[PYCOFFER_NAME_COUNT] = {
#define TEXT(name, text) [PYCOFFER_NAME_##name] = (text),
                PYCOFFER_NAMES(TEXT)
#undef TEXT
        };
        (void)module;
        for (size_t i = 0; i < PYCOFFER_NAME_COUNT; i++) {
                state->names[i] = PyUnicode_InternFromString(texts[i]);
                if (!state->names[i])
                        return false;
        }
        return true;
}

bool pycoffer_attribute(PyObject *object, PyObject *name, PyObject **out)
{
#if PY_VERSION_HEX >= 0x030D0000
        return PyObject_GetOptionalAttr(object, name, out) >= 0;
#else
        return _PyObject_LookupAttr(object, name, out) >= 0;
#endif
}
