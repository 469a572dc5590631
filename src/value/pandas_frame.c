/* SPDX-License-Identifier: Apache-2.0 */
/* DataFrame and Series. Both hold a manager: a list of axes (the labels of the columns, and the rows' index) and
 * blocks, each a two-dimensional array whose rows are columns of the frame, with the places of those columns. */
#include "value/element.h"
#include "value/forms_arrow.h"
#include "value/forms_numpy.h"
#include "value/forms_pandas.h"
#include "value/tensor.h"

enum { MAX_COLUMNS = 1 << 20 };

/* ---- managers ---- */

typedef struct manager {
        const coffer_value *axes;   /* list of indexes */
        const coffer_value *blocks; /* tuple of calls or list of dicts */
} manager;

/* BlockManager((block, ...), [axis, ...]), or a state whose last item is {'0.14.1': {'axes': [...], 'blocks': [...]}}
 */
static bool manager_of(const coffer_value *value, manager *out)
{
        coffer_maker maker;
        if (!value || !coffer_maker_of(value, &maker))
                return false;
        if (maker.state) {
                const coffer_value *last = coffer_value_item(maker.state, 3);
                const coffer_value *parts = last ? coffer_value_lookup(last, "0.14.1") : NULL;
                out->axes = parts ? coffer_value_lookup(parts, "axes") : NULL;
                out->blocks = parts ? coffer_value_lookup(parts, "blocks") : NULL;
        } else {
                out->blocks = coffer_maker_arg(&maker, 0, COFFER_KIND_TUPLE);
                out->axes = coffer_maker_arg(&maker, 1, COFFER_KIND_LIST);
        }
        return out->axes && out->blocks;
}

static bool block_of(const coffer_value *value, const coffer_value **values, const coffer_value **places)
{
        coffer_maker maker;
        if (coffer_maker_of(value, &maker)) {
                if (!coffer_maker_is(&maker, "pandas._libs.internals", "_unpickle_block") || maker.arg_count < 2)
                        return false;
                *values = maker.args[0];
                *places = maker.args[1];
                return true;
        }
        *values = coffer_value_lookup(value, "values");
        *places = coffer_value_lookup(value, "mgr_locs");
        return *values && *places;
}

/* Where the columns of a block stand in the frame: slice(start, stop, step), or an array of them. */
typedef struct placement {
        int64_t start, step, count;
        coffer_tensor array; /* with data when the places come one by one */
} placement;

static bool slice_of(const coffer_maker *maker, placement *out)
{
        int64_t start, stop, step;
        if (!coffer_maker_is(maker, "builtins", "slice") || maker->arg_count != 3 ||
            !coffer_value_get_int(maker->args[0], &start) || !coffer_value_get_int(maker->args[1], &stop) ||
            !coffer_value_get_int(maker->args[2], &step) || step < 1 || start < 0 || stop < start || stop > INT32_MAX ||
            step > INT32_MAX)
                return false;
        *out = (placement){.start = start, .step = step, .count = (stop - start + step - 1) / step};
        return true;
}

static coffer_status placement_of(coffer_document *scratch, const coffer_value *value, placement *out)
{
        coffer_maker maker;
        if (!coffer_maker_of(value, &maker))
                return COFFER_DECLINED;
        if (coffer_maker_is(&maker, "pandas._libs.internals", "BlockPlacement") && maker.arg_count == 1 &&
            !coffer_maker_of(maker.args[0], &maker))
                return COFFER_DECLINED;
        if (slice_of(&maker, out))
                return COFFER_OK;
        *out = (placement){0};
        coffer_status status = coffer_numpy_tensor(scratch, maker.value, &out->array, NULL);
        bool is_usable = status == COFFER_OK && out->array.dims == 1 && out->array.dtype.kind == 'i' &&
                         out->array.dtype.item_size_bytes == 8 && !coffer_dtype_is_swapped(&out->array.dtype) &&
                         out->array.shape[0] * 8 == out->array.available_bytes;
        out->count = is_usable ? (int64_t)out->array.shape[0] : 0;
        return status == COFFER_NO_MEMORY || is_usable ? status : COFFER_DECLINED;
}

static int64_t place_at(const placement *places, int64_t index)
{
        int64_t place = places->start + index * places->step;
        if (places->array.data)
                memcpy(&place, places->array.data + 8 * index, sizeof(place));
        return place;
}

/* ---- labels ---- */

typedef struct frame {
        coffer_document *scratch;
        const coffer_value *index;    /* of the columns */
        const coffer_value *labels;   /* the same as a list or tensor where that had to be made, else NULL */
        const coffer_value **columns; /* NULL where none has been found */
        size_t count;
} frame;

/* One label of an index that has them in an array. */
static coffer_status array_label(coffer_document *scratch, const coffer_value *data, size_t index,
                                 const coffer_value **out, coffer_error *error)
{
        const coffer_value *inner, *dtype;
        coffer_tensor tensor = {0};
        if (coffer_pandas_backed(data, &inner, &dtype))
                data = inner;
        coffer_status status = coffer_numpy_tensor(scratch, data, &tensor, NULL);
        if (status == COFFER_NO_MEMORY)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
        if (status != COFFER_OK || tensor.dims != 1 || index >= tensor.shape[0])
                return COFFER_DECLINED;
        if (tensor.dtype.kind == 'O') {
                *out = tensor.objects[index];
                return COFFER_OK;
        }
        uint64_t offset = index * tensor.dtype.item_size_bytes;
        if (coffer_dtype_has_objects(&tensor.dtype) || tensor.dtype.item_size_bytes > tensor.available_bytes ||
            offset > tensor.available_bytes - tensor.dtype.item_size_bytes)
                return COFFER_DECLINED;
        return coffer_element_value(scratch, &tensor.dtype, tensor.data + offset, out, error);
}

/* The same where pandas keeps them in an Arrow array, whose elements are worked out once. */
static coffer_status resolve_arrow_labels(frame *f, coffer_error *error)
{
        const coffer_value *class, *parameters;
        if (!coffer_pandas_index(f->index, &class, &parameters))
                return COFFER_OK;
        const coffer_value *data = coffer_value_lookup(parameters, "data");
        const coffer_value *array = data ? coffer_pandas_arrow(data) : NULL;
        return array ? coffer_arrow_elements(f->scratch, array, &f->labels, error) : COFFER_OK;
}

static coffer_status made_label(const frame *f, size_t place, const coffer_value **out, coffer_error *error)
{
        if (f->labels->kind == COFFER_KIND_TENSOR)
                return array_label(f->scratch, f->labels, place, out, error);
        *out = coffer_value_item(f->labels, place);
        return *out ? COFFER_OK : COFFER_DECLINED;
}

static coffer_status label_at(coffer_document *scratch, const coffer_value *index, size_t place,
                              const coffer_value **out, coffer_error *error)
{
        const coffer_value *class, *parameters;
        int64_t start, step;
        if (!coffer_pandas_index(index, &class, &parameters))
                return COFFER_DECLINED;
        const coffer_value *data = coffer_value_lookup(parameters, "data");
        if (data)
                return array_label(scratch, data, place, out, error);
        const coffer_value *first = coffer_value_lookup(parameters, "start");
        const coffer_value *stride = coffer_value_lookup(parameters, "step");
        if (!first || !stride || !coffer_value_get_int(first, &start) || !coffer_value_get_int(stride, &step) ||
            !coffer_mul_i64(step, (int64_t)place, &step) || !coffer_add_i64(start, step, &start))
                return COFFER_DECLINED;
        coffer_value *label;
        COFFER_TRY(coffer_value_int(scratch, start, &label, error));
        *out = label;
        return COFFER_OK;
}

/* ---- columns ---- */

/* Row `row` of a block as an array of its own, over the same memory. */
static coffer_status slice_block(const frame *f, const coffer_tensor *block, int64_t row, const coffer_value **out,
                                 coffer_error *error)
{
        coffer_tensor *column = coffer_document_alloc(f->scratch, sizeof(*column));
        coffer_value *node = coffer_node_of_kind(f->scratch, COFFER_KIND_TENSOR, sizeof(*node));
        if (!column || !node)
                return coffer_document_failure(f->scratch, error);
        uint64_t offset = (uint64_t)row * (uint64_t)block->strides_bytes[0];
        *column = (coffer_tensor){.dtype = block->dtype,
                                  .dims = 1,
                                  .shape = {block->shape[1]},
                                  .strides_bytes = {block->strides_bytes[1]},
                                  .read_only = true};
        if (block->objects) {
                column->objects = block->objects + (uint64_t)row * block->shape[1];
        } else {
                bool is_kept = offset <= block->available_bytes;
                column->data = is_kept ? block->data + offset : block->data;
                column->available_bytes = is_kept ? block->available_bytes - offset : 0;
        }
        node->tensor = column;
        *out = node;
        return COFFER_OK;
}

static coffer_status add_column(frame *f, int64_t place, const coffer_value *column)
{
        if (place < 0 || (uint64_t)place >= f->count || f->columns[place])
                return COFFER_DECLINED;
        f->columns[place] = column;
        return COFFER_OK;
}

/* An extension array is one column by itself, unless it only wraps a two-dimensional array. */
static coffer_status add_block(frame *f, const coffer_value *values, const placement *places, coffer_error *error)
{
        const coffer_value *array = values, *inner, *dtype;
        coffer_tensor block = {0};
        if (coffer_pandas_backed(values, &inner, &dtype) && places->count > 1)
                array = inner;
        coffer_status status = coffer_numpy_tensor(f->scratch, array, &block, NULL);
        if (status == COFFER_NO_MEMORY)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
        if (status != COFFER_OK && places->count == 1)
                return add_column(f, place_at(places, 0), values);
        if (status != COFFER_OK || block.dims != 2 || block.shape[0] != (uint64_t)places->count)
                return COFFER_DECLINED;
        for (int64_t i = 0; i < places->count; i++) {
                const coffer_value *column = NULL;
                COFFER_TRY(slice_block(f, &block, i, &column, error));
                COFFER_TRY(add_column(f, place_at(places, i), column));
        }
        return COFFER_OK;
}

static coffer_status read_blocks(frame *f, const coffer_value *blocks, coffer_error *error)
{
        size_t total = 0;
        for (size_t i = 0; i < coffer_value_count(blocks); i++) {
                const coffer_value *values, *where;
                placement places;
                if (!block_of(coffer_value_item(blocks, i), &values, &where))
                        return COFFER_DECLINED;
                COFFER_TRY(placement_of(f->scratch, where, &places));
                total += (size_t)places.count;
                if (total > MAX_COLUMNS)
                        return COFFER_DECLINED;
                if (!f->columns)
                        continue;
                COFFER_TRY(add_block(f, values, &places, error));
        }
        f->count = total;
        return COFFER_OK;
}

/* As a dict from label to column; as a list of pairs when labels are equal. */
static coffer_status collect_columns(const frame *f, const coffer_value **out, coffer_error *error)
{
        coffer_value *dict = coffer_node_container(f->scratch, COFFER_KIND_DICT);
        coffer_value *pairs = dict ? coffer_node_container(f->scratch, COFFER_KIND_LIST) : NULL;
        if (!pairs)
                return coffer_document_failure(f->scratch, error);
        for (size_t i = 0; i < f->count; i++) {
                const coffer_value *pair[2] = {NULL, f->columns[i]};
                COFFER_TRY(f->labels ? made_label(f, i, &pair[0], error)
                                     : label_at(f->scratch, f->index, i, &pair[0], error));
                if (!pair[1])
                        return COFFER_DECLINED;
                coffer_value *tuple = coffer_node_sequence(f->scratch, COFFER_KIND_TUPLE, pair, 2);
                if (!tuple)
                        return coffer_document_failure(f->scratch, error);
                COFFER_TRY(coffer_value_append(f->scratch, pairs, tuple, error));
                COFFER_TRY(coffer_value_set_item(f->scratch, dict, pair[0], pair[1], error));
        }
        *out = coffer_value_count(dict) == f->count ? dict : pairs;
        return COFFER_OK;
}

static coffer_status read_columns(coffer_document *scratch, const manager *from, const coffer_value **out,
                                  coffer_error *error)
{
        frame f = {.scratch = scratch, .index = coffer_value_item(from->axes, 0)};
        if (!f.index)
                return COFFER_DECLINED;
        COFFER_TRY(read_blocks(&f, from->blocks, error)); /* first only counts */
        f.columns = coffer_document_alloc(scratch, (f.count + 1) * sizeof(*f.columns));
        if (!f.columns)
                return coffer_document_failure(scratch, error);
        memset(f.columns, 0, (f.count + 1) * sizeof(*f.columns));
        COFFER_TRY(resolve_arrow_labels(&f, error));
        COFFER_TRY(read_blocks(&f, from->blocks, error));
        return collect_columns(&f, out, error);
}

/* ---- views ---- */

/* Attributes that say nothing beyond what is shown. */
static bool is_told(const coffer_value *key, const coffer_value *value)
{
        static const char *const told[] = {"_mgr", "_data", "_typ", "_metadata", "_name", "name"};
        coffer_cursor name = coffer_value_data(key);
        for (size_t i = 0; i < ARRAY_COUNT(told); i++)
                if (coffer_cursor_is(name, told[i]))
                        return true;
        if (coffer_cursor_is(name, "attrs"))
                return coffer_value_count(value) == 0;
        const coffer_value *duplicates = coffer_value_lookup(value, "allows_duplicate_labels");
        return coffer_cursor_is(name, "_flags") && duplicates && coffer_value_get_bool(duplicates);
}

/* Everything else that the object carries. */
static coffer_status add_the_rest(coffer_document *scratch, coffer_view *view, const coffer_value *state,
                                  coffer_error *error)
{
        coffer_value *rest = coffer_node_container(scratch, COFFER_KIND_DICT);
        if (!rest)
                return coffer_document_failure(scratch, error);
        for (size_t i = 0; i < state->count; i++)
                if (!is_told(state->pairs[i].key, state->pairs[i].value))
                        COFFER_TRY(coffer_value_set_item(scratch, rest, state->pairs[i].key, state->pairs[i].value,
                                                         error));
        return rest->count == 0 ? COFFER_OK
                                : coffer_view_add(scratch, view, COFFER_PART_KEYWORD, "attributes", rest, error);
}

static bool state_and_manager(const coffer_maker *maker, manager *out)
{
        const coffer_value *state = maker->state;
        if (!state || state->kind != COFFER_KIND_DICT || maker->arg_count > 0 || maker->items || maker->pairs)
                return false;
        const coffer_value *value = coffer_value_lookup(state, "_mgr");
        return manager_of(value ? value : coffer_value_lookup(state, "_data"), out);
}

coffer_status coffer_pandas_view_frame(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                       coffer_error *error)
{
        manager from;
        const coffer_value *columns = NULL;
        if (!state_and_manager(maker, &from) || coffer_value_count(from.axes) != 2)
                return COFFER_DECLINED;
        COFFER_TRY(read_columns(scratch, &from, &columns, error));
        COFFER_TRY(coffer_view_add_int(scratch, out, COFFER_PART_JSON, "column_count",
                                       (int64_t)coffer_value_count(columns), error));
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_POSITIONAL, "columns", columns, error));
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "index", coffer_value_item(from.axes, 1), error));
        return add_the_rest(scratch, out, maker->state, error);
}

coffer_status coffer_pandas_view_series(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                        coffer_error *error)
{
        manager from;
        const coffer_value *values, *places;
        if (!state_and_manager(maker, &from) || coffer_value_count(from.axes) != 1 ||
            coffer_value_count(from.blocks) != 1 || !block_of(coffer_value_item(from.blocks, 0), &values, &places))
                return COFFER_DECLINED;
        const coffer_value *name = coffer_value_lookup(maker->state, "_name");
        if (!name)
                name = coffer_value_lookup(maker->state, "name");
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_POSITIONAL, "values", values, error));
        COFFER_TRY(coffer_view_add(scratch, out, COFFER_PART_KEYWORD, "index", coffer_value_item(from.axes, 0), error));
        if (name)
                COFFER_TRY(coffer_view_add(scratch, out,
                                           name->kind == COFFER_KIND_NONE ? COFFER_PART_JSON : COFFER_PART_KEYWORD,
                                           "name", name, error));
        return add_the_rest(scratch, out, maker->state, error);
}
