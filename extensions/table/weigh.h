/* SPDX-License-Identifier: Apache-2.0 */
/* What must be known of the head of a message before any library walks through it. */
#ifndef COFFER_TABLE_WEIGH_H
#define COFFER_TABLE_WEIGH_H

#include <coffer/bytes.h>

typedef enum table_message_kind { TABLE_SCHEMA = 1, TABLE_DICTIONARY = 2, TABLE_BATCH = 3 } table_message_kind;

/* The kind of a message; COFFER_UNSUPPORTED for one that a table has not. The head of a schema is a tree of tables of
 * FlatBuffers, but its places may as well lead to one table on many ways, so that walking through a few hundred bytes
 * would take forever: that, and places outside of it, is COFFER_MALFORMED. */
COFFER_MUST_CHECK coffer_status table_weigh(coffer_cursor head, table_message_kind *out, coffer_error *error);

#endif
