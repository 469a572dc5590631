/* SPDX-License-Identifier: Apache-2.0 */
#include "value/walk.h"
#include "value/pointer_map.h"

/* How often values are met is found out by a first walk, which writes nothing; the second one hands out numbers. */
enum { MET_AGAIN = UINT32_MAX, ON_THE_WAY = 1 };

enum { SCRATCH_MAX_BYTES = 1 << 30 };

typedef struct frame {
        coffer_view view;
        size_t part;  /* of a call */
        size_t index; /* in a container, or in the part that is spread; of a dict twice its entries */
        size_t nth;
        bool is_counted_deep;
} frame;

typedef struct walker {
        const coffer_walk_options *options;
        const coffer_walk_sink *sink; /* NULL during the first walk */
        void *user;
        coffer_document *scratch;
        coffer_pointer_map met;
        frame *frames;
        size_t frame_count;
        size_t frame_capacity;
        uint32_t depth;
        uint32_t numbers;
        uint64_t visits;
} walker;

static void walker_done(walker *w)
{
        coffer_free(w->frames);
        coffer_pointer_map_done(&w->met);
        coffer_document_unref(w->scratch);
}

/* ---- what has children ---- */

static bool is_container(const coffer_value *value)
{
        return value->kind >= COFFER_KIND_LIST && value->kind <= COFFER_KIND_FROZENSET;
}

size_t coffer_walk_child_count(const coffer_view *view)
{
        if (view->word)
                return 0;
        if (view->shape == COFFER_VIEW_PLAIN)
                return is_container(view->value) ? view->value->count + (coffer_node_omitted(view->value) > 0) : 0;
        return view->shape == COFFER_VIEW_TENSOR ? 1 : view->part_count;
}

/* Lists that only spell out an array are no nesting of the value's own. */
static bool is_own_level(const coffer_view *view)
{
        return !(view->value->flags & COFFER_NODE_PARTIAL && view->value->kind == COFFER_KIND_LIST);
}

/* ---- children ---- */

typedef struct child {
        coffer_walk_child told;
        const coffer_value *value; /* NULL: `omitted` children are left out here */
        uint64_t omitted;
} child;

static bool next_item(const walker *w, frame *f, child *out)
{
        const coffer_value *value = f->view.value;
        const bool is_all = value->count < w->options->max_items || !is_own_level(&f->view); /* limited when made */
        const uint64_t shown = is_all ? value->count : w->options->max_items;
        const bool is_dict = value->kind == COFFER_KIND_DICT;
        size_t place = is_dict ? f->index / 2 : f->index;
        if (place > shown)
                return false;
        if (place == shown) {
                out->omitted = value->count - shown + coffer_node_omitted(value);
                f->index += 2;
                return out->omitted > 0;
        }
        out->told.role = !is_dict ? COFFER_ROLE_ITEM : f->index % 2 == 0 ? COFFER_ROLE_KEY : COFFER_ROLE_VALUE;
        out->value = !is_dict            ? value->items[place]
                     : f->index % 2 == 0 ? value->pairs[place].key
                                         : value->pairs[place].value;
        f->index++;
        return true;
}

/* Of a part whose items stand in the call by themselves. */
static bool next_spread(const walker *w, frame *f, const coffer_view_part *part, child *out)
{
        const coffer_value *from = part->value;
        const uint64_t shown = from->count < w->options->max_items ? from->count : w->options->max_items;
        if (f->index > shown || (f->index == shown && from->count == shown))
                return false;
        if (f->index == shown) {
                out->omitted = from->count - shown;
        } else if (part->use == COFFER_PART_SPREAD) {
                out->told.role = COFFER_ROLE_ARGUMENT;
                out->value = from->items[f->index];
        } else {
                out->told.role = COFFER_ROLE_KEYWORD;
                out->told.name = coffer_value_data(from->pairs[f->index].key);
                out->value = from->pairs[f->index].value;
        }
        f->index++;
        return true;
}

static bool next_part(const walker *w, frame *f, child *out)
{
        for (; f->part < f->view.part_count; f->part++, f->index = 0) {
                const coffer_view_part *part = &f->view.parts[f->part];
                const bool as_calls = w->options->as_calls;
                const bool is_printed_only =
                        part->use == COFFER_PART_PRINTED || part->use == COFFER_PART_PRINTED_KEYWORD;
                if (as_calls ? part->use == COFFER_PART_JSON : is_printed_only)
                        continue;
                if (as_calls && (part->use == COFFER_PART_SPREAD || part->use == COFFER_PART_SPREAD_KEYWORDS)) {
                        if (next_spread(w, f, part, out))
                                return true;
                        continue;
                }
                bool has_name =
                        !as_calls || part->use == COFFER_PART_KEYWORD || part->use == COFFER_PART_PRINTED_KEYWORD;
                out->told.role = has_name ? COFFER_ROLE_KEYWORD : COFFER_ROLE_ARGUMENT;
                out->told.name = coffer_cursor_text(part->name);
                out->value = part->value;
                f->part++;
                f->index = 0;
                return true;
        }
        return false;
}

static bool next_child(const walker *w, frame *f, child *out)
{
        *out = (child){.told = {.nth = f->nth}};
        if (!(f->view.shape == COFFER_VIEW_PLAIN ? next_item(w, f, out) : next_part(w, f, out)))
                return false;
        if (out->told.role != COFFER_ROLE_KEY)
                f->nth++;
        return true;
}

/* ---- values met more than once ---- */

/* Small, immutable things are rather written again. */
static bool is_tracked(const coffer_view *view)
{
        return !view->is_atom && coffer_walk_child_count(view) > 0;
}

/* During the first walk: counts, and says whether the value has been met before. */
static coffer_status count_meeting(walker *w, const coffer_view *view, bool *again, coffer_error *error)
{
        coffer_pointer_entry *entry;
        COFFER_TRY(coffer_pointer_map_insert(&w->met, view->value, &entry, error));
        *again = entry->number > 0;
        entry->number = *again ? MET_AGAIN : 1;
        return COFFER_OK;
}

/* During the second walk: `*again` says that it has been written. */
static void find_number(walker *w, coffer_view *view, bool *again)
{
        coffer_pointer_entry *entry = coffer_pointer_map_find(&w->met, view->value);
        if (!entry || entry->number == 0)
                return;
        *again = entry->number != MET_AGAIN;
        if (!*again)
                entry->number = ++w->numbers;
        view->number = entry->number;
}

/* In a tree: marks what the present place lies in. */
static coffer_status enter(walker *w, const coffer_view *view, bool *again, coffer_error *error)
{
        coffer_pointer_entry *entry;
        COFFER_TRY(coffer_pointer_map_insert(&w->met, view->value, &entry, error));
        *again = entry->number == ON_THE_WAY;
        entry->number = ON_THE_WAY;
        return COFFER_OK;
}

static void leave(walker *w, const coffer_view *view)
{
        coffer_pointer_entry *entry = w->options->is_tree ? coffer_pointer_map_find(&w->met, view->value) : NULL;
        if (entry)
                entry->number = 0;
}

static coffer_status meet(walker *w, coffer_view *view, bool *again, coffer_error *error)
{
        if (!is_tracked(view))
                return COFFER_OK;
        if (w->options->is_tree)
                return enter(w, view, again, error);
        if (!w->sink)
                return count_meeting(w, view, again, error);
        find_number(w, view, again);
        return COFFER_OK;
}

/* Between the walks: forgets those that were met once. */
static void keep_those_met_again(walker *w)
{
        for (size_t i = 0; i < w->met.capacity; i++)
                if (w->met.entries[i].number != MET_AGAIN)
                        w->met.entries[i].number = 0;
}

/* ---- the walk ---- */

static coffer_status push(walker *w, const coffer_view *view, coffer_error *error)
{
        if (w->frame_count == w->frame_capacity) {
                size_t capacity = w->frame_capacity ? w->frame_capacity * 2 : 16;
                frame *frames = coffer_realloc_array(w->frames, capacity, sizeof(*frames));
                if (!frames)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
                w->frames = frames;
                w->frame_capacity = capacity;
        }
        bool is_counted_deep = is_own_level(view);
        w->frames[w->frame_count++] = (frame){.view = *view, .is_counted_deep = is_counted_deep};
        w->depth += is_counted_deep;
        return COFFER_OK;
}

static coffer_status descend(walker *w, coffer_view *view, coffer_error *error)
{
        bool again = false;
        COFFER_TRY(meet(w, view, &again, error));
        if (again)
                return w->sink ? w->sink->reference(w->user, view, error) : COFFER_OK;
        if (view->shape == COFFER_VIEW_TENSOR)
                COFFER_TRY(coffer_view_expand(w->scratch, view, w->options->max_items, error));
        COFFER_TRY(push(w, view, error));
        return w->sink ? w->sink->open(w->user, &w->frames[w->frame_count - 1].view, error) : COFFER_OK;
}

static coffer_status visit(walker *w, const coffer_value *value, coffer_error *error)
{
        coffer_view view;
        w->visits++;
        COFFER_TRY(coffer_view_of(w->scratch, value, &view, error));
        if (coffer_walk_child_count(&view) == 0)
                return w->sink ? w->sink->leaf(w->user, &view, error) : COFFER_OK;
        if (w->depth >= w->options->max_depth && is_own_level(&view))
                return w->sink ? w->sink->too_deep(w->user, &view, error) : COFFER_OK;
        return descend(w, &view, error);
}

static coffer_status pop(walker *w, coffer_error *error)
{
        frame *top = &w->frames[--w->frame_count];
        w->depth -= top->is_counted_deep;
        leave(w, &top->view);
        return w->sink ? w->sink->close(w->user, &top->view, error) : COFFER_OK;
}

static coffer_status step(walker *w, coffer_error *error)
{
        frame *top = &w->frames[w->frame_count - 1];
        child next;
        if (!next_child(w, top, &next))
                return pop(w, error);
        if (!next.value)
                return w->sink ? w->sink->omitted(w->user, &top->view, &next.told, next.omitted, error) : COFFER_OK;
        if (w->sink)
                COFFER_TRY(w->sink->before(w->user, &top->view, &next.told, error));
        return visit(w, next.value, error);
}

static bool is_done(const walker *w)
{
        return w->frame_count == 0 || (w->sink ? w->sink->is_full(w->user) : w->visits > w->options->max_visits);
}

static coffer_status walk_once(walker *w, const coffer_value *value, coffer_error *error)
{
        w->frame_count = w->depth = 0;
        COFFER_TRY(visit(w, value, error));
        while (!is_done(w))
                COFFER_TRY(step(w, error));
        return COFFER_OK;
}

coffer_status coffer_walk(const coffer_value *value, const coffer_walk_options *options, const coffer_walk_sink *sink,
                          void *user, coffer_error *error)
{
        walker w _cleanup_(walker_done) = {.options = options, .user = user};
        COFFER_TRY(coffer_document_new(&w.scratch, error));
        coffer_document_set_limit(w.scratch, SCRATCH_MAX_BYTES);
        if (!options->is_tree) {
                COFFER_TRY(walk_once(&w, value, error));
                keep_those_met_again(&w);
        }
        w.sink = sink;
        return walk_once(&w, value, error);
}
