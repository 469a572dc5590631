/* SPDX-License-Identifier: Apache-2.0 */
/* Types of artifacts from the inside. */
#ifndef COFFER_SERIALIZER_IOTYPE_H
#define COFFER_SERIALIZER_IOTYPE_H

#include <stdatomic.h>

#include <coffer/sys/iotype.h>
#include "util/cleanup.h"
#include "util/map.h"
#include "util/threads.h"

/* A class, or where it is to be had. */
typedef struct coffer_iotype_entry {
        const coffer_iotype_class *class_; /* NULL: not loaded yet */
        char *location;                    /* NULL: given */
} coffer_iotype_entry;

/* The types that a registry knows, by name. Entries are never taken out. */
typedef struct coffer_iotypes {
        pthread_mutex_t lock;
        struct {
                coffer_map *entries; /* name -> coffer_iotype_entry */
        } synced;
} coffer_iotypes;

COFFER_MUST_CHECK coffer_status coffer_iotypes_init(coffer_iotypes *iotypes, coffer_error *error);
void coffer_iotypes_done(coffer_iotypes *iotypes); /* also one that is zeroed or half made */

/* The class of that name, loaded if need be; COFFER_NOT_FOUND. */
COFFER_MUST_CHECK coffer_status coffer_iotypes_class(coffer_iotypes *iotypes, const char *name,
                                                     const coffer_iotype_class **out, coffer_error *error);

/* Bytes of the name of a class at the front of `text`; 0 when there is none. */
size_t coffer_iotype_class_name_bytes(coffer_cursor text);

typedef struct coffer_iotype_parameter_slot {
        coffer_iotype *type; /* or */
        char *word;
} coffer_iotype_parameter_slot;

struct coffer_iotype {
        atomic_size_t references;
        const coffer_iotype_class *class_;
        char *name;
        coffer_iotype_parameter_slot *parameters;
        size_t parameter_count;
};

COFFER_DEFINE_CLEANUP(coffer_iotype *, coffer_iotype_unref);
#define _cleanup_iotype_ _cleanup_(coffer_iotype_unrefp)

/* The value in its JSON form, which lives in `scratch` and points into `value`. COFFER_MALFORMED for what is not of the
 * type. */
COFFER_MUST_CHECK coffer_status coffer_iotype_json_of(const coffer_iotype *type, const coffer_object *value,
                                                      coffer_document *scratch, const coffer_value **out,
                                                      coffer_error *error);

/* What the class has to say of it, or COFFER_DECLINED. */
COFFER_MUST_CHECK coffer_status coffer_iotype_place_tensor(const coffer_iotype *type, coffer_ranges *contents,
                                                           coffer_document *document, coffer_tensor *out,
                                                           uint64_t *data_offset, coffer_error *error);

/* Puts `place` ("[3]" or ".name") in front of what `error` says. */
void coffer_iotype_error_at(coffer_error *error, const char *place);

/* The objects that coffer_iotype_object makes. */
extern const coffer_object_type coffer_iotype_object_type;

#endif
