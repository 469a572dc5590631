/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of serializers: declared entries and their states, order, dispatch, diagnostics.
 *
 * Threads: every function may be called from any thread; no lock is held while a serializer's or a host's function
 * runs. Serializers must be callable from several threads at once. A thread whose object or artifact calls for an entry
 * that another thread is just loading waits for that thread, so a front whose language has a lock of its own gives it
 * up around calls. */
#ifndef COFFER_REGISTRY_H
#define COFFER_REGISTRY_H

#include <coffer/sys/host.h>

COFFER_BEGIN_DECLS

typedef struct coffer_registry coffer_registry;

typedef enum coffer_record_state {
        COFFER_RECORD_KNOWN = 0,
        COFFER_RECORD_IMPORTING,
        COFFER_RECORD_CLASS_LOADED,
        COFFER_RECORD_IMPORTING_DEPS,
        COFFER_RECORD_ACTIVE,
        COFFER_RECORD_PENDING_ON_IMPORTS,
        COFFER_RECORD_BROKEN,
        COFFER_RECORD_DISABLED,
        COFFER_RECORD_STATE_COUNT
} coffer_record_state;

/* "known", "importing", "class_loaded", ... as Metaflow prints them. */
COFFER_API const char *coffer_record_state_name(coffer_record_state state);

/* ---- making one ---- */

typedef struct coffer_registry_options {
        uint32_t version;
        bool without_builtins;      /* leave out the serializers inside the library */
        bool without_extensions;    /* look for no descriptor files */
        const char *extension_path; /* ':'-separated directories, instead of COFFER_EXTENSION_PATH and the user's and
                                       the system's; NULL: those */
        const char *toggles;        /* instead of COFFER_SERIALIZERS and the configuration file; NULL: those */
        /* Reports what deserves a warning (one line); NULL: dropped. May be called from any dispatching thread. */
        void (*warn)(void *user, const char *message);
        void *warn_user;
} coffer_registry_options;
#define COFFER_REGISTRY_OPTIONS_INIT                                                                                   \
        {                                                                                                              \
                1, false, false, NULL, NULL, NULL, NULL                                                                \
        }

/* A registry with the built-in serializers and those whose descriptors are found. A broken extension is a record in
 * state broken and a warning, never a failure of this call. `options` NULL: defaults.
 * Toggles: "-name" disables, "+name" enables (also what its descriptor leaves off), "name" without a sign makes an
 * allow list of all such names and those with "+" (pickle included only if named); comma or space separated, the last
 * word on a name counts. They are read from COFFER_SERIALIZERS, or if that is not set (empty counts as set) from the
 * key "serializers" (a text, or a list of texts) of the JSON file $COFFER_CONFIG, $XDG_CONFIG_HOME/coffer/config.json
 * or ~/.config/coffer/config.json. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_new(const coffer_registry_options *options,
                                                               coffer_registry **out, coffer_error *error);
COFFER_API coffer_registry *coffer_registry_ref(coffer_registry *registry);
COFFER_API void coffer_registry_unref(coffer_registry *registry); /* NULL is allowed */

/* Sets up `serializer` (which must outlive the registry) and makes it active at once; a record with import_trigger
 * "eager" appears under its type. What its set-up misses parks it, what a toggle says disables it: that is the record's
 * state, not a failure. One type, one serializer: a type that is active already gives COFFER_CONFLICT unless `replace`,
 * which takes the old one out of dispatch. A table of another ABI gives COFFER_ABI. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_add(coffer_registry *registry,
                                                               const coffer_serializer *serializer, const char *source,
                                                               bool replace, coffer_error *error);

/* A declared entry. Text is copied; lists end with NULL and may be NULL. */
typedef struct coffer_descriptor {
        uint32_t version;
        const char *name;             /* = the serializer's type */
        const char *location;         /* for the host's load, shown as class_path */
        const char *source;           /* the package it comes from */
        const int32_t *priority;      /* NULL: not declared; else the code must agree */
        const char *const *types;     /* "module.qualname", claimed with their subclasses; "=module.qualname" without;
                                         "module.*" everything of a top-level package */
        const char *const *encodings; /* that it reads */
        const char *const *needs;     /* names of libraries or packages, for messages */
        bool off_by_default;          /* active only when a toggle enables it */
        bool is_off;                  /* whatever the toggles say */
} coffer_descriptor;
#define COFFER_DESCRIPTOR_INIT                                                                                         \
        {                                                                                                              \
                1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, false                                              \
        }

/* Declares an entry whose code `host` (which must outlive the registry) loads: at once when it has neither types nor
 * encodings, else when an object of such a type or an artifact of such an encoding comes. A record of the same name is
 * replaced and keeps its place. Fails only for want of memory or (COFFER_INVALID) for a descriptor without name or
 * location or a host that lacks a function: trouble with the code is the record's state. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_declare(coffer_registry *registry,
                                                                   const coffer_descriptor *descriptor,
                                                                   const coffer_host *host, coffer_error *error);

/* The host that opens shared libraries. */
COFFER_API const coffer_host *coffer_native_host(void);

/* Reads every descriptor file (*.json, docs/descriptor.md) of a directory, in the order of names, and declares what
 * they say. A name that the registry has already is left alone: the first one wins. A file or an entry that is wrong is
 * a broken record and a warning. COFFER_NOT_FOUND when there is no such directory. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_load_directory(coffer_registry *registry,
                                                                          const char *directory, coffer_error *error);

/* Something that records wait for has appeared (called by hosts, or by a program that knows). Each waiting record is
 * retried; one record's failure does not keep the others from it. */
COFFER_API void coffer_registry_appeared(coffer_registry *registry, const char *name);

/* Retries what waits and whose missing thing is there now, when the hosts say that anything changed. Dispatch does it
 * by itself. */
COFFER_API void coffer_registry_poll(coffer_registry *registry);

/* ---- dispatch ---- */

/* A serializer that was found, with what the registry knows of it. Valid as long as the registry. */
typedef struct coffer_choice {
        const coffer_serializer *serializer;
        const char *source; /* or NULL */
} coffer_choice;

/* The first serializer in order that takes the object; errors of those asked before are counted and warned about.
 * `name` is the artifact's, for messages. None: COFFER_DECLINED, "No serializer claimed artifact ...". */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_find_serializer(coffer_registry *registry,
                                                                           const coffer_object *object,
                                                                           const char *name, coffer_choice *out,
                                                                           coffer_error *error);
/* The same by metadata, which must have an encoding; none: COFFER_DECLINED naming encoding, serializer_info, and the
 * source and a declared serializer that can't be used when known. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_find_deserializer(coffer_registry *registry,
                                                                             const coffer_metadata *metadata,
                                                                             const char *name, coffer_choice *out,
                                                                             coffer_error *error);

/* Finds and serializes to STORAGE, checks the shape of the result (exactly one blob of bytes for now, an encoding of
 * its own, a size that agrees), and fills in what was left out: size, object type and the source. Outputs are the
 * caller's. Every error names serializer and artifact: want of memory and trouble with the data keep their status, the
 * rest is COFFER_SERIALIZER. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_serialize(coffer_registry *registry,
                                                                     const coffer_object *object, const char *name,
                                                                     coffer_blob **blob, coffer_metadata **metadata,
                                                                     coffer_error *error);
/* Finds by metadata and deserializes; errors as above. `out` is the caller's. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_deserialize(coffer_registry *registry, coffer_blob *blob,
                                                                       const coffer_metadata *metadata,
                                                                       const char *name, coffer_object *out,
                                                                       coffer_error *error);

/* What array the contents of an artifact are, from little of them: see place_tensor in coffer/sys/serializer.h.
 * COFFER_DECLINED when none says. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_place_tensor(coffer_registry *registry,
                                                                        const coffer_metadata *metadata,
                                                                        coffer_ranges *contents, const char *name,
                                                                        coffer_document *document, coffer_tensor *out,
                                                                        uint64_t *data_offset, coffer_error *error);

/* Serializers that would be asked, in order: priority ascending, then later entries first. Free with coffer_free; the
 * number is in `*count`. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_order(coffer_registry *registry, coffer_choice **out,
                                                                 size_t *count, coffer_error *error);

/* ---- diagnostics ---- */

typedef struct coffer_record_status {
        const char *name;
        const char *class_path;
        coffer_record_state state;
        const char *const *awaiting_modules; /* ends with NULL */
        const char *last_error;              /* or NULL */
        const int32_t *priority;             /* or NULL: not known yet */
        const char *type;                    /* or NULL */
        const char *import_trigger;          /* "eager", "hook", "type", "encoding" or NULL */
        uint64_t dispatch_error_count;
        const char *source;                    /* or NULL */
        const char *const *previously_awaited; /* ends with NULL; NULL: nothing that it waited for ever appeared */
        int32_t declared_priority;             /* COFFER_DEFAULT_PRIORITY when it was not declared */
        const char *const *needs;              /* names of libraries or packages, as declared; ends with NULL */
} coffer_record_status;

/* A snapshot of all records, in the order of declaration. Free with coffer_registry_status_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_registry_status(coffer_registry *registry, coffer_record_status **out,
                                                                  size_t *count, coffer_error *error);
COFFER_API void coffer_registry_status_free(coffer_record_status *records, size_t count);

COFFER_END_DECLS
#endif
