/* SPDX-License-Identifier: Apache-2.0 */
/* One declared entry: what was declared, what is known of its code, and where in its life it is. */
#ifndef COFFER_SERIALIZER_RECORD_H
#define COFFER_SERIALIZER_RECORD_H

#include <stdatomic.h>

#include <coffer/sys/registry.h>
#include "serializer/transitions.h"
#include "util/map.h"

/* With its NUL; a longer claim of a type matches nothing. */
enum { COFFER_TYPE_CLAIM_BYTES = 512 };

typedef struct coffer_record_text coffer_record_text;

struct coffer_record {
        atomic_size_t references;
        coffer_record_text *texts; /* every text that it ever had: somebody may still be reading it */

        /* Declared; does not change. */
        char *directory;                /* where its descriptor was found, or NULL */
        const coffer_host *host;        /* NULL: it will never be loaded */
        const coffer_serializer *given; /* its code when nobody has to load it, else NULL */
        bool has_declared_priority;
        int32_t declared_priority;
        coffer_map *types; /* sets of what it claims, as written */
        coffer_map *encodings;
        coffer_map *needs;

        /* Under the registry's lock. Texts stay valid as long as the record. */
        const char *name;
        const char *class_path;
        const char *source; /* or NULL */
        coffer_record_state state;
        coffer_map *awaiting;    /* set of names that it waits for */
        coffer_map *awaited;     /* set of names that it waited for when something appeared; NULL: nothing ever did */
        coffer_error last_error; /* COFFER_OK: none */
        const coffer_serializer *serializer; /* from CLASS_LOADED on */
        const char *type;                    /* from CLASS_LOADED on, else NULL */
        bool has_priority;
        int32_t priority;
        const char *import_trigger; /* or NULL */
        uint64_t dispatch_error_count;
        bool is_busy;    /* a thread is driving it */
        bool must_retry; /* what it waits for appeared before that thread was done */
        bool is_overdue; /* somebody waited in vain for that thread; nobody does again */
        bool is_retired; /* another record has its name now, or none */
        coffer_record *next_kept;
        bool is_kept; /* among those that live as long as the registry */

        /* Of the thread that drives it. */
        void *loaded;
};

COFFER_DEFINE_CLEANUP(coffer_record *, coffer_record_unref);
#define _cleanup_record_ _cleanup_(coffer_record_unrefp)

/* Sets one of the texts to a copy; NULL unsets. */
COFFER_MUST_CHECK
coffer_status coffer_record_put_text(coffer_record *record, const char **field, const char *text, coffer_error *error);

/* True when nothing is loaded until an object or an artifact calls for it. */
bool coffer_record_is_lazy(const coffer_record *record);

/* COFFER_DEFAULT_PRIORITY when none was declared. */
int32_t coffer_record_declared_priority(const coffer_record *record);

/* Moves it on; an absent transition gives false, changes nothing and is said in last_error. */
bool coffer_record_advance(coffer_record *record, coffer_event event);

/* Is the table one that we can call? COFFER_ABI or COFFER_INVALID, saying why not. */
COFFER_MUST_CHECK
coffer_status coffer_serializer_check(const coffer_serializer *serializer, coffer_error *error);
/* Does the code say of itself what was declared? COFFER_CONFLICT, saying what differs. */
COFFER_MUST_CHECK
coffer_status coffer_record_check(const coffer_record *record, const coffer_serializer *serializer,
                                  coffer_error *error);

/* Between a list that ends with NULL and a set. The list is to be freed with coffer_free. */
COFFER_MUST_CHECK
coffer_status coffer_names_to_set(const char *const *names, coffer_map **out, coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_names_from_set(const coffer_map *set, const char *const **out, coffer_error *error);

/* A serializer's name in messages. */
const char *coffer_serializer_name(const coffer_serializer *serializer);

#endif
