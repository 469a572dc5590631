/* SPDX-License-Identifier: Apache-2.0 */
/* What reading and writing .npy files share. */
#ifndef COFFER_VALUE_NPY_H
#define COFFER_VALUE_NPY_H

#define COFFER_NPY_MAGIC "\x93NUMPY"

enum { COFFER_NPY_MAGIC_BYTES = 6, COFFER_NPY_ALIGNMENT_BYTES = 64 };

#endif
