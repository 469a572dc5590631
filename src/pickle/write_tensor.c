/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors as NumPy pickles its arrays: _reconstruct(ndarray, (0,), b"b"), then the state (version, shape, dtype, in
 * Fortran order?, data). The function is named by its old place, numpy.core.multiarray: NumPy 1 has no other one (but
 * for its last release), and NumPy 2 keeps it there for old pickles, without a warning; numpy._core, where NumPy 2
 * itself says it is, would shut NumPy 1 out. */
#include <inttypes.h>
#include <stdio.h>

#include "pickle/writer.h"
#include "value/dtype.h"
#include "value/tensor.h"

enum { ARRAY_VERSION = 1, DTYPE_VERSION = 3, DATETIME_DTYPE_VERSION = 4, DTYPE_NAME_BYTES = 32, UCS4_BYTES = 4 };

/* NumPy's flags of a dtype (NPY_ITEM_REFCOUNT and so on, in ndarraytypes.h). */
enum {
        FLAGS_OBJECT = 0x3f,
        FLAG_NEEDS_INIT = 0x08,
        FLAG_NEEDS_PYAPI = 0x10,
        FLAGS_FROM_FIELDS = 0x1b,
        FLAG_ALIGNED = 0x80
};

/* ---- small parts ---- */

static coffer_status make_int(coffer_pickle_writer *writer, int64_t number, const coffer_value **out)
{
        return coffer_writer_deliver(writer, coffer_node_int(writer->scratch, number), out);
}

static coffer_status make_size(coffer_pickle_writer *writer, uint64_t number, const coffer_value **out)
{
        if (number > INT64_MAX)
                return coffer_error_set(writer->error, COFFER_UNSUPPORTED,
                                        "an array of %" PRIu64 " bytes can't be pickled", number);
        return make_int(writer, (int64_t)number, out);
}

static coffer_status make_text(coffer_pickle_writer *writer, coffer_kind kind, const char *text,
                               const coffer_value **out)
{
        return coffer_writer_deliver(writer, coffer_node_text_made(writer->scratch, kind, coffer_cursor_text(text)),
                                     out);
}

static coffer_status make_shape(coffer_pickle_writer *writer, const uint64_t *shape, size_t dims,
                                const coffer_value **out)
{
        coffer_value *tuple = coffer_node_container(writer->scratch, COFFER_KIND_TUPLE);
        if (!tuple)
                return coffer_document_failure(writer->scratch, writer->error);
        for (size_t i = 0; i < dims; i++) {
                const coffer_value *length;
                COFFER_TRY(make_size(writer, shape[i], &length));
                COFFER_TRY(coffer_node_extend(writer->scratch, tuple, &length, 1, writer->error));
        }
        *out = tuple;
        return COFFER_OK;
}

static coffer_status call_with_state(coffer_pickle_writer *writer, const coffer_value *callable,
                                     const coffer_value *const *args, size_t arg_count,
                                     const coffer_value *const *state, size_t state_count, const coffer_value **out)
{
        const coffer_value *object, *state_tuple;
        COFFER_TRY(coffer_writer_tuple(writer, state, state_count, &state_tuple));
        COFFER_TRY(coffer_writer_call(writer, callable, args, arg_count, &object));
        COFFER_TRY(coffer_value_object_set_state(writer->scratch, (coffer_value *)object, state_tuple, writer->error));
        *out = object;
        return COFFER_OK;
}

/* ---- dtypes: dtype(name, False, True), then the state (version, byte order, sub-array, names, fields, size,
 * alignment, flags[, metadata]) ---- */

/* What follows from the elements: their alignment in C, and NumPy's flags. */
typedef struct dtype_traits {
        uint64_t alignment;
        int flags;
} dtype_traits;

static dtype_traits traits_of(const coffer_dtype *dtype);

static dtype_traits traits_of_fields(const coffer_dtype *dtype)
{
        dtype_traits traits = {1, FLAG_NEEDS_PYAPI};
        for (size_t i = 0; i < dtype->field_count; i++) {
                dtype_traits field = traits_of(dtype->fields[i].dtype);
                traits.flags |= field.flags & FLAGS_FROM_FIELDS;
                if (dtype->aligned && field.alignment > traits.alignment)
                        traits.alignment = field.alignment;
        }
        if (dtype->aligned)
                traits.flags |= FLAG_ALIGNED;
        return traits;
}

static dtype_traits traits_of(const coffer_dtype *dtype)
{
        if (dtype->base)
                return traits_of(dtype->base);
        if (dtype->field_count > 0)
                return traits_of_fields(dtype);
        switch (dtype->kind) {
        case 'S':
        case 'V':
                return (dtype_traits){1, 0};
        case 'U':
                return (dtype_traits){UCS4_BYTES, FLAG_NEEDS_INIT};
        case 'O':
                return (dtype_traits){sizeof(void *), FLAGS_OBJECT};
        case 'c':
                return (dtype_traits){dtype->item_size_bytes / 2, 0};
        default:
                return (dtype_traits){dtype->item_size_bytes, 0};
        }
}

static bool has_fixed_size(const coffer_dtype *dtype)
{
        return dtype->kind != 'S' && dtype->kind != 'U' && dtype->kind != 'V';
}

/* As NumPy names the type to dtype(): "f8", "b1", "U3", "M8". */
static coffer_status make_name(coffer_pickle_writer *writer, const coffer_dtype *dtype, const coffer_value **out)
{
        char name[DTYPE_NAME_BYTES];
        uint64_t size = dtype->kind == 'U' ? dtype->item_size_bytes / UCS4_BYTES : dtype->item_size_bytes;
        snprintf(name, sizeof(name), "%c%" PRIu64, dtype->kind, size);
        return make_text(writer, COFFER_KIND_STR, name, out);
}

static coffer_status make_dtype(coffer_pickle_writer *writer, const coffer_dtype *dtype, const coffer_value **out);

/* (dtype, offset) or (dtype, offset, title), under the name and under the title. */
static coffer_status set_field(coffer_pickle_writer *writer, coffer_value *fields, const coffer_value *name,
                               const coffer_dtype_field *field)
{
        const coffer_value *parts[3], *description;
        COFFER_TRY(make_dtype(writer, field->dtype, &parts[0]));
        COFFER_TRY(make_size(writer, field->offset_bytes, &parts[1]));
        if (field->title)
                COFFER_TRY(make_text(writer, COFFER_KIND_STR, field->title, &parts[2]));
        COFFER_TRY(coffer_writer_tuple(writer, parts, field->title ? 3 : 2, &description));
        COFFER_TRY(coffer_value_set_item(writer->scratch, fields, name, description, writer->error));
        return field->title ? coffer_value_set_item(writer->scratch, fields, parts[2], description, writer->error)
                            : COFFER_OK;
}

/* The tuple of names and the dict of fields. */
static coffer_status make_fields(coffer_pickle_writer *writer, const coffer_dtype *dtype, const coffer_value *out[2])
{
        coffer_value *names = coffer_node_container(writer->scratch, COFFER_KIND_TUPLE);
        coffer_value *fields = coffer_node_container(writer->scratch, COFFER_KIND_DICT);
        if (!names || !fields)
                return coffer_document_failure(writer->scratch, writer->error);
        for (size_t i = 0; i < dtype->field_count; i++) {
                const coffer_value *name;
                COFFER_TRY(make_text(writer, COFFER_KIND_STR, dtype->fields[i].name, &name));
                COFFER_TRY(coffer_node_extend(writer->scratch, names, &name, 1, writer->error));
                COFFER_TRY(set_field(writer, fields, name, &dtype->fields[i]));
        }
        out[0] = names;
        out[1] = fields;
        return COFFER_OK;
}

/* (None, (unit, count, 1, 1)) of "25s". */
static coffer_status make_unit(coffer_pickle_writer *writer, const char *text, const coffer_value **out)
{
        const coffer_value *parts[4], *both[2] = {coffer_node_none(), NULL};
        int64_t count = 0;
        const char *unit = text;
        for (; *unit >= '0' && *unit <= '9' && count <= INT32_MAX; unit++)
                count = count * 10 + (*unit - '0');
        COFFER_TRY(make_text(writer, COFFER_KIND_BYTES, unit, &parts[0]));
        COFFER_TRY(make_int(writer, unit == text ? 1 : count, &parts[1]));
        COFFER_TRY(make_int(writer, 1, &parts[2]));
        COFFER_TRY(make_int(writer, 1, &parts[3]));
        COFFER_TRY(coffer_writer_tuple(writer, parts, ARRAY_COUNT(parts), &both[1]));
        return coffer_writer_tuple(writer, both, ARRAY_COUNT(both), out);
}

/* (base, shape) */
static coffer_status make_subarray(coffer_pickle_writer *writer, const coffer_dtype *dtype, const coffer_value **out)
{
        const coffer_value *parts[2];
        COFFER_TRY(make_dtype(writer, dtype->base, &parts[0]));
        COFFER_TRY(make_shape(writer, dtype->subshape, dtype->subshape_dims, &parts[1]));
        return coffer_writer_tuple(writer, parts, ARRAY_COUNT(parts), out);
}

static coffer_status make_sizes(coffer_pickle_writer *writer, const coffer_dtype *dtype, const coffer_value *out[3])
{
        dtype_traits traits = traits_of(dtype);
        bool fixed = has_fixed_size(dtype);
        /* A char in NumPy 1, which refuses what does not fit; NumPy 2 reads both forms. */
        int flags = traits.flags & FLAG_ALIGNED ? traits.flags - 256 : traits.flags;
        COFFER_TRY(fixed ? make_int(writer, -1, &out[0]) : make_size(writer, dtype->item_size_bytes, &out[0]));
        COFFER_TRY(fixed ? make_int(writer, -1, &out[1]) : make_size(writer, traits.alignment, &out[1]));
        return make_int(writer, !fixed || dtype->kind == 'O' ? flags : 0, &out[2]);
}

static coffer_status make_new_dtype(coffer_pickle_writer *writer, const coffer_dtype *dtype, const coffer_value **out)
{
        const coffer_value *const none = coffer_node_none();
        const coffer_value *args[3] = {NULL, coffer_node_bool(false), coffer_node_bool(true)};
        const coffer_value *state[9] = {NULL, NULL, none, none, none};
        const char order[2] = {dtype->byte_order, '\0'};
        const coffer_value *callable;
        size_t state_count = dtype->datetime_unit ? 9 : 8;

        COFFER_TRY(coffer_writer_shared_global(writer, "numpy", "dtype", &callable));
        COFFER_TRY(make_name(writer, dtype, &args[0]));
        COFFER_TRY(make_int(writer, dtype->datetime_unit ? DATETIME_DTYPE_VERSION : DTYPE_VERSION, &state[0]));
        COFFER_TRY(make_text(writer, COFFER_KIND_STR, order, &state[1]));
        if (dtype->base)
                COFFER_TRY(make_subarray(writer, dtype, &state[2]));
        else if (dtype->field_count > 0)
                COFFER_TRY(make_fields(writer, dtype, &state[3]));
        COFFER_TRY(make_sizes(writer, dtype, &state[5]));
        if (dtype->datetime_unit)
                COFFER_TRY(make_unit(writer, dtype->datetime_unit, &state[8]));
        return call_with_state(writer, callable, args, ARRAY_COUNT(args), state, state_count, out);
}

/* NumPy has one object each of its plain dtypes in the machine's byte order. */
static coffer_status make_dtype(coffer_pickle_writer *writer, const coffer_dtype *dtype, const coffer_value **out)
{
        char key[DTYPE_NAME_BYTES];
        if (!has_fixed_size(dtype) || dtype->datetime_unit || coffer_dtype_is_swapped(dtype))
                return make_new_dtype(writer, dtype, out);
        snprintf(key, sizeof(key), "dtype %c%" PRIu64, dtype->kind, dtype->item_size_bytes);
        const coffer_value *known = (const coffer_value *)coffer_map_get(writer->shared, key);
        if (!known) {
                COFFER_TRY(make_new_dtype(writer, dtype, &known));
                COFFER_TRY(coffer_map_set(writer->shared, key, (void *)known, writer->error));
        }
        *out = known;
        return COFFER_OK;
}

/* ---- data ---- */

static coffer_status check_size(const coffer_pickle_writer *writer, const coffer_tensor *tensor, uint64_t *out)
{
        if (!coffer_tensor_size(tensor, out) || *out > INT64_MAX)
                return coffer_error_set(writer->error, COFFER_INVALID, "the size of an array overflows");
        return COFFER_OK;
}

/* The elements of an array that is not in one piece, in C order. */
static coffer_status compact(coffer_pickle_writer *writer, const coffer_tensor *tensor, size_t size, coffer_cursor *out)
{
        const size_t item_bytes = (size_t)tensor->dtype.item_size_bytes;
        coffer_tensor_iterator iterator;
        uint8_t *data = (uint8_t *)coffer_document_alloc(writer->scratch, size);
        if (!data)
                return coffer_document_failure(writer->scratch, writer->error);
        *out = coffer_cursor_of(data, size);
        coffer_tensor_iterate(tensor, &iterator);
        for (; coffer_tensor_next(&iterator); data += item_bytes)
                memcpy(data, iterator.element, item_bytes);
        return COFFER_OK;
}

static coffer_status make_data(coffer_pickle_writer *writer, const coffer_tensor *tensor, bool in_one_piece,
                               const coffer_value **out)
{
        uint64_t size;
        coffer_cursor data;
        COFFER_TRY(check_size(writer, tensor, &size));
        if (size > tensor->available_bytes && in_one_piece)
                return coffer_error_set(writer->error, COFFER_UNSUPPORTED,
                                        "only the first %" PRIu64 " of %" PRIu64 " bytes of an array are in memory",
                                        tensor->available_bytes, size);
        if (size > 0 && !in_one_piece)
                COFFER_TRY(compact(writer, tensor, (size_t)size, &data));
        else
                data = coffer_cursor_of(size > 0 ? tensor->data : coffer_shared_empty_text, (size_t)size);
        return coffer_writer_deliver(writer, coffer_node_text(writer->scratch, COFFER_KIND_BYTES, data), out);
}

static coffer_status make_objects(coffer_pickle_writer *writer, const coffer_tensor *tensor, const coffer_value **out)
{
        uint64_t count;
        if (!coffer_tensor_count(tensor, &count) || count > UINT32_MAX)
                return coffer_error_set(writer->error, COFFER_LIMIT, "an array of too many objects");
        return coffer_writer_deliver(
                writer, coffer_node_sequence(writer->scratch, COFFER_KIND_LIST, tensor->objects, (size_t)count), out);
}

/* ---- arrays ---- */

/* The callable and the arguments that make an empty array. */
static coffer_status make_args(coffer_pickle_writer *writer, const coffer_value **callable, const coffer_value *args[3])
{
        static const char letter_key[] = "b'b'";
        static const uint64_t no_elements = 0;
        COFFER_TRY(coffer_writer_shared_global(writer, "numpy.core.multiarray", "_reconstruct", callable));
        COFFER_TRY(coffer_writer_shared_global(writer, "numpy", "ndarray", &args[0]));
        COFFER_TRY(make_shape(writer, &no_elements, 1, &args[1]));
        args[2] = (const coffer_value *)coffer_map_get(writer->shared, letter_key);
        if (args[2])
                return COFFER_OK;
        COFFER_TRY(make_text(writer, COFFER_KIND_BYTES, "b", &args[2]));
        return coffer_map_set(writer->shared, letter_key, (void *)args[2], writer->error);
}

coffer_status coffer_writer_lower_tensor(coffer_pickle_writer *writer, const coffer_tensor *tensor,
                                         const coffer_value **out)
{
        const coffer_value *callable;
        const coffer_value *args[3];
        const coffer_value *state[5];
        bool has_objects = tensor->dtype.kind == 'O';
        bool c_order = has_objects || coffer_tensor_is_c_contiguous(tensor);
        bool fortran = !c_order && coffer_tensor_is_f_contiguous(tensor);

        if (!has_objects && coffer_dtype_has_objects(&tensor->dtype))
                return coffer_error_set(writer->error, COFFER_UNSUPPORTED,
                                        "an array whose fields hold objects can't be pickled");
        COFFER_TRY(make_args(writer, &callable, args));
        COFFER_TRY(make_int(writer, ARRAY_VERSION, &state[0]));
        COFFER_TRY(make_shape(writer, tensor->shape, tensor->dims, &state[1]));
        COFFER_TRY(make_dtype(writer, &tensor->dtype, &state[2]));
        state[3] = coffer_node_bool(fortran);
        COFFER_TRY(has_objects ? make_objects(writer, tensor, &state[4])
                               : make_data(writer, tensor, c_order || fortran, &state[4]));
        return call_with_state(writer, callable, args, ARRAY_COUNT(args), state, ARRAY_COUNT(state), out);
}
