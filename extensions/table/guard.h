/* SPDX-License-Identifier: Apache-2.0 */
/* What nanoarrow takes for granted of a message, once FlatBuffers' own verifier has gone through its head. */
#ifndef COFFER_TABLE_GUARD_H
#define COFFER_TABLE_GUARD_H

#include "arrow.h"
#include "weigh.h"

/* `head` begins with the FlatBuffers' root, `body` is what follows it. */
COFFER_MUST_CHECK coffer_status table_guard(coffer_cursor head, table_message_kind kind, coffer_cursor body,
                                            coffer_error *error);

/* That a dictionary's values have the parts that `values` asks for; of a message that the above has passed. */
COFFER_MUST_CHECK coffer_status table_guard_dictionary(coffer_cursor head, const struct ArrowSchema *values,
                                                       coffer_error *error);

/* What each dictionary is of, by one field alone. */
COFFER_MUST_CHECK coffer_status table_guard_encodings(const struct ArrowIpcDictionaryEncodings *encodings,
                                                      coffer_error *error);

#endif
