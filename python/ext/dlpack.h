/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors that other libraries lend through DLPack (source: https://dmlc.github.io/dlpack/latest/c_api.html). */
#ifndef COFFER_PYTHON_DLPACK_H
#define COFFER_PYTHON_DLPACK_H

#include "module.h"

typedef struct pycoffer_dlpack pycoffer_dlpack;

/* Borrows the tensor of an object on the CPU with a __dlpack__ method; `tensor` points into it until
 * pycoffer_dlpack_free. COFFER_DECLINED, and no exception, when it has none, or one that the library has no element
 * type for. */
coffer_status pycoffer_dlpack_take(PyObject *object, pycoffer_dlpack **out, coffer_tensor *tensor);

void pycoffer_dlpack_free(pycoffer_dlpack *dlpack); /* NULL is allowed */

#endif
