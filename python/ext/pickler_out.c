/* SPDX-License-Identifier: Apache-2.0 */
#include "pickler_out.h"

#include <string.h>

#include "pickle/opcodes.h"

enum { LARGEST_CHUNK_BYTES = 1 << 20, GROWTH = 4 };

void pycoffer_pickle_out_init(pycoffer_pickle_out *out)
{
        out->bytes = NULL;
        out->chunk = out->next = out->first;
        out->end = out->first + sizeof(out->first);
        out->frame = out->counted_to = NULL;
        out->frame_bytes = 0;
}

static void free_chunk(pycoffer_pickle_out *out)
{
        if (out->chunk != out->first)
                coffer_free(out->chunk);
}

void pycoffer_pickle_out_done(pycoffer_pickle_out *out, pycoffer_state *state)
{
        free_chunk(out);
        pycoffer_bytes_unref(state, out->bytes);
}

/* True for COFFER_OK; nothing but memory can be missing here. */
static bool check(coffer_status status)
{
        if (status != COFFER_OK)
                PyErr_NoMemory();
        return status == COFFER_OK;
}

/* Makes what is in the chunk a segment. A chunk that is nearly empty stays for what comes next. */
static bool end_chunk(pycoffer_pickle_out *out)
{
        size_t size_bytes = (size_t)(out->next - out->chunk);
        bool is_taken = out->chunk != out->first && size_bytes >= (size_t)(out->end - out->chunk) / 2;
        if (size_bytes == 0)
                return true;
        if (!out->bytes && !check(coffer_bytes_new(&out->bytes, NULL)))
                return false;
        if (!check(is_taken ? coffer_bytes_append_take(out->bytes, out->chunk, size_bytes, NULL)
                            : coffer_bytes_append_copy(out->bytes, (coffer_cursor){out->chunk, size_bytes}, NULL)))
                return false;
        if (is_taken) {
                out->chunk = out->first;
                out->end = out->first + sizeof(out->first);
        }
        out->next = out->chunk;
        return true;
}

/* Moves what is in the chunk, and the open frame's marks with it, to `chunk`. */
static void move_chunk(pycoffer_pickle_out *out, uint8_t *chunk, size_t capacity_bytes)
{
        size_t size_bytes = (size_t)(out->next - out->chunk);
        memcpy(chunk, out->chunk, size_bytes);
        if (out->frame) {
                if (out->frame_bytes == 0) /* else the head is in a segment */
                        out->frame = chunk + (out->frame - out->chunk);
                out->counted_to = chunk + (out->counted_to - out->chunk);
        }
        free_chunk(out);
        out->chunk = chunk;
        out->next = chunk + size_bytes;
        out->end = chunk + capacity_bytes;
}

/* The chunk is full and becomes a segment; the head of the open frame stays where it is. */
static bool leave_chunk(pycoffer_pickle_out *out)
{
        size_t counted_bytes = out->frame ? (size_t)(out->next - out->counted_to) : 0;
        if (!end_chunk(out))
                return false;
        out->frame_bytes += counted_bytes;
        out->counted_to = out->next;
        return true;
}

bool pycoffer_pickle_make_room(pycoffer_pickle_out *out, size_t size_bytes)
{
        if ((size_t)(out->next - out->chunk) + size_bytes > LARGEST_CHUNK_BYTES && !leave_chunk(out))
                return false;
        size_t needed_bytes = (size_t)(out->next - out->chunk) + size_bytes;
        size_t capacity_bytes = (size_t)(out->end - out->chunk) * GROWTH;
        if (out->bytes || capacity_bytes > LARGEST_CHUNK_BYTES)
                capacity_bytes = LARGEST_CHUNK_BYTES;
        capacity_bytes = capacity_bytes < needed_bytes ? needed_bytes : capacity_bytes;
        uint8_t *chunk = coffer_alloc(capacity_bytes);
        if (!chunk) {
                PyErr_NoMemory();
                return false;
        }
        move_chunk(out, chunk, capacity_bytes);
        return true;
}

/* ---- frames ---- */

void pycoffer_pickle_open_frame(pycoffer_pickle_out *out)
{
        out->frame = out->next;
        out->next += PYCOFFER_FRAME_HEAD_BYTES;
        out->counted_to = out->next;
        out->frame_bytes = 0;
}

void pycoffer_pickle_close_frame(pycoffer_pickle_out *out)
{
        if (!out->frame)
                return;
        size_t size_bytes = out->frame_bytes + (size_t)(out->next - out->counted_to);
        if (size_bytes < PYCOFFER_FRAME_LEAST_BYTES) {
                memmove(out->frame, out->frame + PYCOFFER_FRAME_HEAD_BYTES, size_bytes);
                out->next -= PYCOFFER_FRAME_HEAD_BYTES;
        } else {
                out->frame[0] = COFFER_OP_FRAME;
                for (size_t i = 1; i < PYCOFFER_FRAME_HEAD_BYTES; i++)
                        out->frame[i] = (uint8_t)((uint64_t)size_bytes >> (8 * (i - 1)));
        }
        out->frame = NULL;
}

/* ---- larger pieces ---- */

bool pycoffer_pickle_refer(pycoffer_pickle_out *out, pycoffer_borrowed *memory)
{
        if (!end_chunk(out)) {
                pycoffer_borrowed_free(memory);
                return false;
        }
        return check(pycoffer_bytes_append(out->bytes, memory, NULL));
}

bool pycoffer_pickle_copy(pycoffer_pickle_out *out, const uint8_t *data, size_t size_bytes)
{
        while (size_bytes > 0) {
                size_t step_bytes = size_bytes < PYCOFFER_FRAME_BYTES ? size_bytes : PYCOFFER_FRAME_BYTES;
                uint8_t *to = pycoffer_pickle_room(out, step_bytes);
                if (!to)
                        return false;
                memcpy(to, data, step_bytes);
                data += step_bytes;
                size_bytes -= step_bytes;
        }
        return true;
}

coffer_bytes *pycoffer_pickle_out_take(pycoffer_pickle_out *out)
{
        if (!end_chunk(out))
                return NULL;
        coffer_bytes *bytes = out->bytes;
        out->bytes = NULL;
        return bytes;
}
