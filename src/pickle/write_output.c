/* SPDX-License-Identifier: Apache-2.0 */
/* Framing as CPython's pickler does it: frames of about 64 KiB that end between values, none under 4 bytes, and data of
 * 64 KiB and more outside of them. */
#include "pickle/opcodes.h"
#include "pickle/writer.h"

enum {
        MIN_FRAME_BYTES = 4,
        SEGMENT_BYTES = 1 << 20 /* a longer buffer becomes a segment, so that it need not be moved to grow */
};

/* What the borrowed segments live off. */
struct coffer_pickle_lease {
        coffer_document *document;
        coffer_document *scratch;
};

static void release_lease(void *owner)
{
        coffer_pickle_lease *lease = (coffer_pickle_lease *)owner;
        coffer_document_unref(lease->document);
        coffer_document_unref(lease->scratch);
        coffer_free(lease);
}

coffer_status coffer_output_begin(coffer_pickle_output *output, coffer_document *document, coffer_error *error)
{
        *output = (coffer_pickle_output){
                .buf = COFFER_BUF_INIT(SIZE_MAX),
                .document = document,
                .error = error,
        };
        return coffer_bytes_new(&output->bytes, error);
}

void coffer_output_done(coffer_pickle_output *output)
{
        coffer_buf_done(&output->buf);
        coffer_bytes_unref(output->bytes);
}

coffer_status coffer_output_prepare(coffer_pickle_output *output, size_t size_bytes)
{
        size_t wanted;
        if (!coffer_add_size(size_bytes, COFFER_FRAME_HEAD_BYTES, &wanted))
                return coffer_error_set(output->error, COFFER_LIMIT, "a value is too large to be pickled");
        COFFER_TRY(coffer_buf_reserve(&output->buf, wanted, output->error));
        if (output->framing && !output->in_frame) {
                output->in_frame = true;
                output->frame_start = output->buf.size_bytes;
                output->buf.size_bytes += COFFER_FRAME_HEAD_BYTES;
        }
        return COFFER_OK;
}

/* Makes what is in the buffer a segment of its own. */
static coffer_status flush(coffer_pickle_output *output)
{
        output->frame_start = 0;
        if (output->buf.size_bytes == 0)
                return COFFER_OK;
        return coffer_buf_take_into(&output->buf, output->bytes, output->error);
}

/* Fills the head of the frame in, or takes it out of a frame that is too short to be one. */
static void end_frame(coffer_pickle_output *output)
{
        uint8_t *head = output->buf.data + output->frame_start;
        size_t frame_bytes = output->buf.size_bytes - output->frame_start - COFFER_FRAME_HEAD_BYTES;
        output->in_frame = false;
        if (frame_bytes < MIN_FRAME_BYTES) {
                memmove(head, head + COFFER_FRAME_HEAD_BYTES, frame_bytes);
                output->buf.size_bytes -= COFFER_FRAME_HEAD_BYTES;
                return;
        }
        *head++ = COFFER_OP_FRAME;
        for (int i = 0; i < 8; i++)
                *head++ = (uint8_t)((uint64_t)frame_bytes >> 8 * i);
}

coffer_status coffer_output_close_frame(coffer_pickle_output *output)
{
        if (output->in_frame)
                end_frame(output);
        output->frame_start = output->buf.size_bytes;
        return output->buf.size_bytes < SEGMENT_BYTES ? COFFER_OK : flush(output);
}

/* `*owner` is what the segment must release: a new lease for the first one, nothing for the others, since all segments
 * go at the same time. */
static coffer_status take_lease(coffer_pickle_output *output, coffer_pickle_lease **owner)
{
        *owner = NULL;
        if (output->lease)
                return COFFER_OK;
        coffer_pickle_lease *lease = (coffer_pickle_lease *)coffer_alloc_zeroed(1, sizeof(*lease));
        if (!lease)
                return coffer_error_set(output->error, COFFER_NO_MEMORY, "out of memory");
        lease->document = coffer_document_ref(output->document);
        *owner = lease;
        return COFFER_OK;
}

static coffer_status borrow(coffer_pickle_output *output, coffer_cursor data)
{
        coffer_pickle_lease *lease;
        COFFER_TRY(flush(output));
        COFFER_TRY(take_lease(output, &lease));
        coffer_status status =
                coffer_bytes_append_borrow(output->bytes, data, lease ? release_lease : NULL, lease, output->error);
        if (!lease)
                return status;
        if (status == COFFER_OK)
                output->lease = lease;
        else
                release_lease(lease);
        return status;
}

coffer_status coffer_output_write_data(coffer_pickle_output *output, const void *head, size_t head_bytes,
                                       coffer_cursor data)
{
        bool framing = output->framing;
        if (data.size_bytes < COFFER_FRAME_TARGET_BYTES) {
                COFFER_TRY(coffer_output_write(output, head, head_bytes));
                return data.size_bytes > 0 ? coffer_output_write(output, data.data, data.size_bytes) : COFFER_OK;
        }
        COFFER_TRY(coffer_output_close_frame(output));
        output->framing = false;
        COFFER_TRY(coffer_output_write(output, head, head_bytes));
        COFFER_TRY(borrow(output, data));
        output->framing = framing;
        return COFFER_OK;
}

coffer_status coffer_output_finish(coffer_pickle_output *output, coffer_document *scratch, coffer_bytes **out)
{
        COFFER_TRY(coffer_output_close_frame(output));
        COFFER_TRY(flush(output));
        if (output->lease)
                output->lease->scratch = coffer_document_ref(scratch);
        *out = TAKE_PTR(output->bytes);
        return COFFER_OK;
}
