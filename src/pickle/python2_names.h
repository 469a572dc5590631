/* SPDX-License-Identifier: Apache-2.0 */
/* Where the things of Python 2's standard library live in Python 3 (PEP 3108). */
#ifndef COFFER_PICKLE_PYTHON2_NAMES_H
#define COFFER_PICKLE_PYTHON2_NAMES_H

#include <coffer/bytes.h>

/* An unpickler of Python 3 reads a global of protocols 0 to 2 under its present name: puts that in place of the old
 * one, or leaves both as they are. What is put is static. */
void coffer_python2_name(coffer_cursor *module, coffer_cursor *name);

/* The other way: what a pickler writes there for a present name. */
void coffer_python2_old_name(coffer_cursor *module, coffer_cursor *name);

#endif
