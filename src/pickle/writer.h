/* SPDX-License-Identifier: Apache-2.0 */
/* The pickle writer from the inside: its state and the steps that its files share.
 *
 * write.c walks the graph with a stack of its own, write_plain.c writes what pickle has opcodes for, write_lower.c and
 * write_tensor.c turn the other kinds of values into the calls that make them, write_memo.c knows what has been
 * written, write_output.c cuts the output into frames and segments. */
#ifndef COFFER_PICKLE_WRITER_H
#define COFFER_PICKLE_WRITER_H

#include <coffer/pickle.h>
#include "util/buf.h"
#include "util/map.h"
#include "value/value_internal.h"

/* ---- output ---- */

enum { COFFER_FRAME_HEAD_BYTES = 9, COFFER_FRAME_TARGET_BYTES = 1 << 16 };

typedef struct coffer_pickle_lease coffer_pickle_lease;

typedef struct coffer_pickle_output {
        coffer_bytes *bytes; /* what is finished */
        coffer_buf buf;      /* what is not */
        bool framing;        /* bytes go into frames */
        bool in_frame;
        size_t frame_start;         /* of the open frame in `buf` */
        coffer_document *document;  /* that big data is borrowed from */
        coffer_pickle_lease *lease; /* keeps it alive; owned by `bytes`. NULL: nothing is borrowed yet */
        coffer_error *error;
} coffer_pickle_output;

COFFER_MUST_CHECK
coffer_status coffer_output_begin(coffer_pickle_output *output, coffer_document *document, coffer_error *error);
void coffer_output_done(coffer_pickle_output *output);

/* Makes room for `size_bytes` and for the head of a frame, and opens the frame when bytes go into one. */
COFFER_MUST_CHECK
coffer_status coffer_output_prepare(coffer_pickle_output *output, size_t size_bytes);

/* Adds bytes of one opcode. */
static inline COFFER_MUST_CHECK coffer_status coffer_output_write(coffer_pickle_output *output, const void *data,
                                                                  size_t size_bytes)
{
        coffer_buf *buf = &output->buf;
        if (output->in_frame != output->framing || buf->capacity_bytes - buf->size_bytes < size_bytes)
                COFFER_TRY(coffer_output_prepare(output, size_bytes));
        memcpy(buf->data + buf->size_bytes, data, size_bytes);
        buf->size_bytes += size_bytes;
        return COFFER_OK;
}

static inline COFFER_MUST_CHECK coffer_status coffer_output_byte(coffer_pickle_output *output, uint8_t byte)
{
        return coffer_output_write(output, &byte, 1);
}

/* Adds an opcode's head and its data. Big data is borrowed and stands outside of frames. */
COFFER_MUST_CHECK
coffer_status coffer_output_write_data(coffer_pickle_output *output, const void *head, size_t head_bytes,
                                       coffer_cursor data);

/* Closes the open frame. */
COFFER_MUST_CHECK
coffer_status coffer_output_close_frame(coffer_pickle_output *output);

/* To be called in front of every value: the place where frames may end. */
static inline COFFER_MUST_CHECK coffer_status coffer_output_boundary(coffer_pickle_output *output)
{
        if (output->buf.size_bytes - output->frame_start < COFFER_FRAME_TARGET_BYTES + COFFER_FRAME_HEAD_BYTES)
                return COFFER_OK;
        return coffer_output_close_frame(output);
}

/* Closes the last frame and gives the result. `scratch` (may be NULL) too is kept alive by it. */
COFFER_MUST_CHECK
coffer_status coffer_output_finish(coffer_pickle_output *output, coffer_document *scratch, coffer_bytes **out);

/* ---- memo ---- */

/* A place in memory and a size: what makes a value the same object to Python. */
typedef struct coffer_memo_key {
        const void *place;
        uint32_t size;
} coffer_memo_key;

typedef struct coffer_memo_entry {
        const void *place; /* NULL: free */
        uint32_t size;
        uint32_t slot;
} coffer_memo_entry;

typedef struct coffer_memo {
        coffer_memo_entry *entries;
        size_t capacity; /* a power of two, or 0 */
        size_t count;    /* of filled entries */
} coffer_memo;

coffer_memo_key coffer_memo_key_of(const coffer_value *value);
coffer_memo_key coffer_memo_key_of_text(coffer_cursor text);

/* The slot of `key`; false when it is in none. */
bool coffer_memo_find(const coffer_memo *memo, coffer_memo_key key, uint32_t *slot);

/* Adds a key that is not there yet. */
COFFER_MUST_CHECK
coffer_status coffer_memo_add(coffer_memo *memo, coffer_memo_key key, uint32_t slot, coffer_error *error);
void coffer_memo_done(coffer_memo *memo);

/* ---- the writer ---- */

/* One container or object that is being written. */
typedef struct coffer_write_frame {
        const coffer_value *value;    /* what is written */
        const coffer_value *identity; /* what it counts as: itself, or the value that it was lowered from */
        size_t next;                  /* of its values: the first that is not written */
        size_t batch_end;             /* the one behind the present batch */
        uint8_t phase;
        uint8_t batch;
} coffer_write_frame;

typedef struct coffer_pickle_writer {
        coffer_pickle_output output;
        uint32_t protocol;
        uint32_t slots; /* of the memo, in use */
        coffer_memo memo;
        coffer_map *globals; /* module and qualified name to a slot plus one */
        coffer_map *modules; /* a module's name to the global whose text stands for it */
        coffer_write_frame *frames;
        size_t frame_count;
        size_t frame_capacity;
        uint64_t open_values; /* of all frames together */
        uint64_t max_open_values;
        coffer_document *scratch; /* values made for writing */
        coffer_map *shared;       /* name to one of them that is used again and again */
        coffer_error *error;
} coffer_pickle_writer;

/* Writes a value, or pushes the frame that will. */
COFFER_MUST_CHECK
coffer_status coffer_writer_save(coffer_pickle_writer *writer, const coffer_value *value);

/* Pushes a frame for a value that has to be visited again. */
COFFER_MUST_CHECK
coffer_status coffer_writer_push(coffer_pickle_writer *writer, const coffer_value *value, const coffer_value *identity);

/* Puts what is on top of the unpickler's stack into the memo; gets it from there. */
COFFER_MUST_CHECK
coffer_status coffer_writer_put(coffer_pickle_writer *writer, coffer_memo_key key);
COFFER_MUST_CHECK
coffer_status coffer_writer_get(coffer_pickle_writer *writer, uint32_t slot);

/* ---- plain values ---- */

COFFER_MUST_CHECK
coffer_status coffer_writer_int(coffer_pickle_writer *writer, const coffer_value *value);
COFFER_MUST_CHECK
coffer_status coffer_writer_float(coffer_pickle_writer *writer, const coffer_value *value);
/* A str, or at protocol 4 bytes, that is not in the memo. */
COFFER_MUST_CHECK
coffer_status coffer_writer_text(coffer_pickle_writer *writer, const coffer_value *value);
COFFER_MUST_CHECK
coffer_status coffer_writer_global(coffer_pickle_writer *writer, const coffer_value *value);
COFFER_MUST_CHECK
coffer_status coffer_writer_extension(coffer_pickle_writer *writer, const coffer_value *value);

/* All of a text; COFFER_UNSUPPORTED when only its head was read. */
COFFER_MUST_CHECK
coffer_status coffer_writer_whole_text(const coffer_pickle_writer *writer, const coffer_value *value,
                                       coffer_cursor *out);

/* ---- lowering ---- */

/* True when the protocol has no opcode for `value`. */
bool coffer_writer_must_lower(const coffer_pickle_writer *writer, const coffer_value *value);

/* The object that stands for such a value, in the scratch document. */
COFFER_MUST_CHECK
coffer_status coffer_writer_lower(coffer_pickle_writer *writer, const coffer_value *value, const coffer_value **out);
COFFER_MUST_CHECK
coffer_status coffer_writer_lower_tensor(coffer_pickle_writer *writer, const coffer_tensor *tensor,
                                         const coffer_value **out);

/* A global that is one and the same wherever it is needed. */
COFFER_MUST_CHECK
coffer_status coffer_writer_shared_global(coffer_pickle_writer *writer, const char *module, const char *qualname,
                                          const coffer_value **out);

/* Hands a node of the scratch document out, or says why there is none. */
COFFER_MUST_CHECK
coffer_status coffer_writer_deliver(const coffer_pickle_writer *writer, const coffer_value *node,
                                    const coffer_value **out);

/* callable(*args), all of them values that are there; a tuple of `count` values. */
COFFER_MUST_CHECK
coffer_status coffer_writer_call(coffer_pickle_writer *writer, const coffer_value *callable,
                                 const coffer_value *const *args, size_t count, const coffer_value **out);
COFFER_MUST_CHECK
coffer_status coffer_writer_tuple(coffer_pickle_writer *writer, const coffer_value *const *items, size_t count,
                                  const coffer_value **out);

#endif
