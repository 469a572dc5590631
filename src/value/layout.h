/* SPDX-License-Identifier: Apache-2.0 */
/* Breaking text into lines: pieces of text, groups, and places between them where a line may end. */
#ifndef COFFER_VALUE_LAYOUT_H
#define COFFER_VALUE_LAYOUT_H

#include "util/buf.h"

typedef enum coffer_layout_style {
        COFFER_LAYOUT_FILL,  /* as many pieces on a line as fit */
        COFFER_LAYOUT_COLUMN /* unless the whole group fits, each piece on a line of its own */
} coffer_layout_style;

typedef struct coffer_layout {
        coffer_buf text; /* of all pieces */
        struct coffer_layout_token *tokens;
        size_t count;
        size_t capacity;
} coffer_layout;

#define COFFER_LAYOUT_INIT(maximum_bytes)                                                                              \
        {                                                                                                              \
                COFFER_BUF_INIT(maximum_bytes), NULL, 0, 0                                                             \
        }

/* Adds what has been written to `text` since the last token as a piece. */
COFFER_MUST_CHECK coffer_status coffer_layout_piece(coffer_layout *layout, coffer_error *error);

/* Opens a group; closes it. Its lines are indented by `indent` more columns, or when they are filled to where it
 * starts. */
COFFER_MUST_CHECK coffer_status coffer_layout_open(coffer_layout *layout, coffer_layout_style style, unsigned indent,
                                                   coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_layout_close(coffer_layout *layout, coffer_error *error);

/* Here a line may end; otherwise there are `spaces` spaces. `outdent` brings the next line back to where the group was
 * opened. */
COFFER_MUST_CHECK coffer_status coffer_layout_break(coffer_layout *layout, unsigned spaces, bool outdent,
                                                    coffer_error *error);

/* Lays everything out in lines of `width` columns (0: on one line) and appends it to `out`. */
COFFER_MUST_CHECK coffer_status coffer_layout_write(coffer_layout *layout, unsigned width, coffer_buf *out,
                                                    coffer_error *error);

void coffer_layout_done(coffer_layout *layout);

#endif
