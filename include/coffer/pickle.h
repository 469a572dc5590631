/* SPDX-License-Identifier: Apache-2.0 */
/* Python's pickle format (source: CPython's Lib/pickletools.py and PEP 307, 3154, 574), read and written without
 * Python. The reader never imports, calls or executes anything: it builds values that say what an unpickler would
 * have done. */
#ifndef COFFER_PICKLE_H
#define COFFER_PICKLE_H

#include <coffer/value.h>

COFFER_BEGIN_DECLS

typedef struct coffer_pickle_read_options {
        uint32_t version;
        uint32_t max_depth;  /* nesting of values, and of marks while reading; the reader itself never recurses */
        uint64_t max_values; /* nodes made */
        uint64_t max_memo;   /* memo slots */
        uint64_t max_bytes;  /* memory for nodes, tables and copied text, without borrowed data */
        bool allow_trailing; /* bytes behind STOP are an error unless set */
        uint64_t keep_bytes; /* of each str, bytes and bytearray keep this much from its head; 0: all. A str is cut
                                between characters; names of classes must be kept whole (COFFER_LIMIT) */
        coffer_bytes *const *buffers; /* out-of-band buffers of protocol 5, in order */
        size_t buffer_count;
        /* From version 2 on: gets all of each str, bytes and bytearray that is cut to its head, in pieces in order;
         * a str is UTF-8, not checked yet. Its failure ends the reading and is passed on. NULL: nobody does. */
        coffer_status (*piece)(void *user, uint64_t size_bytes, uint64_t offset, coffer_cursor piece,
                               coffer_error *error);
        void *piece_user;
} coffer_pickle_read_options;
#define COFFER_PICKLE_READ_OPTIONS_INIT                                                                                \
        {                                                                                                              \
                2, 10000, UINT64_C(1) << 28, UINT64_C(1) << 27, UINT64_C(1) << 34, false, 0, NULL, 0, NULL, NULL       \
        }

/* Reads one pickle of protocols 0 to 5 into a new document (root set). Strings are not copied: the document keeps
 * `bytes`. With allow_trailing, `*end_offset` (may be NULL) says where the next one would start. `options` NULL: the
 * defaults.
 *
 * Errors name the opcode at fault and its offset: COFFER_MALFORMED for what no unpickler should take, COFFER_LIMIT for
 * what is over an option's limit, COFFER_UNSUPPORTED for protocols above 5, missing buffers and states of things that
 * the pickle does not make. docs/pickle.md says where the reader is stricter than CPython's, and how it reads Python
 * 2's strings and names. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_pickle_read(coffer_bytes *bytes,
                                                              const coffer_pickle_read_options *options,
                                                              coffer_document **out, uint64_t *end_offset,
                                                              coffer_error *error);

/* The same from a stream, which stays the caller's and is read to its end, so that checksums there are checked. Memory
 * is bounded by the options (set keep_bytes): what is not kept is read and dropped. A line of protocol 0 or an int
 * longer than 64 MiB is COFFER_LIMIT. Errors of the stream are passed on as they are. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_pickle_read_stream(coffer_stream *stream,
                                                                     const coffer_pickle_read_options *options,
                                                                     coffer_document **out, coffer_error *error);

/* The same from what can be read at any place. Of bytes and bytearrays that are cut to their heads the rest is not even
 * read, unless `piece` wants it. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_pickle_read_ranges(coffer_ranges *ranges,
                                                                     const coffer_pickle_read_options *options,
                                                                     coffer_document **out, coffer_error *error);

typedef struct coffer_pickle_write_options {
        uint32_t version;
        uint32_t protocol; /* 2 or 4 */
} coffer_pickle_write_options;
#define COFFER_PICKLE_WRITE_OPTIONS_INIT                                                                               \
        {                                                                                                              \
                1, 4                                                                                                   \
        }

/* Writes `value` such that CPython loads the equal object. For plain values (None to frozenset, shared and cyclic
 * references included) the bytes are CPython's own, and for a document read from a pickle nearly always for all others
 * too. Tensors are written as numpy.ndarray, in a form that NumPy 1 and 2 load; buffers as bytearray or bytes. Big
 * buffers are shared, not copied: the result keeps `document` alive. Sets keep the order that the document has; what
 * the root does not hold (coffer_document_unused) is not written. `options` NULL: defaults. COFFER_UNSUPPORTED for what
 * the protocol can't hold and for values whose head alone was read; COFFER_LIMIT for values that are too deep in each
 * other. Threads may write the same document at once. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_pickle_write(coffer_document *document, const coffer_value *value,
                                                               const coffer_pickle_write_options *options,
                                                               coffer_bytes **out, coffer_error *error);

/* ---- scanning: what would an unpickler import and call? ---- */

typedef enum coffer_verdict {
        COFFER_ONLY_ALLOWLISTED = 0, /* "only allowlisted globals"; it is not a promise of safety */
        COFFER_SUSPICIOUS,
        COFFER_DANGEROUS
} coffer_verdict;

/* What an unpickler would do there. */
typedef enum coffer_pickle_action {
        COFFER_ACTION_IMPORT = 0, /* take an attribute of a module */
        COFFER_ACTION_CALL,       /* call it, or make an instance of it */
        COFFER_ACTION_BUILD,      /* give an object its state */
        COFFER_ACTION_PERSISTENT, /* ask the program for the object behind an id */
        COFFER_ACTION_EXTENSION,  /* ask the program's extension registry */
        COFFER_ACTION_STREAM      /* nothing: the pickle is damaged or odd there */
} coffer_pickle_action;

/* Equal findings are reported once. Control characters and whatever is no ASCII in names are written as \xNN, over-long
 * names end in "...". */
typedef struct coffer_pickle_finding {
        uint64_t offset; /* of the first opcode that does it */
        uint64_t count;  /* how many do */
        coffer_pickle_action action;
        coffer_verdict verdict;
        const char *module; /* what would be imported, or "" when there is none or it can't be followed */
        const char *qualname;
        const char *reason; /* one line */
} coffer_pickle_finding;

typedef struct coffer_pickle_report coffer_pickle_report;

/* Walks all opcodes (several pickles in a row, nested bytes not followed) and reports every global, call, build and
 * persistent id that an unpickler would act on, also those before a truncation and those whose result is dropped. Fails
 * closed: what can't be followed is at least suspicious. Returns COFFER_OK also for damaged pickles. Free the report.
 */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_pickle_scan(coffer_bytes *bytes, coffer_pickle_report **out,
                                                              coffer_error *error);
COFFER_API coffer_verdict coffer_pickle_report_verdict(const coffer_pickle_report *report);
COFFER_API size_t coffer_pickle_report_count(const coffer_pickle_report *report);
COFFER_API const coffer_pickle_finding *coffer_pickle_report_finding(const coffer_pickle_report *report, size_t index);
COFFER_API void coffer_pickle_report_free(coffer_pickle_report *report);

COFFER_END_DECLS
#endif
