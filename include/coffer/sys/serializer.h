/* SPDX-License-Identifier: Apache-2.0 */
/* What authors of serializers implement. A serializer is a table of functions; in a shared library it is reached
 * through one function whose name the descriptor gives (docs/extending.md). */
#ifndef COFFER_SYS_SERIALIZER_H
#define COFFER_SYS_SERIALIZER_H

#include <stddef.h>

#include <coffer/metadata.h>
#include <coffer/object.h>

COFFER_BEGIN_DECLS

#define COFFER_SERIALIZER_ABI 1

typedef enum coffer_format {
        COFFER_STORAGE = 0, /* blobs and metadata, for the datastore */
        COFFER_WIRE = 1     /* one text, for command lines and messages */
} coffer_format;

enum { COFFER_DEFAULT_PRIORITY = 100 };

typedef struct coffer_serializer coffer_serializer;
typedef struct coffer_setup_context coffer_setup_context;

struct coffer_serializer {
        uint32_t abi;          /* COFFER_SERIALIZER_ABI */
        uint32_t struct_bytes; /* sizeof(coffer_serializer) as the author compiled it */

        const char *type; /* unique; also the name of its descriptor entry */
        int32_t priority; /* lower is asked first; COFFER_DEFAULT_PRIORITY unless there is a reason */
        const char *name; /* for messages: its class or module; NULL: the type */
        void *user;       /* the author's */

        /* Optional: makes ready what the serializer needs, with coffer_lazy_import. Called once before it becomes
         * active, and again after it had to wait: it must be repeatable. COFFER_MISSING (as coffer_lazy_import returns
         * it) parks. */
        coffer_status (*setup)(const coffer_serializer *self, coffer_setup_context *context, coffer_error *error);

        /* `*out` (false before the call) says whether this serializer takes the object; to return COFFER_DECLINED says
         * no as well. Cheap, without side effects. COFFER_NO_MEMORY ends the search; any other error is counted,
         * reported through the warning callback (the first few times), and the next serializer is asked. */
        coffer_status (*can_serialize)(const coffer_serializer *self, const coffer_object *object, bool *out,
                                       coffer_error *error);
        /* The same for what is stored, by its metadata (object type, size and serializer info may be absent: the
         * encoding alone must do). */
        coffer_status (*can_deserialize)(const coffer_serializer *self, const coffer_metadata *metadata, bool *out,
                                         coffer_error *error);

        /* STORAGE: adds blobs to `blobs` and fills `metadata` (the encoding; size, object type and source are filled in
         * when left out); `wire` is NULL. WIRE: sets `*wire` to text allocated with coffer_alloc; `blobs` and
         * `metadata` are NULL. Repeatable, without side effects, not compressed. COFFER_UNSUPPORTED for a format that
         * it does not have. */
        coffer_status (*serialize)(const coffer_serializer *self, const coffer_object *object, coffer_format format,
                                   coffer_blob_list *blobs, coffer_metadata *metadata, char **wire,
                                   coffer_error *error);
        /* STORAGE: from `blobs` and `metadata`; WIRE: from `wire` alone. `*out` is owned by the caller. */
        coffer_status (*deserialize)(const coffer_serializer *self, coffer_format format, const coffer_blob_list *blobs,
                                     const coffer_metadata *metadata, const char *wire, coffer_object *out,
                                     coffer_error *error);

        /* Optional; tables that end before it are taken too. Says what array the contents of a blob are, having read
         * little of them, so that slices can be loaded without the rest: fills `out`, without data, what its dtype
         * needs being made in `document`; the elements are in the contents from `*data_offset` on. COFFER_DECLINED when
         * the elements are not there in one piece, or so few that it does not matter. */
        coffer_status (*place_tensor)(const coffer_serializer *self, const coffer_metadata *metadata,
                                      coffer_ranges *contents, coffer_document *document, coffer_tensor *out,
                                      uint64_t *data_offset, coffer_error *error);
};
#define COFFER_SERIALIZER_MIN_BYTES offsetof(coffer_serializer, place_tensor)

/* What a shared library exports under the symbol of its descriptor. `abi` is the ABI of the calling library. Returns a
 * table that stays valid for ever, or NULL when it can't speak that ABI. */
typedef const coffer_serializer *(*coffer_serializer_entry_fn)(uint32_t abi);
#define COFFER_SERIALIZER_SYMBOL "coffer_serializer_entry" /* unless the descriptor says otherwise */

/* Inside `setup`: opens the shared library `name` (as dlopen takes it, for example "libhdf5_serial.so.103") and stores
 * its handle. The handle stays open for ever. When the library, or one that it needs, is not there: COFFER_MISSING,
 * which `setup` passes on; the serializer is then set up again as soon as the program has what is missing. One that is
 * there but can't be loaded is COFFER_IO. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_lazy_import(coffer_setup_context *context, const char *name,
                                                              void **handle, coffer_error *error);
/* The address of `symbol` in `handle`; COFFER_NOT_FOUND names both. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_lazy_symbol(coffer_setup_context *context, void *handle,
                                                              const char *symbol, void **address, coffer_error *error);
/* For hosts and serializers of other languages: says what is missing; returns COFFER_MISSING. */
COFFER_API coffer_status coffer_setup_missing(coffer_setup_context *context, const char *name, coffer_error *error);

COFFER_END_DECLS
#endif
