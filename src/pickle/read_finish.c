/* SPDX-License-Identifier: Apache-2.0 */
/* A last look at the graph: how deep it is, and which calls it does not hold. Nothing here recurses. */
#include <inttypes.h>

#include "pickle/reader.h"

/* A run of values to be looked at, `depth` levels below the root. */
typedef struct run {
        const coffer_value *const *next;
        const coffer_value *const *end;
        uint32_t depth;
} run;

typedef struct graph_walk {
        coffer_reader *reader;
        run *runs;
        size_t count;
        size_t capacity;
} graph_walk;

static void walk_done(graph_walk *walk)
{
        coffer_free(walk->runs);
}

static coffer_status push_run(graph_walk *walk, const coffer_value *const *values, size_t count, uint32_t depth)
{
        if (count == 0 || !values[0])
                return COFFER_OK;
        if (walk->count == walk->capacity) {
                size_t capacity = walk->capacity ? walk->capacity * 2 : 64;
                run *runs = (run *)coffer_realloc_array(walk->runs, capacity, sizeof(*runs));
                if (!runs)
                        return coffer_reader_fail(walk->reader, COFFER_NO_MEMORY, "out of memory");
                walk->runs = runs;
                walk->capacity = capacity;
        }
        walk->runs[walk->count++] = (run){values, values + count, depth};
        return COFFER_OK;
}

static coffer_status push_parts_of_object(graph_walk *walk, const coffer_value *value, uint32_t depth)
{
        const coffer_object_node *object = (const coffer_object_node *)value;
        const coffer_value *const *const parts[] = {
                &value->value,
                &object->args,
                &object->kwargs,
                &object->state,
                &object->setter,
                (const coffer_value *const *)&object->items,
                (const coffer_value *const *)&object->pairs,
        };
        for (size_t i = 0; i < ARRAY_COUNT(parts); i++)
                COFFER_TRY(push_run(walk, parts[i], 1, depth));
        return COFFER_OK;
}

static coffer_status push_items(graph_walk *walk, const coffer_value *container, uint32_t depth)
{
        if (!(container->flags & COFFER_NODE_NESTED))
                return COFFER_OK;
        if (container->kind == COFFER_KIND_DICT) /* a pair is two values */
                return push_run(walk, (const coffer_value *const *)container->pairs, (size_t)container->count * 2,
                                depth);
        return push_run(walk, (const coffer_value *const *)container->items, container->count, depth);
}

/* Marks a value that is `depth` levels deep and pushes its parts, unless it has been seen. */
static coffer_status reach(graph_walk *walk, const coffer_value *value, uint32_t depth)
{
        if (value->flags & COFFER_NODE_REACHED)
                return COFFER_OK;
        if (depth > walk->reader->options->max_depth)
                return coffer_reader_fail(walk->reader, COFFER_LIMIT, "values are nested more than %" PRIu32 " deep",
                                          walk->reader->options->max_depth);
        ((coffer_value *)value)->flags |= COFFER_NODE_REACHED;
        switch (value->kind) {
        case COFFER_KIND_OBJECT:
                return push_parts_of_object(walk, value, depth + 1);
        case COFFER_KIND_PERSISTENT:
                return push_run(walk, &value->value, 1, depth + 1);
        default:
                return push_items(walk, value, depth + 1);
        }
}

/* Marks all that hangs on `value`. */
static coffer_status reach_all(graph_walk *walk, const coffer_value *value)
{
        if (coffer_reader_has_parts(value))
                COFFER_TRY(reach(walk, value, 1));
        while (walk->count > 0) {
                run *top = &walk->runs[walk->count - 1];
                while (top->next < top->end && !coffer_reader_has_parts(*top->next))
                        top->next++;
                if (top->next == top->end)
                        walk->count--;
                else
                        COFFER_TRY(reach(walk, *top->next++, top->depth));
        }
        return COFFER_OK;
}

/* A pickler that sets an object's state by a function writes function(object, state) and drops the result. */
static bool is_state_setting(const coffer_value *call)
{
        const coffer_value *args = coffer_value_args(call);
        if (call->kind != COFFER_KIND_OBJECT || call->construction != COFFER_CALL || args->kind != COFFER_KIND_TUPLE ||
            args->count != 2 || args->items[0]->kind != COFFER_KIND_OBJECT)
                return false;
        const coffer_object_node *target = (const coffer_object_node *)args->items[0];
        return target->base.flags & COFFER_NODE_REACHED && !target->state && !target->setter;
}

static coffer_status keep_call(graph_walk *walk, const coffer_value *call)
{
        coffer_reader *reader = walk->reader;
        if (is_state_setting(call)) {
                const coffer_value *args = coffer_value_args(call);
                coffer_object_node *target = (coffer_object_node *)args->items[0];
                target->setter = call->value;
                target->state = args->items[1];
        } else {
                COFFER_TRY(coffer_document_add_unused(reader->document, call, reader->error));
        }
        return reach_all(walk, call);
}

coffer_status coffer_reader_finish(coffer_reader *reader, const coffer_value *root)
{
        graph_walk walk _cleanup_(walk_done) = {.reader = reader};
        COFFER_TRY(reach_all(&walk, root));
        /* Later calls first: an earlier one may be part of them. */
        for (size_t i = reader->calls.count; i-- > 0;)
                if (!(reader->calls.values[i]->flags & COFFER_NODE_REACHED))
                        COFFER_TRY(keep_call(&walk, reader->calls.values[i]));
        coffer_document_set_root(reader->document, root);
        return COFFER_OK;
}
