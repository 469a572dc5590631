/* SPDX-License-Identifier: Apache-2.0 */
/* The registry's state, open to fronts of other languages: what a front shows as its own containers are windows on what
 * is here, so that there is one truth.
 *
 * Threads: every function may be called from any thread. Functions that only read or change state are quick, take the
 * registry's lock and call nobody; those under "the lifecycle" run hosts and serializers and take no lock meanwhile. A
 * change of state is what the next dispatch sees. Keys and names are UTF-8. */
#ifndef COFFER_SYS_REGISTRY_H
#define COFFER_SYS_REGISTRY_H

#include <coffer/registry.h>

COFFER_BEGIN_DECLS

/* ---- records ---- */

/* One entry. It belongs to the registry that it was made for; one that ever was in it lives as long as the registry. */
typedef struct coffer_record coffer_record;

/* A record in state known, not entered anywhere. `host` (which must outlive the registry) loads its code; the
 * descriptor is as for coffer_registry_declare. The caller's reference. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_record_new(const coffer_descriptor *descriptor,
                                                             const coffer_host *host, coffer_record **out,
                                                             coffer_error *error);
COFFER_API coffer_record *coffer_record_ref(coffer_record *record);
COFFER_API void coffer_record_unref(coffer_record *record); /* NULL is allowed */

/* A snapshot of one record: free it with coffer_registry_status_free(out, 1). */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_record_read(coffer_registry *registry,
                                                                       const coffer_record *record,
                                                                       coffer_record_status **out, coffer_error *error);

/* Its fields, as Metaflow names them. Texts are copied. */
typedef enum coffer_record_text_field {
        COFFER_RECORD_NAME = 0, /* may not be NULL, nor may the class path */
        COFFER_RECORD_CLASS_PATH,
        COFFER_RECORD_LAST_ERROR,
        COFFER_RECORD_TYPE,
        COFFER_RECORD_IMPORT_TRIGGER,
        COFFER_RECORD_SOURCE,
        COFFER_RECORD_TEXT_FIELD_COUNT
} coffer_record_text_field;

typedef enum coffer_record_names_field {
        COFFER_RECORD_AWAITING_MODULES = 0,
        COFFER_RECORD_PREVIOUSLY_AWAITED, /* NULL: nothing that it waited for ever appeared */
        COFFER_RECORD_NAMES_FIELD_COUNT
} coffer_record_names_field;

COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_record_set_text(coffer_registry *registry,
                                                                           coffer_record *record,
                                                                           coffer_record_text_field field,
                                                                           const char *text, coffer_error *error);
/* A list that ends with NULL; one that says a name twice counts it once. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_record_set_names(coffer_registry *registry,
                                                                            coffer_record *record,
                                                                            coffer_record_names_field field,
                                                                            const char *const *names,
                                                                            coffer_error *error);
COFFER_API void coffer_registry_record_set_state(coffer_registry *registry, coffer_record *record,
                                                 coffer_record_state state);
COFFER_API void coffer_registry_record_set_priority(coffer_registry *registry, coffer_record *record,
                                                    const int32_t *priority); /* NULL: not known */
COFFER_API void coffer_registry_record_set_dispatch_errors(coffer_registry *registry, coffer_record *record,
                                                           uint64_t count);

/* Would the record's declaration load it for this object, or this encoding? False when it declares nothing. */
COFFER_API bool coffer_record_claims_object(const coffer_record *record, const coffer_object *object);
COFFER_API bool coffer_record_claims_encoding(const coffer_record *record, const char *encoding);

/* ---- containers ---- */

typedef enum coffer_registry_map {
        COFFER_MAP_RECORDS = 0, /* name -> record, in the order of the first declaration */
        COFFER_MAP_CLASSES,     /* type -> serializer: what a front knows of, dispatched to or not */
        COFFER_MAP_PENDING,     /* what is missing -> names of the records that wait for it */
        COFFER_MAP_COUNT
} coffer_registry_map;

/* The keys, in order: a list that ends with NULL; free with coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_keys(coffer_registry *registry, coffer_registry_map map,
                                                                const char *const **out, coffer_error *error);
COFFER_API size_t coffer_registry_count(coffer_registry *registry, coffer_registry_map map);
COFFER_API bool coffer_registry_has(coffer_registry *registry, coffer_registry_map map, const char *key);
/* Takes a key out, and nothing else with it; false when it is not there. */
COFFER_API bool coffer_registry_remove(coffer_registry *registry, coffer_registry_map map, const char *key);
COFFER_API void coffer_registry_clear(coffer_registry *registry, coffer_registry_map map);

/* NULL when there is none; else the caller's reference. */
COFFER_API coffer_record *coffer_registry_record(coffer_registry *registry, const char *name);
/* A key that is there keeps its place. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_record_put(coffer_registry *registry, const char *name,
                                                                      coffer_record *record, coffer_error *error);

/* Serializers must outlive the registry. */
COFFER_API const coffer_serializer *coffer_registry_class(coffer_registry *registry, const char *type);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_class_put(coffer_registry *registry, const char *type,
                                                                     const coffer_serializer *serializer,
                                                                     coffer_error *error);

/* Who waits: a list that ends with NULL, to be freed with coffer_free; NULL when the key is not there. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_pending(coffer_registry *registry, const char *missing,
                                                                   const char *const **out, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_pending_put(coffer_registry *registry, const char *missing,
                                                                       const char *const *names, coffer_error *error);

/* What is dispatched to, in the order in which it came: a second activation keeps the place. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_activate(coffer_registry *registry,
                                                                    const coffer_serializer *serializer,
                                                                    coffer_error *error);
COFFER_API void coffer_registry_deactivate(coffer_registry *registry, const coffer_serializer *serializer);
COFFER_API bool coffer_registry_is_active(coffer_registry *registry, const coffer_serializer *serializer);
/* Free with coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_active(coffer_registry *registry,
                                                                  const coffer_serializer ***out, size_t *count,
                                                                  coffer_error *error);

/* Changes the priority in a table that its owner has writable, and the order with it. */
COFFER_API void coffer_registry_set_priority(coffer_registry *registry, coffer_serializer *serializer,
                                             int32_t priority);

/* ---- order ---- */

/* One place in the order of dispatch: a serializer, or (NULL) a record whose code is loaded when something calls for
 * it. Both are valid as long as the registry. */
typedef struct coffer_place {
        const coffer_serializer *serializer;
        coffer_record *record; /* NULL: a serializer that was activated without one */
} coffer_place;

/* The order that dispatch has now: like coffer_registry_order, with what is still to be loaded. `serial` tells one
 * order from the next. Free with coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_places(coffer_registry *registry, coffer_place **out,
                                                                  size_t *count, uint64_t *serial, coffer_error *error);
/* Of the order that stands, 0 when the next dispatch makes a new one. */
COFFER_API uint64_t coffer_registry_order_serial(coffer_registry *registry);
COFFER_API void coffer_registry_order_invalidate(coffer_registry *registry);
/* Dispatch follows these until the order is invalidated. `serial` as above. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_order_set(coffer_registry *registry,
                                                                     const coffer_serializer *const *serializers,
                                                                     size_t count, uint64_t *serial,
                                                                     coffer_error *error);

/* ---- the lifecycle ---- */

/* The record's step missed `missing` (NULL or empty: its name is not known): it waits for that, or it is broken when it
 * waited for it before. `kind` is what the trouble is called in the host's language, `message` says it in a line. */
COFFER_API void coffer_registry_park(coffer_registry *registry, coffer_record *record, const char *missing,
                                     const char *kind, const char *message);
/* Loads and sets up once more, whatever its state; import_trigger "hook". When another thread is just driving it, that
 * one does it. */
COFFER_API void coffer_registry_retry(coffer_registry *registry, coffer_record *record);
/* A retry ended in a way that no step of the lifecycle can: broken, last_error "retry crashed: MESSAGE". */
COFFER_API void coffer_registry_crashed(coffer_registry *registry, coffer_record *record, const char *message);
/* One after the other what waits for `missing`, which counts as appeared: the caller retries each. NULL when nobody is
 * left; else the caller's reference. coffer_registry_appeared does both. */
COFFER_API coffer_record *coffer_registry_take_waiting(coffer_registry *registry, const char *missing);
/* Loads a record that is declared and not loaded yet, or waits for the thread that does. `trigger` is "type" or
 * "encoding". */
COFFER_API void coffer_registry_call_for(coffer_registry *registry, coffer_record *record, const char *trigger);

/* ---- dispatch ---- */

/* Counts an error of a serializer of this type that was asked and failed: "TYPE: MESSAGE" as `message`. No record: no
 * effect. Returns the count. */
COFFER_API uint64_t coffer_registry_account(coffer_registry *registry, const char *type, const char *message);
/* The source of the first record of this type; valid as long as the registry, NULL when there is none. */
COFFER_API const char *coffer_registry_source(coffer_registry *registry, const char *type);
/* One line on a declared reader of this encoding that can't be used now: why, and what to install. COFFER_NOT_FOUND
 * when there is none. Free with coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_explain(coffer_registry *registry, const char *encoding,
                                                                   char **out, coffer_error *error);

/* What coffer_registry_serialize and coffer_registry_deserialize do once they have found `choice`. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_choice_serialize(const coffer_choice *choice,
                                                                   const coffer_object *object, const char *name,
                                                                   coffer_blob **blob, coffer_metadata **metadata,
                                                                   coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_choice_deserialize(const coffer_choice *choice, coffer_blob *blob,
                                                                     const coffer_metadata *metadata, const char *name,
                                                                     coffer_object *out, coffer_error *error);

/* ---- what to declare ---- */

/* Replaces the toggles (coffer_registry_new) for what is declared from now on. NULL: from the environment or the
 * configuration file. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_set_toggles(coffer_registry *registry, const char *toggles,
                                                                       coffer_error *error);
/* Do the toggles let a serializer of this name be? */
COFFER_API bool coffer_registry_allows(coffer_registry *registry, const char *name, bool off_by_default);
/* Declares what is found on `extension_path` (NULL: COFFER_EXTENSION_PATH, then the user's directory, then the
 * system's). Trouble with a directory or a file is a warning; fails only for want of memory. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_discover(coffer_registry *registry,
                                                                    const char *extension_path, coffer_error *error);

COFFER_END_DECLS
#endif
