/* SPDX-License-Identifier: Apache-2.0 */
#include "value/slice.h"

#include <inttypes.h>

/* ---- geometry ---- */

static coffer_status take_index(const coffer_tensor *tensor, size_t dim, int64_t index, int64_t *first,
                                coffer_error *error)
{
        int64_t length = (int64_t)tensor->shape[dim];
        *first = index < 0 ? index + length : index;
        if (*first < 0 || *first >= length)
                return coffer_error_set(error, COFFER_INVALID,
                                        "index %" PRId64 " is out of the range of dimension %zu, which has %" PRId64
                                        " places",
                                        index, dim, length);
        return COFFER_OK;
}

static int64_t clamp_place(int64_t place, int64_t length)
{
        if (place < 0)
                place += length;
        return place < 0 ? 0 : place > length ? length : place;
}

static coffer_status take_range(const coffer_tensor *tensor, size_t dim, const coffer_slice *slice, int64_t *first,
                                uint64_t *count, coffer_error *error)
{
        int64_t length = (int64_t)tensor->shape[dim];
        int64_t start = clamp_place(slice->start, length), stop = clamp_place(slice->stop, length);
        if (slice->step < 1)
                return coffer_error_set(error, COFFER_INVALID,
                                        "step %" PRId64 " of dimension %zu: it must be 1 or more", slice->step, dim);
        *first = start;
        *count = stop > start ? ((uint64_t)(stop - start) - 1) / (uint64_t)slice->step + 1 : 0;
        return COFFER_OK;
}

static void drop_dimension(coffer_tensor *tensor, size_t dim)
{
        tensor->dims--;
        for (size_t i = dim; i < tensor->dims; i++) {
                tensor->shape[i] = tensor->shape[i + 1];
                tensor->strides_bytes[i] = tensor->strides_bytes[i + 1];
        }
}

/* A tensor with elements has offsets and strides that fit; one without has none to be reached. */
static int64_t times(int64_t places, int64_t stride_bytes)
{
        int64_t product;
        return coffer_mul_i64(places, stride_bytes, &product) ? product : 0;
}

static coffer_status check_lengths(const coffer_tensor *tensor, size_t count, coffer_error *error)
{
        if (count > tensor->dims)
                return coffer_error_set(error, COFFER_INVALID, "%zu slices for an array of %zu dimensions", count,
                                        tensor->dims);
        for (size_t i = 0; i < tensor->dims; i++)
                if (tensor->shape[i] > INT64_MAX)
                        return coffer_error_set(error, COFFER_INVALID, "the size of the array overflows");
        return COFFER_OK;
}

coffer_status coffer_tensor_narrow(coffer_tensor *tensor, const coffer_slice *slices, size_t count,
                                   int64_t *shift_bytes, coffer_error *error)
{
        int64_t shift = 0, first = 0;
        size_t dim = 0;
        COFFER_TRY(check_lengths(tensor, count, error));
        for (size_t i = 0; i < count; i++) {
                const coffer_slice *slice = &slices[i];
                uint64_t places = 1;
                if (slice->is_index)
                        COFFER_TRY(take_index(tensor, dim, slice->start, &first, error));
                else
                        COFFER_TRY(take_range(tensor, dim, slice, &first, &places, error));
                shift += places > 0 ? times(first, tensor->strides_bytes[dim]) : 0;
                if (slice->is_index) {
                        drop_dimension(tensor, dim);
                        continue;
                }
                tensor->shape[dim] = places;
                tensor->strides_bytes[dim] = places > 1 ? times(slice->step, tensor->strides_bytes[dim])
                                                        : (int64_t)tensor->dtype.item_size_bytes;
                dim++;
        }
        *shift_bytes = shift;
        return COFFER_OK;
}

/* ---- elements ---- */

/* The walk over the runs of a source. */
typedef struct run_walk {
        size_t dims[COFFER_TENSOR_MAX_DIMS]; /* outside of a run, the slowest first */
        size_t count;
        uint64_t place[COFFER_TENSOR_MAX_DIMS];
        size_t run_bytes;
        int64_t offset;
} run_walk;

static uint64_t distance(int64_t stride_bytes)
{
        return stride_bytes < 0 ? -(uint64_t)stride_bytes : (uint64_t)stride_bytes;
}

/* Dimensions by the distance of their places at the source, longest first; equal ones keep their order. */
static void sort_dims(const coffer_tensor *tensor, size_t order[COFFER_TENSOR_MAX_DIMS])
{
        for (size_t i = 0; i < tensor->dims; i++) {
                size_t at = i;
                for (; at > 0 && distance(tensor->strides_bytes[order[at - 1]]) < distance(tensor->strides_bytes[i]);
                     at--)
                        order[at] = order[at - 1];
                order[at] = i;
        }
}

/* Dimensions whose places lie side by side become part of the run. */
static void plan_runs(const coffer_tensor *tensor, const size_t order[COFFER_TENSOR_MAX_DIMS], run_walk *out)
{
        *out = (run_walk){.run_bytes = (size_t)tensor->dtype.item_size_bytes, .count = tensor->dims};
        while (out->count > 0) {
                size_t dim = order[out->count - 1];
                if (tensor->shape[dim] != 1 && tensor->strides_bytes[dim] != (int64_t)out->run_bytes)
                        break;
                out->run_bytes *= (size_t)tensor->shape[dim];
                out->count--;
        }
        memcpy(out->dims, order, out->count * sizeof(*order));
}

/* On to the next run; false after the last. */
static bool next_run(const coffer_tensor *tensor, run_walk *walk)
{
        for (size_t i = walk->count; i-- > 0;) {
                size_t dim = walk->dims[i];
                if (++walk->place[i] < tensor->shape[dim]) {
                        walk->offset += tensor->strides_bytes[dim];
                        return true;
                }
                walk->offset -= tensor->strides_bytes[dim] * (int64_t)(tensor->shape[dim] - 1);
                walk->place[i] = 0;
        }
        return false;
}

static coffer_status copy_runs(const coffer_tensor *tensor, run_walk *walk, const coffer_tensor_source *source,
                               uint8_t *memory, coffer_error *error)
{
        do {
                COFFER_TRY(source->read(source->user, walk->offset, memory, walk->run_bytes, error));
                memory += walk->run_bytes;
        } while (next_run(tensor, walk));
        return COFFER_OK;
}

static void set_dense_strides(coffer_tensor *tensor, const size_t order[COFFER_TENSOR_MAX_DIMS])
{
        int64_t stride_bytes = (int64_t)tensor->dtype.item_size_bytes;
        for (size_t i = tensor->dims; i-- > 0;) {
                tensor->strides_bytes[order[i]] = stride_bytes;
                stride_bytes *= (int64_t)tensor->shape[order[i]];
        }
}

coffer_status coffer_tensor_gather(coffer_tensor *tensor, const coffer_tensor_source *source, coffer_bytes *out,
                                   coffer_error *error)
{
        size_t order[COFFER_TENSOR_MAX_DIMS] = {0};
        uint64_t size_bytes;
        run_walk walk;
        if (!coffer_tensor_size(tensor, &size_bytes) || size_bytes > SIZE_MAX / 2)
                return coffer_error_set(error, COFFER_LIMIT, "the part of the array is too large");
        sort_dims(tensor, order);
        plan_runs(tensor, order, &walk);
        uint8_t *memory _cleanup_free_ = coffer_alloc(size_bytes ? (size_t)size_bytes : 1);
        if (!memory)
                return coffer_error_set(error, COFFER_NO_MEMORY,
                                        "no memory for a part of an array of %" PRIu64 " bytes", size_bytes);
        if (size_bytes > 0)
                COFFER_TRY(copy_runs(tensor, &walk, source, memory, error));
        set_dense_strides(tensor, order);
        tensor->available_bytes = size_bytes;
        tensor->read_only = true;
        tensor->data = size_bytes > 0 ? memory : NULL;
        if (size_bytes == 0)
                return COFFER_OK;
        COFFER_TRY(coffer_bytes_append_take(out, memory, (size_t)size_bytes, error));
        (void)TAKE_PTR(memory);
        return COFFER_OK;
}
