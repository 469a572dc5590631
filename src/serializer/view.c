/* SPDX-License-Identifier: Apache-2.0 */
#include "serializer/view.h"

#include <stdlib.h>

#include "serializer/registry_internal.h"

struct coffer_view {
        atomic_size_t references;
        coffer_map *types; /* as declared -> chain of coffer_claim */
        coffer_map *encodings;
        uint64_t serial;
        size_t count;
        coffer_view_place order[];
};

/* A member of the order with what sorts it. */
struct candidate {
        coffer_view_place place;
        int32_t priority;
        size_t position;
};

static void free_claims(void *first)
{
        for (coffer_claim *claim = first; claim;) {
                coffer_claim *next = claim->next;
                coffer_free(claim);
                claim = next;
        }
}

void coffer_view_unref(coffer_view *view)
{
        if (!view || atomic_fetch_sub_explicit(&view->references, 1, memory_order_acq_rel) != 1)
                return;
        coffer_map_free(view->types);
        coffer_map_free(view->encodings);
        coffer_free(view);
}

/* Priority first, and of equals the later one. */
static int compare_candidates(const void *left, const void *right)
{
        const struct candidate *one = left, *other = right;
        if (one->priority != other->priority)
                return one->priority < other->priority ? -1 : 1;
        return one->position > other->position ? -1 : 1;
}

static bool is_among(const struct candidate *candidates, size_t count, const coffer_serializer *serializer)
{
        for (size_t i = 0; i < count; i++)
                if (candidates[i].place.choice.serializer == serializer)
                        return true;
        return false;
}

/* What dispatch asks for an active record: by its type, as Metaflow finds it. NULL: nothing in the pool. */
static const coffer_serializer *serializer_of(const coffer_registry *registry, const coffer_record *record)
{
        const coffer_serializer *known = record->type ? coffer_map_get(registry->synced.classes, record->type) : NULL;
        const coffer_serializer *serializer = known ? known : record->serializer;
        return serializer && coffer_registry_pool_has(registry, serializer) ? serializer : NULL;
}

static bool is_to_be_loaded(const coffer_record *record)
{
        return record->state != COFFER_RECORD_ACTIVE && record->state != COFFER_RECORD_DISABLED &&
               coffer_record_is_lazy(record);
}

static size_t list_records(const coffer_registry *registry, struct candidate *out)
{
        size_t count = 0;
        for (size_t i = 0; i < coffer_map_count(registry->synced.records); i++) {
                coffer_record *record = coffer_map_value_at(registry->synced.records, i);
                bool is_active = record->state == COFFER_RECORD_ACTIVE;
                const coffer_serializer *serializer = is_active ? serializer_of(registry, record) : NULL;
                if (serializer ? is_among(out, count, serializer) : !is_to_be_loaded(record))
                        continue;
                out[count] =
                        (struct candidate){{{serializer, record->source}, record},
                                           serializer ? serializer->priority : coffer_record_declared_priority(record),
                                           count};
                count++;
        }
        return count;
}

/* Records in the order of their declaration, then members of the pool that have none. */
static size_t list_candidates(const coffer_registry *registry, struct candidate *out)
{
        size_t count = list_records(registry, out);
        for (size_t i = 0; i < registry->synced.pool_count; i++) {
                const coffer_serializer *serializer = registry->synced.pool[i];
                if (is_among(out, count, serializer))
                        continue;
                coffer_record *record = coffer_registry_record_of_type(registry, serializer->type);
                out[count] = (struct candidate){
                        {{serializer, record ? record->source : NULL}, record}, serializer->priority, count};
                count++;
        }
        return count;
}

static coffer_status allocate_view(coffer_registry *registry, size_t most, coffer_view **out, coffer_error *error)
{
        coffer_view *view = coffer_alloc(sizeof(*view) + most * sizeof(*view->order));
        if (!view)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the order of serializers");
        *view = (coffer_view){.serial = ++registry->synced.views};
        atomic_init(&view->references, 1);
        *out = view;
        return COFFER_OK;
}

static coffer_status new_view(coffer_registry *registry, coffer_view **out, coffer_error *error)
{
        size_t most = coffer_map_count(registry->synced.records) + registry->synced.pool_count;
        _cleanup_free_ struct candidate *candidates = coffer_alloc_zeroed(most, sizeof(*candidates));
        if (!candidates)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the order of serializers");
        coffer_view *view = NULL;
        COFFER_TRY(allocate_view(registry, most, &view, error));
        view->count = list_candidates(registry, candidates);
        qsort(candidates, view->count, sizeof(*candidates), compare_candidates);
        for (size_t i = 0; i < view->count; i++)
                view->order[i] = candidates[i].place;
        *out = view;
        return COFFER_OK;
}

static coffer_status add_claims(coffer_map *claims, const coffer_map *declared, coffer_record *record,
                                coffer_error *error)
{
        for (size_t i = 0; i < coffer_map_count(declared); i++) {
                const char *key = coffer_map_key_at(declared, i);
                coffer_claim *claim = coffer_alloc(sizeof(*claim));
                if (!claim)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a claim of a serializer");
                *claim = (coffer_claim){record, NULL};
                coffer_claim *first = coffer_map_get(claims, key);
                if (first) {
                        claim->next = first->next;
                        first->next = claim;
                } else if (coffer_map_set(claims, key, claim, error) != COFFER_OK) {
                        coffer_free(claim);
                        return COFFER_NO_MEMORY;
                }
        }
        return COFFER_OK;
}

/* Also those that a thread is just driving: others that need them wait for it. */
static coffer_status collect_claims(const coffer_registry *registry, coffer_view *view, coffer_error *error)
{
        COFFER_TRY(coffer_map_new(free_claims, &view->types, error));
        COFFER_TRY(coffer_map_new(free_claims, &view->encodings, error));
        for (size_t i = 0; i < coffer_map_count(registry->synced.records); i++) {
                coffer_record *record = coffer_map_value_at(registry->synced.records, i);
                if (record->state != COFFER_RECORD_KNOWN && !record->is_busy)
                        continue;
                COFFER_TRY(add_claims(view->types, record->types, record, error));
                COFFER_TRY(add_claims(view->encodings, record->encodings, record, error));
        }
        return COFFER_OK;
}

coffer_status coffer_view_acquire(coffer_registry *registry, coffer_view **out, coffer_error *error)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        if (!registry->synced.view) {
                _cleanup_view_ coffer_view *view = NULL;
                COFFER_TRY(new_view(registry, &view, error));
                COFFER_TRY(collect_claims(registry, view, error));
                registry->synced.view = TAKE_PTR(view);
        }
        atomic_fetch_add_explicit(&registry->synced.view->references, 1, memory_order_relaxed);
        *out = registry->synced.view;
        return COFFER_OK;
}

coffer_status coffer_view_impose(coffer_registry *registry, const coffer_serializer *const *serializers, size_t count,
                                 uint64_t *serial, coffer_error *error)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        _cleanup_view_ coffer_view *view = NULL;
        COFFER_TRY(allocate_view(registry, count, &view, error));
        for (; view->count < count; view->count++) {
                const coffer_serializer *serializer = serializers[view->count];
                coffer_record *record = coffer_registry_record_of_type(registry, serializer->type);
                view->order[view->count] = (coffer_view_place){{serializer, record ? record->source : NULL}, record};
        }
        COFFER_TRY(collect_claims(registry, view, error));
        coffer_registry_changed(registry);
        *serial = view->serial;
        registry->synced.view = TAKE_PTR(view);
        return COFFER_OK;
}

size_t coffer_view_count(const coffer_view *view)
{
        return view->count;
}

const coffer_view_place *coffer_view_at(const coffer_view *view, size_t index)
{
        return index < view->count ? &view->order[index] : NULL;
}

uint64_t coffer_view_serial(const coffer_view *view)
{
        return view->serial;
}

bool coffer_view_has_type_claims(const coffer_view *view)
{
        return coffer_map_count(view->types) > 0;
}

const coffer_claim *coffer_view_type_claims(const coffer_view *view, const char *type)
{
        return coffer_map_get(view->types, type);
}

const coffer_claim *coffer_view_encoding_claims(const coffer_view *view, const char *encoding)
{
        return coffer_map_get(view->encodings, encoding);
}
