/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses and errors. Every function that can fail returns a coffer_status and takes an optional
 * coffer_error last; on failure it fills the error and leaves all its outputs untouched. */
#ifndef COFFER_ERROR_H
#define COFFER_ERROR_H

#include <coffer/common.h>

COFFER_BEGIN_DECLS

typedef enum coffer_status {
        COFFER_OK = 0,
        /* Expected misses: a caller may go on. */
        COFFER_NOT_FOUND,   /* no such artifact, key, task, file or entry */
        COFFER_DECLINED,    /* nobody claimed it, or the option is off */
        COFFER_WOULD_BLOCK, /* try again later */
        COFFER_MISSING,     /* a dependency (library, module) is not there */
        /* Failures. */
        COFFER_NO_MEMORY,
        COFFER_INVALID,     /* an argument is outside the function's contract */
        COFFER_STATE,       /* wrong mode, or already done */
        COFFER_IO,          /* the operating system refused; message carries errno's text */
        COFFER_MALFORMED,   /* input that does not follow its format */
        COFFER_LIMIT,       /* input well-formed so far, but over a limit (depth, count, bytes) */
        COFFER_CORRUPT,     /* stored bytes disagree with their key or checksum */
        COFFER_UNSUPPORTED, /* valid, but not something we can do (an encoding, a format) */
        COFFER_CONFLICT,    /* a name, alias or declaration contradicts an earlier one */
        COFFER_ABI,         /* a shared library speaks another version of our ABI */
        COFFER_SERIALIZER,  /* a serializer failed; message names artifact and serializer */
        COFFER_INTERNAL,    /* a broken promise of our own */
        COFFER_STATUS_COUNT
} coffer_status;

/* What kind of trouble, for fronts that map errors to exceptions or exit codes. */
typedef enum coffer_error_class {
        COFFER_CLASS_NONE = 0,
        COFFER_CLASS_MISS,     /* expected misses */
        COFFER_CLASS_USAGE,    /* the caller can mend it: arguments, mode, state */
        COFFER_CLASS_DATA,     /* the data is at fault */
        COFFER_CLASS_SYSTEM,   /* memory, disk, permissions */
        COFFER_CLASS_EXTENSION /* a serializer or a shared library is at fault */
} coffer_error_class;

enum { COFFER_ERROR_MESSAGE_BYTES = 1024 };

typedef struct coffer_error {
        coffer_status status;
        coffer_error_class error_class;
        int64_t offset;                           /* byte offset in the input for MALFORMED and LIMIT, else -1 */
        char message[COFFER_ERROR_MESSAGE_BYTES]; /* one line, NUL-terminated, UTF-8 */
} coffer_error;

#define COFFER_ERROR_INIT                                                                                              \
        {                                                                                                              \
                COFFER_OK, COFFER_CLASS_NONE, -1, ""                                                                   \
        }

/* The name of a status, for example "not-found". Never NULL; static storage. */
COFFER_API const char *coffer_status_name(coffer_status status);

/* One line that says what a status means in general. Never NULL; static storage. */
COFFER_API const char *coffer_status_text(coffer_status status);

/* The class a status belongs to. */
COFFER_API coffer_error_class coffer_status_class(coffer_status status);

/* Fills `error` (may be NULL) with `status` and a formatted line (newlines and control characters
 * become spaces, too long is cut at a UTF-8 boundary) and returns `status`, so that a failing
 * function can end with `return coffer_error_set(...)`. Allocates nothing. */
COFFER_API coffer_status coffer_error_set(coffer_error *error, coffer_status status, const char *format, ...)
        COFFER_PRINTF(3, 4);

/* The same with the byte offset in the input where the trouble starts. The message does not repeat it
 * by itself. */
COFFER_API coffer_status coffer_error_set_at(coffer_error *error, coffer_status status, int64_t offset,
                                             const char *format, ...) COFFER_PRINTF(4, 5);

COFFER_END_DECLS
#endif
