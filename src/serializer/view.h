/* SPDX-License-Identifier: Apache-2.0 */
/* What dispatch works on: an immutable snapshot of the order and of the claims that are still to be loaded, so that no
 * lock is held while serializers and hosts are asked. */
#ifndef COFFER_SERIALIZER_VIEW_H
#define COFFER_SERIALIZER_VIEW_H

#include "serializer/record.h"

/* A record that claims something and is not loaded yet; more than one may claim the same. */
typedef struct coffer_claim coffer_claim;
struct coffer_claim {
        coffer_record *record;
        coffer_claim *next;
};

typedef struct coffer_view coffer_view;

/* The current view, made if need be; the caller's reference. */
COFFER_MUST_CHECK
coffer_status coffer_view_acquire(coffer_registry *registry, coffer_view **out, coffer_error *error);
void coffer_view_unref(coffer_view *view);
COFFER_DEFINE_CLEANUP(coffer_view *, coffer_view_unref);
#define _cleanup_view_ _cleanup_(coffer_view_unrefp)

/* A place in the order. Without a serializer it is one of a record that is not loaded, which dispatch passes over. */
typedef struct coffer_view_place {
        coffer_choice choice;
        coffer_record *record; /* or NULL */
} coffer_view_place;

size_t coffer_view_count(const coffer_view *view);
const coffer_view_place *coffer_view_at(const coffer_view *view, size_t index);
uint64_t coffer_view_serial(const coffer_view *view); /* from 1, one more with each view of a registry */

/* Replaces the current view by one whose order is the given one. */
COFFER_MUST_CHECK
coffer_status coffer_view_impose(coffer_registry *registry, const coffer_serializer *const *serializers, size_t count,
                                 uint64_t *serial, coffer_error *error);

/* Who claims a type as it stands in descriptors ("module.qualname", "=module.qualname", "module.*"), or an encoding. */
bool coffer_view_has_type_claims(const coffer_view *view);
const coffer_claim *coffer_view_type_claims(const coffer_view *view, const char *type);
const coffer_claim *coffer_view_encoding_claims(const coffer_view *view, const char *encoding);

#endif
