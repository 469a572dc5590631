/* SPDX-License-Identifier: Apache-2.0 */
/* What the targets of types share: reading, and checking that what is read is written, and that reads as the same.
 * They abort where that is not so. */
#ifndef COFFER_FUZZ_TYPED_H
#define COFFER_FUZZ_TYPED_H

#include <coffer/iotype.h>
#include "util/cursor.h"

/* Made once, never freed. */
coffer_registry *typed_registry(void);

/* Reads the input in one format and checks the value, if there is one. */
void typed_read_storage(const coffer_iotype *type, coffer_cursor input);
void typed_read_wire(const coffer_iotype *type, coffer_cursor input);

/* There must be one, and it must read as JSON. */
void typed_check_spec(const coffer_iotype *type);

#endif
