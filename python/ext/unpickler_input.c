/* SPDX-License-Identifier: Apache-2.0 */
#include "unpickler_input.h"

#include "call.h"

/* So much is allocated for a payload that nobody foresaw; more when it has come. */
enum { UNFORESEEN_BYTES = 1 << 20 };

void pycoffer_input_init(pycoffer_input *input, pycoffer_state *state, coffer_cursor contents)
{
        *input = (pycoffer_input){.state = state, .next = contents.data};
        input->end = contents.size_bytes ? contents.data + contents.size_bytes : contents.data;
        input->received_bytes = contents.size_bytes;
}

void pycoffer_input_init_stream(pycoffer_input *input, pycoffer_state *state, coffer_stream *stream,
                                uint64_t expected_bytes)
{
        *input = (pycoffer_input){.state = state, .stream = stream, .expected_bytes = expected_bytes};
}

void pycoffer_input_done(pycoffer_input *input)
{
        PyMem_Free(input->buffer);
}

bool pycoffer_input_truncated(const pycoffer_input *input)
{
        PyErr_SetString(input->state->unpickling_error, "pickle data was truncated");
        return false;
}

/* Up to `capacity_bytes` from the stream; none: it has ended. */
static bool receive(pycoffer_input *input, void *memory, size_t capacity_bytes, size_t *got_bytes)
{
        pycoffer_call call;
        pycoffer_call_begin(&call, input->state);
        coffer_status status = input->stream->read(input->stream, memory, capacity_bytes, got_bytes, &call.error);
        input->is_broken = !pycoffer_call_end(&call, status);
        if (!input->is_broken)
                input->received_bytes += *got_bytes;
        return !input->is_broken;
}

/* Moves what is left to the front of the buffer, which then has room for more. */
static bool make_room(pycoffer_input *input)
{
        size_t ready_bytes = pycoffer_input_ready(input), capacity_bytes = input->buffer_bytes;
        if (capacity_bytes == 0)
                capacity_bytes = PYCOFFER_INPUT_BUFFER_BYTES;
        else if (ready_bytes == capacity_bytes)
                capacity_bytes = capacity_bytes > PY_SSIZE_T_MAX / 2 ? SIZE_MAX : 2 * capacity_bytes;
        if (ready_bytes > 0)
                memmove(input->buffer, input->next, ready_bytes);
        if (capacity_bytes != input->buffer_bytes) {
                uint8_t *buffer = PyMem_Realloc(input->buffer, capacity_bytes);
                if (!buffer) {
                        input->next = input->end = input->buffer;
                        PyErr_NoMemory();
                        return false;
                }
                input->buffer = buffer;
                input->buffer_bytes = capacity_bytes;
        }
        input->next = input->buffer;
        input->end = input->buffer + ready_bytes;
        return true;
}

bool pycoffer_input_fill(pycoffer_input *input, size_t size_bytes)
{
        if (!input->stream)
                return pycoffer_input_truncated(input);
        while (pycoffer_input_ready(input) < size_bytes) {
                size_t got_bytes = 0;
                if (!make_room(input))
                        return false;
                size_t used_bytes = pycoffer_input_ready(input);
                if (!receive(input, input->buffer + used_bytes, input->buffer_bytes - used_bytes, &got_bytes))
                        return false;
                if (got_bytes == 0)
                        return pycoffer_input_truncated(input);
                input->end += got_bytes;
        }
        return true;
}

bool pycoffer_input_line(pycoffer_input *input, coffer_cursor *line)
{
        size_t searched_bytes = 0;
        const uint8_t *newline = NULL;
        while (!newline) {
                size_t ready_bytes = pycoffer_input_ready(input);
                if (ready_bytes > searched_bytes)
                        newline = memchr(input->next + searched_bytes, '\n', ready_bytes - searched_bytes);
                searched_bytes = ready_bytes;
                if (!newline && !pycoffer_input_fill(input, ready_bytes + 1))
                        return false;
        }
        *line = (coffer_cursor){input->next, (size_t)(newline + 1 - input->next)};
        input->next = newline + 1;
        return true;
}

bool pycoffer_input_foresee(const pycoffer_input *input, size_t size_bytes, size_t *allowed_bytes)
{
        size_t ready_bytes = pycoffer_input_ready(input);
        *allowed_bytes = size_bytes;
        if (size_bytes <= ready_bytes)
                return true;
        if (!input->stream)
                return pycoffer_input_truncated(input);
        uint64_t left_bytes = 0;
        if (input->expected_bytes > input->received_bytes)
                left_bytes = input->expected_bytes - input->received_bytes;
        if (size_bytes - ready_bytes > left_bytes && size_bytes > UNFORESEEN_BYTES)
                *allowed_bytes = UNFORESEEN_BYTES;
        return true;
}

bool pycoffer_input_read(pycoffer_input *input, void *memory, size_t size_bytes)
{
        uint8_t *to = memory;
        while (size_bytes > 0) {
                size_t count = pycoffer_input_ready(input);
                if (count == 0 && input->stream && size_bytes >= PYCOFFER_INPUT_BUFFER_BYTES) {
                        if (!receive(input, to, size_bytes, &count))
                                return false;
                        if (count == 0)
                                return pycoffer_input_truncated(input);
                } else {
                        if (count == 0 && !pycoffer_input_fill(input, 1))
                                return false;
                        count = Py_MIN(pycoffer_input_ready(input), size_bytes);
                        memcpy(to, pycoffer_input_take(input, count), count);
                }
                to += count;
                size_bytes -= count;
        }
        return true;
}

bool pycoffer_input_begin_frame(pycoffer_input *input, uint64_t size_bytes)
{
        size_t ready_bytes = pycoffer_input_ready(input);
        if (!input->stream && size_bytes > ready_bytes)
                return pycoffer_input_truncated(input);
        uint64_t end =
                input->received_bytes - ready_bytes + size_bytes; /* below 2 to the 64th: both are signed sizes */
        input->frame_end = Py_MAX(input->frame_end, end);
        return true;
}

bool pycoffer_input_finish(pycoffer_input *input)
{
        size_t got_bytes = 1;
        input->next = input->end = input->buffer;
        while (input->stream && got_bytes > 0)
                if (!make_room(input) || !receive(input, input->buffer, input->buffer_bytes, &got_bytes))
                        return false;
        return true;
}
