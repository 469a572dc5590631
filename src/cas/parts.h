/* SPDX-License-Identifier: Apache-2.0 */
/* A stream over contents that come in parts which can be made apart: several threads make them, straight into the
 * reader's memory where it takes whole ones, ahead of the reader where it takes less. */
#ifndef COFFER_CAS_PARTS_H
#define COFFER_CAS_PARTS_H

#include "cas/frame.h"

enum { COFFER_PART_MAX_BYTES = 1 << 20 };

typedef struct coffer_part {
        uint64_t stored_offset; /* where it lies in the stored bytes, header and trailer included */
        size_t stored_bytes;
        uint64_t offset;      /* where it begins in the contents */
        size_t content_bytes; /* at most COFFER_PART_MAX_BYTES */
} coffer_part;

typedef enum coffer_parts_state {
        COFFER_PARTS_FOUND,
        COFFER_PARTS_ENDED,
        COFFER_PARTS_OTHERWISE, /* what follows can't be made apart */
} coffer_parts_state;

typedef struct coffer_parts coffer_parts;

/* Where parts come from. */
typedef struct coffer_parts_class {
        /* The part after the one found before; not called again after another state than FOUND. */
        coffer_status (*find)(coffer_parts *parts, coffer_part *out, coffer_parts_state *state, coffer_error *error);
        /* Makes and checks the contents of a part; several threads at once, each with a tool of its own. */
        coffer_status (*make)(coffer_parts *parts, void *tool, const coffer_part *part, uint8_t *to,
                              coffer_error *error);
        /* NULL when it takes no tools. */
        coffer_status (*tool_new)(coffer_parts *parts, void **out, coffer_error *error);
        void (*tool_free)(coffer_parts *parts, void *tool);
        /* A stream over what follows when that is OTHERWISE (NULL: never); stays the parts' own
         * and shows the contents to the watch itself. */
        coffer_stream *(*rest)(coffer_parts *parts);
        void (*free)(coffer_parts *parts);
} coffer_parts_class;

/* Embedded as the first member. */
struct coffer_parts {
        const coffer_parts_class *class_;
};

/* Owns `parts` on success. `watch` may be NULL. */
COFFER_MUST_CHECK
coffer_status coffer_parts_open(coffer_parts *parts, const coffer_frame_watch *watch, coffer_stream **out,
                                coffer_error *error);

#endif
