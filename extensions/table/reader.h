/* SPDX-License-Identifier: Apache-2.0 */
/* Reads tables in the Arrow IPC format (https://arrow.apache.org/docs/format/Columnar.html), as a file or as a stream,
 * batch by batch, with nothing taken on trust. */
#ifndef COFFER_TABLE_READER_H
#define COFFER_TABLE_READER_H

#include "arrow.h"

typedef struct table_reader {
        struct ArrowSchema schema; /* a struct of the columns */
        /* The reader's own. */
        void *copy; /* of bytes that do not lie as they must */
        coffer_cursor left;
        bool is_file, is_done;
        struct ArrowIpcDecoder decoder;
        struct ArrowIpcDictionaryEncodings encodings;
        struct ArrowIpcDictionaries dictionaries;
} table_reader;

/* Reads the schema. `table` must stay as it is until table_reader_close, which is to be called in any case.
 * COFFER_MALFORMED, COFFER_LIMIT; COFFER_UNSUPPORTED for what is compressed, big-endian or of a type that nanoarrow
 * does not read. */
COFFER_MUST_CHECK coffer_status table_reader_open(table_reader *reader, coffer_cursor table, coffer_error *error);
void table_reader_close(table_reader *reader);

/* The next batch, checked in full: a struct of the columns, valid until the next call; NULL after the last. */
COFFER_MUST_CHECK coffer_status table_reader_next(table_reader *reader, const struct ArrowArrayView **out,
                                                  coffer_error *error);

#endif
