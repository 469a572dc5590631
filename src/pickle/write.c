/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over the graph, with a stack of its own, in the order and with the opcodes of CPython's C pickler. */
#include "pickle/opcodes.h"
#include "pickle/writer.h"

enum {
        BATCH_VALUES = 1000,
        MAX_FRAMES = 1 << 20,
        /* How often CPython's pickler, before it gives up, may find a value inside itself that the memo does not have
           yet. */
        MAX_REOPENED = 512
};

/* ---- containers in batches ---- */

/* How a container's values follow it: one by one, or in batches behind a mark. */
typedef struct batch_style {
        uint8_t width;     /* values of an item: a pair has two */
        uint8_t one;       /* the opcode for a single item, 0: there is none */
        uint8_t many;      /* the opcode for a batch */
        bool one_at_end;   /* a single item that is left behind full batches is written as such */
        bool empty_at_end; /* behind full batches comes an empty one when nothing is left */
} batch_style;

enum { BATCH_NONE, BATCH_SINGLE, BATCH_FULL, BATCH_LAST };

static const batch_style list_style = {1, COFFER_OP_APPEND, COFFER_OP_APPENDS, false, false};
static const batch_style dict_style = {2, COFFER_OP_SETITEM, COFFER_OP_SETITEMS, false, true};
static const batch_style set_style = {1, 0, COFFER_OP_ADDITEMS, false, true};
static const batch_style object_items_style = {1, COFFER_OP_APPEND, COFFER_OP_APPENDS, true, false};
static const batch_style object_pairs_style = {2, COFFER_OP_SETITEM, COFFER_OP_SETITEMS, true, false};

/* A pair is two values in a row. */
static const coffer_value *const *values_of(const coffer_value *container)
{
        return container->kind == COFFER_KIND_DICT ? (const coffer_value *const *)container->pairs
                                                   : (const coffer_value *const *)container->items;
}

static coffer_write_frame *top_frame(const coffer_pickle_writer *writer)
{
        return &writer->frames[writer->frame_count - 1];
}

static coffer_status begin_batch(coffer_pickle_writer *writer, const batch_style *style, size_t total, bool *done)
{
        coffer_write_frame *frame = top_frame(writer);
        size_t left = total - frame->next;
        size_t batch = (size_t)BATCH_VALUES * style->width;

        *done = left == 0 && !(style->empty_at_end && frame->next > 0);
        if (*done)
                return COFFER_OK;
        frame->batch_end = frame->next + (left < batch ? left : batch);
        if (style->one && left == style->width && (frame->next == 0 || style->one_at_end)) {
                frame->batch = BATCH_SINGLE;
                return COFFER_OK;
        }
        frame->batch = left < batch ? BATCH_LAST : BATCH_FULL;
        return coffer_output_byte(&writer->output, COFFER_OP_MARK);
}

static coffer_status end_batch(coffer_pickle_writer *writer, const batch_style *style, bool *done)
{
        coffer_write_frame *frame = top_frame(writer);
        uint8_t opcode = frame->batch == BATCH_SINGLE ? style->one : style->many;
        *done = frame->batch != BATCH_FULL;
        frame->batch = BATCH_NONE;
        return coffer_output_byte(&writer->output, opcode);
}

/* Writes values up to `end`; false when one of them has pushed a frame, which comes first. */
static coffer_status save_values(coffer_pickle_writer *writer, const coffer_value *const *values, size_t end,
                                 bool *finished)
{
        size_t depth = writer->frame_count;
        while (top_frame(writer)->next < end) {
                COFFER_TRY(coffer_writer_save(writer, values[top_frame(writer)->next++]));
                if (writer->frame_count != depth) {
                        *finished = false;
                        return COFFER_OK;
                }
        }
        *finished = true;
        return COFFER_OK;
}

static coffer_status run_batches(coffer_pickle_writer *writer, const coffer_value *container, const batch_style *style,
                                 bool *done)
{
        size_t total = (size_t)container->count * style->width;
        bool finished;
        do {
                if (top_frame(writer)->batch == BATCH_NONE)
                        COFFER_TRY(begin_batch(writer, style, total, done));
                if (*done)
                        return COFFER_OK;
                COFFER_TRY(save_values(writer, values_of(container), top_frame(writer)->batch_end, &finished));
                if (!finished)
                        return COFFER_OK;
                COFFER_TRY(end_batch(writer, style, done));
        } while (!*done);
        return COFFER_OK;
}

/* ---- tuples and frozensets ---- */

/* What is on the unpickler's stack turns out to be in the memo already, since the value holds itself: it is taken away
 * again, and the one in the memo goes on. */
static coffer_status replace_by_memo(coffer_pickle_writer *writer, const char *pops, size_t count, uint32_t slot)
{
        COFFER_TRY(coffer_output_write(&writer->output, pops, count));
        return coffer_writer_get(writer, slot);
}

static coffer_status end_tuple(coffer_pickle_writer *writer, const coffer_value *tuple, coffer_memo_key key)
{
        static const uint8_t opcodes[] = {0, COFFER_OP_TUPLE1, COFFER_OP_TUPLE2, COFFER_OP_TUPLE3};
        static const char pops[] = {COFFER_OP_POP, COFFER_OP_POP, COFFER_OP_POP};
        static const char pop_mark[] = {COFFER_OP_POP_MARK};
        bool is_short = tuple->kind == COFFER_KIND_TUPLE && tuple->count < ARRAY_COUNT(opcodes);
        uint32_t slot;

        if (coffer_memo_find(&writer->memo, key, &slot))
                return is_short ? replace_by_memo(writer, pops, tuple->count, slot)
                                : replace_by_memo(writer, pop_mark, 1, slot);
        uint8_t opcode = tuple->kind == COFFER_KIND_TUPLE ? COFFER_OP_TUPLE : COFFER_OP_FROZENSET;
        COFFER_TRY(coffer_output_byte(&writer->output, is_short ? opcodes[tuple->count] : opcode));
        return coffer_writer_put(writer, key);
}

static coffer_status run_tuple(coffer_pickle_writer *writer, const coffer_value *tuple, bool *done)
{
        COFFER_TRY(save_values(writer, values_of(tuple), tuple->count, done));
        return *done ? end_tuple(writer, tuple, coffer_memo_key_of(top_frame(writer)->identity)) : COFFER_OK;
}

/* ---- objects ---- */

/* The parts of an object in the order they are written; each phase saves the part and writes what stands in front of
 * the next. */
enum {
        PHASE_CALLABLE,
        PHASE_ARGS,
        PHASE_KWARGS,
        PHASE_MAKE,
        PHASE_ITEMS,
        PHASE_PAIRS,
        PHASE_SETTER, /* setter(object, state), whose result is dropped */
        PHASE_SETTER_OBJECT,
        PHASE_STATE
};

static coffer_status make_object(coffer_pickle_writer *writer, const coffer_object_node *object, bool *done)
{
        static const uint8_t opcodes[] = {
                [COFFER_CALL] = COFFER_OP_REDUCE,
                [COFFER_NEW] = COFFER_OP_NEWOBJ,
                [COFFER_NEW_EX] = COFFER_OP_NEWOBJ_EX,
        };
        static const char pop[] = {COFFER_OP_POP};
        coffer_memo_key key = coffer_memo_key_of(top_frame(writer)->identity);
        uint32_t slot;

        COFFER_TRY(coffer_output_byte(&writer->output, opcodes[object->base.construction]));
        *done = coffer_memo_find(&writer->memo, key, &slot);
        return *done ? replace_by_memo(writer, pop, sizeof(pop), slot) : coffer_writer_put(writer, key);
}

static coffer_status set_state(coffer_pickle_writer *writer, const coffer_object_node *object)
{
        static const uint8_t call_and_drop[] = {COFFER_OP_TUPLE2, COFFER_OP_REDUCE, COFFER_OP_POP};
        if (object->setter)
                return coffer_output_write(&writer->output, call_and_drop, sizeof(call_and_drop));
        return object->state ? coffer_output_byte(&writer->output, COFFER_OP_BUILD) : COFFER_OK;
}

/* Begins the next part; `*part` is saved when it is not NULL. */
static coffer_status begin_phase(coffer_pickle_writer *writer, const coffer_object_node *object, uint8_t phase,
                                 const coffer_value **part, bool *done)
{
        switch (phase) {
        case PHASE_CALLABLE:
                *part = object->base.value;
                return COFFER_OK;
        case PHASE_ARGS:
                *part = object->args;
                return COFFER_OK;
        case PHASE_KWARGS:
                *part = object->kwargs;
                return COFFER_OK;
        case PHASE_MAKE:
                return make_object(writer, object, done);
        case PHASE_SETTER:
                *part = object->setter;
                return COFFER_OK;
        case PHASE_SETTER_OBJECT:
                *part = object->setter ? top_frame(writer)->identity : NULL;
                return COFFER_OK;
        case PHASE_STATE:
                *part = object->state;
                return COFFER_OK;
        default:
                *done = true;
                return set_state(writer, object);
        }
}

/* The items or pairs of an object, which it may lack. */
static coffer_status run_object_batches(coffer_pickle_writer *writer, const coffer_value *container,
                                        const batch_style *style)
{
        bool done = !container;
        if (container)
                COFFER_TRY(run_batches(writer, container, style, &done));
        if (done) {
                top_frame(writer)->phase++;
                top_frame(writer)->next = 0;
        }
        return COFFER_OK;
}

static coffer_status run_object(coffer_pickle_writer *writer, const coffer_object_node *object, bool *done)
{
        size_t depth = writer->frame_count;
        while (!*done && writer->frame_count == depth) {
                const coffer_value *part = NULL;
                uint8_t phase = top_frame(writer)->phase;
                if (phase == PHASE_ITEMS) {
                        COFFER_TRY(run_object_batches(writer, object->items, &object_items_style));
                } else if (phase == PHASE_PAIRS) {
                        COFFER_TRY(run_object_batches(writer, object->pairs, &object_pairs_style));
                } else {
                        top_frame(writer)->phase++;
                        COFFER_TRY(begin_phase(writer, object, phase, &part, done));
                }
                if (part)
                        COFFER_TRY(coffer_writer_save(writer, part));
        }
        return COFFER_OK;
}

static coffer_status run_persistent(coffer_pickle_writer *writer, const coffer_value *value, bool *done)
{
        COFFER_TRY(save_values(writer, &value->value, 1, done));
        return *done ? coffer_output_byte(&writer->output, COFFER_OP_BINPERSID) : COFFER_OK;
}

/* ---- frames ---- */

coffer_status coffer_writer_push(coffer_pickle_writer *writer, const coffer_value *value, const coffer_value *identity)
{
        writer->open_values += value->count;
        if (writer->frame_count >= MAX_FRAMES || writer->open_values > writer->max_open_values)
                return coffer_error_set(writer->error, COFFER_LIMIT, "values are too deep in each other to be pickled");
        if (writer->frame_count == writer->frame_capacity) {
                size_t capacity = writer->frame_capacity ? writer->frame_capacity * 2 : 32;
                void *grown = coffer_realloc_array(writer->frames, capacity, sizeof(*writer->frames));
                if (!grown)
                        return coffer_error_set(writer->error, COFFER_NO_MEMORY, "out of memory");
                writer->frames = (coffer_write_frame *)grown;
                writer->frame_capacity = capacity;
        }
        writer->frames[writer->frame_count++] = (coffer_write_frame){.value = value, .identity = identity};
        return COFFER_OK;
}

static coffer_status run_top(coffer_pickle_writer *writer)
{
        const coffer_value *value = top_frame(writer)->value;
        size_t depth = writer->frame_count;
        bool done = false;
        switch (value->kind) {
        case COFFER_KIND_LIST:
                COFFER_TRY(run_batches(writer, value, &list_style, &done));
                break;
        case COFFER_KIND_DICT:
                COFFER_TRY(run_batches(writer, value, &dict_style, &done));
                break;
        case COFFER_KIND_SET:
                COFFER_TRY(run_batches(writer, value, &set_style, &done));
                break;
        case COFFER_KIND_OBJECT:
                COFFER_TRY(run_object(writer, (const coffer_object_node *)value, &done));
                break;
        case COFFER_KIND_PERSISTENT:
                COFFER_TRY(run_persistent(writer, value, &done));
                break;
        default:
                COFFER_TRY(run_tuple(writer, value, &done));
        }
        if (done && writer->frame_count == depth) {
                writer->open_values -= value->count;
                writer->frame_count--;
        }
        return COFFER_OK;
}

/* ---- values ---- */

static coffer_status save_mutable(coffer_pickle_writer *writer, const coffer_value *value, uint8_t opcode)
{
        COFFER_TRY(coffer_output_byte(&writer->output, opcode));
        COFFER_TRY(coffer_writer_put(writer, coffer_memo_key_of(value)));
        return value->count > 0 ? coffer_writer_push(writer, value, value) : COFFER_OK;
}

static coffer_status save_tuple(coffer_pickle_writer *writer, const coffer_value *value)
{
        if (value->kind == COFFER_KIND_FROZENSET || value->count > 3)
                COFFER_TRY(coffer_output_byte(&writer->output, COFFER_OP_MARK));
        return coffer_writer_push(writer, value, value);
}

static coffer_status save_lowered(coffer_pickle_writer *writer, const coffer_value *value)
{
        const coffer_value *lowered;
        COFFER_TRY(coffer_writer_lower(writer, value, &lowered));
        return coffer_writer_push(writer, lowered, value);
}

/* A value that the memo does not have. */
static coffer_status save_new(coffer_pickle_writer *writer, const coffer_value *value)
{
        if (coffer_writer_must_lower(writer, value))
                return save_lowered(writer, value);
        switch (value->kind) {
        case COFFER_KIND_LIST:
                return save_mutable(writer, value, COFFER_OP_EMPTY_LIST);
        case COFFER_KIND_DICT:
                return save_mutable(writer, value, COFFER_OP_EMPTY_DICT);
        case COFFER_KIND_SET:
                return save_mutable(writer, value, COFFER_OP_EMPTY_SET);
        case COFFER_KIND_TUPLE:
        case COFFER_KIND_FROZENSET:
                return save_tuple(writer, value);
        case COFFER_KIND_OBJECT:
                return coffer_writer_push(writer, value, value);
        case COFFER_KIND_GLOBAL:
                return coffer_writer_global(writer, value);
        default:
                return coffer_writer_text(writer, value);
        }
}

coffer_status coffer_writer_save(coffer_pickle_writer *writer, const coffer_value *value)
{
        uint32_t slot;
        COFFER_TRY(coffer_output_boundary(&writer->output));
        switch (value->kind) {
        case COFFER_KIND_NONE:
                return coffer_output_byte(&writer->output, COFFER_OP_NONE);
        case COFFER_KIND_BOOL:
                return coffer_output_byte(&writer->output, value->boolean ? COFFER_OP_NEWTRUE : COFFER_OP_NEWFALSE);
        case COFFER_KIND_INT:
                return coffer_writer_int(writer, value);
        case COFFER_KIND_FLOAT:
                return coffer_writer_float(writer, value);
        case COFFER_KIND_EXTENSION:
                return coffer_writer_extension(writer, value);
        case COFFER_KIND_PERSISTENT:
                return coffer_writer_push(writer, value, value);
        case COFFER_KIND_TUPLE:
                if (value->count == 0)
                        return coffer_output_byte(&writer->output, COFFER_OP_EMPTY_TUPLE);
                break;
        default:
                break;
        }
        if (coffer_memo_find(&writer->memo, coffer_memo_key_of(value), &slot))
                return coffer_writer_get(writer, slot);
        return save_new(writer, value);
}

/* ---- the whole ---- */

static void writer_done(coffer_pickle_writer *writer)
{
        coffer_output_done(&writer->output);
        coffer_memo_done(&writer->memo);
        coffer_map_free(writer->globals);
        coffer_map_free(writer->modules);
        coffer_map_free(writer->shared);
        coffer_free(writer->frames);
        coffer_document_unref(writer->scratch);
}

static coffer_status writer_begin(coffer_pickle_writer *writer, coffer_document *document)
{
        /* A value takes at least a pointer in what holds it: so many can be open when none is open twice. */
        writer->max_open_values =
                ((uint64_t)coffer_document_used_bytes(document) / sizeof(void *) + BATCH_VALUES) * MAX_REOPENED;
        COFFER_TRY(coffer_output_begin(&writer->output, document, writer->error));
        COFFER_TRY(coffer_map_new(NULL, &writer->globals, writer->error));
        COFFER_TRY(coffer_map_new(NULL, &writer->modules, writer->error));
        COFFER_TRY(coffer_map_new(NULL, &writer->shared, writer->error));
        return coffer_document_new(&writer->scratch, writer->error);
}

static coffer_status write_all(coffer_pickle_writer *writer, const coffer_value *value, coffer_bytes **out)
{
        const uint8_t head[] = {COFFER_OP_PROTO, (uint8_t)writer->protocol};
        COFFER_TRY(coffer_output_write(&writer->output, head, sizeof(head)));
        writer->output.framing = writer->protocol >= 4;
        COFFER_TRY(coffer_writer_save(writer, value));
        while (writer->frame_count > 0)
                COFFER_TRY(run_top(writer));
        COFFER_TRY(coffer_output_byte(&writer->output, COFFER_OP_STOP));
        return coffer_output_finish(&writer->output, writer->scratch, out);
}

coffer_status coffer_pickle_write(coffer_document *document, const coffer_value *value,
                                  const coffer_pickle_write_options *options, coffer_bytes **out, coffer_error *error)
{
        static const coffer_pickle_write_options defaults = COFFER_PICKLE_WRITE_OPTIONS_INIT;
        if (!options)
                options = &defaults;
        if (options->version != defaults.version)
                return coffer_error_set(error, COFFER_INVALID, "options of version %u are not known", options->version);
        if (options->protocol != 2 && options->protocol != 4)
                return coffer_error_set(error, COFFER_INVALID, "pickles are written at protocol 2 or 4, not %u",
                                        options->protocol);
        coffer_pickle_writer writer _cleanup_(writer_done) = {.protocol = options->protocol, .error = error};
        COFFER_TRY(writer_begin(&writer, document));
        return write_all(&writer, value, out);
}
